"""SQS: moto drops the policy of a queue whenever some other attribute is set, and writes JSON with blanks."""

from __future__ import annotations

import json
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


@answers("sqs", "GetQueueAttributes")
def get_queue_attributes(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return attributes of a queue; Terraform compares the text of a redrive policy."""
    found = ledger.moto()
    if policy := found.get("Attributes", {}).get("RedrivePolicy"):
        found["Attributes"]["RedrivePolicy"] = json.dumps(json.loads(policy), separators=(",", ":"))
    return found
