"""A queue of our own beside the real subscribers of topics, deleted when the drill ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from .cleanup import Cleanup

Aws = Callable[..., Any]
#: Seconds that SQS lets a receiver wait at most.
MAX_POLL: Final = 20


def subscribe_queue(aws: Aws, region: str, topics: tuple[str, ...], nonce: str, steps: Cleanup) -> str:
    """Subscribe a queue of our own, encrypted and open to these topics alone; return its address."""
    sqs, sns, name = aws("sqs", region), aws("sns", region), f"prodgate-drill-{nonce[:12]}"
    steps.add(f"queue {name}", partial(_delete_queue, sqs, name))
    account = topics[0].split(":")[4]
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
        subscribed: list[str] = []
        steps.add(f"subscription of {name} to {topic}", partial(_unsubscribe, sns, topic, arn, subscribed))
        subscribed.append(sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"])
    return url


def receive_notifications(sqs: Any, url: str, wait: int) -> Iterator[Mapping[str, Any]]:
    """Wait so many seconds for notifications; yield what SNS sent of each and delete it from the queue."""
    request = {"QueueUrl": url, "WaitTimeSeconds": wait, "MaxNumberOfMessages": 10}
    for message in sqs.receive_message(**request).get("Messages", ()):
        yield json.loads(message["Body"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _delete_queue(sqs: Any, name: str) -> None:
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        return  # interrupted before it was created
    sqs.delete_queue(QueueUrl=url)


def _unsubscribe(sns: Any, topic: str, queue: str, subscribed: list[str]) -> None:
    """Remove the subscription; look for it where an interrupt kept its ARN from us."""
    pages = () if subscribed else sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    found = [one["SubscriptionArn"] for page in pages for one in page["Subscriptions"] if one["Endpoint"] == queue]
    for arn in [*subscribed, *found]:
        sns.unsubscribe(SubscriptionArn=arn)
