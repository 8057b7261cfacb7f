"""Alarms of the emulated account: what they show, whom they notify, and how metrics are aggregated."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account

pytestmark = pytest.mark.xdist_group("emulator")
SLOW = {
    "AlarmName": "slow",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "TargetResponseTime",
    "Dimensions": [{"Name": "LoadBalancer", "Value": "app/site/1"}],
    "ExtendedStatistic": "p95",
    "Period": 60,
    "EvaluationPeriods": 5,
    "Threshold": 0.2,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
    "Tags": [{"Key": "team", "Value": "web"}],
}


def heard(account: Account, **topic: str) -> tuple[str, str]:
    """Make a topic with a queue that listens; return the topic's ARN and the queue's address."""
    arn = account("sns").create_topic(Name="alarms", Attributes=topic)["TopicArn"]
    url = account("sqs").create_queue(QueueName="heard")["QueueUrl"]
    account("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:heard")
    return arn, url


def messages(account: Account, url: str) -> list[dict[str, Any]]:
    found = account("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(json.loads(one["Body"])["Message"]) for one in found]


def fire(account: Account, name: str = "slow", state: str = "ALARM") -> None:
    account("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="tried")


def test_an_alarm_is_shown_as_it_was_put(account: Account) -> None:
    account("cloudwatch").put_metric_alarm(**SLOW)
    (shown,) = account("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {name: shown[name] for name in SLOW if name != "Tags"} == {n: v for n, v in SLOW.items() if n != "Tags"}
    assert (shown["StateValue"], shown["ActionsEnabled"], shown["AlarmActions"]) == ("INSUFFICIENT_DATA", True, [])
    tags = account("cloudwatch").list_tags_for_resource(ResourceARN=shown["AlarmArn"])["Tags"]
    assert tags == SLOW["Tags"]


def test_an_alarm_on_alarms_needs_them_and_is_listed_only_when_asked_for(account: Account) -> None:
    client = account("cloudwatch")
    with pytest.raises(ClientError, match="slow"):
        client.put_composite_alarm(AlarmName="all", AlarmRule='ALARM("slow")')
    client.put_metric_alarm(**SLOW)
    client.put_composite_alarm(AlarmName="all", AlarmRule='ALARM("slow")')
    assert client.describe_alarms()["CompositeAlarms"] == []
    found = client.describe_alarms(AlarmTypes=["CompositeAlarm", "MetricAlarm"])
    assert [one["AlarmName"] for one in found["CompositeAlarms"]] == ["all"]


def test_lists_of_alarms_have_pages(account: Account) -> None:
    for number in range(60):
        account("cloudwatch").put_metric_alarm(**SLOW | {"AlarmName": f"slow-{number}"})
    assert len(account("cloudwatch").describe_alarms()["MetricAlarms"]) == 50
    pages = account("cloudwatch").get_paginator("describe_alarms").paginate()
    assert sum(len(page["MetricAlarms"]) for page in pages) == 60


def test_a_topic_is_told_when_the_state_changes_and_only_then(account: Account) -> None:
    topic, url = heard(account)
    account("cloudwatch").put_metric_alarm(**SLOW | {"AlarmActions": [topic]})
    fire(account)
    fire(account)
    (told,) = messages(account, url)
    assert (told["AlarmName"], told["NewStateValue"], told["NewStateReason"]) == ("slow", "ALARM", "tried")
    (item,) = account("cloudwatch").describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert json.loads(item["HistoryData"])["actionState"] == "Succeeded"


def test_disabled_and_muted_alarms_tell_nobody(account: Account) -> None:
    topic, url = heard(account)
    client = account("cloudwatch")
    client.put_metric_alarm(**SLOW | {"AlarmActions": [topic], "OKActions": [topic]})
    client.disable_alarm_actions(AlarmNames=["slow"])
    fire(account)
    client.enable_alarm_actions(AlarmNames=["slow"])
    schedule = {"Schedule": {"Expression": "cron(0 0 * * ? *)", "Duration": "PT1H"}}
    client.put_alarm_mute_rule(Name="night", Rule=schedule, MuteTargets={"AlarmNames": ["slow"]})
    (rule,) = client.list_alarm_mute_rules(Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    assert client.get_alarm_mute_rule(AlarmMuteRuleName=rule["AlarmMuteRuleArn"].rpartition(":")[2])["Name"] == "night"
    fire(account, state="OK")
    assert messages(account, url) == []
    client.delete_alarm_mute_rule(AlarmMuteRuleName="night")
    fire(account)
    assert len(messages(account, url)) == 1


def test_the_key_of_aws_drops_every_alarm_and_history_says_so(account: Account) -> None:
    topic, url = heard(account, KmsMasterKeyId="alias/aws/sns")
    account("cloudwatch").put_metric_alarm(**SLOW | {"AlarmActions": [topic]})
    fire(account)
    assert messages(account, url) == []
    (item,) = account("cloudwatch").describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["HistorySummary"].startswith("Failed")


def test_a_mail_is_subscribed_when_somebody_confirms(account: Account) -> None:
    topic, _ = heard(account)
    sns = account("sns")
    assert "pending" in sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="me@site.example")["SubscriptionArn"]

    def state() -> str:
        listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return next(one["SubscriptionArn"] for one in listed if one["Protocol"] == "email")

    assert state() == "PendingConfirmation"
    with pytest.raises(ClientError):
        sns.confirm_subscription(TopicArn=topic, Token="guessed")
    sns.confirm_subscription(TopicArn=topic, Token="me@site.example")
    assert state().startswith("arn:")


def test_a_chat_channel_subscribes_itself(account: Account) -> None:
    topic, _ = heard(account)
    account("chatbot", "us-east-2").create_slack_channel_configuration(
        ConfigurationName="alarms",
        SlackTeamId="T00000000",
        SlackChannelId="C00000000",
        IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/chat",
        SnsTopicArns=[topic],
    )
    listed = account("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert "https://global.sns-api.chatbot.amazonaws.com" in [one["Endpoint"] for one in listed]


def measured(account: Account, stat: str, unit: str = "", period: int = 3600) -> list[float]:
    now = datetime.now(UTC)
    metric = {"Namespace": "site", "MetricName": "seconds", "Dimensions": []}
    query: dict[str, Any] = {"Metric": metric, "Period": period, "Stat": stat} | ({"Unit": unit} if unit else {})
    found = account("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "q", "MetricStat": query}], StartTime=now - timedelta(hours=1), EndTime=now
    )
    values: list[float] = found["MetricDataResults"][0]["Values"]
    return values


def test_statistics_are_of_all_values_of_a_period(account: Account) -> None:
    now = datetime.now(UTC)
    for minutes, values, counts in ((50, [0.1, 3.0], [90.0, 4.0]), (10, [0.1, 5.0], [5.0, 1.0])):
        datum = {"MetricName": "seconds", "Timestamp": now - timedelta(minutes=minutes), "Unit": "Seconds"}
        account("cloudwatch").put_metric_data(
            Namespace="site", MetricData=[datum | {"Values": values, "Counts": counts}]
        )
    assert measured(account, "p95") == [0.1]
    assert measured(account, "p96") == [3.0]
    assert measured(account, "SampleCount") == [100.0]
    assert measured(account, "Maximum", period=1800) == [5.0, 3.0]
    assert measured(account, "Maximum", unit="Milliseconds") == []


def test_expressions_are_computed(account: Account) -> None:
    now = datetime.now(UTC)
    for name, value in (("failed", 3), ("all", 600)):
        datum = {"MetricName": name, "Timestamp": now - timedelta(minutes=5), "Value": value}
        account("cloudwatch").put_metric_data(Namespace="site", MetricData=[datum])
    queries: list[dict[str, Any]] = [
        {"Id": one, "ReturnData": False, "MetricStat": {
            "Metric": {"Namespace": "site", "MetricName": one}, "Period": 600, "Stat": "Sum"}}
        for one in ("failed", "all")
    ]  # fmt: skip
    queries.append({"Id": "rate", "Expression": "100 * failed / all"})
    found = account("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=now - timedelta(minutes=10), EndTime=now
    )
    assert [(one["Id"], one["Values"]) for one in found["MetricDataResults"]] == [("rate", [0.5])]


def test_nothing_was_scaled_that_nobody_tells_of(account: Account) -> None:
    found = account("application-autoscaling").describe_scaling_activities(ServiceNamespace="ecs")
    assert found["ScalingActivities"] == []


def test_an_alarm_on_alarms_tells_nobody_while_its_suppressor_fires(account: Account) -> None:
    client, (arn, url) = account("cloudwatch"), heard(account)
    client.put_metric_alarm(**SLOW)
    client.put_metric_alarm(**SLOW | {"AlarmName": "planned"})
    suppressor = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:planned"
    client.put_composite_alarm(
        AlarmName="all",
        AlarmRule='ALARM("slow")',
        AlarmActions=[arn],
        ActionsSuppressor=suppressor,
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=60,
    )

    def suppressed() -> str:
        (found,) = client.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return str(found.get("ActionsSuppressedBy", ""))

    assert suppressed() == ""
    fire(account, "planned")
    assert suppressed() == "Alarm"
    fire(account, "all")
    assert messages(account, url) == []
    fire(account, "planned", "OK")
    fire(account, "all", "OK")
    fire(account, "all")
    assert [one["AlarmName"] for one in messages(account, url)] == ["all"]
