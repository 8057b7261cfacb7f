"""``prodgate test``: whether a team's own policies and checks conclude about their examples what these state."""

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from ..checks import Check
from ..criteria import Criterion, UsageError
from ..facts import Fact, Facts
from ..findings import Outcome
from ..processes.output import visible
from ..processes.regular_files import read_measured
from ..run.judging import judge
from ..sections.bundled import BUNDLED
from ..sections.project import Project, load_policies, open_project
from ..terraform.diagnostics import TerraformError
from ..terraform.examples import evaluate_examples, find_disagreements
from ..terraform.policy import POLICIES, Policy
from ..terraform.resources import Configuration
from .answering import ask

#: Where examples of checks are, below the project; each file is called after its check.
CHECK_FOLDER: Final = "suites/examples"
#: List in an example -> what each of its facts must be found to be.
LISTS: Final = {
    "KEEPS": Outcome.SATISFIED,
    "VIOLATES": Outcome.NOT_SATISFIED,
    "UNDETERMINED": Outcome.UNDETERMINED,
    "NOT_APPLICABLE": Outcome.NOT_APPLICABLE,
}
#: Outcomes, the worst first; of several outcomes for one fact, the worst counts.
_WORST: Final = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)
#: The lists that no example may be without: what nobody saw fail, and what nobody saw hold, shows nothing.
_NEEDED: Final = ("KEEPS", "VIOLATES")


def try_checks(own: Iterable[Check], project: Project) -> Iterator[tuple[str, list[str]]]:
    """Yield what is wrong with each check, by its name; its example is imported, as code of the team."""
    yield from ((check.name, list(_try_check(check, project))) for check in own)


def _try_check(check: Check, project: Project) -> Iterator[str]:
    path = project.root / CHECK_FOLDER / f"{check.name}.py"
    criterion = project.stated.criteria.get(check.criterion)
    if criterion is None:
        yield f"judges criterion {check.criterion}, which {project.stated.path.name} does not state"
    elif check.fixtures:
        yield f"takes {', '.join(check.fixtures)} besides a fact, which an example can't give; take all from the fact"
    elif not path.is_file():
        kind = check.kind.__name__
        yield f"has no example; write {CHECK_FOLDER}/{path.name} with KEEPS = [{kind}(…)] and VIOLATES = [{kind}(…)]"
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


#: Where examples are, in the folder of the policies; each is called after its policy.
FOLDER = "examples"


def test(args: argparse.Namespace) -> int:
    """Print what came of each policy; return 0 when all is as the examples say, else 1. Raises UsageError."""
    results: Mapping[str, Sequence[str]] = json.loads(ask("test", args.criteria))
    for name, mistakes in results.items():
        sys.stdout.write(f"{visible(name)}: {'wrong' if mistakes else 'right'}\n")
        sys.stdout.writelines(f"    {visible(each)}\n" for each in mistakes)
    wrong = sum(bool(mistakes) for mistakes in results.values())
    sys.stdout.write(f"{len(results) - wrong} of {len(results)} right\n")
    return 1 if wrong else 0


def try_all(criteria: Path, load_checks: Callable[[Path, dict[Path, str]], Iterable[Check]]) -> str:
    """Return what is wrong with each policy and check of a project, by name, and with modules that can't be loaded.

    It imports code of the team, and so runs in a process of its own. Raises UsageError.
    """
    project = open_project(criteria)
    broken: dict[Path, str] = {}
    load_policies(project.policy_folders(), broken)
    own = [policy for policy in POLICIES.values() if project.holds(policy.file) and policy.file not in broken]
    checks = [check for check in load_checks(project.root, broken) if _is_own(check, project)]
    if not own and not checks and not broken:
        raise UsageError(
            f"{project.root / 'policies'}: holds no policies of your own, and suites/ no checks; "
            "docs/tutorial.md writes one"
        )
    whys = {str(path): [why] for path, why in broken.items()}
    return json.dumps({**whys, **dict(_try_policies(own, project)), **dict(try_checks(checks, project))})


def _is_own(check: Check, project: Project) -> bool:
    """Whether a check is a team's own; those that come with the gate are seen red on an account of its own."""
    return project.root != BUNDLED and project.holds(Path(check.function.__code__.co_filename))


def _try_policies(own: Sequence[Policy], project: Project) -> Iterator[tuple[str, list[str]]]:
    examples = {policy.id: project.root / "policies" / FOLDER / f"{policy.id}.tf" for policy in own}
    there = [example for example in examples.values() if example.is_file()]
    try:
        evaluated = evaluate_examples(there) if there else {}
    except TerraformError as error:
        raise UsageError(f"{project.root / 'policies' / FOLDER}: {error}") from error
    for policy in own:
        if policy.id in evaluated:
            text = read_measured(examples[policy.id]).decode("utf-8")
            yield policy.id, list(_disagree(policy, text, evaluated, project))
        else:
            path = f"policies/{FOLDER}/{policy.id}.tf"
            marked = f"# violates {policy.id}"
            yield policy.id, [f"has no example; write {path} with a resource that keeps it, and one marked {marked}"]


def _disagree(policy: Policy, text: str, evaluated: Mapping[str, Configuration], project: Project) -> Iterator[str]:
    if policy.criterion not in project.stated.criteria:
        yield f"judges criterion {policy.criterion}, which {project.stated.path.name} does not state"
        return
    yield from find_disagreements(policy, text, evaluated[policy.id], project.stated.criteria[policy.criterion])
