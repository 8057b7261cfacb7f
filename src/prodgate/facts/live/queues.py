"""Dead-letter queues: their messages and retention, the senders of failures, and who may send."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Answer, Unread, Unreadable, read_document
from ...quantities import Quantity
from ...semantics.policy_documents import Statement, read_statements
from ...semantics.unresolved import Unresolved
from .. import Fact
from ..observers import apart, observes
from .keys import name_key, read_key_policy
from .permissions import Rights, read_rights

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
    """A queue that receives failures of something else; ``subject`` is its ARN."""

    sources: tuple[str, ...]
    """ARNs of the senders."""
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
    """Observe every dead-letter queue of this account and region."""
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
    """Observe every queue that the role of an Airflow environment may receive from."""
    names = account.list("mwaa", "ListEnvironments", "Environments")
    taken: dict[str, Mapping[str, str]] = {}
    queues = list_queues(account) if names else ()
    for queue in (queue for queue in queues if "QueueArn" not in queue):  # which may be received from
        yield WorkQueue.unread(queue["QueueUrl"], "sqs GetQueueAttributes does not state its QueueArn")
    named = {queue["QueueArn"]: queue for queue in queues if "QueueArn" in queue}
    for name in names:
        try:
            role = account.get("mwaa", "GetEnvironment", Name=name)["Environment"]["ExecutionRoleArn"]
            rights = read_rights(account, role)
            taken |= {arn: queue for arn, queue in named.items() if rights.may("sqs:ReceiveMessage", arn)}
        except Unreadable as error:
            yield WorkQueue.unread(f"what the Airflow environment {name} takes work from", error.reason)

    def look(row: tuple[str, Mapping[str, str]]) -> WorkQueue:
        return WorkQueue(subject=row[0], redrives_to=_parse_target(row[1].get("RedrivePolicy")))

    yield from map(apart(WorkQueue, look), taken.items())


def list_queues(account: Account, region: str = "") -> tuple[Mapping[str, str], ...]:
    """Return the attributes of every queue, with its URL under ``QueueUrl``.

    A deleted queue stays listed for up to a minute.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
    """

    def attributes(url: str) -> Mapping[str, str] | None:
        found = account.find("sqs", "GetQueueAttributes", region=region, QueueUrl=url, AttributeNames=_ATTRIBUTES)
        stated = None if found is None else {"QueueUrl": url, **(found.get("Attributes") or {})}
        return None if stated is None else Answer(stated, "sqs GetQueueAttributes")

    found = account.each(attributes, account.list("sqs", "ListQueues", "QueueUrls", region=region))
    return tuple(queue for queue in found if queue is not None)


def find_dead_letter_sources(account: Account) -> Mapping[str, list[str]]:
    """Return the senders of failures to a queue, by the queue's ARN: queues, subscriptions, rules, functions, …"""
    found: dict[str, list[str]] = {}
    for source, target in account.once(_list_redrives):
        if not isinstance(target, Unread):
            found.setdefault(target, []).append(source)
    return found


def list_unknown_redrives(account: Account) -> list[tuple[str, str]]:
    """Return resources that may send their failures to any queue, and why the target is unknown."""
    return [(source, to.reason) for source, to in account.once(_list_redrives) if isinstance(to, Unread)]


def _list_redrives(account: Account) -> Iterator[tuple[str, str | Unread]]:
    """Yield resources that send their failures somewhere, and the target; empty for none, deferred if it is unknown."""
    for queue in list_queues(account):
        yield queue.get("QueueArn", queue["QueueUrl"]), _parse_target(queue.get("RedrivePolicy"))
    for listed in account.list("sns", "ListSubscriptions", "Subscriptions"):
        name = listed.get("SubscriptionArn", f"a subscription to {listed.get('TopicArn', 'a topic')}")
        if name.startswith(("arn:", "a ")):  # otherwise nobody has confirmed it yet
            yield name, account.defer(_target_of_subscription, account, listed)
    buses = account.list("events", "ListEventBuses", "EventBuses")
    yield from ((bus.get("Arn", "an event bus"), bus["Name"]) for bus in buses if "Name" not in bus)
    for name in dict.fromkeys(["default", *(bus["Name"] for bus in buses if "Name" in bus)]):
        named = {} if name == "default" else {"EventBusName": name}
        for rule in account.list("events", "ListRules", "Rules", **named):
            source = rule.get("Arn") or rule.get("Name", "a rule without Arn and Name")
            yield from _spread(source, account.defer(_targets_of_rule, account, rule, named))
    functions = account.list("lambda", "ListFunctions", "Functions")
    for function, of_calls in zip(
        functions, account.each(lambda one: account.defer(_targets_of_calls, account, one), functions), strict=True
    ):
        name = function.get("FunctionArn") or function.get("FunctionName", "a function without FunctionArn")
        yield name, (function.get("DeadLetterConfig") or {}).get("TargetArn", "")
        yield from _spread(name, of_calls)
    for mapping in account.list("lambda", "ListEventSourceMappings", "EventSourceMappings"):
        yield f"event source mapping {mapping.get('UUID', 'without UUID')}", _on_failure(mapping)
    for schedule in account.list("scheduler", "ListSchedules", "Schedules"):
        yield (
            schedule.get("Arn") or schedule.get("Name", "a schedule without Arn"),
            account.defer(_target_of_schedule, account, schedule),
        )
    for pipe in account.list("pipes", "ListPipes", "Pipes"):
        yield from _spread(
            pipe.get("Arn") or pipe.get("Name", "a pipe without Arn"), account.defer(_targets_of_pipe, account, pipe)
        )


def _spread(source: str, targets: list[str] | Unread) -> Iterator[tuple[str, str | Unread]]:
    yield from ((source, target) for target in ([targets] if isinstance(targets, Unread) else targets))


def _on_failure(holder: Mapping[str, Any]) -> str:
    return str(((holder.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination", ""))


def _targets_of_calls(account: Account, function: Mapping[str, Any]) -> list[str]:
    """Return where a function's failed asynchronous calls go, of its versions and aliases as well."""
    asked = {"FunctionName": function["FunctionName"]}
    listed = account.list("lambda", "ListFunctionEventInvokeConfigs", "FunctionEventInvokeConfigs", **asked)
    return list(map(_on_failure, listed))


def _target_of_schedule(account: Account, listed: Mapping[str, Any]) -> str:
    found = account.get("scheduler", "GetSchedule", Name=listed["Name"], GroupName=listed["GroupName"])
    return str((found["Target"].get("DeadLetterConfig") or {}).get("Arn", ""))


def _targets_of_pipe(account: Account, listed: Mapping[str, Any]) -> list[str]:
    """Return where a pipe's failed batches go: of a stream, the only sources with such a setting."""
    sources = account.get("pipes", "DescribePipe", Name=listed["Name"]).get("SourceParameters") or {}
    streams = [sources.get(f"{kind}StreamParameters") or {} for kind in ("Kinesis", "DynamoDB")]
    return [(one.get("DeadLetterConfig") or {}).get("Arn", "") for one in streams]


def _target_of_subscription(account: Account, listed: Mapping[str, Any]) -> str:
    asked = {"SubscriptionArn": listed["SubscriptionArn"]}
    return _parse_target(account.get("sns", "GetSubscriptionAttributes", **asked)["Attributes"].get("RedrivePolicy"))


def _targets_of_rule(account: Account, rule: Mapping[str, Any], bus: Mapping[str, str]) -> list[str]:
    targets = account.list("events", "ListTargetsByRule", "Targets", Rule=rule["Name"], **bus)
    return [(target.get("DeadLetterConfig") or {}).get("Arn", "") for target in targets]


def _parse_target(redrive_policy: str | None) -> str:
    return str(read_document(redrive_policy, "a redrive policy")["deadLetterTargetArn"]) if redrive_policy else ""


# ── Whether a role may send to a queue or a topic, including under the key that encrypts it

#: Uses of a customer's key that SQS and SNS make in the name of the sender.
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
#: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
_USES: Final = ("kms:GenerateDataKey", "kms:Decrypt")


def may_send(account: Account, role: str, rights: Rights, action: str, place: Mapping[str, str]) -> bool:
    """Whether a role may send: ``place`` holds the attributes of a queue or a topic. Raises Unreadable."""
    arn = place.get("QueueArn") or place["TopicArn"]
    key = place.get("KmsMasterKeyId", "")
    return rights.may(action, arn) and (not key or "alias/aws/" in key or _may_use(account, role, rights, arn, key))


def _may_use(account: Account, role: str, rights: Rights, arn: str, key: str) -> bool:
    service, region, owner = arn.split(":")[2:5]
    name = name_key(key, owner, region)
    region = name.split(":")[3]
    try:
        known = account.get("kms", "DescribeKey", region=region, KeyId=name)["KeyMetadata"]
        if known["KeyManager"] == "AWS":
            return True
        text = read_key_policy(account, known, region)
    except Absent:
        return False
    try:
        policy = read_statements(read_document(text, f"the policy of {known['Arn']}"), known["Arn"])
    except Unresolved as error:
        raise Unreadable(str(error)) from None
    through = f"{service}.{arn.split(':')[3]}.amazonaws.com"
    reaching = tuple(one for one in policy if _reaches(one, through))
    return known["KeyState"] == "Enabled" and all(_is_open(use, role, rights, reaching, known["Arn"]) for use in _USES)


def _is_open(use: str, role: str, rights: Rights, policy: tuple[Statement, ...], key: str) -> bool:
    """Whether the key's policy allows a use to the role, or delegates to the account's policies and these allow it."""
    own = [one for one in policy if one.covers(use)]
    if rights.denies(use, key) or any(not one.allows and not one.conditions and _names(one, role) for one in own):
        return False
    if any(one.allows and _names(one, role) for one in own):
        return True
    account = f":iam::{role.split(':')[4]}:root"
    left = any(one.allows and any(who.name.endswith(account) for who in one.principals) for one in own)
    return left and rights.may(use, key)


def _names(statement: Statement, role: str) -> bool:
    return any(who.is_anybody or who.name == role for who in statement.principals)


def _reaches(statement: Statement, through: str) -> bool:
    """Whether no ``kms:ViaService`` limits a statement to requests through other services."""
    services = statement.pinned("kms:viaservice")
    return not services or any(fnmatchcase(through, one) for one in services)
