"""The dead letters of our own runs, taken from a queue without disturbing anybody else's messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from ..criteria import UsageError

#: Seconds for which a message stays hidden from others if this process is killed while it looks at it.
VISIBILITY_TIMEOUT: Final = 30
#: A queue that holds more messages than this is not searched.
MAX_MESSAGES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text that arrived, and when it was sent, in Unix seconds."""

    text: str
    sent: float


@dataclass(slots=True)
class DeadLetters:
    """Searches a dead-letter queue: takes messages that name one of our runs and gives back all others."""

    sqs: Any
    url: str
    own: list[str] = field(default_factory=list)
    """Ids of our runs."""
    taken: dict[str, list[Message]] = field(default_factory=dict)
    """By run."""
    _held: list[str] = field(default_factory=list)

    def collect(self) -> None:
        """Take the messages of our runs that have arrived."""
        request = {"QueueUrl": self.url, "MaxNumberOfMessages": 10, "VisibilityTimeout": VISIBILITY_TIMEOUT}
        for _ in range(MAX_MESSAGES):
            found = self.sqs.receive_message(**request, AttributeNames=["SentTimestamp"]).get("Messages", ())
            for message in found:
                self._sort(message)
            if not found:
                return

    def release(self) -> None:
        """Make everybody else's messages visible again at once."""
        while self._held:
            handle = self._held.pop()
            with suppress(self.sqs.exceptions.ClientError):  # visible again already, or dealt with
                self.sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=0)

    def _sort(self, message: Mapping[str, Any]) -> None:
        own = next((run_id for run_id in self.own if mentions(message["Body"], run_id)), "")
        if not own:
            self._held.append(message["ReceiptHandle"])
            return
        sent = int(message["Attributes"]["SentTimestamp"]) / 1000
        self.taken.setdefault(own, []).append(Message(text=message["Body"], sent=sent))
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])


def open_dead_letters(sqs: Any, arn: str) -> DeadLetters:
    """Return a search of the queue with this ARN. Raises UsageError for one that must not be searched."""
    account, name = arn.split(":")[4:6]
    url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    if attributes.get("RedrivePolicy"):
        raise UsageError(f"queue {name}: has a redrive policy, and looking could move others' messages; take it out")
    if (there := int(attributes["ApproximateNumberOfMessages"])) > MAX_MESSAGES:
        raise UsageError(f"queue {name}: holds {there} messages; deal with them, then drill")
    return DeadLetters(sqs, url)


def mentions(text: str, name: str) -> bool:
    """Whether a text holds a name as a word of its own: ``act`` is not in ``exactly``, nor in ``act_2``."""
    return bool(name) and re.search(rf"(?<![\w.:+-]){re.escape(name)}(?![\w:+-]|\.\w)", text) is not None
