"""Queues and their policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .registry import Clients, creates, omit_empty

#: Terraform's name of an argument -> SQS's name of the attribute.
_ATTRIBUTES: Final = {
    "message_retention_seconds": "MessageRetentionPeriod",
    "visibility_timeout_seconds": "VisibilityTimeout",
    "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    "delay_seconds": "DelaySeconds",
    "max_message_size": "MaximumMessageSize",
    "kms_master_key_id": "KmsMasterKeyId",
    "kms_data_key_reuse_period_seconds": "KmsDataKeyReusePeriodSeconds",
    "redrive_policy": "RedrivePolicy",
    "policy": "Policy",
}


@creates("aws_sqs_queue")
def queue(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a queue."""
    attributes = omit_empty(**{own: declared[name] for name, own in _ATTRIBUTES.items()})
    if declared["fifo_queue"]:
        attributes["FifoQueue"] = "true"
    url = aws("sqs").create_queue(
        QueueName=declared["name"],
        Attributes={name: str(value) for name, value in attributes.items()},
        tags=declared.get("tags_all") or {},
    )["QueueUrl"]
    return {"id": url, "url": url, "arn": f"arn:aws:sqs:{aws.region}:{aws.account}:{declared['name']}"}


@creates("aws_sqs_queue_policy")
def queue_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say who may use a queue."""
    return _set_attributes(declared, aws, Policy=declared["policy"])


@creates("aws_sqs_queue_redrive_allow_policy")
def redrive_allow_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Say which queues may hand their failures to this one."""
    return _set_attributes(declared, aws, RedriveAllowPolicy=declared["redrive_allow_policy"])


def _set_attributes(declared: Mapping[str, Any], aws: Clients, **attributes: str) -> Mapping[str, Any]:
    aws("sqs").set_queue_attributes(QueueUrl=declared["queue_url"], Attributes=attributes)
    return {"id": declared["queue_url"]}
