"""ECS services as they run: how many tasks, whether these are healthy, and whether they run the declared images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...aws.documents import read_document
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads
from .ecs_services import list_own_containers, list_services, list_tasks
from .image_manifests import is_same_image
from .services import parse_image

reads("elbv2", "DescribeTargetHealth")

#: States of a target that is being removed.
_LEAVING = ("draining",)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunningService(Fact):
    """A service as it runs. ``subject`` is its ARN."""

    desired: Quantity
    running: Quantity
    healthy: Quantity | None
    """Healthy targets of the load balancer configuration that has the fewest; None without a load balancer."""
    unwell: tuple[str, ...]
    """Targets and containers that are not healthy, with their state."""
    strange_images: tuple[str, ...]
    """Containers of running tasks whose image is not the declared one, with both digests."""


@observes(RunningService)
def observe_running_services(account: Account) -> Iterator[RunningService]:
    """See what every service runs at the moment."""
    look = apart(RunningService, lambda service: _running(account, service), "serviceArn", "serviceName")
    yield from account.each(look, account.once(list_services))


def _running(account: Account, service: Mapping[str, Any]) -> RunningService:
    return RunningService(
        subject=service["serviceArn"],
        desired=Quantity.of(service["desiredCount"]),
        running=Quantity.of(service["runningCount"]),
        healthy=account.attempt(_count_healthy, account, service),
        unwell=account.attempt(_list_unwell, account, service),
        strange_images=account.attempt(_find_strange_images, account, service),
    )


def _list_targets(account: Account, service: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Return (address, state) of the targets that are not draining, for each load balancer configuration of a service.

    Blue/green by ECS has two target groups in one configuration, of which one is empty.
    """
    found = []
    for one in service.get("loadBalancers", ()):
        groups = (one.get("targetGroupArn"), one.get("advancedConfiguration", {}).get("alternateTargetGroupArn"))
        states = [state for group in groups if group for state in _list_states(account, group)]
        found.append(tuple((where, state) for where, state in states if state not in _LEAVING))
    return tuple(found)


def _list_states(account: Account, group: str) -> Iterator[tuple[str, str]]:
    answer = account.find("elbv2", "DescribeTargetHealth", TargetGroupArn=group) or {}
    for row in answer.get("TargetHealthDescriptions", ()):
        yield f"{row['Target']['Id']}:{row['Target'].get('Port', '')}", row["TargetHealth"]["State"]


def _count_healthy(account: Account, service: Mapping[str, Any]) -> Quantity | None:
    counts = [sum(state == "healthy" for _, state in group) for group in _list_targets(account, service)]
    return Quantity.of(min(counts)) if counts else None


def _list_unwell(account: Account, service: Mapping[str, Any]) -> tuple[str, ...]:
    targets = [
        f"{at} {state}" for group in _list_targets(account, service) for at, state in group if state != "healthy"
    ]
    containers = [
        f"{_short(task)} {one['name']} UNHEALTHY"
        for task in list_tasks(account, service)
        for one in task["containers"]
        if one.get("healthStatus") == "UNHEALTHY"
    ]
    return (*targets, *containers)


def _find_strange_images(account: Account, service: Mapping[str, Any]) -> tuple[str, ...]:
    """Compare what runs with what is declared. Raises Unreadable if one of the two is not known."""
    stated = _declared_images(account, service)
    found = list_tasks(account, service)
    if not found:
        raise Unreadable(f"{service['serviceName']}: no task runs, so nobody knows which image one would use")
    return tuple(each for task in found for each in _find_strange(account, stated, task))


def _find_strange(account: Account, stated: Mapping[str, str], task: Mapping[str, Any]) -> Iterator[str]:
    for one in list_own_containers(account, task):
        wanted = stated.get(one["name"])
        if wanted is None:
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
