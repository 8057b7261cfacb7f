"""Requirements of the shop on its queues."""

from prodgate import Criterion, Quantity, Resource, policy


@policy("SHOP_1", criterion="queue-retention", resources=("aws_sqs_queue",), remedy="Raise message_retention_seconds.")
def queues_keep_messages(queue: Resource, criterion: Criterion) -> None:
    """Queues keep their messages over a long weekend; four days is what AWS gives a queue that says nothing."""
    criterion.require(Quantity.seconds(queue.number("message_retention_seconds", 345600)))
