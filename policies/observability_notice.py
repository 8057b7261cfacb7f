"""Would somebody be told? From an alarm's actions over its topic, the topic's policy and key, to a subscriber."""

from __future__ import annotations

from prodgate import Configuration, Criterion, Resource, policy
from prodgate.semantics.cloudwatch import HEARTBEATS, alarms_in_rule
from prodgate.semantics.policy_documents import Statement

from .alarms import ALARM, COMPOSITE, fires_below, readings
from .unset import is_unset

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

    An alarm that is part of a composite alarm may leave the telling to it; one that scales a service tells nobody on
    purpose. actions_enabled is on when it is not set.
    """
    if silent := _silent_on_purpose(alarm):
        raise criterion.not_applicable(silent)
    criterion.hold(alarm.flag("actions_enabled", True), expected="actions enabled", observed="actions disabled")
    topics = alarm.related("alarm_actions", TOPIC)
    criterion.hold(alarm.has("alarm_actions"), expected="a topic in alarm_actions", observed="no action", premise=True)
    if not topics:
        raise criterion.undetermined("its actions name no topic that is declared here")
    # The actions are read again last, so that they place the finding.
    heard = any(map(has_subscriber, topics)) and alarm.has("alarm_actions")
    criterion.hold(heard, expected="a subscriber", observed="topics without subscriber")


def _silent_on_purpose(alarm: Resource) -> str:
    """Return why an alarm need not tell anybody itself, or nothing."""
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

    A topic under alias/aws/sns satisfies every encryption scanner and delivers no alarm at all: the key of AWS can't be
    opened to CloudWatch. Without a policy of its own a topic admits its own account, alarms included.
    """
    if not topic.configuration.naming(topic, "alarm_actions", ALARM, COMPOSITE):
        raise criterion.not_applicable("no alarm notifies it")
    criterion.hold(admits(topic), expected="CloudWatch may publish", observed="its policy does not allow it")
    criterion.hold(_key_opens(topic, criterion), expected="CloudWatch may use the key", observed="it may not")


@policy(
    "PG_OBS_19",
    criterion="alarm-missing-data",
    resources=(ALARM,),
    population=0,
    remedy='Set treat_missing_data: "breaching" for what must always report, "notBreaching" for counters of failures.',
)
def missing_data_is_deliberate(alarm: Resource, criterion: Criterion) -> None:
    """Every alarm says what missing data means, and the silence of what must report is a breach.

    CloudWatch's own default is ``missing``: the alarm keeps its colour. A heartbeat alarm that does not breach on
    silence is green when the heart has stopped.
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

    After a rename the alarm goes on watching the old name: no data, no alarm, and nobody notices.
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
    """Whether the policy of a topic lets a service publish; without one of its own it admits the alarms alone."""
    policies = topic.configuration.naming(topic, "arn", "aws_sns_topic_policy")
    if not policies and is_unset(topic, "policy"):
        return service == "cloudwatch.amazonaws.com"
    statements = [one for holder in policies or (topic,) for one in holder.statements("policy")]
    opened = [one for one in statements if one.allows and _serves(one, topic) and one.covers("sns:Publish")]
    publishers = [principal.name for one in opened for principal in one.principals]
    return bool({service, "*"} & set(publishers))


def _key_opens(topic: Resource, criterion: Criterion) -> bool:
    if not topic.has("kms_master_key_id"):
        return True
    keys = topic.related("kms_master_key_id", "aws_kms_key")
    keys = keys or tuple(
        key
        for alias in topic.related("kms_master_key_id", "aws_kms_alias")
        for key in alias.related("target_key_id", "aws_kms_key")
    )
    if not keys:
        if (topic.text("kms_master_key_id") or "").endswith("alias/aws/sns"):
            return False
        raise criterion.undetermined("its key is declared elsewhere")
    holders = topic.configuration.naming(keys[0], "key_id", "aws_kms_key_policy")
    # The default policy of a key admits the account's own roles, and no service.
    holders = holders or (() if is_unset(keys[0], "policy") else keys[:1])
    statements = [one for holder in holders for one in holder.allow_statements("policy")]
    statements = [one for one in statements if _serves(one, topic)]
    opened = [one for one in statements if any(p.name == "cloudwatch.amazonaws.com" for p in one.principals)]
    for holder in holders:
        holder.has("policy")  # what is read last is where the finding points
    return all(any(one.covers(action) for one in opened) for action in ("kms:Decrypt", "kms:GenerateDataKey"))


def _account(topic: Resource) -> str:
    return ((topic.text("arn") or "").split(":") + [""] * 5)[4]


def _serves(statement: Statement, topic: Resource) -> bool:
    """Whether a statement lets a service act for the account of a topic: it names none, or this one."""
    accounts = statement.pinned("aws:SourceAccount")
    return not accounts or _account(topic) in accounts
