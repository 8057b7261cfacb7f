"""Ways to spoil how new versions come, and the checks that see it."""

from collections.abc import Callable
from typing import Any

from .harness import Aws, Sabotage
from .releasing import API, APPLICATION, CLUSTER

ALARMS = ("nba-news-prod-latency-p95", "nba-news-prod-error-rate")
IN_PLACE = {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}


def changed(**settings: Any) -> Callable[[Aws], object]:
    """Return what changes the API's deployment group."""
    return lambda aws: aws("codedeploy").update_deployment_group(
        applicationName=APPLICATION, currentDeploymentGroupName="api", **settings
    )


def one_target_group(aws: Aws) -> None:
    group = aws("codedeploy").get_deployment_group(applicationName=APPLICATION, deploymentGroupName="api")
    (pair,) = group["deploymentGroupInfo"]["loadBalancerInfo"]["targetGroupPairInfoList"]
    alone = {**pair, "targetGroups": pair["targetGroups"][:1]}
    changed(loadBalancerInfo={"targetGroupPairInfoList": [alone]})(aws)


def end_tasks_first(aws: Aws) -> None:
    changed(deploymentStyle=IN_PLACE)(aws)
    half = {"minimumHealthyPercent": 50, "maximumPercent": 100}
    aws("ecs").update_service(cluster=CLUSTER, service=API, deploymentConfiguration=half)


def call_anything_healthy(aws: Aws) -> None:
    group = aws("elbv2").describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    aws("elbv2").modify_target_group(TargetGroupArn=group, Matcher={"HttpCode": "200-499"})


def alarmed(*names: str, **settings: bool) -> Callable[[Aws], object]:
    named = [{"name": name} for name in names]
    return changed(alarmConfiguration={"enabled": True, "ignorePollAlarmFailure": False, "alarms": named, **settings})


SABOTAGES = (
    Sabotage("a service is released in place", breaks={"deployment-blue-green"}, by=changed(deploymentStyle=IN_PLACE)),
    Sabotage("one target group for both versions", breaks={"deployment-blue-green"}, by=one_target_group),
    Sabotage(
        "old tasks end at once",
        breaks={"deployment-bake-time", "deployment-bake-outlasts-alarms"},
        by=changed(
            blueGreenDeploymentConfiguration={
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 0}
            }
        ),
    ),
    Sabotage(
        "old tasks end before an alarm could fire",
        breaks={"deployment-bake-outlasts-alarms"},
        by=changed(
            blueGreenDeploymentConfiguration={
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 6}
            }
        ),
    ),
    Sabotage(
        "tasks end before new ones start",
        breaks={"deployment-blue-green", "deployment-keeps-capacity"},
        by=end_tasks_first,
    ),
    Sabotage("an error page counts as healthy", breaks={"deployment-keeps-capacity"}, by=call_anything_healthy),
    Sabotage(
        "a failed release stays",
        breaks={"deployment-automatic-rollback"},
        by=changed(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]}),
    ),
    Sabotage(
        "alarms do not roll back",
        breaks={"deployment-alarms-in-rollback"},
        by=changed(autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}),
    ),
    Sabotage("alarms are ignored", breaks={"deployment-alarms-in-rollback"}, by=alarmed(*ALARMS, enabled=False)),
    Sabotage(
        "a release goes on when nobody knows",
        breaks={"deployment-alarms-in-rollback"},
        by=alarmed(*ALARMS, ignorePollAlarmFailure=True),
    ),
    Sabotage(
        "an alarm that does not exist", breaks={"deployment-alarms-in-rollback"}, by=alarmed(*ALARMS, "errors-renamed")
    ),
    Sabotage("only slowness rolls back", breaks={"deployment-alarms-in-rollback"}, by=alarmed(ALARMS[0])),
)
