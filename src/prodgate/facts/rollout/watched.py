"""The observations of a service during its deployment: weights, targets, alarms, samples, surroundings."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self, TypeVar

from ...aws.account import Account, batched
from ...aws.answers import Absent, Unread, Unreadable
from ...aws.recording import canonical_json, to_plain
from ...quantities import Quantity
from .. import Fact
from ..live.ecs_services import list_services
from .deployments import (
    CODEDEPLOY,
    OVER,
    WATCH_FORMAT,
    State,
    read_by_id,
    read_codedeploy_state,
    read_deployment_groups,
    read_ecs_state,
)

# ── How visitors reach a service: its two target groups, and the listener rules that divide traffic between them

#: All of the traffic, in percent.
_ALL: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The route to one service."""

    service: str
    """Its ARN."""
    name: str
    cluster: str
    """ARN of its cluster."""
    carrier: str
    """Its deployment controller: ``ECS`` or ``CODE_DEPLOY``."""
    groups: tuple[str, ...]
    """ARNs of the target groups between which traffic shifts, usually two; a single one if it never shifts."""
    listeners: tuple[str, ...]
    """ARNs of the listeners that visitors reach. Always empty for ECS, which states ``rules`` instead."""
    rules: tuple[str, ...]
    """ARNs of the listener rules that ECS changes. Empty for CodeDeploy, where every rule of ``listeners`` counts."""
    alarms: tuple[str, ...]
    """Names of the alarms that roll a deployment back."""
    steps: tuple[float, ...] | None = None
    """Shares, in percent, that the new tasks get before they have all traffic; () if they get it all at once.

    None if unknown, and for a rolling update.
    """

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the inverse of ``to_json``."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**fields)


def read_routes(account: Account) -> tuple[Route, ...]:
    """Return the routes to all services behind a load balancer. Raises Unreadable."""
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
    return tuple(number * float(percent) for number in range(1, math.ceil(_ALL / percent))) if percent else None


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
    """Yield the ARNs of target groups by their names."""
    for some in batched(names, 20):
        for row in account.list("elbv2", "DescribeTargetGroups", "TargetGroups", Names=some):
            yield row["TargetGroupArn"]


def read_weights(account: Account, route: Route) -> Mapping[str, Mapping[str, float]]:
    """Return rule -> target group -> its share of the rule's traffic, in percent. Raises Unreadable.

    A rule that leads to none of the route's groups is left out.
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
    """Return the weights of the groups that a rule forwards to; 100 for a single group."""
    for action in actions:
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
        if len(groups) > 1:
            return {one["TargetGroupArn"]: float(one.get("Weight", 1)) for one in groups}
        if alone := action.get("TargetGroupArn") or next((one["TargetGroupArn"] for one in groups), ""):
            return {alone: 100.0}
    return {}


# ── The target groups that serve at each sample of a watch, and how long they were not the first ones

_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """The span in which traffic went to other groups than at first; times of samples, in seconds since 1970."""

    sure: float
    """The last sample that shows all traffic still at the first groups; before ``before`` if that is unreadable."""
    before: float
    """The last sample before ``first``."""
    first: float
    """The first sample with traffic at another group."""
    last: float
    """The last sample with traffic at another group."""
    back: float
    """The sample that shows all traffic back at the first groups; infinite if none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One sample of a watch for one service. An unreadable part is None; ``weights`` is then empty."""

    at: float
    """Seconds since 1970."""
    weights: Mapping[str, Mapping[str, float]]
    """Rule -> target group -> its share of the rule's traffic, in percent."""
    targets: Mapping[str, Mapping[str, int]] | None
    """Target group -> state -> number of targets."""
    desired: int | None
    tasks: Sequence[Mapping[str, Any]] | None
    """The task sets or ECS deployments, as ``_describe_tasks`` returns them."""
    deployment: Mapping[str, Any] | None

    @classmethod
    def of(cls, sample: Mapping[str, Any], service: str) -> Self:
        """Return the part of a stored sample about a service."""
        seen = sample["services"].get(service, {})
        counts = seen.get("counts")
        return cls(
            at=datetime.fromisoformat(sample["at"]).timestamp(),
            weights=seen.get("weights", {}),
            targets=seen.get("targets"),
            desired=counts and counts["desired"],
            tasks=counts and [*counts["tasks"].values()],
            deployment=seen.get("deployment"),
        )

    @property
    def tells_what_serves(self) -> bool:
        """Whether both weights and tasks could be read."""
        return bool(self.weights) and self.tasks is not None

    @property
    def receiving(self) -> frozenset[str]:
        """The target groups that get traffic through any rule."""
        return frozenset(group for rule in self.weights.values() for group, weight in rule.items() if weight > 0)

    @property
    def idle(self) -> Mapping[str, Mapping[str, int]]:
        """The target groups with targets but without traffic: target group -> state -> number of targets."""
        known = self.targets or {}
        return {group: states for group, states in known.items() if states and group not in self.receiving}

    @property
    def primary(self) -> frozenset[str]:
        """The task definitions of the task sets, or ECS deployments, that AWS calls PRIMARY."""
        return frozenset(one["definition"] for one in self.tasks or () if one["state"] == "PRIMARY")

    def healthy_in(self, groups: frozenset[str]) -> int | None:
        """Return the healthy targets in some groups; None if they could not be read."""
        if self.targets is None:
            return None
        return sum(states.get("healthy", 0) for group, states in self.targets.items() if group in groups)


def looks_at(service: str, record: Mapping[str, Any]) -> list[Look]:
    """Return all samples of a watch for one service."""
    return [Look.of(sample, service) for sample in record["samples"]]


def find_away(routes: list[Route], record: Mapping[str, Any]) -> Away | None:
    """Return the span in which traffic went to other groups than at first; None if it never did.

    The traffic is back once one sample shows it back for every service.
    """
    each = [looks_at(route.service, record) for route in routes]
    firsts = [next((look.receiving for look in looks if look.tells_what_serves), frozenset()) for looks in each]
    away, previous, sure = None, None, None
    for seen in zip(*each, strict=True):
        at = seen[0].at
        known = [(look, first) for look, first in zip(seen, firsts, strict=True) if look.tells_what_serves]
        if any(look.receiving != first for look, first in known):
            before = at if previous is None else previous
            begun = away or Away(sure=before if sure is None else sure, before=before, first=at, last=at, back=_NEVER)
            away = replace(begun, last=at, back=_NEVER)
        elif len(known) == len(seen):
            away = replace(away, back=at) if away is not None and away.back == _NEVER else away
            sure = at
        previous = at
    return away


#: From this share on, in percent, a group has all traffic; shares are rounded.
_NEARLY_ALL: Final = 99.99
#: The allowed difference between a declared step and an observed one.
_ROUNDING: Final = 0.5
#: The state from which an alarm can still fire.
_READY: Final = "OK"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedService(Fact):
    """A service during its deployment; ``subject`` is its ARN."""

    weights_before: str
    """How the traffic was divided before it moved; empty if one target group had all of it."""
    weights_after: str
    """The same after the deployment."""
    wrong_steps: str
    """An undeclared share that the new tasks got on the way; empty if there was none."""
    least_healthy: Quantity
    """Healthy targets in the groups with traffic, at the sample with the fewest."""
    moved_early: str
    """How many of the new targets were healthy when traffic moved to them; empty if all were."""
    unready_alarms: tuple[str, ...]
    """Alarms that roll a deployment back and could not have fired when traffic moved, each with its state."""


def state_of(deployment: Mapping[str, Any]) -> State:
    """Return the state of a deployment in a sample. Raises Unreadable for an unknown status."""
    if deployment["id"].startswith("arn:"):
        return read_ecs_state(deployment["status"])
    back = deployment["rollback_status"]
    return read_codedeploy_state(deployment, {"status": back} if back else None)


def is_over(sample: Mapping[str, Any], ids: Mapping[str, str]) -> bool:
    """Whether all deployments have ended, and no target has open requests."""
    return all(_is_settled(sample["services"].get(service, {})) for service in ids)


def have_succeeded(sample: Mapping[str, Any], ids: Mapping[str, str]) -> bool:
    """Whether all deployments have succeeded; only for a sample in which all have ended. Raises Unreadable."""
    return all(state_of(sample["services"][service]["deployment"]) == State.SUCCEEDED for service in ids)


def _is_settled(seen: Mapping[str, Any]) -> bool:
    try:
        ended = "deployment" in seen and state_of(seen["deployment"]) in OVER
    except Unreadable:
        return False
    return ended and "targets" in seen and not any(states.get("draining") for states in seen["targets"].values())


def require_format(record: Mapping[str, Any]) -> None:
    """Raise Unreadable for the record of a watch from another version."""
    if record.get("format") != WATCH_FORMAT:
        raise Unreadable(f"the watch was recorded in form {record.get('format')!r}, this version reads {WATCH_FORMAT}")


def require_routes(record: Mapping[str, Any]) -> list[Route]:
    """Return the routes to the deployed services. Raises Unreadable for a record of another version."""
    require_format(record)
    return [route for route in map(Route.from_json, record["routes"]) if route.service in record["ids"]]


def watched_facts(record: Mapping[str, Any]) -> Iterator[WatchedService]:
    """Yield the facts in a watch's record about each deployed service. Raises Unreadable."""
    yield from (_watched_service(route, record) for route in require_routes(record))


def _watched_service(route: Route, record: Mapping[str, Any]) -> WatchedService:
    looks = looks_at(route.service, record)
    moved = _find_move(looks)
    before = looks[:moved] if moved is not None else looks
    last = next((look for look in reversed(looks) if look.weights), None)
    return WatchedService(
        subject=route.service,
        weights_before=_weights_before(before),
        # the reason why the watch ended early, if it did
        weights_after=Unread(record["why"]) if record["why"] else _weights_flaw(last),  # type: ignore[arg-type]  # as of any fact
        wrong_steps=_wrong_steps(route, looks, moved),
        least_healthy=_least_healthy(looks),
        moved_early=_moved_early(looks, moved),
        unready_alarms=_unready_alarms(route, record, moved),
    )


def _find_move(looks: Sequence[Look]) -> int | None:
    """Return the index of the first sample with traffic to other groups than at first; None if there is none."""
    known = [(at, look.receiving) for at, look in enumerate(looks) if look.weights]
    return next((at for at, groups in known if groups - known[0][1]), None) if known else None


def _weights_before(before: Sequence[Look]) -> Any:
    known = [look for look in before if look.weights]
    if not known:
        return Unread("the weights were not seen before traffic moved; begin to watch before the deployment does")
    return next(filter(None, map(_weights_flaw, known)), "")


def _weights_flaw(look: Look | None) -> str:
    """Return how a sample divides traffic; empty if all rules send everything to the same group.

    ``look`` is None if no sample has weights.
    """
    if look is None:
        return "no rule leads to its target groups"
    for rule in look.weights.values():
        if max(rule.values()) < _NEARLY_ALL:
            return "traffic is divided: " + ", ".join(f"{_short(group)} {rule[group]:g} %" for group in sorted(rule))
    if len(groups := look.receiving) > 1:
        return "its rules do not agree: " + ", ".join(map(_short, sorted(groups)))
    return ""


def _least_healthy(looks: Sequence[Look]) -> Any:
    counts = [count for look in looks if look.weights and (count := look.healthy_in(look.receiving)) is not None]
    if not counts:
        return Unread("neither weights nor targets could be read while it was deployed")
    return Quantity.of(min(counts))


def _moved_early(looks: Sequence[Look], moved: int | None) -> Any:
    """Return how many targets of the new group were healthy when traffic moved; empty if all were.

    The last sample before the move decides. If they became healthy only in the next, which shows the move as well, the
    order of the two can't be known.
    """
    if moved is None:
        return Unread("traffic was never seen to move from one target group to the other")
    new = looks[moved].receiving - next(look.receiving for look in looks if look.weights)
    last = looks[moved - 1] if moved else looks[moved]
    wanted, ready = last.desired, last.healthy_in(new)
    if wanted is None or ready is None:
        return Unread("the new targets could not be read when traffic moved to them")
    if ready >= wanted:
        return ""
    now = looks[moved].healthy_in(new)
    if now is not None and now >= wanted:
        return Unread("the new targets became healthy, and traffic moved, between two looks; look more often: poll")
    return f"{now if now is not None else ready} of {wanted} new targets were healthy"


def _wrong_steps(route: Route, looks: Sequence[Look], moved: int | None) -> Any:
    """Describe the first undeclared share of the new groups, neither zero nor all; empty if there is none."""
    if moved is None:
        return ""
    if route.steps is None:
        return Unread("in which steps traffic moves is not known: its deployment configuration can't be read")
    old = next(look.receiving for look in looks if look.weights)
    for rule in (rule for look in looks for rule in look.weights.values()):
        share = sum(weight for group, weight in rule.items() if group not in old)
        if not any(abs(share - step) < _ROUNDING for step in (0.0, *route.steps, 100.0)):
            declared = ", ".join(f"{step:g} %" for step in route.steps) or "all at once"
            return f"{share:g} % went to the new tasks, declared: {declared}"
    return ""


def _unready_alarms(route: Route, record: Mapping[str, Any], moved: int | None) -> Any:
    before, silent = record["samples"][:moved], record["silent_alarms"]
    if not before:
        return Unread("the alarms were not seen before traffic moved")
    if reason := before[-1]["unread"].get("alarms") or silent.get("unreadable"):
        return Unread(reason)
    states = {name: before[-1]["alarms"].get(name, {}).get("state", "missing") for name in route.alarms}
    unready = [f"{name} {state}" for name, state in sorted(states.items()) if state != _READY]
    return (*unready, *(f"{part} without data" for name in route.alarms for part in silent.get(name, ())))


def _short(group: str) -> str:
    return group.split("/")[1] if "/" in group else group


# ── One sample of everything that a deployment moves: its own state, weights, targets, tasks and alarms


T = TypeVar("T")


def take_sample(account: Account, routes: Iterable[Route], ids: Mapping[str, str]) -> dict[str, Any]:
    """Return the present state as JSON values. ``ids`` are the followed deployments, by service.

    Unreadable parts are under ``unread``, as part -> reason.
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
    except (Absent, Unreadable) as error:
        unread[what] = error.reason
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
    """Return the state, task definition and size of a CodeDeploy task set, or of an ECS deployment."""
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
        "rollback": back.get("deploymentId") or str((row.get("rollback") or {}).get("serviceRevisionArn", "")),
        "rollback_status": back.get("status", ""),
        "pauses": [one["status"] for one in row.get("lifecycleHookDetails", ()) if one.get("targetType") == "PAUSE"],
    }


def _list_events(target: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = (target.get("ecsTarget") or {}).get("lifecycleEvents", ())
    return found


def _read_alarm_states(account: Account, names: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for some in batched(names, 100):
        asked: dict[str, Any] = {"AlarmNames": some, "AlarmTypes": ["CompositeAlarm", "MetricAlarm"]}
        answer = account.get("cloudwatch", "DescribeAlarms", **asked)
        for row in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
            found[row["AlarmName"]] = {"state": row["StateValue"], "since": _iso(row.get("StateUpdatedTimestamp"))}
    return found


def _iso(time: datetime | None) -> str:
    return time.isoformat() if time else ""


# ── Settings that belong to no revision, so that a rollback does not restore them


#: Settings of a service that no revision holds.
_SERVICE: Final = ("deploymentConfiguration", "desiredCount", "healthCheckGracePeriodSeconds", "schedulingStrategy")
#: Settings of an alarm that decide when it fires and whom it notifies.
_ALARM: Final = (
    "ActionsEnabled", "AlarmActions", "AlarmRule", "ComparisonOperator", "DatapointsToAlarm", "Dimensions",
    "EvaluationPeriods", "MetricName", "Metrics", "Namespace", "Period", "Statistic", "Threshold", "TreatMissingData",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Surroundings(Fact):
    """The settings around a deployment that belong to no revision; ``subject`` names the deployment."""

    changed: tuple[str, ...]
    """Settings that differ after it, each with both values."""


def read_surroundings(account: Account, routes: tuple[Route, ...]) -> dict[str, str]:
    """Return all settings that belong to no revision: name of a resource -> canonical JSON. Raises Unreadable."""
    try:
        return {
            name: canonical_json(to_plain(value))
            for read in (_target_groups, _rules, _services, _scaling, _alarms)
            for name, value in read(account, routes)
        }
    except Absent as error:
        raise Unreadable(f"what lies beside the revisions can't be read: AWS answers {error.code}") from error


def _target_groups(account: Account, routes: tuple[Route, ...]) -> Iterator[tuple[str, Any]]:
    """Yield all target groups of the load balancers; for the groups of the routes also all of their attributes."""
    own = {group for route in routes for group in route.groups}
    rows = account.list("elbv2", "DescribeTargetGroups", "TargetGroups")
    balancers = {arn for row in rows if row["TargetGroupArn"] in own for arn in row.get("LoadBalancerArns", ())}
    for row in rows:
        if row["TargetGroupArn"] in own or balancers & set(row.get("LoadBalancerArns", ())):
            # a shift of traffic changes the list of load balancers, so it is left out
            yield f"target group {row['TargetGroupName']}", {**row, "LoadBalancerArns": ()}
    for group in sorted(own):
        found = account.get("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=group)["Attributes"]
        settings = {one["Key"]: one.get("Value", "") for one in found}
        yield f"attributes of target group {group.rpartition('targetgroup/')[2].partition('/')[0]}", settings


def _rules(account: Account, routes: tuple[Route, ...]) -> Iterator[tuple[str, Any]]:
    """Yield the conditions of all rules of ``listeners``; none for a service that ECS deploys, which has none."""
    for listener in dict.fromkeys(listener for route in routes for listener in route.listeners):
        for rule in account.list("elbv2", "DescribeRules", "Rules", ListenerArn=listener):
            kept = {name: rule.get(name) for name in ("Priority", "Conditions")}
            yield f"rule {rule['RuleArn'].rpartition(':')[2]}", kept


def _services(account: Account, routes: tuple[Route, ...]) -> Iterator[tuple[str, Any]]:
    own, scaled = {route.service: _place(route) for route in routes}, {row["ResourceId"] for row in _scaled(account)}
    for service in account.once(list_services):
        if (place := own.get(service["serviceArn"])) is not None:
            # how many tasks a service wants is what scaling changes, at any time
            kept = (name for name in _SERVICE if name != "desiredCount" or place not in scaled)
            yield f"service {service['serviceName']}", {name: service.get(name) for name in kept}


def _place(route: Route) -> str:
    return f"service/{route.cluster.rpartition('/')[2]}/{route.name}"


def _scaled(account: Account) -> tuple[Mapping[str, Any], ...]:
    return account.list("application-autoscaling", "DescribeScalableTargets", "ScalableTargets", ServiceNamespace="ecs")


def _scaling(account: Account, routes: tuple[Route, ...]) -> Iterator[tuple[str, Any]]:
    names = set(map(_place, routes))
    for row in _scaled(account):
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
    """Yield the changes of such settings during a watch. Raises Unreadable for another version's record."""
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
