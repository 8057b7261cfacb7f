"""CodeDeploy: how a new version of a service replaces the old one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, first, omit_empty, tags


@creates("aws_codedeploy_app")
def application(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an application."""
    name = declared["name"]
    made = aws("codedeploy").create_application(
        applicationName=name, computePlatform=declared["compute_platform"] or "Server", tags=tags(declared)
    )
    id = made["applicationId"]
    arn = f"arn:aws:codedeploy:{aws.region}:{aws.account}:application:{name}"
    return {"id": f"{id}:{name}", "application_id": id, "arn": arn}


@creates("aws_codedeploy_deployment_config")
def deployment_config(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a deployment configuration: in which steps traffic moves."""
    name, routing = declared["deployment_config_name"], first(declared["traffic_routing_config"])
    canary, linear = first(routing.get("time_based_canary")), first(routing.get("time_based_linear"))
    steps = omit_empty(
        type=routing.get("type"),
        timeBasedCanary=omit_empty(canaryPercentage=canary.get("percentage"), canaryInterval=canary.get("interval")),
        timeBasedLinear=omit_empty(linearPercentage=linear.get("percentage"), linearInterval=linear.get("interval")),
    )
    made = aws("codedeploy").create_deployment_config(
        deploymentConfigName=name,
        computePlatform=declared["compute_platform"] or "Server",
        **omit_empty(trafficRoutingConfig=steps),
    )
    arn = f"arn:aws:codedeploy:{aws.region}:{aws.account}:deploymentconfig:{name}"
    return {"id": name, "arn": arn, "deployment_config_id": made["deploymentConfigId"]}


@creates("aws_codedeploy_deployment_group")
def group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a deployment group."""
    name, app = declared["deployment_group_name"], declared["app_name"]
    services = [
        {"clusterName": one["cluster_name"], "serviceName": one["service_name"]}
        for one in declared["ecs_service"] or ()
    ]
    made = aws("codedeploy").create_deployment_group(
        applicationName=app,
        deploymentGroupName=name,
        serviceRoleArn=declared["service_role_arn"],
        tags=tags(declared),
        **omit_empty(deploymentConfigName=declared["deployment_config_name"], ecsServices=services),
        **_traffic_arguments(declared),
        **_rollback_arguments(declared),
    )
    id = made["deploymentGroupId"]
    arn = f"arn:aws:codedeploy:{aws.region}:{aws.account}:deploymentgroup:{app}/{name}"
    return {"id": id, "deployment_group_id": id, "arn": arn, "compute_platform": "ECS" if services else "Server"}


def _traffic_arguments(declared: Mapping[str, Any]) -> dict[str, Any]:
    style = first(declared["deployment_style"])
    return omit_empty(
        deploymentStyle=omit_empty(
            deploymentType=style.get("deployment_type"), deploymentOption=style.get("deployment_option")
        ),
        blueGreenDeploymentConfiguration=_blue_green(first(declared["blue_green_deployment_config"])),
        loadBalancerInfo=_balancers(first(declared["load_balancer_info"])),
    )


def _rollback_arguments(declared: Mapping[str, Any]) -> dict[str, Any]:
    alarms, rollback = first(declared["alarm_configuration"]), first(declared["auto_rollback_configuration"])
    return {
        "alarmConfiguration": {
            "enabled": bool(alarms.get("enabled")),
            "ignorePollAlarmFailure": bool(alarms.get("ignore_poll_alarm_failure")),
            "alarms": [{"name": one} for one in alarms.get("alarms") or ()],
        },
        "autoRollbackConfiguration": {"enabled": bool(rollback.get("enabled")), "events": rollback.get("events") or []},
    }


def _blue_green(block: Mapping[str, Any]) -> dict[str, Any]:
    ready = first(block.get("deployment_ready_option"))
    end = first(block.get("terminate_blue_instances_on_deployment_success"))
    return omit_empty(
        deploymentReadyOption=omit_empty(
            actionOnTimeout=ready.get("action_on_timeout"), waitTimeInMinutes=ready.get("wait_time_in_minutes")
        ),
        terminateBlueInstancesOnDeploymentSuccess=omit_empty(
            action=end.get("action"), terminationWaitTimeInMinutes=end.get("termination_wait_time_in_minutes")
        ),
    )


def _balancers(block: Mapping[str, Any]) -> dict[str, Any]:
    pairs = [
        omit_empty(
            targetGroups=[{"name": one["name"]} for one in pair["target_group"]],
            prodTrafficRoute=_route(pair["prod_traffic_route"]),
            testTrafficRoute=_route(pair["test_traffic_route"]),
        )
        for pair in block.get("target_group_pair_info") or ()
    ]
    return omit_empty(targetGroupPairInfoList=pairs)


def _route(blocks: Any) -> dict[str, Any]:
    return omit_empty(listenerArns=first(blocks).get("listener_arns"))
