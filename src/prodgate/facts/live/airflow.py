"""Airflow environments on MWAA: size, access, logs, settings, and where their failures go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Answer, Unreadable
from ...quantities import Quantity
from ...semantics.airflow_versions import dag_concurrency, is_suppressed, parse_version, setting_mistakes, settings
from .. import Fact
from ..observers import apart, observes, reads
from .alarm_settings import read_alarms
from .permissions import read_rights
from .queues import find_dead_letter_sources, list_queues, list_unknown_redrives
from .sending import may_send

reads("mwaa", "GetEnvironment", "ListEnvironments")
reads("cloudwatch", "ListMetrics")

#: Fields of the logging configuration.
_LOGS: Final = ("DagProcessingLogs", "SchedulerLogs", "TaskLogs", "WebserverLogs", "WorkerLogs")
#: Airflow's default.
_PARALLELISM: Final = "32"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AirflowEnvironment(Fact):
    """An Airflow environment; ``subject`` is its ARN."""

    name: str
    status: str
    last_update: str
    """``SUCCESS``, ``PENDING`` or ``FAILED`` with why; empty for one that was never changed."""
    environment_class: str
    min_workers: Quantity
    max_workers: Quantity
    webserver_access: str
    """``PRIVATE_ONLY`` or ``PUBLIC_ONLY``."""
    logs_off: tuple[str, ...]
    """The logs, of five, that are off."""
    version: str
    parallelism: Quantity
    """Tasks that one scheduler runs at a time."""
    dag_concurrency: Quantity
    """Tasks of one DAG that run at a time."""
    unread_settings: tuple[str, ...]
    """Settings with names that this version of Airflow does not read, and what to write instead."""
    suppressed: tuple[str, ...]
    """Metrics that an alarm watches and that the settings do not publish."""
    dead_letter_queues: tuple[str, ...]
    """ARNs of the dead-letter queues that its execution role may send to."""


@observes(AirflowEnvironment)
def observe_airflow_environments(account: Account) -> Iterator[AirflowEnvironment]:
    """Look at every environment."""
    yield from account.each(
        apart(AirflowEnvironment, partial(_environment, account), "Arn", "Name"), list_environments(account)
    )


def list_environments(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return every environment as MWAA describes it; of one that it does not describe, its name."""

    def describe(name: str) -> Mapping[str, Any]:
        found = account.get("mwaa", "GetEnvironment", Name=name)
        return Answer({"Name": name, **found.get("Environment", {})}, "mwaa GetEnvironment")

    return account.each(describe, account.list("mwaa", "ListEnvironments", "Environments"))


def list_dags(account: Account, environment: str) -> list[str]:
    """Return the DAGs of an environment of which a run has succeeded lately, as CloudWatch has metrics of them."""
    listed = account.list(
        "cloudwatch", "ListMetrics", "Metrics", Namespace="AmazonMWAA", MetricName="DAGDurationSuccess"
    )
    stated = [{one["Name"]: one["Value"] for one in metric["Dimensions"]} for metric in listed]
    return sorted({one["DAG"] for one in stated if one.get("Environment") == environment and "DAG" in one})


def _environment(account: Account, found: Mapping[str, Any]) -> AirflowEnvironment:
    options, version = found.get("AirflowConfigurationOptions") or {}, found["AirflowVersion"]
    logging = found.get("LoggingConfiguration") or {}
    return AirflowEnvironment(
        subject=found["Arn"],
        name=found["Name"],
        status=found["Status"],
        last_update=_last_update(found.get("LastUpdate") or {}),
        environment_class=found["EnvironmentClass"],
        min_workers=Quantity.of(found["MinWorkers"]),
        max_workers=Quantity.of(found["MaxWorkers"]),
        webserver_access=found["WebserverAccessMode"],
        logs_off=tuple(name for name in _LOGS if not (logging.get(name) or {}).get("Enabled")),
        version=version,
        parallelism=Quantity.of(options.get("core.parallelism", _PARALLELISM)),
        dag_concurrency=Quantity.of(dag_concurrency(options, version)),
        unread_settings=account.attempt(_find_unread_settings, options, version),
        suppressed=account.attempt(_find_suppressed, account, found["Name"], options),
        dead_letter_queues=account.attempt(_list_dead_letter_queues, account, found["ExecutionRoleArn"]),
    )


def _last_update(update: Mapping[str, Any]) -> str:
    why = (update.get("Error") or {}).get("ErrorMessage", "")
    return f"{update.get('Status', '')}: {why}" if why else str(update.get("Status", ""))


def _find_unread_settings(options: Mapping[str, str], version: str) -> tuple[str, ...]:
    if not parse_version(version) or not settings(parse_version(version)[0]):
        raise Unreadable(f"the settings of Airflow {version} are not known here")
    return tuple(setting_mistakes(options, version))


def _find_suppressed(account: Account, name: str, options: Mapping[str, str]) -> tuple[str, ...]:
    readings = [one for alarm in account.once(read_alarms) for one in alarm.readings]
    own = [one for one in readings if one.dimensions.get("Environment") == name and one.namespace == "AmazonMWAA"]
    return tuple(sorted({one.metric for one in own if is_suppressed(one.metric, options)}))


def _list_dead_letter_queues(account: Account, role: str) -> tuple[str, ...]:
    """Return those that the role may send to. Raises Unreadable if that is certain of none and open for one."""
    allowed, found, doubt = read_rights(account, role), list[str](), None
    sources = find_dead_letter_sources(account)
    for queue in (one for one in list_queues(account) if one.get("QueueArn") in sources):
        try:
            found += [queue["QueueArn"]] if may_send(account, role, allowed, "sqs:SendMessage", queue) else []
        except Unreadable as error:
            doubt = error
    for _, reason in list_unknown_redrives(account):
        doubt = Unreadable(reason)
    if doubt and not found:
        raise doubt
    return tuple(found)
