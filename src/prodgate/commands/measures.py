"""What a branch changed of criteria, waivers and policies, by which both of its sides are judged as they are today."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..report.diff.statements import Edit, compare_criteria, compare_waivers
from ..run.revisions import Revision
from ..sections.criteria_file import load_criteria
from ..sections.project import Project
from ..sections.waivers_file import load_waivers
from ..waivers import Waiver

#: What people did, not what time does.
_WRITTEN: Final = ("added", "removed", "changed")


def find_edits(project: Project | None, waivers: Path | None, revision: Revision) -> Iterator[str]:
    """Yield a clause for each file, criterion and waiver by which is judged and that is not as it was at a revision."""
    if project:
        own = [project.root / name for name in (project.stated.path.name, *project.stated.included)]
        was = revision.find(project.root / "policies")
        own += [project.root / "policies" / path.relative_to(was) for path in was.rglob("*.py")]
        own += (project.root / "policies").rglob("*.py")
        yield from _compare_files(own, revision)
        yield from _compare_criteria(project, revision)
    if waivers:
        yield from _compare_files((waivers,), revision)
        yield from _compare_waivers(waivers, load_waivers(waivers), revision)


def _compare_files(paths: Iterable[Path], revision: Revision) -> Iterator[str]:
    for path in sorted(set(paths)):
        was = revision.find(path)
        if not revision.holds(was):
            yield f"{os.path.relpath(path)} may have changed, and git does not know"
        elif _read(path) != _read(was):
            yield f"{os.path.relpath(path)} was changed"


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _compare_criteria(project: Project, revision: Revision) -> Iterator[str]:
    was = revision.find(project.stated.path)
    try:
        edits = compare_criteria(load_criteria(was).criteria, project.stated.criteria) if was.exists() else ()
        yield from _tell("criterion", edits)
    except UsageError:
        yield f"{os.path.relpath(project.stated.path)} was such that its criteria can't be read and compared"


def _compare_waivers(path: Path, waivers: Sequence[Waiver], revision: Revision) -> Iterator[str]:
    try:
        before = load_waivers(revision.find(path))
    except UsageError:
        yield f"{os.path.relpath(path)} was such that its waivers can't be read and compared"
        return
    yield from _tell("waiver", compare_waivers(before, waivers, datetime.now(UTC).date()))


def _tell(kind: str, edits: Iterable[Edit]) -> Iterator[str]:
    for edit in edits:
        if edit.kind in _WRITTEN:
            yield f"{kind} {edit.id} was {edit.kind}{': ' if edit.detail else ''}{edit.detail}"
