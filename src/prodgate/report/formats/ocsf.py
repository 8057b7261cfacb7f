"""OCSF compliance findings (class 2003), one event a line, for Security Lake and what else reads OCSF.

The verdict is an event of its own, the first. A waived finding is suppressed; what is undetermined or does not apply
has a status of its own, since OCSF knows only pass, warning and fail.
"""

import json
from datetime import datetime
from typing import Any, Final

from ...findings import Outcome
from ..grouping import OUTCOMES
from .source import Result, Source, list_results, plain

#: The version of the schema.
VERSION: Final = "1.5.0"
_CLASS: Final = 2003
#: Outcome -> id and name of the status of compliance.
_STATUS: Final = {
    Outcome.SATISFIED: (1, "Pass"),
    Outcome.NOT_SATISFIED: (3, "Fail"),
    Outcome.WAIVED: (3, "Fail"),
    Outcome.UNDETERMINED: (99, "Undetermined"),
    Outcome.NOT_APPLICABLE: (99, "Not applicable"),
}
#: Severity -> its id. Where none is stated, what fails is high and what is open medium.
_SEVERITIES: Final = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
_UNSTATED: Final = {Outcome.NOT_SATISFIED: "high", Outcome.UNDETERMINED: "medium"}


def render_ocsf(source: Source) -> str:
    """Return one JSON object a line. The same run gives the same bytes."""
    events = [_verdict(source), *(_event(source, result) for result in list_results(source.verdict))]
    return "".join(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n" for event in events)


def _verdict(source: Source) -> dict[str, Any]:
    verdict, outcome = source.verdict, OUTCOMES[source.verdict.decision]
    info = {"uid": source.uuid("verdict"), "title": str(verdict.decision), "desc": source.describe()}
    compliance = {**_status(outcome), "control": "verdict", "standards": ["prod-gate"]}
    unmapped = {
        "verdict": str(verdict.decision), "promotes": verdict.promotes, "rehearsal": verdict.scope.rehearsal,
        "left_out": list(verdict.scope.left_out()), "commit": plain(source.commit), "head": source.head,
    }  # fmt: skip
    return _made(source, outcome, info, compliance, {"unmapped": unmapped, "message": source.describe()})


def _event(source: Source, result: Result) -> dict[str, Any]:
    finding, criterion = result.finding, result.criterion
    title = plain(criterion.statement) if criterion else "The waiver is in force, and covers what it says."
    info = {
        "uid": str(result.fingerprint),
        "title": title,
        "desc": result.describe(),
        "types": [finding.layer or "waivers"],
    }
    more: dict[str, Any] = {
        "message": result.describe(),
        "resources": [{"name": plain(finding.subject)}],
        "unmapped": {"outcome": str(finding.outcome), "deferred": result.deferred, "evidence": list(finding.evidence)},
    }
    if result.remedy:
        more["remediation"] = {"desc": plain(result.remedy)}
    if finding.outcome is Outcome.WAIVED:
        waiver = source.waivers.get(finding.waiver)
        more |= {"status_id": 3, "status": "Suppressed", "comment": plain(waiver.reason if waiver else finding.waiver)}
    if result.severity:
        more |= _weigh(result.severity)
    return _made(source, finding.outcome, info, _compliance(result), more)


def _compliance(result: Result) -> dict[str, Any]:
    finding, criterion = result.finding, result.criterion
    return {
        **_status(finding.outcome),
        "control": plain(finding.criterion),
        "requirements": [plain(criterion.source)] if criterion and criterion.source else [],
        "standards": [*map(plain, criterion.controls if criterion else ())] or ["prod-gate"],
        "status_detail": plain(finding.reason or finding.observed),
        "checks": [{"name": plain(finding.check), **_status(finding.outcome)}],
    }


def _status(outcome: Outcome) -> dict[str, Any]:
    number, name = _STATUS[outcome]
    return {"status_id": number, "status": name}


def _weigh(severity: str) -> dict[str, Any]:
    return {"severity_id": _SEVERITIES[severity], "severity": severity.capitalize()}


def _made(
    source: Source, outcome: Outcome, info: dict[str, Any], compliance: dict[str, Any], more: dict[str, Any]
) -> dict[str, Any]:
    began, at = source.started, source.finished or source.started
    return {
        "activity_id": 1, "activity_name": "Create", "category_uid": 2, "category_name": "Findings",
        "class_uid": _CLASS, "class_name": "Compliance Finding", "type_uid": _CLASS * 100 + 1,
        "type_name": "Compliance Finding: Create", **_weigh(_UNSTATED.get(outcome, "informational")),
        "time": _epoch(at), "start_time": _epoch(began),
        "metadata": {
            "version": VERSION, "uid": f"{source.name}/{info['uid']}", "correlation_uid": source.name,
            "product": {"name": "prod-gate", "vendor_name": "prod-gate", "version": source.version},
        },
        "finding_info": {**info, "created_time": _epoch(began)},
        "compliance": compliance, "status_id": 1, "status": "New", **more,
    }  # fmt: skip


def _epoch(at: datetime) -> int:
    return int(at.timestamp() * 1000)
