"""Judges a record of probes with every check of e2e/probes, with criteria made for tests."""

from collections.abc import Iterable, Mapping
from typing import Any

from e2e.probes import test_edge_cache, test_encryption, test_firewall, test_headers, test_ways

from prodgate import Criterion
from prodgate.checks import Check, registered_checks
from prodgate.facts.e2e.probes import probe_facts
from prodgate.run.judging import judge
from prodgate.testing import Bound, Finding, Outcome

from ..prodgate.samples import criterion

_FILES = {module.__file__ for module in (test_edge_cache, test_encryption, test_firewall, test_headers, test_ways)}
CHECKS: list[Check] = [one for one in registered_checks() if one.function.__code__.co_filename in _FILES]
_BOUNDS = {"certificate-expiry": Bound.parse(">= 30 d")}
CRITERIA: dict[str, Criterion] = {
    one.criterion: criterion(one.criterion, bound=_BOUNDS.get(one.criterion), layers=("e2e",)) for one in CHECKS
}


def judged(record: Mapping[str, Any]) -> list[Finding]:
    facts = probe_facts(record)
    findings = (judge(one, CRITERIA[one.criterion], facts, layer="e2e", fixtures={}) for one in CHECKS)
    return [finding for each in findings for finding in each]


def failing(findings: Iterable[Finding]) -> dict[str, Outcome]:
    """The worst outcome of each unsatisfied criterion."""
    found = [one for one in findings if one.outcome is not Outcome.SATISFIED]
    worst = {one.criterion: one.outcome for one in found}
    return worst | {one.criterion: one.outcome for one in found if one.outcome is Outcome.NOT_SATISFIED}
