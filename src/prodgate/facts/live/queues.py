"""Dead-letter queues: their messages, retention, and what sends its failures to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.account import Account
from ...aws.answers import Answer, Unread, Unreadable
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
    for source, reason in list_unknown_redrives(account):
        yield DeadLetterQueue.unread(f"where {source} sends what it can't deliver", reason)

    def look(queue: Mapping[str, str]) -> DeadLetterQueue:
        return DeadLetterQueue(
            subject=queue["QueueArn"],
            sources=tuple(sources[queue["QueueArn"]]),
            retention=Quantity.seconds(int(queue["MessageRetentionPeriod"])),
            messages=Quantity.of(sum(int(queue[name]) for name in _COUNTS)),
        )

    own = [queue for queue in list_queues(account) if "QueueArn" not in queue or queue["QueueArn"] in sources]
    yield from map(apart(DeadLetterQueue, look, "QueueArn", "QueueUrl"), own)


@observes(WorkQueue)
def observe_work_queues(account: Account) -> Iterator[WorkQueue]:
    """Look at every queue that the role of an Airflow environment may receive from."""
    names = account.list("mwaa", "ListEnvironments", "Environments")
    taken: dict[str, Mapping[str, str]] = {}
    queues = list_queues(account) if names else ()
    for queue in (queue for queue in queues if "QueueArn" not in queue):  # which may be taken from, for all one knows
        yield WorkQueue.unread(queue["QueueUrl"], "sqs GetQueueAttributes does not state its QueueArn")
    named = {queue["QueueArn"]: queue for queue in queues if "QueueArn" in queue}
    for name in names:
        try:
            role = account.get("mwaa", "GetEnvironment", Name=name)["Environment"]["ExecutionRoleArn"]
            rights = read_rights(account, role)
            taken |= {arn: queue for arn, queue in named.items() if rights.may("sqs:ReceiveMessage", arn)}
        except Unreadable as error:
            yield WorkQueue.unread(f"what the Airflow environment {name} takes work from", error.reason)
    look = apart(WorkQueue, _work_queue)
    yield from map(look, taken.items())


def _work_queue(row: tuple[str, Mapping[str, str]]) -> WorkQueue:
    arn, queue = row
    return WorkQueue(subject=arn, redrives_to=_parse_target(queue.get("RedrivePolicy")))


def list_queues(account: Account, region: str = "") -> tuple[Mapping[str, str], ...]:
    """Return the attributes of every queue, with its URL under ``QueueUrl``.

    One that was deleted is listed for a minute more.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
    """

    def attributes(url: str) -> Mapping[str, str] | None:
        found = account.find("sqs", "GetQueueAttributes", region=region, QueueUrl=url, AttributeNames=_ATTRIBUTES)
        stated = None if found is None else {"QueueUrl": url, **(found.get("Attributes") or {})}
        return None if stated is None else Answer(stated, "sqs GetQueueAttributes")

    found = account.each(attributes, account.list("sqs", "ListQueues", "QueueUrls", region=region))
    return tuple(queue for queue in found if queue is not None)


def find_dead_letter_sources(account: Account) -> Mapping[str, list[str]]:
    """Return what sends its failures to a queue, by the queue's ARN: queues, subscriptions, rules, functions."""
    found: dict[str, list[str]] = {}
    for source, target in account.once(_list_redrives):
        if not isinstance(target, Unread):
            found.setdefault(target, []).append(source)
    return found


def list_unknown_redrives(account: Account) -> list[tuple[str, str]]:
    """Return what may send its failures to any queue, and why it is not known to which."""
    return [(source, to.reason) for source, to in account.once(_list_redrives) if isinstance(to, Unread)]


def _list_redrives(account: Account) -> Iterator[tuple[str, str | Unread]]:
    """Yield what sends its failures somewhere, and where; empty for nowhere, deferred where that is not known."""
    for queue in list_queues(account):
        yield queue.get("QueueArn", queue["QueueUrl"]), _parse_target(queue.get("RedrivePolicy"))
    for listed in account.list("sns", "ListSubscriptions", "Subscriptions"):
        name = listed.get("SubscriptionArn", f"a subscription to {listed.get('TopicArn', 'a topic')}")
        if name.startswith(("arn:", "a ")):  # else nobody has confirmed it yet
            yield name, account.defer(_target_of_subscription, account, listed)
    for rule in account.list("events", "ListRules", "Rules"):
        name = rule.get("Arn") or rule.get("Name", "a rule without Arn and Name")
        targets = account.defer(_targets_of_rule, account, rule)
        yield from ((name, target) for target in ([targets] if isinstance(targets, Unread) else targets))
    for function in account.list("lambda", "ListFunctions", "Functions"):
        name = function.get("FunctionArn") or function.get("FunctionName", "a function without FunctionArn")
        yield name, (function.get("DeadLetterConfig") or {}).get("TargetArn", "")


def _target_of_subscription(account: Account, listed: Mapping[str, Any]) -> str:
    asked = {"SubscriptionArn": listed["SubscriptionArn"]}
    return _parse_target(account.get("sns", "GetSubscriptionAttributes", **asked)["Attributes"].get("RedrivePolicy"))


def _targets_of_rule(account: Account, rule: Mapping[str, Any]) -> list[str]:
    targets = account.list("events", "ListTargetsByRule", "Targets", Rule=rule["Name"])
    return [(target.get("DeadLetterConfig") or {}).get("Arn", "") for target in targets]


def _parse_target(redrive_policy: str | None) -> str:
    return str(read_document(redrive_policy, "a redrive policy")["deadLetterTargetArn"]) if redrive_policy else ""
