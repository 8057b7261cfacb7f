"""One look at everything that a deployment moves: its own state, weights, targets, tasks and alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ..observers import reads
from .reading import read_by_id
from .routes import Route, read_weights

reads("cloudwatch", "DescribeAlarms")
reads("ecs", "DescribeServices")
reads("elbv2", "DescribeTargetHealth")

T = TypeVar("T")

#: Alarms that one call names.
_ALARMS: Final = 100


def take_sample(account: Account, routes: Iterable[Route], ids: Mapping[str, str]) -> dict[str, Any]:
    """Return how things are: JSON values. ``ids`` are the deployments that are followed, by service.

    What can't be read stands under ``unread``, as what -> why.
    """
    all_routes, unread = tuple(routes), dict[str, str]()
    each = account.each(lambda route: _look(account, route, ids.get(route.service, "")), all_routes)
    services = {}
    for route, (seen, missing) in zip(all_routes, each, strict=True):
        services[route.service] = seen
        unread |= {f"{route.name}: {what}": why for what, why in missing.items()}
    names = sorted({name for route in all_routes for name in route.alarms})
    alarms = _attempt(unread, "alarms", lambda: _read_alarm_states(account, names)) or {}
    return {"at": account.now.isoformat(), "services": services, "alarms": alarms, "unread": unread}


def _look(account: Account, route: Route, id_: str) -> tuple[dict[str, Any], dict[str, str]]:
    unread: dict[str, str] = {}
    parts: dict[str, Callable[[], Any]] = {
        "counts": lambda: _read_counts(account, route),
        "weights": lambda: read_weights(account, route),
        "targets": lambda: {group: _count_targets(account, group) for group in route.groups},
    }
    if id_:
        parts["deployment"] = lambda: _describe_deployment(account, id_)
    seen = {name: _attempt(unread, name, read) for name, read in parts.items()}
    return {name: value for name, value in seen.items() if value is not None}, unread


def _attempt(unread: dict[str, str], what: str, read: Callable[[], T]) -> T | None:
    try:
        return read()
    except Unreadable as error:
        unread[what] = error.reason
    except Absent as error:
        unread[what] = f"AWS answers {error.code}"
    return None


def _read_counts(account: Account, route: Route) -> dict[str, Any]:
    answer = account.get("ecs", "DescribeServices", cluster=route.cluster, services=[route.service])
    for service in answer["services"]:
        sets = service.get("taskSets") or service.get("deployments") or ()
        return {
            "desired": service["desiredCount"],
            "running": service["runningCount"],
            "tasks": {one["id"]: _describe_tasks(one) for one in sets},
        }
    raise Unreadable(f"ecs DescribeServices: {route.service} is not there")


def _describe_tasks(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a set of tasks, whether a task set of CodeDeploy's or a deployment of ECS's own."""
    return {
        "state": one["status"],
        "definition": one.get("taskDefinition", ""),
        "wanted": one.get("computedDesiredCount", one.get("desiredCount", 0)),
        "running": one.get("runningCount", 0),
    }


def _count_targets(account: Account, group: str) -> dict[str, int]:
    answer = account.get("elbv2", "DescribeTargetHealth", TargetGroupArn=group)
    return dict(Counter(row["TargetHealth"]["State"] for row in answer["TargetHealthDescriptions"]))


def _describe_deployment(account: Account, id_: str) -> dict[str, Any]:
    answers = read_by_id(account, id_)
    row = answers["deployment"]
    events = [event for target in answers.get("targets", ()) for event in _list_events(target)]
    going = [event["lifecycleEventName"] for event in events if event.get("status") == "InProgress"]
    back = answers.get("rollback") or {}
    return {
        "id": id_,
        "status": row.get("status", ""),
        "stage": row.get("lifecycleStage") or ", ".join(going),
        "error": (row.get("errorInformation") or {}).get("code", ""),
        "rollback": back.get("deploymentId") or _name_rollback(row),
        "rollback_status": back.get("status", ""),
    }


def _list_events(target: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = (target.get("ecsTarget") or {}).get("lifecycleEvents", ())
    return found


def _name_rollback(row: Mapping[str, Any]) -> str:
    return str((row.get("rollback") or {}).get("serviceRevisionArn", ""))


def _read_alarm_states(account: Account, names: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for first in range(0, len(names), _ALARMS):
        asked: dict[str, Any] = {
            "AlarmNames": names[first : first + _ALARMS],
            "AlarmTypes": ["CompositeAlarm", "MetricAlarm"],
        }
        answer = account.get("cloudwatch", "DescribeAlarms", **asked)
        for row in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
            found[row["AlarmName"]] = {"state": row["StateValue"], "since": _iso(row.get("StateUpdatedTimestamp"))}
    return found


def _iso(time: datetime | None) -> str:
    return time.isoformat() if time else ""
