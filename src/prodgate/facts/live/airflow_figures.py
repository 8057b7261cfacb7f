"""A month of Airflow in CloudWatch: how long DAGs took, how late they began, how many tasks failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from ...aws.account import Account
from ...quantities import Quantity
from .. import Fact
from ..observers import observes, reads
from .airflow import list_environments
from .watching.metric_data import Query, Series, read_series, total

reads("cloudwatch", "ListMetrics")

_NAMESPACE: Final = "AmazonMWAA"
_MONTH: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)
#: Has a value for every successful run of a DAG.
_RAN: Final = "DAGDurationSuccess"


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
    """Days on which a task ended."""
    ended: int
    failed: Quantity
    """Share of those that ended; each try counts."""


@observes(DagFigures)
def observe_dag_figures(account: Account) -> Iterator[DagFigures]:
    """Look at every DAG that has metrics, in every environment."""
    for environment in list_environments(account):
        for dag in _list_dags(account, environment["Name"]):
            yield _dag_figures(account, environment, dag)


@observes(TaskFigures)
def observe_task_figures(account: Account) -> Iterator[TaskFigures]:
    """Look at the tasks of every environment."""
    for environment in list_environments(account):
        own = (("DAG", "All"), ("Environment", environment["Name"]), ("Task", "All"))
        bad, good = (Query(_NAMESPACE, f"TaskInstance{how}", own, "Sum") for how in ("Failures", "Successes"))
        found = read_series(account, [bad, good], window=_MONTH, period=_DAY)
        failed, ended = total(found[bad]), total(found[bad]) + total(found[good])
        yield TaskFigures(
            subject=environment["Arn"],
            days=_days(found[bad], found[good]),
            ended=int(ended),
            failed=Quantity.of(100 * failed / ended if ended else Decimal(0), "%"),
        )


def _list_dags(account: Account, environment: str) -> list[str]:
    listed = account.list("cloudwatch", "ListMetrics", "Metrics", Namespace=_NAMESPACE, MetricName=_RAN)
    stated = [{one["Name"]: one["Value"] for one in metric["Dimensions"]} for metric in listed]
    return sorted({one["DAG"] for one in stated if one.get("Environment") == environment and "DAG" in one})


def _dag_figures(account: Account, environment: Mapping[str, Any], dag: str) -> DagFigures:
    own = (("DAG", dag), ("Environment", environment["Name"]))
    ran, failed, delay = (
        Query(_NAMESPACE, metric, own, "Maximum") for metric in (_RAN, "DAGDurationFailed", "DAGScheduleDelay")
    )
    found = read_series(account, [ran, failed, delay], window=_MONTH, period=_DAY)
    return DagFigures(
        subject=f"{environment['Arn']}: {dag}",
        days=_days(found[ran], found[failed]),
        longest=_greatest([*found[ran].values(), *found[failed].values()]) or Quantity.of(0, "ms"),
        delay=_greatest([*found[delay].values()]),
    )


def _greatest(values: list[Decimal]) -> Quantity | None:
    return Quantity.of(max(values), "ms") if values else None


def _days(*known: Series) -> Quantity:
    return Quantity.days(min(len({time.date() for values in known for time in values}), _MONTH.days))
