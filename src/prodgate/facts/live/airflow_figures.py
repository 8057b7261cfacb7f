"""A month of Airflow in CloudWatch: how long DAGs took, how late they began, how much failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...quantities import Quantity
from ...semantics.airflow_versions import metrics
from .. import Fact
from ..observers import all_apart, apart, observes
from .airflow import list_dags, list_environments
from .watching.metric_data import Query, Series, read_series, total

_NAMESPACE: Final = "AmazonMWAA"
_MONTH: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)
#: Have a value for every successful and every failed run of a DAG.
_RAN: Final = "DAGDurationSuccess"
_FAILED: Final = "DAGDurationFailed"
#: Count tries of tasks, failed and successful.
_TRIES: Final = ("TaskInstanceFailures", "TaskInstanceSuccesses")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DagFigures(Fact):
    """A month of one DAG; ``subject`` is the environment's ARN with the DAG."""

    days: Quantity
    """Days with a run."""
    longest: Quantity
    """The longest run."""
    delay: Quantity | None
    """The greatest delay of a run; None if Airflow published none, as its settings may forbid."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TaskFigures(Fact):
    """A month of all tasks of an environment; ``subject`` is its ARN."""

    days: Quantity
    """Days on which something ended."""
    ended: int
    failed: Quantity
    """Share of those that ended; each try counts."""
    counted: str
    """What was counted: ``tries of tasks``, or ``DAG runs`` where the version of Airflow counts no tries."""


@observes(DagFigures)
def observe_dag_figures(account: Account) -> Iterator[DagFigures]:
    """Look at every DAG that has metrics, in every environment."""

    def look(environment: Mapping[str, Any]) -> Iterator[DagFigures]:
        for dag in list_dags(account, environment["Name"]):
            yield _dag_figures(account, environment, dag)

    for found in map(all_apart(DagFigures, look, "Arn", "Name"), list_environments(account)):
        yield from found


@observes(TaskFigures)
def observe_task_figures(account: Account) -> Iterator[TaskFigures]:
    """Look at the tasks of every environment."""
    yield from map(apart(TaskFigures, partial(_tasks, account), "Arn", "Name"), list_environments(account))


def _tasks(account: Account, environment: Mapping[str, Any]) -> TaskFigures:
    if all(metrics()[name].is_published(environment["AirflowVersion"]) for name in _TRIES):
        own = (("DAG", "All"), ("Environment", environment["Name"]), ("Task", "All"))
        bad, good = ([Query(_NAMESPACE, name, own, "Sum")] for name in _TRIES)
        return _task_figures(account, environment["Arn"], bad, good, "tries of tasks")
    runs = [_of_dag(environment, dag) for dag in list_dags(account, environment["Name"])]
    bad, good = ([Query(_NAMESPACE, name, own, "SampleCount") for own in runs] for name in (_FAILED, _RAN))
    return _task_figures(account, environment["Arn"], bad, good, "DAG runs")


def _task_figures(account: Account, arn: str, bad: list[Query], good: list[Query], counted: str) -> TaskFigures:
    found = read_series(account, [*bad, *good], window=_MONTH, period=_DAY)
    failed = sum((total(found[each]) for each in bad), Decimal(0))
    ended = failed + sum((total(found[each]) for each in good), Decimal(0))
    return TaskFigures(
        subject=arn,
        days=_days(*found.values()),
        ended=int(ended),
        failed=Quantity.of(100 * failed / ended if ended else Decimal(0), "%"),
        counted=counted,
    )


def _dag_figures(account: Account, environment: Mapping[str, Any], dag: str) -> DagFigures:
    own = _of_dag(environment, dag)
    ran, failed, delay = (Query(_NAMESPACE, metric, own, "Maximum") for metric in (_RAN, _FAILED, "DAGScheduleDelay"))
    found = read_series(account, [ran, failed, delay], window=_MONTH, period=_DAY)
    return DagFigures(
        subject=f"{environment['Arn']}: {dag}",
        days=_days(found[ran], found[failed]),
        longest=_greatest([*found[ran].values(), *found[failed].values()]) or Quantity.of(0, "ms"),
        delay=_greatest([*found[delay].values()]),
    )


def _of_dag(environment: Mapping[str, Any], dag: str) -> tuple[tuple[str, str], ...]:
    return (("DAG", dag), ("Environment", environment["Name"]))


def _greatest(values: list[Decimal]) -> Quantity | None:
    return Quantity.of(max(values), "ms") if values else None


def _days(*known: Series) -> Quantity:
    return Quantity.days(min(len({time.date() for values in known for time in values}), _MONTH.days))
