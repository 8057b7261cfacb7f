"""Task sets of ECS: blue beside green while CodeDeploy deploys a service, each behind its own targets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from secrets import randbelow
from typing import Any, Final

from .ecs_tasks import find_definition, list_service_tasks
from .extension import UNREPORTED, Ledger, Refused, corrects

#: Who may have task sets.
CONTROLLERS: Final = ("CODE_DEPLOY", "EXTERNAL")
#: The set, or the deployment, in which the first tasks of a service are.
FIRST: Final = "ecs-svc/0"
#: What a task set says of its tasks as a service does.
_SAME: Final = ("capacityProviderStrategy", "launchType", "loadBalancers", "networkConfiguration", "taskDefinition")


@corrects("ecs", "CreateTaskSet", upstream=UNREPORTED)
def create_task_set(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Start tasks of another definition beside those of a service; they register with the target group named."""
    service = _find_service(ledger, params)
    if service["deploymentController"]["type"] not in CONTROLLERS:
        raise Refused("InvalidParameterException", "Task sets are not supported for the ECS deployment controller.")
    sets = list_task_sets(ledger, service)
    ledger.of("task set")[service["serviceArn"]] = sets
    id = f"ecs-svc/{randbelow(10**19):019d}"
    stated = {name: params[name] for name in _SAME if name in params}
    stated["taskDefinition"] = find_definition(ledger, params["taskDefinition"])["taskDefinitionArn"]
    scale = params.get("scale") or {"value": 100.0, "unit": "PERCENT"}
    made = {**_first(service), **stated, **_names(service, id), "status": "ACTIVE", "scale": scale}
    sets.append(made)
    for number in range(round(service["desiredCount"] * scale["value"] / 100)):
        start_task(ledger, service, made, number)
    return {"taskSet": describe_task_set(ledger, service, made)}


@corrects("ecs", "DescribeTaskSets", upstream=UNREPORTED)
def describe_task_sets(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return task sets of a service."""
    service, asked = _find_service(ledger, params), params.get("taskSets")
    sets = [one for one in service.get("taskSets", ()) if not asked or {one["id"], one["taskSetArn"]} & set(asked)]
    return {"taskSets": sets, "failures": []}


@corrects("ecs", "UpdateServicePrimaryTaskSet", upstream=UNREPORTED)
def update_primary(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a set the one that the service is described by."""
    service = _find_service(ledger, params)
    primary = _find(ledger, service, params["primaryTaskSet"])
    for one in ledger.of("task set")[service["serviceArn"]]:
        one |= {"status": "PRIMARY" if one is primary else "ACTIVE", "updatedAt": datetime.now(UTC)}
    held = ledger.backend.services[f"{service['clusterArn'].rpartition('/')[2]}:{service['serviceName']}"]
    held.task_definition, held.load_balancers = primary["taskDefinition"], primary["loadBalancers"]
    return {"taskSet": describe_task_set(ledger, service, primary)}


@corrects("ecs", "DeleteTaskSet", upstream=UNREPORTED)
def delete_task_set(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Stop the tasks of a set, and forget it."""
    service = _find_service(ledger, params)
    gone = _find(ledger, service, params["taskSet"])
    if gone["status"] == "PRIMARY" and not params.get("force"):
        raise Refused("InvalidParameterException", "The primary task set can't be deleted without force.")
    for task in list_service_tasks(ledger, service):
        if task.started_by == gone["id"] and task.desired_status == "RUNNING":
            ledger.ask("ecs", "StopTask", cluster=service["clusterArn"], task=task.task_arn)
    ledger.of("task set")[service["serviceArn"]].remove(gone)
    return {"taskSet": describe_task_set(ledger, service, {**gone, "status": "DRAINING"})}


def list_task_sets(ledger: Ledger, service: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the sets of a service as they are kept; before the first deployment there is one."""
    kept: list[dict[str, Any]] = ledger.of("task set").get(service["serviceArn"]) or [_first(service)]
    return kept


def primary_of(ledger: Ledger, service: Mapping[str, Any]) -> dict[str, Any]:
    """Return the set that a service is described by."""
    return next(one for one in list_task_sets(ledger, service) if one["status"] == "PRIMARY")


def describe_task_set(ledger: Ledger, service: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a set with its tasks counted."""
    tasks = [task for task in list_service_tasks(ledger, service) if task.started_by == one["id"]]
    running = sum(task.desired_status == "RUNNING" for task in tasks)
    wanted = round(service["desiredCount"] * one["scale"]["value"] / 100)
    steady = "STEADY_STATE" if running == wanted else "STABILIZING"
    return {
        **one,
        "computedDesiredCount": wanted,
        "runningCount": running,
        "pendingCount": 0,
        "stabilityStatus": steady,
    }


def start_task(ledger: Ledger, service: Mapping[str, Any], of: Mapping[str, Any], number: int) -> None:
    """Start one of the tasks of a set; each in the next subnet."""
    network = dict(of["networkConfiguration"]["awsvpcConfiguration"])
    at = number % len(network["subnets"])
    network["subnets"] = network["subnets"][at:] + network["subnets"][:at]
    ledger.ask(
        "ecs",
        "RunTask",
        cluster=service["clusterArn"],
        taskDefinition=of["taskDefinition"],
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
        group=f"service:{service['serviceName']}",
        startedBy=of["id"],
    )


def _first(service: Mapping[str, Any]) -> dict[str, Any]:
    """Return the set in which the first tasks of a service are: it has all of the traffic."""
    same = {name: service[name] for name in _SAME if name in service}
    scale = {"value": 100.0, "unit": "PERCENT"}
    return {**same, **_names(service, FIRST), "status": "PRIMARY", "scale": scale}


def _names(service: Mapping[str, Any], id: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": id,
        "taskSetArn": f"{service['serviceArn'].replace(':service/', ':task-set/')}/{id}",
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now if id != FIRST else service.get("createdAt", now),
        "updatedAt": now,
    }


def _find_service(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    asked = {"cluster": params.get("cluster", "default"), "services": [params["service"]]}
    found = ledger.ask("ecs", "DescribeServices", **asked)["services"]
    if not found:
        raise Refused("ServiceNotFoundException", "Service not found.")
    service: dict[str, Any] = found[0]
    return service


def _find(ledger: Ledger, service: Mapping[str, Any], name: str) -> dict[str, Any]:
    known: list[dict[str, Any]] = ledger.of("task set").get(service["serviceArn"], [])
    found = next((one for one in known if name in (one["id"], one["taskSetArn"])), None)
    if found is None:
        raise Refused("TaskSetNotFoundException", "The specified task set was not found.")
    return found
