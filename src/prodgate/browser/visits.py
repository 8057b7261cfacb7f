"""Opens every declared page in a process of its own, and returns the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..criteria import UsageError
from ..processes.progress import Progress
from ..semantics.json_texts import read_json
from .processes import run_process
from .settings import VISITS, BrowserSettings


class BrowserError(UsageError):
    """The browser did not finish; the message says where to look."""


def run_visits(settings: BrowserSettings, *, cwd: Path, log: Path, limit: float, progress: Progress) -> dict[str, Any]:
    """Return the record of all visits. Raises BrowserError when there is none."""
    code = run_process(("-m", "prodgate.browser.engine"), settings, log=log, cwd=cwd, limit=limit, progress=progress)
    kept = Path(settings.results, VISITS)
    if code != 0 or not kept.exists():
        how = f"within {limit:.0f} s" if code is None else f"(exit code {code})"
        raise BrowserError(
            f"the browser did not come to the end of the pages {how}; see logs/{log.parent.name}/{log.name}"
        )
    record: dict[str, Any] = read_json(kept.read_text("utf-8"))
    return record
