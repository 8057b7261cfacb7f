"""Where the files of a project are that decide: what Terraform reads, what judges, and what people say."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ..sections.criteria_file import CriteriaFile
from ..sections.project import Project
from ..terraform.diagnostics import TerraformError
from ..terraform.read_files import Place, list_places
from ..terraform.roots import MANIFEST, find_only_root
from ..terraform.sources import read_manifest, read_tree

#: The places of a project, besides its Terraform, in which whatever lies decides.
JUDGING: Final = ("policies", "suites", "loadtests", "e2e", "facts", "dags", "conftest.py", ".github/workflows")
SKIPPED: Final = frozenset(
    {".git", ".terraform", "__pycache__", "node_modules", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
)
#: Endings of the files in which Terraform keeps its state beside what it reads.
_STATE: Final = (".tfstate", ".tfstate.backup")
#: Folders of a project in which the gate keeps what it wrote, unless told otherwise.
_WRITTEN: Final = ("runs", "drills")


@dataclass(frozen=True, slots=True)
class Places:
    """The places in which files of a project decide."""

    read: tuple[Place, ...]
    """What Terraform and the attested layer read."""
    judging: tuple[Place, ...]
    """The code that judges, what lies beside it, and the workflows with what they run of the repository."""
    written: frozenset[str]
    """Folders, without links, that the gate itself writes."""

    @property
    def all(self) -> tuple[Place, ...]:
        """Each place once."""
        return tuple(dict.fromkeys((*self.read, *self.judging)))

    def hold(self, path: Path) -> bool:
        """Whether a file would decide if it were there."""
        return any(_is_in(place, Path(os.path.normpath(path))) for place in self.all)


def _is_in(place: Place, path: Path) -> bool:
    folder = Path(os.path.normpath(place.path))
    inside = path.parent == folder if place.suffixes else path.is_relative_to(folder)
    return inside and _is_wanted(path.name, place)


def find_places(project: Project, runs: Path | None = None) -> Places:
    """Return the places in which files of a project decide; ``runs`` is where the runs are kept."""
    root, stated = project.root, project.stated
    recorded = (root / name for name in (*stated.var_files, *list_recorded(project)))
    judging = (root / name for name in (*JUDGING, *_list_stated(stated), *_list_run_by_workflows(root)))
    read = (*_list_terraform(project), *map(Place, recorded))
    written = frozenset(map(os.path.realpath, (*(root / name for name in _WRITTEN), *([runs] if runs else []))))
    return Places(read, tuple(dict.fromkeys(map(Place, judging))), written)


def _list_stated(stated: CriteriaFile) -> Iterator[str]:
    """The folders that criteria name for what judges or is judged, where they are others than the usual."""
    if stated.load:
        folder = Path(stated.load.locustfile).parent  # what it imports lies beside it
        yield stated.load.locustfile if folder == Path() else str(folder)
    if stated.e2e:
        yield stated.e2e.journeys
    if stated.airflow:
        yield stated.airflow.folder
    if stated.rehearsal and stated.rehearsal.past:
        yield stated.rehearsal.past
    if stated.rollout and stated.rollout.migrations:
        yield stated.rollout.migrations.folder


def list_recorded(project: Project) -> tuple[str, ...]:
    """Where records are, and the documents that their criteria ask for; nothing when no criterion asks for a record."""
    asking = [each for each in project.stated.criteria.values() if "attested" in each.layers]
    documents = dict.fromkeys(each.document for each in asking if each.document)
    return (project.stated.attested.folder, *documents) if asking else ()


def _list_terraform(project: Project) -> tuple[Place, ...]:
    """What core reads, or all below the root where that can't be told; a plan.json, and the root that it is of."""
    named = filter(None, (project.stated.terraform_root, project.stated.terraform_source))
    found = [place for root in named for place in _list_root(project.root / root, project.root)]
    return tuple(replace(each, left_out=_STATE) for each in found)


def _list_root(root: Path, base: Path) -> tuple[Place, ...]:
    try:
        root = find_only_root(root)
        return tuple(list_places(read_tree(root, base, read_manifest(root, root / MANIFEST), lenient=True), {}))
    except (TerraformError, OSError):
        return (Place(root),)


def _list_run_by_workflows(root: Path) -> tuple[str, ...]:
    """The local actions, called workflows and scripts that workflows reach."""
    folder = root / ".github/workflows"
    if not os.path.lexists(folder):
        return ()
    from ..facts.static.workflow_files import WorkflowError, observe_workflows  # noqa: PLC0415  many have none

    try:
        return tuple(observe_workflows(folder))
    except WorkflowError:
        return ()


def list_files(places: Iterable[Place], written: frozenset[str]) -> Iterator[Path]:
    """Yield the files in some places, each once by its name, but not what tools and the gate itself leave there."""
    seen: set[str] = set()
    for place in places:
        for path in _walk(place, written):
            name = os.path.normpath(path)
            if name not in seen:
                seen.add(name)
                yield path


def _walk(place: Place, written: frozenset[str]) -> Iterator[Path]:
    if not place.path.is_dir():
        yield place.path
        return
    entered: set[str] = set()
    for folder, inner, names in os.walk(place.path, followlinks=True):
        real = os.path.realpath(folder)
        left_out = real in entered or (real in written and bool(entered))
        entered.add(real)
        inner[:] = [] if left_out or place.suffixes else sorted(name for name in inner if name not in SKIPPED)
        wanted = [] if left_out else sorted(names)
        yield from (Path(folder, name) for name in wanted if _is_wanted(name, place))


def _is_wanted(name: str, place: Place) -> bool:
    wanted = not place.suffixes or name.endswith(place.suffixes)
    return wanted and name != ".git" and not name.endswith((".pyc", *place.left_out))  # .git: a submodule's
