"""Tables of DynamoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, first, omit_empty, tags


@creates("aws_dynamodb_table")
def table(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a table with its key, encryption and recovery; indexes and replicas are left out."""
    dynamodb, name = aws("dynamodb"), declared["name"]
    kinds = {each["name"]: each["type"] for each in declared["attribute"] or ()}
    keys = {declared["hash_key"]: "HASH", declared["range_key"]: "RANGE"}
    encryption = first(declared["server_side_encryption"])
    made = dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kinds[key]} for key in keys if key],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items() if key],
        DeletionProtectionEnabled=bool(declared["deletion_protection_enabled"]),
        Tags=tags(declared),
        **omit_empty(
            SSESpecification=omit_empty(
                Enabled=encryption.get("enabled"),
                SSEType="KMS" if encryption.get("kms_key_arn") else None,
                KMSMasterKeyId=encryption.get("kms_key_arn"),
            )
        ),
    )["TableDescription"]
    if first(declared["point_in_time_recovery"]).get("enabled"):
        kept = {"PointInTimeRecoveryEnabled": True}
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=kept)
    return {"id": name, "arn": made["TableArn"]}
