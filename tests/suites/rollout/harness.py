"""Proves that each check of a rollout can fail: a named change to good evidence turns exactly its criteria red."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prodgate.checks import Check, registered_checks
from prodgate.facts import Facts
from prodgate.layers.rollout.facts import facts_of
from prodgate.run.judging import judge
from prodgate.sections.project import Project, open_project
from prodgate.testing import Finding, Outcome

ROOT = Path(__file__).parents[3]
#: Outcomes from the worst to the best; a criterion's is the worst of its findings.
WORST = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)

Stored = list[tuple[str, Any]]


@dataclass(frozen=True)
class Sabotage:
    """Something that goes wrong, what it breaks, and what nobody can say any more."""

    name: str
    breaks: set[str]
    by: Callable[[Stored], object]
    unsettles: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return self.name


def of(stored: Stored, kind: str) -> Any:
    """Return the first evidence of a kind, to be changed in place."""
    return next(value for each, value in stored if each == kind)


def project() -> Project:
    return open_project(ROOT / "criteria.toml")


def rollout_checks(*names: str) -> tuple[Check, ...]:
    """Import some suites about a rollout and return their checks."""
    before = set(registered_checks())
    for name in names:
        path = ROOT / "suites" / "rollout" / f"test_{name}.py"
        spec = importlib.util.spec_from_file_location(f"rollout_suite_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return tuple(check for check in registered_checks() if check not in before)


def judged(facts: Facts, checks: tuple[Check, ...], stated: Project) -> dict[str, list[Finding]]:
    """Judge facts by checks; findings by criterion."""
    found = defaultdict[str, list[Finding]](list)
    for check in checks:
        criterion = stated.stated.criteria[check.criterion]
        found[criterion.id] += judge(check, criterion, facts, layer="rollout", fixtures={})
    return dict(found)


def judged_evidence(
    stored: Stored, checks: tuple[Check, ...], stated: Project, unreadable: Mapping[str, str] | None = None
) -> dict[str, list[Finding]]:
    return judged(facts_of(stored, unreadable or {}), checks, stated)


def outcomes(findings: Mapping[str, list[Finding]]) -> dict[str, Outcome]:
    """Return the worst outcome of each criterion."""
    return {id_: min((one.outcome for one in found), key=WORST.index) for id_, found in sorted(findings.items())}
