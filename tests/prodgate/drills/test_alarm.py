"""A drill shows that a notification arrives, and leaves nothing behind, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from prodgate.criteria import UsageError
from prodgate.drills.alarm import AlarmDrill, choose_alarm, drill_alarm
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account

pytestmark = pytest.mark.xdist_group("emulator")
SCALES = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:1"


@pytest.fixture
def account(account: Account) -> Account:
    """An account with an alarm that is well and tells a topic."""
    topic(account, "alarms")
    put(account, "slow")
    return account


def topic(account: Account, name: str, **attributes: str) -> str:
    arn: str = account("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
    return arn


def put(account: Account, name: str, **stated: Any) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
    account("cloudwatch").put_metric_alarm(
        **{"AlarmName": name, "Namespace": "site", "MetricName": "seconds", "Statistic": "Maximum", "Period": 60}
        | {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
        | {"AlarmActions": [arn], **stated}
    )
    account("cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="well")


def drilled(
    account: Callable[..., Any], name: str = "slow", told: list[str] | None = None, patience: float = 5
) -> AlarmDrill:
    alarm = choose_alarm(account, name, (REGION, "us-east-1"))
    return drill_alarm(account, alarm, (told if told is not None else []).append, patience=patience)


def state(account: Account, name: str = "slow") -> str:
    found = account("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    (alarm,) = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    value: str = alarm["StateValue"]
    return value


def assert_nothing_is_left(account: Account, name: str = "slow") -> None:
    assert account("sqs").list_queues().get("QueueUrls", []) == []
    assert account("sns").list_subscriptions()["Subscriptions"] == []
    assert state(account, name) == "OK"


def test_a_notification_arrives_and_nothing_is_left(account: Account) -> None:
    result = drilled(account)
    assert result.missing == ()
    assert result.left == ()
    assert_nothing_is_left(account)
    (item,) = account("cloudwatch").describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["AlarmName"] == "slow"


def test_the_queue_is_encrypted_and_open_to_the_topic_alone(account: Account) -> None:
    seen: list[dict[str, str]] = []

    def watching(service: str, region: str = "") -> Any:
        if service == "cloudwatch" and (urls := account("sqs").list_queues().get("QueueUrls")):
            asked = {"QueueUrl": urls[0], "AttributeNames": ["All"]}
            seen.append(account("sqs").get_queue_attributes(**asked)["Attributes"])
        return account(service, region)

    drilled(watching)
    assert seen[0]["SqsManagedSseEnabled"] == "true"
    assert f'"aws:SourceArn": ["arn:aws:sns:{REGION}:{ACCOUNT}:alarms"]' in seen[0]["Policy"]


def test_every_topic_must_be_heard_of(account: Account) -> None:
    quiet = topic(account, "quiet", KmsMasterKeyId="alias/aws/sns")
    put(account, "loud", AlarmActions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms", quiet])
    result = drilled(account, "loud", patience=1)
    assert list(result.arrived) == [f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"]
    assert result.missing == (quiet,)
    assert_nothing_is_left(account, "loud")


def test_an_alarm_on_other_alarms_is_put_back(account: Account) -> None:
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
    account("cloudwatch").put_composite_alarm(AlarmName="all", AlarmRule='ALARM("slow")', AlarmActions=[arn])
    account("cloudwatch").set_alarm_state(AlarmName="all", StateValue="OK", StateReason="well")
    assert drilled(account, "all").missing == ()
    assert_nothing_is_left(account, "all")


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        ('{"source": ["aws.cloudwatch"]}', True),
        ('{"detail-type": ["CloudWatch Alarm State Change"], "detail": {"alarmName": [{"prefix": "sl"}]}}', True),
        ('{"source": ["aws.cloudwatch"], "detail": {"alarmName": [{"cidr": "10.0.0.0/8"}]}}', True),
        ('{"source": ["aws.cloudwatch"], "detail": {"alarmName": ["other"]}}', False),
        ('{"source": ["aws.guardduty"]}', False),
    ],
)
def test_an_alarm_that_a_rule_hears_of_is_left_alone(account: Account, pattern: str, heard: bool) -> None:
    account("events").put_rule(Name="mend", EventPattern=pattern, State="ENABLED")
    if not heard:
        assert choose_alarm(account, "slow", (REGION,))["AlarmName"] == "slow"
        return
    with pytest.raises(UsageError, match="rule 'mend' passes on that it fires"):
        drilled(account)
    assert state(account) == "OK"


def codedeploy(account: Account, alarm: str) -> None:
    client = account("codedeploy")
    client.create_application(applicationName="site", computePlatform="ECS")
    client.create_deployment_group(
        applicationName="site",
        deploymentGroupName="api",
        serviceRoleArn=f"arn:aws:iam::{ACCOUNT}:role/deploys",
        alarmConfiguration={"enabled": True, "alarms": [{"name": alarm}]},
    )


def ecs(account: Account, alarm: str) -> None:
    account("ecs").create_cluster(clusterName="site")
    account("ecs").register_task_definition(
        family="api", containerDefinitions=[{"name": "api", "image": "api", "memory": 64}]
    )
    account("ecs").create_service(
        cluster="site",
        serviceName="api",
        taskDefinition="api",
        desiredCount=0,
        deploymentConfiguration={"alarms": {"alarmNames": [alarm], "enable": True, "rollback": True}},
    )


def composite(account: Account) -> None:
    account("cloudwatch").put_composite_alarm(AlarmName="release", AlarmRule='ALARM("slow")')
    codedeploy(account, "release")


REFUSED: dict[str, tuple[Callable[[Account], object], str]] = {
    "in alarm": (
        lambda a: a("cloudwatch").set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="real"),
        "in ALARM already",
    ),
    "disabled": (lambda a: a("cloudwatch").disable_alarm_actions(AlarmNames=["slow"]), "actions are disabled"),
    "no topic": (lambda a: put(a, "slow", AlarmActions=[]), "notifies no topic"),
    "scales": (lambda a: put(a, "slow", OKActions=[SCALES]), "more than notify"),
    "codedeploy": (lambda a: codedeploy(a, "slow"), "CodeDeploy's site/api acts on it"),
    "ecs": (lambda a: ecs(a, "slow"), "ECS's api acts on it"),
    "a rollback by way of another alarm": (composite, "acts on 'release', which is made of it"),
    "gone": (lambda a: a("cloudwatch").delete_alarms(AlarmNames=["slow"]), "there is none"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_alarm_that_must_not_fire_is_refused(account: Account, case: str) -> None:
    prepare, message = REFUSED[case]
    prepare(account)
    before = account("cloudwatch").describe_alarm_history()["AlarmHistoryItems"]
    with pytest.raises(UsageError, match=message):
        drilled(account)
    assert account("cloudwatch").describe_alarm_history()["AlarmHistoryItems"] == before
    assert account("sqs").list_queues().get("QueueUrls", []) == []


class Interrupting:
    """Clients of an account that are interrupted once, just before or just after an operation."""

    def __init__(self, account: Account, operation: str, after: bool, error: type[BaseException]) -> None:
        self.account, self.operation, self.after, self.error, self.armed = account, operation, after, error, True

    def __call__(self, service: str, region: str = "") -> Any:
        return _Client(self, self.account(service, region))


class _Client:
    def __init__(self, owner: Interrupting, client: Any) -> None:
        self._owner, self._client = owner, client

    def __getattr__(self, name: str) -> Any:
        found, owner = getattr(self._client, name), self._owner
        if name != owner.operation:
            return found

        def call(**params: Any) -> Any:
            answer = found(**params) if owner.after else None
            if owner.armed:
                owner.armed = False
                raise owner.error
            return answer or found(**params)

        return call


STEPS = ["create_queue", "subscribe", "set_alarm_state", "receive_message", "unsubscribe", "delete_queue"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_an_interruption_leaves_nothing_behind(
    account: Account, step: str, after: bool, error: type[BaseException]
) -> None:
    told: list[str] = []
    interrupted = Interrupting(account, step, after, error)
    removing = step in ("unsubscribe", "delete_queue")
    if removing and error is RuntimeError:
        assert drilled(interrupted, told=told).left == ()
    else:
        with pytest.raises(error):
            drilled(interrupted, told=told)
    assert not interrupted.armed
    assert_nothing_is_left(account)
    assert told == []


def test_what_can_not_be_removed_is_told(account: Account) -> None:
    account.fault(service="sqs", operation="DeleteQueue", code="AccessDenied")
    told: list[str] = []
    result = drilled(account, told=told)
    assert len(result.left) == 1
    assert told
    assert "queue prodgate-drill-" in told[0]
    assert "AccessDenied" in told[0]
    assert state(account) == "OK"
