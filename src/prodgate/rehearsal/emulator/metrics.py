"""CloudWatch metrics: kept with the times they are of, and summed up as GetMetricData does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ...semantics.cloudwatch import parse_percentile
from ...semantics.metric_math import evaluate, query_ids
from ...semantics.unresolved import Unresolved
from . import sqs
from .extension import FOLLOWS, UNREPORTED, Ledger, Refused, corrects

Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Point:
    """Values of one metric at one time, each with how often it was met."""

    time: float
    unit: str
    values: tuple[tuple[float, float], ...]


@corrects("cloudwatch", "PutMetricData", upstream=UNREPORTED)
def put_metric_data(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Keep values."""
    for datum in params.get("MetricData", ()):
        key = _key({"Namespace": params["Namespace"], **datum})
        time = datum.get("Timestamp") or datetime.now(UTC)
        point = Point(_epoch(time), datum.get("Unit") or "None", tuple(_values(datum)))
        _series(ledger).setdefault(key, []).append(point)
    return {}


@corrects("cloudwatch", "ListMetrics", upstream=FOLLOWS)
def list_metrics(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics that have values."""
    since = datetime.now(UTC).timestamp() - (3 * 3600 if params.get("RecentlyActive") else 14 * 86400)
    found = [
        {"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions]}
        for (namespace, name, dimensions), points in _series(ledger).items()
        if params.get("Namespace") in (None, "", namespace)
        and params.get("MetricName") in (None, "", name)
        and all(_has_dimension(dict(dimensions), wanted) for wanted in params.get("Dimensions") or ())
        and any(point.time >= since for point in points)
    ]
    return {"Metrics": found}


@corrects("cloudwatch", "GetMetricData", upstream="since getmoto/moto#2848")
def get_metric_data(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return statistics of metrics over periods, and expressions over them."""
    start, end = _epoch(params["StartTime"]), _epoch(params["EndTime"])
    if start >= end:
        raise Refused("ValidationError", "the parameter StartTime must be less than EndTime")
    queries = params["MetricDataQueries"]
    if any(query.get("MetricStat", {}).get("Metric", {}).get("Namespace") == sqs.NAMESPACE for query in queries):
        put_metric_data(
            ledger, {"Namespace": sqs.NAMESPACE, "MetricData": sqs.measure_queues(ledger.account, ledger.region)}
        )
    series = {
        query["Id"]: _statistics(ledger, query["MetricStat"], start, end) for query in queries if "MetricStat" in query
    }
    for query in queries:
        if "Expression" in query:
            series[query["Id"]] = _evaluate(query["Expression"], series)
    ascending = params.get("ScanBy") == "TimestampAscending"
    results = [
        _result(query, series[query["Id"]], ascending) for query in queries if query.get("ReturnData") is not False
    ]
    return {"MetricDataResults": results, "Messages": []}


@corrects("cloudwatch", "GetMetricStatistics", upstream=FOLLOWS)
def get_metric_statistics(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return statistics of one metric."""
    wanted = [*params.get("Statistics", ()), *params.get("ExtendedStatistics", ())]
    asked = {"Metric": params, "Period": params["Period"], "Unit": params.get("Unit")}
    found: dict[float, dict[str, Any]] = {}
    for name in wanted:
        period = _statistics(ledger, asked | {"Stat": name}, _epoch(params["StartTime"]), _epoch(params["EndTime"]))
        for time, value in period.items():
            point = found.setdefault(time, {"Timestamp": datetime.fromtimestamp(time, UTC)})
            if name in params.get("Statistics", ()):
                point[name] = value
            else:
                point.setdefault("ExtendedStatistics", {})[name] = value
    return {"Label": params["MetricName"], "Datapoints": list(found.values())}


def _series(ledger: Ledger) -> dict[Key, list[Point]]:
    known: dict[Key, list[Point]] = ledger.of("series").setdefault("points", {})
    return known


def _key(metric: Mapping[str, Any]) -> Key:
    dimensions = tuple(sorted((one["Name"], one["Value"]) for one in metric.get("Dimensions") or ()))
    return metric["Namespace"], metric["MetricName"], dimensions


def _values(datum: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    if summed := datum.get("StatisticValues"):
        count, total = float(summed["SampleCount"]), float(summed["Sum"])
        yield from ((float(summed["Minimum"]), 1.0), (float(summed["Maximum"]), 1.0)) if count > 1 else ()
        rest = count - 2 if count > 1 else count
        if rest > 0:
            yield (total - float(summed["Minimum"]) - float(summed["Maximum"])) / rest if count > 1 else total, rest
    elif "Values" in datum:
        counts = datum.get("Counts") or [1.0] * len(datum["Values"])
        yield from zip(map(float, datum["Values"]), map(float, counts), strict=True)
    else:
        yield float(datum["Value"]), 1.0


def _has_dimension(dimensions: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return wanted["Name"] in dimensions and wanted.get("Value") in (None, dimensions[wanted["Name"]])


def _statistics(ledger: Ledger, asked: Mapping[str, Any], start: float, end: float) -> dict[float, float]:
    """Return a statistic by the start of each period that has values; periods count from ``start``."""
    period, unit = int(asked["Period"]), asked.get("Unit")
    parts: dict[float, list[tuple[float, float]]] = {}
    for point in _series(ledger).get(_key(asked["Metric"]), ()):
        if start <= point.time < end and unit in (None, "", point.unit):
            begin = start + (point.time - start) // period * period
            parts.setdefault(begin, []).extend(point.values)
    return {begin: _statistic(asked["Stat"], values) for begin, values in parts.items()}


def _statistic(name: str, values: Iterable[tuple[float, float]]) -> float:
    ordered = sorted(values)
    count, total = sum(times for _, times in ordered), sum(value * times for value, times in ordered)
    simple = {
        "SampleCount": count,
        "Sum": total,
        "Average": total / count,
        "Minimum": ordered[0][0],
        "Maximum": ordered[-1][0],
    }
    if name in simple:
        return simple[name]
    share = parse_percentile(name)
    if share is None:
        raise Refused("ValidationError", f"the statistic {name!r} is not computed here")
    rank, passed = max(1, math.ceil(float(share) / 100 * count)), 0.0
    for value, times in ordered:
        passed += times
        if passed >= rank:
            return value
    return ordered[-1][0]


def _evaluate(text: str, series: Mapping[str, Mapping[float, float]]) -> dict[float, float]:
    named = [series[name] for name in query_ids(text) if name in series]
    if not named:
        raise Refused("ValidationError", f"the expression {text!r} names no metric of the request")
    found: dict[float, float] = {}
    for time in sorted(set().union(*named)):
        values = {id_: Decimal(str(known.get(time, 0))) for id_, known in series.items()}
        try:
            found[time] = float(evaluate(text, values))
        except Unresolved as error:
            raise Refused("ValidationError", str(error)) from None
    return found


def _result(query: Mapping[str, Any], series: Mapping[float, float], ascending: bool) -> dict[str, Any]:
    times = sorted(series, reverse=not ascending)
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or query["Id"],
        "Timestamps": [datetime.fromtimestamp(time, UTC) for time in times],
        "Values": [series[time] for time in times],
        "StatusCode": "Complete",
    }


def _epoch(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
