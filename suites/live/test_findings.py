"""Findings of the services that watch the account. No findings count only where something looked."""

from prodgate import Criterion, check
from prodgate.facts.live import Budget, OutsideAccess, SecurityHub, ThreatDetection


@check("threat-findings", remedy="Look into each finding, mend its cause, then archive it.", measures="count")
def test_guardduty_has_found_no_threat(detector: ThreatDetection, criterion: Criterion) -> None:
    """Does GuardDuty have no open finding?"""
    criterion.require(detector.findings)


@check(
    "security-hub-findings",
    remedy="Mend what the finding names; suppress it only with a note that says why.",
    measures="count",
)
def test_security_hub_has_found_nothing_severe(hub: SecurityHub, criterion: Criterion) -> None:
    """Does Security Hub have no active critical or high finding?"""
    criterion.require(hub.findings)


@check(
    "external-access-findings",
    remedy="Close the access, or archive the finding when it is meant to be.",
    measures="count",
)
def test_nobody_outside_has_access(analyzer: OutsideAccess, criterion: Criterion) -> None:
    """Has Access Analyzer found no unintended access from outside?"""
    criterion.require(analyzer.findings)


@check(
    "cost-within-budget",
    remedy="Find what grew in Cost Explorer, or raise the budget knowingly.",
    measures="ratio without limit",
)
def test_the_month_stays_within_its_budget(budget: Budget, criterion: Criterion) -> None:
    """Are the month's cost so far and its forecast within the budget?"""
    criterion.require(budget.used)
    if budget.forecast is None:
        raise criterion.undetermined("AWS gives no forecast yet; it needs about five weeks of use")
    criterion.require(budget.forecast)
