"""Ways to lose an alarm or its recipients, and the checks that notice."""

import json
from typing import Any

from .harness import Aws, Sabotage

NAME = "nba-news-prod"
#: What is changed or deleted by hand is no longer as it is declared.
DRIFT = "live-as-declared"
#: What an alarm shows and is not told when it is put.
SHOWN = ("AlarmArn", "StateValue", "StateReason", "StateUpdatedTimestamp", "AlarmConfigurationUpdatedTimestamp")


def alarm_named(aws: Aws, name: str, region: str = "") -> dict[str, Any]:
    found = aws("cloudwatch", region).describe_alarms(AlarmNames=[f"{NAME}-{name}"])["MetricAlarms"][0]
    return {key: value for key, value in found.items() if key not in SHOWN}


def change(aws: Aws, name: str, region: str = "", without: tuple[str, ...] = (), **changes: Any) -> None:
    stated = alarm_named(aws, name, region)
    for key in without:
        stated.pop(key)
    aws("cloudwatch", region).put_metric_alarm(**stated | changes)


def delete(aws: Aws, *names: str) -> None:
    aws("cloudwatch").delete_alarms(AlarmNames=[f"{NAME}-{name}" for name in names])


def add(aws: Aws, name: str, **stated: Any) -> None:
    """Add an alarm like the one on the scheduler, and let it be well."""
    like = alarm_named(aws, "scheduler-heartbeat")
    aws("cloudwatch").put_metric_alarm(**like | stated | {"AlarmName": name})
    aws("cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="is well")


def topic(aws: Aws, name: str, region: str = "") -> str:
    topics = aws("sns", region).list_topics()["Topics"]
    return next(one["TopicArn"] for one in topics if one["TopicArn"].endswith(f":{NAME}-{name}"))


def nobody_listens(aws: Aws, name: str) -> None:
    sns, arn = aws("sns"), topic(aws, name)
    for one in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def shut_out(aws: Aws, service: str) -> None:
    sns, arn = aws("sns"), topic(aws, "alarms")
    policy = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    policy["Statement"] = [one for one in policy["Statement"] if service not in json.dumps(one["Principal"])]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))


def close_the_key(aws: Aws, service: str) -> None:
    key = aws("sns").get_topic_attributes(TopicArn=topic(aws, "alarms"))["Attributes"]["KmsMasterKeyId"]
    policy = json.loads(aws("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"] = [one for one in policy["Statement"] if service not in json.dumps(one["Principal"])]
    aws("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


def use_the_key_of_aws(aws: Aws) -> None:
    arn = topic(aws, "alarms")
    aws("sns").set_topic_attributes(TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns")


def mute(aws: Aws) -> None:
    aws("cloudwatch").put_alarm_mute_rule(
        Name="quiet-weekend",
        Rule={"Schedule": {"Expression": "cron(0 0 * * SAT *)", "Duration": "P2D"}},
        MuteTargets={"AlarmNames": [f"{NAME}-error-rate"]},
    )


def average(aws: Aws) -> None:
    for name in ("latency-p95", "api-blue-latency-p95"):
        change(aws, name, without=("ExtendedStatistic", "EvaluateLowSampleCountPercentile"), Statistic="Average")


def forget_the_balancers_errors(aws: Aws) -> None:
    queries = alarm_named(aws, "error-rate")["Metrics"]
    kept = [one for one in queries if one["Id"] != "balancer"]
    rate = [one | {"Expression": "100 * FILL(target, 0) / requests"} if one["Id"] == "rate" else one for one in kept]
    change(aws, "error-rate", Metrics=rate)


def tell_another_topic(aws: Aws) -> None:
    sns, like = aws("sns"), aws("sns").get_topic_attributes(TopicArn=topic(aws, "alarms"))["Attributes"]
    tags = sns.list_tags_for_resource(ResourceArn=like["TopicArn"])["Tags"]
    key = {"KmsMasterKeyId": like["KmsMasterKeyId"]}
    arn = sns.create_topic(Name=f"{NAME}-new-team", Attributes=key, Tags=tags)["TopicArn"]
    policy = like["Policy"].replace(like["TopicArn"], arn)
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    sns.subscribe(TopicArn=arn, Protocol="sms", Endpoint="+81312345678")
    change(aws, "tasks-waiting", AlarmActions=[arn])


def disable_rule(aws: Aws, name: str) -> None:
    aws("events").disable_rule(Name=f"{NAME}-{name}")


def narrow_rule(aws: Aws) -> None:
    pattern = json.loads(aws("events").describe_rule(Name=f"{NAME}-securityhub-finding")["EventPattern"])
    pattern["detail"]["findings"]["Severity"]["Label"] = ["CRITICAL"]
    aws("events").put_rule(Name=f"{NAME}-securityhub-finding", EventPattern=json.dumps(pattern), State="ENABLED")


GONE = {"Dimensions": [{"Name": "LoadBalancer", "Value": "app/nba-news-old/0123456789abcdef"}]}
SABOTAGES = (
    Sabotage("the cpu of a service is watched by nobody", {DRIFT, "alarm-ecs-cpu"}, lambda aws: delete(aws, "api-cpu")),
    Sabotage(
        "the memory of a service is watched by nobody",
        {DRIFT, "alarm-ecs-memory"},
        lambda aws: delete(aws, "api-memory"),
    ),
    Sabotage(
        "an alarm on the memory of a service has the dimensions of its cluster",
        {DRIFT, "alarm-ecs-memory", "alarm-has-data"},
        lambda aws: change(aws, "api-memory", Dimensions=[{"Name": "ClusterName", "Value": NAME}]),
    ),
    Sabotage(
        "an alarm fires at 900 percent",
        {DRIFT, "alarm-utilization-threshold"},
        lambda aws: change(aws, "api-cpu", Threshold=900),
    ),
    Sabotage(
        "an alarm's actions are disabled",
        {DRIFT, "alarm-tells-someone"},
        lambda aws: aws("cloudwatch").disable_alarm_actions(AlarmNames=[f"{NAME}-error-rate"]),
    ),
    Sabotage("an alarm is muted", {"alarm-tells-someone"}, mute),
    Sabotage(
        "an alarm notifies a topic that is gone",
        {DRIFT, "alarm-tells-someone", "alarm-topic-deliverable"},
        lambda aws: change(aws, "error-rate", AlarmActions=[topic(aws, "alarms") + "-old"]),
        {"alarm-delivery-shown"},
    ),
    Sabotage(
        "nobody listens to the alarms any more",
        {"alarm-tells-someone", "security-alerts-reach-someone"},
        lambda aws: nobody_listens(aws, "alarms"),
    ),
    Sabotage(
        "the alarm topic does not admit CloudWatch",
        {"alarm-topic-deliverable"},
        lambda aws: shut_out(aws, "cloudwatch.amazonaws.com"),
    ),
    Sabotage(
        "the key of the alarm topic does not admit CloudWatch",
        {"alarm-topic-deliverable"},
        lambda aws: close_the_key(aws, "cloudwatch.amazonaws.com"),
    ),
    Sabotage(
        "the alarm topic is under the key of AWS",
        {DRIFT, "alarm-topic-deliverable", "security-alerts-reach-someone", "encryption-customer-managed-keys"},
        use_the_key_of_aws,
    ),
    Sabotage(
        "an alarm notifies a topic that was never told anything",
        {DRIFT},
        tell_another_topic,
        {"alarm-delivery-shown"},
    ),
    Sabotage(
        "silence of all targets is good news",
        {DRIFT, "alarm-missing-data"},
        lambda aws: change(aws, "api-healthy-hosts", TreatMissingData="notBreaching"),
    ),
    Sabotage(
        "an alarm watches a load balancer that is gone",
        {"alarm-dimensions-resolve"},
        lambda aws: add(
            aws,
            "old",
            Namespace="AWS/ApplicationELB",
            MetricName="TargetConnectionErrorCount",
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            **GONE,
        ),
    ),
    Sabotage(
        "an alarm reads response times in milliseconds",
        {"alarm-has-data"},
        lambda aws: change(aws, "latency-p95", Unit="Milliseconds"),
    ),
    Sabotage(
        "an alarm watches a metric that nobody publishes",
        {"alarm-has-data"},
        lambda aws: add(
            aws,
            "typo",
            Namespace=f"{NAME}/logs",
            MetricName="api-erors",
            Dimensions=[],
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        ),
    ),
    Sabotage(
        "an alarm's state is not known",
        {"alarm-has-data"},
        lambda aws: aws("cloudwatch").set_alarm_state(
            AlarmName=f"{NAME}-error-rate", StateValue="INSUFFICIENT_DATA", StateReason="no data"
        ),
    ),
    Sabotage(
        "the connections of one instance are watched by nobody",
        {DRIFT, "alarm-db-connections"},
        lambda aws: delete(aws, "db-1-connections"),
    ),
    Sabotage(
        "the cpu of one instance is watched by nobody", {DRIFT, "alarm-db-cpu"}, lambda aws: delete(aws, "db-2-cpu")
    ),
    Sabotage("alarms on one colour's response times read the average", {DRIFT, "alarm-alb-response-time"}, average),
    Sabotage(
        "an alarm on response times fires after 200 seconds",
        {DRIFT, "alarm-threshold-follows-slo"},
        lambda aws: change(aws, "latency-p95", Threshold=200),
    ),
    Sabotage(
        "the errors of the load balancer count for nothing", {DRIFT, "alarm-alb-5xx"}, forget_the_balancers_errors
    ),
    Sabotage(
        "the alarm on errors fires at five percent",
        {DRIFT, "alarm-error-threshold-follows-slo"},
        lambda aws: change(aws, "error-rate", Threshold=5),
    ),
    Sabotage(
        "a scheduler that stopped is noticed by nobody",
        {DRIFT, "alarm-mwaa-task-execution"},
        lambda aws: delete(aws, "scheduler-heartbeat"),
    ),
    Sabotage(
        "tasks that wait are noticed by nobody",
        {DRIFT, "alarm-mwaa-task-execution"},
        lambda aws: change(aws, "tasks-waiting", ComparisonOperator="LessThanThreshold"),
    ),
    Sabotage(
        "failed tasks are noticed by nobody",
        {DRIFT, "alarm-mwaa-task-failures"},
        lambda aws: delete(aws, "dag-failure-rate", "data-cleanup-failed"),
    ),
    Sabotage(
        "slow DAGs are noticed by nobody",
        {DRIFT, "alarm-mwaa-dag-duration"},
        lambda aws: delete(aws, "nba-news-scraper-slow", "data-cleanup-slow"),
    ),
    Sabotage(
        "late runs are noticed by nobody",
        {DRIFT, "alarm-mwaa-scheduler-delay"},
        lambda aws: delete(aws, "nba-news-scraper-delayed", "data-cleanup-delayed"),
    ),
    Sabotage(
        "the memory of the workers is watched by nobody",
        {DRIFT, "alarm-mwaa-worker-use"},
        lambda aws: delete(aws, "base-worker-memory"),
    ),
    Sabotage(
        "an alarm watches a metric that ended with Airflow 2",
        {"alarm-mwaa-metrics-exist", "alarm-has-data"},
        lambda aws: add(aws, "sla", MetricName="SLAMissed"),
    ),
    Sabotage(
        "an alarm on a REST API's metric is set on an HTTP API",
        {"metrics-published", "alarm-has-data"},
        lambda aws: add(
            aws,
            "refusals",
            Namespace="AWS/ApiGateway",
            MetricName="5XXError",
            Dimensions=[{"Name": "ApiId", "Value": "abc123"}],
        ),
    ),
    Sabotage(
        "the first dead letter is noticed by nobody",
        {DRIFT, "alarm-dead-letter-queue"},
        lambda aws: change(aws, "dead-letters-waiting", Threshold=100),
    ),
    Sabotage(
        "a DAG that fails tells nobody",
        {"dag-failure-topic"},
        lambda aws: nobody_listens(aws, "dag-failures"),
    ),
    Sabotage(
        "findings of Security Hub are passed on to nobody",
        {DRIFT, "security-alerts-reach-someone"},
        lambda aws: disable_rule(aws, "securityhub-finding"),
    ),
    Sabotage("high findings of Security Hub are left out", {DRIFT, "security-alerts-reach-someone"}, narrow_rule),
    Sabotage(
        "the alarm topic does not admit EventBridge",
        {"security-alerts-reach-someone"},
        lambda aws: shut_out(aws, "events.amazonaws.com"),
    ),
)
