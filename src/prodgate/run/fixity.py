"""Whether the files that decide are still what they were when a run was planned.

A file is told by its place on the disk, its size and the time of its last change, which nobody can set: one that was
put back after it was changed is another one, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..sections.project import BUNDLED, Project
from .inputs import PLACES, SKIPPED, STATE, list_folders, list_recorded

#: Device, inode, size and time of change of a file.
_State = tuple[int, int, int, int]
#: The code of the gate, which the process of the next layer reads anew.
_PACKAGE: Final = Path(__file__).parents[1]
#: How many changed files are named.
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixity:
    """The files of a project that decide, as they were when it was taken."""

    root: Path
    places: tuple[Path, ...]
    """Files, and folders in which every file counts."""
    runs: Path | None
    """Where the gate itself writes."""
    states: Mapping[str, _State]
    """By path from the root."""

    def find_changes(self) -> str:
        """Name the files that were changed, added or removed since then; "" when there are none."""
        now = dict(_read_states(self.root, self.places, self.runs))
        names = self.states.keys() | now.keys()
        changed = sorted(name for name in names if self.states.get(name) != now.get(name))
        more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
        return ", ".join(changed[:_MOST_NAMED]) + more


def take_fixity(project: Project, runs: Path | None = None) -> Fixity:
    """Look at every file that decides: criteria, waivers, Terraform, records, and the code that judges."""
    named = (project.stated.path.name, *project.stated.included, project.waivers.name, *project.stated.var_files)
    judging = (base / name for base in (project.root, BUNDLED) for name in PLACES)
    named = (*named, *list_recorded(project))
    places = (*(project.root / name for name in named), *judging, *list_folders(project), _PACKAGE)
    out = runs.resolve() if runs else None
    states = dict(_read_states(project.root, places, out))
    return Fixity(root=project.root, places=tuple(dict.fromkeys(places)), runs=out, states=states)


def _read_states(root: Path, places: tuple[Path, ...], runs: Path | None) -> Iterator[tuple[str, _State]]:
    for place in places:
        for path in _walk(place, runs) if place.is_dir() else (place,):
            try:
                found = path.stat()
            except OSError:  # none there, or a link to nothing
                continue
            yield os.path.relpath(path, root), (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)


def _walk(folder: Path, runs: Path | None) -> Iterator[Path]:
    """Yield the files below a folder, also behind links, but not what editors, engines and interpreters leave there."""
    seen: set[str] = set()
    for place, inner, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        left_out = real in seen or Path(real) == runs
        seen.add(real)
        inner[:] = [] if left_out else [name for name in inner if not name.startswith(".") and name not in SKIPPED]
        yield from (Path(place, name) for name in names if not left_out and not _is_scratch(name))


def _is_scratch(name: str) -> bool:
    hidden = name.startswith(".") and name != ".airflowignore"
    return hidden or name.endswith(("~", ".pyc")) or STATE in name or name[0] == name[-1] == "#"
