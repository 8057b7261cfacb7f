"""Statistics of CloudWatch metrics over a window that ends when the account was observed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ....aws.account import Account
from ....aws.answers import Unreadable
from ...observers import reads

reads("cloudwatch", "GetMetricData")

#: Queries that one call of GetMetricData takes.
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Query:
    """A statistic of one metric; ``dimensions`` are (name, value) in order, ``unit`` is empty for any."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    unit: str = ""


#: Values by the start of their period.
Series = Mapping[datetime, Decimal]


def read_series(
    account: Account, queries: Iterable[Query], *, window: timedelta, period: timedelta, region: str = ""
) -> dict[Query, Series]:
    """Return the values of each query. Raises Unreadable, also if CloudWatch leaves out a part."""
    asked = sorted(set(queries), key=repr)
    found: dict[Query, Series] = {}
    for first in range(0, len(asked), _AT_ONCE):
        some = {f"q{number}": query for number, query in enumerate(asked[first : first + _AT_ONCE])}
        end = account.now.replace(second=0, microsecond=0)
        rows = account.list(
            "cloudwatch",
            "GetMetricData",
            "MetricDataResults",
            region=region,
            MetricDataQueries=[_build_query(id_, query, period) for id_, query in some.items()],
            StartTime=end - window,
            EndTime=end,
        )
        answered: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows:
            answered.setdefault(row["Id"], []).append(row)
        found |= {query: _values(query, answered.get(id_, [])) for id_, query in some.items()}
    return found


def total(values: Series) -> Decimal:
    """Return the sum of all values."""
    return sum(values.values(), Decimal(0))


def _build_query(id_: str, query: Query, period: timedelta) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in query.dimensions]
    metric = {"Namespace": query.namespace, "MetricName": query.metric, "Dimensions": dimensions}
    stat: dict[str, Any] = {"Metric": metric, "Period": int(period.total_seconds()), "Stat": query.statistic}
    return {"Id": id_, "MetricStat": stat | ({"Unit": query.unit} if query.unit else {})}


def _values(query: Query, rows: Sequence[Mapping[str, Any]]) -> Series:
    """Return the values in all parts of an answer; the last part says whether it is complete."""
    status = rows[-1]["StatusCode"] if rows else "no answer"
    if status != "Complete":
        raise Unreadable(f"cloudwatch GetMetricData on {query.namespace} {query.metric}: {status}")
    return {
        time: Decimal(str(value)) for row in rows for time, value in zip(row["Timestamps"], row["Values"], strict=True)
    }
