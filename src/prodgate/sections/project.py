"""A team's project: its criteria and waivers, its own policies and suites, and those that come with the gate."""

import importlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final, Self

from ..criteria import Criteria, CriteriaError, UsageError
from .bundled import BUNDLED, comes_with_gate
from .criteria_file import CriteriaFile, load_criteria, parse_criteria
from .includes import extend, list_areas
from .targets import read_cell

#: Folders of a project that hold judges, or what judges need.
FOLDERS: Final = ("policies", "suites", "loadtests", "e2e", "facts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The directory that holds a criteria file; every path in that file is relative to it."""

    root: Path
    stated: CriteriaFile
    accepted: Path | None = None
    """Another waivers file than the one beside the criteria."""

    @property
    def waivers(self) -> Path:
        """The waivers file, which need not exist."""
        return self.accepted or self.root / "waivers.toml"

    def place_in(self, cell: str, target: str) -> Self:
        """Return it with the account of a cell as that of the criteria; itself where there is no cell.

        Raises UsageError for what is no name of a cell, or no target.
        """
        if not cell:
            return self
        return replace(self, stated=replace(self.stated, account=read_cell(cell, target).account))

    def holds(self, path: Path) -> bool:
        """Whether a file is the project's own rather than one that comes with the gate."""
        return is_own(path, self.root)

    def list_replaced(self) -> tuple[str, ...]:
        """Return the project's own policy and suite files that stand in for bundled ones of the same name."""
        found = [(BUNDLED / name, self.root / name) for name in ("policies", "suites")]
        pairs = [(path, own / path.relative_to(bundled)) for bundled, own in found for path in bundled.rglob("*.py")]
        both = (own for path, own in pairs if own.is_file() and not own.samefile(path))
        return tuple(sorted(str(own.relative_to(self.root)) for own in both))

    def policy_folders(self) -> tuple[Path, ...]:
        """The project's own policies, then those that come with the gate."""
        return find_folders("policies", self.root)

    def suite_files(self, folder: str) -> tuple[Path, ...]:
        """Files of checks below ``folder``; a project's own file shadows the bundled one of the same name."""
        return suite_files(folder, self.root)


def is_own(path: Path, root: Path) -> bool:
    """Whether a file is a project's own; a gate that is installed inside the project is not."""
    inside = root != BUNDLED and BUNDLED.is_relative_to(root)
    return path.resolve().is_relative_to(root) and not (inside and path.resolve().is_relative_to(BUNDLED))


def open_project(criteria: Path) -> Project:
    """Read a project by its criteria file. Raises CriteriaError."""
    root = root_of(criteria)
    stated = load_criteria(criteria)
    return Project(root=root, stated=stated if root == BUNDLED else _lend(stated))


@cache
def load_bundled() -> CriteriaFile:
    """Return the criteria that come with the gate."""
    return load_criteria(BUNDLED / "criteria.toml")


def load_built_in() -> tuple[CriteriaFile, Criteria]:
    """Return every criterion that comes with the gate, and those that ``extends`` takes over, as it takes them over."""
    areas = list(list_areas())
    text = f'system = "any"\nextends = {areas}\n'
    taken = parse_criteria(text, Path("criteria.toml"), extend(areas, ())[0], kept=True).criteria
    stated = load_bundled()
    return replace(stated, criteria=Criteria({**taken, **stated.criteria})), taken


def _lend(stated: CriteriaFile) -> CriteriaFile:
    """Let criteria have what they leave out of the bundled criterion of the same id: its remedy and its exemptions.

    Bundled policies and checks rest on both, also when a team writes the criterion anew.
    """
    bundled = load_bundled().criteria
    if mistakes := list(_dimension_mistakes(stated, bundled)):
        raise CriteriaError("\n".join(mistakes))
    lent = {
        id_: replace(
            criterion,
            remedy=criterion.remedy or bundled[id_].remedy,
            some_subjects=bundled[id_].exempts if criterion.some_subjects is None else criterion.some_subjects,
        )
        for id_, criterion in stated.criteria.items()
        if id_ in bundled
    }
    return replace(stated, criteria=Criteria({**stated.criteria, **lent}))


def _dimension_mistakes(stated: CriteriaFile, bundled: Criteria) -> Iterator[str]:
    """Say which criteria bound something else than what the policies and checks of that id measure."""
    for id_, criterion in stated.criteria.items():
        measured = bundled[id_].bound if id_ in bundled else None
        bound = criterion.bound
        if bound and measured and bound.dimension != measured.dimension:
            yield (
                f"{stated.path}: criteria.{id_}.require: {str(bound)!r} bounds a {bound.dimension}, "
                f"and what judges it measures a {measured.dimension}; write e.g. {str(measured)!r}"
            )


def root_of(criteria: Path) -> Path:
    """Return the folder in which a criteria file was named: a link to a file elsewhere does not move the project."""
    return criteria.parent.resolve()


def find_folders(name: str, root: Path | None) -> tuple[Path, ...]:
    """Return the folder of that name in a project and the bundled one, each once, as far as they exist."""
    found = [parent / name for parent in (root, BUNDLED) if parent is not None and (parent / name).is_dir()]
    return tuple(dict.fromkeys(path.resolve() for path in found))


def suite_files(folder: str, root: Path | None) -> tuple[Path, ...]:
    """Return the files of checks below a folder of a project and the bundled one; a project's own shadows the other."""
    return _list_files(find_folders(folder, root), "test_*.py", deep=True)


def policy_files(among: Iterable[Path]) -> tuple[Path, ...]:
    """Return the policy modules in some folders; an earlier folder's file shadows a later one of the same name."""
    return _list_files(among, "[!_]*.py", deep=False)


def _list_files(among: Iterable[Path], pattern: str, *, deep: bool) -> tuple[Path, ...]:
    named: dict[Path, Path] = {}
    for folder in among:
        for path in sorted(walk_files(folder) if deep else folder.iterdir()):
            if fnmatchcase(path.name, pattern) and not path.name.startswith(".") and path.is_file():
                named.setdefault(path.relative_to(folder), path)
    return tuple(named.values())


def walk_files(folder: Path, *, hidden: bool = False) -> Iterator[Path]:
    """Yield the files below a folder, also behind links; those in hidden folders only if ``hidden`` says so."""
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real, left_out = os.path.realpath(place), () if hidden else (".", "__pycache__")
        folders[:] = [] if real in seen else [name for name in folders if not name.startswith(left_out)]
        if real not in seen:
            yield from (Path(place, name) for name in names)
        seen.add(real)


def load_policies(
    among: Iterable[Path], broken: dict[Path, str] | None = None, *, only: Sequence[Path] | None = None
) -> frozenset[Path]:
    """Import every policy module, or ``only`` some, as ``policies.<name>``; return the files that were.

    Why a module can't be loaded is noted in ``broken``; without that, UsageError is raised.
    """
    folders = tuple(among)
    loaded = _import_modules("policies", folders, policy_files(folders) if only is None else only, broken)
    from ..terraform.policy import TRANSLATED  # noqa: PLC0415  policies import it, and nothing else here does

    TRANSLATED.update(path for path in loaded if comes_with_gate(str(path)))
    return loaded


def load_facts(root: Path, broken: dict[Path, str] | None = None) -> None:
    """Import a project's own kinds of fact, with their observers, as ``facts.<name>``.

    Why a module can't be loaded is noted in ``broken``; without that, UsageError is raised.
    """
    folder = root / "facts"
    if folder.is_dir():
        _import_modules("facts", (folder,), _list_files((folder,), "[!_]*.py", deep=True), broken)


def _import_modules(
    name: str, among: Sequence[Path], files: Sequence[Path], broken: dict[Path, str] | None = None
) -> frozenset[Path]:
    """Import modules below some folders as parts of one package; return the files that were."""
    sys.modules.setdefault(name, ModuleType(name)).__path__ = [str(folder) for folder in among]
    importlib.invalidate_caches()
    for path in files:
        inside = next(path.relative_to(folder) for folder in among if path.is_relative_to(folder))
        try:
            importlib.import_module(".".join((name, *inside.with_suffix("").parts)))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a module of any team may fail in any way, also by a skip of pytest's
            why = f"{path}: can't be loaded: {type(error).__name__}: {error}; mend the module"
            if broken is None:
                raise UsageError(why) from error
            broken[path] = why
    return frozenset(files) - frozenset(broken or ())
