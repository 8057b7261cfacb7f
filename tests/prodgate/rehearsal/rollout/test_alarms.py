"""Alarms are evaluated as CloudWatch does, and health checks and hooks are those that the account declares."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.rehearsal.rollout.declared import Hook, Route, Service, TargetGroup, _read_groups, read_hook
from prodgate.rehearsal.rollout.keeper import Metric, Values, evaluate_alarms
from prodgate.rehearsal.rollout.proxy import render

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
    assert state(UNHEALTHY, *[{("UnHealthyHostCount", GROUP): Counter({1.0: 4})}] * 3) == "ALARM"
    assert state(UNHEALTHY, *[{("UnHealthyHostCount", ""): Counter({1.0: 4})}] * 3) == "OK"
    assert state(UNHEALTHY, *[{("UnHealthyHostCount", f"{GROUP}2"): Counter({1.0: 4})}] * 3) == "OK"


def test_a_composite_follows_those_that_it_names() -> None:
    slow = [answered(0.3)] * 5
    assert state(RELEASE, *slow, slow=SLOW, rate=RATE) == "ALARM"
    assert state(RELEASE, *[answered(0.1)] * 5, slow=SLOW, rate=RATE) == "OK"


def test_what_is_not_understood_keeps_its_state() -> None:
    assert state({**SLOW, "Namespace": "AWS/ECS", "StateValue": "ALARM"}, *[answered(0.1)] * 5) == "ALARM"
    assert state({**SLOW, "ComparisonOperator": "LessThanLowerThreshold"}, *[answered(0.3)] * 5) == "OK"


# ── Health checks and hooks of a rehearsal are those that the account declares

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-b/1"
HEALTH = {
    "TargetGroupArn": ARN,
    "TargetGroupName": "shop-b",
    "LoadBalancerArns": [],
    "Port": 8080,
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "traffic-port",
    "HealthCheckPath": "/up?deep=1",
    "HealthCheckIntervalSeconds": 90,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 4,
    "UnhealthyThresholdCount": 3,
    "Matcher": {"HttpCode": "200,202-204"},
}


class Clients:
    """Answers of two services, by hand."""

    def __init__(self, group: dict[str, Any], functions: list[dict[str, Any]]) -> None:
        self.group, self.functions = group, functions

    def __call__(self, _service: str) -> Any:
        return self

    def describe_target_groups(self, **_: Any) -> Any:
        return {"TargetGroups": [self.group]}

    def describe_target_group_attributes(self, **_: Any) -> Any:
        return {"Attributes": []}

    def list_functions(self) -> Any:
        return {"Functions": self.functions}


def read_group(**changes: Any) -> TargetGroup:
    clients: Any = Clients({**HEALTH, **changes}, [])
    (found,) = _read_groups(clients, ["shop-b"])
    return found


def service() -> Service:
    group = read_group()
    live = Route("listener", "", (), 443)
    return Service(
        arn="s", name="shop", cluster="c", application="a", group="shop", container="app", port=8080, count=2,
        definition="d", log_group="", live=live, test=live, groups=(group, replace(group, arn="g", name="shop-g")),
        steps=((100, 0.0),), bake=5.0, alarms=(), rolls_back_on=frozenset(),
    )  # fmt: skip


def test_the_proxy_checks_what_the_target_group_declares(tmp_path: Path) -> None:
    config = render([service()], {"live": 3, "test": 4}, tmp_path, 60.0)
    backend = config.partition("\nbackend shop-b\n")[2].partition("\nbackend ")[0]
    assert "http-check send meth GET uri /up?deep=1\n" in backend
    assert "http-check expect status 200,202-204\n" in backend
    assert "check inter 1500ms rise 4 fall 3 disabled" in backend


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"HealthCheckPort": "9090"}, "its health check asks port 9090, where nothing listens here"),
        ({"HealthCheckProtocol": "TCP"}, "its health check is none of HTTP"),
        ({"Matcher": {"GrpcCode": "0-99"}}, "its health check is none of HTTP"),
    ],
)
def test_a_check_that_can_not_be_rehearsed_is_said(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_group(**changes)
    assert read_group(HealthCheckPort="8080").path == "/up?deep=1"


@pytest.mark.parametrize(
    ("variables", "paths"),
    [({"PATHS": "/up /shop /up"}, ("/up", "/shop")), ({"OTHER": "/x"}, ("/up?deep=1",)), (None, ("/up?deep=1",))],
)
def test_the_hook_asks_what_its_function_declares(variables: dict[str, str] | None, paths: tuple[str, ...]) -> None:
    function: dict[str, Any] = {"FunctionName": "CodeDeployHook_shop", "FunctionArn": "arn:hook"}
    if variables is not None:
        function["Environment"] = {"Variables": variables}
    clients: Any = Clients(HEALTH, [{"FunctionName": "other", "FunctionArn": "arn:other"}, function])
    assert read_hook(clients, [service()]) == Hook("arn:hook", paths)


def test_without_a_hook_nothing_is_asked() -> None:
    clients: Any = Clients(HEALTH, [])
    assert read_hook(clients, [service()]) is None
