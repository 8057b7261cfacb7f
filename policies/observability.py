"""Alarms, dashboards, logs and health checks: would somebody notice a fault?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import cache, partial
from typing import Any, NamedTuple

from prodgate import Block, Configuration, Criterion, Quantity, Resource, Unknown, allow_unknown, policy
from prodgate.semantics import cloudwatch
from prodgate.semantics.airflow_versions import is_suppressed, metric_mistakes, metrics
from prodgate.semantics.aws_settings import COLLECTORS, TRACING_POLICIES
from prodgate.semantics.cloudwatch import (
    AIRFLOW,
    BALANCER_ERRORS,
    CONTAINERS,
    HEARTBEATS,
    TARGET_ERRORS,
    UTILIZATION,
    alarms_in_rule,
    error_percent,
    evaluate_nested,
    find_deciding_queries,
    is_error_share,
    metrics_on,
    parse_percentile,
    publishing_mistake,
)
from prodgate.semantics.policy_documents import Statement
from prodgate.semantics.yaml_nodes import Node, YamlError, parse_yaml

from .containers import list_containers
from .identity import grants, managed_by_aws
from .unset import is_unset

# ── Alarms that may be on a resource, looked up once for all resources

ALARM = "aws_cloudwatch_metric_alarm"


class AlarmIndex(NamedTuple):
    """Indices of alarms in their list: by dimension value, with unclear dimensions, and by the metrics they read."""

    by_value: dict[str, list[int]]
    unclear: list[int]
    by_metric: dict[tuple[str, str], int]


def find_alarms_on(subject: Resource) -> tuple[Resource, ...]:
    """Return the alarms with a dimension that names the subject, or that is known later, in their order."""
    index = subject.configuration.once(_index_alarms)
    places = {place for name in subject.identities for place in index.by_value.get(name, ())}
    alarms = subject.configuration.of(ALARM)
    return tuple(alarms[place] for place in sorted(places.union(index.unclear)))


def find_alarms_reading(configuration: Configuration, namespace: str, metrics: Iterable[str]) -> tuple[Resource, ...]:
    """Return the first alarm on each of the metrics, whatever it is on, in their order."""
    index = configuration.once(_index_alarms)
    places = {index.by_metric[namespace, name] for name in metrics if (namespace, name) in index.by_metric}
    return tuple(configuration.of(ALARM)[place] for place in sorted(places))


@cache
def list_names(attribute: str, types: tuple[str, ...], *, doubted: bool) -> Callable[[Configuration], frozenset[str]]:
    """Return a function that lists the values of an attribute of these types, for ``Configuration.once``.

    If ``doubted``, a value that is known later leaves the caller in doubt.
    """
    return partial(_list_names, attribute=attribute, types=types, doubted=doubted)


def _list_names(configuration: Configuration, attribute: str, types: tuple[str, ...], doubted: bool) -> frozenset[str]:
    declared = configuration.of(*types)
    values = [(one.values if doubted else one.search()).get(attribute) for one in declared]
    return frozenset(value for value in values if isinstance(value, str))


def _index_alarms(configuration: Configuration) -> AlarmIndex:
    index = AlarmIndex({}, [], {})
    for place, alarm in enumerate(configuration.of(ALARM)):
        for source in _sources(alarm.search()):
            names = source.get("namespace"), source.get("metric_name")
            if all(type(name) is str for name in names):
                index.by_metric.setdefault((str(names[0]), str(names[1])), place)
            _add_dimensions(index, place, source.get("dimensions"))
    return index


def _add_dimensions(index: AlarmIndex, place: int, dimensions: Any) -> None:
    values = [*dimensions.values()] if isinstance(dimensions, Mapping) else [dimensions]
    for value in values:
        if isinstance(value, Unknown):
            index.unclear.append(place)
        elif isinstance(value, str):
            index.by_value.setdefault(value, []).append(place)


def _sources(values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the alarm and the metrics of its queries; where those are known later, one with unknown dimensions."""
    yield values
    queries = values.get("metric_query")
    for query in queries if isinstance(queries, list | tuple) else [queries]:
        metrics = query.get("metric") if isinstance(query, Mapping) else query
        for metric in metrics if isinstance(metrics, list | tuple) else [metrics]:
            if isinstance(metric, Mapping):
                yield metric
            elif isinstance(metric, Unknown):
                yield {"dimensions": metric}


# ── The metrics that CloudWatch alarms read, when alarms fire and whom they notify

__all__ = ["ALARM", "COMPOSITE", "Reading", "alarms_on", "fires_above", "fires_below", "point_at_nearest", "readings"]

COMPOSITE = "aws_cloudwatch_composite_alarm"
#: Dimension -> the attribute of a resource that it holds, where that is not the name.
NAMED_BY = {
    "LoadBalancer": "arn_suffix",
    "TargetGroup": "arn_suffix",
    "DBClusterIdentifier": "cluster_identifier",
    "DBInstanceIdentifier": "identifier",
    "DistributionId": "id",
    "FunctionName": "function_name",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric that an alarm reads, by itself or inside an expression."""

    alarm: Resource
    source: Block
    """Where the metric is written: the alarm itself, or a metric of one of its queries."""
    id: str
    """Id of the query; empty for an alarm on a single metric."""
    namespace: str
    metric: str
    statistic: str
    """``Average``, ``Sum``, … or a percentile such as ``p95``."""

    @property
    def percentile(self) -> Decimal | None:
        """95 for ``p95``; None for any other statistic."""
        return parse_percentile(self.statistic)

    def dimensions(self) -> dict[str, str]:
        """Return the dimensions. Raises Unresolved when one is decided later."""
        return dict(self.source.mapping("dimensions"))

    def dimension_names(self) -> frozenset[str]:
        """Return the names of its dimensions, whose values may be decided later. Raises Unresolved."""
        stated = self.source.search().get("dimensions")
        return frozenset(stated if isinstance(stated, Mapping) else self.dimensions())

    def names(self, **wanted: Resource | str) -> bool:
        """Whether the metric is read with these dimensions and no others, each naming that resource or value.

        CloudWatch finds a metric by all of its dimensions: with one too many or too few there is no data, ever.
        """
        stated = self._known_dimensions()
        if stated is None:
            return self._refers_to(wanted)
        return stated.keys() == wanted.keys() and all(
            _names_value(stated[key], key, value) for key, value in wanted.items()
        )

    def mentions(self, dimension: str, resource: Resource) -> bool:
        """Whether one dimension names that resource, whatever the others are."""
        stated = self._known_dimensions()
        if stated is None:
            return self._refers_to({dimension: resource})
        return _names_value(stated.get(dimension, ""), dimension, resource)

    def mentions_any(self, dimension: str, *types: str) -> bool:
        """Whether one dimension names a declared resource of these types, whatever the others are."""
        stated, tree = self._known_dimensions(), self.alarm.configuration
        if stated is None:
            return bool(self.alarm.related(self._argument, *types))
        name, attribute = stated.get(dimension, ""), NAMED_BY.get(dimension, "name")
        # a name that is known later may be the one that no known resource has
        return any(name in tree.once(list_names(attribute, types, doubted=each)) for each in (False, True))

    def _known_dimensions(self) -> dict[str, str] | None:
        with allow_unknown(because="the configuration says which resource the dimension names"):
            return self.dimensions()
        return None

    def _refers_to(self, wanted: dict[str, Resource | str]) -> bool:
        """Fall back on the resources that the dimensions refer to, because AWS makes some names on creation."""
        resources = [value for value in wanted.values() if isinstance(value, Resource)]
        return all(resource in self.alarm.related(self._argument, resource.type) for resource in resources)

    @property
    def _argument(self) -> str:
        """The argument of the alarm that the dimensions are written in."""
        return self.source.path.split(".")[0] or "dimensions"


def _names_value(stated: str, dimension: str, wanted: Resource | str) -> bool:
    return stated == (wanted.values.get(NAMED_BY.get(dimension, "name")) if isinstance(wanted, Resource) else wanted)


def readings(alarm: Resource) -> tuple[Reading, ...]:
    """Return the metrics that decide the state of an alarm; none for an alarm on a query language."""
    if alarm.has("metric_name"):
        statistic = alarm.text("extended_statistic") or alarm.text("statistic") or ""
        names = (alarm.text("namespace") or "", alarm.text("metric_name") or "")
        return (Reading(alarm, alarm, "", *names, statistic),)
    found = []
    for query in _deciding_queries(alarm):
        for metric in query.blocks("metric"):
            names = (metric.text("namespace") or "", metric.text("metric_name") or "")
            found.append(Reading(alarm, metric, query.text("id") or "", *names, metric.text("stat") or ""))
    return tuple(found)


def expression(alarm: Resource) -> str:
    """Return the metric math whose result the alarm compares; nothing for an alarm on a single metric."""
    queries = alarm.blocks("metric_query")
    returned = [query for query in queries if query.flag("return_data")] or list(queries[:1])
    return (returned[0].text("expression") or returned[0].text("id") or "") if returned else ""


def value(alarm: Resource, numbers: Mapping[str, Decimal]) -> Decimal:
    """Compute the value that the alarm compares with its threshold, given a number for each metric by its name."""
    read = {reading.id: numbers[reading.metric] for reading in readings(alarm)}
    inner = {q.text("id") or "": q.text("expression") or "" for q in alarm.blocks("metric_query")}
    return evaluate_nested(expression(alarm), {id_: text for id_, text in inner.items() if text}, read)


def alarms_on(subject: Resource, namespace: str, *metrics: str) -> Iterator[Reading]:
    """Yield every reading of one of these metrics by an alarm that may be on the subject.

    An alarm may be if one of its dimensions holds a name of the subject, or is known later.
    """
    for alarm in find_alarms_on(subject):
        yield from (one for one in readings(alarm) if one.namespace == namespace and one.metric in metrics)


def point_at_nearest(subject: Resource, dimension: str, namespace: str, *metrics: str) -> None:
    """Make the alarm that comes nearest to a wanted one the place of the finding that follows, else the subject.

    The nearest alarm is on the subject and reads the same metric, or has nearly the same name: probably the one that
    was meant.
    """
    read = [one for alarm in find_alarms_on(subject) for one in readings(alarm) if one.namespace == namespace]
    own = [one for one in read if one.mentions(dimension, subject)]
    others = () if own else find_alarms_reading(subject.configuration, namespace, metrics)
    same = [one for one in own or map_readings(others) if one.namespace == namespace and one.metric in metrics]
    close = [one for one in own for name in metrics if get_close_matches(one.metric, [name], cutoff=0.9)]
    subject.has(NAMED_BY.get(dimension, "name"))
    for one in [*same, *close][:1]:
        one.source.has("metric_name")


def map_readings(alarms: Iterable[Resource]) -> list[Reading]:
    """Return the metrics that some alarms read, in their order."""
    return [one for alarm in alarms for one in readings(alarm)]


def fires_above(alarm: Resource) -> bool:
    """Whether the alarm fires when its value is high."""
    return cloudwatch.fires_above(alarm.text("comparison_operator") or "")


def fires_below(alarm: Resource) -> bool:
    """Whether the alarm fires when its value is low."""
    return cloudwatch.fires_below(alarm.text("comparison_operator") or "")


def _deciding_queries(alarm: Resource) -> Iterator[Block]:
    """Yield the queries that the returned expression uses, directly or through another expression."""
    queries = {query.text("id") or "": query for query in alarm.blocks("metric_query")}
    inner = {id_: query.text("expression") or "" for id_, query in queries.items()}
    used = find_deciding_queries(expression(alarm), inner, queries) if queries else ()
    yield from (query for id_, query in queries.items() if id_ in used)


@policy(
    "PG_OBS_1",
    criterion="alarm-ecs-cpu",
    resources=("aws_ecs_service",),
    population=0,
)
def services_have_an_alarm_on_cpu(service: Resource, criterion: Criterion) -> None:
    """Each ECS service has an alarm that fires when its CPU use is high.

    A saturated service responds slowly long before its health check fails.
    """
    criterion.hold(
        _is_service_watched(service, "CPUUtilization"), expected="an alarm on CPUUtilization", observed="none"
    )


@policy(
    "PG_OBS_2",
    criterion="alarm-ecs-memory",
    resources=("aws_ecs_service",),
    population=0,
)
def services_have_an_alarm_on_memory(service: Resource, criterion: Criterion) -> None:
    """Each ECS service has an alarm that fires when its memory use is high.

    A task that runs out of memory is killed in the middle of its requests.
    """
    watched = _is_service_watched(service, "MemoryUtilization")
    criterion.hold(watched, expected="an alarm on MemoryUtilization", observed="none")


@policy(
    "PG_OBS_3",
    criterion="alarm-utilization-threshold",
    resources=(ALARM,),
    population=0,
)
def utilization_alarms_fire_in_time(alarm: Resource, criterion: Criterion) -> None:
    """Alarms on CPU and memory use fire before everything is used.

    The metrics are percentages: an alarm at 900 looks like an alarm and never fires.
    """
    read = [one for one in readings(alarm) if (one.namespace, one.metric) in UTILIZATION]
    if not read or not fires_above(alarm):
        raise criterion.not_applicable("does not fire on high CPU or memory use")
    if read[0].id:
        raise criterion.undetermined("compares an expression rather than the utilization itself")
    criterion.require(Quantity.of(alarm.number("threshold"), "%"))


@policy(
    "PG_OBS_4",
    criterion="alarm-db-connections",
    resources=("aws_rds_cluster", "aws_db_instance"),
    population=0,
)
def databases_have_an_alarm_on_connections(database: Resource, criterion: Criterion) -> None:
    """Each database has an alarm that fires when it has many connections.

    Past max_connections the database refuses every new task, and auto scaling makes it worse.
    """
    watched = _is_database_watched(database, "DatabaseConnections")
    criterion.hold(watched, expected="an alarm on DatabaseConnections", observed="none")


@policy(
    "PG_OBS_5",
    criterion="alarm-db-cpu",
    resources=("aws_rds_cluster", "aws_db_instance"),
    population=0,
)
def databases_have_an_alarm_on_cpu(database: Resource, criterion: Criterion) -> None:
    """Each database has an alarm that fires when its CPU use is high.

    Slow queries show here first, and at the capacity limit no other metric does.
    """
    criterion.hold(
        _is_database_watched(database, "CPUUtilization"), expected="an alarm on CPUUtilization", observed="none"
    )


def _is_service_watched(service: Resource, metric: str) -> bool:
    declared = service.related("cluster", "aws_ecs_cluster")
    cluster = declared[0] if declared else (service.text("cluster") or "default").rpartition("/")[2]
    found = alarms_on(service, "AWS/ECS", metric)
    watched = any(one.names(ClusterName=cluster, ServiceName=service) and fires_above(one.alarm) for one in found)
    if not watched:
        point_at_nearest(service, "ServiceName", "AWS/ECS", metric)
    return watched


def _is_instance_watched(instance: Resource, metric: str) -> bool:
    found = alarms_on(instance, "AWS/RDS", metric)
    return any(one.names(DBInstanceIdentifier=instance) and fires_above(one.alarm) for one in found)


def _is_database_watched(database: Resource, metric: str) -> bool:
    if database.type == "aws_db_instance":
        watched = _is_instance_watched(database, metric)
        if not watched:
            point_at_nearest(database, "DBInstanceIdentifier", "AWS/RDS", metric)
        return watched
    instances = database.configuration.naming(database, "cluster_identifier", "aws_rds_cluster_instance")
    found = [one for one in alarms_on(database, "AWS/RDS", metric) if fires_above(one.alarm)]
    each = all(_is_instance_watched(instance, metric) for instance in instances)
    watched = any(one.mentions("DBClusterIdentifier", database) for one in found) or (bool(instances) and each)
    if not watched:
        point_at_nearest(
            (*instances, database)[0], "DBInstanceIdentifier" if instances else "DBClusterIdentifier", "AWS/RDS", metric
        )
    return watched


# ── Would an alarm reach somebody? From its actions over its topic, the topic's policy and key, to a subscriber

TOPIC = "aws_sns_topic"
#: Dimension in a namespace -> types of the resources it names.
DIMENSIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("AWS/ECS", "ClusterName"): ("aws_ecs_cluster",),
    ("AWS/ECS", "ServiceName"): ("aws_ecs_service",),
    ("AWS/ApplicationELB", "LoadBalancer"): ("aws_lb", "aws_alb"),
    ("AWS/ApplicationELB", "TargetGroup"): ("aws_lb_target_group", "aws_alb_target_group"),
    ("AWS/RDS", "DBClusterIdentifier"): ("aws_rds_cluster",),
    ("AWS/RDS", "DBInstanceIdentifier"): ("aws_rds_cluster_instance", "aws_db_instance"),
    ("AWS/MWAA", "Environment"): ("aws_mwaa_environment",),
    ("AmazonMWAA", "Environment"): ("aws_mwaa_environment",),
    ("AWS/SQS", "QueueName"): ("aws_sqs_queue",),
    ("AWS/SNS", "TopicName"): (TOPIC,),
    ("AWS/CloudFront", "DistributionId"): ("aws_cloudfront_distribution",),
    ("CloudWatchSynthetics", "CanaryName"): ("aws_synthetics_canary",),
    ("AWS/Lambda", "FunctionName"): ("aws_lambda_function",),
    ("AWS/DynamoDB", "TableName"): ("aws_dynamodb_table",),
}


@policy(
    "PG_OBS_17",
    criterion="alarm-tells-someone",
    resources=(ALARM, COMPOSITE),
    population=0,
    remedy="Leave actions_enabled on, and put a topic that has an aws_sns_topic_subscription into alarm_actions.",
)
def alarms_tell_someone(alarm: Resource, criterion: Criterion) -> None:
    """Every alarm has its actions enabled and notifies a topic that has a subscriber.

    An alarm that is part of a composite alarm may leave notification to it; one that scales a service notifies nobody
    on purpose. actions_enabled defaults to on.
    """
    if silent := _silent_on_purpose(alarm):
        raise criterion.not_applicable(silent)
    criterion.hold(alarm.flag("actions_enabled", True), expected="actions enabled", observed="actions disabled")
    topics = alarm.related("alarm_actions", TOPIC)
    criterion.hold(alarm.has("alarm_actions"), expected="a topic in alarm_actions", observed="no action", premise=True)
    if not topics:
        raise criterion.undetermined("its actions name no topic that is declared here")
    # The actions are read last, so that the finding points there.
    heard = any(map(has_subscriber, topics)) and alarm.has("alarm_actions")
    criterion.hold(heard, expected="a subscriber", observed="topics without subscriber")


def _silent_on_purpose(alarm: Resource) -> str:
    """Return why an alarm need not notify anybody itself, or nothing."""
    if _only_scales(alarm):
        return "scales a service and is not meant to tell anybody"
    within = not alarm.has("alarm_actions") and _within_composite(alarm)
    return "part of a composite alarm, which tells for it" if within else ""


@policy(
    "PG_OBS_18",
    criterion="alarm-topic-deliverable",
    resources=(TOPIC,),
    population=0,
)
def alarms_can_publish_to_their_topic(topic: Resource, criterion: Criterion) -> None:
    """The policy and the key of every topic that alarms notify let CloudWatch publish to it.

    A topic under alias/aws/sns passes every encryption scanner and delivers no alarm at all: the AWS managed key can't
    be opened to CloudWatch. A topic without a policy of its own admits its own account, including alarms.
    """
    if not topic.configuration.naming(topic, "alarm_actions", ALARM, COMPOSITE):
        raise criterion.not_applicable("no alarm notifies it")
    criterion.hold(admits(topic), expected="CloudWatch may publish", observed="its policy does not allow it")
    criterion.hold(key_opens(topic, criterion), expected="CloudWatch may use the key", observed="it may not")


@policy(
    "PG_OBS_19",
    criterion="alarm-missing-data",
    resources=(ALARM,),
    population=0,
    remedy='Set treat_missing_data: "breaching" for what must always report, "notBreaching" for counters of failures.',
)
def missing_data_is_deliberate(alarm: Resource, criterion: Criterion) -> None:
    """Every alarm states how it treats missing data, and silence from a metric that must report is a breach.

    CloudWatch's default is ``missing``: the alarm keeps its state. A heartbeat alarm that does not breach on silence
    stays OK after the heart has stopped.
    """
    criterion.hold(
        alarm.has("treat_missing_data"), expected="treat_missing_data stated", observed="not stated", premise=True
    )
    if fires_below(alarm) and any(one.metric in HEARTBEATS for one in readings(alarm)):
        stated = alarm.text("treat_missing_data")
        criterion.hold(stated == "breaching", expected="breaching", observed=stated)


@policy(
    "PG_OBS_20",
    criterion="alarm-dimensions-resolve",
    resources=(ALARM,),
    population=0,
    remedy="Take the dimension from the resource itself (such as aws_lb.main.arn_suffix) instead of writing it out.",
)
def alarms_watch_what_exists(alarm: Resource, criterion: Criterion) -> None:
    """Every alarm on an AWS service names resources that are declared.

    After a rename the alarm still watches the old name: no data, no alarm, and nobody notices.
    """
    named = [(one, key, types) for one in readings(alarm) for (space, key), types in DIMENSIONS.items()
             if space == one.namespace and (key in one.source.values.get("dimensions", {}) or {})]  # fmt: skip
    if not named:
        raise criterion.not_applicable("names no resource that could be looked up")
    lost = [f"{key} = {one.dimensions()[key]}" for one, key, types in named if not one.mentions_any(key, *types)]
    elsewhere = [key for one, key, types in named if not alarm.configuration.of(*types)]
    if elsewhere:
        raise criterion.undetermined(f"{', '.join(elsewhere)} names something that is declared elsewhere")
    criterion.exclude(lost, expected="declared resources")


def _only_scales(alarm: Resource) -> bool:
    scaling = alarm.related("alarm_actions", "aws_appautoscaling_policy", "aws_autoscaling_policy")
    return bool(scaling) and not alarm.related("alarm_actions", TOPIC)


def _within_composite(alarm: Resource) -> bool:
    return (alarm.text("alarm_name") or "") in alarm.configuration.once(_list_parts)


def _list_parts(configuration: Configuration) -> set[str]:
    rules = [composite.text("alarm_rule") or "" for composite in configuration.of(COMPOSITE)]
    return {name for rule in rules for name in alarms_in_rule(rule)}


def has_subscriber(topic: Resource) -> bool:
    """Whether a topic has a subscription, or a chat channel that Amazon Q (once AWS Chatbot) posts to."""
    configuration = topic.configuration
    chats = ("aws_chatbot_slack_channel_configuration", "aws_chatbot_teams_channel_configuration")
    return bool(
        configuration.naming(topic, "topic_arn", "aws_sns_topic_subscription")
        or configuration.naming(topic, "sns_topic_arns", *chats)
    )


def admits(topic: Resource, service: str = "cloudwatch.amazonaws.com") -> bool:
    """Whether the policy of a topic lets a service publish; without one of its own it admits only alarms."""
    policies = topic.configuration.naming(topic, "arn", "aws_sns_topic_policy")
    if not policies and is_unset(topic, "policy"):
        return service == "cloudwatch.amazonaws.com"
    statements = [one for holder in policies or (topic,) for one in holder.statements("policy")]
    opened = [one for one in statements if one.allows and serves(one, topic) and one.covers("sns:Publish")]
    publishers = [principal.name for one in opened for principal in one.principals]
    return bool({service, "*"} & set(publishers))


def key_opens(target: Resource, criterion: Criterion, service: str = "cloudwatch.amazonaws.com") -> bool:
    """Whether a service may use the key of a topic or a queue, which it must to send there. Raises Undetermined."""
    if not target.has("kms_master_key_id"):
        return True
    keys = target.related("kms_master_key_id", "aws_kms_key")
    keys = keys or tuple(
        key
        for alias in target.related("kms_master_key_id", "aws_kms_alias")
        for key in alias.related("target_key_id", "aws_kms_key")
    )
    if not keys:
        if (target.text("kms_master_key_id") or "").endswith(("alias/aws/sns", "alias/aws/sqs")):
            return False
        raise criterion.undetermined("its key is declared elsewhere")
    holders = target.configuration.naming(keys[0], "key_id", "aws_kms_key_policy")
    # The default policy of a key admits the account's own roles, and no service.
    holders = holders or (() if is_unset(keys[0], "policy") else keys[:1])
    statements = [one for holder in holders for one in holder.allow_statements("policy")]
    statements = [one for one in statements if serves(one, target)]
    opened = [one for one in statements if any(p.name == service or p.is_anybody for p in one.principals)]
    for holder in holders:
        holder.has("policy")  # the value read last is where the finding points
    return all(any(one.covers(action) for one in opened) for action in ("kms:Decrypt", "kms:GenerateDataKey"))


def _account(target: Resource) -> str:
    return ((target.text("arn") or "").split(":") + [""] * 5)[4]


def serves(statement: Statement, target: Resource) -> bool:
    """Whether a statement lets a service act for the account of a topic or queue: it names no account, or this one."""
    accounts = statement.pinned("aws:SourceAccount")
    return not accounts or _account(target) in accounts


# ── What people and canaries look at: dashboards and the site itself

DASHBOARD = "aws_cloudwatch_dashboard"
#: Components that people check first when something is wrong.
COMPONENTS = ("aws_ecs_service", "aws_rds_cluster", "aws_lb", "aws_cloudfront_distribution", "aws_mwaa_environment")
#: Substitutes that a dashboard may show for a component.
PARTS = {"aws_rds_cluster": ("aws_rds_cluster_instance",)}


@policy(
    "PG_OBS_26",
    criterion="dashboard",
    resources=(DASHBOARD,),
    required=True,
)
def dashboards_show_metrics(dashboard: Resource, criterion: Criterion) -> None:
    """Every dashboard shows metrics.

    CloudWatch accepts an empty dashboard, or one with headings only, without a warning.
    """
    shown = list(_shown(dashboard))
    criterion.hold(bool(shown), expected="widgets with metrics", observed="none")


@policy(
    "PG_OBS_27",
    criterion="dashboard-covers-components",
    resources=COMPONENTS,
    required=True,
    remedy="Add a widget with a metric of this resource to the dashboard.",
)
def components_are_on_a_dashboard(component: Resource, criterion: Criterion) -> None:
    """Every service, database, load balancer, distribution and Airflow environment is on a dashboard.

    Nobody has time to build a graph during an incident. A database counts if its cluster or one of its instances is
    shown.
    """
    shown = component.configuration.once(_index_shown)
    own = component.configuration.naming(component, "cluster_identifier", *PARTS.get(component.type, ()))
    seen = any(one.identities & shown.get(one.type, set()) for one in (component, *own))
    criterion.hold(seen, expected="on a dashboard", observed="on none")


def _index_shown(configuration: Configuration) -> dict[str, set[str]]:
    """Return the values that metrics name, by resource type: an ECS cluster and a database cluster may share a name."""
    found: dict[str, set[str]] = {}
    for namespace, _, dimensions in (metric for board in configuration.of(DASHBOARD) for metric in _shown(board)):
        for key, value in dimensions.items():
            for type_ in DIMENSIONS.get((namespace, key), ()):
                found.setdefault(type_, set()).add(value)
    return found


@policy(
    "PG_OBS_28",
    criterion="dashboard-covers-components",
    resources=(DASHBOARD,),
    required=True,
    remedy="Take the dimension from the resource itself instead of writing its name out.",
)
def dashboards_show_what_exists(dashboard: Resource, criterion: Criterion) -> None:
    """Every metric on a dashboard belongs to a resource that is declared.

    The graph of a renamed resource is empty, and an empty graph looks calm.
    """
    named = [(space, key, value) for space, _, dimensions in _shown(dashboard) for key, value in dimensions.items()]
    lost = [
        f"{key} = {value}" for space, key, value in named if not _exists(dashboard.configuration, space, key, value)
    ]
    criterion.exclude(sorted(set(lost)), expected="declared resources")


@policy(
    "PG_OBS_29",
    criterion="canary",
    resources=("aws_synthetics_canary",),
    required=True,
    remedy=(
        "Set start_canary, a recurring schedule, and an alarm on CloudWatchSynthetics SuccessPercent that fires "
        "when it is low."
    ),
)
def canaries_run_and_are_watched(canary: Resource, criterion: Criterion) -> None:
    """Every canary runs on a schedule, and an alarm fires when it fails.

    start_canary is off by default; a schedule of rate(0 ...) runs once.
    """
    found = alarms_on(canary, "CloudWatchSynthetics", "SuccessPercent", "Failed", "FailedRequests")
    watched = [one for one in found if one.mentions("CanaryName", canary)]
    point_at_nearest(canary, "CanaryName", "CloudWatchSynthetics", "SuccessPercent")
    criterion.hold(
        any(_fires(one) for one in watched),
        expected="an alarm on its success",
        observed="none",
    )
    once = any((one.text("expression") or "").startswith("rate(0") for one in canary.blocks("schedule"))
    criterion.hold(not once, expected="a recurring schedule", observed="runs once")
    criterion.hold(canary.flag("start_canary"), expected="start_canary = true", observed="never started")


def _fires(reading: Reading) -> bool:
    """Whether an alarm can fire: on failures above a number, or on success below a number above zero."""
    return reading.metric != "SuccessPercent" or (fires_below(reading.alarm) and reading.alarm.number("threshold") > 0)


@policy(
    "PG_OBS_33",
    criterion="metrics-published",
    resources=(ALARM, DASHBOARD),
    population=0,
)
def metrics_are_published(reader: Resource, criterion: Criterion) -> None:
    """Alarms and dashboards read metrics that their service publishes, by the dimensions it publishes them with.

    CloudWatch accepts any name: 5XXError of an HTTP API, which publishes 5xx, has no data, ever.
    """
    if reader.type == DASHBOARD:
        read = [(space, name, frozenset(dimensions)) for space, name, dimensions in _shown(reader)]
    else:
        read = [(one.namespace, one.metric, one.dimension_names()) for one in readings(reader)]
    said = [publishing_mistake(*one) for one in read]
    if all(one is None for one in said):
        raise criterion.not_applicable("reads no metric of a service whose metrics are listed here")
    criterion.exclude([one for one in said if one], expected="a published metric")


def _shown(dashboard: Resource) -> Iterator[tuple[str, str, dict[str, str]]]:
    yield from metrics_on(dashboard.json("dashboard_body") or {})


def _exists(configuration: Configuration, namespace: str, dimension: str, value: str) -> bool:
    """Whether a dimension names a declared resource, or a resource of a kind that is not looked up."""
    types = DIMENSIONS.get((namespace, dimension), ())
    declared = configuration.of(*types)
    return not declared or any(value in resource.identities for resource in declared)


# ── Logs that are written and kept, traces that arrive

GROUP = "aws_cloudwatch_log_group"
#: Word in the name of an engine -> its logs that record errors. PostgreSQL's holds all but those of upgrades; SQL
#: Server's agent runs the jobs (RDS.40).
MAIN_LOGS = {"postgres": ("postgresql",), "mysql": ("error",), "mariadb": ("error",), "sqlserver": ("error", "agent"),
             "oracle": ("alert",), "db2": ("diag.log",)}  # fmt: skip


@policy(
    "PG_OBS_21",
    criterion="logs-retention",
    resources=(GROUP,),
    population=0,
    remedy="Set retention_in_days to the agreed number of days.",
)
def log_groups_state_their_retention(group: Resource, criterion: Criterion) -> None:
    """Every log group states its retention, and keeps events for the agreed time.

    Without retention_in_days (or with 0) CloudWatch keeps logs for ever: the cost only grows, and no duty to delete is
    met.
    """
    days = group.number("retention_in_days", 0)
    criterion.hold(days > 0, expected="a retention", observed="kept for ever", premise=True)
    criterion.require(Quantity.days(days))


@policy(
    "PG_OBS_22",
    criterion="log-groups-declared",
    population=0,
    resources=("aws_rds_cluster", "aws_mwaa_environment", "aws_lambda_function"),
    remedy="Declare the aws_cloudwatch_log_group under the name that AWS writes to, with its retention.",
)
def log_groups_of_services_are_declared(writer: Resource, criterion: Criterion) -> None:
    """The log groups that AWS services would create by themselves are declared, and so have a retention.

    A group that RDS, MWAA or Lambda creates on its first line has neither retention nor key.
    """
    wanted = list(_implicit_groups(writer))
    if not wanted:
        raise criterion.not_applicable("writes to no log group that AWS would make")
    declared = writer.configuration.once(_list_groups)
    missing = [name for name in wanted if name not in declared]
    criterion.exclude(missing, expected="declared log groups", observed="{} not declared")


@policy(
    "PG_OBS_23",
    criterion="logs-every-component",
    resources=("aws_ecs_task_definition",),
    required=True,
    remedy="Give every container a logConfiguration with the driver awslogs and a declared log group.",
)
def containers_write_logs(task: Resource, criterion: Criterion) -> None:
    """Every container of a task writes to CloudWatch Logs, or to a log router.

    Without a driver, Fargate drops the output of a container: there is nothing to read after a crash.
    """
    silent = [str(container.get("name")) for container in list_containers(task) if not _logs(container)]
    criterion.exclude(silent, expected="logConfiguration", observed="{} writes nowhere")


@policy(
    "PG_OBS_24",
    criterion="logs-every-component",
    resources=("aws_rds_cluster", "aws_db_instance"),
    required=True,
    remedy='Set enabled_cloudwatch_logs_exports, to ["postgresql"] or what the engine offers.',
)
def databases_write_logs(database: Resource, criterion: Criterion) -> None:
    """Every database exports its log to CloudWatch.

    By default none is exported: the log stays on the instance for a few days and goes with it. Each engine records
    errors in one of several logs: a PostgreSQL that exports only its upgrade log reveals nothing.
    """
    exports = database.texts("enabled_cloudwatch_logs_exports")
    criterion.hold(bool(exports), expected="an exported log", observed="none", premise=True)
    engine = database.text("engine") or ""  # a copy of a snapshot or another database need not state it
    main = next((logs for name, logs in MAIN_LOGS.items() if name in engine), ())
    either = dict.fromkeys(logs[0] for logs in MAIN_LOGS.values())
    said = set(main) <= set(exports) if main else not set(either).isdisjoint(exports)
    expected = f"the log {' and '.join(main) or ' or '.join(either)}"
    criterion.hold(said, expected=expected, observed=", ".join(exports))


@policy(
    "PG_OBS_25",
    criterion="tracing",
    resources=("aws_ecs_task_definition",),
    required=True,
    remedy=(
        "Let the task role send traces (xray:PutTraceSegments) and run an X-Ray or OpenTelemetry collector beside "
        "the application."
    ),
)
def services_send_traces(task: Resource, criterion: Criterion) -> None:
    """Every task that runs as a service has a trace collector, and its role may send what it collects.

    With only one of the two, a service looks instrumented and shows nothing: the collector drops traces that AWS
    refuses. So does one whose configuration exports them to its own log.
    """
    services = task.configuration.naming(task, "task_definition", "aws_ecs_service")
    if not services:
        raise criterion.not_applicable("runs in no service")
    collectors = [one for one in list_containers(task) if any(word in str(one.get("image")) for word in COLLECTORS)]
    criterion.hold(bool(collectors), expected="a trace collector", observed="none among the containers")
    lost = _find_lost_traces(collectors)
    criterion.hold(not lost, expected="an exporter to X-Ray", observed=lost)
    roles = task.related("task_role_arn", "aws_iam_role")
    permitted = any(map(_may_trace, roles))
    criterion.hold(permitted, expected="xray:PutTraceSegments", observed="not allowed to the task role")


def _find_lost_traces(collectors: Iterable[Mapping[str, Any]]) -> str:
    """Return the exporters of collectors whose stated configuration sends traces, and none of them to X-Ray."""
    told = [str(each.get("value")) for one in collectors for each in one.get("environment") or ()]
    pipelines = [one for text in told for one in _list_pipelines(text) if one[0].partition("/")[0] == "traces"]
    sent = [exporter.text() for _, one in pipelines for exporter in one.at("exporters").nodes()]
    return "" if any(name in each for each in sent for name in ("xray", "otlp")) else ", ".join(sent)


def _list_pipelines(text: str) -> list[tuple[str, Node]]:
    """Return the pipelines of a collector's configuration by name; none of a text that is no configuration."""
    try:
        return list(parse_yaml(text).at("service", "pipelines").items())
    except YamlError:
        return []


def _list_groups(configuration: Configuration) -> set[str | None]:
    return {group.text("name") for group in configuration.of(GROUP) if group.has("name")}


def _implicit_groups(writer: Resource) -> Iterator[str]:
    if writer.type == "aws_rds_cluster" and writer.texts("enabled_cloudwatch_logs_exports"):
        for export in writer.texts("enabled_cloudwatch_logs_exports"):
            yield f"/aws/rds/cluster/{writer.text('cluster_identifier')}/{export}"
    if writer.type == "aws_lambda_function" and not any(c.has("log_group") for c in writer.blocks("logging_config")):
        yield f"/aws/lambda/{writer.text('function_name')}"
    logs = {"dag_processing": "DAGProcessing", "scheduler": "Scheduler", "task": "Task", "webserver": "WebServer",
            "worker": "Worker"}  # fmt: skip
    for name, suffix in logs.items() if writer.type == "aws_mwaa_environment" else ():
        if any(one.flag("enabled") for c in writer.blocks("logging_configuration") for one in c.blocks(f"{name}_logs")):
            yield f"airflow-{writer.text('name')}-{suffix}"


def _logs(container: dict[str, Any]) -> bool:
    configured = container.get("logConfiguration") or {}
    router = bool(container.get("firelensConfiguration"))
    return router or configured.get("logDriver") in ("awslogs", "awsfirelens", "splunk", "fluentd")


def _may_trace(role: Resource) -> bool:
    return any(one.covers("xray:PutTraceSegments") for one in grants(role)) or bool(
        managed_by_aws(role) & set(TRACING_POLICIES)
    )


# ── Alarms on what users notice, measured at the load balancer: response times and errors, against the objectives

BALANCERS = ("aws_lb", "aws_alb")
LISTENERS = ("aws_lb_listener", "aws_alb_listener")
RULES = ("aws_lb_listener_rule", "aws_alb_listener_rule")
RESPONSE_TIME = ("AWS/ApplicationELB", "TargetResponseTime")


@policy(
    "PG_OBS_6",
    criterion="alarm-alb-response-time",
    resources=("aws_lb_target_group", "aws_alb_target_group"),
    population=0,
    remedy=(
        "Add an alarm on AWS/ApplicationELB TargetResponseTime with extended_statistic p95, for the load balancer "
        "or for this target group."
    ),
)
def target_groups_have_an_alarm_on_p95(group: Resource, criterion: Criterion) -> None:
    """The 95th percentile of response times has an alarm, for each target group or for its whole load balancer.

    After a blue/green deploy the other group takes the traffic: an alarm on one colour is silent after every second
    deploy. An average hides the slowest twentieth of the users.
    """
    if group.text("protocol", "HTTP") not in ("HTTP", "HTTPS"):
        raise criterion.not_applicable("not behind an application load balancer, which measures response times")
    slow = _tails(alarms_on(group, *RESPONSE_TIME))
    watched = [one for one in slow if one.mentions("TargetGroup", group)] or _whole_balancers(group)
    point_at_nearest(group, "TargetGroup", "AWS/ApplicationELB", "TargetResponseTime")
    criterion.hold(bool(watched), expected="an alarm on p95 of TargetResponseTime", observed="none")


@policy(
    "PG_OBS_7",
    criterion="alarm-threshold-follows-slo",
    resources=(ALARM,),
    population=0,
    remedy="Set threshold to the latency objective or less; TargetResponseTime is in seconds.",
)
def response_time_alarms_follow_the_objective(alarm: Resource, criterion: Criterion) -> None:
    """The alarm on the 95th percentile of response times fires at the latency objective or before.

    At a looser threshold the objective can be missed all month without an alarm. A threshold of 200 means 200 seconds.
    """
    read = [one for one in readings(alarm) if one.metric == "TargetResponseTime" and one.percentile == Decimal(95)]
    if not read or not fires_above(alarm):
        raise criterion.not_applicable("does not watch the 95th percentile of response times")
    if read[0].id:
        raise criterion.undetermined("compares an expression rather than the response time itself")
    criterion.require(Quantity.seconds(alarm.number("threshold")))


@policy(
    "PG_OBS_8",
    criterion="alarm-alb-5xx",
    resources=BALANCERS,
    population=0,
)
def balancers_have_an_alarm_on_error_rate(balancer: Resource, criterion: Criterion) -> None:
    """Each application load balancer has an alarm on the share of requests that end in a 5xx, its own or a target's.

    A count means nothing without the traffic. If no target is left, the load balancer itself returns 503: an alarm on
    the targets' errors alone is silent exactly then.
    """
    if balancer.text("load_balancer_type", "application") != "application":
        raise criterion.not_applicable("not an application load balancer")
    read = _error_readings(balancer)
    shares = [one for one in read if one.id and _is_share(one.alarm)]
    missing = sorted({BALANCER_ERRORS, TARGET_ERRORS} - {one.metric for one in shares})
    point_at_nearest(balancer, "LoadBalancer", "AWS/ApplicationELB", *missing)
    for one in shares[:1]:
        one.alarm.has(
            "metric_query"
        )  # an alarm on an incomplete share is nearer than one on the part that it leaves out
    criterion.exclude([_say_missing(one, read) for one in missing], expected="an alarm on the share of 5xx")


@policy(
    "PG_OBS_9",
    criterion="alarm-error-threshold-follows-slo",
    resources=(ALARM,),
    population=0,
    remedy="Set threshold to the error objective or less, in the unit of the expression (0.1 when it is in percent).",
)
def error_rate_alarms_follow_the_objective(alarm: Resource, criterion: Criterion) -> None:
    """The alarm on the error rate fires at the error objective or before.

    The policy computes the expression to learn whether its result is a percentage or a fraction, so that 0.1 % is never
    mistaken for a tenth of all requests.
    """
    errors = [one for one in readings(alarm) if one.metric in (BALANCER_ERRORS, TARGET_ERRORS) and one.id]
    if not errors or not fires_above(alarm) or not _is_share(alarm):
        raise criterion.not_applicable("does not watch an error rate")
    threshold = error_percent(alarm.number("threshold"), _metrics(alarm), partial(value, alarm))
    alarm.has("threshold")  # the value read last is where the finding points
    criterion.require(Quantity.of(threshold, "%"))


def _tails(found: Iterable[Reading]) -> list[Reading]:
    """Return the readings of a percentile that is at least the 95th."""
    return [one for one in found if (one.percentile or 0) >= Decimal(95) and fires_above(one.alarm)]


def _whole_balancers(group: Resource) -> list[Reading]:
    """Return the readings of whole load balancers, if the group's own is among them or there is only one."""
    balancers = group.configuration.of(*BALANCERS)
    forwarding = group.configuration.once(_map_listeners)
    listeners = dict.fromkeys(one for name in sorted(group.identities) for one in forwarding.get(name, ()))
    own = [balancer for listener in listeners for balancer in _balancers_of(listener)]
    candidates = own or (list(balancers) if len(balancers) == 1 else [])
    slow = [(one, balancer) for balancer in candidates for one in _tails(alarms_on(balancer, *RESPONSE_TIME))]
    return [one for one, balancer in slow if one.names(LoadBalancer=balancer)]


def _map_listeners(configuration: Configuration) -> dict[str | None, list[Resource]]:
    """Return the listeners and rules by the target groups that they forward to."""
    found: dict[str | None, list[Resource]] = {}
    for listener in configuration.of(*LISTENERS, *RULES):
        actions = listener.blocks("default_action" if listener.type in LISTENERS else "action")
        named = [action.text("target_group_arn") for action in actions]
        named += [one.text("arn") for a in actions for f in a.blocks("forward") for one in f.blocks("target_group")]
        for name in dict.fromkeys(named):
            found.setdefault(name, []).append(listener)
    return found


def _balancers_of(listener: Resource) -> tuple[Resource, ...]:
    if listener.type in LISTENERS:
        return listener.related("load_balancer_arn", *BALANCERS)
    return tuple(b for own in listener.related("listener_arn", *LISTENERS) for b in _balancers_of(own))


def _error_readings(balancer: Resource) -> list[Reading]:
    found = alarms_on(balancer, "AWS/ApplicationELB", BALANCER_ERRORS, TARGET_ERRORS)
    return [one for one in found if one.mentions("LoadBalancer", balancer) and fires_above(one.alarm)]


def _is_share(alarm: Resource) -> bool:
    return is_error_share(_metrics(alarm), partial(value, alarm))


def _metrics(alarm: Resource) -> set[str]:
    return {one.metric for one in readings(alarm)}


def _say_missing(metric: str, read: list[Reading]) -> str:
    """Explain for a metric that no alarm reads as a share whether an alarm reads it at all."""
    counted = any(one.metric == metric for one in read)
    return f"{metric} as a count alone" if counted else f"nothing on {metric}"


# ── Alarms on Airflow: would somebody notice when it stops, fails, slows down or lags?

ENVIRONMENT = ("aws_mwaa_environment",)


@policy(
    "PG_OBS_10",
    criterion="alarm-mwaa-task-execution",
    resources=ENVIRONMENT,
    population=0,
)
def stopped_airflow_is_noticed(environment: Resource, criterion: Criterion) -> None:
    """An alarm fires if no scheduler is alive, and one if tasks wait that no worker takes.

    Each alone misses half: without a scheduler nothing is queued, and with a live scheduler but no worker everything
    is.
    """
    alive = _is_watched(environment, fires_below, AIRFLOW, "SchedulerHeartbeat", Function="Scheduler")
    waiting = _is_watched(environment, fires_above, CONTAINERS, "ApproximateAgeOfOldestTask", "QueuedTasks")
    waiting = waiting or _is_watched(environment, fires_above, AIRFLOW, "QueuedTasks", Function="Executor")
    missing = [name for name, there in (("heartbeat", alive), ("waiting tasks", waiting)) if not there]
    wanted = (CONTAINERS, "ApproximateAgeOfOldestTask") if alive else (AIRFLOW, "SchedulerHeartbeat")
    point_at_nearest(environment, "Environment", *wanted)
    criterion.exclude(missing, expected="alarms on both", observed="no alarm on {}")


@policy(
    "PG_OBS_11",
    criterion="alarm-mwaa-task-failures",
    resources=ENVIRONMENT,
    population=0,
)
def failed_tasks_are_noticed(environment: Resource, criterion: Criterion) -> None:
    """Each Airflow environment has an alarm that fires when tasks fail.

    A failed task means missing data; the site goes on showing yesterday's. Airflow 3.0 to 3.1.5 count no failed tasks:
    there an alarm on the failed runs of each DAG takes their place.
    """
    version = environment.text("airflow_version") or ""
    if metrics()["TaskInstanceFailures"].is_published(version):
        all_tasks = _is_watched(environment, fires_above, AIRFLOW, "TaskInstanceFailures", DAG="All", Task="All")
        criterion.hold(all_tasks, expected="an alarm on TaskInstanceFailures", observed="none")
        return
    counted, known = _list_dags_with_counted_failures(environment), _list_dags_with_alarms(environment)
    point_at_nearest(environment, "Environment", AIRFLOW, "DAGDurationFailed")
    criterion.exclude(
        sorted(known - counted) if counted else ["any"],
        expected=f"an alarm on how many DAGDurationFailed each DAG has: Airflow {version} counts no failed tasks",
        observed="none for {}",
    )


@policy(
    "PG_OBS_12",
    criterion="alarm-mwaa-dag-duration",
    resources=ENVIRONMENT,
    required=True,
)
def slow_dags_are_noticed(environment: Resource, criterion: Criterion) -> None:
    """Each Airflow environment has an alarm that fires when a DAG run takes long.

    A slow run delays the next one, and Airflow 3 has no task SLA that would reveal it.
    """
    watched = _is_duration_watched(environment, "DAGDurationSuccess", "DAGDurationFailed")
    criterion.hold(watched, expected="an alarm on how long DAG runs take", observed="none")


@policy(
    "PG_OBS_13",
    criterion="alarm-mwaa-worker-use",
    resources=ENVIRONMENT,
    required=True,
    remedy=(
        "Add alarms on AWS/MWAA CPUUtilization and MemoryUtilization with the dimensions Environment and Cluster = "
        "BaseWorker."
    ),
)
def saturated_workers_are_noticed(environment: Resource, criterion: Criterion) -> None:
    """Each Airflow environment has alarms that fire when its workers' CPU or memory is used up.

    A worker out of memory kills the task, and with it the failure callback that would have alerted somebody.
    """
    wanted = ("CPUUtilization", "MemoryUtilization")
    missing = [m for m in wanted if not _is_watched(environment, fires_above, CONTAINERS, m, Cluster="BaseWorker")]
    point_at_nearest(environment, "Environment", CONTAINERS, *missing)
    criterion.exclude(missing, expected="alarms on the workers", observed="no alarm on {}")


@policy(
    "PG_OBS_14",
    criterion="alarm-mwaa-scheduler-delay",
    resources=ENVIRONMENT,
    required=True,
)
def late_schedulers_are_noticed(environment: Resource, criterion: Criterion) -> None:
    """Each Airflow environment has an alarm that fires when runs start late.

    A scheduler that is alive and an hour behind passes every heartbeat.
    """
    watched = _is_duration_watched(environment, "DAGScheduleDelay", "FirstTaskSchedulingDelay")
    criterion.hold(watched, expected="an alarm on how late runs start", observed="none")


@policy(
    "PG_OBS_15",
    criterion="alarm-mwaa-metrics-exist",
    resources=(ALARM,),
    population=0,
)
def airflow_alarms_read_metrics_that_exist(alarm: Resource, criterion: Criterion) -> None:
    """Alarms on Airflow read metrics that the environment's version publishes, with the dimensions it uses.

    SLAMissed ended with Airflow 2.10: an alarm on it never fires.
    """
    read = [one for one in readings(alarm) if one.namespace == AIRFLOW]
    if not read:
        raise criterion.not_applicable("does not watch Airflow")
    wrong = [text for one in read for text in _find_nonexistent(one)]
    criterion.exclude(wrong, expected="a published metric")


@policy(
    "PG_OBS_16",
    criterion="mwaa-metrics-published",
    resources=ENVIRONMENT,
    population=0,
)
def watched_metrics_are_not_suppressed(environment: Resource, criterion: Criterion) -> None:
    """No setting of Airflow suppresses a metric that an alarm watches.

    With an allow list, Airflow ignores the block list. Items are prefixes, and in Airflow 3 regular expressions.
    """
    options = environment.mapping("airflow_configuration_options")
    read = [one for alarm in find_alarms_on(environment) for one in readings(alarm)]
    watched = {one.metric for one in read if one.namespace == AIRFLOW and one.mentions("Environment", environment)}
    silent = sorted(name for name in watched & metrics().keys() if is_suppressed(name, options))
    criterion.exclude(silent, expected="published", observed="{} suppressed")


def _is_watched(
    environment: Resource, fires: Callable[[Resource], bool], namespace: str, *names: str, **dimensions: str
) -> bool:
    found = alarms_on(environment, namespace, *names)
    watched = any(one.names(Environment=environment, **dimensions) and fires(one.alarm) for one in found)
    if not watched:
        point_at_nearest(environment, "Environment", namespace, *names)
    return watched


def _list_dags_with_counted_failures(environment: Resource) -> set[str]:
    """Return the DAGs with an alarm that counts failed runs."""
    found = alarms_on(environment, AIRFLOW, "DAGDurationFailed")
    counts = [one for one in found if one.statistic == "SampleCount" and fires_above(one.alarm)]
    return {one.dimensions().get("DAG", "") for one in counts if one.mentions("Environment", environment)}


def _list_dags_with_alarms(environment: Resource) -> set[str]:
    """Return the DAGs with any alarm: Terraform names DAGs nowhere else."""
    found = alarms_on(environment, AIRFLOW, "DAGDurationFailed", "DAGDurationSuccess", "DAGScheduleDelay")
    return {one.dimensions().get("DAG", "") for one in found if one.mentions("Environment", environment)}


def _is_duration_watched(environment: Resource, *names: str) -> bool:
    """Whether an alarm fires on a high value of one of these durations; their SampleCount is not a duration."""
    found = alarms_on(environment, AIRFLOW, *names)
    timed = [one for one in found if one.statistic != "SampleCount" and fires_above(one.alarm)]
    watched = any(one.mentions("Environment", environment) for one in timed)
    if not watched:
        point_at_nearest(environment, "Environment", AIRFLOW, *names)
    return watched


def _find_nonexistent(read: Reading) -> Iterator[str]:
    versions = [environment.text("airflow_version") or "" for environment in _environments(read)]
    stated = read.dimensions()
    if read.metric not in metrics():
        read.source.has("metric_name")  # the value read last is where the finding points
    yield from metric_mistakes(read.metric, stated, versions)


def _environments(read: Reading) -> list[Resource]:
    declared = read.alarm.configuration.of(*ENVIRONMENT)
    return [environment for environment in declared if read.mentions("Environment", environment)]


# ── How load balancers decide which targets can serve

GROUPS = ("aws_lb_target_group", "aws_alb_target_group")


@policy(
    "PG_DEP_6",
    criterion="deployment-keeps-capacity",
    resources=GROUPS,
    remedy=(
        "Check a path that answers 200 only when the application can serve, with a matcher of successes (200, or "
        "200-299)."
    ),
    population=0,
)
def targets_take_traffic_when_they_can_serve(group: Resource, criterion: Criterion) -> None:
    """Only targets that answer their health check with success take traffic.

    A matcher that admits 4xx treats a task as healthy that has lost its routes, its database or its configuration.
    Unset, / must return 200.
    """
    by_http, check = group.text("protocol", "HTTP") in ("HTTP", "HTTPS"), group.block("health_check")
    criterion.hold(check is None or check.flag("enabled", True), expected="enabled", observed="disabled")
    if not by_http:
        return
    stated = (check.text("matcher") if check else None) or "200"
    codes = [int(code) for part in stated.split(",") for code in part.split("-")]
    criterion.hold(all(200 <= code < 400 for code in codes), expected="success", observed=stated, held=stated)


@policy(
    "PG_DEP_13",
    criterion="deployment-health-checks-stated",
    resources=GROUPS,
    remedy="Write a health_check with the path that answers 200 only when the application can serve.",
    population=0,
)
def target_groups_state_their_health_check(group: Resource, criterion: Criterion) -> None:
    """Target groups state the health check of their application. Unset, AWS checks whether / returns 200."""
    stated = bool(group.blocks("health_check"))
    criterion.hold(stated, expected="a health check of the application", observed="the default on /")


# ── Services that write logs only if configured to

SETTINGS = "aws_api_gateway_method_settings"
#: Components of a replication that log data from the source and data applied to the target (DMS.8, DMS.7).
REPLICATION = ("SOURCE_CAPTURE", "SOURCE_UNLOAD", "TARGET_APPLY", "TARGET_LOAD")
#: Log levels that cover the work of a replication; the levels below them cover no more than its complaints.
ENOUGH = ("LOGGER_SEVERITY_DEFAULT", "LOGGER_SEVERITY_DEBUG", "LOGGER_SEVERITY_DETAILED_DEBUG")


def _logs_fields(api: Resource) -> bool:
    return any(one.text("field_log_level", "NONE") != "NONE" for one in api.blocks("log_config"))


def settings_of(stage: Resource) -> list[Resource]:
    """Return the settings of methods of a REST API's stage."""
    apis, tree = stage.related("rest_api_id", "aws_api_gateway_rest_api"), stage.configuration
    stated = [one for api in apis for one in tree.naming(api, "rest_api_id", SETTINGS)] if apis else tree.of(SETTINGS)
    return [one for one in stated if one.text("stage_name") == stage.text("stage_name")]


def _logs_methods(stage: Resource) -> bool:
    levels = [block.text("logging_level", "OFF") for one in settings_of(stage) for block in one.blocks("settings")]
    return bool(levels) and "OFF" not in levels


def _logs_routes(stage: Resource) -> bool:
    levels = [one.text("logging_level", "OFF") for one in stage.blocks("default_route_settings")]
    return bool(levels) and "OFF" not in levels


def _tells_usage(group: Resource) -> bool:
    return all(one.flag("publish_cloudwatch_metrics_enabled", True) for one in group.blocks("configuration"))


def _logs_builds(project: Resource) -> bool:
    stated = project.blocks("logs_config")
    streams = [one for block in stated for one in block.blocks("cloudwatch_logs")]
    files = [one for block in stated for one in block.blocks("s3_logs")]
    streamed = all(one.text("status", "ENABLED") != "DISABLED" for one in streams)
    return streamed or any(one.text("status", "DISABLED") == "ENABLED" for one in files)


def _logs_replication(task: Resource) -> bool:
    stated: Mapping[str, Any] = (task.json("replication_task_settings") or {}).get("Logging") or {}
    levels = {one.get("Id"): one.get("Severity") for one in stated.get("LogComponents") or ()}
    silent = [name for name in REPLICATION if levels and levels.get(name) not in ENOUGH]
    return bool(stated.get("EnableLogging")) and not silent


def _logs_transfers(task: Resource) -> bool:
    levels = [one.text("log_level", "OFF") for one in task.blocks("options")]
    return any(level != "OFF" for level in levels) and task.has("cloudwatch_log_group_arn")


def _logs_connector(connector: Resource) -> bool:
    return connector.has("logging_role")


def _streams_logs(environment: Resource) -> bool:
    stated = [one.text("value") for one in environment.blocks("setting") if one.text("name") == "StreamLogs"]
    return [str(each).lower() for each in stated] == ["true"]


#: Services -> (setting that switches logs on, whether it does).
JOBS: Mapping[str, tuple[str, Callable[[Resource], bool]]] = {
    "aws_api_gateway_stage": (f"{SETTINGS} with logging_level = ERROR", _logs_methods),
    "aws_apigatewayv2_stage": ("default_route_settings.logging_level = ERROR", _logs_routes),
    "aws_appsync_graphql_api": ("log_config.field_log_level = ERROR", _logs_fields),
    "aws_athena_workgroup": ("publish_cloudwatch_metrics_enabled = true", _tells_usage),
    "aws_codebuild_project": ("logs_config with a log that is ENABLED", _logs_builds),
    "aws_datasync_task": ("options.log_level = BASIC, and a log group", _logs_transfers),
    "aws_dms_replication_task": ("EnableLogging, of source and target", _logs_replication),
    "aws_elastic_beanstalk_environment": ("StreamLogs = true", _streams_logs),
    "aws_transfer_connector": ("logging_role", _logs_connector),
}


@policy(
    "PG_OBS_32",
    criterion="workflow-logs",
    resources=tuple(JOBS),
    population=0,
    remedy="Switch its log on, at the level of errors at least, and let it go to CloudWatch Logs.",
)
def services_log_what_they_run(service: Resource, criterion: Criterion) -> None:
    """Stages of APIs, GraphQL, queries, builds, replications, transfers and environments write logs.

    Unset, builds and query metrics are logged; the others log nothing. Stages of HTTP APIs have only access logs.
    """
    if service.type == "aws_apigatewayv2_stage" and not _is_of_sockets(service):
        raise criterion.not_applicable("is of no WebSocket API, and has an access log alone")
    expected, logs = JOBS[service.type]
    criterion.hold(logs(service), expected=expected, observed="no log")


def _is_of_sockets(stage: Resource) -> bool:
    return "WEBSOCKET" in [api.text("protocol_type") for api in stage.related("api_id", "aws_apigatewayv2_api")]


@policy(
    "PG_OBS_30",
    criterion="workflow-logs",
    resources=("aws_sfn_state_machine",),
    population=0,
    remedy="Add logging_configuration with a log group as log_destination, and a level of ERROR or more.",
)
def state_machines_write_logs(machine: Resource, criterion: Criterion) -> None:
    """Every state machine logs its executions, at least its failures; unset means nothing is logged.

    The history of an execution is gone after 90 days, and an express workflow has none.
    """
    levels = [one.text("level") or "OFF" for one in machine.blocks("logging_configuration")]
    logged = any(level != "OFF" for level in levels)
    criterion.hold(logged, expected="ERROR, ALL or FATAL", observed=", ".join(levels) or "OFF", held=", ".join(levels))


@policy(
    "PG_OBS_31",
    criterion="tracing",
    resources=("aws_sfn_state_machine",),
    population=0,
    remedy="Set tracing_configuration { enabled = true }.",
)
def state_machines_send_traces(machine: Resource, criterion: Criterion) -> None:
    """Every state machine sends traces, so that one request can be followed through it; unset means none."""
    traced = any(one.flag("enabled") for one in machine.blocks("tracing_configuration"))
    criterion.hold(traced, expected="tracing_configuration.enabled = true", observed="off")


@policy(
    "PG_EDGE_19",
    criterion="access-logs",
    resources=("aws_ec2_client_vpn_endpoint", "aws_vpn_connection", "aws_networkfirewall_firewall"),
    population=0,
    remedy=(
        "Set connection_log_options of a client VPN, log_enabled of both tunnels of a connection, and declare "
        "aws_networkfirewall_logging_configuration of a firewall."
    ),
)
def ways_into_the_network_write_logs(way: Resource, criterion: Criterion) -> None:
    """VPN endpoints, both tunnels of a VPN connection and network firewalls log connections; unset means no log."""
    silent = [place for place, logged in _list_logged(way) if not logged]
    criterion.exclude(silent, expected="a log", observed="no log of {}")


def _list_logged(way: Resource) -> list[tuple[str, bool]]:
    if way.type == "aws_ec2_client_vpn_endpoint":
        return [("connections", any(one.flag("enabled") for one in way.blocks("connection_log_options")))]
    if way.type == "aws_vpn_connection":
        return [(name, _logs_tunnel(way.blocks(f"{name}_log_options"))) for name in ("tunnel1", "tunnel2")]
    stated = way.configuration.naming(way, "firewall_arn", "aws_networkfirewall_logging_configuration")
    told = [one for each in stated for one in each.blocks("logging_configuration")]
    return [("flows and alerts", any(one.blocks("log_destination_config") for one in told))]


def _logs_tunnel(options: tuple[Block, ...]) -> bool:
    return any(one.flag("log_enabled") for each in options for one in each.blocks("cloudwatch_log_options"))
