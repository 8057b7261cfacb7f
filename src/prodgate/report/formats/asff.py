"""Findings as AWS Security Hub imports them (ASFF), the verdict as one of them, the first.

Security Hub knows passed, warning, failed and not available. An undetermined finding is a warning, never passed; a
waived finding has failed and is suppressed.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ...criteria import UsageError
from ...findings import Outcome
from ..grouping import OUTCOMES
from ..text import shorten
from .source import Result, Source, list_results, plain

_STATUS: Final[Mapping[Outcome, tuple[str, str]]] = {
    Outcome.SATISFIED: ("PASSED", "INFORMATIONAL"),
    Outcome.NOT_SATISFIED: ("FAILED", "HIGH"),
    Outcome.WAIVED: ("FAILED", "INFORMATIONAL"),
    Outcome.UNDETERMINED: ("WARNING", "MEDIUM"),
    Outcome.NOT_APPLICABLE: ("NOT_AVAILABLE", "INFORMATIONAL"),
}
#: Most characters of a title, a description, a remedy, and an id, as Security Hub states them.
_TITLE, _DESCRIPTION, _REMEDY, _ID = 256, 1024, 512, 512


def render_asff(source: Source) -> str:
    """Return the findings as a JSON array. The same run gives the same bytes. Raises UsageError as list_asff does."""
    return json.dumps(list_asff(source), ensure_ascii=False, indent=1)


def list_asff(source: Source) -> list[dict[str, Any]]:
    """Return the findings of a run on a real account. Raises UsageError for one that is about no account."""
    if source.verdict.scope.rehearsal or not source.account:
        raise UsageError(
            f"{source.name}: is about no account of AWS, and Security Hub holds findings about one; "
            "name a run of aws://PROFILE@REGION that judged the live layer"
        )
    return [_verdict(source), *(_finding(source, result) for result in list_results(source.verdict))]


def _verdict(source: Source) -> dict[str, Any]:
    said = {"Title": f"prod-gate verdict: {source.verdict.decision}", "Description": source.describe()}
    made = _made(source, "verdict", OUTCOMES[source.verdict.decision], said, source.system)
    made["ProductFields"] |= {"prod-gate/promotes": str(source.verdict.promotes).lower()}
    made["ProductFields"] |= {"prod-gate/seal": plain(source.seal)} if source.seal else {}
    return made


def _finding(source: Source, result: Result) -> dict[str, Any]:
    finding, criterion = result.finding, result.criterion
    title = criterion.statement if criterion else "The waiver is in force, and covers what it says."
    made = _made(
        source,
        f"{finding.criterion}/{result.fingerprint}",
        finding.outcome,
        {"Title": title, "Description": result.describe()},
        finding.subject,
    )
    if result.severity:
        made["Severity"] = {"Label": result.severity.upper()}
    made["GeneratorId"] = _short(finding.criterion, _ID)
    made["ProductFields"] |= {"prod-gate/check": plain(finding.check), "prod-gate/layer": finding.layer or "waivers"}
    if criterion and criterion.controls:
        made["Compliance"]["RelatedRequirements"] = [_short(control, 64) for control in criterion.controls[:32]]
    if result.remedy:
        made["Remediation"] = {"Recommendation": {"Text": _short(result.remedy, _REMEDY)}}
    if finding.outcome is Outcome.WAIVED:
        made["Workflow"] = {"Status": "SUPPRESSED"}
        made["ProductFields"]["prod-gate/waiver"] = plain(finding.waiver)
    return made


def _made(source: Source, of: str, outcome: Outcome, said: Mapping[str, str], subject: str) -> dict[str, Any]:
    status, severity = _STATUS[outcome]
    account, region = source.account, source.region
    return {
        "SchemaVersion": "2018-10-08",
        "Id": _short(f"prod-gate/{source.system}/{of}", _ID),
        "ProductArn": f"arn:aws:securityhub:{region}:{account}:product/{account}/default",
        "GeneratorId": "prod-gate/verdict",
        "AwsAccountId": account,
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "CreatedAt": _time(source.started),
        "UpdatedAt": _time(source.finished or source.started),
        "Severity": {"Label": severity},
        "Title": _short(said["Title"], _TITLE),
        "Description": _short(said["Description"], _DESCRIPTION),
        "Resources": [{"Type": "Other", "Id": _short(subject, _ID), "Region": region}],
        "Compliance": {"Status": status},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "ProductFields": {
            "prod-gate/run": source.name,
            "prod-gate/head": source.head or "-",
            "prod-gate/outcome": str(outcome),
        },
    }


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def _short(text: str, most: int) -> str:
    return shorten(plain(text), most)
