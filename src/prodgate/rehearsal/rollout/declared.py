"""The declared deployment of services in an account: groups, listeners, steps, waits and alarms."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...aws.answers import Unreadable
from ...aws.clients import Clients

#: CodeDeploy's predefined configurations, as (percent, minutes until the next step).
_BUNDLED: Final = {
    "CodeDeployDefault.ECSAllAtOnce": ((100, 0.0),),
    "CodeDeployDefault.ECSCanary10Percent5Minutes": ((10, 5.0), (100, 0.0)),
    "CodeDeployDefault.ECSCanary10Percent15Minutes": ((10, 15.0), (100, 0.0)),
}
#: The required name prefix of functions that CodeDeploy's own role may invoke.
HOOK: Final = "CodeDeployHook_"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """One of the two target groups of a service."""

    arn: str
    name: str
    balancer: str
    """ARN of its load balancer."""
    path: str
    """The path of a health check."""
    matcher: str
    """Status codes of a healthy target: ``200``, ``200,202`` or ``200-399``."""
    interval: float
    """Seconds between health checks."""
    timeout: float
    healthy: int
    """Consecutive checks that make a target healthy."""
    unhealthy: int
    delay: float
    """Seconds that a target has to end its requests once it is deregistered."""


@dataclass(frozen=True, slots=True)
class Hook:
    """The function that tests a new version before readers reach it."""

    arn: str
    paths: tuple[str, ...]
    """The paths that it requests; each must return 200."""


@dataclass(frozen=True, slots=True)
class Route:
    """A rule of a listener; the rule that has no condition is the listener's default."""

    listener: str
    rule: str
    """Empty for the default."""
    patterns: tuple[str, ...]
    """Path patterns; none for the default."""
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, and how a deployment group deploys it."""

    arn: str
    name: str
    cluster: str
    application: str
    group: str
    container: str
    port: int
    count: int
    """Its desired tasks."""
    definition: str
    log_group: str
    """The log group of the container that takes requests; empty if it writes to none."""
    live: Route
    test: Route | None
    groups: tuple[TargetGroup, TargetGroup]
    """The one that takes traffic first, and the other."""
    steps: tuple[tuple[int, float], ...]
    """Percent of the traffic, and minutes until the next step."""
    bake: float
    """Minutes that the old tasks stay once all traffic has moved."""
    alarms: tuple[str, ...]
    rolls_back_on: frozenset[str]
    """Such as ``DEPLOYMENT_STOP_ON_ALARM``."""


def read_services(aws: Clients) -> tuple[Service, ...]:
    """Return every service that CodeDeploy deploys, those with path patterns first. Raises Unreadable without one."""
    found = [_read_service(aws, group) for group in list_groups(aws)]
    if not found:
        raise Unreadable("no deployment group of CodeDeploy deploys a service; only its deployments can be rehearsed")
    return tuple(sorted(found, key=lambda one: (not one.live.patterns, one.name)))


def read_hook(aws: Clients, services: Sequence[Service]) -> Hook | None:
    """Return the function that tests a new version, None if there is none.

    Its variable ``PATHS`` lists its requests; without it, they are those of the health checks.
    """
    for one in aws("lambda").list_functions()["Functions"]:
        if one["FunctionName"].startswith(HOOK):
            stated = one.get("Environment", {}).get("Variables", {}).get("PATHS", "").split()
            paths = stated or [service.groups[0].path for service in services]
            return Hook(str(one["FunctionArn"]), tuple(dict.fromkeys(paths)))
    return None


def list_groups(aws: Clients) -> Iterator[Mapping[str, Any]]:
    """Yield every deployment group of CodeDeploy that deploys a service."""
    client = aws("codedeploy")
    for application in client.list_applications()["applications"]:
        for name in client.list_deployment_groups(applicationName=application)["deploymentGroups"]:
            named = {"applicationName": application, "deploymentGroupName": name}
            group = client.get_deployment_group(**named)["deploymentGroupInfo"]
            if group.get("ecsServices") and group.get("loadBalancerInfo", {}).get("targetGroupPairInfoList"):
                yield group


def _read_service(aws: Clients, group: Mapping[str, Any]) -> Service:
    (where,), (pair,) = group["ecsServices"], group["loadBalancerInfo"]["targetGroupPairInfoList"]
    service = aws("ecs").describe_services(cluster=where["clusterName"], services=[where["serviceName"]])["services"][0]
    balancer = service["loadBalancers"][0]
    names = sorted(one["name"] for one in pair["targetGroups"])
    found = {one.arn: one for one in _read_groups(aws, names)}
    live = _find_route(aws, pair["prodTrafficRoute"]["listenerArns"], found)
    if live is None or balancer["targetGroupArn"] not in found or len(found) != 2:
        raise Unreadable(f"{where['serviceName']}: its live listener forwards to none of {' and '.join(names)}")
    blue = found.pop(balancer["targetGroupArn"])
    return Service(
        arn=service["serviceArn"],
        name=service["serviceName"],
        cluster=where["clusterName"],
        application=group["applicationName"],
        group=group["deploymentGroupName"],
        container=balancer["containerName"],
        port=balancer["containerPort"],
        count=service["desiredCount"],
        definition=service["taskDefinition"],
        log_group=_find_log_group(aws, service["taskDefinition"], balancer["containerName"]),
        live=live,
        test=_find_route(aws, (pair.get("testTrafficRoute") or {}).get("listenerArns", ()), [blue.arn, *found]),
        groups=(blue, *found.values()),  # type: ignore[arg-type]
        **_read_pace(aws, group),
    )


def _find_log_group(aws: Clients, definition: str, container: str) -> str:
    task = aws("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
    named = (one.get("logConfiguration", {}) for one in task["containerDefinitions"] if one["name"] == container)
    return next((str(one.get("options", {}).get("awslogs-group", "")) for one in named), "")


def _read_pace(aws: Clients, group: Mapping[str, Any]) -> dict[str, Any]:
    end = group.get("blueGreenDeploymentConfiguration", {}).get("terminateBlueInstancesOnDeploymentSuccess", {})
    alarms, rollback = group.get("alarmConfiguration", {}), group.get("autoRollbackConfiguration", {})
    return {
        "steps": _read_steps(aws, group["deploymentConfigName"]),
        "bake": float(end.get("terminationWaitTimeInMinutes", 0)),
        "alarms": tuple(one["name"] for one in alarms.get("alarms", ())) if alarms.get("enabled") else (),
        "rolls_back_on": frozenset(rollback.get("events", ()) if rollback.get("enabled") else ()),
    }


def _read_steps(aws: Clients, name: str) -> tuple[tuple[int, float], ...]:
    """Return the traffic steps. Raises Unreadable for an unknown kind."""
    if name in _BUNDLED:
        return _BUNDLED[name]
    config = aws("codedeploy").get_deployment_config(deploymentConfigName=name)["deploymentConfigInfo"]
    routing = config.get("trafficRoutingConfig") or {}
    match routing.get("type"):
        case "AllAtOnce":
            return ((100, 0.0),)
        case "TimeBasedCanary":
            canary = routing["timeBasedCanary"]
            return ((canary["canaryPercentage"], float(canary["canaryInterval"])), (100, 0.0))
        case "TimeBasedLinear":
            linear = routing["timeBasedLinear"]
            share, wait = linear["linearPercentage"], float(linear["linearInterval"])
            return (*((percent, wait) for percent in range(share, 100, share)), (100, 0.0))
    raise Unreadable(f"deployment configuration {name!r}: moves traffic by {routing.get('type')!r}, unknown here")


def _read_groups(aws: Clients, names: Sequence[str]) -> Iterator[TargetGroup]:
    elb = aws("elbv2")
    for one in elb.describe_target_groups(Names=[*names])["TargetGroups"]:
        attributes = elb.describe_target_group_attributes(TargetGroupArn=one["TargetGroupArn"])["Attributes"]
        stated = {each["Key"]: each["Value"] for each in attributes}
        yield TargetGroup(
            arn=one["TargetGroupArn"],
            name=one["TargetGroupName"],
            balancer=next(iter(one["LoadBalancerArns"]), ""),
            path=one["HealthCheckPath"],
            matcher=_read_matcher(one),
            interval=float(one["HealthCheckIntervalSeconds"]),
            timeout=float(one["HealthCheckTimeoutSeconds"]),
            healthy=int(one["HealthyThresholdCount"]),
            unhealthy=int(one["UnhealthyThresholdCount"]),
            delay=float(stated.get("deregistration_delay.timeout_seconds", 300)),
        )


def _read_matcher(group: Mapping[str, Any]) -> str:
    """Return the statuses of a healthy target. Raises Unreadable for a check that the sample site can't pass."""
    codes, port = group.get("Matcher", {}).get("HttpCode"), group["HealthCheckPort"]
    if not codes or group["HealthCheckProtocol"] not in ("HTTP", "HTTPS"):
        raise Unreadable(f"{group['TargetGroupName']}: its health check is none of HTTP, and can't be rehearsed")
    if port not in ("traffic-port", str(group["Port"])):
        raise Unreadable(f"{group['TargetGroupName']}: its health check asks port {port}, where nothing listens here")
    return str(codes)


def _find_route(aws: Clients, listeners: Sequence[str], groups: Sequence[str] | Mapping[str, Any]) -> Route | None:
    """Return the rule that forwards to one of these target groups, as CodeDeploy looks for it."""
    elb = aws("elbv2")
    for arn in listeners:
        port = elb.describe_listeners(ListenerArns=[arn])["Listeners"][0]["Port"]
        for rule in elb.describe_rules(ListenerArn=arn)["Rules"]:
            if {each for action in rule["Actions"] for each in weights_of(action)} & {*groups}:
                named = "" if rule["IsDefault"] else rule["RuleArn"]
                return Route(arn, named, tuple(_list_patterns(rule)), port)
    return None


def weights_of(action: Mapping[str, Any]) -> dict[str, int]:
    """Return the weights of the target groups that an action forwards to."""
    groups = action.get("ForwardConfig", {}).get("TargetGroups", ())
    return {one["TargetGroupArn"]: one["Weight"] for one in groups}


def _list_patterns(rule: Mapping[str, Any]) -> Iterator[str]:
    for condition in rule["Conditions"]:
        if condition["Field"] != "path-pattern":
            raise Unreadable(f"{rule['RuleArn']}: its condition on {condition['Field']} can't be rehearsed")
        yield from condition.get("PathPatternConfig", {}).get("Values") or condition.get("Values", ())
