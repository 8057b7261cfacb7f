"""The findings of suites/static's checks on a set of workflows."""

from collections.abc import Mapping
from pathlib import Path

from suites.static import test_pipelines, test_workflows

from prodgate import Criterion
from prodgate.checks import Check, check_of
from prodgate.facts.static.workflow_files import workflow_facts
from prodgate.findings import Undetermined
from prodgate.testing import NotApplicable, NotSatisfied, Outcome, load_criteria

ROOT = Path(__file__).parents[3]
CRITERIA = load_criteria(ROOT / "criteria.toml").criteria
CHECKS: dict[str, Check] = {
    name: check
    for suite in (test_workflows, test_pipelines)
    for name, function in vars(suite).items()
    if callable(function) and (check := check_of(function))
}


def judge(texts: Mapping[str, str]) -> dict[str, list[tuple[str, Outcome, str]]]:
    """The subject, the outcome and the message of each fact, by check."""
    facts = workflow_facts(texts)
    return {
        name: [
            (fact.subject, *conclude(check, fact, CRITERIA[check.criterion]))
            for fact in facts
            if type(fact) is check.kind
        ]
        for name, check in CHECKS.items()
    }


def red(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The checks that a set of workflows does not satisfy, with the subjects."""
    return only(texts, Outcome.NOT_SATISFIED)


def only(texts: Mapping[str, str], outcome: Outcome) -> dict[str, list[str]]:
    """The checks that end with an outcome, with the subjects for which they do."""
    found = {name: [each for each, ended, _ in rows if ended is outcome] for name, rows in judge(texts).items()}
    return {name: subjects for name, subjects in found.items() if subjects}


def conclude(check: Check, fact: object, criterion: Criterion) -> tuple[Outcome, str]:
    try:
        check.function(**{check.takes_fact: fact, check.takes_criterion: criterion})
    except (NotApplicable, NotSatisfied, Undetermined) as ended:
        said = ended.conclusion
        return said.outcome, said.reason or said.observed
    return Outcome.SATISFIED, ""
