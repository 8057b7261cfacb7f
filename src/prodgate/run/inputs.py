"""The files and variables that decide: where they are, what they are by digest, and whether they stay as they are."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..processes.regular_files import digest_file
from ..sections.attested import read_terms
from ..sections.bundled import BUNDLED
from ..sections.criteria_file import CriteriaFile
from ..sections.project import FOLDERS, Project
from ..terraform.diagnostics import TerraformError
from ..terraform.read_files import Place, list_places
from ..terraform.sources import READ, find_only_root, read_tree
from .revisions import find_commit

#: The places of a project, besides its Terraform, in which every file decides.
JUDGING: Final = (*FOLDERS, "dags", "conftest.py", ".github/workflows")
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
    """Return the places in which files of a project decide; ``runs`` is where the runs are kept.

    Raises UsageError for a stated folder that leads out of the project.
    """
    root, stated = project.root, project.stated
    _refuse_outside(project)
    recorded = (root / name for name in (*stated.var_files, *list_recorded(project)))
    judging = (root / name for name in (*JUDGING, *_list_stated(stated), *_list_run_by_workflows(root)))
    read = (*_list_terraform(project), *map(Place, recorded))
    written = frozenset(map(os.path.realpath, (*(root / name for name in _WRITTEN), *([runs] if runs else []))))
    return Places(read, tuple(dict.fromkeys(map(Place, judging))), written)


def _refuse_outside(project: Project) -> None:
    """Raise UsageError for a folder outside of the project, which may be a disk: no commit holds what decides there."""
    stated = project.stated
    folders = {
        "terraform.root": stated.terraform_root,
        "terraform.source": stated.terraform_source,
        "load.locustfile": stated.load.locustfile if stated.load else "",
        "e2e.journeys": stated.e2e.journeys if stated.e2e else "",
        "airflow.folder": stated.airflow.folder if stated.airflow else "",
    }
    for key, path in folders.items():
        if not (place := (project.root / path).resolve()).is_relative_to(project.root.resolve()):
            raise UsageError(
                f"{key}: {path!r} leads out of the project, to {place}; "
                f"keep {stated.path.name} in a folder that holds it"
            )


def _list_stated(stated: CriteriaFile) -> Iterator[str]:
    """The folders that criteria name, in place of the usual ones, for what judges or is judged."""
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
    documents = dict.fromkeys(filter(None, (read_terms(each).document for each in asking)))
    return (project.stated.attested.folder, *documents) if asking else ()


def _list_terraform(project: Project) -> tuple[Place, ...]:
    """The files that core reads, or all below the root if they are unknown; a plan.json, and its root."""
    named = filter(None, (project.stated.terraform_root, project.stated.terraform_source))
    found = [place for root in named for place in _list_root(project.root / root, project.root)]
    return tuple(replace(each, left_out=_STATE) for each in found)


def _list_root(root: Path, base: Path) -> tuple[Place, ...]:
    try:
        root = find_only_root(root)
        return tuple(list_places(read_tree(root, base, lenient=True)))
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


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a run by digest, and the names of those that the commit does not hold."""

    commit: str
    """The commit of the project, ``+changes`` when something that decides differs; empty outside of git."""
    committed: str
    """When that commit was made, by ISO 8601."""
    digests: Mapping[str, str]
    """Path from the project's root, or ``TF_VAR_x``, -> SHA-256."""
    judges: Mapping[str, str]
    """Path from the project's root -> SHA-256, of the code that judges and what else lies beside it."""
    uncommitted: tuple[str, ...]
    """Names of inputs, and in words what git can't tell."""


def find_inputs(project: Project, environment: Mapping[str, str] = os.environ, places: Places | None = None) -> Inputs:
    """Digest what Terraform, the suites and the attested layer may read, and compare it with the commit.

    Raises UsageError when git does not answer in time.
    """
    places = places or find_places(project)
    files, judges = (digest_files(project.root, each, places.written) for each in (places.read, places.judging))
    variables = {
        name: hashlib.sha256(os.fsencode(text)).hexdigest()
        for name, text in environment.items()
        if name.startswith("TF_VAR_")
    }
    there = {*files, *judges, *(name for name in _list_named(project) if (project.root / name).is_file())}
    commit = find_commit(project.root, there, partial(_would_decide, project, places))
    uncommitted = (*sorted(variables), *dict.fromkeys(_name_place(each) for each in commit.unknown))
    marked = f"{commit.name}+changes" if commit.name and (commit.changed or uncommitted) else commit.name
    return Inputs(marked, commit.made, {**files, **variables}, judges, uncommitted)


def _list_named(project: Project) -> tuple[str, ...]:
    return (project.stated.path.name, *project.stated.included, "waivers.toml", *project.stated.var_files)


def _would_decide(project: Project, places: Places, name: str) -> bool:
    """Whether a file would decide if it were there; one of Terraform below the stated root may make another root."""
    root = project.stated.terraform_root
    makes_root = bool(root) and name.endswith(READ) and Path(name).is_relative_to(os.path.normpath(root))
    return makes_root or name in _list_named(project) or places.hold(project.root / name)


def digest_files(root: Path, places: Iterable[Place], written: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return the SHA-256 of each file in some places by its path from the root."""
    files = (path for path in list_files(places, written) if path.is_file())
    return {os.path.relpath(path, root): digest_file(path) for path in files}


def _name_place(path: str) -> str:
    """Return the folder of the fetched module that a file is of, which is named once; for any other, its path."""
    parts = Path(path).parts
    return str(Path(*parts[: parts.index(".terraform") + 3])) if ".terraform" in parts else path


#: Device, inode, size and time of change of a file.
_State = tuple[int, int, int, int]
#: The code of the gate, which the process of the next layer reads anew.
_PACKAGE: Final = Path(__file__).parents[1]
#: Files that Emacs, Vim and macOS put beside a file that is being edited or copied.
_SCRATCH: Final = (".#*", "#*#", "*~", ".*.sw?", "._*")
#: How many changed files are named.
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixity:
    """The files of a project that decide, as they were when it was taken.

    A file is identified by its inode, its size and its change time (ctime), which nobody can set: a file that was
    restored after a change still counts as changed.
    """

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
    named = (project.stated.path.name, *project.stated.included)
    bundled = (BUNDLED / name for name in (*JUDGING, "criteria"))
    paths = (*(project.root / name for name in named), project.waivers, *bundled, _PACKAGE)
    places = places or find_places(project)
    held = tuple(dict.fromkeys((*places.all, *map(Place, paths))))
    states = dict(_read_states(project.root, held, places.written))
    return Fixity(root=project.root, places=held, written=places.written, states=states)


def _read_states(root: Path, places: Iterable[Place], written: frozenset[str]) -> Iterator[tuple[str, _State]]:
    for path in list_files(places, written):
        if any(fnmatchcase(path.name, pattern) for pattern in _SCRATCH):
            continue
        try:
            found = path.stat()
        except OSError:  # none there, or a link to nothing
            continue
        yield os.path.relpath(path, root), (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)
