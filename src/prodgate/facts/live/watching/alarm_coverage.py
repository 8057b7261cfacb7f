"""The components of the system, each with the alarms that watch it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from ....aws.account import Account
from ....aws.answers import Unreadable
from ....semantics.airflow_versions import metrics
from ....semantics.cloudwatch import BALANCER_ERRORS, TARGET_ERRORS, is_error_share, parse_percentile
from ....semantics.unresolved import Unresolved
from ... import Fact
from ...observers import apart, observes, reads
from ..airflow import list_dags, list_environments
from ..alarm_settings import AlarmSettings, Reading, read_alarms
from ..databases import Database, observe_databases
from ..load_balancers import list_application_balancers, metric_name
from ..queues import DeadLetterQueue, observe_dead_letter_queues

reads("ecs", "ListClusters", "ListServices")
reads("elbv2", "DescribeTargetGroups")
AIRFLOW, CONTAINERS = "AmazonMWAA", "AWS/MWAA"
MetricNames = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedService(Fact):
    """An ECS service; ``subject`` is its ARN."""

    high: MetricNames
    """Metrics of it on whose high values an alarm fires."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedDatabase(Fact):
    """A database, watched as a cluster or in each of its instances; ``subject`` is its ARN."""

    high: MetricNames


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedTargetGroup(Fact):
    """A target group behind an application load balancer; ``subject`` is its ARN."""

    slow: tuple[str, ...]
    """Names of the alarms on a 95th or higher percentile of its response times, or of its load balancer's."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedBalancer(Fact):
    """An application load balancer; ``subject`` is its ARN."""

    shares: MetricNames
    """Metrics of failed requests whose share of all requests an alarm watches."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedAirflow(Fact):
    """An Airflow environment; ``subject`` is its ARN."""

    alive: bool
    """Whether an alarm fires when no scheduler is alive."""
    waiting: bool
    """Whether an alarm fires when tasks wait for a worker."""
    failures: bool
    """Whether an alarm fires when tasks of any DAG fail, or where Airflow counts none, when a run of any DAG does."""
    durations: bool
    """Whether an alarm fires when a DAG run takes long."""
    delays: bool
    """Whether an alarm fires when a run starts late."""
    workers: MetricNames
    """Metrics of the workers that always run, on whose high values an alarm fires."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedDeadLetters(Fact):
    """A dead-letter queue; ``subject`` is its ARN."""

    first: tuple[str, ...]
    """Names of the alarms that fire on the first message in it."""


@observes(WatchedService)
def observe_watched_services(account: Account) -> Iterator[WatchedService]:
    """Look at every ECS service."""
    for cluster in account.list("ecs", "ListClusters", "clusterArns"):
        for arn in account.list("ecs", "ListServices", "serviceArns", cluster=cluster):
            own = {"ClusterName": cluster.rpartition("/")[2], "ServiceName": arn.rpartition("/")[2]}
            yield WatchedService(subject=arn, high=account.attempt(_metrics_watched_high, account, "AWS/ECS", own))


@observes(WatchedDatabase)
def observe_watched_databases(account: Account) -> Iterator[WatchedDatabase]:
    """Look at every database."""
    yield from map(apart(WatchedDatabase, partial(_database, account)), account.once(observe_databases))


def _database(account: Account, database: Database) -> WatchedDatabase:
    instances = [one.subject.rpartition(":")[2] for one in database.instances]
    each = [_metrics_watched_high(account, "AWS/RDS", {"DBInstanceIdentifier": one}) for one in instances]
    whole = _metrics_watched_high(account, "AWS/RDS", {"DBClusterIdentifier": database.subject.rpartition(":")[2]})
    return WatchedDatabase(subject=database.subject, high=whole | (each[0].intersection(*each) if each else set()))


@observes(WatchedTargetGroup)
def observe_watched_target_groups(account: Account) -> Iterator[WatchedTargetGroup]:
    """Look at every target group whose response times are measured."""
    balancers = list_application_balancers(account)
    only = [balancers[0]["LoadBalancerArn"]] if len(balancers) == 1 else []

    def look(group: Mapping[str, Any]) -> WatchedTargetGroup:
        name = group["TargetGroupArn"].rpartition(":")[2]
        whole = {("LoadBalancer", metric_name(arn)) for arn in group.get("LoadBalancerArns") or only}

        def is_slow(one: Reading) -> bool:
            of = one.dimensions
            return (of.get("TargetGroup") == name or (len(of) == 1 and bool(whole & of.items()))) and _is_slow(one)

        slow = tuple(alarm.name for alarm, _ in _list_readings(account, is_slow))
        return WatchedTargetGroup(subject=group["TargetGroupArn"], slow=slow)

    groups = filter(_is_measured, account.list("elbv2", "DescribeTargetGroups", "TargetGroups"))
    yield from map(apart(WatchedTargetGroup, look, "TargetGroupArn", "TargetGroupName"), groups)


def _is_measured(group: Mapping[str, Any]) -> bool:
    """Whether its response times are: a group of functions, which has no protocol either, has none."""
    return group.get("Protocol", "HTTP") in ("HTTP", "HTTPS") and group.get("TargetType") != "lambda"


@observes(WatchedBalancer)
def observe_watched_balancers(account: Account) -> Iterator[WatchedBalancer]:
    """Look at every application load balancer."""
    look = apart(WatchedBalancer, partial(_balancer, account), "LoadBalancerArn", "LoadBalancerName")
    yield from map(look, list_application_balancers(account))


def _balancer(account: Account, balancer: Mapping[str, Any]) -> WatchedBalancer:
    of = ("LoadBalancer", metric_name(balancer["LoadBalancerArn"]))
    own = [*_list_readings(account, lambda one: of in one.dimensions.items() and _is_error(one))]
    shares = account.attempt(lambda: frozenset(one.metric for alarm, one in own if _is_share(alarm)))
    return WatchedBalancer(subject=balancer["LoadBalancerArn"], shares=shares)


@observes(WatchedAirflow)
def observe_watched_airflow(account: Account) -> Iterator[WatchedAirflow]:
    """Look at every Airflow environment."""
    yield from map(apart(WatchedAirflow, partial(_airflow, account), "Arn", "Name"), list_environments(account))


def _airflow(account: Account, found: Mapping[str, Any]) -> WatchedAirflow:
    own = {"Environment": found["Name"]}
    waiting = {"QueuedTasks"} & _metrics_watched_high(account, AIRFLOW, own | {"Function": "Executor"})
    waiting |= {"ApproximateAgeOfOldestTask", "QueuedTasks"} & _metrics_watched_high(account, CONTAINERS, own)
    times = {one.metric for _, one in _list_readings(account, lambda one: _is_of(one, found["Name"]))}
    return WatchedAirflow(
        subject=found["Arn"],
        alive=_fires_when_low(account, "SchedulerHeartbeat", own | {"Function": "Scheduler"}),
        waiting=bool(waiting),
        failures=_notices_failures(account, found),
        durations=bool(times & {"DAGDurationSuccess", "DAGDurationFailed"}),
        delays=bool(times & {"DAGScheduleDelay", "FirstTaskSchedulingDelay"}),
        workers=_metrics_watched_high(account, CONTAINERS, own | {"Cluster": "BaseWorker"}),
    )


@observes(WatchedDeadLetters)
def observe_watched_dead_letters(account: Account) -> Iterator[WatchedDeadLetters]:
    """Look at every dead-letter queue."""
    yield from map(apart(WatchedDeadLetters, partial(_queue, account)), account.once(observe_dead_letter_queues))


def _queue(account: Account, queue: DeadLetterQueue) -> WatchedDeadLetters:
    _ = queue.sources  # of one of which nothing is known, it is not known either whether it takes dead letters
    name, metric = queue.subject.rpartition(":")[2], "ApproximateNumberOfMessagesVisible"
    own = [alarm for alarm, _ in _list_readings(account, lambda one: one.reads("AWS/SQS", metric, QueueName=name))]
    return WatchedDeadLetters(subject=queue.subject, first=tuple(one.name for one in own if one.fires_on_one))


def _list_readings(account: Account, wanted: Callable[[Reading], bool]) -> Iterator[tuple[AlarmSettings, Reading]]:
    """Yield what alarms read in the account's region, with the alarms that fire on high values of it.

    The number of a metric's samples says nothing of their values.
    """
    for alarm in account.once(read_alarms):
        if alarm.fires_above and alarm.region == account.region:
            yield from ((alarm, one) for one in alarm.readings if one.statistic != "SampleCount" and wanted(one))


def _metrics_watched_high(account: Account, namespace: str, dimensions: dict[str, str]) -> MetricNames:
    """Return the metrics with exactly these dimensions on whose high values an alarm fires. Raises Unreadable."""
    (index,) = account.once(_index_by_dimensions)
    read = index.get(tuple(sorted(dimensions.items())), ())
    return frozenset(one.metric for one in read if one.namespace == namespace)


def _index_by_dimensions(account: Account) -> Iterator[dict[tuple[Any, ...], list[Reading]]]:
    """Yield one index of what alarms read, by sorted dimensions: one that states no metric is of what has these."""
    index: dict[tuple[Any, ...], list[Reading]] = {}
    for _, one in _list_readings(account, lambda _: True):
        index.setdefault(tuple(sorted(one.dimensions.items())), []).append(one)
    yield index


def _fires_when_low(account: Account, metric: str, dimensions: dict[str, str]) -> bool:
    """Whether an alarm fires when a metric of Airflow is low."""
    alarms = [one for one in account.once(read_alarms) if one.fires_below and one.region == account.region]
    return any(one.reads(AIRFLOW, metric, **dimensions) for alarm in alarms for one in alarm.readings)


def _notices_failures(account: Account, found: Mapping[str, Any]) -> bool:
    """Whether failed tasks are watched, or where this version counts none, the failed runs of each DAG that ran."""
    own = {"Environment": found["Name"]}
    if metrics()["TaskInstanceFailures"].is_published(found["AirflowVersion"]):
        watched = _metrics_watched_high(account, AIRFLOW, own | {"DAG": "All", "Task": "All"})
        return "TaskInstanceFailures" in watched
    alarms = [one for one in account.once(read_alarms) if one.fires_above and one.region == account.region]
    counted = {
        one.dimensions.get("DAG", "")
        for alarm in alarms
        for one in alarm.readings
        if one.statistic == "SampleCount" and one.metric == "DAGDurationFailed" and _is_of(one, found["Name"])
    }
    return bool(counted) and counted.issuperset(list_dags(account, found["Name"]))


def _is_of(one: Reading, environment: str) -> bool:
    return one.dimensions.get("Environment") == environment and one.namespace == AIRFLOW


def _is_slow(one: Reading) -> bool:
    slow = (parse_percentile(one.statistic) or 0) >= Decimal(95)
    return one.namespace == "AWS/ApplicationELB" and one.metric == "TargetResponseTime" and slow


def _is_error(one: Reading) -> bool:
    """Whether it counts failed requests in an expression; only the statistic Sum is a count."""
    counted = bool(one.id) and one.statistic == "Sum" and one.namespace == "AWS/ApplicationELB"
    return counted and one.metric in (BALANCER_ERRORS, TARGET_ERRORS)


def _is_share(alarm: AlarmSettings) -> bool:
    try:
        return is_error_share(alarm.metrics, alarm.value)
    except Unresolved as error:
        raise Unreadable(str(error)) from None
