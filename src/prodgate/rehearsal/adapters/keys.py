"""KMS keys and their aliases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, omit_empty, tags


@creates("aws_kms_key")
def key(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a key with its policy, and let it rotate where that is declared."""
    kms = aws("kms")
    made = kms.create_key(
        **omit_empty(
            Description=declared["description"],
            KeyUsage=declared["key_usage"],
            KeySpec=declared["customer_master_key_spec"],
            MultiRegion=declared["multi_region"],
            Policy=declared["policy"],
            Tags=tags(declared, "TagKey", "TagValue"),
        )
    )["KeyMetadata"]
    if declared["enable_key_rotation"]:
        kms.enable_key_rotation(
            KeyId=made["KeyId"], **omit_empty(RotationPeriodInDays=declared["rotation_period_in_days"])
        )
    if declared["is_enabled"] is False:
        kms.disable_key(KeyId=made["KeyId"])
    return {"id": made["KeyId"], "key_id": made["KeyId"], "arn": made["Arn"]}


@creates("aws_kms_alias")
def alias(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Give a key a name."""
    kms, name, target = aws("kms"), declared["name"], declared["target_key_id"]
    kms.create_alias(AliasName=name, TargetKeyId=target)
    arn = kms.describe_key(KeyId=target)["KeyMetadata"]["Arn"]
    return {"id": name, "arn": f"{arn.partition(':key/')[0]}:{name}", "target_key_arn": arn}
