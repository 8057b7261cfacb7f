"""What becomes of a run that failed for good: kept, noticed, told."""

from __future__ import annotations

from collections.abc import Iterator

from prodgate import Configuration, Criterion, Quantity, Resource, policy

from .alarms import alarms_on, fires_above, point_at_nearest
from .observability_notice import TOPIC, has_subscriber
from .roles import find_reached
from .unset import is_unset

QUEUE = "aws_sqs_queue"
ENVIRONMENT = ("aws_mwaa_environment",)


@policy(
    "PG_PIPE_9",
    criterion="dead-letter-queue",
    resources=ENVIRONMENT,
    remedy="Declare a dead-letter queue, and allow the execution role sqs:SendMessage to it.",
    required=True,
)
def airflow_can_leave_dead_letters(environment: Resource, criterion: Criterion) -> None:
    """The execution role of an Airflow environment may send to a dead-letter queue.

    A failure callback that may not send fails inside a failure, where nobody looks.
    """
    queues = dead_letter_queues(environment.configuration)
    criterion.hold(bool(queues), expected="a dead-letter queue", observed="none", premise=True)
    reachable = [one for one in _list_reached(environment, "sqs:SendMessage", QUEUE) if one in queues]
    criterion.hold(bool(reachable), expected="the role may send to it", observed="it may not")


@policy(
    "PG_PIPE_10",
    criterion="dead-letter-retention",
    resources=(QUEUE,),
    remedy="Set message_retention_seconds = 1209600 (14 days) on the dead-letter queue.",
    population=0,
)
def dead_letters_are_kept(queue: Resource, criterion: Criterion) -> None:
    """Dead-letter queues keep their messages for the agreed time.

    The default is 4 days, counted from when the message was first sent: a failure of Friday is gone on Tuesday.
    """
    if queue not in dead_letter_queues(queue.configuration):
        raise criterion.not_applicable("takes no dead letters")
    criterion.require(Quantity.days(queue.number("message_retention_seconds", 345600) / 86400))


@policy(
    "PG_PIPE_11",
    criterion="alarm-dead-letter-queue",
    resources=(QUEUE,),
    population=0,
)
def the_first_dead_letter_is_noticed(queue: Resource, criterion: Criterion) -> None:
    """An alarm fires on the first message in a dead-letter queue.

    A dead-letter queue that nobody watches is a slower way to lose data.
    """
    if queue not in dead_letter_queues(queue.configuration):
        raise criterion.not_applicable("takes no dead letters")
    found = alarms_on(queue, "AWS/SQS", "ApproximateNumberOfMessagesVisible")
    first = [one for one in found if one.names(QueueName=queue) and _fires_on_one(one.alarm)]
    point_at_nearest(queue, "QueueName", "AWS/SQS", "ApproximateNumberOfMessagesVisible")
    criterion.hold(bool(first), expected="an alarm above 0 messages", observed="none")


@policy(
    "PG_PIPE_12",
    criterion="dag-failure-topic",
    resources=ENVIRONMENT,
    remedy="Declare a topic with a subscriber, and allow the execution role sns:Publish to it.",
    required=True,
)
def airflow_can_tell_of_failures(environment: Resource, criterion: Criterion) -> None:
    """The execution role of an Airflow environment may publish to a topic that has a subscriber.

    A DAG knows what failed and why; an alarm on a metric knows only that something did.
    """
    topics = _list_reached(environment, "sns:Publish", TOPIC)
    criterion.hold(bool(topics), expected="a topic the role may publish to", observed="none", premise=True)
    criterion.hold(any(map(has_subscriber, topics)), expected="a subscriber", observed="none")


@policy(
    "PG_PIPE_13",
    criterion="dead-letter-queue",
    resources=(QUEUE,),
    remedy="Set redrive_policy with the ARN of a dead-letter queue and a maxReceiveCount.",
    population=0,
)
def what_keeps_failing_leaves_the_queue(queue: Resource, criterion: Criterion) -> None:
    """A queue that Airflow works through hands what keeps failing to a dead-letter queue.

    Without it an item that breaks its task comes back again and again, until SQS deletes it unseen.
    """
    if not queue.identities & queue.configuration.once(_find_queues_worked_through):
        raise criterion.not_applicable("Airflow takes nothing from it")
    apart = queue.configuration.naming(queue, "queue_url", "aws_sqs_queue_redrive_policy")
    handed = bool(apart) or not is_unset(queue, "redrive_policy")
    criterion.hold(handed, expected="a redrive_policy", observed="none")


def dead_letter_queues(configuration: Configuration) -> tuple[Resource, ...]:
    """Return the queues to which something else sends what it could not handle."""
    return configuration.once(_find_dead_letter_queues)


def _find_dead_letter_queues(configuration: Configuration) -> tuple[Resource, ...]:
    return configuration.identified(set(_dead_letter_targets(configuration)), QUEUE)


def _dead_letter_targets(configuration: Configuration) -> Iterator[str]:
    for holder in configuration.of(QUEUE, "aws_sqs_queue_redrive_policy", "aws_sns_topic_subscription"):
        if not is_unset(holder, "redrive_policy"):
            yield str((holder.json("redrive_policy") or {}).get("deadLetterTargetArn"))
    for holder in configuration.of("aws_lambda_function", "aws_cloudwatch_event_target"):
        name = "target_arn" if holder.type == "aws_lambda_function" else "arn"
        yield from (one.text(name) or "" for one in holder.blocks("dead_letter_config"))


def _find_queues_worked_through(configuration: Configuration) -> frozenset[str]:
    """Return the names of the queues that some Airflow environment may take messages from."""
    environments = configuration.of(*ENVIRONMENT)
    taken = [queue for each in environments for queue in _list_reached(each, "sqs:ReceiveMessage", QUEUE)]
    return frozenset(name for queue in taken for name in queue.identities)


def _list_reached(environment: Resource, action: str, type_: str) -> list[Resource]:
    roles = environment.related("execution_role_arn", "aws_iam_role")
    return [target for role in roles for target in find_reached(role, action, type_)]


def _fires_on_one(alarm: Resource) -> bool:
    threshold, inclusive = alarm.number("threshold"), "OrEqual" in (alarm.text("comparison_operator") or "")
    return fires_above(alarm) and (threshold <= 1 if inclusive else threshold < 1)
