"""What faults change in the account before anything is deployed."""

from __future__ import annotations

from ...aws.clients import Clients
from .declared import list_groups

#: A path that the sample site does not have.
NOWHERE = "/nowhere"


def shorten_bake(aws: Clients) -> None:
    """Let the old tasks stay for a minute only, in every deployment group."""
    for group in list_groups(aws):
        config = dict(group["blueGreenDeploymentConfiguration"])
        end = {**config["terminateBlueInstancesOnDeploymentSuccess"], "terminationWaitTimeInMinutes": 1}
        aws("codedeploy").update_deployment_group(
            applicationName=group["applicationName"],
            currentDeploymentGroupName=group["deploymentGroupName"],
            blueGreenDeploymentConfiguration={**config, "terminateBlueInstancesOnDeploymentSuccess": end},
        )


def misdirect_health_checks(aws: Clients) -> None:
    """Let the target groups that take no traffic check a path that the site does not have."""
    elb = aws("elbv2")
    for group in list_groups(aws):
        (where,), (pair,) = group["ecsServices"], group["loadBalancerInfo"]["targetGroupPairInfoList"]
        named = {"cluster": where["clusterName"], "services": [where["serviceName"]]}
        (service,) = aws("ecs").describe_services(**named)["services"]
        used = {one["targetGroupArn"] for one in service["loadBalancers"]}
        names = [one["name"] for one in pair["targetGroups"]]
        for one in elb.describe_target_groups(Names=names)["TargetGroups"]:
            if one["TargetGroupArn"] not in used:
                elb.modify_target_group(TargetGroupArn=one["TargetGroupArn"], HealthCheckPath=NOWHERE)
