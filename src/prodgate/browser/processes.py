"""Runs the processes that drive a browser, for visits and journeys: none outlives us, and each is shown or logged."""

import os
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

from ..criteria import UsageError
from ..facts.e2e.journeys import FORMAT
from ..processes.child import KILLED, clean_environment
from ..processes.interpreter import own_python
from ..processes.progress import Progress, read_progress
from ..redaction import Redaction
from ..semantics.json_texts import read_json
from .settings import JOURNEYS, VISITS, BrowserSettings


class BrowserError(UsageError):
    """The browser did not finish; the message says where to look."""


def run_visits(settings: BrowserSettings, *, cwd: Path, log: Path, limit: float, progress: Progress) -> dict[str, Any]:
    """Return the record of all visits; those that an early end left out are undetermined by name.

    Raises BrowserError if no browser came up.
    """
    code = run_process(("-m", "prodgate.browser.engine"), settings, log=log, cwd=cwd, limit=limit, progress=progress)
    kept = Path(settings.results, VISITS)
    how = f"within {limit:.0f} s" if code is None else f"(exit code {code})"
    ended = f"the browser did not come to the end of the pages {how}; see logs/{log.parent.name}/{log.name}"
    lines = kept.read_text("utf-8").splitlines(keepends=True) if kept.exists() else []
    whole = [read_json(line) for line in lines if line.endswith("\n")]
    if not whole:
        raise BrowserError(ended)
    return join_visits(whole, settings.pages, ended)


def join_visits(lines: Iterable[Mapping[str, Any]], pages: Iterable[Mapping[str, Any]], ended: str) -> dict[str, Any]:
    """Return the record in the lines of a run; ``ended`` says why a page or the links are missing."""
    told: dict[str, Any] = {"links": {"asked": {}, "left_out": 0, "unread": ended}}
    seen: dict[tuple[str, str], Mapping[str, Any]] = {}
    for line in lines:
        told |= {key: value for key, value in line.items() if key != "page"}
        if page := line.get("page"):
            seen[page["name"], page["size"]] = page
    planned = _list_planned(pages, told.pop("widths"), ended)
    left = [each for each in planned if (each["name"], each["size"]) not in seen]
    return {"format": FORMAT, **told, "pages": [*seen.values(), *left]}


def _list_planned(
    pages: Iterable[Mapping[str, Any]], widths: Mapping[str, int], ended: str
) -> Iterator[dict[str, Any]]:
    """Yield the record of each visit as if it had not begun."""
    for page in pages:
        for size, width in widths.items():
            unseen = {"unreachable": {"kind": "unasked", "text": ended}, "refused": []}
            yield {"name": page["name"], "path": page["path"], "size": size, "width": width, **unseen}


_OPTIONS: Final = (
    "-m", "pytest", "-c", str(Path(__file__).with_name("journeys.ini")), "--import-mode=importlib",
    # no other installed plugin is loaded; nothing is printed, since a message may hold a secret
    "--disable-plugin-autoload", "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:faulthandler",
    "-p", "pytest_base_url.plugin", "-p", "pytest_playwright.pytest_playwright", "-p", "prodgate.browser.engine.plugin",
)  # fmt: skip
#: pytest's exit codes after a complete run: all passed, some failed.
_COMPLETE: Final = (0, 1)


def run_journeys(
    folder: Path, settings: BrowserSettings, *, project: Path, log: Path, limit: float, progress: Progress
) -> dict[str, Any]:
    """Run all journeys of a folder; repeat failed ones once, to tell the broken from the flaky.

    Evidence names files in the folder of results. A journey that changes something is never run twice.
    """
    lines, ended = _run_pytest([str(folder)], settings, project=project, log=log, limit=limit, progress=progress)
    journeys = _merge_lines(lines)
    again = [id_ for id_, each in journeys.items() if each["outcome"] == "failed" and not each["mutates"]]
    for each in journeys.values():
        each["again"] = ""
    if again and not ended:
        progress(f"{len(again)} journeys failed; once more, to tell whether they always do")
        log = log.with_name(f"{log.stem}-again{log.suffix}")
        settings = replace(settings, results=str(Path(settings.results, "again")))
        later, _ = _run_pytest(again, settings, project=project, log=log, limit=limit, progress=progress)
        for id_, each in _merge_lines(later).items():
            journeys[id_]["again"] = each["outcome"] or "unfinished"
    return {
        "format": FORMAT,
        "browser": next((line["browser"] for line in lines if "browser" in line), None),
        "journeys": list(journeys.values()),
        "broken": [*(line["broken"] for line in lines if "broken" in line), *([ended] if ended else [])],
    }


def _run_pytest(
    what: Iterable[str], settings: BrowserSettings, *, project: Path, log: Path, limit: float, progress: Progress
) -> tuple[list[Mapping[str, Any]], str]:
    """Return the lines of pytest's process, and why it did not finish, "" if it did."""
    place = Path(settings.results, JOURNEYS)
    output = ("--rootdir", str(project), "--base-url", settings.base_url, "--output", str(place.with_name("output")))
    place.parent.mkdir(exist_ok=True)
    place.touch()
    code = run_process((*_OPTIONS, *output, *what), settings, log=log, cwd=project, limit=limit, progress=progress)
    lines = [read_json(line) for line in place.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]
    if code is None:
        return lines, f"the journeys did not end within {limit:.0f} s; look at the last that began, or take some out"
    broken = f"the journeys could not be run (exit code {code}); see logs/{log.parent.name}/{log.name}"
    return lines, "" if code in _COMPLETE else broken


def _merge_lines(lines: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return each planned journey by its id; one that did not finish has an empty outcome."""
    found: dict[str, dict[str, Any]] = {}
    ended: dict[str, Any] = {"refused": [], "cookies": [], "evidence": [], "withheld": [], "answers": []}
    for line in lines:
        if (id_ := line.get("planned") or line.get("ended")) is not None:
            found[id_] = {**ended, **found.get(id_, {}), **line, "id": id_}
    return {id_: {k: v for k, v in each.items() if k not in ("planned", "ended")} for id_, each in found.items()}


#: Variables that would change pytest or Playwright behind our back.
_CHANGING: Final = ("PYTEST_", "DEBUG", "PWDEBUG", "PW_")
#: Seconds to wait for the rest of a process's output after its end.
_ENDING: Final = 10.0


def run_process(
    arguments: Sequence[str], settings: BrowserSettings, *, log: Path, cwd: Path, limit: float, progress: Progress
) -> int | None:
    """Run our own interpreter with arguments; return the exit code, None if it did not end within ``limit`` s."""
    log.parent.mkdir(parents=True, exist_ok=True)
    lifeline, held = os.pipe()
    try:
        process = _start(arguments, replace(settings, lifeline=lifeline), cwd)
        clean = Redaction(frozenset(settings.secrets))
        reader = threading.Thread(target=_copy_output, args=(process.stdout, log, clean, progress), daemon=True)
        reader.start()
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:  # also on Ctrl-C
            process.kill()
            process.wait(KILLED)
            reader.join(_ENDING)
    finally:
        os.close(lifeline)
        os.close(held)


def _start(arguments: Sequence[str], settings: BrowserSettings, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own modules
        own_python(*arguments),
        cwd=cwd,
        env={**clean_environment(*_CHANGING), **settings.to_environment()},
        pass_fds=[settings.lifeline],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _copy_output(stream: IO[bytes], log: Path, clean: Redaction, progress: Progress) -> None:
    with stream, log.open("w", encoding="utf-8") as kept:
        for line in stream:
            text = clean.redact_text(line.decode("utf-8", "replace").rstrip())
            if not read_progress(text, progress):
                kept.write(f"{text}\n")
