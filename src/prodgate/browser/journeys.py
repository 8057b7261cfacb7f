"""Runs journeys with pytest in a process of its own, and returns how each ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ..facts.e2e.journeys import FORMAT
from ..processes.progress import Progress
from ..semantics.json_texts import read_json
from .processes import run_process
from .settings import JOURNEYS, BrowserSettings

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
    """Return the lines that pytest's process wrote, and why it did not finish, "" if it did."""
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
