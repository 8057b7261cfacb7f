"""Security Hub: standards, and filters of findings that really filter."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Return moto's findings that pass the filters, which moto leaves aside."""
    filters = params.get("Filters") or {}
    return {"Findings": [one for one in ledger.moto()["Findings"] if _passes(one, filters)]}


def _passes(finding: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    for name, tests in filters.items():
        path, otherwise = _FILTERS.get(name, ((name,), ""))
        value: Any = finding
        for part in path:
            value = value.get(part, {})
        allowed = {test["Value"] for test in tests if test["Comparison"] == "EQUALS"}
        if (value or otherwise) not in allowed:
            return False
    return True
