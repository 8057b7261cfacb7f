"""Sizes of the database and of Airflow that the requirements state."""

from __future__ import annotations

from prodgate import Criterion, Quantity, Resource, policy

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

    A cluster without instances stores data and answers nobody. engine_mode serverless is version 1, which is gone.
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

    A cold buffer cache after a quiet night is slow for the first readers of the morning.
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

    It bounds the bill, and it decides max_connections.
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

    With one, the loss of its zone is an outage until Aurora has built another: minutes, against half a minute.
    """
    count = len(_instances(cluster))
    cluster.has("engine")  # the place of the finding: there is no instance to point at
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

    1 is the default. A worker takes minutes to start; the first task of an hour should not wait for it.
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

    10 is the default. Every worker brings its tasks' database connections along.
    """
    unset = is_unset(environment, "max_workers")
    criterion.require(Quantity.of(10 if unset else environment.number("max_workers")))


def _instances(cluster: Resource) -> tuple[Resource, ...]:
    return cluster.configuration.naming(cluster, "cluster_identifier", "aws_rds_cluster_instance")
