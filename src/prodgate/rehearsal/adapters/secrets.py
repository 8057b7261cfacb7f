"""Secrets Manager: secrets, their policies and their rotation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags


@creates("aws_secretsmanager_secret")
def secret(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a secret without a value."""
    made = aws("secretsmanager").create_secret(
        **omit_empty(
            Name=declared["name"],
            Description=declared["description"],
            KmsKeyId=declared["kms_key_id"],
            Tags=tags(declared),
        )
    )
    return {"id": made["ARN"], "arn": made["ARN"]}


@creates("aws_secretsmanager_secret_version")
def version(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Give a secret a value; what is write-only is not sent, and a stand-in is kept in its place."""
    value = declared["secret_string"] or declared["secret_binary"] or "-"
    made = aws("secretsmanager").put_secret_value(SecretId=declared["secret_id"], SecretString=value)
    return {"id": f"{made['ARN']}|{made['VersionId']}", "arn": made["ARN"], "version_id": made["VersionId"]}


@creates("aws_secretsmanager_secret_policy")
def policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Attach the policy of a secret."""
    aws("secretsmanager").put_resource_policy(
        SecretId=declared["secret_arn"],
        ResourcePolicy=declared["policy"],
        BlockPublicPolicy=bool(declared["block_public_policy"]),
    )
    return {"id": declared["secret_arn"]}


@creates("aws_secretsmanager_secret_rotation")
def rotation(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Rotate a secret by schedule. The first rotation is the function's own matter, which nobody runs here."""
    rules = declared["rotation_rules"][0]
    aws("secretsmanager").rotate_secret(
        SecretId=declared["secret_id"],
        RotationRules=omit_empty(
            AutomaticallyAfterDays=rules["automatically_after_days"],
            ScheduleExpression=rules["schedule_expression"],
            Duration=rules["duration"],
        ),
        RotateImmediately=declared["rotate_immediately"] is not False,
        **omit_empty(RotationLambdaARN=declared["rotation_lambda_arn"]),
    )
    return {"id": declared["secret_id"], "rotation_enabled": True}
