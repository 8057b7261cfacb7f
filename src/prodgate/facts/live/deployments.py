"""How a new version of a service replaces the old one, and how it is rolled back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads
from .alarm_settings import AlarmSettings, read_alarms
from .ecs_services import list_services
from .listeners import list_listeners

reads("codedeploy", "GetDeploymentGroup", "ListApplications", "ListDeploymentGroups")
reads("elbv2", "DescribeTargetGroups")

#: Strategies of ECS's own deployment controller that shift traffic between two target groups.
_SHIFTING: Final = ("BLUE_GREEN", "CANARY", "LINEAR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How traffic moves to a new version, whoever moves it: CodeDeploy or ECS."""

    rolling: str
    """What keeps it from being blue/green; empty if it is."""
    stays: Quantity | None
    """How long the old tasks stay after traffic has moved; None if until somebody ends them."""
    rolls_back: bool
    """Whether a failed deployment rolls back by itself."""
    alarms: frozenset[str]
    """Names of the alarms that stop a deployment and roll it back."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServiceDeployment(Fact):
    """How a service deploys. ``subject`` is its ARN."""

    shift: Shift
    keeps: Quantity
    """Share of the desired tasks that stays up during a rolling deployment."""
    watched: frozenset[str]
    """Names of the metrics whose alarms roll a deployment back."""
    lost_alarms: tuple[str, ...]
    """Names of alarms that roll back and do not exist."""
    spare: Quantity | None
    """How much longer the old tasks stay than the slowest of those alarms needs data for, less than nothing if they
    don't; None without alarms, or where the old tasks stay until somebody ends them."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TargetGroup(Fact):
    """A target group behind a load balancer. ``subject`` is its ARN."""

    checked: bool
    """Whether health checks are on."""
    protocol: str
    """Of the health checks."""
    matcher: str
    """HTTP codes that count as healthy, as AWS writes them: ``200`` or ``200-299,301``; empty for TCP."""

    @property
    def lax_codes(self) -> tuple[str, ...]:
        """Codes that count as healthy although they are no success."""
        ends = [part for part in self.matcher.split(",") if part]
        return tuple(part for part in ends if not all(200 <= int(code) < 400 for code in part.split("-")))


@observes(ServiceDeployment)
def observe_deployments(account: Account) -> Iterator[ServiceDeployment]:
    """See how every service deploys."""
    look = apart(ServiceDeployment, lambda service: _deployment(account, service), "serviceArn", "serviceName")
    yield from account.each(look, account.once(list_services))


@observes(TargetGroup)
def observe_target_groups(account: Account) -> Iterator[TargetGroup]:
    """See every target group that is behind a load balancer."""
    rows = account.list("elbv2", "DescribeTargetGroups", "TargetGroups")
    look = apart(TargetGroup, _target_group, "TargetGroupArn", "TargetGroupName")
    # one of which it is not stated whether anything leads to it may be
    yield from (look(row) for row in rows if row.get("LoadBalancerArns", True))


def _target_group(row: Mapping[str, Any]) -> TargetGroup:
    return TargetGroup(
        subject=row["TargetGroupArn"],
        checked=row["HealthCheckEnabled"],
        protocol=row.get("HealthCheckProtocol", ""),
        matcher=(row.get("Matcher") or {}).get("HttpCode", ""),
    )


def _deployment(account: Account, service: Mapping[str, Any]) -> ServiceDeployment:
    percent = service.get("deploymentConfiguration", {}).get("minimumHealthyPercent", 100)
    return ServiceDeployment(
        subject=service["serviceArn"],
        shift=account.attempt(_shift, account, service),
        keeps=Quantity.of(percent, "%"),
        watched=account.attempt(_list_watched_metrics, account, service),
        lost_alarms=account.attempt(_list_lost_alarms, account, service),
        spare=account.attempt(_find_spare_time, account, service),
    )


def _shift(account: Account, service: Mapping[str, Any]) -> Shift:
    by_codedeploy = service.get("deploymentController", {}).get("type") == "CODE_DEPLOY"
    return _codedeploy_shift(account, service) if by_codedeploy else _ecs_shift(service)


def _ecs_shift(service: Mapping[str, Any]) -> Shift:
    own = service.get("deploymentConfiguration", {})
    strategy = own.get("strategy", "ROLLING")
    paired = any(one.get("advancedConfiguration") for one in service.get("loadBalancers", ()))
    breaker, alarms = own.get("deploymentCircuitBreaker", {}), own.get("alarms", {})
    why = f"{strategy.lower()} deployment" if strategy not in _SHIFTING else "" if paired else "no second target group"
    return Shift(
        rolling=why,
        stays=Quantity.of(own.get("bakeTimeInMinutes", 0), "min"),
        rolls_back=bool(breaker.get("enable") and breaker.get("rollback")),
        alarms=frozenset(alarms.get("alarmNames", ()) if alarms.get("enable") and alarms.get("rollback") else ()),
    )


def _codedeploy_shift(account: Account, service: Mapping[str, Any]) -> Shift:
    own = [group for group in account.once(_list_deployment_groups) if _deploys(group, service)]
    if not own:
        nothing = Quantity.of(0, "min")
        return Shift(rolling="no deployment group names it", stays=nothing, rolls_back=False, alarms=frozenset())
    return Shift(
        rolling=next(filter(None, (_why_rolling(account, group) for group in own)), ""),
        stays=min(filter(None, map(_bake_time, own)), key=lambda time: time.base, default=None),
        rolls_back=all("DEPLOYMENT_FAILURE" in _rollback(group) for group in own),
        alarms=frozenset.intersection(*map(_list_stopping_alarms, own)),
    )


def _list_deployment_groups(account: Account) -> Iterator[Mapping[str, Any]]:
    for application in account.list("codedeploy", "ListApplications", "applications"):
        named = {"applicationName": application}
        for name in account.list("codedeploy", "ListDeploymentGroups", "deploymentGroups", **named):
            yield account.get("codedeploy", "GetDeploymentGroup", deploymentGroupName=name, **named)[
                "deploymentGroupInfo"
            ]


def _deploys(group: Mapping[str, Any], service: Mapping[str, Any]) -> bool:
    cluster = service["clusterArn"].rpartition("/")[2]
    named = [(one["clusterName"], one["serviceName"]) for one in group.get("ecsServices", ())]
    return (cluster, service["serviceName"]) in named


def _why_rolling(account: Account, group: Mapping[str, Any]) -> str:
    """Return what keeps a deployment group from shifting traffic between two target groups behind a listener."""
    style = group.get("deploymentStyle", {})
    kind = (style.get("deploymentType"), style.get("deploymentOption"))
    if kind != ("BLUE_GREEN", "WITH_TRAFFIC_CONTROL"):
        return f"{group['deploymentGroupName']} deploys {' '.join(filter(None, kind)) or 'in place'}"
    known = {one["ListenerArn"] for one in list_listeners(account)}
    for pair in group.get("loadBalancerInfo", {}).get("targetGroupPairInfoList", ()):
        names = {one["name"] for one in pair.get("targetGroups", ())}
        routes = set(pair.get("prodTrafficRoute", {}).get("listenerArns", ()))
        if len(names) > 1 and routes and routes <= known:
            return ""
    return f"{group['deploymentGroupName']} has no two target groups behind a listener that exists"


def _bake_time(group: Mapping[str, Any]) -> Quantity | None:
    blue_green = group.get("blueGreenDeploymentConfiguration", {})
    end = blue_green.get("terminateBlueInstancesOnDeploymentSuccess", {})
    if end.get("action", "TERMINATE") != "TERMINATE":
        return None
    return Quantity.of(end.get("terminationWaitTimeInMinutes", 0), "min")


def _rollback(group: Mapping[str, Any]) -> frozenset[str]:
    settings = group.get("autoRollbackConfiguration", {})
    return frozenset(settings.get("events", ())) if settings.get("enabled") else frozenset()


def _list_stopping_alarms(group: Mapping[str, Any]) -> frozenset[str]:
    """Return the alarms that stop a deployment and roll it back, even if their state can't be polled."""
    settings = group.get("alarmConfiguration", {})
    on = settings.get("enabled") and not settings.get("ignorePollAlarmFailure")
    stops = on and "DEPLOYMENT_STOP_ON_ALARM" in _rollback(group)
    return frozenset(one["name"] for one in settings.get("alarms", ()) if stops)


def _list_watched_metrics(account: Account, service: Mapping[str, Any]) -> frozenset[str]:
    """Return the metrics of the alarms and of those that composite ones consist of."""
    return frozenset(metric for alarm in _list_alarms(account, service) for metric in alarm.metrics)


def _list_alarms(account: Account, service: Mapping[str, Any]) -> tuple[AlarmSettings, ...]:
    """Return the alarms that roll back, and those that composite ones consist of."""
    here, wanted = _alarms_by_name(account), [*_shift(account, service).alarms]
    seen = dict[str, AlarmSettings]()
    while wanted:
        name = wanted.pop()
        if name in here and name not in seen:
            seen[name] = here[name]
            wanted += here[name].members
    return tuple(seen.values())


def _find_spare_time(account: Account, service: Mapping[str, Any]) -> Quantity | None:
    stays = _shift(account, service).stays
    spans = [alarm.span for alarm in _list_alarms(account, service) if not alarm.members]
    return None if stays is None or not spans else Quantity.seconds(stays.base - max(spans))


def _list_lost_alarms(account: Account, service: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(_shift(account, service).alarms - _alarms_by_name(account).keys()))


def _alarms_by_name(account: Account) -> Mapping[str, AlarmSettings]:
    return {one.name: one for one in account.once(read_alarms) if one.region == account.region}
