"""Sizes of the services that the requirements state, and whether they grow."""

from __future__ import annotations

import re
from decimal import Decimal

from prodgate import Configuration, Criterion, Quantity, Resource, policy

from .unset import is_unset

SERVICE = ("aws_ecs_service",)


@policy(
    "PG_SIZE_5",
    criterion="ecs-fargate",
    resources=SERVICE,
    remedy='Set launch_type = "FARGATE", or capacity providers of Fargate only.',
    required=True,
)
def services_run_on_fargate(service: Resource, criterion: Criterion) -> None:
    """Services run on Fargate.

    EC2 is the default when neither a launch type nor a capacity provider is set. Fargate Spot alone may vanish at two
    minutes' notice, so at least one task stands on plain Fargate.
    """
    strategies = service.blocks("capacity_provider_strategy")
    if not strategies:
        launch = "EC2" if is_unset(service, "launch_type") else service.text("launch_type")
        criterion.hold(launch == "FARGATE", expected="FARGATE", observed=launch, held=launch)
        return
    providers = {one.text("capacity_provider") for one in strategies}
    criterion.hold(
        providers <= {"FARGATE", "FARGATE_SPOT"} and "FARGATE" in providers,
        expected="FARGATE",
        observed=", ".join(sorted(map(str, providers))),
    )


@policy(
    "PG_SIZE_6",
    criterion="ecs-task-cpu",
    resources=SERVICE,
    remedy="Set cpu of the task definition.",
    required=True,
)
def tasks_have_the_stated_cpu(service: Resource, criterion: Criterion) -> None:
    """The task of each service has the stated CPU.

    1024 units are one vCPU. Both ``1024`` and ``1 vCPU`` are read.
    """
    criterion.require(Quantity.of(_size(_task(service, criterion).text("cpu") or "0", "vcpu"), "cpu"))


@policy(
    "PG_SIZE_7",
    criterion="ecs-task-memory",
    resources=SERVICE,
    remedy="Set memory of the task definition, in MiB.",
    required=True,
)
def tasks_have_the_stated_memory(service: Resource, criterion: Criterion) -> None:
    """The task of each service has the stated memory.

    A task above its memory is killed. Both ``2048`` and ``2 GB`` are read.
    """
    criterion.require(Quantity.of(_size(_task(service, criterion).text("memory") or "0", "gb"), "MiB"))


@policy(
    "PG_SIZE_8",
    criterion="ecs-least-tasks",
    resources=SERVICE,
    remedy="Raise desired_count, and min_capacity of the service's aws_appautoscaling_target.",
    required=True,
)
def services_keep_enough_tasks(service: Resource, criterion: Criterion) -> None:
    """Each service wants enough tasks, also after scaling in.

    Auto scaling goes down to min_capacity whatever desired_count says, and nobody looks at it on a quiet night.
    """
    least = min([service.number("desired_count", 0), *(one.number("min_capacity") for one in _targets(service))])
    criterion.require(Quantity.of(least))


@policy(
    "PG_SIZE_9",
    criterion="ecs-auto-scaling",
    resources=SERVICE,
    remedy=(
        "Declare an aws_appautoscaling_target with max_capacity above min_capacity, and a policy on it that scales out."
    ),
    required=True,
)
def services_scale_out(service: Resource, criterion: Criterion) -> None:
    """Each service scales out by itself, to more tasks than its least number.

    A target without a policy only bounds what a person may set. Suspended scaling is no scaling.
    """
    targets = _targets(service)
    criterion.hold(bool(targets), expected="a scalable target", observed="none", premise=True)
    suspended = any(one.flag("dynamic_scaling_out_suspended") for one in targets[0].blocks("suspended_state"))
    criterion.hold(not suspended, expected="scaling out", observed="suspended")
    scaled = service.configuration.once(_list_scaled)
    criterion.hold(targets[0].text("resource_id") in scaled, expected="a scaling policy", observed="none")
    least, most = targets[0].number("min_capacity"), targets[0].number("max_capacity")
    criterion.hold(most > least, expected=f"max_capacity above {least}", observed=most, held=most)


def _task(service: Resource, criterion: Criterion) -> Resource:
    tasks = service.related("task_definition", "aws_ecs_task_definition")
    if not tasks:
        raise criterion.undetermined("its task definition is declared elsewhere")
    return tasks[0]


def _targets(service: Resource) -> list[Resource]:
    """Return the scalable targets of a service, whose resource_id is ``service/<cluster>/<service>``."""
    clusters = {name for one in service.related("cluster", "aws_ecs_cluster") for name in one.identities}
    known = clusters or {(service.text("cluster") or "default").rpartition("/")[2]}
    declared = service.configuration.once(_map_targets)
    return [one for cluster in sorted(known) for one in declared.get(f"service/{cluster}/{service.text('name')}", ())]


def _map_targets(configuration: Configuration) -> dict[str, list[Resource]]:
    """Return the scalable targets by what they scale."""
    found: dict[str, list[Resource]] = {}
    for target in configuration.of("aws_appautoscaling_target"):
        found.setdefault(target.text("resource_id") or "", []).append(target)
    return found


def _list_scaled(configuration: Configuration) -> frozenset[str | None]:
    """Return what some scaling policy scales."""
    return frozenset(one.text("resource_id") for one in configuration.of("aws_appautoscaling_policy"))


def _size(text: str, unit: str) -> Decimal:
    """Return ``1024``, ``1 vCPU`` or ``.5 vCPU`` in units of 1/1024; ``2 GB`` in MiB."""
    match = re.fullmatch(r"\s*(\d*\.?\d+)\s*([A-Za-z]*)\s*", text)
    if match is None:
        return Decimal(0)
    return Decimal(match[1]) * (1024 if match[2].lower() == unit else 1)
