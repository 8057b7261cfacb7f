"""Alarms are evaluated as CloudWatch does, over declared minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.rehearsal.rollout.alarms import evaluate_alarms
from prodgate.rehearsal.rollout.traffic import Metric, Values

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/api-g/1"
SLOW: Mapping[str, Any] = {
    "AlarmName": "slow",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "TargetResponseTime",
    "Dimensions": [{"Name": "LoadBalancer", "Value": "app/site/1"}],
    "ExtendedStatistic": "p95",
    "Period": 60,
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 3,
    "Threshold": 0.2,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
    "EvaluateLowSampleCountPercentile": "ignore",
    "StateValue": "OK",
}
UNHEALTHY = {
    **SLOW,
    "AlarmName": "unhealthy",
    "MetricName": "UnHealthyHostCount",
    "Dimensions": [*SLOW["Dimensions"], {"Name": "TargetGroup", "Value": "targetgroup/api-g/1"}],
    "Statistic": "Maximum",
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}
del UNHEALTHY["ExtendedStatistic"]


def query(id: str, metric: str) -> dict[str, Any]:
    of = {"Namespace": "AWS/ApplicationELB", "MetricName": metric, "Dimensions": SLOW["Dimensions"]}
    return {"Id": id, "MetricStat": {"Metric": of, "Period": 60, "Stat": "Sum"}, "ReturnData": False}


RATE: Mapping[str, Any] = {
    **{name: SLOW[name] for name in ("EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator", "StateValue")},
    "AlarmName": "rate",
    "Threshold": 0.1,
    "TreatMissingData": "notBreaching",
    "Metrics": [
        {"Id": "rate", "Expression": "100 * FILL(failed, 0) / requests", "ReturnData": True},
        query("failed", "HTTPCode_Target_5XX_Count"),
        query("requests", "RequestCount"),
    ],
}
RELEASE = {"AlarmName": "release", "AlarmRule": 'ALARM("slow") OR ALARM("rate")', "StateValue": "OK"}


def state(alarm: Mapping[str, Any], *minutes: Mapping[Metric, Values], **others: Mapping[str, Any]) -> str:
    """Return the state of an alarm after these minutes."""
    kept = dict(enumerate(minutes))
    alarms = {alarm["AlarmName"]: alarm, **others}
    return evaluate_alarms(alarms, lambda minute: kept.get(minute, {}), len(minutes))[alarm["AlarmName"]]


def answered(seconds: float, times: int = 300) -> dict[Metric, Values]:
    return {("TargetResponseTime", ""): Counter({seconds: times})}


def counted(requests: int, failed: int) -> dict[Metric, Values]:
    found = {("RequestCount", ""): Counter({1.0: requests})}
    return {**found, ("HTTPCode_Target_5XX_Count", ""): Counter({1.0: failed})} if failed else found


def test_three_slow_minutes_of_five_fire() -> None:
    fast, slow = answered(0.1), answered(0.3)
    assert state(SLOW, slow, fast, slow, fast, slow) == "ALARM"
    assert state(SLOW, slow, slow, slow, fast, fast, fast) == "OK"


def test_a_percentile_of_too_few_requests_changes_nothing() -> None:
    few = [answered(0.3, times=50)] * 5
    assert state(SLOW, *few) == "OK"
    assert state({**SLOW, "StateValue": "ALARM"}, *few) == "ALARM"
    assert state({**SLOW, "EvaluateLowSampleCountPercentile": "evaluate"}, *few) == "ALARM"


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("notBreaching", "OK"), ("breaching", "ALARM"), ("missing", "INSUFFICIENT_DATA"), ("ignore", "OK")],
)
def test_without_data_an_alarm_does_what_it_says(missing: str, expected: str) -> None:
    assert state({**SLOW, "TreatMissingData": missing}, {}, {}, {}, {}, {}) == expected


def test_a_rate_is_computed_where_there_are_requests() -> None:
    bad, good = counted(1000, 1), counted(1000, 0)
    assert state(RATE, bad, good, bad, good, bad) == "ALARM"
    assert state(RATE, bad, good, bad, good, good) == "OK"
    assert state(RATE, *[{("HTTPCode_Target_5XX_Count", ""): Counter({1.0: 9})}] * 5) == "OK"


def test_a_group_is_not_the_whole_load_balancer() -> None:
    of_group = {("UnHealthyHostCount", GROUP): Counter({1.0: 4})}
    assert state(UNHEALTHY, *[of_group] * 3) == "ALARM"
    assert state(UNHEALTHY, *[{("UnHealthyHostCount", ""): Counter({1.0: 4})}] * 3) == "OK"
    assert state(UNHEALTHY, *[{("UnHealthyHostCount", f"{GROUP}2"): Counter({1.0: 4})}] * 3) == "OK"


def test_a_composite_follows_those_that_it_names() -> None:
    slow = [answered(0.3)] * 5
    assert state(RELEASE, *slow, slow=SLOW, rate=RATE) == "ALARM"
    assert state(RELEASE, *[answered(0.1)] * 5, slow=SLOW, rate=RATE) == "OK"


def test_what_is_not_understood_keeps_its_state() -> None:
    other = {**SLOW, "Namespace": "AWS/ECS", "StateValue": "ALARM"}
    assert state(other, *[answered(0.1)] * 5) == "ALARM"
    strange = {**SLOW, "ComparisonOperator": "LessThanLowerThreshold"}
    assert state(strange, *[answered(0.3)] * 5) == "OK"
