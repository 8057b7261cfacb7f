"""Notifications that are no alarms: findings of GuardDuty and Security Hub, and failures of DAGs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ....aws.account import Account
from ....aws.answers import Absent, Unreadable
from ....semantics.event_patterns import SEVERE, matches
from ....semantics.json_texts import read_json
from ....semantics.topics import EVENTS
from ....semantics.unresolved import Unresolved
from ... import Fact
from ...observers import apart, observes, reads
from ..airflow import list_environments
from ..permissions import read_rights
from ..sending import may_send
from ..stores import list_topics
from .alarm_topics import find_refusals, list_subscribers

reads("events", "ListRules", "ListTargetsByRule")
reads("guardduty", "ListDetectors")
reads("securityhub", "DescribeHub")

GUARDDUTY, SECURITY_HUB = "aws.guardduty", "aws.securityhub"
#: Detail types of the events that carry findings.
_TYPES: Final = {GUARDDUTY: "GuardDuty Finding", SECURITY_HUB: "Security Hub Findings - Imported"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FindingSource(Fact):
    """GuardDuty or Security Hub; ``subject`` is the ARN of the detector or the hub."""

    unheard: tuple[str, ...]
    """Severe findings that would not reach anybody, and why."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AirflowNotices(Fact):
    """How a failing DAG can notify people; ``subject`` is the ARN of the Airflow environment."""

    topics: tuple[str, ...]
    """ARNs of the topics that its execution role may publish to."""
    subscribers: tuple[str, ...]
    """Confirmed subscribers of these topics."""


@observes(FindingSource)
def observe_finding_sources(account: Account) -> Iterator[FindingSource]:
    """Look at GuardDuty and Security Hub, and follow a severe finding of each to its subscribers."""
    hub = account.find("securityhub", "DescribeHub")
    for id_ in account.list("guardduty", "ListDetectors", "DetectorIds"):
        arn = f"arn:aws:guardduty:{account.region}:{account.id}:detector/{id_}"
        # findings of GuardDuty go to Security Hub as well, if it is enabled
        ways = (GUARDDUTY, SECURITY_HUB) if hub else (GUARDDUTY,)
        yield FindingSource(subject=arn, unheard=account.attempt(_find_unheard, account, ways))
    yield from map(apart(FindingSource, partial(_hub, account), "HubArn"), [hub] if hub else ())


def _hub(account: Account, hub: Mapping[str, Any]) -> FindingSource:
    return FindingSource(subject=hub["HubArn"], unheard=account.attempt(_find_unheard, account, (SECURITY_HUB,)))


@observes(AirflowNotices)
def observe_airflow_notices(account: Account) -> Iterator[AirflowNotices]:
    """Look at what each Airflow environment may publish to."""
    yield from map(apart(AirflowNotices, partial(_notices, account), "Arn", "Name"), list_environments(account))


def _notices(account: Account, found: Mapping[str, Any]) -> AirflowNotices:
    may = account.attempt(_list_publishable, account, found["ExecutionRoleArn"])
    heard = account.attempt(_list_audience, account, found["ExecutionRoleArn"])
    return AirflowNotices(subject=found["Arn"], topics=may, subscribers=heard)


def _list_publishable(account: Account, role: str) -> tuple[str, ...]:
    allowed = read_rights(account, role)
    topics = ((arn, {**row, "TopicArn": arn}) for arn, row in account.once(list_topics))
    return tuple(arn for arn, row in topics if may_send(account, role, allowed, "sns:Publish", row))


def _list_audience(account: Account, role: str) -> tuple[str, ...]:
    return tuple(one for arn in _list_publishable(account, role) for one in list_subscribers(account, arn))


def _find_unheard(account: Account, ways: tuple[str, ...]) -> tuple[str, ...]:
    """Return the findings that reach nobody by the best of several ways."""
    found = [tuple(_find_unheard_from(account, source)) for source in ways]
    return () if () in found else found[0]


def _find_unheard_from(account: Account, source: str) -> Iterator[str]:
    for detail in SEVERE[source]:
        event = {"source": source, "detail-type": _TYPES[source], "account": account.id, "region": account.region}
        reasons = [
            _why_unheard(account, rule) for rule in _list_rules(account) if _passes(rule, event | {"detail": detail})
        ]
        if "" not in reasons:
            yield f"{source} {json.dumps(detail)}: {'; '.join(reasons) or 'no rule passes it on'}"


def _list_rules(account: Account) -> list[Mapping[str, Any]]:
    listed = account.list("events", "ListRules", "Rules")
    return [rule for rule in listed if rule["State"] == "ENABLED" and rule.get("EventPattern")]


def _passes(rule: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether a rule matches events of this source, and this event. Raises Unreadable."""
    try:
        pattern = read_json(rule["EventPattern"])
        return event["source"] in pattern.get("source", ()) and matches(pattern, event)
    except (Unresolved, ValueError) as error:
        raise Unreadable(f"rule {rule['Name']!r}: {error}") from None


def _why_unheard(account: Account, rule: Mapping[str, Any]) -> str:
    """Return why events that match a rule reach nobody; empty if they reach somebody."""
    targets = account.list("events", "ListTargetsByRule", "Targets", Rule=rule["Name"])
    arns = [target["Arn"] for target in targets if ":sns:" in target["Arn"]]
    reasons = list(map(partial(_why_silent, account, rule["Arn"]), arns))
    return "" if "" in reasons else f"rule {rule['Name']}: {'; '.join(reasons) or 'sends it to no topic'}"


def _why_silent(account: Account, rule: str, topic: str) -> str:
    name = topic.rpartition(":")[2]
    try:
        refused = find_refusals(account, topic, (rule,), EVENTS)
    except Absent:
        return f"topic {name} does not exist"
    if refused:
        return f"topic {name}: {refused[0]}"
    return "" if list_subscribers(account, topic) else f"nobody listens to topic {name}"
