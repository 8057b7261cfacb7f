"""Makes one alarm fire and checks that its notification arrives, in a queue of our own beside the real subscribers."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from ..canaries.cleanup import MAX_POLL, Aws, cleanup, receive_notifications, subscribe_queue, undoes
from ..criteria import UsageError, suggest
from ..evidence.journal import Journal
from ..semantics.cloudwatch import alarms_in_rule, holds
from ..semantics.event_patterns import matches
from ..semantics.json_texts import read_json
from ..semantics.unresolved import Unresolved

#: How the reasons begin that a drill gives for a state.
STAMP: Final = "prodgate drill"
#: Protocols by which a topic tells people; by any other, something else acts.
#: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
PEOPLE: Final = ("email", "email-json", "sms")
ACTIONS: Final = ("AlarmActions", "OKActions", "InsufficientDataActions")


def list_alarms(aws: Aws, region: str, **wanted: Any) -> dict[str, Mapping[str, Any]]:
    """Return the alarms of a region by name, composite ones included; ``wanted`` narrows as DescribeAlarms does."""
    found: dict[str, Mapping[str, Any]] = {}
    parameters = aws("cloudwatch", region).get_paginator("describe_alarms")
    for page in parameters.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"], **wanted):
        found |= {one["AlarmName"]: one for one in [*page["MetricAlarms"], *page["CompositeAlarms"]]}
    return found


def find_risks(aws: Aws, region: str, name: str, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the reasons why this alarm must not be made to fire."""
    alarm = known[name]
    if alarm["StateValue"] == "ALARM":
        yield "it is in ALARM already, and whoever looks into that must not be confused"
    if not alarm["ActionsEnabled"]:
        yield "its actions are disabled: nobody would be told"
    if not any(":sns:" in action for action in alarm["AlarmActions"]):
        yield "it notifies no topic when it fires"
    firing = _with_parents(name, known)
    for each in firing:
        yield from _list_reactions(aws, region, known, each, _describe_alarm(each, name))
    rollbacks = chain(_list_codedeploy_rollbacks(aws("codedeploy", region)), _list_ecs_rollbacks(aws("ecs", region)))
    for where, listened in rollbacks:
        for each in firing & listened:
            yield f"{where} acts on {_describe_alarm(each, name)}: a deployment would be stopped or rolled back"


def _list_reactions(
    aws: Aws, region: str, known: Mapping[str, Mapping[str, Any]], alarm: str, described: str
) -> Iterator[str]:
    """Yield automatic reactions to one of these alarms, besides notices to people."""
    for action in {one for kind in ACTIONS for one in known[alarm].get(kind) or ()}:
        if ":sns:" not in action:
            yield f"{described} does more than notify: {action}"
        else:
            yield from list_automation(aws, action)
    for rule in _list_rules(aws("events", region), alarm):
        yield f"rule {rule!r} passes on that {described} fires: whatever it starts would start"
    for other, one in known.items():
        if one.get("ActionsSuppressor", "").rpartition(":alarm:")[2] == alarm:
            yield f"{described} suppresses the actions of {other!r} while it fires"


def list_automation(aws: Aws, topic: str) -> Iterator[str]:
    """Yield the subscriptions of a topic that reach others than people, or may."""
    try:
        listed = aws("sns", topic.split(":")[3]).get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        for one in (one for page in listed for one in page["Subscriptions"]):
            if (protocol := one.get("Protocol")) not in PEOPLE:  # its endpoint may hold a key
                yield f"{topic} tells {one.get('SubscriptionArn')} by {protocol!r}, which is no person"
    except Exception as error:  # noqa: BLE001  whatever went wrong, nobody knows who would be told
        yield f"{topic}: who subscribes to it can't be read: {error}"


def _list_rules(client: Any, alarm: str) -> Iterator[str]:
    """Yield the EventBridge rules that match the alarm's firing; one that is not understood counts."""
    event = {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": alarm, "state": {"value": "ALARM"}},
    }
    for page in client.get_paginator("list_rules").paginate():
        for rule in page["Rules"]:
            pattern = read_json(rule.get("EventPattern") or "null")
            if pattern is None or rule["State"] == "DISABLED":
                continue
            with suppress(Unresolved):
                if not matches(pattern, event):
                    continue
            yield rule["Name"]


def _with_parents(name: str, known: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the alarm and every composite alarm built on it, directly or through another one."""
    found = {name}
    for _ in known:
        more = {each for each, one in known.items() if alarms_in_rule(one.get("AlarmRule", "")) & found}
        if more <= found:
            break
        found |= more
    return found


def _list_codedeploy_rollbacks(client: Any) -> Iterator[tuple[str, set[str]]]:
    for application in _iter_pages(client, "list_applications", "applications"):
        for group in _iter_pages(client, "list_deployment_groups", "deploymentGroups", applicationName=application):
            parameters = {"applicationName": application, "deploymentGroupName": group}
            settings = client.get_deployment_group(**parameters)["deploymentGroupInfo"].get("alarmConfiguration") or {}
            if settings.get("enabled"):
                yield f"CodeDeploy's {application}/{group}", {one["name"] for one in settings.get("alarms") or ()}


def _list_ecs_rollbacks(client: Any) -> Iterator[tuple[str, set[str]]]:
    for cluster in _iter_pages(client, "list_clusters", "clusterArns"):
        for arn in _iter_pages(client, "list_services", "serviceArns", cluster=cluster):
            (service,) = client.describe_services(cluster=cluster, services=[arn])["services"]
            settings = (service.get("deploymentConfiguration") or {}).get("alarms") or {}
            if settings.get("enable"):
                yield f"ECS's {service['serviceName']}", set(settings.get("alarmNames") or ())


def _iter_pages(client: Any, operation: str, key: str, **parameters: str) -> Iterator[str]:
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page[key]


def _describe_alarm(each: str, name: str) -> str:
    return "it" if each == name else f"{each!r}, which is made of it"


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
    """Changes that could not be undone, and why."""

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


def drill_alarm(
    aws: Aws,
    alarm: Mapping[str, Any],
    tell: Callable[[str], None],
    *,
    patience: float = 60,
    journal: Journal | None = None,
) -> AlarmDrill:
    """Make a chosen alarm fire and wait up to ``patience`` seconds for its notifications.

    Whatever happens, everything is restored afterwards; the result says what could not be.
    """
    nonce, name = secrets.token_hex(16), alarm["AlarmName"]
    region, account = alarm["AlarmArn"].split(":")[3:5]
    topics = tuple(action for action in alarm["AlarmActions"] if ":sns:" in action)
    with cleanup(aws, tell, journal) as steps:
        url = subscribe_queue(account, region, topics, nonce, steps)
        steps.begin("state of alarm", name=name, region=region, before=alarm["StateValue"], nonce=nonce)
        reason = f"{STAMP} {nonce}: nothing is wrong"
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


@undoes("state of alarm")
def _restore(aws: Aws, *, name: str, region: str, before: str, nonce: str) -> None:
    """Restore an alarm's state: alarms on metrics recover by themselves, composite ones do not.

    Raises LookupError where a composite one would fire by itself by now: told otherwise, it would not look again.
    """
    known = list_alarms(aws, region)
    now = known.get(name, {})
    if now.get("StateValue") != "ALARM" or nonce not in now.get("StateReason", ""):
        return
    if (rule := now.get("AlarmRule")) and holds(rule, lambda each: str(known.get(each, {}).get("StateValue"))):
        raise LookupError("its rule holds since the drill began, so that it fires for a reason; look into it")
    reason = f"{STAMP} {nonce}: ended"
    aws("cloudwatch", region).set_alarm_state(AlarmName=name, StateValue=before, StateReason=reason)


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
