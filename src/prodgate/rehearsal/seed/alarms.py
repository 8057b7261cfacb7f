"""What alarms watched and did, and who confirmed that they want to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from ..scenario import STAMP, Past, seeds

_EDGE: Final = "us-east-1"
_HOUR: Final = timedelta(hours=1)


@seeds("subscribers")
def confirm_subscriptions(section: Mapping[str, Any], past: Past) -> None:
    """Let people confirm their subscriptions, by the ends of their addresses."""
    for region in {past.region, _EDGE}:
        for one in past.ask("sns", "ListSubscriptions", region)["Subscriptions"]:
            if one["Endpoint"].endswith(tuple(section["confirmed"])):
                past.ask("sns", "ConfirmSubscription", region, TopicArn=one["TopicArn"], Token=one["Endpoint"])


@seeds("calm")
def report_calm_metrics(section: Mapping[str, Any], past: Past) -> None:
    """Let the metrics that alarms read report, every ten minutes of the last hour and once in each hour before."""
    for region in {past.region, _EDGE}:
        for span, metric in {repr(found): found for found in _list_watched_metrics(past, region)}.values():
            calm = section.get(f"{metric['Namespace']} {metric['MetricName']}")
            if calm and ("Cluster", "AdditionalWorker") not in metric["Dimensions"]:
                _report(past, region, metric, calm, hours=max(1, -(-span // 3600)))


@seeds("quiet")
def report_quiet_metrics(section: Mapping[str, Any], past: Past) -> None:
    """Let the metric of each alarm on a single one report what does not fire, as calm metrics do."""
    for region in {past.region, _EDGE}:
        for alarm in _alarms(past, region):
            if alarm.get("MetricName"):
                span = alarm["Period"] * alarm["EvaluationPeriods"]
                quiet = {"value": _find_quiet_value(alarm), "unit": alarm.get("Unit", section["unit"])}
                _report(past, region, _metric_key(alarm), quiet, hours=max(1, -(-span // 3600)))


def _find_quiet_value(alarm: Mapping[str, Any]) -> float:
    """Return a value on which an alarm does not fire: none at all where that may be, else one well beyond."""
    threshold, comparison = float(alarm.get("Threshold", 0)), alarm["ComparisonOperator"]
    if not comparison.startswith("GreaterThan"):
        return 2 * abs(threshold) + 1
    rests = threshold > 0 or (threshold == 0 and comparison == "GreaterThanThreshold")
    return 0.0 if rests else 2 * threshold - 1


@seeds("alarms")
def settle_alarms(section: Mapping[str, Any], past: Past) -> None:
    """Let every alarm go off and come to rest."""
    for region in {past.region, _EDGE}:
        for alarm in _alarms(past, region):
            for state in ("ALARM", section["state"]):
                reason = f"{STAMP}: happened before anybody looked"
                changed = {"AlarmName": alarm["AlarmName"], "StateValue": state, "StateReason": reason}
                past.ask("cloudwatch", "SetAlarmState", region, **changed)


def _alarms(past: Past, region: str) -> list[dict[str, Any]]:
    found = past.ask("cloudwatch", "DescribeAlarms", region, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return [*found["MetricAlarms"], *found["CompositeAlarms"]]


def _list_watched_metrics(past: Past, region: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield how many seconds an alarm looks back, and a metric that it reads."""
    for alarm in _alarms(past, region):
        for query in alarm.get("Metrics") or ():
            if "MetricStat" in query:
                stat = query["MetricStat"]
                yield stat["Period"] * alarm["EvaluationPeriods"], _metric_key(stat["Metric"])
        if alarm.get("MetricName"):
            yield alarm["Period"] * alarm["EvaluationPeriods"], _metric_key(alarm)


def _metric_key(metric: Mapping[str, Any]) -> dict[str, Any]:
    dimensions = sorted((one["Name"], one["Value"]) for one in metric.get("Dimensions") or ())
    return {"Namespace": metric["Namespace"], "MetricName": metric["MetricName"], "Dimensions": dimensions}


def _report(past: Past, region: str, metric: Mapping[str, Any], calm: Mapping[str, Any], hours: int) -> None:
    times = [past.now - timedelta(minutes=minutes) for minutes in range(2, 60, 10)]
    times += [past.now - _HOUR * hour - timedelta(minutes=1) for hour in range(1, hours)]
    name, dimensions = f"{metric['Namespace']} {metric['MetricName']}", dict(metric["Dimensions"])
    past.report(name, dimensions, *times, region=region, Value=float(calm["value"]), Unit=calm["unit"])
