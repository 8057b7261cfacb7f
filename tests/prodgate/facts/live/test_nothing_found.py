"""What looks as if all were well, and where nothing was looked at or nobody would notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts import live
from prodgate.facts.live.outside_access import observe_outside_access
from prodgate.facts.live.security_services import observe_security_hub, observe_watchers
from prodgate.facts.live.vpcs import observe_network_records
from prodgate.facts.live.watching.alarm_topics import list_subscribers
from prodgate.facts.live.watching.alarms import Alarm, observe_alarms
from prodgate.facts.live.web_acls import _rule
from prodgate.facts.observers import OBSERVERS
from prodgate.findings import Undetermined
from prodgate.layers.live.foreign import is_foreign
from prodgate.semantics.unresolved import Unknown

from .stated_account import ACCOUNT, REGION, account_answering

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
BALANCERS = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:"
HUB = {"HubArn": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:hub/default"}


def test_every_observer_that_is_written_is_registered() -> None:
    written = sum(path.read_text("utf-8").count("\n@observes(") for path in Path(live.__path__[0]).rglob("*.py"))
    assert sum(observer.__module__.startswith(live.__name__) for observer in OBSERVERS) == written > 0


@pytest.mark.parametrize(("status", "seen"), [("READY", 1), ("PENDING", 0), ("INCOMPLETE", 0), ("DELETING", 0)])
def test_a_standard_that_is_not_ready_has_found_nothing(status: str, seen: int) -> None:
    answers = {"DescribeHub": HUB, "GetEnabledStandards": {"StandardsSubscriptions": [{"StandardsStatus": status}]}}
    with account_answering(answers) as account:
        assert len(list(observe_security_hub(account))) == seen


def test_an_analyzer_that_has_not_begun_has_found_nothing() -> None:
    analyzer = {"arn": "arn:aws:access-analyzer:x", "name": "x", "status": "ACTIVE", "type": "ACCOUNT"}
    with account_answering({"ListAnalyzers": {"analyzers": [analyzer]}}) as account:
        (new,) = observe_outside_access(account)
    with pytest.raises(Undetermined):
        _ = new.findings
    analyzer["lastResourceAnalyzedAt"] = "2026-01-01"
    with account_answering({"ListAnalyzers": {"analyzers": [analyzer]}}) as account:
        assert next(iter(observe_outside_access(account))).findings.magnitude == 0


def test_the_analyzer_of_an_organization_finds_what_its_members_have_open_too() -> None:
    analyzer = {"arn": "arn:aws:access-analyzer:x", "name": "x", "status": "ACTIVE", "type": "ORGANIZATION"}
    found = [
        {"id": one[0], "status": "ACTIVE", "resourceOwnerAccount": one[1]} for one in (("a", ACCOUNT), ("b", "9" * 12))
    ]
    answers = {"ListAnalyzers": {"analyzers": [analyzer | {"lastResourceAnalyzedAt": "2026-01-01"}]}}
    with account_answering(answers | {"ListFindingsV2": {"findings": found}}) as account:
        (seen,) = observe_outside_access(account)
    assert seen.findings.magnitude == 1


def test_a_flow_log_that_has_not_delivered_anything_proves_nothing() -> None:
    flow = {"FlowLogId": "fl-1", "ResourceId": "vpc-1", "FlowLogStatus": "ACTIVE", "TrafficType": "ALL"}
    answers = {
        "DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": False}]},
        "DescribeFlowLogs": {"FlowLogs": [flow]},
    }
    with account_answering(answers) as account:
        (new,) = observe_network_records(account)
    with pytest.raises(Undetermined):
        _ = new.recorded
    flow["DeliverLogsStatus"] = "SUCCESS"
    with account_answering(answers) as account:
        assert next(iter(observe_network_records(account))).recorded == {"ACCEPT", "REJECT"}


def test_without_terraform_only_the_features_of_guardduty_are_open() -> None:
    def undeclared(_kind: str) -> Mapping[str, Mapping[str, Any]]:
        raise Unreadable("names no Terraform root")

    answers = {
        "ListDetectors": {"DetectorIds": ["d"]},
        "GetDetector": {"Status": "ENABLED", "Features": [{"Name": "S3_DATA_EVENTS", "Status": "DISABLED"}]},
        "DescribeHub": None,
        "DescribeConfigurationRecorders": {"ConfigurationRecorders": []},
        "DescribeConfigurationRecorderStatus": {"ConfigurationRecordersStatus": []},
        "DescribeDeliveryChannelStatus": {"DeliveryChannelsStatus": []},
        "DescribeDeliveryChannels": {"DeliveryChannels": [{"name": "c", "s3BucketName": "b"}]},
        "DescribeTrails": {"trailList": []},
    }
    with account_answering(answers) as account:
        found = {one.type: one.values for one in observe_watchers(replace(account, declared=undeclared))}
    assert found["aws_guardduty_detector"]["enable"] is True
    assert isinstance(found["aws_guardduty_detector_feature"]["status"], Unknown)
    assert "aws_config_delivery_channel" in found


@pytest.mark.parametrize(
    ("attributes", "heard"),
    [
        ({}, 1),
        ({"FilterPolicy": "{}"}, 1),
        ({"FilterPolicy": '{"team": ["other"]}'}, 0),
        (None, 0),
    ],
)
def test_who_hears_a_part_only_is_not_told_of_alarms(attributes: Mapping[str, str] | None, heard: int) -> None:
    listed = {"TopicArn": TOPIC, "SubscriptionArn": f"{TOPIC}:1", "Protocol": "email", "Endpoint": "team@example.com"}
    answers = {
        "ListSubscriptionsByTopic": {"Subscriptions": [listed]},
        "GetSubscriptionAttributes": attributes if attributes is None else {"Attributes": attributes},
    }
    with account_answering(answers) as account:
        assert len(list_subscribers(account, TOPIC)) == heard


def test_nobody_listens_to_a_topic_that_is_gone() -> None:
    with account_answering({"ListSubscriptionsByTopic": None}) as account:
        assert list_subscribers(account, TOPIC) == ()


def alarm(**dimensions: str) -> Alarm:
    """An alarm on errors of targets, which is in order and whose metric has no data."""
    row = {
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:errors", "AlarmName": "errors",
        "Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_Target_5XX_Count", "Statistic": "Sum",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching", "StateValue": "OK", "ActionsEnabled": True,
    }  # fmt: skip
    queries = [f"q{number}" for number in range(2)]
    answers = {
        "DescribeAlarms": {"MetricAlarms": [row]},
        "GetMetricData": {
            "MetricDataResults": [{"Id": q, "StatusCode": "Complete", "Timestamps": [], "Values": []} for q in queries]
        },
        "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": f"{BALANCERS}loadbalancer/app/{n}/1"} for n in "ab"]},
        "DescribeTargetGroups": {
            "TargetGroups": [
                {"TargetGroupArn": f"{BALANCERS}targetgroup/blue/1", "LoadBalancerArns": [f"{BALANCERS}loadbalancer/app/a/1"]},
                {"TargetGroupArn": f"{BALANCERS}targetgroup/green/1", "LoadBalancerArns": []},
            ]
        },
    }  # fmt: skip
    with account_answering(answers) as account:
        return next(iter(observe_alarms(account)))


def test_an_alarm_on_a_count_of_errors_may_be_silent() -> None:
    quiet = alarm(LoadBalancer="app/a/1", TargetGroup="targetgroup/blue/1")
    assert (quiet.without_data, quiet.lost) == ((), ())
    # the colour without traffic is behind no load balancer until a deployment
    assert alarm(LoadBalancer="app/a/1", TargetGroup="targetgroup/green/1").lost == ()


def test_an_alarm_on_a_metric_that_is_never_published_is_dead_however_quiet() -> None:
    assert alarm().without_data == ("AWS/ApplicationELB HTTPCode_Target_5XX_Count ()",)
    apart = alarm(LoadBalancer="app/b/1", TargetGroup="targetgroup/blue/1")
    assert apart.lost == ("TargetGroup = targetgroup/blue/1, which is not behind app/b/1",)


def test_a_group_that_looks_at_everything_is_the_group() -> None:
    managed = {"VendorName": "AWS", "Name": "Common"}
    rule = {"Name": "common", "Statement": {"ManagedRuleGroupStatement": managed}, "OverrideAction": {"None": {}}}
    assert _rule(rule).group == "AWS/Common"


def test_a_group_that_looks_at_some_requests_only_is_not_the_group() -> None:
    managed = {"VendorName": "AWS", "Name": "Common", "ScopeDownStatement": {"ByteMatchStatement": {}}}
    rule = {"Name": "common", "Statement": {"ManagedRuleGroupStatement": managed}, "OverrideAction": {"None": {}}}
    assert _rule(rule).group == "AWS/Common in part"


@pytest.mark.parametrize(
    ("subject", "pattern", "foreign"),
    [
        ("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/other/50dc6c495c0c9188", "other", True),
        (
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/other-blue/73e2d6bc24d8a067",
            "other-*",
            True,
        ),
        ("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/own/50dc6c495c0c9188", "app", False),
        (f"arn:aws:iam::{ACCOUNT}:role/other-deploy", "other-*", True),
        (f"arn:aws:iam::{ACCOUNT}:role/other-deploy with arn:aws:iam::aws:policy/AdministratorAccess", "other-*", True),
        (f"arn:aws:iam::{ACCOUNT}:role/other-deploy policy everything", "other-deploy", True),
        (f"arn:aws:iam::{ACCOUNT}:role/ours with arn:aws:iam::{ACCOUNT}:policy/other-rights", "other-*", False),
        (f"arn:aws:iam::{ACCOUNT}:role/another-one", "other-*", False),
    ],
)
def test_what_belongs_to_something_exempt_is_exempt_with_it(subject: str, pattern: str, foreign: bool) -> None:
    assert is_foreign(subject, [pattern]) is foreign
