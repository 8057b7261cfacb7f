"""Health checks and hooks of a rehearsal are those that the account declares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.rehearsal.rollout.declared import Hook, Route, Service, TargetGroup, _read_groups, read_hook
from prodgate.rehearsal.rollout.proxy_config import render

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-b/1"
GROUP = {
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
    clients: Any = Clients({**GROUP, **changes}, [])
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
    clients: Any = Clients(GROUP, [{"FunctionName": "other", "FunctionArn": "arn:other"}, function])
    assert read_hook(clients, [service()]) == Hook("arn:hook", paths)


def test_without_a_hook_nothing_is_asked() -> None:
    clients: Any = Clients(GROUP, [])
    assert read_hook(clients, [service()]) is None
