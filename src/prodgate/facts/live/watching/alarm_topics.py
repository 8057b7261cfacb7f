"""Topics that alarms notify: who is subscribed, whether CloudWatch may publish, and when it last did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from ....aws.account import Account
from ....aws.answers import Absent, Unreadable
from ....findings import Undetermined
from ....quantities import Quantity
from ....semantics.json_texts import read_json
from ....semantics.topics import key_refusal, publish_refusal
from ....semantics.unresolved import Unresolved
from ... import Fact
from ...observers import apart, observes, reads
from ..alarm_settings import read_alarms
from ..keys import name_key, read_key_policy

reads("cloudwatch", "DescribeAlarmHistory")
reads("kms", "DescribeKey")
reads("sns", "GetSubscriptionAttributes", "GetTopicAttributes", "ListSubscriptionsByTopic")

#: How long AWS keeps the history of alarms.
HISTORY_KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AlarmTopic(Fact):
    """A topic that alarms notify; ``subject`` is its ARN."""

    exists: bool
    subscribers: tuple[str, ...]
    """Confirmed subscribers, as protocol and address."""
    refusals: tuple[str, ...]
    """Why CloudWatch can't publish to it."""
    delivered: Quantity | None
    """Age of the last notification by an alarm; None if there is none in the history that AWS keeps."""


@observes(AlarmTopic)
def observe_alarm_topics(account: Account) -> Iterator[AlarmTopic]:
    """Look at every topic that some alarm notifies."""
    alarms = account.once(read_alarms)
    arns = sorted({action for alarm in alarms for action in alarm.actions if ":sns:" in action})
    yield from account.each(apart(AlarmTopic, partial(_topic, account)), arns)


def is_unheard(topic: AlarmTopic) -> bool:
    """Whether nobody is known to hear a topic, which may be another account's and not be shown."""
    try:
        return not (topic.exists and topic.subscribers)
    except Undetermined:
        return True


def list_subscribers(account: Account, topic: str) -> tuple[str, ...]:
    """Return the confirmed subscribers that receive everything. Raises Unreadable."""
    region = topic.split(":")[3]
    # ListSubscriptions shows the caller's own only; a chat, an address or a queue may be of another account
    # https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
    try:
        listed = account.list("sns", "ListSubscriptionsByTopic", "Subscriptions", region=region, TopicArn=topic)
    except Absent:
        return ()  # a topic that is gone has none
    own = [one for one in listed if one["SubscriptionArn"].startswith("arn:")]
    whole = [one for one in own if not _has_filter(account, one["SubscriptionArn"], region)]
    return tuple(f"{one['Protocol']} {one['Endpoint']}" for one in whole)


def _has_filter(account: Account, subscription: str, region: str) -> bool:
    """Whether a subscription filters messages: those of AWS's services have no attributes to filter by."""
    found = account.find("sns", "GetSubscriptionAttributes", region=region, SubscriptionArn=subscription)
    return found is None or found["Attributes"].get("FilterPolicy", "{}") not in ("", "{}")


def find_refusals(account: Account, topic: str, sources: tuple[str, ...], service: str) -> tuple[str, ...]:
    """Return why a service of AWS can't publish to a topic for these sources. Raises Unreadable."""
    attributes = account.get("sns", "GetTopicAttributes", region=topic.split(":")[3], TopicArn=topic)["Attributes"]
    try:
        found = [publish_refusal(attributes.get("Policy", ""), topic, sources, service)]
        if key := attributes.get("KmsMasterKeyId"):
            found.append(_key_refusal(account, key, topic, service))
    except Unresolved as error:
        raise Unreadable(str(error)) from None
    return tuple(filter(None, found))


def _topic(account: Account, arn: str) -> AlarmTopic:
    alarms = tuple(alarm.arn for alarm in account.once(read_alarms) if arn in alarm.actions)
    return AlarmTopic(
        subject=arn,
        exists=account.attempt(_exists, account, arn),
        subscribers=account.attempt(list_subscribers, account, arn),
        refusals=account.attempt(_find_refusals_of_alarms, account, arn, alarms),
        delivered=account.attempt(_last_delivery_age, account, arn),
    )


def _exists(account: Account, arn: str) -> bool:
    return account.find("sns", "GetTopicAttributes", region=arn.split(":")[3], TopicArn=arn) is not None


def _find_refusals_of_alarms(account: Account, arn: str, alarms: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return find_refusals(account, arn, alarms, "cloudwatch.amazonaws.com")
    except Absent:
        return ("there is no such topic",)


def _key_refusal(account: Account, key: str, topic: str, service: str) -> str:
    region, owner = topic.split(":")[3:5]
    name = key if owner == account.id else name_key(key, owner, region)
    try:
        known = account.get("kms", "DescribeKey", region=region, KeyId=name)["KeyMetadata"]
        policy = "" if known.get("KeyManager") == "AWS" else read_key_policy(account, known, region)
    except Absent:
        return f"its key {key} does not exist"
    return key_refusal(known, policy, owner, service)


def _last_delivery_age(account: Account, arn: str) -> Quantity | None:
    times = [time for time, target in _list_deliveries(account, arn.split(":")[3]) if target == arn]
    return account.age(max(times)) if times else None


def _list_deliveries(account: Account, region: str) -> Iterator[tuple[datetime, str]]:
    """Yield when alarms notified what, if it succeeded."""
    for item in list_alarm_history(account, region):
        told: Mapping[str, Any] = read_json(item.get("HistoryData") or "{}")
        if told.get("actionState") == "Succeeded":
            yield item["Timestamp"], told.get("notificationResource", "")


def list_alarm_history(account: Account, region: str) -> tuple[Mapping[str, Any], ...]:
    """Return the actions of the alarms of a region, as far back as AWS keeps them."""
    return account.list(
        "cloudwatch",
        "DescribeAlarmHistory",
        "AlarmHistoryItems",
        region=region,
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        HistoryItemType="Action",
        StartDate=(account.now - HISTORY_KEPT).replace(microsecond=0),
    )
