"""How services deploy, by CodeDeploy or by ECS itself, and which alarms really roll a deployment back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.facts.live.deployments import ServiceDeployment, TargetGroup, observe_deployments
from prodgate.facts.live.services import Service, observe_services

from .stated_account import ACCOUNT, REGION, account_answering

CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/news"
PAIR = {"targetGroups": [{"name": "blue"}, {"name": "green"}], "prodTrafficRoute": {"listenerArns": ["arn:live"]}}
GROUP = {
    "deploymentGroupName": "api",
    "ecsServices": [{"clusterName": "news", "serviceName": "api"}],
    "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    "loadBalancerInfo": {"targetGroupPairInfoList": [PAIR]},
    "blueGreenDeploymentConfiguration": {
        "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 30}
    },
    "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]},
    "alarmConfiguration": {"enabled": True, "alarms": [{"name": "felt"}]},
}
ALARM = {"StateValue": "OK", "ActionsEnabled": True, "AlarmActions": []}


def alarm(name: str, **stated: Any) -> dict[str, Any]:
    return {**ALARM, "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}", "AlarmName": name, **stated}


def answers(service: Mapping[str, Any], *groups: Mapping[str, Any]) -> dict[str, Any]:
    stated = {
        "serviceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/news/api",
        "serviceName": "api",
        "clusterArn": CLUSTER,
        "status": "ACTIVE",
        "desiredCount": 2,
        "taskDefinition": "api:1",
    }
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "TargetResponseTime"}
    names = [str(number) for number in range(len(groups))]
    return {
        "ListClusters": {"clusterArns": [CLUSTER]},
        "ListServices": {"serviceArns": [stated["serviceArn"]]},
        "DescribeServices": {"services": [{**stated, **service}]},
        "DescribeTaskDefinition": {"taskDefinition": {"containerDefinitions": []}},
        "ListApplications": {"applications": ["news"]},
        "ListDeploymentGroups": {"deploymentGroups": names},
        "GetDeploymentGroup": lambda asked: {"deploymentGroupInfo": groups[int(asked["deploymentGroupName"])]},
        "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": "arn:lb"}]},
        "DescribeListeners": {"Listeners": [{"ListenerArn": "arn:live", "Protocol": "HTTPS"}]},
        "DescribeAlarms": {
            "MetricAlarms": [alarm("slow", **metric)],
            "CompositeAlarms": [alarm("felt", AlarmRule='ALARM("slow") OR ALARM("gone")')],
        },
    }


def seen(service: Mapping[str, Any], *groups: Mapping[str, Any]) -> ServiceDeployment:
    with account_answering(answers(service, *groups)) as account:
        (found,) = observe_deployments(account)
    return found


def by_codedeploy(*groups: Mapping[str, Any]) -> ServiceDeployment:
    return seen({"deploymentController": {"type": "CODE_DEPLOY"}}, *groups)


def test_codedeploy_shifts_traffic() -> None:
    found = by_codedeploy(GROUP)
    assert (found.shift.rolling, str(found.shift.stays), found.shift.rolls_back) == ("", "30 min", True)


def test_a_composite_alarm_reads_what_its_parts_read() -> None:
    found = by_codedeploy(GROUP)
    assert found.watched == {"TargetResponseTime"}
    assert found.lost_alarms == ()


@pytest.mark.parametrize(
    ("changes", "rolling"),
    [
        ({"deploymentStyle": {"deploymentType": "IN_PLACE"}}, "api deploys IN_PLACE"),
        ({"loadBalancerInfo": {}}, "no two target groups behind a listener that exists"),
        (
            {"loadBalancerInfo": {"targetGroupPairInfoList": [{**PAIR, "prodTrafficRoute": {"listenerArns": ["x"]}}]}},
            "no two target groups behind a listener that exists",
        ),
        ({"ecsServices": [{"clusterName": "other", "serviceName": "api"}]}, "no deployment group names it"),
    ],
)
def test_what_keeps_codedeploy_from_shifting(changes: Mapping[str, Any], rolling: str) -> None:
    assert rolling in by_codedeploy({**GROUP, **changes}).shift.rolling


@pytest.mark.parametrize(
    "changes",
    [
        {"alarmConfiguration": {"enabled": False, "alarms": [{"name": "felt"}]}},
        {"alarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": True, "alarms": [{"name": "felt"}]}},
        {"autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}},
        {"autoRollbackConfiguration": {"enabled": False, "events": ["DEPLOYMENT_STOP_ON_ALARM"]}},
    ],
)
def test_alarms_that_roll_nothing_back_do_not_count(changes: Mapping[str, Any]) -> None:
    assert not by_codedeploy({**GROUP, **changes}).shift.alarms
    assert not by_codedeploy(GROUP, {**GROUP, **changes}).shift.alarms


def test_an_alarm_that_is_gone_is_named() -> None:
    found = by_codedeploy({**GROUP, "alarmConfiguration": {"enabled": True, "alarms": [{"name": "renamed"}]}})
    assert (found.lost_alarms, found.watched) == (("renamed",), frozenset())


def test_old_tasks_may_stay_for_ever() -> None:
    end = {"terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"}}
    assert by_codedeploy({**GROUP, "blueGreenDeploymentConfiguration": end}).shift.stays is None


def test_ecs_shifts_traffic_itself() -> None:
    settings = {
        "strategy": "BLUE_GREEN",
        "bakeTimeInMinutes": 10,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "alarms": {"alarmNames": ["felt"], "enable": True, "rollback": True},
    }
    paired = [{"targetGroupArn": "arn:blue", "advancedConfiguration": {"alternateTargetGroupArn": "arn:green"}}]
    found = seen({"deploymentConfiguration": settings, "loadBalancers": paired})
    assert (found.shift.rolling, str(found.shift.stays), found.shift.rolls_back) == ("", "10 min", True)
    assert found.watched == {"TargetResponseTime"}
    assert seen({"deploymentConfiguration": settings}).shift.rolling == "no second target group"


def test_ecs_rolls_unless_told_otherwise() -> None:
    found = seen({"deploymentConfiguration": {"minimumHealthyPercent": 50}})
    assert (found.shift.rolling, found.shift.rolls_back, found.shift.alarms) == (
        "rolling deployment",
        False,
        frozenset(),
    )
    assert str(found.keeps) == "50 %"


@pytest.mark.parametrize(
    ("matcher", "lax"), [("200", ()), ("200-299,301", ()), ("200-499", ("200-499",)), ("200,404", ("404",)), ("", ())]
)
def test_what_counts_as_healthy(matcher: str, lax: tuple[str, ...]) -> None:
    assert TargetGroup(subject="it", checked=True, protocol="HTTP", matcher=matcher).lax_codes == lax


def test_sizes_and_scaling_are_those_of_the_service() -> None:
    place = {"ResourceId": "service/news/api", "ScalableDimension": "ecs:service:DesiredCount"}
    targets = [{**place, "MinCapacity": 1, "MaxCapacity": 4}, {**place, "ResourceId": "service/other/api"}]
    policies = [{**place, "PolicyName": "cpu"}, {"ResourceId": "service/other/api", "PolicyName": "other"}]
    task = {"taskDefinition": {"cpu": "512", "memory": "1024", "containerDefinitions": []}}
    scaled = {"DescribeScalableTargets": {"ScalableTargets": targets}}
    scaled |= {"DescribeScalingPolicies": {"ScalingPolicies": policies}}
    providers = [{"capacityProvider": name, "weight": 1} for name in ("FARGATE", "FARGATE_SPOT")]
    strategy = {"capacityProviderStrategy": providers}
    with account_answering({**answers(strategy), **scaled, "DescribeTaskDefinition": task}) as account:
        (found,) = observe_services(account)
    assert isinstance(found, Service)
    assert (str(found.task.cpu), str(found.task.memory), str(found.least)) == ("512 cpu", "1024 MiB", "1")
    assert found.providers == {"FARGATE", "FARGATE_SPOT"}
    assert found.scaling is not None
    assert (found.scaling.policies, str(found.scaling.room)) == (("cpu",), "3")
