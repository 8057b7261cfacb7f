"""Amazon MWAA, which moto does not have: its environments. An Airflow is inside them only when there is one to ask."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from .airflow_rest import forward_request
from .extension import Ledger, Refused, answers

#: What MWAA decides where a request says nothing.
_DEFAULTS: Final = {
    "AirflowVersion": "3.0.6",
    "EnvironmentClass": "mw1.small",
    "MinWorkers": 1,
    "MaxWorkers": 10,
    "MinWebservers": 2,
    "MaxWebservers": 2,
    "Schedulers": 2,
    "WebserverAccessMode": "PRIVATE_ONLY",
    "EndpointManagement": "SERVICE",
    "WeeklyMaintenanceWindowStart": "SUN:00:00",
    "AirflowConfigurationOptions": {},
    "Tags": {},
}
#: Field of the logging configuration -> how the name of its log group ends.
_LOGS: Final = {
    "DagProcessingLogs": "DAGProcessing",
    "SchedulerLogs": "Scheduler",
    "TaskLogs": "Task",
    "WebserverLogs": "WebServer",
    "WorkerLogs": "Worker",
}


@answers("mwaa", "CreateEnvironment")
def create_environment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make an environment, at once."""
    name = params["Name"]
    if name in ledger.of("environment"):
        raise Refused("ValidationException", f"An environment with the name {name} already exists.")
    now = datetime.now(UTC)
    place = f"{ledger.region}:{ledger.account}"
    made = _DEFAULTS | dict(params) | {
        "Arn": f"arn:aws:airflow:{place}:environment/{name}",
        "Status": "AVAILABLE",
        "CreatedAt": now,
        "LastUpdate": {"Status": "SUCCESS", "CreatedAt": now},
        "WebserverUrl": f"{uuid.uuid4()}-vpce.c1.{ledger.region}.airflow.amazonaws.com",
        "CeleryExecutorQueue": f"arn:aws:sqs:{place}:airflow-celery-{uuid.uuid4()}",
        "ServiceRoleArn": f"arn:aws:iam::{ledger.account}:role/aws-service-role/airflow.amazonaws.com/"
        "AWSServiceRoleForAmazonMWAA",
    }  # fmt: skip
    made["LoggingConfiguration"] = _logging(ledger, name, params.get("LoggingConfiguration", {}))
    ledger.of("environment")[name] = made
    return {"Arn": made["Arn"]}


@answers("mwaa", "GetEnvironment")
def get_environment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return everything about an environment."""
    return {"Environment": _environment(ledger, params["Name"])}


@answers("mwaa", "ListEnvironments")
def list_environments(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the names of the environments."""
    return {"Environments": sorted(ledger.of("environment"))}


@answers("mwaa", "UpdateEnvironment")
def update_environment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change an environment; one that names files that are not in its bucket fails and keeps what it had."""
    found = _environment(ledger, params["Name"])
    wanted = found | dict(params)
    update = {"Status": "SUCCESS", "CreatedAt": datetime.now(UTC)}
    missing = _find_missing_file(ledger, wanted)
    if missing:
        update |= {"Status": "FAILED", "Error": {"ErrorCode": "INCORRECT_CONFIGURATION", "ErrorMessage": missing}}
        found["LastUpdate"] = update
        return {"Arn": found["Arn"]}
    logs = _logging(ledger, found["Name"], found["LoggingConfiguration"] | params.get("LoggingConfiguration", {}))
    found.update(wanted | {"LastUpdate": update, "LoggingConfiguration": logs})
    return {"Arn": found["Arn"]}


@answers("mwaa", "DeleteEnvironment")
def delete_environment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Delete an environment, at once."""
    del ledger.of("environment")[_environment(ledger, params["Name"])["Name"]]
    return {}


@answers("mwaa", "CreateWebLoginToken")
def create_web_login_token(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Hand out a token for a web server; in the rehearsal account nothing listens there."""
    host = _environment(ledger, params["Name"])["WebserverUrl"]
    return {"WebToken": uuid.uuid4().hex, "WebServerHostname": host, "IamIdentity": "rehearsal"}


@answers("mwaa", "InvokeRestApi")
def invoke_rest_api(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Forward a request to the Airflow that was connected to the account; refuse it when there is none."""
    _environment(ledger, params["Name"])
    return forward_request(ledger.of("airflow"), params)


def _environment(ledger: Ledger, name: str) -> dict[str, Any]:
    message = f"No environment with the name {name} exists."
    found: dict[str, Any] = ledger.find("environment", name, "ResourceNotFoundException", message)
    return found


def _logging(ledger: Ledger, name: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return all five logs, with their groups; MWAA makes a group that is not there, without retention."""
    prefix = f"airflow-{name}-"
    there = {
        one["logGroupName"] for one in ledger.ask("logs", "DescribeLogGroups", logGroupNamePrefix=prefix)["logGroups"]
    }
    found = {}
    for field, suffix in _LOGS.items():
        group = prefix + suffix
        one = {"Enabled": False, **stated.get(field, {})}
        if one["Enabled"]:
            one["CloudWatchLogGroupArn"] = f"arn:aws:logs:{ledger.region}:{ledger.account}:log-group:{group}"
            if group not in there:
                ledger.ask("logs", "CreateLogGroup", logGroupName=group)
        found[field] = one
    return found


def _find_missing_file(ledger: Ledger, wanted: Mapping[str, Any]) -> str:
    """Return what an environment names that its bucket does not hold; nothing when it holds all."""
    bucket = wanted["SourceBucketArn"].rpartition(":")[2]
    for part in ("Requirements", "Plugins", "StartupScript"):
        path, version = wanted.get(f"{part}S3Path"), wanted.get(f"{part}S3ObjectVersion")
        if path and not _object_exists(ledger, bucket, path, version):
            return f"Unable to read version {version} of s3://{bucket}/{path}"
    return ""


def _object_exists(ledger: Ledger, bucket: str, path: str, version: str | None) -> bool:
    try:
        ledger.ask("s3", "HeadObject", Bucket=bucket, Key=path, **({"VersionId": version} if version else {}))
    except Refused:
        return False
    return True
