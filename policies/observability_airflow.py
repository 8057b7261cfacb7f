"""Alarms on Airflow: would somebody be told when it stops, fails, drags or lags?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prodgate import Criterion, Resource, policy
from prodgate.semantics.airflow_versions import is_suppressed, metric_mistakes, metrics

from .alarm_index import find_alarms_on
from .alarms import ALARM, Reading, alarms_on, fires_above, fires_below, point_at_nearest, readings

AIRFLOW, CONTAINERS = "AmazonMWAA", "AWS/MWAA"
ENVIRONMENT = ("aws_mwaa_environment",)


@policy(
    "PG_OBS_10",
    criterion="alarm-mwaa-task-execution",
    resources=ENVIRONMENT,
    population=0,
)
def stopped_airflow_is_noticed(environment: Resource, criterion: Criterion) -> None:
    """An alarm fires when no scheduler is alive, and one when tasks wait that no worker takes.

    Each alone is half blind: without a scheduler nothing is queued, and with a live scheduler but no worker
    everything is.
    """
    alive = _is_watched(environment, fires_below, AIRFLOW, "SchedulerHeartbeat", Function="Scheduler")
    waiting = _is_watched(environment, fires_above, CONTAINERS, "ApproximateAgeOfOldestTask", "QueuedTasks")
    waiting = waiting or _is_watched(environment, fires_above, AIRFLOW, "QueuedTasks", Function="Executor")
    missing = [name for name, there in (("heartbeat", alive), ("waiting tasks", waiting)) if not there]
    wanted = (CONTAINERS, "ApproximateAgeOfOldestTask") if alive else (AIRFLOW, "SchedulerHeartbeat")
    point_at_nearest(environment, "Environment", *wanted)
    criterion.exclude(missing, expected="alarms on both", observed="no alarm on {}")


@policy(
    "PG_OBS_11",
    criterion="alarm-mwaa-task-failures",
    resources=ENVIRONMENT,
    population=0,
)
def failed_tasks_are_noticed(environment: Resource, criterion: Criterion) -> None:
    """Each Airflow environment has an alarm that fires when tasks fail.

    A failed task is data that nobody collected; the site goes on showing yesterday's. Airflow 3.0 to 3.1.5 count no
    failed tasks: there an alarm on the failed runs of each DAG says so.
    """
    version = environment.text("airflow_version") or ""
    if metrics()["TaskInstanceFailures"].is_published(version):
        all_tasks = _is_watched(environment, fires_above, AIRFLOW, "TaskInstanceFailures", DAG="All", Task="All")
        criterion.hold(all_tasks, expected="an alarm on TaskInstanceFailures", observed="none")
        return
    counted, known = _list_dags_with_counted_failures(environment), _list_dags_with_alarms(environment)
    point_at_nearest(environment, "Environment", AIRFLOW, "DAGDurationFailed")
    criterion.exclude(
        sorted(known - counted) if counted else ["any"],
        expected=f"an alarm on how many DAGDurationFailed each DAG has: Airflow {version} counts no failed tasks",
        observed="none for {}",
    )


@policy(
    "PG_OBS_12",
    criterion="alarm-mwaa-dag-duration",
    resources=ENVIRONMENT,
    required=True,
)
def slow_dags_are_noticed(environment: Resource, criterion: Criterion) -> None:
    """Each Airflow environment has an alarm that fires when a DAG run takes long.

    A run that drags on delays the next one, and after Airflow 3 no SLA of a task says so any more.
    """
    watched = _is_duration_watched(environment, "DAGDurationSuccess", "DAGDurationFailed")
    criterion.hold(watched, expected="an alarm on how long DAG runs take", observed="none")


@policy(
    "PG_OBS_13",
    criterion="alarm-mwaa-worker-use",
    resources=ENVIRONMENT,
    required=True,
    remedy=(
        "Add alarms on AWS/MWAA CPUUtilization and MemoryUtilization with the dimensions Environment and Cluster = "
        "BaseWorker."
    ),
)
def saturated_workers_are_noticed(environment: Resource, criterion: Criterion) -> None:
    """Each Airflow environment has alarms that fire when its workers' CPU or memory is used up.

    Out of memory, a worker kills the task and with it the failure callback that would have said so.
    """
    wanted = ("CPUUtilization", "MemoryUtilization")
    missing = [m for m in wanted if not _is_watched(environment, fires_above, CONTAINERS, m, Cluster="BaseWorker")]
    point_at_nearest(environment, "Environment", CONTAINERS, *missing)
    criterion.exclude(missing, expected="alarms on the workers", observed="no alarm on {}")


@policy(
    "PG_OBS_14",
    criterion="alarm-mwaa-scheduler-delay",
    resources=ENVIRONMENT,
    required=True,
)
def late_schedulers_are_noticed(environment: Resource, criterion: Criterion) -> None:
    """Each Airflow environment has an alarm that fires when runs start late.

    A scheduler that is alive and an hour behind passes every heartbeat.
    """
    watched = _is_duration_watched(environment, "DAGScheduleDelay", "FirstTaskSchedulingDelay")
    criterion.hold(watched, expected="an alarm on how late runs start", observed="none")


@policy(
    "PG_OBS_15",
    criterion="alarm-mwaa-metrics-exist",
    resources=(ALARM,),
    population=0,
)
def airflow_alarms_read_metrics_that_exist(alarm: Resource, criterion: Criterion) -> None:
    """Alarms on Airflow read metrics that the environment's version publishes, under the dimensions it uses.

    SLAMissed ended with Airflow 2.10: an alarm on it is never red again, whatever happens.
    """
    read = [one for one in readings(alarm) if one.namespace == AIRFLOW]
    if not read:
        raise criterion.not_applicable("does not watch Airflow")
    wrong = [text for one in read for text in _find_nonexistent(one)]
    criterion.exclude(wrong, expected="a published metric")


@policy(
    "PG_OBS_16",
    criterion="mwaa-metrics-published",
    resources=ENVIRONMENT,
    population=0,
)
def watched_metrics_are_not_suppressed(environment: Resource, criterion: Criterion) -> None:
    """No setting of Airflow suppresses a metric that an alarm watches.

    With an allow list, Airflow ignores the block list. Items are prefixes, and in Airflow 3 regular expressions.
    """
    options = environment.mapping("airflow_configuration_options")
    read = [one for alarm in find_alarms_on(environment) for one in readings(alarm)]
    watched = {one.metric for one in read if one.namespace == AIRFLOW and one.mentions("Environment", environment)}
    silent = sorted(name for name in watched & metrics().keys() if is_suppressed(name, options))
    criterion.exclude(silent, expected="published", observed="{} suppressed")


def _is_watched(
    environment: Resource, fires: Callable[[Resource], bool], namespace: str, *names: str, **dimensions: str
) -> bool:
    found = alarms_on(environment, namespace, *names)
    watched = any(one.names(Environment=environment, **dimensions) and fires(one.alarm) for one in found)
    if not watched:
        point_at_nearest(environment, "Environment", namespace, *names)
    return watched


def _list_dags_with_counted_failures(environment: Resource) -> set[str]:
    """Return the DAGs of whose failed runs an alarm counts how many there are."""
    found = alarms_on(environment, AIRFLOW, "DAGDurationFailed")
    counts = [one for one in found if one.statistic == "SampleCount" and fires_above(one.alarm)]
    return {one.dimensions().get("DAG", "") for one in counts if one.mentions("Environment", environment)}


def _list_dags_with_alarms(environment: Resource) -> set[str]:
    """Return the DAGs on which there is any alarm: the only place where Terraform names them."""
    found = alarms_on(environment, AIRFLOW, "DAGDurationFailed", "DAGDurationSuccess", "DAGScheduleDelay")
    return {one.dimensions().get("DAG", "") for one in found if one.mentions("Environment", environment)}


def _is_duration_watched(environment: Resource, *names: str) -> bool:
    """Whether an alarm fires on a high value of one of these durations; their SampleCount is not a duration."""
    found = alarms_on(environment, AIRFLOW, *names)
    timed = [one for one in found if one.statistic != "SampleCount" and fires_above(one.alarm)]
    watched = any(one.mentions("Environment", environment) for one in timed)
    if not watched:
        point_at_nearest(environment, "Environment", AIRFLOW, *names)
    return watched


def _find_nonexistent(read: Reading) -> Iterator[str]:
    versions = [environment.text("airflow_version") or "" for environment in _environments(read)]
    stated = read.dimensions()
    if read.metric not in metrics():
        read.source.has("metric_name")  # what is read last is where the finding points
    yield from metric_mistakes(read.metric, stated, versions)


def _environments(read: Reading) -> list[Resource]:
    declared = read.alarm.configuration.of(*ENVIRONMENT)
    return [environment for environment in declared if read.mentions("Environment", environment)]
