"""Takes back whatever a drill began, such as a queue: at its end, and later by its journal if it was killed."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from ..evidence.journal import Journal

#: Makes a client of a service, in a region.
Aws = Callable[..., Any]
#: Seconds before each further try to take something back.
PAUSES: Final = (0.5, 2.0)
#: Prefix of the names of our queues and runs.
PREFIX: Final = "prodgate-"

#: Kind of a step -> what takes it back: called with the clients and the fields of the step, of which ``name`` is for
#: people. It copes with a step that was never made, and with one that was taken back before.
UNDO: Final[dict[str, Callable[..., Any]]] = {}


def undoes(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what takes back a kind of step."""

    def register(undo: Callable[..., Any]) -> Callable[..., Any]:
        return UNDO.setdefault(kind, undo)

    return register


@dataclass(slots=True)
class Cleanup:
    """The steps of a drill, the last of which is taken back first."""

    aws: Aws
    journal: Journal | None = None
    """Keeps what was begun; None for an account that ends with this process."""
    left: list[str] = field(default_factory=list)
    """Changes that could not be undone, and why."""
    _begun: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    _last: int = 0

    def begin(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Say, before it is done, what is about to be changed: from now on it will be taken back.

        Returns the fields; what is added to them helps to take it back in this process.
        """
        self._last, known = self._last + 1, dict(fields)
        if self.journal is not None:
            _write(self.journal, "begun", step=self._last, kind=kind, fields=fields)
        self._begun[self._last] = kind, known
        return known

    def take_back(self, wanted: str) -> list[Any]:
        """Take back the steps of a kind now; return what came of each. Raises what taking back raises."""
        found = [(number, *step) for number, step in self._begun.items() if step[0] == wanted]
        return [self._take_back(*step) for step in found]

    def run(self) -> None:
        """Take everything back. Raises KeyboardInterrupt, but only after every step was tried."""
        interrupted = False
        for number, (kind, fields) in reversed([*self._begun.items()]):
            why = ""
            for pause in (0.0, *PAUSES):
                try:
                    time.sleep(pause)
                    self._take_back(number, kind, fields)
                except KeyboardInterrupt:
                    interrupted, why = True, "interrupted"
                except Exception as error:  # noqa: BLE001  the other steps must still be taken back
                    why = str(error)
                else:
                    break
            else:
                self.left.append(f"{kind} {fields['name']}: {why}")
        if interrupted:
            raise KeyboardInterrupt

    def _take_back(self, number: int, kind: str, fields: dict[str, Any]) -> Any:
        found = UNDO[kind](self.aws, **fields)
        if self.journal is not None:
            with suppress(OSError):  # it will be taken back once more, which changes nothing
                note_undone(self.journal, self.journal.path.parent.name, number)
        del self._begun[number]
        return found


def note_undone(journal: Journal, drill: str, step: int) -> None:
    """Say in a journal that a step of a drill was taken back."""
    _write(journal, "undone", drill=drill, step=step)


def _write(journal: Journal, event: str, **fields: Any) -> None:
    """Write an event so that it survives a crash of the machine."""
    journal.write(event, **fields)
    for path in (journal.path, journal.path.parent, journal.path.parent.parent):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


@contextmanager
def cleanup(aws: Aws, tell: Callable[[str], None], journal: Journal | None = None) -> Iterator[Cleanup]:
    """Take everything back when the context ends, however it ends, and tell what could not be."""
    steps = Cleanup(aws, journal)
    try:
        yield steps
    finally:
        try:
            steps.run()
        finally:
            advice = "" if journal is None else "; prodgate drill recover takes it back"
            for each in steps.left:
                tell(f"left behind: {each}{advice}")


# ── A queue of our own beside the real subscribers of topics, deleted when the drill ends

#: Prefix of the names of our queues.
QUEUES: Final = f"{PREFIX}drill-"
#: Seconds that SQS lets a receiver wait at most.
MAX_POLL: Final = 20


def subscribe_queue(account: str, region: str, topics: tuple[str, ...], nonce: str, steps: Cleanup) -> str:
    """Subscribe a queue of our own, encrypted and open to these topics alone; return its address.

    ``account`` is that of the credentials, where the queue is; the topics may be another's.
    """
    sqs, sns, name = steps.aws("sqs", region), steps.aws("sns", region), f"{QUEUES}{nonce[:12]}"
    steps.begin("queue", name=name, region=region)
    arn = f"{topics[0].partition(':sns:')[0]}:sqs:{region}:{account}:{name}"
    policy = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": list(topics)}},
    }
    attributes = {
        "Policy": json.dumps({"Version": "2012-10-17", "Statement": [policy]}),
        "SqsManagedSseEnabled": "true",
        "MessageRetentionPeriod": "600",
    }
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    for topic in topics:
        known = steps.begin("subscription", **describe_subscription(topic, arn))
        known["arn"] = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    return url


def describe_subscription(topic: str, queue: str) -> dict[str, str]:
    """Return what is kept of the subscription of a queue of ours to a topic, both by their ARNs."""
    name = f"of {queue.rpartition(':')[2]} to {topic}"
    return {"name": name, "region": topic.split(":")[3], "topic": topic, "queue": queue}


def receive_notifications(sqs: Any, url: str, wait: int) -> Iterator[Mapping[str, Any]]:
    """Wait so many seconds for notifications; yield what SNS sent of each and delete it from the queue."""
    received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait, MaxNumberOfMessages=10)
    for message in received.get("Messages", ()):
        yield json.loads(message["Body"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


@undoes("queue")
def _delete_queue(aws: Aws, *, name: str, region: str) -> None:
    sqs = aws("sqs", region)
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        return
    sqs.delete_queue(QueueUrl=url)


@undoes("subscription")
def _unsubscribe(aws: Aws, *, name: str, region: str, topic: str, queue: str, arn: str = "") -> None:  # noqa: ARG001
    """Remove the subscription; look for it where an interrupt kept its ARN from us."""
    sns = aws("sns", region)
    pages = () if arn else sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    found = [one["SubscriptionArn"] for page in pages for one in page["Subscriptions"] if one["Endpoint"] == queue]
    for each in [arn] if arn else found:
        sns.unsubscribe(SubscriptionArn=each)
