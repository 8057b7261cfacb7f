"""Whether the files that decide are still what they were when a run was planned.

A file is told by its place on the disk, its size and the time of its last change, which nobody can set: one that was
put back after it was changed is another one, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from ..sections.bundled import BUNDLED
from ..sections.project import Project
from ..terraform.read_files import Place
from .places import JUDGING, Places, find_places, list_files

#: Device, inode, size and time of change of a file.
_State = tuple[int, int, int, int]
#: The code of the gate, which the process of the next layer reads anew.
_PACKAGE: Final = Path(__file__).parents[1]
#: What Emacs, Vim and macOS put beside a file that is being edited or copied.
_SCRATCH: Final = (".#*", "#*#", "*~", ".*.sw?", "._*")
#: How many changed files are named.
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixity:
    """The files of a project that decide, as they were when it was taken."""

    root: Path
    places: tuple[Place, ...]
    """Files, and folders in which every file counts."""
    written: frozenset[str]
    """Folders that the gate itself writes."""
    states: Mapping[str, _State]
    """By path from the root."""

    def find_changes(self) -> str:
        """Name the files that were changed, added or removed since then; "" when there are none."""
        now = dict(_read_states(self.root, self.places, self.written))
        names = self.states.keys() | now.keys()
        changed = sorted(name for name in names if self.states.get(name) != now.get(name))
        more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
        return ", ".join(changed[:_MOST_NAMED]) + more


def take_fixity(project: Project, places: Places | None = None) -> Fixity:
    """Look at every file that decides: criteria, waivers, Terraform, records, and the code that judges."""
    named = (project.stated.path.name, *project.stated.included, project.waivers.name)
    bundled = (BUNDLED / name for name in (*JUDGING, "criteria"))
    paths = (*(project.root / name for name in named), *bundled, _PACKAGE)
    places = places or find_places(project)
    held = tuple(dict.fromkeys((*places.all, *map(Place, paths))))
    states = dict(_read_states(project.root, held, places.written))
    return Fixity(root=project.root, places=held, written=places.written, states=states)


def _read_states(root: Path, places: Iterable[Place], written: frozenset[str]) -> Iterator[tuple[str, _State]]:
    for path in list_files(places, written):
        if _is_scratch(path.name):
            continue
        try:
            found = path.stat()
        except OSError:  # none there, or a link to nothing
            continue
        yield os.path.relpath(path, root), (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)


def _is_scratch(name: str) -> bool:
    """Whether an editor or a file system leaves such a file behind while a run judges."""
    return any(fnmatchcase(name, pattern) for pattern in _SCRATCH)
