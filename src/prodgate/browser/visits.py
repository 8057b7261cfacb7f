"""Opens every declared page in a process of its own, and returns the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..criteria import UsageError
from ..facts.e2e.journeys import FORMAT
from ..processes.progress import Progress
from ..semantics.json_texts import read_json
from .processes import run_process
from .settings import VISITS, BrowserSettings


class BrowserError(UsageError):
    """The browser did not finish; the message says where to look."""


def run_visits(settings: BrowserSettings, *, cwd: Path, log: Path, limit: float, progress: Progress) -> dict[str, Any]:
    """Return the record of all visits; those that an early end left out are undetermined by name.

    Raises BrowserError when no browser came up.
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
    """Return the record that the lines of a run make up; ``ended`` says why a page or the links are not among them."""
    told: dict[str, Any] = {"links": {"asked": {}, "left_out": 0, "unread": ended}}
    seen: list[Mapping[str, Any]] = []
    for line in lines:
        told |= {key: value for key, value in line.items() if key != "page"}
        seen += [line["page"]] if "page" in line else []
    known = {(each["name"], each["size"]) for each in seen}
    planned = _list_planned(pages, told.pop("widths"), ended)
    left = [each for each in planned if (each["name"], each["size"]) not in known]
    return {"format": FORMAT, **told, "pages": [*seen, *left]}


def _list_planned(
    pages: Iterable[Mapping[str, Any]], widths: Mapping[str, int], ended: str
) -> Iterator[dict[str, Any]]:
    """Yield the record of each visit as if it had not been begun."""
    for page in pages:
        for size, width in widths.items():
            unseen = {"unreachable": {"kind": "unasked", "text": ended}, "refused": []}
            yield {"name": page["name"], "path": page["path"], "size": size, "width": width, **unseen}
