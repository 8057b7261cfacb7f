"""ECS: moto keeps clusters and definitions; here is how services deploy, and that they start the tasks they want."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .ecs_deployments import record_deployment
from .ecs_task_sets import CONTROLLERS, describe_task_set, list_task_sets, primary_of, start_task
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
    shown = _describe_service(ledger, made)
    record_deployment(ledger, shown)
    return {"service": shown}


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
    if shown["deploymentController"]["type"] in CONTROLLERS:
        shown["taskSets"] = [describe_task_set(ledger, shown, one) for one in list_task_sets(ledger, shown)]
    return shown


def _schedule(ledger: Ledger, service: Mapping[str, Any]) -> None:
    """Stop what is too much or of another version, and start what is missing."""
    primary = primary_of(ledger, service)
    primary |= {name: service[name] for name in ("loadBalancers", "taskDefinition") if name in service}
    tasks = [one for one in list_service_tasks(ledger, service) if one.started_by == primary["id"]]
    running = [task for task in tasks if task.desired_status == "RUNNING"]
    wanted = [task for task in running if task.task_definition_arn == service["taskDefinition"]]
    stay = wanted[: service["desiredCount"]]
    for task in running:
        if task not in stay:
            ledger.ask("ecs", "StopTask", cluster=service["clusterArn"], task=task.task_arn)
    for number in range(len(stay), service["desiredCount"]):
        start_task(ledger, service, primary, number)
