"""Alarms: whom they notify, whether what they watch exists and has data, and their thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from ....aws.account import Account
from ....aws.answers import Unread, Unreadable
from ....quantities import Quantity
from ....semantics.airflow_versions import metric_mistakes
from ....semantics.cloudwatch import HEARTBEATS, UTILIZATION, error_percent, is_error_share, is_sparse, parse_percentile
from ....semantics.unresolved import Unresolved
from ... import Fact
from ...observers import apart, observes, reads
from ..airflow import list_environments
from ..alarm_settings import AlarmSettings, Reading, read_alarms
from ..distributions import GLOBAL
from .alarm_silence import list_mute_rules, why_silent
from .alarm_topics import AlarmTopic, is_unheard, observe_alarm_topics
from .metric_data import Query, Series, read_series
from .metric_owners import find_balancers_of, find_owners

reads("logs", "DescribeMetricFilters")

_HOUR: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Alarm(Fact):
    """An alarm; ``subject`` is its ARN."""

    state: str
    actions_on: bool
    topics: tuple[AlarmTopic, ...]
    """Those that it notifies when it fires, first the ones that somebody is known to hear: one is enough."""
    silent_on_purpose: str
    """Why it need not notify anybody itself, or an empty string."""
    muted_by: tuple[str, ...]
    """Names of the active mute rules that silence it."""
    suppressed_by: str
    """The alarm that suppresses its actions at present, and how; empty if none does."""
    on_alarms: bool
    """Whether it is on other alarms rather than on metrics."""
    missing: str
    """How it treats missing data; empty if not stated."""
    heartbeat: bool
    """Whether it fires when something goes silent that reports as long as it is alive."""
    lost: tuple[str, ...] | None
    """``dimension = value`` of what it names and does not exist; None if nothing can be looked up."""
    without_data: tuple[str, ...]
    """Metrics of it without data for an hour, or for as long as it looks back."""
    utilization: Quantity | None
    """Threshold of an alarm that fires on high CPU or memory use."""
    response_time: Quantity | None
    """Threshold of an alarm that fires on a high 95th percentile of response times."""
    error_rate: Quantity | None
    """Threshold of an alarm that fires on a high share of failed requests."""
    airflow_faults: tuple[str, ...] | None
    """Why metrics of Airflow that it reads are never published; None if it reads none."""

    @property
    def held_back(self) -> str:
        """What keeps it from acting at all, or an empty string."""
        muted = f"muted by {', '.join(self.muted_by)}" if self.muted_by else ""
        suppressed = f"actions suppressed by {self.suppressed_by}" if self.suppressed_by else ""
        return muted or suppressed if self.actions_on else "actions disabled"


@observes(Alarm)
def observe_alarms(account: Account) -> Iterator[Alarm]:
    """Look at every alarm."""
    topics = {topic.subject: topic for topic in account.once(observe_alarm_topics)}

    def look(alarm: AlarmSettings) -> Alarm:
        return Alarm(
            subject=alarm.arn,
            state=alarm.state,
            actions_on=alarm.actions_on,
            topics=tuple(sorted((topics[action] for action in alarm.actions if action in topics), key=is_unheard)),
            silent_on_purpose=account.attempt(why_silent, account, alarm),
            suppressed_by=alarm.suppressed_by,
            muted_by=account.attempt(list_mute_rules, account, alarm),
            on_alarms=bool(alarm.members),
            missing=alarm.missing,
            heartbeat=alarm.fires_below and bool(alarm.metrics & HEARTBEATS),
            without_data=account.attempt(_find_without_data, account, alarm),
            airflow_faults=account.attempt(_find_airflow_faults, account, alarm),
            lost=account.attempt(_find_lost_dimensions, account, alarm),
            **_thresholds(account, alarm),
        )

    yield from map(apart(Alarm, look, "arn", "name"), account.once(read_alarms))


def _find_lost_dimensions(account: Account, alarm: AlarmSettings) -> tuple[str, ...] | None:
    named = {(one.namespace, name, value) for one in alarm.readings for name, value in one.dimensions.items()}
    looked_up = [_describe_lost(account, alarm.region, *one) for one in sorted(named)]
    found = [one for one in looked_up if one is not None]
    return (*filter(None, found), *_find_mismatched_target_groups(account, alarm)) if found else None


def _find_mismatched_target_groups(account: Account, alarm: AlarmSettings) -> Iterator[str]:
    """Yield the target groups that are not behind the load balancer named with them: such a metric does not exist."""
    for one in alarm.readings:
        balancer, group = (one.dimensions.get(name, "") for name in ("LoadBalancer", "TargetGroup"))
        if one.namespace == "AWS/ApplicationELB" and balancer and group:
            behind = find_balancers_of(account, group)
            if behind and balancer not in behind:
                yield f"TargetGroup = {group}, which is not behind {balancer}"


def _describe_lost(account: Account, region: str, namespace: str, name: str, value: str) -> str | None:
    """Return what is wrong with a dimension, or an empty string; None if its owners are not known here."""
    at_edge = namespace == "AWS/CloudFront"
    known = find_owners(account, namespace, name) if at_edge or region == account.region else None
    if known is None:
        return None
    if at_edge and region != GLOBAL:
        return f"{name} = {value}, whose metrics are in {GLOBAL} only"
    return "" if value in known else f"{name} = {value}"


def _find_without_data(account: Account, alarm: AlarmSettings) -> tuple[str, ...]:
    """Return the metrics without data, except those that are silent while all is well, if silence is no breach."""
    if not alarm.readings and not alarm.members:
        raise Unreadable(f"alarm {alarm.name!r} reads nothing that is understood here")
    found = dict(account.once(_read_all_series))[alarm.region, max(_HOUR, alarm.span)]
    if isinstance(found, Unread):
        raise Unreadable(found.reason)
    dead = [one for one in alarm.readings if not found[_query(one)]]
    if alarm.missing == "breaching":
        return tuple(map(str, dead))
    # a metric with data in another unit is not silent
    return tuple(str(one) for one in dead if found[_query(one, any_unit=True)] or not _is_quiet(account, alarm, one))


def _read_all_series(account: Account) -> Iterator[tuple[tuple[str, int], Mapping[Query, Series] | Unread]]:
    """Yield the data of every metric that alarms read, by region and look-back: few calls for all alarms."""
    asked: dict[tuple[str, int], list[Query]] = {}
    for alarm in account.once(read_alarms):
        known = [one for one in alarm.readings if one.is_stated]
        queries = [_query(one, any_unit=any_unit) for one in known for any_unit in (False, True)]
        asked.setdefault((alarm.region, max(_HOUR, alarm.span)), []).extend(queries)
    for (region, span), queries in asked.items():
        window = timedelta(seconds=span)
        yield (
            (region, span),
            account.attempt(read_series, account, queries, window=window, period=window, region=region),
        )


def _query(reading: Reading, *, any_unit: bool = False) -> Query:
    dimensions = tuple(sorted(reading.dimensions.items()))
    return Query(reading.namespace, reading.metric, dimensions, "SampleCount", "" if any_unit else reading.unit)


def _is_quiet(account: Account, alarm: AlarmSettings, reading: Reading) -> bool:
    """Whether a metric is silent while nothing happens: one of AWS that is so, or one that a metric filter makes."""
    if is_sparse(reading.namespace, reading.metric, reading.dimensions):
        return True
    filters = account.list("logs", "DescribeMetricFilters", "metricFilters", region=alarm.region)
    made = [(to["metricNamespace"], to["metricName"]) for one in filters for to in one["metricTransformations"]]
    return (reading.namespace, reading.metric) in made


def _thresholds(account: Account, alarm: AlarmSettings) -> dict[str, Any]:
    """Return the thresholds that criteria bound, each in its unit."""
    return {
        name: account.attempt(_threshold, find, alarm)
        for name, find in (
            ("utilization", _utilization_threshold),
            ("response_time", _response_time_threshold),
            ("error_rate", _error_rate_threshold),
        )
    }


def _threshold(find: Any, alarm: AlarmSettings) -> Quantity | None:
    if not alarm.fires_above or not alarm.readings:
        return None
    try:
        found: Quantity | None = find(alarm)
    except Unresolved as error:
        raise Unreadable(str(error)) from None
    return found


def _utilization_threshold(alarm: AlarmSettings) -> Quantity | None:
    used = [one for one in alarm.readings if (one.namespace, one.metric) in UTILIZATION]
    return Quantity.of(_plain_threshold(alarm), "%") if used else None


def _response_time_threshold(alarm: AlarmSettings) -> Quantity | None:
    times = [one for one in alarm.readings if one.metric == "TargetResponseTime"]
    slow = [one for one in times if parse_percentile(one.statistic) == Decimal(95)]
    return Quantity.seconds(_plain_threshold(alarm)) if slow else None


def _error_rate_threshold(alarm: AlarmSettings) -> Quantity | None:
    if not any("5XX" in name for name in alarm.metrics) or not alarm.expression:
        return None
    if alarm.threshold is None or not is_error_share(alarm.metrics, alarm.value):
        return None
    return Quantity.of(error_percent(alarm.threshold, alarm.metrics, alarm.value), "%")


def _plain_threshold(alarm: AlarmSettings) -> Decimal:
    """Return the threshold of an alarm on a metric itself. Raises Unresolved for an expression."""
    if alarm.expression or alarm.threshold is None:
        raise Unresolved(alarm.name, "compares an expression or a band rather than the metric itself")
    return alarm.threshold


def _find_airflow_faults(account: Account, alarm: AlarmSettings) -> tuple[str, ...] | None:
    read = [one for one in alarm.readings if one.namespace == "AmazonMWAA"]
    if not read:
        return None
    versions = {one["Name"]: one["AirflowVersion"] for one in list_environments(account)}
    return tuple(
        fault
        for one in read
        for fault in metric_mistakes(
            one.metric, one.dimensions, filter(None, [versions.get(one.dimensions.get("Environment", ""))])
        )
    )
