"""What shows how the system is: dashboards, canaries and traces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .registry import Clients, creates, first, omit_empty


@creates("aws_cloudwatch_dashboard")
def dashboard(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a dashboard."""
    name = declared["dashboard_name"]
    aws("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=declared["dashboard_body"])
    return {"id": name, "dashboard_arn": f"arn:aws:cloudwatch::{aws.account}:dashboard/{name}"}


@creates("aws_synthetics_canary")
def canary(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a canary and start it, if that is declared."""
    synthetics, name = aws("synthetics"), declared["name"]
    made = synthetics.create_canary(
        Name=name,
        Code={"Handler": declared["handler"], **_code(declared)},
        ArtifactS3Location=declared["artifact_s3_location"],
        ExecutionRoleArn=declared["execution_role_arn"],
        Schedule=_schedule(declared["schedule"][0]),
        RuntimeVersion=declared["runtime_version"],
        **omit_empty(
            RunConfig=_run_config(declared["run_config"]),
            SuccessRetentionPeriodInDays=declared["success_retention_period"],
            FailureRetentionPeriodInDays=declared["failure_retention_period"],
            ArtifactConfig=_artifacts(declared["artifact_config"]),
            ProvisionedResourceCleanup="AUTOMATIC" if declared["delete_lambda"] else None,
            Tags=declared.get("tags_all"),
        ),
    )["Canary"]
    if declared["start_canary"]:
        synthetics.start_canary(Name=name)
    return {"id": name, "arn": f"arn:aws:synthetics:{aws.region}:{aws.account}:canary:{name}",
            "status": made["Status"]["State"]}  # fmt: skip


def _code(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    if declared["zip_file"]:
        return {"ZipFile": Path(declared["zip_file"]).read_bytes()}
    return omit_empty(S3Bucket=declared["s3_bucket"], S3Key=declared["s3_key"], S3Version=declared["s3_version"])


def _schedule(block: Mapping[str, Any]) -> Mapping[str, Any]:
    retries = [{"MaxRetries": int(one["max_retries"])} for one in block["retry_config"] or ()]
    return {
        "Expression": block["expression"],
        **omit_empty(DurationInSeconds=block["duration_in_seconds"], RetryConfig=first(retries)),
    }


def _run_config(blocks: list[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    block = first(blocks)
    return omit_empty(
        TimeoutInSeconds=block.get("timeout_in_seconds"),
        MemoryInMB=block.get("memory_in_mb"),
        ActiveTracing=block.get("active_tracing"),
        EnvironmentVariables=block.get("environment_variables"),
    )


def _artifacts(blocks: list[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    for encryption in (inner for block in blocks or () for inner in block["s3_encryption"] or ()):
        mode, key = encryption["encryption_mode"], encryption["kms_key_arn"]
        return {"S3Encryption": omit_empty(EncryptionMode=mode, KmsKeyArn=key)}
    return {}


@creates("aws_xray_encryption_config")
def trace_encryption(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say with which key X-Ray encrypts traces."""
    aws("xray").put_encryption_config(Type=declared["type"], **omit_empty(KeyId=declared["key_id"]))
    return {"id": aws.region}


@creates("aws_xray_sampling_rule")
def sampling_rule(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say how many requests of a kind are traced."""
    made = aws("xray").create_sampling_rule(
        SamplingRule={
            "RuleName": declared["rule_name"],
            "Priority": int(declared["priority"]),
            "Version": int(declared["version"]),
            "ReservoirSize": int(declared["reservoir_size"]),
            "FixedRate": float(declared["fixed_rate"]),
            "URLPath": declared["url_path"],
            "Host": declared["host"],
            "HTTPMethod": declared["http_method"],
            "ServiceType": declared["service_type"],
            "ServiceName": declared["service_name"],
            "ResourceARN": declared["resource_arn"],
            **omit_empty(Attributes=declared["attributes"]),
        }
    )["SamplingRuleRecord"]["SamplingRule"]
    return {"id": made["RuleName"], "arn": made["RuleARN"]}


@creates("aws_xray_group")
def trace_group(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Group the traces that an expression selects."""
    insights = [
        omit_empty(InsightsEnabled=one["insights_enabled"], NotificationsEnabled=one["notifications_enabled"])
        for one in declared["insights_configuration"] or ()
    ]
    made = aws("xray").create_group(
        GroupName=declared["group_name"],
        FilterExpression=declared["filter_expression"],
        **omit_empty(InsightsConfiguration=first(insights)),
    )["Group"]
    return {"id": made["GroupARN"], "arn": made["GroupARN"]}
