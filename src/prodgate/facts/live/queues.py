"""Dead-letter queues: their messages, retention, and what sends its failures to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...aws.account import Account
from ...aws.documents import read_document
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads
from .permissions import read_rights

reads("events", "ListRules", "ListTargetsByRule")
reads("lambda", "ListFunctions")
reads("mwaa", "GetEnvironment", "ListEnvironments")
reads("sns", "GetSubscriptionAttributes", "ListSubscriptions")
reads("sqs", "GetQueueAttributes", "ListQueues")

#: Attributes to request of a queue.
_ATTRIBUTES = ["All"]
#: Counts of messages, which SQS keeps by their state.
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeadLetterQueue(Fact):
    """A queue to which something sends what it could not handle; ``subject`` is its ARN."""

    sources: tuple[str, ...]
    """ARNs of what sends there."""
    retention: Quantity
    messages: Quantity
    """Messages in it, including those in flight; SQS counts approximately."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WorkQueue(Fact):
    """A queue from which Airflow takes work; ``subject`` is its ARN."""

    redrives_to: str
    """ARN of its dead-letter queue; empty without one."""


@observes(DeadLetterQueue)
def observe_dead_letter_queues(account: Account) -> Iterator[DeadLetterQueue]:
    """Look at every dead-letter queue of this account and region."""
    sources = find_dead_letter_sources(account)

    def look(queue: Mapping[str, str]) -> DeadLetterQueue:
        return DeadLetterQueue(
            subject=queue["QueueArn"],
            sources=tuple(sources[queue["QueueArn"]]),
            retention=Quantity.seconds(int(queue["MessageRetentionPeriod"])),
            messages=Quantity.of(sum(int(queue[name]) for name in _COUNTS)),
        )

    own = [queue for queue in list_queues(account) if queue["QueueArn"] in sources]
    yield from map(apart(DeadLetterQueue, look, "QueueArn"), own)


@observes(WorkQueue)
def observe_work_queues(account: Account) -> Iterator[WorkQueue]:
    """Look at every queue that the role of an Airflow environment may receive from."""
    names = account.list("mwaa", "ListEnvironments", "Environments")
    roles = [account.get("mwaa", "GetEnvironment", Name=name)["Environment"]["ExecutionRoleArn"] for name in names]
    for queue in list_queues(account):
        if any(read_rights(account, role).may("sqs:ReceiveMessage", queue["QueueArn"]) for role in roles):
            yield WorkQueue(subject=queue["QueueArn"], redrives_to=_parse_target(queue.get("RedrivePolicy")))


def list_queues(account: Account) -> tuple[Mapping[str, str], ...]:
    """Return the attributes of every queue."""

    def attributes(url: str) -> Mapping[str, str]:
        found: Mapping[str, str] = account.get("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=_ATTRIBUTES)[
            "Attributes"
        ]
        return found

    return account.each(attributes, account.list("sqs", "ListQueues", "QueueUrls"))


def find_dead_letter_sources(account: Account) -> Mapping[str, list[str]]:
    """Return what sends its failures to a queue, by the queue's ARN: queues, subscriptions, rules, functions."""
    found: dict[str, list[str]] = {}
    for source, target in _list_redrives(account):
        found.setdefault(target, []).append(source)
    return found


def _list_redrives(account: Account) -> Iterator[tuple[str, str]]:
    for queue in list_queues(account):
        yield queue["QueueArn"], _parse_target(queue.get("RedrivePolicy"))
    for listed in account.list("sns", "ListSubscriptions", "Subscriptions"):
        if listed["SubscriptionArn"].startswith("arn:"):  # else nobody has confirmed it yet
            asked = {"SubscriptionArn": listed["SubscriptionArn"]}
            stated = account.get("sns", "GetSubscriptionAttributes", **asked)["Attributes"]
            yield listed["SubscriptionArn"], _parse_target(stated.get("RedrivePolicy"))
    for rule in account.list("events", "ListRules", "Rules"):
        for target in account.list("events", "ListTargetsByRule", "Targets", Rule=rule["Name"]):
            yield rule["Arn"], (target.get("DeadLetterConfig") or {}).get("Arn", "")
    for function in account.list("lambda", "ListFunctions", "Functions"):
        yield function["FunctionArn"], (function.get("DeadLetterConfig") or {}).get("TargetArn", "")


def _parse_target(redrive_policy: str | None) -> str:
    return str(read_document(redrive_policy, "a redrive policy")["deadLetterTargetArn"]) if redrive_policy else ""
