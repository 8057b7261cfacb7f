"""ECS services: their tasks, placement, deployment and scaling, and the images of their tasks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ...aws.account import Account, batched
from ...aws.answers import Absent, Answer, Unread, Unreadable, read_document
from ...quantities import Quantity
from ...semantics.aws_settings import SHIFTING, is_connected, scales_out
from ...semantics.secret_forms import find_secrets
from .. import Fact
from ..observers import apart, observes, observes_each
from .airflow import list_environments
from .cloudwatch import AlarmSettings, read_alarms
from .load_balancers import list_balancers, list_listeners

#: Services and tasks that one call describes.
_SERVICES: Final = 10
_TASKS: Final = 100
#: State of a service that runs; a service without a stated state may run.
_ACTIVE: Final = "ACTIVE"
#: States of targets that are about to go, and of those whose first checks are not done.
#: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
LEAVING: Final = ("draining", "unhealthy.draining")
UNCHECKED: Final = "initial"
#: Name prefixes of containers that AWS adds to a task: GuardDuty's agent, Service Connect's proxy.
_SIDECARS: Final = ("aws-guardduty-agent-", "ecs-service-connect-")


def list_services(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield every active service, with the fields that CodeDeploy keeps in its primary task set.

    Raises Unreadable.
    """
    for cluster in account.list("ecs", "ListClusters", "clusterArns"):
        for asked in batched(account.list("ecs", "ListServices", "serviceArns", cluster=cluster), _SERVICES):
            found = account.get("ecs", "DescribeServices", cluster=cluster, services=asked)
            _require_complete(found, "DescribeServices")
            rows = found.get("services") or [{"serviceArn": arn} for arn in asked]  # exists, though it is not described
            active = [{"clusterArn": cluster, **one} for one in rows if one.get("status", _ACTIVE) == _ACTIVE]
            yield from map(_with_primary_task_set, active)


def read_task_definition(account: Account, arn: str) -> Mapping[str, Any]:
    """Return a task definition. Raises Unreadable."""
    found: Mapping[str, Any] = account.get("ecs", "DescribeTaskDefinition", taskDefinition=arn)["taskDefinition"]
    return found


def list_tasks(account: Account, service: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the tasks of a service that are meant to run. Raises Unreadable."""
    cluster = service["clusterArn"]
    arns = account.list("ecs", "ListTasks", "taskArns", cluster=cluster, serviceName=service["serviceName"])
    return _describe_tasks(account, cluster, arns)


def list_tasks_of_family(account: Account, family: str) -> tuple[Mapping[str, Any], ...]:
    """Return the tasks of a family in every cluster, including those that stopped within the last hour or so.

    Raises Unreadable.
    """
    found: list[Mapping[str, Any]] = []
    for cluster in account.list("ecs", "ListClusters", "clusterArns"):
        for status in ("RUNNING", "STOPPED"):
            arns = account.list("ecs", "ListTasks", "taskArns", cluster=cluster, family=family, desiredStatus=status)
            found += _describe_tasks(account, cluster, arns)
    return tuple(found)


def _describe_tasks(account: Account, cluster: str, arns: Sequence[str]) -> tuple[Mapping[str, Any], ...]:
    found: list[Mapping[str, Any]] = []
    for some in batched(arns, _TASKS):
        answer = account.get("ecs", "DescribeTasks", cluster=cluster, tasks=some)
        _require_complete(answer, "DescribeTasks")
        found += answer["tasks"]
    return tuple(found)


def list_own_containers(account: Account, task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the containers of a task except those that AWS adds to it. Raises Unreadable.

    The added ones have images in registries of AWS's own accounts, and this task's definition does not name them; a
    container that it names is the team's, whatever its name.
    https://docs.aws.amazon.com/guardduty/latest/ug/how-runtime-monitoring-works-ecs-fargate.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
    """
    containers = [*task["containers"]]
    if not any(one["name"].startswith(_SIDECARS) for one in containers):
        return containers
    own = {one["name"] for one in read_task_definition(account, task["taskDefinitionArn"])["containerDefinitions"]}
    return [one for one in containers if one["name"] in own or not one["name"].startswith(_SIDECARS)]


def list_containers(account: Account, service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the running containers of a service, and those in its definition with an image that none of them has."""
    running = [one for task in list_tasks(account, service) for one in list_own_containers(account, task)]
    named = read_task_definition(account, service["taskDefinition"])["containerDefinitions"]
    own = {one["name"] for one in named}
    # a container that has not begun may have no image yet; its definition does
    begun = [one for one in running if one.get("image") or one["name"] not in own]
    known = {one.get("image") for one in begun}
    return [*begun, *(one for one in named if one.get("image") not in known)]


def network_settings(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the subnets and security groups of a service's tasks, and whether they get public addresses."""
    found: Mapping[str, Any] = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return found


def _is_connected(account: Account, service: Mapping[str, Any]) -> bool:
    containers = read_task_definition(account, service["taskDefinition"])["containerDefinitions"]
    return is_connected(containers, service.get("loadBalancers", ()), service.get("serviceRegistries", ()))


def _with_primary_task_set(service: Mapping[str, Any]) -> Mapping[str, Any]:
    sets = [one for one in service.get("taskSets") or () if one.get("status") == "PRIMARY"]
    kept = ("taskDefinition", "launchType", "capacityProviderStrategy", "networkConfiguration", "loadBalancers")
    own = {name: one[name] for one in sets for name in kept if one.get(name)}
    return Answer({**service, **own}, "ecs DescribeServices")


def _require_complete(answer: Mapping[str, Any], operation: str) -> None:
    if failures := answer.get("failures"):
        raise Unreadable(f"ecs {operation}: {failures[0].get('arn', '')}: {failures[0].get('reason', 'no reason')}")


# ── Running tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTask:
    """A service and its task definition, as ECS describes them; missing details are deferred."""

    arn: str
    name: str
    role: str
    """ARN of the task role; empty without one."""
    containers: tuple[Mapping[str, Any], ...]


def list_running_tasks(account: Account) -> tuple[RunningTask, ...]:
    """Return every active service of every cluster with its task definition. Raises Unreadable."""
    return account.each(partial(_with_task, account), account.once(list_services))


def _with_task(account: Account, service: Mapping[str, Any]) -> RunningTask:
    task: Mapping[str, Any] = account.defer(read_task_definition, account, service["taskDefinition"])
    return RunningTask(
        arn=service.get("serviceArn") or service["serviceName"],
        name=service["serviceName"],
        role=account.defer(lambda: str(task.get("taskRoleArn", ""))),
        containers=account.defer(lambda: tuple(task["containerDefinitions"])),
    )


# ── Placement


#: The members that name a workload, for each kind.
_ARNS: Final = (
    "serviceArn", "LoadBalancerArn", "Arn", "DBClusterArn", "DBInstanceArn", "FunctionArn",
    "DBClusterIdentifier", "DBInstanceIdentifier",
)  # fmt: skip
#: Database subnet groups, by name.
_Groups = Mapping[Any, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet, with the settings that make it reachable from the internet or not."""

    id: str
    zone: str
    internet: bool
    """Whether its route table leads to an internet gateway."""
    gives_addresses: bool
    """Whether new instances in it get a public address."""
    addresses: tuple[str, ...]
    """Public addresses that are in use in it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Placement(Fact):
    """A workload in a network. ``subject`` is its ARN."""

    kind: str
    """``service``, ``database``, ``load balancer``, ``Airflow`` or ``function``."""
    subnets: tuple[Subnet, ...]
    groups: tuple[str, ...]
    """Names of its security groups."""
    asks_for_addresses: bool
    """Whether it requests public addresses itself, whatever its subnets do."""

    @property
    def public(self) -> tuple[str, ...]:
        """Where public addresses are assigned or in use."""
        asked = ("it asks for one",) if self.asks_for_addresses else ()
        given = [f"{subnet.id} gives them out" for subnet in self.subnets if subnet.gives_addresses]
        used = [f"{address} in {subnet.id}" for subnet in self.subnets for address in subnet.addresses]
        return (*asked, *given, *used)

    @property
    def zones(self) -> frozenset[str]:
        """Its availability zones."""
        return frozenset(subnet.zone for subnet in self.subnets)


@observes(Placement)
def observe_placements(account: Account) -> Iterator[Placement]:
    """Observe the subnets and security groups of every workload in a network."""
    known = dict(account.once(_list_subnets))
    rows = account.list("ec2", "DescribeSecurityGroups", "SecurityGroups")
    names = {row.get("GroupId"): row.get("GroupName") for row in rows}
    yield from map(apart(Placement, partial(_place, known, names), *_ARNS), _list_workloads(account))


def _place(known: Mapping[str, Subnet | Unread], names: Mapping[Any, Any], workload: _Workload) -> Placement:
    row, kind, read = workload
    ids, groups, public = read(row)
    arn = next((row[name] for name in _ARNS if name in row), None)
    if arn is None:
        raise Unreadable(f"AWS states no ARN of a {kind}")
    if lost := [id_ for id_ in ids if id_ not in known]:
        raise Unreadable(f"{arn}: stands in {lost[0]}, a subnet that ec2 DescribeSubnets does not show")
    subnets = [known[id_] for id_ in ids]
    if unread := [subnet.reason for subnet in subnets if isinstance(subnet, Unread)]:
        raise Unreadable(unread[0])
    return Placement(
        subject=arn,
        kind=kind,
        subnets=tuple(subnet for subnet in subnets if isinstance(subnet, Subnet)),
        groups=tuple(names.get(id_) or id_ for id_ in groups),
        asks_for_addresses=public,
    )


#: Ids of subnets, ids of security groups, and whether it requests a public address.
_Place = tuple[Iterable[str], Iterable[str], bool]
#: AWS's description of a workload, its kind, and the function that reads its placement from it.
_Workload = tuple[Mapping[str, Any], str, Callable[[Mapping[str, Any]], _Place]]


def _list_workloads(account: Account) -> Iterator[_Workload]:
    yield from ((one, "service", _read_service) for one in list_services(account))
    yield from ((one, "load balancer", _read_balancer) for one in list_balancers(account))
    yield from ((one, "Airflow", _read_environment) for one in list_environments(account))
    rows = account.list("rds", "DescribeDBSubnetGroups", "DBSubnetGroups")
    within = {row.get("DBSubnetGroupName"): row for row in rows}
    clusters = account.list("rds", "DescribeDBClusters", "DBClusters")
    yield from ((one, "database", partial(_read_cluster, within)) for one in clusters)
    servers = account.list("rds", "DescribeDBInstances", "DBInstances")
    lone = [one for one in servers if not one.get("DBClusterIdentifier")]
    yield from ((one, "database", partial(_read_instance, within)) for one in lone)
    functions = account.list("lambda", "ListFunctions", "Functions")
    placed = [one for one in functions if any((one.get("VpcConfig") or {}).values())]
    yield from ((one, "function", _read_function) for one in placed)


def _read_service(row: Mapping[str, Any]) -> _Place:
    place = network_settings(row)
    return (
        place.get("subnets", ()),
        place.get("securityGroups", ()),
        place.get("assignPublicIp", "DISABLED") != "DISABLED",
    )


def _read_balancer(row: Mapping[str, Any]) -> _Place:
    return [zone["SubnetId"] for zone in row["AvailabilityZones"]], row.get("SecurityGroups", ()), False


def _read_environment(row: Mapping[str, Any]) -> _Place:
    place = row["NetworkConfiguration"]
    return place["SubnetIds"], place["SecurityGroupIds"], False


def _read_cluster(within: _Groups, row: Mapping[str, Any]) -> _Place:
    return _subnets(within, row.get("DBSubnetGroup")), list_database_groups(row), False


def _read_instance(within: _Groups, row: Mapping[str, Any]) -> _Place:
    group = row.get("DBSubnetGroup", {}).get("DBSubnetGroupName")
    return _subnets(within, group), list_database_groups(row), bool(row.get("PubliclyAccessible"))


def _read_function(row: Mapping[str, Any]) -> _Place:
    return row["VpcConfig"]["SubnetIds"], row["VpcConfig"]["SecurityGroupIds"], False


def _subnets(within: _Groups, group: str | None) -> list[str]:
    """Return the subnets of a group; for a hidden one, an id that no list of subnets has."""
    if group in within:
        return [one["SubnetIdentifier"] for one in within[group]["Subnets"]]
    return [f"the subnet group {group}" if group else "no subnet group"]


def list_database_groups(row: Mapping[str, Any]) -> list[str]:
    """Return the ids of the security groups of a database."""
    return [one["VpcSecurityGroupId"] for one in row.get("VpcSecurityGroups", ())]


def _list_subnets(account: Account) -> Iterator[tuple[str, Subnet | Unread]]:
    """Yield the id of every subnet, and its data or why they are unknown. Raises Unreadable."""
    tables = account.list("ec2", "DescribeRouteTables", "RouteTables")
    interfaces = account.list("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces")
    for row in account.list("ec2", "DescribeSubnets", "Subnets"):
        if "SubnetId" in row:
            yield row["SubnetId"], account.attempt(_subnet, row, tables, interfaces)


def _subnet(
    row: Mapping[str, Any], tables: Iterable[Mapping[str, Any]], interfaces: Iterable[Mapping[str, Any]]
) -> Subnet:
    id_ = row["SubnetId"]
    used = [(one.get("Association") or {}).get("PublicIp") for one in interfaces if one.get("SubnetId") == id_]
    routes = _find_route_table(tables, id_, row["VpcId"])["Routes"]
    return Subnet(
        id=id_,
        zone=row["AvailabilityZone"],
        internet=any(str(route.get("GatewayId", "")).startswith("igw-") for route in routes),
        gives_addresses=bool(row["MapPublicIpOnLaunch"]),
        addresses=tuple(filter(None, used)),
    )


def _find_route_table(tables: Iterable[Mapping[str, Any]], subnet: str, vpc: str) -> Mapping[str, Any]:
    """Return the route table of a subnet: its own, else the main one of the network. Raises Unreadable."""
    own = [(one, table) for table in tables if table.get("VpcId") == vpc for one in table["Associations"]]
    named = [table for one, table in own if one.get("SubnetId") == subnet]
    for table in (*named, *(table for one, table in own if one.get("Main"))):
        return table
    raise Unreadable(f"ec2 DescribeRouteTables: shows no route table of {subnet}")


# ── Plain text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Handed(Fact):
    """A task definition, a function or an Airflow environment. ``subject`` is its ARN."""

    plain: tuple[str, ...]
    """Names of values that are secrets in plain text, and the sign of it; never the secret itself."""
    references: tuple[str, ...]
    """The sources of its secrets: ARNs, or the class of Airflow's secrets backend."""


def list_task_definitions(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield the newest task definition of each family, and those that services run. Raises Unreadable."""
    families = account.list("ecs", "ListTaskDefinitionFamilies", "families", status="ACTIVE")
    running = [row["taskDefinition"] for row in account.once(list_services) if row.get("taskDefinition")]
    rows = account.each(
        lambda name: (
            account.get("ecs", "DescribeTaskDefinition", taskDefinition=name).get("taskDefinition")
            or Answer({"family": name}, "ecs DescribeTaskDefinition")
        ),
        [*families, *sorted(set(running))],
    )
    yield from {row.get("taskDefinitionArn", number): row for number, row in enumerate(rows)}.values()


@observes_each(Handed, list_task_definitions, "taskDefinitionArn", "family")
def observe_tasks(_: Account, row: Mapping[str, Any]) -> Handed:
    """Observe the task definitions."""
    containers = row["containerDefinitions"]
    return Handed(
        subject=row["taskDefinitionArn"],
        plain=tuple(f"{found} in {one['name']}" for one in containers for found in _find_secrets(_list_values(one))),
        references=tuple(
            secret["valueFrom"]
            for one in containers
            for secret in [*one.get("secrets", ()), *one.get("logConfiguration", {}).get("secretOptions", ())]
        ),
    )


@observes_each(
    Handed, lambda account: account.list("lambda", "ListFunctions", "Functions"), "FunctionArn", "FunctionName"
)
def observe_functions(_: Account, row: Mapping[str, Any]) -> Handed:
    """Observe the Lambda functions. Raises Unreadable if Lambda can't show a function's variables.

    https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentResponse.html
    """
    environment = row.get("Environment") or {}
    if refused := environment.get("Error"):
        raise Unreadable(
            f"lambda ListFunctions: does not show the variables of {row['FunctionArn']} ({refused['ErrorCode']}); let "
            "the policy of the key that encrypts them allow the gate's role kms:Decrypt"
        )
    return Handed(
        subject=row["FunctionArn"],
        plain=tuple(_find_secrets(environment.get("Variables", {}).items())),
        references=(),
    )


@observes_each(Handed, list_environments, "Arn", "Name")
def observe_airflow(_: Account, row: Mapping[str, Any]) -> Handed:
    """Observe the Airflow environments."""
    options = row.get("AirflowConfigurationOptions", {})
    return Handed(
        subject=row["Arn"],
        plain=tuple(_find_secrets(options.items())),
        references=(options.get("secrets.backend", "Airflow's own database"),),
    )


def _list_values(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((one["name"], one.get("value", "")) for one in container.get("environment", ()))
    yield from container.get("dockerLabels", {}).items()
    yield from (("command", word) for word in [*container.get("command", ()), *container.get("entryPoint", ())])


def _find_secrets(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in pairs:
        yield from (f"{inner} (by {why})" for inner, why in find_secrets(name, value))


# ── Deployments


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How CodeDeploy or ECS moves traffic to a new version."""

    rolling: str
    """Why it is not blue/green; empty if it is."""
    stays: Quantity | None
    """How long the old tasks stay after traffic has moved; None if they stay until somebody ends them."""
    rolls_back: bool
    """Whether a failed deployment rolls back by itself."""
    alarms: frozenset[str]
    """Names of the alarms that stop a deployment and roll it back."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServiceDeployment(Fact):
    """How a service deploys. ``subject`` is its ARN."""

    connected: bool
    """Whether something connects to its tasks; a worker takes its tasks from a queue, and no traffic shifts."""
    shift: Shift
    keeps: Quantity
    """Share of the desired tasks that stays up during a rolling deployment."""
    watched: frozenset[str]
    """Names of the metrics whose alarms roll a deployment back."""
    lost_alarms: tuple[str, ...]
    """Names of alarms that roll back and do not exist."""
    spare: Quantity | None
    """How much longer the old tasks stay than the slowest of those alarms needs data for, negative if shorter.

    None without alarms, or if the old tasks stay until somebody ends them.
    """


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TargetGroup(Fact):
    """A target group behind a load balancer. ``subject`` is its ARN."""

    checked: bool
    """Whether health checks are on."""
    protocol: str
    """Timing of the health checks."""
    matcher: str
    """HTTP codes that count as healthy, as AWS writes them: ``200`` or ``200-299,301``; empty for TCP."""

    @property
    def lax_codes(self) -> tuple[str, ...]:
        """Codes that count as healthy although they are no success."""
        ends = [part for part in self.matcher.split(",") if part]
        return tuple(part for part in ends if not all(200 <= int(code) < 400 for code in part.split("-")))


@observes_each(
    ServiceDeployment, lambda account: account.once(list_services), "serviceArn", "serviceName", at_once=True
)
def observe_deployments(account: Account, service: Mapping[str, Any]) -> ServiceDeployment:
    """Observe how every service deploys."""
    percent = service.get("deploymentConfiguration", {}).get("minimumHealthyPercent", 100)
    return ServiceDeployment(
        subject=service["serviceArn"],
        connected=account.attempt(_is_connected, account, service),
        shift=account.attempt(_shift, account, service),
        keeps=Quantity.of(percent, "%"),
        watched=account.attempt(_list_watched_metrics, account, service),
        lost_alarms=account.attempt(
            lambda: tuple(sorted(_shift(account, service).alarms - _alarms_by_name(account).keys()))
        ),
        spare=account.attempt(_find_spare_time, account, service),
    )


def _list_target_groups(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield the target groups behind a load balancer, including those for which that is not stated."""
    rows = account.list("elbv2", "DescribeTargetGroups", "TargetGroups")
    yield from (row for row in rows if row.get("LoadBalancerArns", True))


@observes_each(TargetGroup, _list_target_groups, "TargetGroupArn", "TargetGroupName")
def observe_target_groups(_: Account, row: Mapping[str, Any]) -> TargetGroup:
    """Observe every target group that is behind a load balancer."""
    return TargetGroup(
        subject=row["TargetGroupArn"],
        checked=row["HealthCheckEnabled"],
        protocol=row.get("HealthCheckProtocol", ""),
        matcher=(row.get("Matcher") or {}).get("HttpCode", ""),
    )


def _shift(account: Account, service: Mapping[str, Any]) -> Shift:
    by_codedeploy = service.get("deploymentController", {}).get("type") == "CODE_DEPLOY"
    return _codedeploy_shift(account, service) if by_codedeploy else _ecs_shift(service)


def _ecs_shift(service: Mapping[str, Any]) -> Shift:
    own = service.get("deploymentConfiguration", {})
    strategy = own.get("strategy", "ROLLING")
    paired = any(one.get("advancedConfiguration") for one in service.get("loadBalancers", ()))
    breaker, alarms = own.get("deploymentCircuitBreaker", {}), own.get("alarms", {})
    why = f"{strategy.lower()} deployment" if strategy not in SHIFTING else "" if paired else "no second target group"
    return Shift(
        rolling=why,
        stays=Quantity.of(own.get("bakeTimeInMinutes", 0), "min"),
        rolls_back=bool(breaker.get("enable") and breaker.get("rollback")),
        alarms=frozenset(alarms.get("alarmNames", ()) if alarms.get("enable") and alarms.get("rollback") else ()),
    )


def _codedeploy_shift(account: Account, service: Mapping[str, Any]) -> Shift:
    if not (own := list_deployment_groups(account, service)):
        nothing = Quantity.of(0, "min")
        return Shift(rolling="no deployment group names it", stays=nothing, rolls_back=False, alarms=frozenset())
    return Shift(
        rolling=next(filter(None, (_why_rolling(account, group) for group in own)), ""),
        stays=min(filter(None, map(_bake_time, own)), key=lambda time: time.base, default=None),
        rolls_back=all("DEPLOYMENT_FAILURE" in _rollback(group) for group in own),
        alarms=frozenset.intersection(*map(_list_stopping_alarms, own)),
    )


def list_deployment_groups(account: Account, service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the CodeDeploy deployment groups that name a service. Raises Unreadable."""
    wanted = (service["clusterArn"].rpartition("/")[2], service["serviceName"])
    return [
        group
        for group in account.once(_list_all_groups)
        if wanted in [(one["clusterName"], one["serviceName"]) for one in group.get("ecsServices", ())]
    ]


def _list_all_groups(account: Account) -> Iterator[Mapping[str, Any]]:
    for application in account.list("codedeploy", "ListApplications", "applications"):
        named = {"applicationName": application}
        for name in account.list("codedeploy", "ListDeploymentGroups", "deploymentGroups", **named):
            asked = {**named, "deploymentGroupName": name}
            yield account.get("codedeploy", "GetDeploymentGroup", **asked)["deploymentGroupInfo"]


def _why_rolling(account: Account, group: Mapping[str, Any]) -> str:
    """Return why a deployment group can't shift traffic between two target groups behind a listener."""
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
    end = group.get("blueGreenDeploymentConfiguration", {}).get("terminateBlueInstancesOnDeploymentSuccess", {})
    ends = end.get("action", "TERMINATE") == "TERMINATE"
    return Quantity.of(end.get("terminationWaitTimeInMinutes", 0), "min") if ends else None


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
    readings = (one for alarm in _list_alarms(account, service) for one in alarm.readings)
    return frozenset(one.metric for one in readings if not one.account)


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


def _alarms_by_name(account: Account) -> Mapping[str, AlarmSettings]:
    return {one.name: one for one in account.once(read_alarms) if one.region == account.region}


# ── The images of containers: their manifests and configurations


#: Media types of manifests: Docker's and OCI's, of one image and of a list.
_FORMS: Final = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
]


def repository_name(account: Account, image: Image) -> str:
    """Return the name of the repository in this account's registry. Raises Unreadable for any other registry."""
    host, _, name = image.repository.partition("/")
    if host != f"{account.id}.dkr.ecr.{account.region}.amazonaws.com":
        raise Unreadable(f"{image.reference}: is not in this account's registry, which is all that can be read")
    return name


def list_variants(account: Account, image: Image, digest: str) -> tuple[str, ...]:
    """Return the digests of the images of a manifest: its own, or for a list those of each platform.

    Raises Unreadable.
    """
    name = repository_name(account, image)
    if not digest:
        raise Unreadable(f"{image.reference}: has no digest, so nobody knows which image it is")
    manifest = _read_manifest(account, name, digest)
    if "manifests" not in manifest:
        return (digest,)
    # attestations of a build appear beside the images, as one for an unknown platform
    listed = [one for one in manifest["manifests"] if one.get("platform", {}).get("architecture") != "unknown"]
    if not listed:
        raise Unreadable(f"{image.reference}: its manifest lists no image, so nobody knows what is in it")
    return tuple(one["digest"] for one in listed)


def is_same_image(account: Account, stated: Image, digest: str) -> bool:
    """Whether a digest belongs to an image, or to its variant for a platform. Raises Unreadable."""
    return digest == stated.digest or digest in list_variants(account, stated, stated.digest)


def read_settings(account: Account, image: Image, digest: str) -> Mapping[str, Any]:
    """Return the configuration of an image: environment, labels, history. Raises Unreadable."""
    name = repository_name(account, image)
    layer = _read_manifest(account, name, digest).get("config", {}).get("digest", "")
    answer = account.find("ecr", "GetDownloadUrlForLayer", repositoryName=name, layerDigest=layer)
    if not answer or not isinstance(answer.get("document"), Mapping):
        raise Unreadable(f"{image.reference}: its settings are not where its manifest says")
    document: Mapping[str, Any] = answer["document"]
    return document


def list_settings(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (where, name, text) of everything in an image's configuration."""
    config = document.get("config") or {}
    for line in config.get("Env") or ():
        name, _, value = line.partition("=")
        yield "environment", name, value
    yield from (("label", name, value) for name, value in (config.get("Labels") or {}).items())
    yield from (("command", "", json.dumps(config.get(part) or "")) for part in ("Cmd", "Entrypoint", "Healthcheck"))
    for step in document.get("history") or ():
        yield from (("history", "", step.get(key) or "") for key in ("created_by", "comment"))


def _read_manifest(account: Account, name: str, digest: str) -> Mapping[str, Any]:
    asked: dict[str, Any] = {"imageIds": [{"imageDigest": digest}], "acceptedMediaTypes": _FORMS}
    found = (account.find("ecr", "BatchGetImage", repositoryName=name, **asked) or {}).get("images")
    if not found:
        raise Unreadable(f"{name}@{digest}: is not in the repository (any more)")
    manifest: Mapping[str, Any] = read_document(found[0]["imageManifest"], f"{name}@{digest}")
    return manifest


# ── Repositories, and the vulnerabilities and credentials in deployed images

#: Repositories in one call for their scanning.
_REPOSITORIES: Final = 25
#: States of a scan with a result: of a basic scan, and of Inspector, which continues.
_SCANNED: Final = ("COMPLETE", "ACTIVE")
_GRAVE: Final = ("CRITICAL", "HIGH")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImageRepository(Fact):
    """A repository of images. ``subject`` is its ARN."""

    mutability: str
    """``IMMUTABLE``, ``MUTABLE``, or either with exclusions."""
    scanned: str
    """How often its images are scanned automatically; empty for never."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployedImage(Fact):
    """An image that a task of a service runs. ``subject`` is registry, name and digest."""

    grave: Quantity
    """Open vulnerabilities that are critical or high."""
    scan_age: Quantity
    """Time since the oldest of the scans that found these; 0 while Inspector scans continuously."""
    secrets: tuple[str, ...]
    """Credentials in its configuration, as where and what; never the credential itself."""


@observes(ImageRepository)
def observe_repositories(account: Account) -> Iterator[ImageRepository]:
    """Observe every repository."""
    rows = account.list("ecr", "DescribeRepositories", "repositories")
    scans = account.attempt(
        _read_scan_frequencies, account, [row["repositoryName"] for row in rows if "repositoryName" in row]
    )

    def look(row: Mapping[str, Any]) -> ImageRepository:
        return ImageRepository(
            subject=row["repositoryArn"],
            mutability=row["imageTagMutability"],
            scanned=scans.get(row["repositoryName"], "") if isinstance(scans, Mapping) else scans,
        )

    yield from map(apart(ImageRepository, look, "repositoryArn", "repositoryName"), rows)


def _read_scan_frequencies(account: Account, names: list[str]) -> Mapping[str, str]:
    """Return how often each repository is scanned, by its own settings or the registry's."""
    found: dict[str, str] = {}
    for some in batched(names, _REPOSITORIES):
        answer = account.get("ecr", "BatchGetRepositoryScanningConfiguration", repositoryNames=some)
        if answer.get("failures"):
            raise Unreadable(f"ecr BatchGetRepositoryScanningConfiguration: {answer['failures'][0]}")
        for row in answer["scanningConfigurations"]:
            found[row["repositoryName"]] = (
                row["scanFrequency"] if row["scanFrequency"] in ("SCAN_ON_PUSH", "CONTINUOUS_SCAN") else ""
            )
    return found


@observes(DeployedImage)
def observe_images(account: Account) -> Iterator[DeployedImage]:
    """Observe every image that runs, or that a service would run."""
    services = account.once(list_services)
    of_each: tuple[Any, ...] = account.each(lambda service: account.defer(_list_deployed, account, service), services)
    unread = [(service, one) for service, one in zip(services, of_each, strict=True) if isinstance(one, Unread)]
    for service, why in unread:
        yield DeployedImage.unread(f"the images of {service.get('serviceArn') or service['serviceName']}", why.reason)
    listed = (pair for one in of_each if not isinstance(one, Unread) for pair in one)
    different = {(found.repository, digest): (found, digest) for found, digest in listed}
    yield from account.each(lambda pair: _image(account, *pair), sorted(different.values(), key=str))


def _list_deployed(account: Account, service: Mapping[str, Any]) -> list[tuple[Image, str]]:
    """Return the images of a service, with the running digest, else the named one; empty for neither."""
    listed = []
    for one in list_containers(account, service):
        found = parse_image(one.get("image") or f"image of {one.get('containerArn', 'a container')}, not stated")
        listed.append((found, one.get("imageDigest") or found.digest))
    return listed


def _image(account: Account, found: Image, digest: str) -> DeployedImage:
    return DeployedImage(
        subject=f"{found.repository}@{digest}" if digest else found.reference,
        grave=account.attempt(_count_grave, account, found, digest),
        scan_age=account.attempt(_find_scan_age, account, found, digest),
        secrets=account.attempt(_list_secrets, account, found, digest),
    )


def _count_grave(account: Account, found: Image, digest: str) -> Quantity:
    """Count over all variants; a vulnerability in two of them counts twice."""
    name = repository_name(account, found)
    return Quantity.of(sum(_count_open(account, name, one) for one in list_variants(account, found, digest)))


def _find_scan_age(account: Account, found: Image, digest: str) -> Quantity:
    """Return the age of the oldest scan of a variant.

    A basic scan knows the vulnerabilities of its day, and stays COMPLETE for ever:
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-basic.html
    """
    name = repository_name(account, found)
    scans = [_read_scan(account, name, one) for one in list_variants(account, found, digest)]
    once = [scan for scan in scans if scan["imageScanStatus"]["status"] == "COMPLETE"]
    ages = [account.age(scan["imageScanFindings"]["imageScanCompletedAt"]) for scan in once]
    return max(ages, key=lambda age: age.base, default=Quantity.seconds(0))


def _read_scan(account: Account, name: str, digest: str) -> Mapping[str, Any]:
    """Return the first page of a finished scan's findings. Raises Unreadable."""
    asked: dict[str, Any] = {"repositoryName": name, "imageId": {"imageDigest": digest}}
    try:
        scan: Mapping[str, Any] = account.get("ecr", "DescribeImageScanFindings", maxResults=1, **asked)
    except Absent as error:
        raise Unreadable(f"{name}@{digest}: was never scanned ({error.code})") from None
    if (state := scan["imageScanStatus"]["status"]) not in _SCANNED:
        raise Unreadable(f"{name}@{digest}: its scan has the state {state}")
    return scan


def _count_open(account: Account, name: str, digest: str) -> int:
    _read_scan(account, name, digest)
    asked: dict[str, Any] = {"repositoryName": name, "imageId": {"imageDigest": digest}}
    rows = account.list("ecr", "DescribeImageScanFindings", "imageScanFindings.findings", **asked)
    rows += account.list("ecr", "DescribeImageScanFindings", "imageScanFindings.enhancedFindings", **asked)
    return sum(row["severity"] in _GRAVE and row.get("status", "ACTIVE") == "ACTIVE" for row in rows)


def _list_secrets(account: Account, found: Image, digest: str) -> tuple[str, ...]:
    documents = [read_settings(account, found, one) for one in list_variants(account, found, digest)]
    hits = (
        f"{where}: {inner or 'a text'} (by {why})"
        for document in documents
        for where, name, text in list_settings(document)
        for inner, why in find_secrets(name, text)
    )
    return tuple(dict.fromkeys(hits))


# ── Size and scaling

_IMAGE: Final = re.compile(r"(?P<name>[^@]+?)(?::[\w.-]+)?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The image of a container."""

    reference: str
    """As the task definition states it."""
    repository: str
    """Registry and name, without tag and digest."""
    digest: str
    """Empty if the reference has a tag instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How the number of tasks scales."""

    least: Quantity
    most: Quantity
    suspended: bool
    """Whether scaling out is suspended."""
    policies: tuple[str, ...]
    """Names of those that scale out; one that only scales in does not count."""

    @property
    def room(self) -> Quantity:
        """How many tasks above the minimum there may be."""
        return Quantity.of(self.most.magnitude - self.least.magnitude)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task definition."""

    cpu: Quantity
    memory: Quantity
    images: tuple[Image, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Service(Fact):
    """A service. ``subject`` is its ARN."""

    name: str
    providers: frozenset[str]
    """Capacity providers: ``FARGATE``, ``FARGATE_SPOT``, ``EC2`` or one of the team's own."""
    task: Task
    """Its task definition."""
    desired: Quantity
    scaling: Scaling | None
    """None without a scalable target."""

    @property
    def least(self) -> Quantity:
        """The minimum number of tasks: desired now, or after scaling in."""
        counts: list[Quantity] = [self.desired, *([self.scaling.least] if self.scaling else ())]
        return min(counts, key=lambda count: count.base)


@observes_each(Service, lambda account: account.once(list_services), "serviceArn", "serviceName", at_once=True)
def observe_services(account: Account, service: Mapping[str, Any]) -> Service:
    """Observe every service."""
    return Service(
        subject=service["serviceArn"],
        name=service["serviceName"],
        providers=frozenset(_list_providers(service)),
        task=account.attempt(_read_task, account, service["taskDefinition"]),
        desired=Quantity.of(service["desiredCount"]),
        scaling=account.attempt(_scaling, account, service),
    )


def _read_task(account: Account, arn: str) -> Task:
    found = read_task_definition(account, arn)
    return Task(
        cpu=Quantity.of(found.get("cpu", 0), "cpu"),
        memory=Quantity.of(found.get("memory", 0), "MiB"),
        images=tuple(parse_image(one["image"]) for one in found["containerDefinitions"]),
    )


def _list_providers(service: Mapping[str, Any]) -> Iterator[str]:
    several = service.get("capacityProviderStrategy") or ()
    # a provider with neither weight nor base gets no task; both default to 0
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
    yield from (one["capacityProvider"] for one in several if one.get("weight", 0) or one.get("base", 0))
    if not several:
        yield service.get("launchType", "EC2")


def parse_image(reference: str) -> Image:
    """Read ``registry/name:tag@sha256:…``."""
    found = _IMAGE.fullmatch(reference)
    name, digest = (found["name"], found["digest"] or "") if found else (reference, "")
    return Image(reference=reference, repository=name, digest=digest)


def _scaling(account: Account, service: Mapping[str, Any]) -> Scaling | None:
    place = f"service/{service['clusterArn'].rpartition('/')[2]}/{service['serviceName']}"
    asked = {"ServiceNamespace": "ecs"}
    rows = account.list("application-autoscaling", "DescribeScalableTargets", "ScalableTargets", **asked)
    own = [row for row in rows if row["ResourceId"] == place and row["ScalableDimension"] == "ecs:service:DesiredCount"]
    if not own:
        return None
    policies = account.list("application-autoscaling", "DescribeScalingPolicies", "ScalingPolicies", **asked)
    return Scaling(
        least=Quantity.of(own[0]["MinCapacity"]),
        most=Quantity.of(own[0]["MaxCapacity"]),
        suspended=bool(own[0].get("SuspendedState", {}).get("DynamicScalingOutSuspended")),
        policies=tuple(
            row["PolicyName"] for row in policies if row["ResourceId"] == place and _scales_out(row, own[0])
        ),
    )


def _scales_out(policy: Mapping[str, Any], target: Mapping[str, Any]) -> bool:
    kind = policy["PolicyType"]
    own = {} if kind == "TargetTrackingScaling" else policy[f"{kind}PolicyConfiguration"]
    least = target["MinCapacity"] if own.get("AdjustmentType") == "ExactCapacity" else 0
    steps = [Decimal(one["ScalingAdjustment"] - least) for one in own.get("StepAdjustments") or ()]
    return scales_out(kind, steps=steps, mode=own.get("Mode", ""))


# ── Running services


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunningService(Fact):
    """A service as it runs. ``subject`` is its ARN."""

    connected: bool
    """Whether something connects to its tasks."""
    desired: Quantity
    running: Quantity
    healthy: Quantity | None
    """Healthy targets of the load balancer configuration with the fewest; None without a load balancer."""
    unwell: tuple[str, ...]
    """Targets and containers that are not healthy, with their state."""
    strange_images: tuple[str, ...]
    """Containers of running tasks whose image is not the declared one, with both digests."""


@observes_each(RunningService, lambda account: account.once(list_services), "serviceArn", "serviceName", at_once=True)
def observe_running_services(account: Account, service: Mapping[str, Any]) -> RunningService:
    """Observe the running tasks of every service."""
    return RunningService(
        subject=service["serviceArn"],
        connected=account.attempt(_is_connected, account, service),
        desired=Quantity.of(service["desiredCount"]),
        running=Quantity.of(service["runningCount"]),
        healthy=account.attempt(_count_healthy, account, service),
        unwell=account.attempt(_list_unwell, account, service),
        strange_images=account.attempt(_find_strange_images, account, service),
    )


def _list_targets(account: Account, service: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Return (address, state) of the targets that are not leaving, for each load balancer configuration of a service.

    ECS blue/green has two target groups in one configuration, one of them empty.
    """
    found = []
    for one in service.get("loadBalancers", ()):
        groups = (one.get("targetGroupArn"), one.get("advancedConfiguration", {}).get("alternateTargetGroupArn"))
        states = [state for group in groups if group for state in _list_states(account, group)]
        found.append(tuple((where, state) for where, state in states if state not in LEAVING))
    return tuple(found)


def _list_states(account: Account, group: str) -> Iterator[tuple[str, str]]:
    answer = account.find("elbv2", "DescribeTargetHealth", TargetGroupArn=group) or {}
    for row in answer.get("TargetHealthDescriptions", ()):
        yield f"{row['Target']['Id']}:{row['Target'].get('Port', '')}", row["TargetHealth"]["State"]


def _count_healthy(account: Account, service: Mapping[str, Any]) -> Quantity | None:
    groups = _list_targets(account, service)
    counts = [sum(state == "healthy" for _, state in group) for group in groups]
    if counts and min(counts) < service["desiredCount"]:
        _require_checked(state for group in groups for _, state in group)
    return Quantity.of(min(counts)) if counts else None


def _require_checked(states: Iterable[str]) -> None:
    """Raise Unreadable if a target's first health checks go on."""
    if UNCHECKED in states:
        raise Unreadable("the first health checks of a target go on; look again in some minutes")


def _list_unwell(account: Account, service: Mapping[str, Any]) -> tuple[str, ...]:
    listed = [target for group in _list_targets(account, service) for target in group]
    targets = [f"{at} {state}" for at, state in listed if state not in ("healthy", UNCHECKED)]
    containers = [
        f"{_short(task)} {one['name']} {one['healthStatus']}"
        for task in list_tasks(account, service)
        for one in task["containers"]
        if one.get("healthStatus", "UNKNOWN") not in ("HEALTHY", "UNKNOWN")
    ]
    if not targets and not containers:
        _require_checked(state for _, state in listed)
    return (*targets, *containers)


def _find_strange_images(account: Account, service: Mapping[str, Any]) -> tuple[str, ...]:
    """Compare the running images with the declared ones. Raises Unreadable if one of the two is unknown."""
    stated = _declared_images(account, service)
    if not (found := list_tasks(account, service)):
        raise Unreadable(f"{service['serviceName']}: no task runs, so nobody knows which image one would use")
    return tuple(each for task in found for each in _find_strange(account, stated, task))


def _find_strange(account: Account, stated: Mapping[str, str], task: Mapping[str, Any]) -> Iterator[str]:
    for one in list_own_containers(account, task):
        if (wanted := stated.get(one["name"])) is None:
            yield f"{_short(task)} runs {one['name']}, which the project does not declare"
            continue
        named, runs = parse_image(wanted), one.get("imageDigest", "")
        if not runs or not named.digest:
            raise Unreadable(f"{_short(task)}: the digest of {one['name']} is not known")
        if not is_same_image(account, named, runs):
            yield f"{_short(task)} runs {one['name']} {runs[:19]}…, not {named.digest[:19]}…"


def _declared_images(account: Account, service: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the images of the service's containers by their names, as declared. Raises Unreadable."""
    family = service["taskDefinition"].rpartition("/")[2].partition(":")[0]
    for address, values in account.declared("aws_ecs_task_definition").items():
        if values.get("family") == family:
            text = values.get("container_definitions")
            if not isinstance(text, str):
                raise Unreadable(f"{address}.container_definitions is not known before it is applied")
            return {one["name"]: one["image"] for one in read_document(text, f"{address}.container_definitions")}
    raise Unreadable(f"Terraform declares no task definition {family!r}, so nobody knows what is intended")


def _short(task: Mapping[str, Any]) -> str:
    return f"task {task['taskArn'].rpartition('/')[2][:8]}"
