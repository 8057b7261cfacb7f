"""ECS: moto keeps clusters and definitions; here is how services deploy, and that they start the tasks they want."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .ecs_tasks import find_definition, list_service_tasks
from .extension import Ledger, corrects

#: Arguments of a service that moto loses.
KEPT = (
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "networkConfiguration",
    "platformVersion",
)
#: What AWS decides for a service that does not say how it deploys.
DEPLOYS = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "strategy": "ROLLING",
}


@corrects("ecs", "CreateService", "UpdateService", upstream="getmoto/moto#6283")
def put_service(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create or change a service; its tasks run at once."""
    made = ledger.moto()["service"]
    kept = ledger.of("service").setdefault(made["serviceArn"], {"deploymentConfiguration": DEPLOYS})
    stated = {name: params[name] for name in KEPT if name in params}
    stated["deploymentConfiguration"] = {**kept["deploymentConfiguration"], **stated.get("deploymentConfiguration", {})}
    kept |= stated
    _schedule(ledger, _describe_service(ledger, made))
    return {"service": _describe_service(ledger, made)}


@corrects("ecs", "DescribeServices", upstream="getmoto/moto#6283")
def describe_services(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return services as they run."""
    found = ledger.moto()
    return {**found, "services": [_describe_service(ledger, one) for one in found["services"]]}


def _describe_service(ledger: Ledger, service: Mapping[str, Any]) -> dict[str, Any]:
    kept = ledger.of("service").get(service["serviceArn"], {})
    running = sum(task.desired_status == "RUNNING" for task in list_service_tasks(ledger, service))
    shown = {**service, **kept, "runningCount": running, "pendingCount": 0}
    if shown.get("taskDefinition"):
        shown["taskDefinition"] = find_definition(ledger, shown["taskDefinition"])["taskDefinitionArn"]
    if kept.get("capacityProviderStrategy"):
        del shown["launchType"]
    if shown["deploymentController"]["type"] == "CODE_DEPLOY":
        shown["taskSets"] = [_task_set(shown)]
    return shown


def _task_set(service: Mapping[str, Any]) -> dict[str, Any]:
    """Return what CodeDeploy's deployments look like: a set of tasks that has all of the traffic."""
    same = ("taskDefinition", "launchType", "capacityProviderStrategy", "networkConfiguration", "loadBalancers")
    return {
        **{name: service[name] for name in same if name in service},
        "id": "ecs-svc/0",
        "taskSetArn": service["serviceArn"].replace(":service/", ":task-set/") + "/ecs-svc/0",
        "status": "PRIMARY",
        "computedDesiredCount": service["desiredCount"],
        "runningCount": service["runningCount"],
        "pendingCount": 0,
        "scale": {"value": 100.0, "unit": "PERCENT"},
        "stabilityStatus": "STEADY_STATE",
    }


def _schedule(ledger: Ledger, service: Mapping[str, Any]) -> None:
    """Stop what is too much or of another version, and start what is missing."""
    running = [task for task in list_service_tasks(ledger, service) if task.desired_status == "RUNNING"]
    wanted = [task for task in running if task.task_definition_arn == service["taskDefinition"]]
    stay = wanted[: service["desiredCount"]]
    for task in running:
        if task not in stay:
            ledger.ask("ecs", "StopTask", cluster=service["clusterArn"], task=task.task_arn)
    for number in range(len(stay), service["desiredCount"]):
        _start(ledger, service, number)


def _start(ledger: Ledger, service: Mapping[str, Any], number: int) -> None:
    network = dict(service["networkConfiguration"]["awsvpcConfiguration"])
    at = number % len(network["subnets"])
    network["subnets"] = network["subnets"][at:] + network["subnets"][:at]
    ledger.ask(
        "ecs",
        "RunTask",
        cluster=service["clusterArn"],
        taskDefinition=service["taskDefinition"],
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
        group=f"service:{service['serviceName']}",
        startedBy="ecs-svc/0",
    )
