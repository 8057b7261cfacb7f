"""Alarms on what carries the site: services and databases."""

from __future__ import annotations

from prodgate import Criterion, Quantity, Resource, policy
from prodgate.semantics.cloudwatch import UTILIZATION

from .alarms import ALARM, alarms_on, fires_above, point_at_nearest, readings


@policy(
    "PG_OBS_1",
    criterion="alarm-ecs-cpu",
    resources=("aws_ecs_service",),
    population=0,
)
def services_have_an_alarm_on_cpu(service: Resource, criterion: Criterion) -> None:
    """Each ECS service has an alarm that fires when its CPU use is high.

    A saturated service answers slowly long before its health check fails.
    """
    criterion.hold(
        _is_service_watched(service, "CPUUtilization"), expected="an alarm on CPUUtilization", observed="none"
    )


@policy(
    "PG_OBS_2",
    criterion="alarm-ecs-memory",
    resources=("aws_ecs_service",),
    population=0,
)
def services_have_an_alarm_on_memory(service: Resource, criterion: Criterion) -> None:
    """Each ECS service has an alarm that fires when its memory use is high.

    A task that runs out of memory is killed in the middle of its requests.
    """
    watched = _is_service_watched(service, "MemoryUtilization")
    criterion.hold(watched, expected="an alarm on MemoryUtilization", observed="none")


@policy(
    "PG_OBS_3",
    criterion="alarm-utilization-threshold",
    resources=(ALARM,),
    population=0,
)
def utilization_alarms_fire_in_time(alarm: Resource, criterion: Criterion) -> None:
    """Alarms on CPU and memory use fire before everything is used.

    The metrics are percentages: an alarm at 900 looks like an alarm and never fires.
    """
    read = [one for one in readings(alarm) if (one.namespace, one.metric) in UTILIZATION]
    if not read or not fires_above(alarm):
        raise criterion.not_applicable("does not fire on high CPU or memory use")
    if read[0].id:
        raise criterion.undetermined("compares an expression rather than the utilization itself")
    criterion.require(Quantity.of(alarm.number("threshold"), "%"))


@policy(
    "PG_OBS_4",
    criterion="alarm-db-connections",
    resources=("aws_rds_cluster", "aws_db_instance"),
    population=0,
)
def databases_have_an_alarm_on_connections(database: Resource, criterion: Criterion) -> None:
    """Each database has an alarm that fires when it has many connections.

    Past max_connections every new task is refused, and auto scaling makes it worse.
    """
    watched = _is_database_watched(database, "DatabaseConnections")
    criterion.hold(watched, expected="an alarm on DatabaseConnections", observed="none")


@policy(
    "PG_OBS_5",
    criterion="alarm-db-cpu",
    resources=("aws_rds_cluster", "aws_db_instance"),
    population=0,
)
def databases_have_an_alarm_on_cpu(database: Resource, criterion: Criterion) -> None:
    """Each database has an alarm that fires when its CPU use is high.

    Slow queries show here first, and at the capacity limit nothing else will help.
    """
    criterion.hold(
        _is_database_watched(database, "CPUUtilization"), expected="an alarm on CPUUtilization", observed="none"
    )


def _is_service_watched(service: Resource, metric: str) -> bool:
    declared = service.related("cluster", "aws_ecs_cluster")
    cluster = declared[0] if declared else (service.text("cluster") or "default").rpartition("/")[2]
    found = alarms_on(service, "AWS/ECS", metric)
    watched = any(one.names(ClusterName=cluster, ServiceName=service) and fires_above(one.alarm) for one in found)
    if not watched:
        point_at_nearest(service, "ServiceName", "AWS/ECS", metric)
    return watched


def _is_instance_watched(instance: Resource, metric: str) -> bool:
    found = alarms_on(instance, "AWS/RDS", metric)
    return any(one.names(DBInstanceIdentifier=instance) and fires_above(one.alarm) for one in found)


def _is_database_watched(database: Resource, metric: str) -> bool:
    if database.type == "aws_db_instance":
        watched = _is_instance_watched(database, metric)
        if not watched:
            point_at_nearest(database, "DBInstanceIdentifier", "AWS/RDS", metric)
        return watched
    instances = database.configuration.naming(database, "cluster_identifier", "aws_rds_cluster_instance")
    found = [one for one in alarms_on(database, "AWS/RDS", metric) if fires_above(one.alarm)]
    each = all(_is_instance_watched(instance, metric) for instance in instances)
    watched = any(one.mentions("DBClusterIdentifier", database) for one in found) or (bool(instances) and each)
    if not watched:
        point_at_nearest(
            (*instances, database)[0], "DBInstanceIdentifier" if instances else "DBClusterIdentifier", "AWS/RDS", metric
        )
    return watched
