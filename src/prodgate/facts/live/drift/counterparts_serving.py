"""What must be live as it is declared: services and their network, roles and images, Airflow."""

from __future__ import annotations

from typing import Final

from ...observers import reads
from ..permissions import IDENTITIES
from .counterpart import Counterpart, Place, Thing, Unnamed, read_path, require_known

reads("application-autoscaling", "DescribeScalableTargets")
reads("codedeploy", "GetDeploymentGroup")
reads("ec2", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs")
reads("ecr", "DescribeRepositories")
reads("ecs", "DescribeServices", "DescribeTaskDefinition")
reads("elbv2", "DescribeLoadBalancers", "DescribeTargetGroups")
reads("iam", "GetAccountAuthorizationDetails")
reads("lambda", "ListFunctions")
reads("mwaa", "GetEnvironment")


def _service(here: Place, declared: Thing) -> Thing | None:
    asked = {"cluster": declared["cluster"], "services": [declared["name"]]}
    answer = here.find("ecs", "DescribeServices", **asked) or {"services": ()}
    found = next((one for one in answer["services"] if one["status"] != "INACTIVE"), None)
    public = read_path(found, "networkConfiguration.awsvpcConfiguration.assignPublicIp") == "ENABLED"
    return found and {**found, "AssignsPublicIp": public}


def _balancer(here: Place, declared: Thing) -> Thing | None:
    found = here.one("elbv2", "DescribeLoadBalancers", "LoadBalancers", LoadBalancerName=declared["name"])
    return found and {**found, "Internal": found["Type"] != "gateway" and found["Scheme"] == "internal"}


def _subnet(here: Place, declared: Thing) -> Thing | None:
    return here.one("ec2", "DescribeSubnets", "Subnets", CidrBlock=declared["cidr_block"])


def _security_group(here: Place, declared: Thing) -> Thing | None:
    found = here.one("ec2", "DescribeSecurityGroups", "SecurityGroups", GroupName=declared["name"])
    return found and {**found, "Arn": _group_arn(here, found)}


def _vpc(here: Place, declared: Thing) -> Thing | None:
    return here.one("ec2", "DescribeVpcs", "Vpcs", CidrBlock=declared["cidr_block"])


def _default_group(here: Place, declared: Thing) -> Thing | None:
    networks = [one for one in here.account.declared("aws_vpc").values() if one["id"] == declared["vpc_id"]]
    if not networks:
        raise Unnamed(f"the network {declared['vpc_id']!r} of a default security group is declared elsewhere")
    network = _vpc(here, networks[0])
    call = ("ec2", "DescribeSecurityGroups", "SecurityGroups")
    found = network and here.one(*call, GroupName="default", VpcId=network["VpcId"])
    return found and {**found, "Arn": _group_arn(here, found)}


def _group_arn(here: Place, group: Thing) -> str:
    return f"arn:aws:ec2:{here.region}:{here.account.id}:security-group/{group['GroupId']}"


def _deployment_group(here: Place, declared: Thing) -> Thing | None:
    named = {"applicationName": declared["app_name"], "deploymentGroupName": declared["deployment_group_name"]}
    return here.find("codedeploy", "GetDeploymentGroup", "deploymentGroupInfo", **named)


def _role(here: Place, declared: Thing) -> Thing | None:
    require_known({"name": declared["name"]})
    asked = {"Filter": IDENTITIES}
    return here.one("iam", "GetAccountAuthorizationDetails", "RoleDetailList", asked=asked, RoleName=declared["name"])


def _target(here: Place, declared: Thing) -> Thing | None:
    return here.one(
        "application-autoscaling",
        "DescribeScalableTargets",
        "ScalableTargets",
        asked={"ServiceNamespace": declared["service_namespace"]},
        ResourceId=declared["resource_id"],
        ScalableDimension=declared["scalable_dimension"],
    )


TABLE: Final = (
    Counterpart(
        type="aws_ecs_service",
        find=_service,
        kind="ecs:service",
        identity=("arn", "serviceArn"),
        same={
            "deployment_controller.type": ("deploymentController.type", "ECS"),
            "enable_execute_command": ("enableExecuteCommand", False),
            "health_check_grace_period_seconds": ("healthCheckGracePeriodSeconds", ""),
            "launch_type": "launchType",
            "network_configuration.assign_public_ip": ("AssignsPublicIp", False),
            "network_configuration.security_groups": "networkConfiguration.awsvpcConfiguration.securityGroups",
            "network_configuration.subnets": "networkConfiguration.awsvpcConfiguration.subnets",
            "propagate_tags": ("propagateTags", ""),
        },
    ),
    Counterpart(
        type="aws_ecs_task_definition",
        find=lambda here, d: here.find("ecs", "DescribeTaskDefinition", "taskDefinition", taskDefinition=d["family"]),
        same={
            "cpu": "cpu",
            "execution_role_arn": ("executionRoleArn", ""),
            "memory": "memory",
            "network_mode": "networkMode",
            "requires_compatibilities": ("requiresCompatibilities", ()),
            "task_role_arn": ("taskRoleArn", ""),
        },
    ),
    Counterpart(
        type="aws_appautoscaling_target",
        find=_target,
        same={"max_capacity": "MaxCapacity", "min_capacity": "MinCapacity"},
    ),
    Counterpart(
        type="aws_codedeploy_deployment_group",
        find=_deployment_group,
        same={
            "alarm_configuration.alarms": ("alarmConfiguration.alarms[].name", ()),
            "alarm_configuration.enabled": ("alarmConfiguration.enabled", False),
            "auto_rollback_configuration.enabled": ("autoRollbackConfiguration.enabled", False),
            "auto_rollback_configuration.events": ("autoRollbackConfiguration.events", ()),
            "deployment_config_name": "deploymentConfigName",
            "deployment_style.deployment_type": "deploymentStyle.deploymentType",
        },
    ),
    Counterpart(
        type="aws_ecr_repository",
        find=lambda here, d: here.one("ecr", "DescribeRepositories", "repositories", repositoryName=d["name"]),
        kind="ecr:repository",
        identity=("arn", "repositoryArn"),
        same={
            "encryption_configuration.kms_key": "encryptionConfiguration.kmsKey",
            "image_scanning_configuration.scan_on_push": ("imageScanningConfiguration.scanOnPush", False),
            "image_tag_mutability": ("imageTagMutability", "MUTABLE"),
        },
    ),
    Counterpart(
        type="aws_lambda_function",
        find=lambda here, d: here.one("lambda", "ListFunctions", "Functions", FunctionName=d["function_name"]),
        kind="lambda:function",
        identity=("arn", "FunctionArn"),
        same={
            "handler": "Handler",
            "memory_size": ("MemorySize", 128),
            "role": "Role",
            "runtime": "Runtime",
            "timeout": ("Timeout", 3),
        },
    ),
    Counterpart(
        type="aws_iam_role",
        find=_role,
        identity=("arn", "Arn"),
        same={
            "assume_role_policy": "AssumeRolePolicyDocument",
            "permissions_boundary": ("PermissionsBoundary.PermissionsBoundaryArn", ""),
        },
    ),
    Counterpart(
        type="aws_lb",
        find=_balancer,
        kind="elasticloadbalancing:loadbalancer",
        identity=("arn", "LoadBalancerArn"),
        same={
            "internal": "Internal",
            "ip_address_type": "IpAddressType",
            "load_balancer_type": ("Type", "application"),
            "security_groups": "SecurityGroups",
            "subnets": "AvailabilityZones[].SubnetId",
        },
    ),
    Counterpart(
        type="aws_lb_target_group",
        find=lambda here, d: here.one("elbv2", "DescribeTargetGroups", "TargetGroups", TargetGroupName=d["name"]),
        kind="elasticloadbalancing:targetgroup",
        identity=("arn", "TargetGroupArn"),
        same={
            "health_check.healthy_threshold": "HealthyThresholdCount",
            "health_check.interval": "HealthCheckIntervalSeconds",
            "health_check.matcher": "Matcher.HttpCode",
            "health_check.path": "HealthCheckPath",
            "health_check.timeout": "HealthCheckTimeoutSeconds",
            "health_check.unhealthy_threshold": "UnhealthyThresholdCount",
            "port": "Port",
            "protocol": "Protocol",
            "target_type": ("TargetType", "instance"),
        },
    ),
    Counterpart(
        type="aws_subnet",
        find=_subnet,
        identity=("id", "SubnetId"),
        same={
            "availability_zone": "AvailabilityZone",
            "map_public_ip_on_launch": ("MapPublicIpOnLaunch", False),
        },
    ),
    Counterpart(
        type="aws_vpc",
        find=_vpc,
        identity=("id", "VpcId"),
        same={"cidr_block": "CidrBlock"},
    ),
    Counterpart(type="aws_default_security_group", find=_default_group, kind="ec2:security-group"),
    Counterpart(
        type="aws_security_group",
        find=_security_group,
        kind="ec2:security-group",
        identity=("arn", "Arn"),
        same={"description": ("Description", "Managed by Terraform")},
    ),
    Counterpart(
        type="aws_mwaa_environment",
        find=lambda here, d: here.find("mwaa", "GetEnvironment", "Environment", Name=d["name"]),
        kind="airflow:environment",
        identity=("arn", "Arn"),
        same={
            "airflow_version": "AirflowVersion",
            "dag_s3_path": "DagS3Path",
            "environment_class": "EnvironmentClass",
            "execution_role_arn": "ExecutionRoleArn",
            "kms_key": "KmsKey",
            "max_workers": "MaxWorkers",
            "min_workers": "MinWorkers",
            "webserver_access_mode": "WebserverAccessMode",
            "weekly_maintenance_window_start": "WeeklyMaintenanceWindowStart",
        },
    ),
)
