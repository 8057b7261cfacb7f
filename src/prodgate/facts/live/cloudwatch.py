"""CloudWatch as observers read it: the settings of alarms, and statistics of metrics."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any, Final

from ...aws.account import Account, batched
from ...aws.answers import Unread, Unreadable
from ...quantities import Quantity, figure
from ...semantics import cloudwatch
from ...semantics.cloudwatch import alarms_in_rule
from ...semantics.unresolved import Unresolved
from .distributions import GLOBAL

# ── Settings of CloudWatch alarms: the metrics they read, when they fire, and their actions

#: Decimals of a percentage that people read.
_FINE: Final = 4
#: botocore knows alarms on a log query since 2026; without the type AWS omits them.
EVERY_TYPE: Final[Mapping[str, Any]] = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One metric that decides the state of an alarm, by itself or inside an expression."""

    id: str
    """Id of the query; empty for an alarm on a single metric."""
    namespace: str
    metric: str
    statistic: str
    """``Average``, ``Sum``, … or a percentile such as ``p95``."""
    period: int
    """In seconds."""
    unit: str
    """The only unit it reads; a metric that is published in another has no data. Empty for any."""
    dimensions: Mapping[str, str]
    account: str = ""
    """The other account whose metric it is; empty for one of the alarm's own."""

    def reads(self, namespace: str, *metrics: str, **dimensions: str) -> bool:
        """Whether it reads one of these metrics of its own account under exactly these dimensions."""
        return (
            not self.account
            and self.dimensions == dimensions
            and self.namespace == namespace
            and self.metric in metrics
        )

    @property
    def is_stated(self) -> bool:
        """Whether AWS states which metric it is."""
        return not isinstance(self.namespace, Unread) and not isinstance(self.metric, Unread)

    def __str__(self) -> str:
        named = ", ".join(f"{name} = {value}" for name, value in self.dimensions.items())
        return f"{self.namespace} {self.metric} ({named}){f' of account {self.account}' if self.account else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """An alarm on a metric, on an expression over metrics, or on other alarms."""

    arn: str
    name: str
    region: str
    """The only region whose metrics it reads."""
    readings: tuple[Reading, ...]
    """Empty for an alarm on other alarms, or on a query of metrics or logs."""
    expression: str
    inner: Mapping[str, str]
    """Expressions by their ids."""
    threshold: Decimal | None
    comparison: str
    missing: str
    """How missing data is treated; empty if not stated."""
    span: int
    """Seconds of data that decide the state."""
    state: str
    actions_on: bool
    actions: tuple[str, ...]
    """ARNs of its actions when it fires."""
    members: frozenset[str]
    """Names of the alarms that a composite alarm consists of."""
    rule: str
    """The rule of a composite alarm; empty for any other."""
    suppressed_by: str
    """The suppression of a composite alarm's actions at present, and the alarm that decides it; empty if there is none.

    It is ``Alarm``, ``WaitPeriod`` or ``ExtensionPeriod``. The alarm's state changes all the same.
    """

    @property
    def fires_above(self) -> bool:
        """Whether it fires when its value is high."""
        return cloudwatch.fires_above(self.comparison)

    @property
    def fires_below(self) -> bool:
        """Whether it fires when its value is low."""
        return cloudwatch.fires_below(self.comparison)

    @property
    def fires_on_one(self) -> bool:
        """Whether a value of 1 is enough for an alarm on high values."""
        inclusive = "OrEqual" in self.comparison
        return self.threshold is not None and (self.threshold <= 1 if inclusive else self.threshold < 1)

    @property
    def metrics(self) -> frozenset[str]:
        """Names of the metrics it reads."""
        return frozenset(one.metric for one in self.readings)

    def value(self, numbers: Mapping[str, Decimal]) -> Decimal:
        """Compute the value to compare with its threshold, given a number for each metric. Raises Unresolved."""
        read = {one.id: numbers[one.metric] for one in self.readings}
        return cloudwatch.evaluate_nested(self.expression, self.inner, read)


def read_alarms(account: Account) -> Iterator[AlarmSettings]:
    """Yield every alarm of the account's region and of us-east-1, where CloudFront's metrics are.

    Alarms that AWS makes and keeps for a target tracking policy are left out.
    """
    for region in sorted({account.region, GLOBAL}):
        for kind in ("MetricAlarms", "CompositeAlarms", "LogAlarms"):
            rows = account.list("cloudwatch", "DescribeAlarms", kind, region=region, **EVERY_TYPE)
            own = (row for row in rows if not row.get("AlarmName", "").startswith("TargetTracking-"))
            yield from (_alarm(row, region, account.id) for row in own)


def _alarm(row: Mapping[str, Any], region: str, own: str) -> AlarmSettings:
    queries = row.get("Metrics") or ()
    returned = [query for query in queries if query.get("ReturnData") is not False]
    inner = {query["Id"]: query["Expression"] for query in queries if query.get("Expression")}
    expression = (returned[0].get("Expression") or returned[0]["Id"]) if returned else ""
    readings = tuple(_list_readings(row, expression, inner, own))
    period = max((one.period for one in readings), default=int(row.get("Period") or 0))
    return AlarmSettings(
        arn=row["AlarmArn"],
        name=row["AlarmName"],
        region=region,
        readings=readings,
        expression=expression,
        inner=inner,
        threshold=None if row.get("Threshold") is None else Decimal(str(row["Threshold"])),
        comparison=row.get("ComparisonOperator", ""),
        missing=row.get("TreatMissingData", ""),
        span=period * int(row.get("EvaluationPeriods") or 1),
        state=row["StateValue"],
        actions_on=row["ActionsEnabled"],
        actions=tuple(row.get("AlarmActions") or ()),
        members=alarms_in_rule(row.get("AlarmRule", "")),
        rule=row.get("AlarmRule", ""),
        suppressed_by=_suppressor(row),
    )


def find_unpublished(read: Iterable[tuple[str, str, Iterable[str]]]) -> tuple[str, ...] | None:
    """Return why AWS never publishes metrics, given as namespace, name and names of dimensions. Raises Unreadable.

    None if those of none of their services are listed here.
    """
    try:
        said = [cloudwatch.publishing_mistake(*one) for one in read]
    except Unresolved as error:
        raise Unreadable(str(error)) from None
    return None if all(one is None for one in said) else tuple(filter(None, said))


def _suppressor(row: Mapping[str, Any]) -> str:
    by, name = row.get("ActionsSuppressedBy", ""), row.get("ActionsSuppressor", "").rpartition(":alarm:")[2]
    return f"{name} ({by})" if by else ""


def _list_readings(row: Mapping[str, Any], expression: str, inner: Mapping[str, str], own: str) -> Iterator[Reading]:
    if row.get("MetricName"):
        yield _reading("", row, row.get("ExtendedStatistic") or row.get("Statistic", ""), row)
    measured = [query for query in row.get("Metrics") or () if "MetricStat" in query]
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
    owners = {query["Id"]: query.get("AccountId", own) for query in measured}
    queries = {query["Id"]: query["MetricStat"] for query in measured}
    with suppress(Unresolved):  # an expression that can't be parsed reads nothing reliably
        used = cloudwatch.find_deciding_queries(expression, inner, [*queries, *inner]) if expression else frozenset()
        for id_, stat in queries.items():
            if id_ in used:
                other = "" if owners[id_] == own else owners[id_]
                yield _reading(id_, stat["Metric"], stat["Stat"], stat, other)


def _reading(
    id_: str, metric: Mapping[str, Any], statistic: str, stated: Mapping[str, Any], account: str = ""
) -> Reading:
    return Reading(
        id=id_,
        namespace=metric["Namespace"],
        metric=metric["MetricName"],
        statistic=statistic,
        period=int(stated.get("Period") or 60),
        unit=stated.get("Unit") or "",
        dimensions={one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()},
        account=account,
    )


# ── Statistics of CloudWatch metrics over a window that ends when the account was observed

#: Queries in one call of GetMetricData.
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Query:
    """A statistic of one metric; ``dimensions`` are (name, value) in order, ``unit`` is empty for any.

    ``account`` is the other account whose metric it is, or empty.
    """

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    unit: str = ""
    account: str = ""


#: Values by the start of their period.
Series = Mapping[datetime, Decimal]


def read_series(
    account: Account, queries: Iterable[Query], *, window: timedelta, period: timedelta, region: str = ""
) -> dict[Query, Series]:
    """Return the values of each query. Raises Unreadable, also if CloudWatch leaves out a part."""
    asked = sorted(set(queries), key=repr)
    found: dict[Query, Series] = {}
    end = account.now.replace(second=0, microsecond=0)
    for batch in batched(asked, _AT_ONCE):
        some = {f"q{number}": query for number, query in enumerate(batch)}
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


def failed_percent(share: Decimal) -> Quantity:
    """Return a percentage of failures with four decimals, rounded up: one of a million is not none.

    >>> str(failed_percent(Decimal(1) / 70_000))
    '0.0001 %'
    """
    return Quantity.of(figure(share, 0, 100, decimals=_FINE, rounding=ROUND_UP), "%")


def answered_percent(failed: Decimal) -> Quantity:
    """Return what is left beside a percentage of failures, with four decimals, rounded down.

    >>> str(answered_percent(Decimal(12) / 241))
    '99.9502 %'
    """
    return Quantity.of(figure(100 - failed, 0, 100, decimals=_FINE, rounding=ROUND_DOWN), "%")


def _build_query(id_: str, query: Query, period: timedelta) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in query.dimensions]
    metric = {"Namespace": query.namespace, "MetricName": query.metric, "Dimensions": dimensions}
    stat: dict[str, Any] = {"Metric": metric, "Period": int(period.total_seconds()), "Stat": query.statistic}
    whose = {"AccountId": query.account} if query.account else {}
    return {"Id": id_, "MetricStat": stat | ({"Unit": query.unit} if query.unit else {}), **whose}


def _values(query: Query, rows: Sequence[Mapping[str, Any]]) -> Series:
    """Return the values in all parts of a response; the last part says whether it is complete."""
    status = rows[-1]["StatusCode"] if rows else "no answer"
    if status != "Complete":
        raise Unreadable(f"cloudwatch GetMetricData on {query.namespace} {query.metric}: {status}")
    return {
        time: Decimal(str(value)) for row in rows for time, value in zip(row["Timestamps"], row["Values"], strict=True)
    }
