"""Are the system's parts watched by alarms, and would those reach somebody?"""

from prodgate import Criterion, check
from prodgate.facts.live import (
    AirflowNotices,
    FindingSource,
    WatchedAirflow,
    WatchedBalancer,
    WatchedDatabase,
    WatchedDeadLetters,
    WatchedService,
    WatchedTargetGroup,
)


@check("alarm-ecs-cpu")
def test_each_service_has_an_alarm_on_cpu(service: WatchedService, criterion: Criterion) -> None:
    """Does an alarm fire when this service's CPU use is high?"""
    criterion.hold(
        "CPUUtilization" in service.high, expected="an alarm on CPUUtilization", observed=_render_metrics(service.high)
    )


@check("alarm-ecs-memory")
def test_each_service_has_an_alarm_on_memory(service: WatchedService, criterion: Criterion) -> None:
    """Does an alarm fire when this service's memory use is high?"""
    watched = "MemoryUtilization" in service.high
    criterion.hold(watched, expected="an alarm on MemoryUtilization", observed=_render_metrics(service.high))


@check("alarm-db-connections")
def test_each_database_has_an_alarm_on_connections(database: WatchedDatabase, criterion: Criterion) -> None:
    """Does an alarm fire when this database has many connections?"""
    watched = "DatabaseConnections" in database.high
    criterion.hold(watched, expected="an alarm on DatabaseConnections", observed=_render_metrics(database.high))


@check("alarm-db-cpu")
def test_each_database_has_an_alarm_on_cpu(database: WatchedDatabase, criterion: Criterion) -> None:
    """Does an alarm fire when this database's CPU use is high?"""
    watched = "CPUUtilization" in database.high
    criterion.hold(watched, expected="an alarm on CPUUtilization", observed=_render_metrics(database.high))


@check(
    "alarm-alb-response-time",
    remedy=(
        "Add an alarm on AWS/ApplicationELB TargetResponseTime with ExtendedStatistic p95, for the load balancer or "
        "for this target group."
    ),
)
def test_each_target_group_has_an_alarm_on_p95(group: WatchedTargetGroup, criterion: Criterion) -> None:
    """Does an alarm fire when the slowest twentieth of this target group's responses is slow?

    Both colours need one: after a blue/green deploy the other group takes the traffic.
    """
    criterion.hold(bool(group.slow), expected="an alarm on p95 of TargetResponseTime", observed="none")


@check("alarm-alb-5xx")
def test_each_balancer_has_an_alarm_on_error_rate(balancer: WatchedBalancer, criterion: Criterion) -> None:
    """Does an alarm fire on the share of requests that this load balancer or its targets answer with 5xx?

    With no target left, the load balancer itself responds: an alarm on the targets alone is silent then.
    """
    wanted = {"HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count"}
    criterion.hold(wanted <= balancer.shares, expected="an alarm on both", observed=_render_metrics(balancer.shares))


@check("alarm-mwaa-task-execution")
def test_stopped_airflow_is_noticed(environment: WatchedAirflow, criterion: Criterion) -> None:
    """Does an alarm fire when no scheduler is alive, and one when tasks wait that no worker takes?"""
    criterion.hold(environment.alive, expected="an alarm on SchedulerHeartbeat", observed="none")
    criterion.hold(environment.waiting, expected="an alarm on waiting tasks", observed="none")


@check("alarm-mwaa-task-failures")
def test_failed_tasks_are_noticed(environment: WatchedAirflow, criterion: Criterion) -> None:
    """Does an alarm fire when Airflow's tasks fail?

    Airflow 3.0 to 3.1.5 count no failed tasks: there an alarm can only watch the failed runs of each DAG.
    """
    wanted = "an alarm on TaskInstanceFailures, or from Airflow 3.0 to 3.1.5 on DAGDurationFailed of each DAG"
    criterion.hold(environment.failures, expected=wanted, observed="none")


@check("alarm-mwaa-dag-duration")
def test_slow_dags_are_noticed(environment: WatchedAirflow, criterion: Criterion) -> None:
    """Does an alarm fire when a DAG run takes long?"""
    criterion.hold(environment.durations, expected="an alarm on how long DAG runs take", observed="none")


@check(
    "alarm-mwaa-worker-use",
    remedy="Add alarms on AWS/MWAA CPUUtilization and MemoryUtilization with Environment and Cluster = BaseWorker.",
)
def test_saturated_workers_are_noticed(environment: WatchedAirflow, criterion: Criterion) -> None:
    """Do alarms fire when the CPU or the memory of Airflow's workers is used up?"""
    wanted = {"CPUUtilization", "MemoryUtilization"}
    criterion.hold(
        wanted <= environment.workers, expected="alarms on both", observed=_render_metrics(environment.workers)
    )


@check("alarm-mwaa-scheduler-delay")
def test_late_schedulers_are_noticed(environment: WatchedAirflow, criterion: Criterion) -> None:
    """Does an alarm fire when DAG runs start late?"""
    criterion.hold(environment.delays, expected="an alarm on how late runs start", observed="none")


@check("alarm-dead-letter-queue")
def test_the_first_dead_letter_is_noticed(queue: WatchedDeadLetters, criterion: Criterion) -> None:
    """Does an alarm fire on the first message in this dead-letter queue?"""
    criterion.hold(bool(queue.first), expected="an alarm above 0 messages", observed="none")


@check(
    "dag-failure-topic",
    remedy="Allow the execution role sns:Publish to a topic, and have somebody confirm a subscription to it.",
)
def test_airflow_can_tell_of_failures(environment: AirflowNotices, criterion: Criterion) -> None:
    """May the DAGs publish to a topic that somebody listens to?"""
    criterion.hold(bool(environment.topics), expected="a topic the role may publish to", observed="none")
    criterion.hold(bool(environment.subscribers), expected="a confirmed subscriber", observed="none")


@check(
    "security-alerts-reach-someone",
    remedy="Send findings by an EventBridge rule to a topic that admits EventBridge and has a confirmed subscriber.",
)
def test_severe_findings_reach_somebody(source: FindingSource, criterion: Criterion) -> None:
    """Would a finding of high or critical severity reach somebody?"""
    criterion.exclude(source.unheard, expected="somebody is told")


def _render_metrics(metrics: frozenset[str]) -> str:
    return f"alarms on {', '.join(sorted(metrics))}" if metrics else "none"
