"""Making one alarm fire, and seeing that its notification arrives: at a queue of our own beside the real listeners."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ..criteria import UsageError, nearest
from .alarm_risks import Aws, alarms, risks
from .undoing import Undoing, undoing

#: Longest that SQS lets one wait for a message, in seconds.
_POLL: Final = 20
_STAMP: Final = "prodgate drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """What came of a drill."""

    alarm: str
    """ARN."""
    nonce: str
    """Stood in the reason of the state, and in what arrived."""
    topics: tuple[str, ...]
    arrived: Mapping[str, float]
    """Topic -> seconds until its notification was there."""
    left: tuple[str, ...] = ()
    """What could not be undone, and why."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Topics whose notification did not arrive."""
        return tuple(topic for topic in self.topics if topic not in self.arrived)


def chosen(aws: Aws, name: str, regions: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the alarm of a name. Raises UsageError where there is none, or where it must not be made to fire."""
    region, known = _found(aws, name, regions)
    if why := list(risks(aws, region, name, known)):
        raise UsageError("\n".join(f"alarm {name!r}: {each}; drill another one" for each in why))
    return known[name]


def drill_alarm(aws: Aws, alarm: Mapping[str, Any], tell: Callable[[str], None], *, patience: float = 60) -> Drilled:
    """Make a chosen alarm fire and wait for its notifications, at most ``patience`` seconds in all.

    Whatever happens, everything is as before afterwards; what could not be restored is told.
    """
    nonce, region, name = secrets.token_hex(16), alarm["AlarmArn"].split(":")[3], alarm["AlarmName"]
    topics = tuple(action for action in alarm["AlarmActions"] if ":sns:" in action)
    with undoing(tell) as steps:
        url = _listen(aws, region, topics, nonce, steps)
        _restore_later(aws, region, alarm, nonce, steps)
        reason = f"{_STAMP} {nonce}: nothing is wrong"
        aws("cloudwatch", region).set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=reason)
        arrived = _arrived(aws("sqs", region), url, topics, nonce, patience)
    return Drilled(alarm=alarm["AlarmArn"], nonce=nonce, topics=topics, arrived=arrived, left=tuple(steps.left))


def _found(aws: Aws, name: str, regions: tuple[str, ...]) -> tuple[str, Mapping[str, Mapping[str, Any]]]:
    seen: list[str] = []
    for region in regions:
        known = alarms(aws, region)
        if name in known:
            return region, known
        seen += known
    raise UsageError(f"alarm {name!r}: there is none in {' or '.join(regions)}{nearest(name, seen)}")


def _listen(aws: Aws, region: str, topics: tuple[str, ...], nonce: str, steps: Undoing) -> str:
    """Subscribe a queue of our own, encrypted and open to these topics alone; return its address."""
    sqs, sns, name = aws("sqs", region), aws("sns", region), f"prodgate-drill-{nonce[:12]}"
    steps.later(f"queue {name}", partial(_delete_queue, sqs, name))
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
        made: list[str] = []
        steps.later(f"subscription of {name} to {topic}", partial(_unsubscribe, sns, topic, arn, made))
        made.append(sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"])
    return url


def _restore_later(aws: Aws, region: str, alarm: Mapping[str, Any], nonce: str, steps: Undoing) -> None:
    """Have the alarm's state restored: on metrics it comes back by itself, on other alarms it does not."""
    client, name = aws("cloudwatch", region), alarm["AlarmName"]

    def restore() -> None:
        kinds = ["MetricAlarm", "CompositeAlarm"]
        found = client.describe_alarms(AlarmNames=[name], AlarmTypes=kinds)
        now: Mapping[str, Any] = next(iter([*found["MetricAlarms"], *found["CompositeAlarms"]]), {})
        if now.get("StateValue") == "ALARM" and nonce in now.get("StateReason", ""):
            reason = f"{_STAMP} {nonce}: ended"
            client.set_alarm_state(AlarmName=name, StateValue=alarm["StateValue"], StateReason=reason)

    steps.later(f"state of alarm {name}", restore)


def _arrived(sqs: Any, url: str, topics: tuple[str, ...], nonce: str, patience: float) -> dict[str, float]:
    """Wait for a message with the nonce from every topic; return when each was there."""
    started, found = time.monotonic(), dict[str, float]()
    while set(topics) - found.keys() and (rest := started + patience - time.monotonic()) > 0:
        wait = max(1, min(_POLL, int(rest)))
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait, MaxNumberOfMessages=10).get(
            "Messages", ()
        ):
            told = json.loads(message["Body"])
            if nonce in told.get("Message", "") and told.get("TopicArn") in topics:
                found.setdefault(told["TopicArn"], round(time.monotonic() - started, 3))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def _delete_queue(sqs: Any, name: str) -> None:
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        return  # interrupted before it was made
    sqs.delete_queue(QueueUrl=url)


def _unsubscribe(sns: Any, topic: str, queue: str, made: list[str]) -> None:
    """Remove the subscription; where an interruption kept us from hearing its ARN, look for it."""
    pages = () if made else sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    found = [one["SubscriptionArn"] for page in pages for one in page["Subscriptions"] if one["Endpoint"] == queue]
    for arn in [*made, *found]:
        sns.unsubscribe(SubscriptionArn=arn)
