"""The runs of the days before a run, in the same folder: what its report shows beside it."""

import json
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..evidence import runs
from ..evidence.verification import ABOUT
from ..processes.regular_files import open_regular
from ..report.history import Entry, Night, list_nights, make_entry

#: Days that a report shows, its own among them. Each is judged again, which takes about as long as to verify a run.
MOST: Final = 7


def read_entry(path: Path, journal: str = "") -> Entry | None:
    """Return what is remembered of a run, or why it can't be read; None for a folder that is none.

    ``journal`` is the digest of its journal.
    """
    try:
        return make_entry(runs.read(path), journal)
    except UsageError as error:
        problem = str(error).removeprefix(f"{path}: ")
        with suppress(ValueError):  # a folder that is named otherwise is no run
            day = f"{date.fromisoformat(path.name[:10])}"
            return Entry(run=path.name, journal=journal, day=day, problem=problem, closed=False)
        return None


def read_nights(run: runs.Run) -> list[Night]:
    """Return the days up to that of a run, with the last run of each that is of the same system and target.

    Empty where there is none on an earlier day.
    """
    day = f"{run.started:%Y-%m-%d}"
    first = f"{date.fromisoformat(day) - timedelta(days=MOST - 1)}"
    latest: dict[str, Path] = {}
    for path in sorted(run.path.resolve().parent.glob("*Z-*/")):
        if first <= path.name[:10] < day and may_be_of(path, run.criteria.system, str(run.about.get("target", ""))):
            latest[path.name[:10]] = path
    earlier = [entry for path in latest.values() if (entry := read_entry(path))]
    return list_nights([*earlier, make_entry(run, "")]) if earlier else []


def may_be_of(path: Path, system: str, target: str, cell: str | None = None) -> bool:
    """Whether a run says that it is of this system and target, and of a cell; one that says nothing may be."""
    try:
        with open_regular(path / ABOUT) as file:
            about = json.load(file)
        same = (about["system"], about["target"]) == (system, target)
        return same and cell in (None, about.get("cell", ""))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return True
