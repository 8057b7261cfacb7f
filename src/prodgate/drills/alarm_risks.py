"""Why an alarm must not be made to fire for a drill: something other than a person would act on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any

from ..canaries.temporary_queue import Aws
from ..semantics.cloudwatch import alarms_in_rule
from ..semantics.event_patterns import matches
from ..semantics.json_texts import read_json
from ..semantics.unresolved import Unresolved

ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def list_alarms(aws: Aws, region: str) -> dict[str, Mapping[str, Any]]:
    """Return every alarm of a region by name, composite ones included."""
    found: dict[str, Mapping[str, Any]] = {}
    parameters = aws("cloudwatch", region).get_paginator("describe_alarms")
    for page in parameters.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
        found |= {one["AlarmName"]: one for one in [*page["MetricAlarms"], *page["CompositeAlarms"]]}
    return found


def find_risks(aws: Aws, region: str, name: str, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the reasons why this alarm must not be made to fire."""
    alarm = known[name]
    if alarm["StateValue"] == "ALARM":
        yield "it is in ALARM already, and whoever looks into that must not be confused"
    if not alarm["ActionsEnabled"]:
        yield "its actions are disabled: nobody would be told"
    if not any(":sns:" in action for action in alarm["AlarmActions"]):
        yield "it notifies no topic when it fires"
    firing = _with_parents(name, known)
    for each in firing:
        for action in {one for kind in ACTIONS for one in known[each].get(kind) or ()}:
            if ":sns:" not in action:
                yield f"{_describe_alarm(each, name)} does more than notify: {action}"
        for rule in _list_rules(aws("events", region), each):
            yield f"rule {rule!r} passes on that {_describe_alarm(each, name)} fires: whatever it starts would start"
    rollbacks = chain(_list_codedeploy_rollbacks(aws("codedeploy", region)), _list_ecs_rollbacks(aws("ecs", region)))
    for where, listened in rollbacks:
        for each in firing & listened:
            yield f"{where} acts on {_describe_alarm(each, name)}: a deployment would be stopped or rolled back"


def _list_rules(client: Any, alarm: str) -> Iterator[str]:
    """Yield the EventBridge rules that match the alarm's firing; one that is not understood counts."""
    event = {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change"}
    detail = {"alarmName": alarm, "state": {"value": "ALARM"}}
    for page in client.get_paginator("list_rules").paginate():
        for rule in page["Rules"]:
            pattern = read_json(rule.get("EventPattern") or "null")
            if pattern is None or rule["State"] == "DISABLED":
                continue
            with suppress(Unresolved):
                if not matches(pattern, event | {"detail": detail}):
                    continue
            yield rule["Name"]


def _with_parents(name: str, known: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the alarm and every composite alarm built on it, directly or through another one."""
    found = {name}
    for _ in known:
        more = {each for each, one in known.items() if alarms_in_rule(one.get("AlarmRule", "")) & found}
        if more <= found:
            break
        found |= more
    return found


def _list_codedeploy_rollbacks(client: Any) -> Iterator[tuple[str, set[str]]]:
    """Yield every deployment of CodeDeploy that watches alarms, and their names."""
    for application in _iter_pages(client, "list_applications", "applications"):
        groups = _iter_pages(client, "list_deployment_groups", "deploymentGroups", applicationName=application)
        for group in groups:
            parameters = {"applicationName": application, "deploymentGroupName": group}
            settings = client.get_deployment_group(**parameters)["deploymentGroupInfo"].get("alarmConfiguration") or {}
            if settings.get("enabled"):
                yield f"CodeDeploy's {application}/{group}", {one["name"] for one in settings.get("alarms") or ()}


def _list_ecs_rollbacks(client: Any) -> Iterator[tuple[str, set[str]]]:
    for cluster in _iter_pages(client, "list_clusters", "clusterArns"):
        for arn in _iter_pages(client, "list_services", "serviceArns", cluster=cluster):
            (service,) = client.describe_services(cluster=cluster, services=[arn])["services"]
            settings = (service.get("deploymentConfiguration") or {}).get("alarms") or {}
            if settings.get("enable"):
                yield f"ECS's {service['serviceName']}", set(settings.get("alarmNames") or ())


def _iter_pages(client: Any, operation: str, key: str, **parameters: str) -> Iterator[str]:
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page[key]


def _describe_alarm(each: str, name: str) -> str:
    return "it" if each == name else f"{each!r}, which is made of it"
