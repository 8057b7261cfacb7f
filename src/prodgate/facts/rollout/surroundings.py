"""What lies beside a revision, and so is not brought back with it: target groups, rules, scaling, alarms, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from ...aws.plain_json import canonical_json, to_plain
from .. import Fact
from ..live.ecs_services import list_services
from ..observers import reads
from .routes import Route
from .watched import require_format

reads("application-autoscaling", "DescribeScalableTargets")
reads("cloudwatch", "DescribeAlarms")
reads("elbv2", "DescribeRules", "DescribeTargetGroupAttributes", "DescribeTargetGroups")

#: Settings of a service that no revision holds.
_SERVICE: Final = ("deploymentConfiguration", "desiredCount", "healthCheckGracePeriodSeconds", "schedulingStrategy")
#: Settings of an alarm that decide when it fires and whom it tells.
_ALARM: Final = (
    "ActionsEnabled", "AlarmActions", "AlarmRule", "ComparisonOperator", "DatapointsToAlarm", "Dimensions",
    "EvaluationPeriods", "MetricName", "Metrics", "Namespace", "Period", "Statistic", "Threshold", "TreatMissingData",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Surroundings(Fact):
    """What lies beside the revisions of a deployment; ``subject`` names the deployment."""

    changed: tuple[str, ...]
    """What was otherwise after it than before, each with both values."""


def read_surroundings(account: Account, routes: tuple[Route, ...]) -> dict[str, str]:
    """Return every setting as canonical JSON, by what it is of. Raises Unreadable."""
    try:
        return {
            name: canonical_json(to_plain(value))
            for read in (_target_groups, _rules, _services, _scaling, _alarms)
            for name, value in read(account, routes)
        }
    except Absent as error:
        raise Unreadable(f"what lies beside the revisions can't be read: AWS answers {error.code}") from error


def _target_groups(account: Account, routes: tuple[Route, ...]) -> Iterator[tuple[str, Any]]:
    """Yield all target groups of the load balancers, and those of the routes with all of their settings."""
    own = {group for route in routes for group in route.groups}
    rows = account.list("elbv2", "DescribeTargetGroups", "TargetGroups")
    balancers = {arn for row in rows if row["TargetGroupArn"] in own for arn in row.get("LoadBalancerArns", ())}
    for row in rows:
        if row["TargetGroupArn"] in own or balancers & set(row.get("LoadBalancerArns", ())):
            # which load balancers lead to it follows from the rules, and changes when traffic moves
            yield f"target group {row['TargetGroupName']}", {**row, "LoadBalancerArns": ()}
    for group in sorted(own):
        found = account.get("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=group)["Attributes"]
        settings = {one["Key"]: one.get("Value", "") for one in found}
        yield f"attributes of target group {group.rpartition('targetgroup/')[2].partition('/')[0]}", settings


def _rules(account: Account, routes: tuple[Route, ...]) -> Iterator[tuple[str, Any]]:
    """Yield the conditions of the rules of all listeners that readers come through."""
    listeners = dict.fromkeys(listener for route in routes for listener in route.listeners)
    for listener in listeners:
        for rule in account.list("elbv2", "DescribeRules", "Rules", ListenerArn=listener):
            kept = {name: rule.get(name) for name in ("Priority", "Conditions")}
            yield f"rule {rule['RuleArn'].rpartition(':')[2]}", kept


def _services(account: Account, routes: tuple[Route, ...]) -> Iterator[tuple[str, Any]]:
    own = {route.service for route in routes}
    for service in account.once(list_services):
        if service["serviceArn"] in own:
            yield f"service {service['serviceName']}", {name: service.get(name) for name in _SERVICE}


def _scaling(account: Account, routes: tuple[Route, ...]) -> Iterator[tuple[str, Any]]:
    names = {f"service/{route.cluster.rpartition('/')[2]}/{route.name}" for route in routes}
    asked = {"ServiceNamespace": "ecs"}
    for row in account.list("application-autoscaling", "DescribeScalableTargets", "ScalableTargets", **asked):
        if row["ResourceId"] in names:
            kept = {name: row.get(name) for name in ("MinCapacity", "MaxCapacity", "SuspendedState")}
            yield f"scaling of {row['ResourceId']}", kept


def _alarms(account: Account, routes: tuple[Route, ...]) -> Iterator[tuple[str, Any]]:
    own = {name for route in routes for name in route.alarms}
    for kind in ("MetricAlarms", "CompositeAlarms"):
        asked: dict[str, Any] = {"AlarmTypes": ["CompositeAlarm", "MetricAlarm"]}
        for row in account.list("cloudwatch", "DescribeAlarms", kind, **asked):
            if row["AlarmName"] in own:
                yield f"alarm {row['AlarmName']}", {name: row[name] for name in _ALARM if name in row}


def surroundings_facts(record: Mapping[str, Any], subject: str) -> Iterator[Surroundings]:
    """Yield what changed beside the revisions while a watch went on. Raises Unreadable for another version's record."""
    require_format(record)
    before, after = record["before"], record["after"]
    for side in (before, after):
        if "unreadable" in side:
            yield Surroundings(subject=subject, changed=Unread(side["unreadable"]))  # type: ignore[arg-type]  # as of any fact
            return
    yield Surroundings(subject=subject, changed=tuple(_list_changes(before, after)))


def _list_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield f"{name} is gone"
        elif name not in before:
            yield f"{name} is left"
        elif before[name] != after[name]:
            yield f"{name} was {before[name][:200]} and is {after[name][:200]}"
