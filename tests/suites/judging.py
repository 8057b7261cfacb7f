"""Checks of this project, what they find of facts, and the outcome of each criterion."""

import importlib.util
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

from prodgate import Criterion
from prodgate.checks import Check, registered_checks
from prodgate.facts import Facts
from prodgate.run.judging import judge
from prodgate.run.team import open_team
from prodgate.sections.project import Project, open_project
from prodgate.testing import Finding, Outcome, load_criteria

ROOT = Path(__file__).parents[2]
#: Outcomes from the worst to the best; a criterion's is the worst of its findings.
WORST = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)
T = TypeVar("T")
#: Findings by criterion.
Findings = Mapping[str, list[Finding]]


@dataclass(frozen=True)
class Sabotage(Generic[T]):
    """A change of something sound, what it breaks, and what nobody can say any more."""

    name: str
    breaks: set[str]
    by: Callable[[T], object]
    unsettles: set[str] = field(default_factory=set)
    says: str = ""
    """Words of a finding about it."""

    def __str__(self) -> str:
        return self.name


@cache
def criteria() -> Mapping[str, Criterion]:
    return load_criteria(ROOT / "criteria.toml").criteria


def checks_in(*places: str) -> tuple[Check, ...]:
    """Import files of this project, such as ``suites/dags/test_*.py``, and return their checks."""
    return import_checks(file for place in places for file in sorted(ROOT.glob(place)))


def import_checks(paths: Iterable[Path]) -> tuple[Check, ...]:
    """Import files and return their checks, each once, though another test of this process imported them as well."""
    files = {str(file): file for file in paths}
    known = {check.function.__code__.co_filename for check in registered_checks()}
    for name, file in files.items():
        if name not in known:
            spec = importlib.util.spec_from_file_location(f"{file.parent.name}.{file.stem}", file)
            assert spec is not None
            assert spec.loader is not None
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
    found = (check for check in registered_checks() if check.function.__code__.co_filename in files)
    return tuple({(check.function.__code__.co_filename, check.name): check for check in found}.values())


def judged(facts: Facts, checks: Iterable[Check], layer: str) -> Findings:
    found = defaultdict[str, list[Finding]](list)
    for check in checks:
        found[check.criterion] += judge(check, criteria()[check.criterion], facts, layer=layer, fixtures={})
    return dict(found)


def assert_found_apart(every: Iterable[Facts], checks: Iterable[Check], layer: str, root: Path) -> None:
    """Assert that checks find the same of facts when a team has them, behind the boundary."""
    (root / "suites").mkdir()
    shutil.copytree(ROOT / "suites" / layer, root / "suites" / layer)
    project = Project(root=root, stated=open_project(ROOT / "criteria.toml").stated)
    with open_team(project, layer, policies=False, suites=True) as team:
        assert team is not None
        there = {each.name: each for each in team.offer.checks}
        assert (team.offer.lost, team.offer.mistakes) == ({}, [])
        for facts in every:
            for check in checks:
                here = list(judge(check, criteria()[check.criterion], facts, layer=layer, fixtures={}))
                apart = judge(there[check.name], criteria()[check.criterion], facts, layer=layer, fixtures={})
                assert list(apart) == here


def outcomes(findings: Findings) -> dict[str, Outcome]:
    return {id_: min((one.outcome for one in found), key=WORST.index) for id_, found in sorted(findings.items())}


def listed(findings: Findings, outcome: Outcome) -> set[str]:
    return {id_ for id_, each in outcomes(findings).items() if each is outcome}


def told(findings: Findings) -> str:
    """Return all that was found, for the message of a failed test."""
    return "\n".join(
        f"{one.outcome} {one.criterion}: {one.expected} {one.observed} {one.reason}"
        for found in findings.values()
        for one in found
    )
