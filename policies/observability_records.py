"""Logs that are written and kept, traces that arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prodgate import Configuration, Criterion, Quantity, Resource, policy

from .container_definitions import list_containers
from .roles import grants, managed_by_aws

GROUP = "aws_cloudwatch_log_group"
#: Word in the name of an engine -> its logs that say what went wrong. PostgreSQL's holds all but that of upgrades, and
#: of SQL Server the agent runs the jobs (RDS.40).
MAIN_LOGS = {"postgres": ("postgresql",), "mysql": ("error",), "mariadb": ("error",), "sqlserver": ("error", "agent"),
             "oracle": ("alert",), "db2": ("diag.log",)}  # fmt: skip
#: Managed policies of AWS that let a role send traces.
TRACING_POLICIES = ("AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess", "AWSXrayFullAccess")
#: What is in the name of an image that collects traces.
COLLECTORS = ("xray", "x-ray", "otel", "opentelemetry", "collector")


@policy(
    "PG_OBS_21",
    criterion="logs-retention",
    resources=(GROUP,),
    population=0,
    remedy="Set retention_in_days to the agreed number of days.",
)
def log_groups_state_their_retention(group: Resource, criterion: Criterion) -> None:
    """Every log group states how long it keeps what it holds, and keeps it for the agreed time.

    Without retention_in_days (or with 0) CloudWatch keeps logs for ever, at a price that only grows, and no deletion
    duty is ever met.
    """
    days = group.number("retention_in_days", 0)
    criterion.hold(days > 0, expected="a retention", observed="kept for ever", premise=True)
    criterion.require(Quantity.days(days))


@policy(
    "PG_OBS_22",
    criterion="log-groups-declared",
    population=0,
    resources=("aws_rds_cluster", "aws_mwaa_environment", "aws_lambda_function"),
    remedy="Declare the aws_cloudwatch_log_group under the name that AWS writes to, with its retention.",
)
def log_groups_of_services_are_declared(writer: Resource, criterion: Criterion) -> None:
    """The log groups that AWS services would make by themselves are declared, and so have a retention.

    A group that RDS, MWAA or Lambda makes on its first line has neither retention nor key.
    """
    wanted = list(_implicit_groups(writer))
    if not wanted:
        raise criterion.not_applicable("writes to no log group that AWS would make")
    declared = writer.configuration.once(_list_groups)
    missing = [name for name in wanted if name not in declared]
    criterion.exclude(missing, expected="declared log groups", observed="{} not declared")


@policy(
    "PG_OBS_23",
    criterion="logs-every-component",
    resources=("aws_ecs_task_definition",),
    required=True,
    remedy="Give every container a logConfiguration with the driver awslogs and a declared log group.",
)
def containers_write_logs(task: Resource, criterion: Criterion) -> None:
    """Every container of a task writes to CloudWatch Logs, or to a log router.

    Without a driver, Fargate drops what a container prints: there is nothing to read after a crash.
    """
    silent = [str(container.get("name")) for container in list_containers(task) if not _logs(container)]
    criterion.exclude(silent, expected="logConfiguration", observed="{} writes nowhere")


@policy(
    "PG_OBS_24",
    criterion="logs-every-component",
    resources=("aws_rds_cluster", "aws_db_instance"),
    required=True,
    remedy='Set enabled_cloudwatch_logs_exports, to ["postgresql"] or what the engine offers.',
)
def databases_write_logs(database: Resource, criterion: Criterion) -> None:
    """Every database exports its log to CloudWatch.

    By default nothing is exported: the log stays on the instance for a few days and goes with it. What went wrong
    stands in one of several logs: a PostgreSQL that exports its log of upgrades alone says nothing.
    """
    exports = database.texts("enabled_cloudwatch_logs_exports")
    criterion.hold(bool(exports), expected="an exported log", observed="none", premise=True)
    engine = database.text("engine") or ""  # a copy of a snapshot or another database need not say it
    main = next((logs for name, logs in MAIN_LOGS.items() if name in engine), ())
    either = dict.fromkeys(logs[0] for logs in MAIN_LOGS.values())
    said = set(main) <= set(exports) if main else not set(either).isdisjoint(exports)
    expected = f"the log {' and '.join(main) or ' or '.join(either)}"
    criterion.hold(said, expected=expected, observed=", ".join(exports))


@policy(
    "PG_OBS_25",
    criterion="tracing",
    resources=("aws_ecs_task_definition",),
    required=True,
    remedy=(
        "Let the task role send traces (xray:PutTraceSegments) and run an X-Ray or OpenTelemetry collector beside "
        "the application."
    ),
)
def services_send_traces(task: Resource, criterion: Criterion) -> None:
    """Every task that runs as a service has a trace collector, and its role may send what it collects.

    Either without the other looks instrumented and shows nothing: the collector drops what AWS refuses.
    """
    services = task.configuration.naming(task, "task_definition", "aws_ecs_service")
    if not services:
        raise criterion.not_applicable("runs in no service")
    collectors = [one for one in list_containers(task) if any(word in str(one.get("image")) for word in COLLECTORS)]
    criterion.hold(bool(collectors), expected="a trace collector", observed="none among the containers")
    roles = task.related("task_role_arn", "aws_iam_role")
    permitted = any(map(_may_trace, roles))
    criterion.hold(permitted, expected="xray:PutTraceSegments", observed="not allowed to the task role")


def _list_groups(configuration: Configuration) -> set[str | None]:
    return {group.text("name") for group in configuration.of(GROUP) if group.has("name")}


def _implicit_groups(writer: Resource) -> Iterator[str]:
    if writer.type == "aws_rds_cluster" and writer.texts("enabled_cloudwatch_logs_exports"):
        for export in writer.texts("enabled_cloudwatch_logs_exports"):
            yield f"/aws/rds/cluster/{writer.text('cluster_identifier')}/{export}"
    if writer.type == "aws_lambda_function" and not any(c.has("log_group") for c in writer.blocks("logging_config")):
        yield f"/aws/lambda/{writer.text('function_name')}"
    logs = {"dag_processing": "DAGProcessing", "scheduler": "Scheduler", "task": "Task", "webserver": "WebServer",
            "worker": "Worker"}  # fmt: skip
    for name, suffix in logs.items() if writer.type == "aws_mwaa_environment" else ():
        if any(one.flag("enabled") for c in writer.blocks("logging_configuration") for one in c.blocks(f"{name}_logs")):
            yield f"airflow-{writer.text('name')}-{suffix}"


def _logs(container: dict[str, Any]) -> bool:
    configured = container.get("logConfiguration") or {}
    router = bool(container.get("firelensConfiguration"))
    return router or configured.get("logDriver") in ("awslogs", "awsfirelens", "splunk", "fluentd")


def _may_trace(role: Resource) -> bool:
    return any(one.covers("xray:PutTraceSegments") for one in grants(role)) or bool(
        managed_by_aws(role) & set(TRACING_POLICIES)
    )
