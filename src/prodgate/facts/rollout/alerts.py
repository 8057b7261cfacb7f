"""Security findings that were first raised since a deployment began."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...estimates import Estimate
from ...quantities import Quantity
from .. import Fact
from ..observers import reads
from .counts import count_names
from .windows import Window

reads("guardduty", "GetDetector", "GetFindings", "ListDetectors", "ListFindings")
reads("securityhub", "DescribeHub", "GetEnabledStandards", "GetFindings")

#: Findings that one call of GuardDuty describes.
_BATCH: Final = 50
#: Titles of findings that are kept.
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AlertsSinceDeploy(Fact):
    """What a service that watches over security has found; ``subject`` is its name and place."""

    raised: Estimate
    """Findings that are open and were first raised since the deployment began."""
    watched: Quantity
    """Time from the start of the deployment to the moment in which the service was asked."""


def observe_alerts(account: Account, window: Window) -> Iterator[Mapping[str, Any]]:
    """Yield what each service has found since the deployment began; one that is off says why it knows nothing."""
    for name, look in _SERVICES.items():
        told: dict[str, Any] = {
            "service": f"{name} in {account.region}",
            "began": window.began.isoformat(),
            "asked": account.now.isoformat(),
        }
        try:
            found = look(account, window.began)
        except (Absent, Unreadable) as error:
            yield {**told, "unread": getattr(error, "reason", f"AWS answers {error}")}
        else:
            yield {**told, "raised": len(found), "titles": found[:_SHOWN]}


def _look_at_guardduty(account: Account, since: datetime) -> list[str]:
    found: list[str] = []
    ids = account.list("guardduty", "ListDetectors", "DetectorIds")
    on = [id_ for id_ in ids if account.get("guardduty", "GetDetector", DetectorId=id_)["Status"] == "ENABLED"]
    if not on:
        raise Unreadable("GuardDuty is off, so that nobody looked; turn it on")
    for id_ in on:
        tests = {
            "service.archived": {"Equals": ["false"]},
            "updatedAt": {"GreaterThanOrEqual": int(since.timestamp() * 1000)},
        }
        asked = {"DetectorId": id_, "FindingCriteria": {"Criterion": tests}}
        named = account.list("guardduty", "ListFindings", "FindingIds", **asked)
        for first in range(0, len(named), _BATCH):
            some = [*named[first : first + _BATCH]]
            rows = account.get("guardduty", "GetFindings", DetectorId=id_, FindingIds=some)["Findings"]
            found += [str(row.get("Type", "a finding")) for row in rows if _is_new(_guardduty_time(row), since)]
    return found


def _guardduty_time(row: Mapping[str, Any]) -> str:
    """Return when a finding was first seen: one that is seen again keeps that time, and is updated."""
    service = row.get("Service") or {}
    return str(service.get("EventFirstSeen") or row.get("CreatedAt") or "")


def _look_at_security_hub(account: Account, since: datetime) -> list[str]:
    if account.find("securityhub", "DescribeHub") is None:
        raise Unreadable("Security Hub is off, so that nobody looked; turn it on")
    standards = account.list("securityhub", "GetEnabledStandards", "StandardsSubscriptions")
    if not any(one["StandardsStatus"] == "READY" for one in standards):
        raise Unreadable("Security Hub judges by no standard, so that it finds nothing; enable one")
    wanted = {
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        "WorkflowStatus": [{"Value": state, "Comparison": "EQUALS"} for state in ("NEW", "NOTIFIED")],
        "CreatedAt": [{"Start": f"{since:%Y-%m-%dT%H:%M:%S.000Z}", "End": f"{account.now:%Y-%m-%dT%H:%M:%S.999Z}"}],
    }
    rows = account.list("securityhub", "GetFindings", "Findings", Filters=wanted)
    return [str(row.get("Title", "a finding")) for row in rows if _is_alert(row, since)]


def _is_alert(row: Mapping[str, Any], since: datetime) -> bool:
    """Whether a finding is a new one that is not passed; one that lacks a field counts."""
    passed = (row.get("Compliance") or {}).get("Status", "FAILED") == "PASSED"
    return not passed and _is_new(str(row.get("FirstObservedAt") or row.get("CreatedAt") or ""), since)


def _is_new(text: str, since: datetime) -> bool:
    """Whether something was first seen since a time; what does not say when it was may have been."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return True
    return at.tzinfo is None or at >= since


def alert_facts(value: Mapping[str, Any]) -> Iterator[AlertsSinceDeploy]:
    """Yield what a service has found, as ``observe_alerts`` stores it."""
    if "unread" in value:
        yield AlertsSinceDeploy.unread(value["service"], value["unread"])
        return
    took = datetime.fromisoformat(value["asked"]) - datetime.fromisoformat(value["began"])
    yield AlertsSinceDeploy(
        subject=value["service"],
        raised=count_names(value["titles"], "service", total=value["raised"]),
        watched=Quantity.seconds(max(0, int(took.total_seconds()))),
    )


_SERVICES: Final[Mapping[str, Callable[[Account, datetime], list[str]]]] = {
    "GuardDuty": _look_at_guardduty,
    "Security Hub": _look_at_security_hub,
}
