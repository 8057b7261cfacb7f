"""Makes one alarm fire and checks that its notification arrives, in a queue of our own beside the real subscribers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..canaries.cleanup import Cleanup, cleanup
from ..canaries.temporary_queue import MAX_POLL, Aws, receive_notifications, subscribe_queue
from ..criteria import UsageError, suggest
from .alarm_risks import find_risks, list_alarms

_STAMP: Final = "prodgate drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmDrill:
    """The outcome of a drill."""

    alarm: str
    """ARN."""
    nonce: str
    """Part of the alarm's state reason, by which its notifications are recognised."""
    topics: tuple[str, ...]
    arrived: Mapping[str, float]
    """Topic -> seconds until its notification was there."""
    left: tuple[str, ...] = ()
    """What could not be undone, and why."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Topics whose notification did not arrive."""
        return tuple(topic for topic in self.topics if topic not in self.arrived)


def choose_alarm(aws: Aws, name: str, regions: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the alarm with this name. Raises UsageError if there is none, or it must not be made to fire."""
    region, known = _find_alarm(aws, name, regions)
    if why := list(find_risks(aws, region, name, known)):
        raise UsageError("\n".join(f"alarm {name!r}: {each}; drill another one" for each in why))
    return known[name]


def drill_alarm(aws: Aws, alarm: Mapping[str, Any], tell: Callable[[str], None], *, patience: float = 60) -> AlarmDrill:
    """Make a chosen alarm fire and wait up to ``patience`` seconds for its notifications.

    Whatever happens, everything is restored afterwards; the result says what could not be.
    """
    nonce, region, name = secrets.token_hex(16), alarm["AlarmArn"].split(":")[3], alarm["AlarmName"]
    topics = tuple(action for action in alarm["AlarmActions"] if ":sns:" in action)
    with cleanup(tell) as steps:
        url = subscribe_queue(aws, region, topics, nonce, steps)
        _restore_later(aws, region, alarm, nonce, steps)
        reason = f"{_STAMP} {nonce}: nothing is wrong"
        aws("cloudwatch", region).set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=reason)
        arrived = _wait_for_notifications(aws("sqs", region), url, topics, nonce, patience)
    return AlarmDrill(alarm=alarm["AlarmArn"], nonce=nonce, topics=topics, arrived=arrived, left=tuple(steps.left))


def _find_alarm(aws: Aws, name: str, regions: tuple[str, ...]) -> tuple[str, Mapping[str, Mapping[str, Any]]]:
    seen: list[str] = []
    for region in regions:
        known = list_alarms(aws, region)
        if name in known:
            return region, known
        seen += known
    raise UsageError(f"alarm {name!r}: there is none in {' or '.join(regions)}{suggest(name, seen)}")


def _restore_later(aws: Aws, region: str, alarm: Mapping[str, Any], nonce: str, steps: Cleanup) -> None:
    """Restore the alarm's state at the end: alarms on metrics recover by themselves, composite ones do not."""
    client, name = aws("cloudwatch", region), alarm["AlarmName"]

    def restore() -> None:
        kinds = ["MetricAlarm", "CompositeAlarm"]
        found = client.describe_alarms(AlarmNames=[name], AlarmTypes=kinds)
        now: Mapping[str, Any] = next(iter([*found["MetricAlarms"], *found["CompositeAlarms"]]), {})
        if now.get("StateValue") == "ALARM" and nonce in now.get("StateReason", ""):
            reason = f"{_STAMP} {nonce}: ended"
            client.set_alarm_state(AlarmName=name, StateValue=alarm["StateValue"], StateReason=reason)

    steps.add(f"state of alarm {name}", restore)


def _wait_for_notifications(
    sqs: Any, url: str, topics: tuple[str, ...], nonce: str, patience: float
) -> dict[str, float]:
    """Wait for a message with the nonce from every topic; return after how many seconds each arrived."""
    started, found = time.monotonic(), dict[str, float]()
    while set(topics) - found.keys() and (rest := started + patience - time.monotonic()) > 0:
        for notice in receive_notifications(sqs, url, max(1, min(MAX_POLL, int(rest)))):
            if nonce in notice.get("Message", "") and notice.get("TopicArn") in topics:
                found.setdefault(notice["TopicArn"], round(time.monotonic() - started, 3))
    return found
