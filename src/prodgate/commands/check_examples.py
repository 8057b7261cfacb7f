"""Examples of a team's own checks: facts that each must find as its example says, told by ``prodgate test``."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ..checks import Check
from ..criteria import Criterion
from ..facts import Fact, Facts
from ..findings import Outcome
from ..run.judging import judge
from ..sections.project import Project

#: Where examples of checks are, below the project; each file is called after its check.
FOLDER: Final = "suites/examples"
#: List in an example -> what each of its facts must be found to be.
LISTS: Final = {
    "KEEPS": Outcome.SATISFIED,
    "VIOLATES": Outcome.NOT_SATISFIED,
    "UNDETERMINED": Outcome.UNDETERMINED,
    "NOT_APPLICABLE": Outcome.NOT_APPLICABLE,
}
#: What is found of one fact, the worst first: of several, that counts.
_WORST: Final = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)
#: The lists that no example may be without: what nobody saw fail, and what nobody saw hold, shows nothing.
_NEEDED: Final = ("KEEPS", "VIOLATES")


def try_checks(own: Iterable[Check], project: Project) -> Iterator[tuple[str, list[str]]]:
    """Yield what is wrong with each check, by its name; its example is imported, as code of the team."""
    for check in own:
        yield check.name, list(_try_check(check, project))


def _try_check(check: Check, project: Project) -> Iterator[str]:
    path = project.root / FOLDER / f"{check.name}.py"
    criterion = project.stated.criteria.get(check.criterion)
    if criterion is None:
        yield f"judges criterion {check.criterion}, which {project.stated.path.name} does not state"
    elif check.fixtures:
        yield f"takes {', '.join(check.fixtures)} besides a fact, which an example can't give; take all from the fact"
    elif not path.is_file():
        kind = check.kind.__name__
        yield f"has no example; write {FOLDER}/{path.name} with KEEPS = [{kind}(…)] and VIOLATES = [{kind}(…)]"
    else:
        yield from _compare(check, criterion, path)


def _compare(check: Check, criterion: Criterion, path: Path) -> Iterator[str]:
    try:
        example = _import_example(path)
    except Exception as error:  # noqa: BLE001  code of any team may raise anything
        yield f"{path}: can't be loaded: {type(error).__name__}: {error}; mend the module"
        return
    for name, expected in LISTS.items():
        given: list[Any] = [*getattr(example, name, ())]
        if not given and name in _NEEDED:
            yield f"{path.name}: {name} holds no {check.kind.__name__}; write one"
        for number, fact in enumerate(given, start=1):
            if not isinstance(fact, check.kind):
                yield f"{path.name}: {name} {number} is no {check.kind.__name__}"
            elif (found := _find_outcome(check, criterion, fact)) is not expected:
                yield f"{path.name}: {name} {number} ({fact.subject}): is {found}, and must be {expected}"


def _import_example(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"suites.examples.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _find_outcome(check: Check, criterion: Criterion, fact: Fact) -> Outcome:
    """Return the worst that is found of a fact; what is missing besides it is not asked."""
    found = judge(check, criterion, Facts((fact,)), layer="example", fixtures={})
    outcomes = {each.outcome for each in found if each.subject == fact.subject}
    return next(outcome for outcome in _WORST if outcome in outcomes)
