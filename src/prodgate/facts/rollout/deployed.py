"""What a deployment left: how many tasks of each service run, which version they are, and whether they are healthy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from ...aws.plain_json import to_plain
from ...quantities import Quantity
from .. import Fact
from ..live.ecs_services import list_services, list_tasks, read_task_definition
from ..live.image_manifests import is_same_image
from ..live.services import parse_image
from ..observers import reads
from .deployments import Deployment, Revision, deployment_facts
from .routes import Route

reads("elbv2", "DescribeTargetHealth")

_LEAVING: Final = "draining"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployedService(Fact):
    """A service when its deployment was over; ``subject`` is its ARN."""

    desired: Quantity
    running: Quantity
    healthy: Quantity
    """Healthy targets in its target groups."""
    unwell: tuple[str, ...]
    """Targets that are neither healthy nor leaving, as state and how many."""
    strange: tuple[str, ...]
    """Tasks that run another version than the one that was deployed, or another image than it names."""


def read_deployed(account: Account, routes: tuple[Route, ...]) -> Iterator[Mapping[str, Any]]:
    """Yield how each service runs, as plain JSON values; of one that can't be read ``{"service", "unreadable"}``."""
    known = {service["serviceArn"]: service for service in account.once(list_services)}
    for route in routes:
        try:
            found = _read_one(account, route, known[route.service])
        except (Absent, Unreadable) as error:
            found = {"unreadable": getattr(error, "reason", f"AWS answers {error}")}
        except KeyError:
            found = {"unreadable": f"{route.name} is not active any more"}
        plain: Mapping[str, Any] = to_plain({"service": route.service, **found})
        yield plain


def _read_one(account: Account, route: Route, service: Mapping[str, Any]) -> Mapping[str, Any]:
    states: dict[str, int] = {}
    for group in route.groups:
        for row in account.get("elbv2", "DescribeTargetHealth", TargetGroupArn=group)["TargetHealthDescriptions"]:
            states[row["TargetHealth"]["State"]] = states.get(row["TargetHealth"]["State"], 0) + 1
    counts = {"desired": service["desiredCount"], "running": service["runningCount"]}
    return {**counts, "targets": states, "tasks": [_read_task(account, one) for one in list_tasks(account, service)]}


def _read_task(account: Account, task: Mapping[str, Any]) -> Mapping[str, Any]:
    definition = read_task_definition(account, task["taskDefinitionArn"])
    images = {one["name"]: parse_image(one["image"]) for one in definition["containerDefinitions"]}
    containers = [
        {
            "name": one["name"],
            "digest": one.get("imageDigest", ""),
            "wanted": images[one["name"]].digest,
            "same": bool(one.get("imageDigest")) and is_same_image(account, images[one["name"]], one["imageDigest"]),
        }
        for one in task["containers"]
        if one["name"] in images  # others are put beside by AWS, such as GuardDuty's
    ]
    return {"task": task["taskArn"], "definition": task["taskDefinitionArn"], "containers": containers}


def deployed_facts(value: Mapping[str, Any], deployments: tuple[Mapping[str, Any], ...]) -> Iterator[DeployedService]:
    """Yield the service in a stored answer; ``deployments`` are the answers about the deployments."""
    if reason := value.get("unreadable"):
        yield DeployedService.unread(value["service"], reason)
        return
    states = value["targets"]
    yield DeployedService(
        subject=value["service"],
        desired=Quantity.of(value["desired"]),
        running=Quantity.of(value["running"]),
        healthy=Quantity.of(states.get("healthy", 0)),
        unwell=tuple(
            f"{count} {state}" for state, count in sorted(states.items()) if state not in ("healthy", _LEAVING)
        ),
        strange=_find_strange(value, deployments),
    )


def _find_strange(value: Mapping[str, Any], deployments: tuple[Mapping[str, Any], ...]) -> Any:
    own = [one for one in deployments if one["service"]["serviceArn"] == value["service"]]
    target = next(
        (_target_of(fact) for one in own for fact in deployment_facts(one)), Unread("its deployment is unknown")
    )
    if isinstance(target, Unread):
        return target
    if not value["tasks"]:
        return Unread("no task runs, so nobody knows which image one would use")
    try:
        return tuple(line for task in value["tasks"] for line in _compare(task, target))
    except Unreadable as error:
        return Unread(error.reason)


def _target_of(deployment: Deployment) -> Any:
    return object.__getattribute__(deployment, "target")


def _compare(task: Mapping[str, Any], target: Revision) -> Iterator[str]:
    """Yield how a task differs from the version that was deployed. Raises Unreadable for an image without a digest."""
    name = f"task {task['task'].rpartition('/')[2][:8]}"
    if task["definition"] != target.definition:
        yield f"{name} runs {_short(task['definition'])}, not {_short(target.definition)}"
        return
    for one in task["containers"]:
        wanted = target.digests.get(one["name"]) or one["wanted"]
        if not wanted or not one["digest"]:
            raise Unreadable(f"{name}: the digest of {one['name']} is not known; name images by digest")
        if one["digest"] != wanted and not one["same"]:
            yield f"{name} runs {one['name']} {one['digest'][:19]}…, not {wanted[:19]}…"


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]
