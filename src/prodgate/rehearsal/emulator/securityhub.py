"""Security Hub: standards, filters of findings that really filter, and whose findings are shown where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from .extension import Ledger, answers, corrects

Params = Mapping[str, Any]
Value = Mapping[str, Any]

#: Filters by where their value is in a finding, with what AWS takes when a finding does not say.
_FILTERS: Final = {
    "RecordState": (("RecordState",), "ACTIVE"),
    "SeverityLabel": (("Severity", "Label"), "INFORMATIONAL"),
    "WorkflowStatus": (("Workflow", "Status"), "NEW"),
}


@answers("securityhub", "BatchEnableStandards")
def enable_standards(ledger: Ledger, params: Params) -> Value:
    """Judge the account by standards."""
    made = []
    for wanted in params["StandardsSubscriptionRequests"]:
        arn = wanted["StandardsArn"]
        name = arn.partition("standards/")[2]
        own = f"arn:aws:securityhub:{ledger.region}:{ledger.account}:subscription/{name}"
        about = {"StandardsSubscriptionArn": own, "StandardsArn": arn, "StandardsInput": {}, "StandardsStatus": "READY"}
        ledger.of("standard")[own] = about
        made.append(about)
    return {"StandardsSubscriptions": made}


@answers("securityhub", "BatchDisableStandards")
def disable_standards(ledger: Ledger, params: Params) -> Value:
    """Stop judging by standards."""
    gone = [ledger.of("standard").pop(arn) for arn in params["StandardsSubscriptionArns"]]
    return {"StandardsSubscriptions": gone}


@answers("securityhub", "GetEnabledStandards")
def get_enabled_standards(ledger: Ledger, params: Params) -> Value:
    """List the standards that the account is judged by."""
    wanted = params.get("StandardsSubscriptionArns")
    found = ledger.of("standard").items()
    return {"StandardsSubscriptions": [about for arn, about in found if not wanted or arn in wanted]}


@corrects("securityhub", "GetFindings", upstream="since getmoto/moto#8518")
def get_findings(ledger: Ledger, params: Params) -> Value:
    """Return moto's findings that pass the filters, which moto leaves aside.

    An administrator has those of its members, too, and a region that aggregates those of the regions linked to it.
    https://docs.aws.amazon.com/securityhub/latest/userguide/finding-aggregation.html
    """
    filters = params.get("Filters") or {}
    found = ({"Region": one.region} | each.as_dict() for one in _list_sources(ledger) for each in one.backend.findings)
    return {"Findings": [one for one in found if _passes(one, filters)]}


def _list_sources(ledger: Ledger) -> Iterator[Ledger]:
    regions = {ledger.region, *(name for linked in ledger.of("aggregator").values() for name in linked)}
    for account in (ledger.account, *ledger.backend.members):
        yield from (ledger.elsewhere(account=account, region=region) for region in sorted(regions))


@answers("securityhub", "CreateFindingAggregator")
def create_finding_aggregator(ledger: Ledger, params: Params) -> Value:
    """Let this region show the findings of others."""
    arn = f"arn:aws:securityhub:{ledger.region}:{ledger.account}:finding-aggregator/1"
    ledger.of("aggregator")[arn] = params.get("Regions") or []
    asked = {"RegionLinkingMode": params["RegionLinkingMode"], "Regions": params.get("Regions") or []}
    return {"FindingAggregatorArn": arn, "FindingAggregationRegion": ledger.region, **asked}


def _passes(finding: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    for name, tests in filters.items():
        path, otherwise = _FILTERS.get(name, ((name,), ""))
        value: Any = finding
        for part in path:
            value = value.get(part, {})
        if not any(_holds(test, value or otherwise) for test in tests):
            return False
    return True


def _holds(test: Mapping[str, Any], value: str) -> bool:
    """Apply one test of a filter: a text that is equal, or a time that is within a range."""
    if "Start" in test or "End" in test:
        at = datetime.fromisoformat(value)
        ends = [datetime.fromisoformat(test[key]) if test.get(key) else at for key in ("Start", "End")]
        return ends[0] <= at <= ends[1]
    return bool(test["Comparison"] == "EQUALS" and test["Value"] == value)
