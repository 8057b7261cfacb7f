"""Airflow on MWAA, and the files that it starts with."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .registry import Clients, creates, omit_empty

#: Terraform's name of an argument -> MWAA's name of the field.
_ARGUMENTS: Final = {
    "airflow_version": "AirflowVersion",
    "environment_class": "EnvironmentClass",
    "kms_key": "KmsKey",
    "min_workers": "MinWorkers",
    "max_workers": "MaxWorkers",
    "min_webservers": "MinWebservers",
    "max_webservers": "MaxWebservers",
    "schedulers": "Schedulers",
    "webserver_access_mode": "WebserverAccessMode",
    "endpoint_management": "EndpointManagement",
    "weekly_maintenance_window_start": "WeeklyMaintenanceWindowStart",
    "requirements_s3_path": "RequirementsS3Path",
    "requirements_s3_object_version": "RequirementsS3ObjectVersion",
    "plugins_s3_path": "PluginsS3Path",
    "plugins_s3_object_version": "PluginsS3ObjectVersion",
    "startup_script_s3_path": "StartupScriptS3Path",
    "startup_script_s3_object_version": "StartupScriptS3ObjectVersion",
    "airflow_configuration_options": "AirflowConfigurationOptions",
    "tags_all": "Tags",
}
_LOGS: Final = {
    "dag_processing_logs": "DagProcessingLogs",
    "scheduler_logs": "SchedulerLogs",
    "task_logs": "TaskLogs",
    "webserver_logs": "WebserverLogs",
    "worker_logs": "WorkerLogs",
}


@creates("aws_mwaa_environment")
def environment(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an Airflow environment."""
    name, mwaa = declared["name"], aws("mwaa")
    network = declared["network_configuration"][0]
    mwaa.create_environment(
        Name=name,
        ExecutionRoleArn=declared["execution_role_arn"],
        SourceBucketArn=declared["source_bucket_arn"],
        DagS3Path=declared["dag_s3_path"],
        NetworkConfiguration={
            "SubnetIds": list(network["subnet_ids"]),
            "SecurityGroupIds": list(network["security_group_ids"]),
        },
        **omit_empty(
            LoggingConfiguration=_logging(declared["logging_configuration"]),
            **{field: declared.get(argument) for argument, field in _ARGUMENTS.items()},
        ),
    )
    made = mwaa.get_environment(Name=name)["Environment"]
    return {
        "id": name,
        "arn": made["Arn"],
        "status": made["Status"],
        "webserver_url": made["WebserverUrl"],
        "service_role_arn": made["ServiceRoleArn"],
        "created_at": made["CreatedAt"].isoformat(),
    }


def _logging(blocks: list[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    return {
        field: {"Enabled": bool(one["enabled"]), "LogLevel": one["log_level"] or "INFO"}
        for block in blocks or ()
        for argument, field in _LOGS.items()
        for one in block[argument] or ()
    }


@creates("aws_s3_object")
def bucket_object(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Store a file, or a text, in a bucket."""
    made = aws("s3").put_object(
        Bucket=declared["bucket"],
        Key=declared["key"],
        Body=_content(declared),
        **omit_empty(
            ContentType=declared["content_type"],
            ServerSideEncryption="aws:kms" if declared["kms_key_id"] else declared["server_side_encryption"],
            SSEKMSKeyId=declared["kms_key_id"],
            ChecksumAlgorithm=declared["checksum_algorithm"],
        ),
    )
    return {
        "id": declared["key"],
        "arn": f"arn:aws:s3:::{declared['bucket']}/{declared['key']}",
        "etag": made["ETag"].strip('"'),
        "version_id": made.get("VersionId"),
    }


def _content(declared: Mapping[str, Any]) -> bytes:
    if declared["source"]:
        return Path(declared["source"]).read_bytes()
    if declared["content_base64"]:
        return base64.b64decode(declared["content_base64"])
    return (declared["content"] or "").encode()
