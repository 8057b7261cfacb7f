"""ECS services: the size and number of their tasks, and how they scale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads
from .ecs_services import list_services, read_task_definition

reads("application-autoscaling", "DescribeScalableTargets", "DescribeScalingPolicies")

#: The dimension of a scalable target that is a number of tasks.
_TASKS: Final = "ecs:service:DesiredCount"
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

    @property
    def room(self) -> Quantity:
        """How many more tasks than the least there may be."""
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
        """The least number of tasks: desired now, or after scaling in."""
        counts: list[Quantity] = [self.desired, *([self.scaling.least] if self.scaling else ())]
        return min(counts, key=lambda count: count.base)


@observes(Service)
def observe_services(account: Account) -> Iterator[Service]:
    """See every service."""
    look = apart(Service, lambda service: _service(account, service), "serviceArn", "serviceName")
    yield from account.each(look, account.once(list_services))


def _service(account: Account, service: Mapping[str, Any]) -> Service:
    return Service(
        subject=service["serviceArn"],
        name=service["serviceName"],
        providers=frozenset(_list_providers(service)),
        task=account.attempt(_task, account, service["taskDefinition"]),
        desired=Quantity.of(service["desiredCount"]),
        scaling=account.attempt(_scaling, account, service),
    )


def _task(account: Account, arn: str) -> Task:
    found = read_task_definition(account, arn)
    return Task(
        cpu=Quantity.of(found.get("cpu", 0), "cpu"),
        memory=Quantity.of(found.get("memory", 0), "MiB"),
        images=tuple(parse_image(one["image"]) for one in found["containerDefinitions"]),
    )


def _list_providers(service: Mapping[str, Any]) -> Iterator[str]:
    several = service.get("capacityProviderStrategy") or ()
    # a provider of neither weight nor base gets no task; both are 0 where they are not stated
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
    own = [row for row in rows if row["ResourceId"] == place and row["ScalableDimension"] == _TASKS]
    if not own:
        return None
    policies = account.list("application-autoscaling", "DescribeScalingPolicies", "ScalingPolicies", **asked)
    return Scaling(
        least=Quantity.of(own[0]["MinCapacity"]),
        most=Quantity.of(own[0]["MaxCapacity"]),
        suspended=bool(own[0].get("SuspendedState", {}).get("DynamicScalingOutSuspended")),
        policies=tuple(row["PolicyName"] for row in policies if row["ResourceId"] == place),
    )
