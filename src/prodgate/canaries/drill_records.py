"""Records of drills, kept beside the runs of the gate."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ..evidence import runs
from ..evidence.artifacts import load_json

#: Folder beside the runs in which drills leave their records.
FOLDER: Final = "drills"
#: Kind of the fact that holds the record of a drill of a canary.
KIND: Final = "canary drill"


def find_latest_drill(folder: Path, target: str) -> Mapping[str, Any] | None:
    """Return the record of the newest drill of a canary on a target, by its URL; None when there is none.

    ``folder`` is that of the runs. A drill that was cut short, or whose record was changed, does not count.
    """
    path = runs.latest(folder / FOLDER)
    while path is not None:
        with suppress(runs.RunError, LookupError):
            run = runs.read(path)
            for fact in run.facts if run.finished and run.about["target"] == target else ():
                if fact["kind"] == KIND:
                    found: Mapping[str, Any] = load_json(path, fact["digest"])
                    return found
        path = runs.latest(folder / FOLDER, before=path)
    return None
