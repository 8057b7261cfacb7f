"""Alarms: whom they notify, whether the watched resources exist and have data, and their thresholds."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from ...quantities import Quantity
from ...semantics.airflow_versions import metric_mistakes, metrics
from ...semantics.cloudwatch import (
    AIRFLOW,
    BALANCER_ERRORS,
    CONTAINERS,
    HEARTBEATS,
    TARGET_ERRORS,
    UTILIZATION,
    error_percent,
    holds,
    is_error_share,
    is_sparse,
    parse_percentile,
)
from ...semantics.event_patterns import SEVERE, matches
from ...semantics.json_texts import read_json
from ...semantics.topics import EVENTS, key_refusal, publish_refusal
from ...semantics.unresolved import Unresolved
from .. import Fact
from ..observers import apart, observes, observes_each
from .airflow import list_dags, list_environments
from .cloudwatch import AlarmSettings, Query, Reading, Series, find_unpublished, read_alarms, read_series
from .databases import Database, observe_databases
from .distributions import GLOBAL, list_distributions
from .keys import name_key, read_key_policy
from .load_balancers import list_application_balancers, list_balancers, metric_name
from .permissions import read_rights
from .queues import DeadLetterQueue, may_send, observe_dead_letter_queues
from .stores import list_topics

# ── Why an alarm notifies nobody when it fires: on purpose, or because a rule mutes it


def why_silent(account: Account, alarm: AlarmSettings) -> str:
    """Return why an alarm need not notify anybody itself, or an empty string. Raises Unreadable."""
    scaling = [action for action in alarm.actions if ":autoscaling:" in action]
    if scaling and len(scaling) == len(alarm.actions):
        return "scales a service and is not meant to tell anybody"
    telling = not alarm.actions and any(_tells_for(other, alarm) for other in account.once(read_alarms))
    return "part of a composite alarm, which tells for it" if telling else ""


def _tells_for(composite: AlarmSettings, alarm: AlarmSettings) -> bool:
    """Whether a composite alarm fires when this one alone does; in ``ALARM(a) AND ALARM(b)`` neither does it."""
    if composite.region != alarm.region or alarm.name not in composite.members:
        return False
    try:
        alone = holds(composite.rule, lambda name: "ALARM" if name == alarm.name else "OK")
        return alone and not holds(composite.rule, lambda _: "OK")
    except Unresolved as error:
        raise Unreadable(str(error)) from None


def list_mute_rules(account: Account, alarm: AlarmSettings) -> tuple[str, ...]:
    """Return the names of the active mute rules that silence an alarm. Raises Unreadable."""
    listed = account.list(
        "cloudwatch", "ListAlarmMuteRules", "AlarmMuteRuleSummaries", region=alarm.region, Statuses=["ACTIVE"]
    )
    names = [rule["AlarmMuteRuleArn"].rpartition(":")[2] for rule in listed]
    rules = [account.get("cloudwatch", "GetAlarmMuteRule", region=alarm.region, AlarmMuteRuleName=n) for n in names]
    return tuple(rule["Name"] for rule in rules if alarm.name in (rule.get("MuteTargets") or {}).get("AlarmNames", ()))


# ── Topics that alarms notify: their subscribers, whether CloudWatch may publish, and the last notification


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
    """Age of an alarm's last notification; None if there is none in the history that AWS keeps."""


@observes_each(
    AlarmTopic,
    lambda account: sorted({one for alarm in account.once(read_alarms) for one in alarm.actions if ":sns:" in one}),
    at_once=True,
)
def observe_alarm_topics(account: Account, arn: str) -> AlarmTopic:
    """Observe every topic that some alarm notifies."""
    alarms = tuple(alarm.arn for alarm in account.once(read_alarms) if arn in alarm.actions)
    return AlarmTopic(
        subject=arn,
        exists=account.attempt(
            lambda: account.find("sns", "GetTopicAttributes", region=arn.split(":")[3], TopicArn=arn) is not None
        ),
        subscribers=account.attempt(list_subscribers, account, arn),
        refusals=account.attempt(_find_refusals_of_alarms, account, arn, alarms),
        delivered=account.attempt(_last_delivery_age, account, arn),
    )


def is_unheard(topic: AlarmTopic) -> bool:
    """Whether a topic has no known subscriber; another account's topic may not be shared."""
    return any(isinstance(one, Unread) or not one for one in map(topic.peek, ("exists", "subscribers")))


def list_subscribers(account: Account, topic: str) -> tuple[str, ...]:
    """Return the confirmed subscribers that receive everything. Raises Unreadable."""
    region = topic.split(":")[3]
    # ListSubscriptions shows only the caller's own; a chat, an address or a queue may be another account's
    # https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
    try:
        listed = account.list("sns", "ListSubscriptionsByTopic", "Subscriptions", region=region, TopicArn=topic)
    except Absent:
        return ()  # a deleted topic has none
    own = [one for one in listed if one["SubscriptionArn"].startswith("arn:")]
    whole = [one for one in own if not _has_filter(account, one["SubscriptionArn"], region)]
    return tuple(f"{one['Protocol']} {one['Endpoint']}" for one in whole)


def _has_filter(account: Account, subscription: str, region: str) -> bool:
    """Whether a subscription filters messages; those of AWS services have no attributes to filter by."""
    found = account.find("sns", "GetSubscriptionAttributes", region=region, SubscriptionArn=subscription)
    return found is None or found["Attributes"].get("FilterPolicy", "{}") not in ("", "{}")


def find_refusals(account: Account, topic: str, sources: tuple[str, ...], service: str) -> tuple[str, ...]:
    """Return why an AWS service can't publish to a topic for these sources. Raises Unreadable."""
    attributes = account.get("sns", "GetTopicAttributes", region=topic.split(":")[3], TopicArn=topic)["Attributes"]
    try:
        found = [publish_refusal(attributes.get("Policy", ""), topic, sources, service)]
        if key := attributes.get("KmsMasterKeyId"):
            found.append(_key_refusal(account, key, topic, service))
    except Unresolved as error:
        raise Unreadable(str(error)) from None
    return tuple(filter(None, found))


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
    history = account.list(
        "cloudwatch",
        "DescribeAlarmHistory",
        "AlarmHistoryItems",
        region=arn.split(":")[3],
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        HistoryItemType="Action",
        StartDate=(account.now - HISTORY_KEPT).replace(microsecond=0),
    )
    told = [(item, read_json(item.get("HistoryData") or "{}")) for item in history]
    sent = [item["Timestamp"] for item, one in told if one.get("actionState") == "Succeeded"
            and one.get("notificationResource") == arn]  # fmt: skip
    return account.age(max(sent)) if sent else None


# ── Owners of metrics: the resources of the account that a dimension can name


def find_owners(account: Account, namespace: str, dimension: str) -> frozenset[str] | None:
    """Return every value of a dimension that names a resource of the account; None if that is not known here.

    Raises Unreadable.
    """
    look = _OWNERS.get((namespace, dimension))
    return None if look is None else frozenset(look(account))


def _last_parts(arns: Iterable[str], after: str = "/") -> Iterator[str]:
    return (arn.rpartition(after)[2] for arn in arns)


def find_balancers_of(account: Account, target_group: str) -> frozenset[str]:
    """Return the load balancers of a target group; both have the names that metrics use."""
    listed = account.list("elbv2", "DescribeTargetGroups", "TargetGroups")
    own = [one for one in listed if one["TargetGroupArn"].rpartition(":")[2] == target_group]
    return frozenset(metric_name(arn) for one in own for arn in one.get("LoadBalancerArns", ()))


_OWNERS: Final[Mapping[tuple[str, str], Callable[[Account], Iterable[str]]]] = {
    ("AWS/ECS", "ClusterName"): lambda account: _last_parts(account.list("ecs", "ListClusters", "clusterArns")),
    ("AWS/ECS", "ServiceName"): lambda account: (
        name
        for cluster in account.list("ecs", "ListClusters", "clusterArns")
        for name in _last_parts(account.list("ecs", "ListServices", "serviceArns", cluster=cluster))
    ),
    ("AWS/ApplicationELB", "LoadBalancer"): lambda account: (
        metric_name(one["LoadBalancerArn"]) for one in list_balancers(account)
    ),
    ("AWS/ApplicationELB", "TargetGroup"): lambda account: _last_parts(
        (one["TargetGroupArn"] for one in account.list("elbv2", "DescribeTargetGroups", "TargetGroups")), ":"
    ),
    ("AWS/RDS", "DBClusterIdentifier"): lambda account: (
        one["DBClusterIdentifier"] for one in account.list("rds", "DescribeDBClusters", "DBClusters")
    ),
    ("AWS/RDS", "DBInstanceIdentifier"): lambda account: (
        one["DBInstanceIdentifier"] for one in account.list("rds", "DescribeDBInstances", "DBInstances")
    ),
    **dict.fromkeys(
        ((CONTAINERS, "Environment"), (AIRFLOW, "Environment")),
        lambda account: account.list("mwaa", "ListEnvironments", "Environments"),
    ),
    ("AWS/SQS", "QueueName"): lambda account: _last_parts(account.list("sqs", "ListQueues", "QueueUrls")),
    ("AWS/SNS", "TopicName"): lambda account: _last_parts(
        (one["TopicArn"] for one in account.list("sns", "ListTopics", "Topics")), ":"
    ),
    ("AWS/CloudFront", "DistributionId"): lambda account: (site["Id"] for site in list_distributions(account)),
    ("CloudWatchSynthetics", "CanaryName"): lambda account: (
        one["Name"] for one in account.list("synthetics", "DescribeCanaries", "Canaries")
    ),
    ("AWS/Lambda", "FunctionName"): lambda account: (
        one["FunctionName"] for one in account.list("lambda", "ListFunctions", "Functions")
    ),
}


# ── Each alarm: its settings, its metrics, and the thresholds at which it fires

_HOUR: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Alarm(Fact):
    """An alarm; ``subject`` is its ARN."""

    state: str
    actions_on: bool
    topics: tuple[AlarmTopic, ...]
    """Topics that it notifies when it fires, first those with a known subscriber: one is enough."""
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
    """Whether it fires on silence of a metric that reports as long as its source is alive."""
    lost: tuple[str, ...] | None
    """``dimension = value`` of each named resource that does not exist; None if nothing can be looked up."""
    without_data: tuple[str, ...]
    """Its metrics without data for an hour, or for its evaluation window."""
    utilization: Quantity | None
    """Threshold of an alarm that fires on high CPU or memory use."""
    response_time: Quantity | None
    """Threshold of an alarm that fires on a high 95th percentile of response times."""
    error_rate: Quantity | None
    """Threshold of an alarm that fires on a high share of failed requests."""
    airflow_faults: tuple[str, ...] | None
    """Why metrics of Airflow that it reads are never published; None if it reads none."""
    unpublished: tuple[str, ...] | None
    """Why AWS never publishes metrics that it reads; None if those of none of their services are listed here."""

    @property
    def held_back(self) -> str:
        """The reason why it never acts, or an empty string."""
        muted = f"muted by {', '.join(self.muted_by)}" if self.muted_by else ""
        suppressed = f"actions suppressed by {self.suppressed_by}" if self.suppressed_by else ""
        return muted or suppressed if self.actions_on else "actions disabled"


@observes(Alarm)
def observe_alarms(account: Account) -> Iterator[Alarm]:
    """Observe every alarm."""
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
            unpublished=account.attempt(
                lambda: find_unpublished((one.namespace, one.metric, one.dimensions) for one in alarm.readings)
            ),
            lost=account.attempt(_find_lost_dimensions, account, alarm),
            utilization=account.attempt(_threshold, _utilization_threshold, alarm),
            response_time=account.attempt(_threshold, _response_time_threshold, alarm),
            error_rate=account.attempt(_threshold, _error_rate_threshold, alarm),
        )

    yield from map(apart(Alarm, look, "arn", "name"), account.once(read_alarms))


def _find_lost_dimensions(account: Account, alarm: AlarmSettings) -> tuple[str, ...] | None:
    own = [one for one in alarm.readings if not one.account]
    named = {(one.namespace, name, value) for one in own for name, value in one.dimensions.items()}
    looked_up = (_describe_lost(account, alarm.region, *one) for one in sorted(named))
    found = [one for one in looked_up if one is not None]
    return (*filter(None, found), *_find_mismatched_target_groups(account, alarm)) if found else None


def _find_mismatched_target_groups(account: Account, alarm: AlarmSettings) -> Iterator[str]:
    """Yield the target groups that are not behind the load balancer named with them: no such metric exists."""
    for one in alarm.readings:
        balancer, group = (one.dimensions.get(name, "") for name in ("LoadBalancer", "TargetGroup"))
        if one.namespace == "AWS/ApplicationELB" and balancer and group and not one.account:
            behind = find_balancers_of(account, group)
            if behind and balancer not in behind:
                yield f"TargetGroup = {group}, which is not behind {balancer}"


def _describe_lost(account: Account, region: str, namespace: str, name: str, value: str) -> str | None:
    """Return the fault of a dimension, or an empty string; None if its owners are not known here."""
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
    all_series, found = dict(account.once(_read_all_series)), dict[Query, Series]()
    for owner in {one.account for one in alarm.readings}:
        read = all_series[alarm.region, max(_HOUR, alarm.span), owner]
        if isinstance(read, Unread):
            raise Unreadable(read.reason)
        found |= read
    dead = [one for one in alarm.readings if not found[_query(one)]]
    if alarm.missing == "breaching":
        return tuple(map(str, dead))
    # a metric with data in another unit is not silent
    return tuple(str(one) for one in dead if found[_query(one, any_unit=True)] or not _is_quiet(account, alarm, one))


def _read_all_series(account: Account) -> Iterator[tuple[tuple[str, int, str], Mapping[Query, Series] | Unread]]:
    """Yield the data of every metric that alarms read, by region, window and other account: few calls for all alarms.

    Another account may not share its metrics.
    """
    asked: dict[tuple[str, int, str], list[Query]] = {}
    for alarm in account.once(read_alarms):
        asked.setdefault((alarm.region, max(_HOUR, alarm.span), ""), [])
        for one in alarm.readings:
            queries = [_query(one, any_unit=any_unit) for any_unit in (False, True) if one.is_stated]
            asked.setdefault((alarm.region, max(_HOUR, alarm.span), one.account), []).extend(queries)
    for (region, span, owner), queries in asked.items():
        window = timedelta(seconds=span)
        yield (
            (region, span, owner),
            account.attempt(read_series, account, queries, window=window, period=window, region=region),
        )


def _query(reading: Reading, *, any_unit: bool = False) -> Query:
    dimensions = tuple(sorted(reading.dimensions.items()))
    unit = "" if any_unit else reading.unit
    return Query(reading.namespace, reading.metric, dimensions, "SampleCount", unit, reading.account)


def _is_quiet(account: Account, alarm: AlarmSettings, reading: Reading) -> bool:
    """Whether a metric is silent while nothing happens: an AWS metric known for that, or one from a metric filter."""
    if is_sparse(reading.namespace, reading.metric, reading.dimensions):
        return True
    filters = account.list("logs", "DescribeMetricFilters", "metricFilters", region=alarm.region)
    made = [(to["metricNamespace"], to["metricName"]) for one in filters for to in one["metricTransformations"]]
    return (reading.namespace, reading.metric) in made


def _threshold(find: Callable[[AlarmSettings], Quantity | None], alarm: AlarmSettings) -> Quantity | None:
    try:
        return find(alarm) if alarm.fires_above and alarm.readings else None
    except Unresolved as error:
        raise Unreadable(str(error)) from None


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
    if not (read := [one for one in alarm.readings if one.namespace == AIRFLOW and not one.account]):
        return None
    versions = {one["Name"]: one["AirflowVersion"] for one in list_environments(account)}
    return tuple(
        fault
        for one in read
        for fault in metric_mistakes(
            one.metric, one.dimensions, filter(None, [versions.get(one.dimensions.get("Environment", ""))])
        )
    )


# ── The components of the system, each with the alarms that watch it

MetricNames = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedService(Fact):
    """An ECS service; ``subject`` is its ARN."""

    high: MetricNames
    """Its metrics with an alarm on high values."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedDatabase(Fact):
    """A database, watched as a cluster or in each of its instances; ``subject`` is its ARN."""

    high: MetricNames


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedTargetGroup(Fact):
    """A target group behind an application load balancer; ``subject`` is its ARN."""

    slow: tuple[str, ...]
    """Names of the alarms on a 95th or higher percentile of its response times, or of its load balancer's."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedBalancer(Fact):
    """An application load balancer; ``subject`` is its ARN."""

    shares: MetricNames
    """Metrics of failed requests whose share of all requests an alarm watches."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedAirflow(Fact):
    """An Airflow environment; ``subject`` is its ARN."""

    alive: bool
    """Whether an alarm fires when no scheduler is alive."""
    waiting: bool
    """Whether an alarm fires when tasks wait for a worker."""
    failures: bool
    """Whether an alarm fires if tasks of any DAG fail or, if Airflow counts none, if a run of any DAG does."""
    durations: bool
    """Whether an alarm fires when a DAG run takes long."""
    delays: bool
    """Whether an alarm fires when a run starts late."""
    workers: MetricNames
    """Metrics of the permanent workers with an alarm on high values."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedDeadLetters(Fact):
    """A dead-letter queue; ``subject`` is its ARN."""

    first: tuple[str, ...]
    """Names of the alarms that fire on the first message in it."""


@observes(WatchedService)
def observe_watched_services(account: Account) -> Iterator[WatchedService]:
    """Observe every ECS service."""
    for cluster in account.list("ecs", "ListClusters", "clusterArns"):
        for arn in account.list("ecs", "ListServices", "serviceArns", cluster=cluster):
            own = {"ClusterName": cluster.rpartition("/")[2], "ServiceName": arn.rpartition("/")[2]}
            yield WatchedService(subject=arn, high=account.attempt(_metrics_watched_high, account, "AWS/ECS", own))


@observes_each(WatchedDatabase, lambda account: account.once(observe_databases))
def observe_watched_databases(account: Account, database: Database) -> WatchedDatabase:
    """Observe every database."""
    instances = [one.subject.rpartition(":")[2] for one in database.instances]
    each = [_metrics_watched_high(account, "AWS/RDS", {"DBInstanceIdentifier": one}) for one in instances]
    whole = _metrics_watched_high(account, "AWS/RDS", {"DBClusterIdentifier": database.subject.rpartition(":")[2]})
    return WatchedDatabase(subject=database.subject, high=whole | (each[0].intersection(*each) if each else set()))


@observes(WatchedTargetGroup)
def observe_watched_target_groups(account: Account) -> Iterator[WatchedTargetGroup]:
    """Observe every target group whose response times are measured."""
    balancers = list_application_balancers(account)
    only = [balancers[0]["LoadBalancerArn"]] if len(balancers) == 1 else []

    def look(group: Mapping[str, Any]) -> WatchedTargetGroup:
        name = group["TargetGroupArn"].rpartition(":")[2]
        whole = {("LoadBalancer", metric_name(arn)) for arn in group.get("LoadBalancerArns") or only}

        def is_slow(one: Reading) -> bool:
            of = one.dimensions
            return (of.get("TargetGroup") == name or (len(of) == 1 and bool(whole & of.items()))) and _is_slow(one)

        slow = tuple(alarm.name for alarm, _ in _list_readings(account, is_slow))
        return WatchedTargetGroup(subject=group["TargetGroupArn"], slow=slow)

    # of a Lambda target group, which has no protocol either, no response times are measured
    groups = [
        group
        for group in account.list("elbv2", "DescribeTargetGroups", "TargetGroups")
        if group.get("Protocol", "HTTP") in ("HTTP", "HTTPS") and group.get("TargetType") != "lambda"
    ]
    yield from map(apart(WatchedTargetGroup, look, "TargetGroupArn", "TargetGroupName"), groups)


@observes_each(WatchedBalancer, list_application_balancers, "LoadBalancerArn", "LoadBalancerName")
def observe_watched_balancers(account: Account, balancer: Mapping[str, Any]) -> WatchedBalancer:
    """Observe every application load balancer."""
    of = ("LoadBalancer", metric_name(balancer["LoadBalancerArn"]))
    own = [*_list_readings(account, lambda one: of in one.dimensions.items() and _is_error(one))]
    shares = account.attempt(lambda: frozenset(one.metric for alarm, one in own if _is_share(alarm)))
    return WatchedBalancer(subject=balancer["LoadBalancerArn"], shares=shares)


@observes_each(WatchedAirflow, list_environments, "Arn", "Name")
def observe_watched_airflow(account: Account, found: Mapping[str, Any]) -> WatchedAirflow:
    """Observe every Airflow environment."""
    own = {"Environment": found["Name"]}
    waiting = {"QueuedTasks"} & _metrics_watched_high(account, AIRFLOW, own | {"Function": "Executor"})
    waiting |= {"ApproximateAgeOfOldestTask", "QueuedTasks"} & _metrics_watched_high(account, CONTAINERS, own)
    times = {one.metric for _, one in _list_readings(account, lambda one: _is_of(one, found["Name"]))}
    return WatchedAirflow(
        subject=found["Arn"],
        alive=_fires_when_low(account, "SchedulerHeartbeat", own | {"Function": "Scheduler"}),
        waiting=bool(waiting),
        failures=_notices_failures(account, found),
        durations=bool(times & {"DAGDurationSuccess", "DAGDurationFailed"}),
        delays=bool(times & {"DAGScheduleDelay", "FirstTaskSchedulingDelay"}),
        workers=_metrics_watched_high(account, CONTAINERS, own | {"Cluster": "BaseWorker"}),
    )


@observes_each(WatchedDeadLetters, lambda account: account.once(observe_dead_letter_queues))
def observe_watched_dead_letters(account: Account, queue: DeadLetterQueue) -> WatchedDeadLetters:
    """Observe every dead-letter queue."""
    _ = queue.sources  # for a queue without attributes, it is also unknown whether it takes dead letters
    name, metric = queue.subject.rpartition(":")[2], "ApproximateNumberOfMessagesVisible"
    own = [alarm for alarm, _ in _list_readings(account, lambda one: one.reads("AWS/SQS", metric, QueueName=name))]
    return WatchedDeadLetters(subject=queue.subject, first=tuple(one.name for one in own if one.fires_on_one))


def _list_readings(account: Account, wanted: Callable[[Reading], bool]) -> Iterator[tuple[AlarmSettings, Reading]]:
    """Yield the metrics that alarms read in the account's region, with the alarms that fire on their high values.

    The number of a metric's samples reveals nothing about their values.
    """
    for alarm in account.once(read_alarms):
        if alarm.fires_above and alarm.region == account.region:
            own = (one for one in alarm.readings if one.statistic != "SampleCount" and not one.account)
            yield from ((alarm, one) for one in own if wanted(one))


def _metrics_watched_high(account: Account, namespace: str, dimensions: dict[str, str]) -> MetricNames:
    """Return the metrics with exactly these dimensions that have an alarm on high values. Raises Unreadable."""
    (index,) = account.once(_index_by_dimensions)
    read = index.get(tuple(sorted(dimensions.items())), ())
    return frozenset(one.metric for one in read if one.namespace == namespace)


def _index_by_dimensions(account: Account) -> Iterator[dict[tuple[Any, ...], list[Reading]]]:
    """Yield one index of the alarms' metrics, by sorted dimensions; one that states no metric is about these."""
    index: dict[tuple[Any, ...], list[Reading]] = {}
    for _, one in _list_readings(account, lambda _: True):
        index.setdefault(tuple(sorted(one.dimensions.items())), []).append(one)
    yield index


def _fires_when_low(account: Account, metric: str, dimensions: dict[str, str]) -> bool:
    alarms = [one for one in account.once(read_alarms) if one.fires_below and one.region == account.region]
    return any(one.reads(AIRFLOW, metric, **dimensions) for alarm in alarms for one in alarm.readings)


def _notices_failures(account: Account, found: Mapping[str, Any]) -> bool:
    """Whether alarms watch failed tasks or, if this version counts none, the failed runs of each DAG that ran."""
    if metrics()["TaskInstanceFailures"].is_published(found["AirflowVersion"]):
        of_all = {"Environment": found["Name"], "DAG": "All", "Task": "All"}
        return "TaskInstanceFailures" in _metrics_watched_high(account, AIRFLOW, of_all)
    alarms = [one for one in account.once(read_alarms) if one.fires_above and one.region == account.region]
    counted = {
        one.dimensions.get("DAG", "")
        for alarm in alarms
        for one in alarm.readings
        if one.statistic == "SampleCount" and one.metric == "DAGDurationFailed" and _is_of(one, found["Name"])
    }
    return bool(counted) and counted.issuperset(list_dags(account, found["Name"]))


def _is_of(one: Reading, environment: str) -> bool:
    return one.dimensions.get("Environment") == environment and one.namespace == AIRFLOW and not one.account


def _is_slow(one: Reading) -> bool:
    slow = (parse_percentile(one.statistic) or 0) >= Decimal(95)
    return one.namespace == "AWS/ApplicationELB" and one.metric == "TargetResponseTime" and slow


def _is_error(one: Reading) -> bool:
    """Whether it counts failed requests in an expression; only the statistic Sum is a count."""
    counted = bool(one.id) and one.statistic == "Sum" and one.namespace == "AWS/ApplicationELB"
    return counted and one.metric in (BALANCER_ERRORS, TARGET_ERRORS)


def _is_share(alarm: AlarmSettings) -> bool:
    try:
        return is_error_share(alarm.metrics, alarm.value)
    except Unresolved as error:
        raise Unreadable(str(error)) from None


# ── Notifications other than alarms: findings of GuardDuty and Security Hub, and failures of DAGs


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
    """Observe GuardDuty and Security Hub, and follow a severe finding of each to its subscribers."""
    hub = account.find("securityhub", "DescribeHub")
    for id_ in account.list("guardduty", "ListDetectors", "DetectorIds"):
        arn = f"arn:aws:guardduty:{account.region}:{account.id}:detector/{id_}"
        # findings of GuardDuty go to Security Hub as well, if it is enabled
        ways = (GUARDDUTY, SECURITY_HUB) if hub else (GUARDDUTY,)
        yield FindingSource(subject=arn, unheard=account.attempt(_find_unheard, account, ways))

    def look(hub: Mapping[str, Any]) -> FindingSource:
        return FindingSource(subject=hub["HubArn"], unheard=account.attempt(_find_unheard, account, (SECURITY_HUB,)))

    yield from map(apart(FindingSource, look, "HubArn"), [hub] if hub else ())


@observes_each(AirflowNotices, list_environments, "Arn", "Name")
def observe_airflow_notices(account: Account, found: Mapping[str, Any]) -> AirflowNotices:
    """Observe the topics that each Airflow environment may publish to."""
    role = found["ExecutionRoleArn"]
    may = account.attempt(_list_publishable, account, role)
    heard = account.attempt(
        lambda: tuple(one for arn in _list_publishable(account, role) for one in list_subscribers(account, arn))
    )
    return AirflowNotices(subject=found["Arn"], topics=may, subscribers=heard)


def _list_publishable(account: Account, role: str) -> tuple[str, ...]:
    allowed = read_rights(account, role)
    topics = ((arn, {**row, "TopicArn": arn}) for arn, row in account.once(list_topics))
    return tuple(arn for arn, row in topics if may_send(account, role, allowed, "sns:Publish", row))


def _find_unheard(account: Account, ways: tuple[str, ...]) -> tuple[str, ...]:
    """Return the findings that reach nobody through the best of several paths."""
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
    reasons = [_why_silent(account, rule["Arn"], one["Arn"]) for one in targets if ":sns:" in one["Arn"]]
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
