"""SQS: moto drops the policy of a queue whenever some other attribute is set, and writes JSON with blanks.

CloudWatch hears of what is sent, and how long the oldest message has waited whenever it is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from .extension import UNREPORTED, Ledger, corrects
from .moto_backends import find_backend

NAMESPACE: Final = "AWS/SQS"


@corrects("sqs", "SetQueueAttributes", upstream="since getmoto/moto#4091")
def set_queue_attributes(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Set attributes of a queue, and leave the others alone."""
    queue = ledger.backend.queues.get(params["QueueUrl"].rpartition("/")[2])
    policy = queue.policy if queue else None
    answer = ledger.moto()
    if queue and "Policy" not in params["Attributes"]:
        queue.policy = policy
    return answer


@corrects("sqs", "GetQueueAttributes", upstream=UNREPORTED)
def get_queue_attributes(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return attributes of a queue; Terraform compares the text of a redrive policy."""
    found = ledger.moto()
    if policy := found.get("Attributes", {}).get("RedrivePolicy"):
        found["Attributes"]["RedrivePolicy"] = json.dumps(json.loads(policy), separators=(",", ":"))
    return found


@corrects("sqs", "SendMessage", upstream=UNREPORTED)
def send_message(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take a message."""
    answer = ledger.moto()
    _report_sent(ledger, params["QueueUrl"], 1)
    return answer


@corrects("sqs", "SendMessageBatch", upstream=UNREPORTED)
def send_message_batch(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take several messages, or some of them."""
    answer = ledger.moto()
    _report_sent(ledger, params["QueueUrl"], len(answer.get("Successful") or ()))
    return answer


def measure_queues(account: str, region: str) -> Iterator[dict[str, Any]]:
    """Yield the metrics of each queue that holds messages, as PutMetricData takes them."""
    now = datetime.now(UTC)
    for queue in find_backend("sqs", account, region).queues.values():
        if there := queue.messages:
            age = now.timestamp() - min(message.sent_timestamp for message in there) / 1000
            yield _datum(queue.name, "ApproximateAgeOfOldestMessage", max(0.0, age), "Seconds")
            yield _datum(queue.name, "ApproximateNumberOfMessagesVisible", len(there), "Count")


def _report_sent(ledger: Ledger, url: str, messages: int) -> None:
    if messages:
        sent = _datum(url.rpartition("/")[2], "NumberOfMessagesSent", messages, "Count")
        ledger.ask("cloudwatch", "PutMetricData", Namespace=NAMESPACE, MetricData=[sent])


def _datum(queue: str, name: str, value: float, unit: str) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Dimensions": [{"Name": "QueueName", "Value": queue}],
        "Timestamp": datetime.now(UTC),
        "Value": float(value),
        "Unit": unit,
    }
