"""Sizes of the database, of Airflow and of services, and how services scale."""

import re
from decimal import Decimal

from prodgate import Configuration, Criterion, Quantity, Resource, policy
from prodgate.semantics.aws_settings import is_fargate, scales_out

from .unset import is_unset

CLUSTER = ("aws_rds_cluster",)
ENVIRONMENT = ("aws_mwaa_environment",)


@policy(
    "PG_SIZE_1",
    criterion="aurora-serverless-v2",
    resources=CLUSTER,
    remedy=(
        "Use an aurora engine with serverlessv2_scaling_configuration, and the class db.serverless on every instance."
    ),
    required=True,
)
def databases_are_serverless_v2(cluster: Resource, criterion: Criterion) -> None:
    """The database is an Aurora cluster whose instances are all Serverless v2.

    A cluster without instances stores data but serves no query. engine_mode serverless is version 1, which AWS has
    retired.
    """
    engine = cluster.text("engine") or ""
    criterion.hold(engine.startswith("aurora-"), expected="aurora", observed=engine, held=engine, premise=True)
    mode = cluster.text("engine_mode", "provisioned")
    criterion.hold(mode == "provisioned", expected="engine_mode = provisioned", observed=mode, premise=True)
    scales = bool(cluster.blocks("serverlessv2_scaling_configuration"))
    criterion.hold(scales, expected="serverlessv2_scaling_configuration", observed="none")
    classes = [one.text("instance_class") for one in _instances(cluster)]
    criterion.hold(
        set(classes) == {"db.serverless"},
        expected="db.serverless",
        observed=", ".join(map(str, classes)) or "no instance",
        held=", ".join(map(str, classes)),
    )


@policy(
    "PG_SIZE_2",
    criterion="aurora-min-capacity",
    resources=CLUSTER,
    remedy="Set serverlessv2_scaling_configuration.min_capacity.",
    required=True,
)
def databases_start_with_enough(cluster: Resource, criterion: Criterion) -> None:
    """Aurora clusters never scale below the stated capacity.

    After a quiet night, a cold buffer cache makes the first readers of the morning wait.
    """
    if not cluster.blocks("serverlessv2_scaling_configuration"):
        raise criterion.undetermined("states no capacity")
    criterion.require(Quantity.of(cluster.number("serverlessv2_scaling_configuration.min_capacity"), "ACU"))


@policy(
    "PG_SIZE_3",
    criterion="aurora-max-capacity",
    resources=CLUSTER,
    remedy="Set serverlessv2_scaling_configuration.max_capacity.",
    required=True,
)
def databases_end_with_what_is_paid_for(cluster: Resource, criterion: Criterion) -> None:
    """Aurora clusters never scale above the stated capacity.

    The limit bounds the bill and determines max_connections.
    """
    if not cluster.blocks("serverlessv2_scaling_configuration"):
        raise criterion.undetermined("states no capacity")
    criterion.require(Quantity.of(cluster.number("serverlessv2_scaling_configuration.max_capacity"), "ACU"))


@policy(
    "PG_SIZE_4",
    criterion="aurora-failover",
    resources=CLUSTER,
    remedy=(
        "Declare a second aws_rds_cluster_instance, with a promotion_tier of 0 or 1 so that it is as large as the "
        "writer."
    ),
    required=True,
)
def databases_can_fail_over(cluster: Resource, criterion: Criterion) -> None:
    """Aurora clusters have a second instance to fail over to.

    With one, the loss of its zone is an outage of minutes until Aurora has built another; failover takes half a minute.
    """
    count = len(_instances(cluster))
    cluster.has("engine")  # where the finding points: there is no instance to point at
    criterion.require(Quantity.of(count))


@policy(
    "PG_SIZE_10",
    criterion="mwaa-class",
    resources=ENVIRONMENT,
    remedy="Set environment_class.",
    required=True,
)
def airflow_has_the_stated_class(environment: Resource, criterion: Criterion) -> None:
    """Airflow environments are of the stated class.

    mw1.small is the default: half the memory, and workers that take five tasks each.
    """
    stated = "mw1.small" if is_unset(environment, "environment_class") else environment.text("environment_class")
    criterion.require(stated or "mw1.small")


@policy(
    "PG_SIZE_11",
    criterion="mwaa-min-workers",
    resources=ENVIRONMENT,
    remedy="Set min_workers.",
    required=True,
)
def airflow_keeps_its_workers(environment: Resource, criterion: Criterion) -> None:
    """Airflow environments keep the stated number of workers when idle.

    The default is 1. A worker takes minutes to start, and the first task of an hour should not wait for it.
    """
    unset = is_unset(environment, "min_workers")
    criterion.require(Quantity.of(1 if unset else environment.number("min_workers")))


@policy(
    "PG_SIZE_12",
    criterion="mwaa-max-workers",
    resources=ENVIRONMENT,
    remedy="Set max_workers.",
    required=True,
)
def airflow_grows_to_the_stated_number(environment: Resource, criterion: Criterion) -> None:
    """Airflow environments grow to the stated number of workers.

    The default is 10. Every worker adds the database connections of its tasks.
    """
    unset = is_unset(environment, "max_workers")
    criterion.require(Quantity.of(10 if unset else environment.number("max_workers")))


def _instances(cluster: Resource) -> tuple[Resource, ...]:
    return cluster.configuration.naming(cluster, "cluster_identifier", "aws_rds_cluster_instance")


# ── Sizes of the services that the requirements state, and whether they grow

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

    EC2 is the default if neither a launch type nor a capacity provider is set. Fargate Spot alone may vanish at two
    minutes' notice, so at least one task must run on plain Fargate.
    """
    strategies = service.blocks("capacity_provider_strategy")
    if not strategies:
        launch = "EC2" if is_unset(service, "launch_type") else service.text("launch_type")
        criterion.hold(launch == "FARGATE", expected="FARGATE", observed=launch, held=launch)
        return
    providers = {one.text("capacity_provider") for one in strategies}
    criterion.hold(
        is_fargate({*map(str, providers)}),
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

    A task that exceeds its memory is killed. Both ``2048`` and ``2 GB`` are read.
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

    Auto scaling goes down to min_capacity whatever desired_count says, and nobody watches it on a quiet night.
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

    A target without a policy only bounds manual changes. Suspended scaling does not count.
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
    """Return the scalable targets by resource."""
    found: dict[str, list[Resource]] = {}
    for target in configuration.of("aws_appautoscaling_target"):
        found.setdefault(target.text("resource_id") or "", []).append(target)
    return found


def _list_scaled(configuration: Configuration) -> frozenset[str | None]:
    """Return the resources that some scaling policy scales out."""
    found = configuration.of("aws_appautoscaling_policy")
    return frozenset(one.text("resource_id") for one in found if _scales_out(one))


def _scales_out(scaling: Resource) -> bool:
    stepped = scaling.blocks("step_scaling_policy_configuration")
    steps = [step.number("scaling_adjustment") for own in stepped for step in own.blocks("step_adjustment")]
    kind = scaling.text("policy_type") or "StepScaling"
    # older versions of the provider know no such block
    predicted = scaling.blocks("predictive_scaling_policy_configuration") if kind == "PredictiveScaling" else ()
    mode = next((one.text("mode") or "" for one in predicted), "")
    return scales_out(kind, steps=steps, mode=mode)


def _size(text: str, unit: str) -> Decimal:
    """Return ``1024``, ``1 vCPU`` or ``.5 vCPU`` in units of 1/1024; ``2 GB`` in MiB."""
    match = re.fullmatch(r"\s*+(\d++(?:\.\d++)?|\.\d++)\s*+([A-Za-z]*)\s*+", text)
    if match is None:
        return Decimal(0)
    return Decimal(match[1]) * (1024 if match[2].lower() == unit else 1)


# ── Groups of instances that grow, shrink and replace unhealthy instances

#: Arguments of a group that name its sources of traffic.
GIVING_TRAFFIC = ("load_balancers", "target_group_arns")


@policy(
    "PG_DEP_12",
    criterion="unhealthy-instances-replaced",
    resources=("aws_autoscaling_group",),
    population=0,
    remedy='Set health_check_type = "ELB".',
)
def groups_ask_their_load_balancer(group: Resource, criterion: Criterion) -> None:
    """A group behind a load balancer replaces the instances that the load balancer finds unhealthy.

    Unset means that an instance is replaced if its machine fails, and stays if only the program on it does.
    """
    attached = group.configuration.naming(group, "autoscaling_group_name", "aws_autoscaling_attachment")
    sources = group.configuration.naming(group, "autoscaling_group_name", "aws_autoscaling_traffic_source_attachment")
    named = any(name in group.references or group.has(name) for name in GIVING_TRAFFIC)
    if not (attached or sources or named or group.blocks("traffic_source")):
        raise criterion.not_applicable("is behind no load balancer")
    kinds = [each for each in (group.text("health_check_type") or "EC2").split(",") if each]
    criterion.hold("ELB" in kinds, expected="ELB", observed=", ".join(kinds), held=", ".join(kinds))
