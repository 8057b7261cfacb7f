"""When a deployment began and ended, and the alarms, alerts and service logs of that time."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ...aws.account import Account, batched
from ...aws.answers import Unreadable
from ...estimates import Estimate
from ...semantics.log_lines import ERROR_PATTERN
from .. import Fact
from ..live.cloudwatch import AlarmSettings, Query, Reading, Series, read_alarms, read_series
from ..live.distributions import GLOBAL
from ..live.ecs_services import list_services, read_task_definition
from .deployments import count_names, read_deployments, read_or_say


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time from the start of the first service's deployment to the end of the last one's."""

    began: datetime
    ended: datetime | None
    """None while one of them is in progress."""

    def __str__(self) -> str:
        end = f"{self.ended:%H:%M:%S}" if self.ended else "now"
        return f"{self.began:%Y-%m-%d %H:%M:%S} to {end} UTC"


def find_window(stored: Iterable[Mapping[str, Any]]) -> Window:
    """Return the window of stored deployments, as ``reading`` makes them. Raises Unreadable if one is unknown."""
    found = read_deployments(stored)
    ends = [one.ended for one in found if one.ended is not None]
    return Window(began=min(one.began for one in found), ended=max(ends) if len(ends) == len(found) else None)


# ── Security alerts


#: How many titles of findings are kept.
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AlertsSinceDeploy(Fact):
    """The findings of a security service; ``subject`` is its name and place."""

    raised: Estimate
    """Open findings on this account that were first raised, or raised again, since the deployment began."""


def observe_alerts(account: Account, window: Window) -> Iterator[Mapping[str, Any]]:
    """Yield the findings of each service since the deployment began; one that is off explains why it knows nothing."""
    for name, look in _SERVICES.items():
        told: dict[str, Any] = {
            "service": f"{name} in {account.region}",
            "began": window.began.isoformat(),
            "asked": account.now.isoformat(),
        }
        yield {**told, **read_or_say("unread", _count_alerts, look, account, window.began)}


def _count_alerts(look: Callable[[Account, datetime], list[str]], account: Account, since: datetime) -> dict[str, Any]:
    found = look(account, since)
    return {"raised": len(found), "titles": found[:_SHOWN]}


def _look_at_guardduty(account: Account, since: datetime) -> list[str]:
    found: list[str] = []
    ids = account.list("guardduty", "ListDetectors", "DetectorIds")
    on = [id_ for id_ in ids if account.get("guardduty", "GetDetector", DetectorId=id_)["Status"] == "ENABLED"]
    if not on:
        raise Unreadable("GuardDuty is off, so that nobody looked; turn it on")
    for id_ in on:
        tests = {
            "service.archived": {"Equals": ["false"]},
            "accountId": {"Equals": [account.id]},  # an administrator's detector lists those of its members, too
            "updatedAt": {"GreaterThanOrEqual": int(since.timestamp() * 1000)},
        }
        asked = {"DetectorId": id_, "FindingCriteria": {"Criterion": tests}}
        for some in batched(account.list("guardduty", "ListFindings", "FindingIds", **asked), 50):
            rows = account.get("guardduty", "GetFindings", DetectorId=id_, FindingIds=some)["Findings"]
            found += [str(row.get("Type", "a finding")) for row in rows if _is_new(_guardduty_time(row), since)]
    return found


def _guardduty_time(row: Mapping[str, Any]) -> str:
    """Return when a finding was first seen: a repeated finding keeps that time, and is updated."""
    return str((row.get("Service") or {}).get("EventFirstSeen") or row.get("CreatedAt") or "")


def _look_at_security_hub(account: Account, since: datetime) -> list[str]:
    if account.find("securityhub", "DescribeHub") is None:
        raise Unreadable("Security Hub is off, so that nobody looked; turn it on")
    standards = account.list("securityhub", "GetEnabledStandards", "StandardsSubscriptions")
    if not any(one["StandardsStatus"] == "READY" for one in standards):
        raise Unreadable("Security Hub judges by no standard, so that it finds nothing; enable one")
    wanted = {
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        "WorkflowStatus": [{"Value": state, "Comparison": "EQUALS"} for state in ("NEW", "NOTIFIED")],
        "AwsAccountId": [{"Value": account.id, "Comparison": "EQUALS"}],
        "Region": [{"Value": name, "Comparison": "EQUALS"} for name in sorted({account.region, GLOBAL})],
        "UpdatedAt": [{"Start": f"{since:%Y-%m-%dT%H:%M:%S.000Z}", "End": f"{account.now:%Y-%m-%dT%H:%M:%S.999Z}"}],
    }
    rows = account.list("securityhub", "GetFindings", "Findings", Filters=wanted)
    raised = account.each(lambda row: _is_alert(account, row, since), rows)
    return [str(row.get("Title", "a finding")) for row, alert in zip(rows, raised, strict=True) if alert]


#: Members of a finding by which it is raised again, and their values with which it was not open. Security Hub keeps one
#: finding for each control and resource, and updates it when the control fails again.
#: https://docs.aws.amazon.com/securityhub/latest/userguide/controls-findings-create-update.html
_RAISED_BY: Final = re.compile(r"(Compliance|RecordState|Workflow)\b.*")
_CLOSED: Final = re.compile("PASSED|NOT_AVAILABLE|ARCHIVED|RESOLVED|SUPPRESSED")


def _is_alert(account: Account, row: Mapping[str, Any], since: datetime) -> bool:
    """Whether an open finding is new, or was raised again; one that lacks a field counts."""
    if (row.get("Compliance") or {}).get("Status", "FAILED") == "PASSED":
        return False
    if _is_new(str(row.get("FirstObservedAt") or row.get("CreatedAt") or ""), since):
        return True
    history = account.list(
        "securityhub",
        "GetFindingHistory",
        "Records",
        FindingIdentifier={"Id": row["Id"], "ProductArn": row["ProductArn"]},
        StartTime=since.replace(microsecond=0),
        EndTime=account.now,
    )
    updates = [one for record in history for one in record.get("Updates") or ()]
    changed = [one for one in updates if _RAISED_BY.fullmatch(one["UpdatedField"])]
    return any(_CLOSED.search(one.get("OldValue", "PASSED")) for one in changed)  # AWS leaves out long values


def _is_new(text: str, since: datetime) -> bool:
    """Whether something was first seen since a time; without a time it may have been."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return True
    return at.tzinfo is None or at >= since


def alert_facts(value: Mapping[str, Any]) -> Iterator[AlertsSinceDeploy]:
    """Yield the findings of a service, as ``observe_alerts`` stores them."""
    if "unread" in value:
        yield AlertsSinceDeploy.unread(value["service"], value["unread"])
        return
    yield AlertsSinceDeploy(
        subject=value["service"],
        raised=count_names(value["titles"], "service", total=value["raised"]),
    )


_SERVICES: Final[Mapping[str, Callable[[Account, datetime], list[str]]]] = {
    "GuardDuty": _look_at_guardduty,
    "Security Hub": _look_at_security_hub,
}


# ── Logs of services


#: Minimum time to search, before the deployment as well: lines that appear every few minutes must have had their turn.
_LEAST: Final = timedelta(minutes=5)
#: How many kinds of error are kept for each stretch of time.
_MOST: Final = 200
#: How many pages are requested until one holds a line: CloudWatch may return empty ones.
_PAGES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogsDuringDeploy(Fact):
    """The log lines of a service in one group during its deployment; ``subject`` is the group."""

    new_kinds: Estimate
    """Kinds of error that were not there before, with the number of each."""


def observe_logs(account: Account, window: Window) -> Iterator[Mapping[str, Any]]:
    """Yield the kinds of error in each log group of each service, before and during the deployment.

    Raises Unreadable if the services can't be listed. Lines are never kept, only their kinds of error.
    """
    length = max((window.ended or account.now) - window.began, _LEAST)
    spans = {
        "during": (window.began, min(window.began + length, account.now)),
        "before": (window.began - length, window.began),
    }
    for group, serves in sorted(_find_groups(account).items()):
        told: dict[str, Any] = {"group": group, "serves": serves, "window": str(window)}
        yield {**told, **read_or_say("unread", _look_at_each, account, group, spans)}


def _look_at_each(account: Account, group: str, spans: Mapping[str, tuple[datetime, datetime]]) -> Mapping[str, Any]:
    return {name: _look(account, group, *span) for name, span in spans.items()}


def _find_groups(account: Account) -> Mapping[str, bool]:
    """Return the log groups of all services, and whether a container that takes traffic writes there."""
    found: dict[str, bool] = {}
    for service in account.once(list_services):
        serving = {one.get("containerName") for one in service.get("loadBalancers", ())}
        for container in read_task_definition(account, service["taskDefinition"])["containerDefinitions"]:
            options = (container.get("logConfiguration") or {}).get("options") or {}
            if group := options.get("awslogs-group"):
                found[str(group)] = found.get(str(group), False) or container["name"] in serving
    return found


def _look(account: Account, group: str, begin: datetime, end: datetime) -> Mapping[str, Any]:
    """Return whether there is any line in a stretch of time, and the number of each kind of error."""
    asked: dict[str, Any] = {
        "logGroupName": group,
        "startTime": int(begin.timestamp() * 1000),
        "endTime": int(end.timestamp() * 1000),
    }
    errors = account.list("logs", "FilterLogEvents", "events", filterPattern=ERROR_PATTERN, **asked)
    kinds = Counter(kind for event in errors if (kind := event["message"]))
    return {"lines": bool(errors) or _holds_any(account, asked), "kinds": dict(kinds.most_common(_MOST))}


def _holds_any(account: Account, asked: Mapping[str, Any]) -> bool:
    """Whether there is a line at all. Raises Unreadable if many pages in a row are empty and more follow."""
    token: dict[str, str] = {}
    for _ in range(_PAGES):
        page = account.get("logs", "FilterLogEvents", limit=1, **asked, **token)
        if page["events"] or not page.get("nextToken"):
            return bool(page["events"])
        token = {"nextToken": page["nextToken"]}
    raise Unreadable(f"{asked['logGroupName']}: {_PAGES} pages of its log hold no line of that time, and more follow")


def log_facts(value: Mapping[str, Any]) -> Iterator[LogsDuringDeploy]:
    """Yield the errors of a log group, as ``observe_logs`` stores them."""
    reason = value.get("unread", "") or _find_silence(value)
    if reason:
        yield LogsDuringDeploy.unread(value["group"], reason)
        return
    during, before = value["during"]["kinds"], value["before"]["kinds"]
    new = [f"{kind} ({count:,} times)" for kind, count in during.items() if kind not in before]
    yield LogsDuringDeploy(
        subject=value["group"],
        new_kinds=count_names(new, "deployment"),
    )


def _find_silence(value: Mapping[str, Any]) -> str:
    """Report that the serving containers wrote no line, so that no error would have been seen; empty if they did.

    A container beside them may have had nothing to log.
    """
    if not value["serves"]:
        return ""
    for name, words in (("during", "while it was deployed"), ("before", "before it was deployed")):
        if not value[name]["lines"]:
            return f"{value['group']}: no line was written {words}, so that errors would not have been seen either"
    return ""


# ── Data of the alarms that roll a deployment back

_MINUTE: Final = timedelta(minutes=1)
#: Metrics without data in CloudWatch while nothing goes wrong.
_RARE: Final = re.compile(r"[45]XX|Error|Rejected")
#: Metrics with data whenever a load balancer gets requests.
_REQUESTS: Final = "RequestCount"


def find_silent(account: Account, names: Iterable[str], since: datetime) -> dict[str, list[str]]:
    """Return, for each of the alarms, its parts that had no data since a time.

    An alarm on errors alone has none while there are no errors; it counts as silent if its load balancer reports no
    requests either. An alarm that does not exist is left out. Raises Unreadable.
    """
    known = {one.name: one for one in account.once(read_alarms) if one.region == account.region}
    members = {name: [known[each] for each in _expand(name, known)] for name in names}
    queries = {query for parts in members.values() for part in parts for query in _list_queries(part)}
    # CloudWatch's minutes are whole; the current one counts as well
    then = replace(account, now=account.now + _MINUTE)
    window = _MINUTE * (int((then.now - since) / _MINUTE) + 1)
    found = read_series(then, queries, window=window, period=_MINUTE) if queries else {}
    return {name: [part.name for part in parts if _is_silent(part, found)] for name, parts in members.items()}


def _expand(name: str, known: Mapping[str, AlarmSettings]) -> list[str]:
    """Return the metric alarms behind an alarm: itself, or the parts of a composite one."""
    seen, waiting = dict[str, None](), [name]
    while waiting:
        each = waiting.pop()
        if each in known and each not in seen:
            seen[each] = None
            waiting += sorted(known[each].members)
    return [each for each in seen if known[each].readings]


def _list_queries(alarm: AlarmSettings) -> Iterator[Query]:
    for reading in alarm.readings:
        yield _query(reading, reading.metric, reading.statistic)
        if _RARE.search(reading.metric):
            yield _query(reading, _REQUESTS, "Sum")


def _query(reading: Reading, metric: str, statistic: str) -> Query:
    dimensions = tuple(sorted(reading.dimensions.items()))
    return Query(reading.namespace, metric, dimensions, statistic, account=reading.account)


def _is_silent(alarm: AlarmSettings, found: Mapping[Query, Series]) -> bool:
    return not any(found.get(query) for query in _list_queries(alarm))
