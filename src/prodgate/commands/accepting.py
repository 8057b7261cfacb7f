"""Whether waivers speak of something that is there, known before a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..criteria import UsageError
from ..layers import BUILT
from ..run.planning import list_files
from ..sections.judges import read_judges
from ..sections.project import Project
from ..sections.waivers_file import find_unknown
from ..waivers import SCANNED, Waiver


def refuse_unknown(project: Project, waivers: Sequence[Waiver], file: Path) -> None:
    """Raise UsageError, with the nearest name, for waivers that cover no criterion, policy or check that is known."""
    # checks of Checkov's are too many to be known by name
    named = [waiver for waiver in waivers if not SCANNED.fullmatch(waiver.covers)]
    if named and (mistakes := list(find_unknown(named, set(_list_names(project)), file))):
        raise UsageError("\n".join(mistakes))


def _list_names(project: Project) -> Iterator[str]:
    """Yield every name that a waiver may cover: criteria, policies, checks, and what layers conclude themselves."""
    yield from project.stated.criteria
    for name, layer in BUILT.items():
        yield from (word for question in layer.concludes(project.stated) for word in question)
        yield from (judge.name for path in list_files(project, name) for judge in read_judges(path).judges)
