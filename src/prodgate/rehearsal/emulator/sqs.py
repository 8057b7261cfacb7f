"""SQS: moto drops the policy of a queue whenever some other attribute is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .extension import Ledger, answers


@answers("sqs", "SetQueueAttributes")
def set_queue_attributes(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Set attributes of a queue, and leave the others alone."""
    queue = ledger.backend.queues.get(params["QueueUrl"].rpartition("/")[2])
    policy = queue.policy if queue else None
    answer = ledger.moto()
    if queue and "Policy" not in params["Attributes"]:
        queue.policy = policy
    return answer
