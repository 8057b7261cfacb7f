"""The way of readers to a service: its groups, the rules that divide traffic between them, and in which steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.aws.answers import Absent, Unreadable
from prodgate.facts.rollout.routes import Route, read_routes, read_weights

from .answers import Answer, Answers, account, listing, service
from .test_reading import GROUPS

LISTENER = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener/app/shop/1/2"
RULE = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener-rule/app/shop/1/2/3"
BLUE, GREEN = (service("api")["loadBalancers"][0]["targetGroupArn"].replace("-b/", f"-{colour}/") for colour in "bg")
PAIR = {
    "targetGroups": [{"name": "shop-api-b"}, {"name": "shop-api-g"}],
    "prodTrafficRoute": {"listenerArns": [LISTENER]},
}


def ecs_route(**deploys: Any) -> Route:
    own = service("api", "ECS")
    own["deploymentConfiguration"] |= deploys
    with account(Answers(listing(own))) as asked:
        (found,) = read_routes(asked)
    return found


def codedeploy_route(config: Answer) -> Route:
    group: Any = GROUPS["codedeploy.GetDeploymentGroup"]
    info = {**group["deploymentGroupInfo"], "deploymentConfigName": "ours"}
    info["loadBalancerInfo"] = {"targetGroupPairInfoList": [PAIR]}
    rows = [{"TargetGroupArn": arn, "TargetGroupName": arn.split("/")[1]} for arn in (BLUE, GREEN)]
    answers: dict[str, Answer] = {
        **listing(service("api")),
        **GROUPS,
        "codedeploy.GetDeploymentGroup": {"deploymentGroupInfo": info},
        "codedeploy.GetDeploymentConfig": config,
        "elbv2.DescribeTargetGroups": {"TargetGroups": rows},
    }
    with account(Answers(answers)) as asked:
        (found,) = read_routes(asked)
    return found


def routing(**stated: Any) -> Mapping[str, Any]:
    return {"deploymentConfigInfo": {"trafficRoutingConfig": stated}}


@pytest.mark.parametrize(
    ("deploys", "steps"),
    [
        ({"strategy": "BLUE_GREEN"}, ()),
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 5.0}}, (5.0,)),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 30.0}}, (30.0, 60.0, 90.0)),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 25.0}}, (25.0, 50.0, 75.0)),
        ({"strategy": "CANARY"}, None),
        ({"strategy": "ROLLING"}, None),
    ],
)
def test_the_steps_of_ecs_are_those_of_its_strategy(deploys: dict[str, Any], steps: tuple[float, ...] | None) -> None:
    found = ecs_route(**deploys)
    assert (found.steps, found.groups, found.rules) == (steps, (BLUE, GREEN), (RULE,))
    assert found.alarms == ("shop-errors",)


@pytest.mark.parametrize(
    ("config", "steps"),
    [
        (routing(type="AllAtOnce"), ()),
        (routing(type="TimeBasedCanary", timeBasedCanary={"canaryPercentage": 10, "canaryInterval": 5}), (10.0,)),
        (
            routing(type="TimeBasedLinear", timeBasedLinear={"linearPercentage": 40, "linearInterval": 1}),
            (40.0, 80.0),
        ),
        (Absent("DeploymentConfigDoesNotExistException"), None),
    ],
)
def test_the_steps_of_codedeploy_are_those_of_its_configuration(
    config: Answer, steps: tuple[float, ...] | None
) -> None:
    found = codedeploy_route(config)
    assert (found.steps, found.groups, found.listeners) == (steps, (BLUE, GREEN), (LISTENER,))
    assert Route.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("action", "weights"),
    [
        ({"Type": "forward", "TargetGroupArn": BLUE}, {BLUE: 100.0}),
        ({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": GREEN}]}}, {GREEN: 100.0}),
        (
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [{"TargetGroupArn": BLUE, "Weight": 3}, {"TargetGroupArn": GREEN, "Weight": 1}]
                },
            },
            {BLUE: 75.0, GREEN: 25.0},
        ),
    ],
)
def test_weights_are_of_100_together(action: dict[str, Any], weights: dict[str, float]) -> None:
    other = {"RuleArn": f"{RULE}4", "Actions": [{"Type": "fixed-response"}]}
    answer = {"Rules": [{"RuleArn": RULE, "Actions": [action]}, other]}
    with account(Answers({"elbv2.DescribeRules": answer})) as asked:
        assert read_weights(asked, ecs_route(strategy="BLUE_GREEN")) == {RULE: weights}


def test_a_rule_that_is_gone_is_no_answer() -> None:
    with (
        account(Answers({"elbv2.DescribeRules": Absent("RuleNotFound")})) as asked,
        pytest.raises(Unreadable, match="api: a listener or rule of its deployments does not exist: RuleNotFound"),
    ):
        read_weights(asked, ecs_route(strategy="BLUE_GREEN"))
