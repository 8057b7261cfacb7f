"""ECS services as AWS describes them, for observers of what they run, where, and how they are deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Answer, Unreadable
from ..observers import reads

reads("ecs", "DescribeServices", "DescribeTaskDefinition", "DescribeTasks", "ListClusters", "ListServices", "ListTasks")

#: Services and tasks that one call describes.
_SERVICES: Final = 10
_TASKS: Final = 100
#: State of a service that runs; one of which ECS states none may be it.
_ACTIVE: Final = "ACTIVE"
#: Beginnings of the names of containers that AWS adds to a task: GuardDuty's agent, Service Connect's proxy.
_SIDECARS: Final = ("aws-guardduty-agent-", "ecs-service-connect-")


def list_services(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield every active service, with what CodeDeploy keeps in its primary task set.

    Raises Unreadable.
    """
    for cluster in account.list("ecs", "ListClusters", "clusterArns"):
        arns = account.list("ecs", "ListServices", "serviceArns", cluster=cluster)
        for first in range(0, len(arns), _SERVICES):
            asked = [*arns[first : first + _SERVICES]]
            found = account.get("ecs", "DescribeServices", cluster=cluster, services=asked)
            _require_complete(found, "DescribeServices")
            rows = found.get("services") or [{"serviceArn": arn} for arn in asked]  # not described, and there
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
    """Return the tasks of a family in every cluster, those that have stopped within the last hour or so among them.

    Raises Unreadable.
    """
    found: list[Mapping[str, Any]] = []
    for cluster in account.list("ecs", "ListClusters", "clusterArns"):
        for status in ("RUNNING", "STOPPED"):
            asked = {"cluster": cluster, "family": family, "desiredStatus": status}
            arns = account.list("ecs", "ListTasks", "taskArns", **asked)
            found += _describe_tasks(account, cluster, arns)
    return tuple(found)


def _describe_tasks(account: Account, cluster: str, arns: Sequence[str]) -> tuple[Mapping[str, Any], ...]:
    found: list[Mapping[str, Any]] = []
    for first in range(0, len(arns), _TASKS):
        answer = account.get("ecs", "DescribeTasks", cluster=cluster, tasks=[*arns[first : first + _TASKS]])
        _require_complete(answer, "DescribeTasks")
        found += answer["tasks"]
    return tuple(found)


def list_own_containers(account: Account, task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the containers of a task but those that AWS adds to it. Raises Unreadable.

    Their images are in registries of AWS's own accounts. The definition of this very task names none of them; one that
    it names is the team's, whatever it is called.
    https://docs.aws.amazon.com/guardduty/latest/ug/how-runtime-monitoring-works-ecs-fargate.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
    """
    containers = [*task["containers"]]
    if not any(one["name"].startswith(_SIDECARS) for one in containers):
        return containers
    defined = read_task_definition(account, task["taskDefinitionArn"])["containerDefinitions"]
    own = {one["name"] for one in defined}
    return [one for one in containers if one["name"] in own or not one["name"].startswith(_SIDECARS)]


def list_containers(account: Account, service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the containers of a service that run, and those that its definition names whose image none of them has."""
    running = [one for task in list_tasks(account, service) for one in list_own_containers(account, task)]
    named = read_task_definition(account, service["taskDefinition"])["containerDefinitions"]
    own = {one["name"] for one in named}
    # a container that has not begun may have no image yet; its definition has
    begun = [one for one in running if one.get("image") or one["name"] not in own]
    known = {one.get("image") for one in begun}
    return [*begun, *(one for one in named if one.get("image") not in known)]


def network_settings(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the subnets and security groups of a service's tasks, and whether they get public addresses."""
    found: Mapping[str, Any] = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return found


def _with_primary_task_set(service: Mapping[str, Any]) -> Mapping[str, Any]:
    sets = [one for one in service.get("taskSets") or () if one.get("status") == "PRIMARY"]
    kept = ("taskDefinition", "launchType", "capacityProviderStrategy", "networkConfiguration", "loadBalancers")
    own = {name: one[name] for one in sets for name in kept if one.get(name)}
    return Answer({**service, **own}, "ecs DescribeServices")


def _require_complete(answer: Mapping[str, Any], operation: str) -> None:
    if failures := answer.get("failures"):
        raise Unreadable(f"ecs {operation}: {failures[0].get('arn', '')}: {failures[0].get('reason', 'no reason')}")
