"""Settings of CloudWatch alarms: what they read, when they fire, and what they do then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread
from ...semantics import cloudwatch
from ...semantics.unresolved import Unresolved
from ..observers import reads
from .distributions import GLOBAL

reads("cloudwatch", "DescribeAlarms")

#: Alarms on a query of logs are known to botocore as of 2026; without the type AWS leaves them out.
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

    def reads(self, namespace: str, *metrics: str, **dimensions: str) -> bool:
        """Whether it reads one of these metrics under exactly these dimensions, as CloudWatch looks a metric up."""
        return self.dimensions == dimensions and self.namespace == namespace and self.metric in metrics

    @property
    def is_stated(self) -> bool:
        """Whether AWS states which metric it is."""
        return not isinstance(self.namespace, Unread) and not isinstance(self.metric, Unread)

    def __str__(self) -> str:
        named = ", ".join(f"{name} = {value}" for name, value in self.dimensions.items())
        return f"{self.namespace} {self.metric} ({named})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """An alarm on a metric, on an expression over metrics, or on other alarms."""

    arn: str
    name: str
    region: str
    """It reads only metrics of this one."""
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
    """What suppresses the actions of a composite alarm at present (``Alarm``, ``WaitPeriod``, ``ExtensionPeriod``), and
    which alarm decides that; empty if nothing does. Its state changes all the same."""

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
        """Compute what it compares with its threshold, given a number for each metric by name. Raises Unresolved."""
        read = {one.id: numbers[one.metric] for one in self.readings}
        return cloudwatch.evaluate_nested(self.expression, self.inner, read)


def read_alarms(account: Account) -> Iterator[AlarmSettings]:
    """Yield every alarm of the account's region and of us-east-1, where CloudFront's metrics are.

    Those that AWS makes and keeps for a target tracking policy are AWS's own.
    """
    for region in sorted({account.region, GLOBAL}):
        for kind in ("MetricAlarms", "CompositeAlarms", "LogAlarms"):
            rows = account.list("cloudwatch", "DescribeAlarms", kind, region=region, **EVERY_TYPE)
            own = (row for row in rows if not row.get("AlarmName", "").startswith("TargetTracking-"))
            yield from (_alarm(row, region) for row in own)


def _alarm(row: Mapping[str, Any], region: str) -> AlarmSettings:
    queries = row.get("Metrics") or ()
    returned = [query for query in queries if query.get("ReturnData") is not False]
    inner = {query["Id"]: query["Expression"] for query in queries if query.get("Expression")}
    expression = (returned[0].get("Expression") or returned[0]["Id"]) if returned else ""
    readings = tuple(_list_readings(row, expression, inner))
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
        members=cloudwatch.alarms_in_rule(row.get("AlarmRule", "")),
        rule=row.get("AlarmRule", ""),
        suppressed_by=_suppressor(row),
    )


def _suppressor(row: Mapping[str, Any]) -> str:
    by, name = row.get("ActionsSuppressedBy", ""), row.get("ActionsSuppressor", "").rpartition(":alarm:")[2]
    return f"{name} ({by})" if by else ""


def _list_readings(row: Mapping[str, Any], expression: str, inner: Mapping[str, str]) -> Iterator[Reading]:
    if row.get("MetricName"):
        yield _reading("", row, row.get("ExtendedStatistic") or row.get("Statistic", ""), row)
    queries = {query["Id"]: query["MetricStat"] for query in row.get("Metrics") or () if "MetricStat" in query}
    with suppress(Unresolved):  # an expression that is not understood reads nothing that could be relied on
        used = cloudwatch.find_deciding_queries(expression, inner, [*queries, *inner]) if expression else frozenset()
        yield from (_reading(id_, stat["Metric"], stat["Stat"], stat) for id_, stat in queries.items() if id_ in used)


def _reading(id_: str, metric: Mapping[str, Any], statistic: str, stated: Mapping[str, Any]) -> Reading:
    return Reading(
        id=id_,
        namespace=metric["Namespace"],
        metric=metric["MetricName"],
        statistic=statistic,
        period=int(stated.get("Period") or 60),
        unit=stated.get("Unit") or "",
        dimensions={one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()},
    )
