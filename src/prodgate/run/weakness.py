"""The yardsticks that a run is held against: the last run of its target, and the branch that the change goes to."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..criteria import UsageError
from ..evidence import runs
from ..processes.regular_files import digest_file
from ..report.weakening import Yardstick, is_beside_judges, of_run, weigh
from ..sections.bundled import BUNDLED
from ..sections.criteria_file import load_criteria
from ..sections.judges import WrittenJudge
from ..sections.project import FOLDERS, Project
from ..sections.waivers_file import load_waivers
from ..terraform.read_files import Place
from .inputs import digest_files
from .nights import may_be_of
from .planning import list_asked
from .revisions import GitError, find_base, written_out


def take_yardstick(
    project: Project, judges: Mapping[str, Sequence[WrittenJudge]], files: Mapping[str, str] | None = None
) -> Yardstick:
    """Return what is judged by today; ``files`` are digests of what lies beside the judges, by paths from the root."""
    journeys = (project.stated.e2e.journeys,) if project.stated.e2e else ()
    beside = (Place(project.root / name) for name in (*FOLDERS, "conftest.py", *journeys))
    return Yardstick(
        name="today",
        stated=load_criteria(project.stated.path),  # a run, too, is kept without borrowed criteria
        waivers=tuple(load_waivers(project.waivers)),
        judges={layer: frozenset((judge.name, judge.criterion) for judge in found) for layer, found in judges.items()},
        files=digest_files(project.root, beside) if files is None else files,
        replaced=frozenset(project.list_replaced()),
    )


def hold_against_run(today: Yardstick, folder: Path, target: str, cell: str = "") -> Iterator[dict[str, Any]]:
    """Yield what is weaker than in the last finished run of the target; first, why a newer one can't be read."""
    system = today.stated.system if today.stated else ""
    broken = False
    for path in runs.list_paths(folder):
        if not may_be_of(path, system, target, cell):
            continue
        try:
            run = runs.read(path)
        except UsageError as error:
            if not broken:
                yield _describe_problem(f"run {path.name}", str(error).removeprefix(f"{path}: "))
            broken = True
            continue
        if run.finished:
            yield _describe(of_run(run), today)
            return


def hold_against_base(
    today: Yardstick, root: Path, waivers: Path, named: tuple[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield what is weaker than at a revision of git: the one that is named, with its commit, else the base branch."""
    name = "the base branch"
    try:
        if found := named or find_base(root, os.environ):
            name = f"{found[0]} ({found[1][:7]})" if not named else named[0]
            yield _describe(_read_base(today, root, waivers, found[1], name), today)
    except (UsageError, GitError, OSError) as error:
        yield _describe_problem(name, str(error))


def _read_base(today: Yardstick, root: Path, waivers: Path, commit: str, name: str) -> Yardstick:
    """Return what a commit would be judged by. Raises UsageError and GitError for what can't be read."""
    root, accepted = root.resolve(), os.path.relpath(waivers.resolve(), root.resolve())
    stated = today.stated

    def is_wanted(path: str) -> bool:
        return path == accepted or (stated is not None and (path.endswith(".toml") or is_beside_judges(path, stated)))

    with written_out(root, commit, is_wanted) as (place, names):
        try:
            kept = tuple(load_waivers(place / accepted)) if not accepted.startswith("..") else today.waivers
            if stated is None:
                return replace(today, name=name, waivers=kept)
            if not (criteria := place / stated.path.name).is_file():
                raise UsageError(f"has no {stated.path.name}")
            project = Project(root=place, stated=load_criteria(criteria))
        except UsageError as error:
            raise UsageError(str(error).replace(f"{place}{os.sep}", "")) from None
        files = {each: digest_file(place / each) for each in names if is_beside_judges(each, stated)}
        same = files == {each: digest for each, digest in today.files.items() if is_beside_judges(each, stated)}
        return Yardstick(
            name=name,
            stated=project.stated,
            waivers=kept,
            judges=today.judges if same else {layer: list_asked(project, layer) for layer in today.judges},
            files=files,
            replaced=today.replaced if root == BUNDLED else frozenset(project.list_replaced()),
        )


def _describe(before: Yardstick, today: Yardstick) -> dict[str, Any]:
    return {"with": before.name, **weigh(before, today)}


def _describe_problem(name: str, problem: str) -> dict[str, Any]:
    return {"with": name, "problem": problem}
