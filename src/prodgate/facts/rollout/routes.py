"""How readers reach a service: its two target groups, and the rules of listeners that divide traffic between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ..live.ecs_services import list_services
from ..observers import reads
from .reading import CODEDEPLOY, read_deployment_groups

reads("elbv2", "DescribeRules", "DescribeTargetGroups")

reads("codedeploy", "GetDeploymentConfig")

#: All of the traffic, in percent.
_ALL: Final = 100
#: Target groups that one call names.
_GROUPS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way to one service."""

    service: str
    """Its ARN."""
    name: str
    cluster: str
    """ARN of its cluster."""
    carrier: str
    """What deploys it: ``ECS`` or ``CODE_DEPLOY``."""
    groups: tuple[str, ...]
    """ARNs of the target groups that take turns; one alone where nothing shifts between two."""
    listeners: tuple[str, ...]
    """ARNs of the listeners that readers come through."""
    rules: tuple[str, ...]
    """ARNs of the rules of those listeners that alone count; empty where every rule does."""
    alarms: tuple[str, ...]
    """Names of the alarms that take a deployment back."""
    steps: tuple[float, ...] | None = None
    """Shares of the traffic that the new tasks get on the way to all of it, in percent; None if they are not known."""

    def to_json(self) -> dict[str, Any]:
        """Return the route as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what ``to_json`` wrote."""
        fields: dict[str, Any] = {name: _frozen(value) for name, value in stored.items()}
        return cls(**fields)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def read_routes(account: Account) -> tuple[Route, ...]:
    """Return the ways to all services behind a load balancer. Raises Unreadable."""
    return tuple(_read_route(account, one) for one in account.once(list_services) if one.get("loadBalancers"))


def _read_route(account: Account, service: Mapping[str, Any]) -> Route:
    about: dict[str, Any] = {
        "service": service["serviceArn"],
        "name": service["serviceName"],
        "cluster": service["clusterArn"],
        "carrier": service.get("deploymentController", {}).get("type", "ECS"),
    }
    return _codedeploy_route(account, service, about) if about["carrier"] == CODEDEPLOY else _ecs_route(service, about)


def _ecs_route(service: Mapping[str, Any], about: Mapping[str, Any]) -> Route:
    groups, rules = dict[str, None](), dict[str, None]()
    for one in service["loadBalancers"]:
        pair = one.get("advancedConfiguration") or {}
        groups |= dict.fromkeys(filter(None, (one.get("targetGroupArn"), pair.get("alternateTargetGroupArn"))))
        rules |= dict.fromkeys(filter(None, (pair.get("productionListenerRule"),)))
    alarms = service.get("deploymentConfiguration", {}).get("alarms", {})
    names = alarms.get("alarmNames", ()) if alarms.get("enable") else ()
    steps = _ecs_steps(service.get("deploymentConfiguration", {}))
    return Route(**about, groups=tuple(groups), listeners=(), rules=tuple(rules), alarms=tuple(names), steps=steps)


def _ecs_steps(stated: Mapping[str, Any]) -> tuple[float, ...] | None:
    strategy = stated.get("strategy", "ROLLING")
    if strategy == "CANARY":
        return _canary((stated.get("canaryConfiguration") or {}).get("canaryPercent"))
    if strategy == "LINEAR":
        return _linear((stated.get("linearConfiguration") or {}).get("stepPercent"))
    return () if strategy == "BLUE_GREEN" else None


def _canary(percent: float | None) -> tuple[float, ...] | None:
    return None if percent is None else (float(percent),)


def _linear(percent: float | None) -> tuple[float, ...] | None:
    if not percent:
        return None
    return tuple(number * float(percent) for number in range(1, math.ceil(_ALL / percent)))


def _codedeploy_steps(account: Account, group: Mapping[str, Any]) -> tuple[float, ...] | None:
    name = group.get("deploymentConfigName", "")
    found = account.find("codedeploy", "GetDeploymentConfig", deploymentConfigName=name) if name else None
    stated = ((found or {}).get("deploymentConfigInfo") or {}).get("trafficRoutingConfig") or {}
    if stated.get("type") == "TimeBasedCanary":
        return _canary((stated.get("timeBasedCanary") or {}).get("canaryPercentage"))
    if stated.get("type") == "TimeBasedLinear":
        return _linear((stated.get("timeBasedLinear") or {}).get("linearPercentage"))
    return () if stated.get("type") == "AllAtOnce" else None


def _codedeploy_route(account: Account, service: Mapping[str, Any], about: Mapping[str, Any]) -> Route:
    groups, listeners, alarms = dict[str, None](), dict[str, None](), dict[str, None]()
    known = read_deployment_groups(account, service)
    for group in known:
        for pair in (group.get("loadBalancerInfo") or {}).get("targetGroupPairInfoList", ()):
            names = [one["name"] for one in pair.get("targetGroups", ())]
            groups |= dict.fromkeys(_name_groups(account, names))
            listeners |= dict.fromkeys((pair.get("prodTrafficRoute") or {}).get("listenerArns", ()))
        settings = group.get("alarmConfiguration") or {}
        alarms |= dict.fromkeys(one["name"] for one in settings.get("alarms", ()) if settings.get("enabled"))
    return Route(
        **about,
        groups=tuple(groups),
        listeners=tuple(listeners),
        rules=(),
        alarms=tuple(alarms),
        steps=_codedeploy_steps(account, known[0]) if len(known) == 1 else None,
    )


def _name_groups(account: Account, names: Sequence[str]) -> Iterator[str]:
    for first in range(0, len(names), _GROUPS):
        some = [*names[first : first + _GROUPS]]
        for row in account.list("elbv2", "DescribeTargetGroups", "TargetGroups", Names=some):
            yield row["TargetGroupArn"]


def read_weights(account: Account, route: Route) -> Mapping[str, Mapping[str, float]]:
    """Return the weight of each target group of a route by rule; they are of 100 together. Raises Unreadable.

    Rules that lead to none of its groups are left out.
    """
    found: dict[str, Mapping[str, float]] = {}
    for rule in _list_rules(account, route):
        weights = _find_weights(rule.get("Actions", ()))
        if weights.keys() & set(route.groups):
            whole = sum(weights.values()) or 1
            found[rule["RuleArn"]] = {group: 100 * weight / whole for group, weight in weights.items()}
    return found


def _list_rules(account: Account, route: Route) -> Iterator[Mapping[str, Any]]:
    try:
        if route.rules:
            yield from account.list("elbv2", "DescribeRules", "Rules", RuleArns=[*route.rules])
        for listener in route.listeners:
            yield from account.list("elbv2", "DescribeRules", "Rules", ListenerArn=listener)
    except Absent as error:
        raise Unreadable(f"{route.name}: a listener or rule of its deployments does not exist: {error.code}") from error


def _find_weights(actions: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the weights of the groups that a rule forwards to; of a group alone, 100."""
    for action in actions:
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
        if len(groups) > 1:
            return {one["TargetGroupArn"]: float(one.get("Weight", 1)) for one in groups}
        if alone := action.get("TargetGroupArn") or next((one["TargetGroupArn"] for one in groups), ""):
            return {alone: 100.0}
    return {}
