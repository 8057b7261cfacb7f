"""Topics and queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Clients, creates, stated, tags


@creates("aws_sns_topic")
def topic(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a topic."""
    attributes = stated(KmsMasterKeyId=declared["kms_master_key_id"], SignatureVersion=declared["signature_version"])
    attributes = {name: str(value) for name, value in attributes.items()}
    made = aws("sns").create_topic(Name=declared["name"], Attributes=attributes, Tags=tags(declared))
    arn = made["TopicArn"]
    return {"id": arn, "arn": arn, "owner": aws.account}
