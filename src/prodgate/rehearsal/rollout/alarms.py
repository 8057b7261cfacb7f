"""CloudWatch's alarms on a load balancer, evaluated by their declared thresholds over the declared time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from math import ceil
from typing import Any, Final

from ...semantics.alarm_rules import holds
from ...semantics.cloudwatch import alarms_in_rule, parse_percentile
from ...semantics.metric_math import evaluate, query_ids
from ...semantics.unresolved import Unresolved
from .traffic import NAMESPACE, Metric, Values

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
_MINUTE: Final = 60
_COMPARE: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    "GreaterThanOrEqualToThreshold": lambda value, bound: value >= bound,
    "GreaterThanThreshold": lambda value, bound: value > bound,
    "LessThanOrEqualToThreshold": lambda value, bound: value <= bound,
    "LessThanThreshold": lambda value, bound: value < bound,
}
#: How many requests a percentile of them needs, in units of those that lie beyond it.
_BEYOND: Final = 10

#: Returns what was counted in a minute.
Minutes = Callable[[int], Mapping[Metric, Values]]


class TooFew(Exception):
    """There are too few values for a percentile, and the alarm is to stay as it is then."""


def evaluate_alarms(alarms: Mapping[str, Mapping[str, Any]], minutes: Minutes, now: int) -> dict[str, str]:
    """Return the state of every alarm once minute ``now`` has begun; the minutes before it are complete.

    ``alarms`` are as CloudWatch describes them, by name. One that is on another service, or not understood, keeps its
    state.
    """
    found = {name: alarm["StateValue"] for name, alarm in alarms.items()}
    for name, alarm in alarms.items():
        if "AlarmRule" not in alarm and _is_about_balancer(alarm):
            try:
                found[name] = _evaluate(alarm, minutes, now)
            except (TooFew, Unresolved):
                continue
    for _ in alarms:  # those that name others, to any depth
        for name, alarm in alarms.items():
            if "AlarmRule" in alarm and alarms_in_rule(alarm["AlarmRule"]) <= found.keys():
                found[name] = ALARM if holds(alarm["AlarmRule"], found.__getitem__) else OK
    return found


def _is_about_balancer(alarm: Mapping[str, Any]) -> bool:
    metrics = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one] or [alarm]
    return all(one.get("Namespace") == NAMESPACE for one in metrics)


def _evaluate(alarm: Mapping[str, Any], minutes: Minutes, now: int) -> str:
    periods = alarm["EvaluationPeriods"]
    values = [_value(alarm, minutes, now, number) for number in range(periods)]
    needed = alarm.get("DatapointsToAlarm") or periods
    missing, bound = alarm.get("TreatMissingData", "missing"), Decimal(str(alarm["Threshold"]))
    if missing in ("missing", "ignore") and all(value is None for value in values):
        return NO_DATA if missing == "missing" else str(alarm["StateValue"])
    compare = _COMPARE.get(alarm["ComparisonOperator"])
    if compare is None:
        raise Unresolved(alarm["AlarmName"], f"compares by {alarm['ComparisonOperator']}, which is unknown here")
    breaching = sum(missing == "breaching" if value is None else compare(value, bound) for value in values)
    return ALARM if breaching >= needed else OK


def _value(alarm: Mapping[str, Any], minutes: Minutes, now: int, back: int) -> Decimal | None:
    """Return the value of the period that ended ``back`` periods ago, None where there is none."""
    if "Metrics" not in alarm:
        stat = {
            "Metric": alarm,
            "Period": alarm["Period"],
            "Stat": alarm.get("ExtendedStatistic") or alarm["Statistic"],
        }
        ignores = alarm.get("EvaluateLowSampleCountPercentile") == "ignore"
        return _statistic(stat, minutes, now, back, ignores_few=ignores)
    queries = {one["Id"]: one for one in alarm["Metrics"]}
    stats = {id: one["MetricStat"] for id, one in queries.items() if "MetricStat" in one}
    values = {id: _statistic(stat, minutes, now, back, ignores_few=False) for id, stat in stats.items()}
    outer = next(one for one in alarm["Metrics"] if one.get("ReturnData", True))
    if "Expression" not in outer:
        return values[outer["Id"]]
    return _compute(outer["Expression"], values)


def _compute(expression: str, values: Mapping[str, Decimal | None]) -> Decimal | None:
    filled = set(re.findall(r"FILL\(\s*(\w+)", expression))
    named = query_ids(expression)
    used = {id: value for id, value in values.items() if id in named or "METRICS" in named}
    if any(value is None and id not in filled for id, value in used.items()):
        return None
    return evaluate(expression, {id: value or Decimal(0) for id, value in used.items()})


def _statistic(stat: Mapping[str, Any], minutes: Minutes, now: int, back: int, *, ignores_few: bool) -> Decimal | None:
    width = max(1, ceil(stat["Period"] / _MINUTE))
    last = now - back * width
    metric = stat["Metric"]
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())}
    values: Values = Counter()
    for minute in range(last - width, last):
        for (name, group), found in minutes(minute).items():
            if (
                name == metric["MetricName"]
                and group.endswith(dimensions.get("TargetGroup", ""))
                and (bool(group) == ("TargetGroup" in dimensions))
            ):
                values += found
    return _reduce(stat["Stat"], values, ignores_few=ignores_few) if values else None


def _reduce(name: str, values: Values, *, ignores_few: bool) -> Decimal:
    ordered, count = sorted(values.elements()), values.total()
    share = parse_percentile(name)
    if share is not None:
        if ignores_few and count < _BEYOND / (1 - float(share) / 100):
            raise TooFew
        return Decimal(str(ordered[max(1, ceil(float(share) / 100 * count)) - 1]))
    total = sum(ordered)
    simple = {
        "Sum": total,
        "Average": total / count,
        "Minimum": ordered[0],
        "Maximum": ordered[-1],
        "SampleCount": count,
    }
    if name not in simple:
        raise Unresolved(name, "is a statistic that is not computed here")
    return Decimal(str(simple[name]))


def read_alarms(client: Any, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return alarms of these names and all that they are made of, by name."""
    found, waiting = dict[str, Mapping[str, Any]](), {*names}
    while asked := sorted(waiting - found.keys()):
        answer = client.describe_alarms(AlarmNames=asked, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        rows = {one["AlarmName"]: one for one in (*answer["MetricAlarms"], *answer["CompositeAlarms"])}
        found |= rows
        waiting = {each for one in rows.values() for each in alarms_in_rule(one.get("AlarmRule", ""))}
    return found
