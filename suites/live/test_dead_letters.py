"""Are runs that failed for good kept, for long enough, and has somebody dealt with them?"""

from prodgate import Criterion, check
from prodgate.facts.live import AirflowEnvironment, DeadLetterQueue, WorkQueue


@check("dead-letter-queue", remedy="Make a dead-letter queue, and allow the execution role sqs:SendMessage to it.")
def test_airflow_can_leave_dead_letters(environment: AirflowEnvironment, criterion: Criterion) -> None:
    """May the execution role of the environment send to a dead-letter queue?"""
    observed = ", ".join(environment.dead_letter_queues) or "none that the role may send to"
    criterion.hold(
        bool(environment.dead_letter_queues), expected="a dead-letter queue", observed=observed, held=observed
    )


@check("dead-letter-queue", remedy="Set the queue's redrive policy to a dead-letter queue.", population=0)
def test_what_keeps_failing_leaves_the_queue(queue: WorkQueue, criterion: Criterion) -> None:
    """Does a queue that Airflow processes move messages that keep failing to another queue?"""
    criterion.hold(
        bool(queue.redrives_to),
        expected="a redrive policy",
        observed=queue.redrives_to or "none",
        held=queue.redrives_to,
    )


@check("dead-letter-retention", remedy="Raise the queue's MessageRetentionPeriod to the agreed time.", measures="time")
def test_dead_letters_are_kept(queue: DeadLetterQueue, criterion: Criterion) -> None:
    """How long does the dead-letter queue keep a message that nobody takes?"""
    criterion.require(queue.retention)


@check(
    "dead-letter-queue-empty",
    remedy="Find out why each message failed, run it again or dismiss it, and delete it.",
    measures="count",
)
def test_nothing_waits_in_a_dead_letter_queue(queue: DeadLetterQueue, criterion: Criterion) -> None:
    """How many messages are in the dead-letter queue, received or not?"""
    criterion.require(queue.messages)
