"""Tasks of ECS: they run as soon as they are started, with the images that they name, and take traffic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs.models import Task

from .extension import FOLLOWS, UNREPORTED, Ledger, Refused, corrects, patch
from .guardduty import manages_agents

# moto reads it from every interface, and sets it on none in a network without host names
patch(NetworkInterface, "private_dns_name", "", upstream=UNREPORTED)


@corrects("ecs", "RunTask", upstream=UNREPORTED)
def run_task(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Start tasks on Fargate; those of a service take traffic."""
    started = [_start_task(ledger, params) for _ in range(params.get("count", 1))]
    for task in started:
        _register(ledger, task, "RegisterTargets")
    return {"tasks": [_task(ledger, task) for task in started], "failures": []}


def _start_task(ledger: Ledger, params: Mapping[str, Any]) -> Task:
    backend = ledger.backend
    cluster = backend._get_cluster(params.get("cluster", "default"))
    definition = backend.describe_task_definition(params["taskDefinition"])
    task = Task(
        cluster=cluster,
        task_definition=definition,
        container_instance_arn=None,
        resource_requirements={},
        backend=backend,
        group=params.get("group", f"family:{definition.family}"),
        launch_type=params.get("launchType", "FARGATE"),
        overrides=params.get("overrides"),
        started_by=params.get("startedBy", ""),
        tags=params.get("tags"),
        networking_configuration=params.get("networkConfiguration"),
    )
    backend.tasks.setdefault(cluster.name, {})[task.task_arn] = task
    return task


@corrects("ecs", "StopTask", upstream=FOLLOWS)
def stop_task(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Stop a task; it takes no more traffic. The service does not start another one."""
    ledger.moto()
    task = _find_task(ledger, params["task"])
    _register(ledger, task, "DeregisterTargets")
    return {"task": _task(ledger, task)}


@corrects("ecs", "ListTasks", upstream="getmoto/moto#6283")
def list_tasks(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return tasks by the service that started them and the state that they shall have; running ones by default."""
    wanted = {name: value for name, value in params.items() if name not in ("serviceName", "desiredStatus")}
    arns = ledger.moto(**wanted)["taskArns"] if wanted else ledger.moto(cluster="default")["taskArns"]
    group = f"service:{params['serviceName'].rpartition('/')[2]}" if "serviceName" in params else ""
    found = [_find_task(ledger, arn) for arn in arns]
    state = params.get("desiredStatus", "RUNNING")
    kept = [one for one in found if one.desired_status == state and (not group or one.group == group)]
    return {"taskArns": [one.task_arn for one in kept]}


@corrects("ecs", "DescribeTasks", upstream=FOLLOWS)
def describe_tasks(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return tasks with all of their containers."""
    known = {task.id: task for tasks in ledger.backend.tasks.values() for task in tasks.values()}
    asked = [arn.rpartition("/")[2] for arn in params["tasks"]]
    missing = [{"arn": arn, "reason": "MISSING"} for arn in params["tasks"] if arn.rpartition("/")[2] not in known]
    return {"tasks": [_task(ledger, known[id]) for id in asked if id in known], "failures": missing}


def list_service_tasks(ledger: Ledger, service: Mapping[str, Any]) -> list[Any]:
    """Return every task of a service, also those that have stopped."""
    cluster = service["clusterArn"].rpartition("/")[2]
    every = ledger.backend.tasks.get(cluster, {}).values()
    return [one for one in every if one.group == f"service:{service['serviceName']}"]


def _find_task(ledger: Ledger, arn: str) -> Any:
    id = arn.rpartition("/")[2]
    return next(task for tasks in ledger.backend.tasks.values() for task in tasks.values() if task.id == id)


def find_definition(ledger: Ledger, name: str) -> Mapping[str, Any]:
    """Return a task definition."""
    found: Mapping[str, Any] = ledger.ask("ecs", "DescribeTaskDefinition", taskDefinition=name)["taskDefinition"]
    return found


def _task(ledger: Ledger, task: Any) -> dict[str, Any]:
    started = ledger.of("started").setdefault(task.id, datetime.now(UTC))
    defined = find_definition(ledger, task.task_definition_arn)
    stopped = ledger.of("stopped").get(task.task_arn, {})
    ended = {"exitCode": stopped["exitCode"]} if "exitCode" in stopped else {}
    return {
        "taskArn": task.task_arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "group": task.group,
        "startedBy": task.started_by,
        "launchType": task.launch_type or "FARGATE",
        "lastStatus": task.desired_status,
        "desiredStatus": task.desired_status,
        "healthStatus": "HEALTHY",
        "connectivity": "CONNECTED",
        "createdAt": started,
        "startedAt": started,
        "cpu": defined.get("cpu", ""),
        "memory": defined.get("memory", ""),
        "attachments": task.attachments,
        "containers": [{**one, **ended} for one in _list_containers(ledger, task, defined)],
        "overrides": task.overrides,
        **{name: value for name, value in stopped.items() if name != "exitCode"},
    }


def _container(ledger: Ledger, task: Any, defined: Mapping[str, Any]) -> dict[str, Any]:
    digest = defined["image"].partition("@")[2] or _resolve_digest(ledger, defined["image"])
    return {
        "containerArn": f"{task.task_arn.replace(':task/', ':container/')}/{defined['name']}",
        "taskArn": task.task_arn,
        "name": defined["name"],
        "image": defined["image"],
        "lastStatus": task.desired_status,
        "healthStatus": "HEALTHY" if "healthCheck" in defined else "UNKNOWN",
        "networkInterfaces": [{"privateIpv4Address": _private_address(task)}],
        **({"imageDigest": digest} if digest else {}),
    }


def _list_containers(ledger: Ledger, task: Any, defined: Mapping[str, Any]) -> list[dict[str, Any]]:
    own = [_container(ledger, task, one) for one in defined["containerDefinitions"]]
    return [*own, *_list_sidecars(ledger, task)]


def _list_sidecars(ledger: Ledger, task: Any) -> list[dict[str, Any]]:
    """Return GuardDuty's agent, where a detector manages it: in each task on Fargate, and in no task definition.

    Its image is in a registry of AWS's own.
    https://docs.aws.amazon.com/guardduty/latest/ug/how-runtime-monitoring-works-ecs-fargate.html
    """
    if (task.launch_type or "FARGATE") != "FARGATE" or not manages_agents(ledger):
        return []
    registry = f"593207742271.dkr.ecr.{ledger.region}.amazonaws.com"
    name = f"aws-guardduty-agent-{task.id[:5]}"
    return [
        {
            "containerArn": f"{task.task_arn.replace(':task/', ':container/')}/{name}",
            "taskArn": task.task_arn,
            "name": name,
            "image": f"{registry}/aws-guardduty-agent-fargate:v1.9.0-Fg_x86_64",
            "imageDigest": f"sha256:{'9d' * 32}",
            "lastStatus": task.desired_status,
            "healthStatus": "UNKNOWN",
            "networkInterfaces": [{"privateIpv4Address": _private_address(task)}],
        }
    ]


def _resolve_digest(ledger: Ledger, reference: str) -> str:
    """Return the digest of what a tag names, as ECS resolves it; nothing for another registry's."""
    host, _, name = reference.partition("/")
    if ".dkr.ecr." not in host:
        return ""
    named = {"repositoryName": name.rpartition(":")[0], "imageIds": [{"imageTag": name.rpartition(":")[2]}]}
    try:
        found = ledger.ask("ecr", "BatchGetImage", **named)["images"]
    except Refused:
        return ""
    return next((str(one["imageId"]["imageDigest"]) for one in found), "")


def _private_address(task: Any) -> str:
    details = [detail for one in task.attachments for detail in one["details"]]
    return next((one["value"] for one in details if one["name"] == "privateIPv4Address"), "")


def _register(ledger: Ledger, task: Any, operation: str) -> None:
    """Tell the load balancers of a task's service that it has come or gone."""
    kind, _, name = task.group.partition(":")
    if kind != "service":
        return
    services = ledger.ask("ecs", "DescribeServices", cluster=task.cluster_arn, services=[name])["services"]
    for service in services:
        for one in _balancers_of(service, task):
            target = {"Id": _private_address(task), "Port": one["containerPort"]}
            ledger.ask("elbv2", operation, TargetGroupArn=one["targetGroupArn"], Targets=[target])


def _balancers_of(service: Mapping[str, Any], task: Any) -> list[dict[str, Any]]:
    """Return where a task of a service registers: each set of tasks has a target group of its own."""
    own = next((one for one in service.get("taskSets", ()) if one["id"] == task.started_by), service)
    found: list[dict[str, Any]] = own.get("loadBalancers") or []
    return found
