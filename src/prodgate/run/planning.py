"""The plan of judges, read from the files of the project without running any of its code."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Final

from ..checks import Check, find_mismatch
from ..criteria import Criteria, CriteriaError, UsageError, suggest
from ..layers import BUILT
from ..processes.regular_files import read_measured
from ..sections.bundled import BUNDLED
from ..sections.judges import JudgeFile, WrittenJudge, read_judges
from ..sections.project import (
    FOLDERS as FOLDERS,  # noqa: PLC0414  processes that judge take it from here
    Project,
    policy_files,
    walk_files,
)
from ..terraform.policy import Policy

#: How alike the name of another folder is that was meant to be one of them.
_ALIKE: Final = 0.72
_MEANT: Final = frozenset({"policy", "check", "checks", "judges"})
_PYTHON: Final = (".py", ".pyw")


def plan_judges(project: Project, layers: Collection[str]) -> Mapping[str, Sequence[WrittenJudge]]:
    """Return the judges of each layer that the project's criteria ask for. Raises UsageError, a line per mistake."""
    files = {name: list_files(project, name) for name in BUILT}
    asked = [(name, path) for name in BUILT if name in layers for path in files[name]]
    read = {path: read_file(path, project) for path in dict.fromkeys(path for _, path in asked)}
    mistakes = [text for name, path in asked for text in _find_mistakes(name, path, read[path], project)]
    planned = {
        name: tuple(judge for path in files[name] for judge in read[path].judges if _is_asked(judge, project, name))
        for name in BUILT
        if name in layers
    }
    mistakes += [text for judges in planned.values() for text in find_doubles(judges)]
    mistakes += _find_misplaced(project, chain(*files.values()))
    mistakes += [*_find_dropped(project), *_find_unknown(project)]
    if mistakes:
        raise UsageError("\n".join(dict.fromkeys(mistakes)))
    return planned


def list_asked(project: Project, layer: str) -> frozenset[tuple[str, str]]:
    """Return the judges that a layer collects, with their criteria, whatever is wrong with their files otherwise."""
    read = (read_judges(path, flaws=False) for path in list_files(project, layer))
    return frozenset(
        (judge.name, judge.criterion) for file in read for judge in file.judges if _is_asked(judge, project, layer)
    )


def list_written(project: Project) -> Iterator[tuple[str, WrittenJudge]]:
    """Yield every judge of every layer, a project's own also of criteria that are not stated.

    Raises UsageError, a line per mistake.
    """
    read = [(name, read_file(path, project)) for name in BUILT for path in list_files(project, name)]
    if mistakes := [text for _, file in read for text in file.mistakes]:
        raise UsageError("\n".join(mistakes))
    every = ((name, judge) for name, file in read for judge in file.judges)
    yield from ((name, judge) for name, judge in every if _is_stated(judge, project) or _is_own(judge.file, project))


def read_file(path: Path, project: Project) -> JudgeFile:
    """Read a file of judges; what is bundled has no flaws, and most of the time goes into looking for them."""
    return read_judges(path, flaws=_is_own(path, project))


def list_files(project: Project, layer: str) -> tuple[Path, ...]:
    """Return the files whose judges a layer applies: policies first, if it judges by them."""
    policies = policy_files(project.policy_folders()) if BUILT[layer].judges_policies else ()
    return (*policies, *(file for folder in BUILT[layer].folders for file in project.suite_files(folder)))


def find_mistake(judge: WrittenJudge | Policy | Check, criteria: Criteria) -> str:
    """Return what is wrong between a judge and the criteria, or nothing."""
    compares = isinstance(judge, Check) or (isinstance(judge, WrittenJudge) and judge.kind == "check")
    measures = None if isinstance(judge, Policy) or not compares else judge.measures
    try:
        criterion = criteria[judge.criterion]
        wrong = "" if measures is None else find_mismatch(measures, criterion)
        if not (wrong or judge.remedy or criterion.remedy):
            wrong = f"states no remedy, and neither does criterion {criterion.id!r}; write remedy in one of them"
    except CriteriaError as error:
        wrong = f"judges a criterion that does not exist: {error}"
    return f"{judge.place}: {judge.name} {wrong}" if wrong else ""


def _is_own(path: Path, project: Project) -> bool:
    """Whether a file does not come with the gate; one that is mounted from elsewhere is the project's own."""
    return project.holds(path) or not path.resolve().is_relative_to(BUNDLED)


def _is_stated(judge: WrittenJudge, project: Project) -> bool:
    return judge.criterion in project.stated.criteria


def _is_asked(judge: WrittenJudge, project: Project, layer: str) -> bool:
    """Whether a judge has a question: its criterion is stated, and of that layer."""
    return _is_stated(judge, project) and layer in project.stated.criteria[judge.criterion].layers


def _find_mistakes(layer: str, path: Path, file: JudgeFile, project: Project) -> Iterator[str]:
    if not _is_own(path, project):
        return
    yield from file.mistakes
    for judge in file.judges:
        if wrong := find_mistake(judge, project.stated.criteria):
            yield wrong
        yield from _find_unasked(layer, judge, project)
        policies = path.parent in project.policy_folders()
        if policies != (judge.kind == "policy"):
            yield f"{judge.place}: {judge.name} is a {judge.kind}; move it to {'a suite' if policies else 'policies/'}"
    if not file.holds_any and path.name.startswith("test_"):
        yield f"{path}: holds no check; decorate what it asks with @check, or rename the file"


def _find_unasked(layer: str, judge: WrittenJudge, project: Project) -> Iterator[str]:
    """Say that one of a project's own judges would never judge, since its criterion does not name the layer."""
    criterion = project.stated.criteria.get(judge.criterion)
    layers = {layer, "live"} if judge.kind == "policy" else {layer}  # some policies judge live documents, too
    if criterion and not layers & {*criterion.layers}:
        yield (
            f"{judge.place}: {judge.name} judges {judge.criterion!r} in the {layer} layer, which that criterion "
            f"does not name; write {layer!r} into its layers, or take the {judge.kind} away"
        )


def find_doubles(judges: Iterable[WrittenJudge | Policy | Check]) -> Iterator[str]:
    """Say which share a name: the end of one would be taken for the end of the other."""
    known: dict[str, WrittenJudge | Policy | Check] = {}
    for judge in judges:
        if (other := known.setdefault(judge.name, judge)) is not judge:
            yield f"{judge.place}: {judge.name} is also the name of {other.place}; rename one"


def _find_misplaced(project: Project, known: Iterable[Path]) -> Iterator[str]:
    """Say which judges stand in files that no layer reads."""
    read = {path.resolve() for path in known}
    folders = ", ".join(folder for layer in BUILT.values() for folder in layer.folders)
    for path in _list_own(project.root):
        if not path.name.casefold().endswith(_PYTHON) or path.resolve() in read:
            continue
        if unreadable := _find_unreadable(path):
            yield unreadable
        elif _read_other(path).holds_any:
            yield (
                f"{path}: holds a policy or check where no layer reads it; move it to policies/NAME.py, or to a file "
                f"test_NAME.py below one of {folders}"
            )


def _list_own(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()):
        alike = path.name in FOLDERS or path.name.casefold() in _MEANT
        if path.is_file():
            yield path
        elif path.is_dir() and (alike or get_close_matches(path.name.casefold(), FOLDERS, 1, _ALIKE)):
            yield from (each for each in walk_files(path, hidden=True) if not each.name.startswith((".#", "._")))


def _find_unreadable(path: Path) -> str:
    if not path.is_file():  # a pipe would never end, and a link to nothing may lead somewhere later
        return f"{path}: is no regular file, and nobody can tell what it judges; take it away"
    try:
        read_measured(path)
    except OSError as error:
        return f"{path}: {error.strerror}, and nobody can tell what it judges; take it away"
    return ""


def _read_other(path: Path) -> JudgeFile:
    """Return what a file that no layer reads holds of judges; what is no Python does when it speaks of the gate."""
    data = read_measured(path)
    spoken = b"prodgate" in data
    if not (spoken or b"check" in data or b"policy" in data):
        return JudgeFile()
    try:
        return read_judges(path)
    except UsageError as error:
        return JudgeFile(mistakes=(str(error),) if spoken else ())


def _find_dropped(project: Project) -> Iterator[str]:
    """Say which bundled judges of stated criteria vanish, since a file of the project has the name of theirs."""
    for name in project.list_replaced():
        own = {judge.name for judge in read_file(project.root / name, project).judges}
        for judge in read_file(BUNDLED / name, project).judges:
            if judge.name not in own and _is_stated(judge, project):
                yield (
                    f"{name}: replaces the file of that name that comes with the gate and leaves out {judge.name}, "
                    f"which judges {judge.criterion!r}; write a {judge.kind} of that name there, or rename the file"
                )


def _find_unknown(project: Project) -> Iterator[str]:
    """Say which names are not asked anyway, so that it changes nothing to leave them out."""
    if unasked := project.stated.without:
        known = {judge.name for _, judge in list_written(project)}
        from ..engines.checkov_findings import CHECK, INDEPENDENT  # noqa: PLC0415  few criteria leave checks out

        scanned = INDEPENDENT in project.stated.criteria
        for name in unasked.keys() - known:
            if scanned and CHECK.fullmatch(name):
                continue
            hint = suggest(name, known) or "; take it out"
            yield f"{project.stated.path}: without: {name!r} is no policy or check of a stated criterion{hint}"
