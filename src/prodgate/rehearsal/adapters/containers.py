"""ECS: clusters, task definitions and services; and how services scale."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, first, integer, omit_empty, tags


@creates("aws_ecs_cluster")
def cluster(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a cluster."""
    made = aws("ecs").create_cluster(
        clusterName=declared["name"],
        settings=[{"name": one["name"], "value": one["value"]} for one in declared["setting"] or ()],
        tags=tags(declared, "key", "value"),
        **omit_empty(configuration=_configuration(first(declared["configuration"]))),
    )["cluster"]
    return {"id": made["clusterArn"], "arn": made["clusterArn"]}


def _configuration(block: Mapping[str, Any]) -> dict[str, Any]:
    execution = first(block.get("execute_command_configuration"))
    log = first(execution.get("log_configuration"))
    storage = first(block.get("managed_storage_configuration"))
    return omit_empty(
        executeCommandConfiguration=omit_empty(
            kmsKeyId=execution.get("kms_key_id"),
            logging=execution.get("logging"),
            logConfiguration=omit_empty(
                cloudWatchLogGroupName=log.get("cloud_watch_log_group_name"),
                cloudWatchEncryptionEnabled=log.get("cloud_watch_encryption_enabled"),
                s3BucketName=log.get("s3_bucket_name"),
            ),
        ),
        managedStorageConfiguration=omit_empty(
            kmsKeyId=storage.get("kms_key_id"),
            fargateEphemeralStorageKmsKeyId=storage.get("fargate_ephemeral_storage_kms_key_id"),
        ),
    )


@creates("aws_ecs_cluster_capacity_providers")
def capacity_providers(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say what capacity a cluster runs on."""
    aws("ecs").put_cluster_capacity_providers(
        cluster=declared["cluster_name"],
        capacityProviders=declared["capacity_providers"] or [],
        defaultCapacityProviderStrategy=strategy(declared["default_capacity_provider_strategy"]),
    )
    return {"id": declared["cluster_name"]}


def strategy(blocks: Any) -> list[dict[str, Any]]:
    """Return the capacity providers of a cluster or a service, with their shares."""
    return [
        {"capacityProvider": one["capacity_provider"], "base": one["base"] or 0, "weight": one["weight"] or 0}
        for one in blocks or ()
    ]


@creates("aws_ecs_task_definition")
def task_definition(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Register a task definition."""
    platform = first(declared["runtime_platform"])
    storage = first(declared["ephemeral_storage"])
    made = aws("ecs").register_task_definition(
        family=declared["family"],
        containerDefinitions=json.loads(declared["container_definitions"]),
        volumes=[{"name": one["name"]} for one in declared["volume"] or ()],
        **omit_empty(
            requiresCompatibilities=declared["requires_compatibilities"],
            networkMode=declared["network_mode"],
            cpu=declared["cpu"],
            memory=declared["memory"],
            taskRoleArn=declared["task_role_arn"],
            executionRoleArn=declared["execution_role_arn"],
            ephemeralStorage={"sizeInGiB": storage["size_in_gib"]} if storage else None,
            runtimePlatform=omit_empty(
                operatingSystemFamily=platform.get("operating_system_family"),
                cpuArchitecture=platform.get("cpu_architecture"),
            ),
            tags=tags(declared, "key", "value"),
        ),
    )["taskDefinition"]
    arn = made["taskDefinitionArn"]
    bare = arn.rpartition(":")[0]
    return {"id": declared["family"], "arn": arn, "arn_without_revision": bare, "revision": made["revision"]}


@creates("aws_ecs_service")
def service(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a service."""
    made = aws("ecs").create_service(
        serviceName=declared["name"],
        taskDefinition=declared["task_definition"],
        desiredCount=declared["desired_count"] or 0,
        enableExecuteCommand=bool(declared["enable_execute_command"]),
        **omit_empty(
            cluster=declared["cluster"],
            launchType=declared["launch_type"],
            capacityProviderStrategy=strategy(declared["capacity_provider_strategy"]),
            platformVersion=declared["platform_version"],
            schedulingStrategy=declared["scheduling_strategy"],
            enableECSManagedTags=declared["enable_ecs_managed_tags"],
            propagateTags=declared["propagate_tags"],
            healthCheckGracePeriodSeconds=declared["health_check_grace_period_seconds"],
            deploymentController=_controller(declared),
            deploymentConfiguration=_deployment(declared),
            networkConfiguration=_network(declared),
            loadBalancers=[_balancer(one) for one in declared["load_balancer"] or ()],
            tags=tags(declared, "key", "value"),
        ),
    )["service"]
    return {"id": made["serviceArn"], "arn": made["serviceArn"]}


def _controller(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": first(declared["deployment_controller"]).get("type") or "ECS"}


def _deployment(declared: Mapping[str, Any]) -> dict[str, Any]:
    breaker, alarms = first(declared["deployment_circuit_breaker"]), first(declared["alarms"])
    shift = first(declared["deployment_configuration"])
    return omit_empty(
        maximumPercent=declared["deployment_maximum_percent"],
        minimumHealthyPercent=declared["deployment_minimum_healthy_percent"],
        strategy=shift.get("strategy"),
        bakeTimeInMinutes=integer(shift.get("bake_time_in_minutes")),
        deploymentCircuitBreaker={"enable": breaker["enable"], "rollback": breaker["rollback"]} if breaker else None,
        alarms={"alarmNames": alarms["alarm_names"], "enable": alarms["enable"], "rollback": alarms["rollback"]}
        if alarms
        else None,
    )


def _network(declared: Mapping[str, Any]) -> dict[str, Any]:
    block = first(declared["network_configuration"])
    public = "ENABLED" if block.get("assign_public_ip") else "DISABLED"
    own = omit_empty(subnets=block.get("subnets"), securityGroups=block.get("security_groups"))
    return {"awsvpcConfiguration": {**own, "assignPublicIp": public}} if block else {}


def _balancer(block: Mapping[str, Any]) -> dict[str, Any]:
    other = first(block.get("advanced_configuration"))
    return omit_empty(
        targetGroupArn=block["target_group_arn"],
        containerName=block["container_name"],
        containerPort=block["container_port"],
        advancedConfiguration=omit_empty(
            alternateTargetGroupArn=other.get("alternate_target_group_arn"),
            productionListenerRule=other.get("production_listener_rule"),
            testListenerRule=other.get("test_listener_rule"),
            roleArn=other.get("role_arn"),
        ),
    )


def _place(declared: Mapping[str, Any]) -> dict[str, str]:
    return {
        "ServiceNamespace": declared["service_namespace"],
        "ResourceId": declared["resource_id"],
        "ScalableDimension": declared["scalable_dimension"],
    }


@creates("aws_appautoscaling_target")
def scalable_target(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Register what may be scaled, with its least and its most."""
    suspended = first(declared["suspended_state"])
    made = aws("application-autoscaling").register_scalable_target(
        MinCapacity=declared["min_capacity"],
        MaxCapacity=declared["max_capacity"],
        SuspendedState={
            "DynamicScalingInSuspended": bool(suspended.get("dynamic_scaling_in_suspended")),
            "DynamicScalingOutSuspended": bool(suspended.get("dynamic_scaling_out_suspended")),
            "ScheduledScalingSuspended": bool(suspended.get("scheduled_scaling_suspended")),
        },
        **_place(declared),
        **omit_empty(RoleARN=declared["role_arn"]),
    )
    return {"id": declared["resource_id"], "arn": made.get("ScalableTargetARN", "")}


@creates("aws_appautoscaling_policy")
def scaling_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a policy that scales towards a target value of a predefined metric."""
    block = first(declared["target_tracking_scaling_policy_configuration"])
    metric = first(block.get("predefined_metric_specification"))
    tracking = omit_empty(
        TargetValue=block.get("target_value"),
        ScaleOutCooldown=block.get("scale_out_cooldown"),
        ScaleInCooldown=block.get("scale_in_cooldown"),
        DisableScaleIn=block.get("disable_scale_in"),
        PredefinedMetricSpecification=omit_empty(
            PredefinedMetricType=metric.get("predefined_metric_type"), ResourceLabel=metric.get("resource_label")
        ),
    )
    made = aws("application-autoscaling").put_scaling_policy(
        PolicyName=declared["name"],
        PolicyType=declared["policy_type"],
        TargetTrackingScalingPolicyConfiguration=tracking,
        **_place(declared),
    )
    return {"id": declared["name"], "arn": made["PolicyARN"]}
