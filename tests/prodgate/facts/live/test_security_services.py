"""Services that record, watch and alert: deliveries, recipients of alarms, findings, their owners, and the
search of logs for credentials."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.live.alarms import (
    Alarm,
    find_refusals,
    list_subscribers,
    observe_alarms,
    observe_watched_services,
)
from prodgate.facts.live.distributions import _rule, observe_web_acls
from prodgate.facts.live.log_groups import PATTERN, ComponentLog, observe_component_logs, observe_logged_text
from prodgate.facts.live.permissions import observe_outside_access
from prodgate.facts.live.security_services import (
    TrailDelivery,
    observe_config_deliveries,
    observe_security_hub,
    observe_threats,
    observe_trail_deliveries,
    observe_watchers,
)
from prodgate.facts.live.vpcs import NetworkRecord, SecurityGroup, observe_network_records, observe_security_groups
from prodgate.facts.observers import observe_all
from prodgate.findings import Undetermined
from prodgate.layers.live.judging import is_foreign
from prodgate.semantics.secret_forms import FORMS, credential_form
from prodgate.semantics.unresolved import Unknown

from .stated_account import ACCOUNT, REGION, account_answering, see

# ── A recorder may run on while nothing of it arrives, and others' findings are not ours

TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/all"
ROW = {
    "TrailARN": TRAIL, "Name": "all", "IsMultiRegionTrail": True, "LogFileValidationEnabled": True,
    "IncludeGlobalServiceEvents": True,
}  # fmt: skip
DELIVERED = {"IsLogging": True, "LatestDeliveryTime": "2026-01-01"}


def trail(status: dict[str, Any]) -> TrailDelivery:
    (found,) = see(observe_trail_deliveries, {"DescribeTrails": {"trailList": [ROW]}, "GetTrailStatus": status})
    return found


@pytest.mark.parametrize(
    ("said", "failures"),
    [
        ({}, ()),
        ({"LatestDeliveryError": ""}, ()),
        ({"LatestDeliveryError": "AccessDenied"}, ("log files: AccessDenied",)),
        ({"LatestDigestDeliveryError": "NoSuchBucket"}, ("digest files: NoSuchBucket",)),
    ],
)
def test_a_trail_that_logs_may_not_deliver(said: dict[str, Any], failures: tuple[str, ...]) -> None:
    assert trail(DELIVERED | said).failures == failures


def test_a_trail_that_has_never_delivered_proves_nothing() -> None:
    with pytest.raises(Undetermined, match="has not delivered anything yet"):
        _ = trail({"IsLogging": True}).failures


def test_the_trail_of_an_organization_is_a_trail_of_its_members() -> None:
    organization = ROW | {"TrailARN": TRAIL.replace(ACCOUNT, "210987654321"), "IsOrganizationTrail": True}
    answers = {
        "DescribeTrails": lambda asked: {"trailList": [organization] if asked["includeShadowTrails"] else []},
        "GetTrailStatus": DELIVERED,
        "ListDetectors": {"DetectorIds": []},
        "DescribeHub": None,
        "DescribeConfigurationRecorders": {"ConfigurationRecorders": []},
        "DescribeConfigurationRecorderStatus": {"ConfigurationRecordersStatus": []},
        "DescribeDeliveryChannels": {"DeliveryChannels": []},
    }
    assert [one.type for one in see(observe_watchers, answers)] == ["aws_cloudtrail"]


@pytest.mark.parametrize(
    ("status", "failed"),
    [
        ("Success", False),
        ("SUCCESS", False),
        ("Failure", True),
        ("FAILURE", True),
    ],
)
def test_what_config_says_in_any_case_counts(status: str, failed: bool) -> None:
    said = {"lastStatus": status, "lastErrorCode": "AccessDenied"}
    answers = {
        "DescribeConfigurationRecorderStatus": {
            "ConfigurationRecordersStatus": [{"name": "default", "recording": True, **said}]
        },
        "DescribeDeliveryChannelStatus": {
            "DeliveryChannelsStatus": [{"name": "default", "configHistoryDeliveryInfo": said}]
        },
    }
    found = [one.failures for one in see(observe_config_deliveries, answers)]
    expected = [("recordings: AccessDenied",), ("histories: AccessDenied",)]
    assert found == (expected if failed else [(), ()])


@pytest.mark.parametrize("status", [None, "", "Pending", "NotApplicable", "Not_Applicable", "of tomorrow"])
def test_what_config_does_not_call_a_success_has_not_succeeded(status: str | None) -> None:
    said = {} if status is None else {"lastStatus": status}
    answers = {
        "DescribeConfigurationRecorderStatus": {
            "ConfigurationRecordersStatus": [{"name": "default", "recording": True, **said}]
        },
        "DescribeDeliveryChannelStatus": {
            "DeliveryChannelsStatus": [{"name": "default", "configHistoryDeliveryInfo": said}]
        },
    }
    recorder, channel = see(observe_config_deliveries, answers)
    assert (recorder.subject, channel.subject) == ("recorder default", "delivery channel default")
    for one in (recorder, channel):
        with pytest.raises(Undetermined, match="does not state what became of the last attempt"):
            _ = one.failures


def test_an_administrator_is_not_asked_for_the_findings_of_its_members() -> None:
    asked: list[Any] = []

    def note(parameters: Any) -> dict[str, Any]:
        asked.append(parameters)
        return {}

    answers = {
        "ListDetectors": {"DetectorIds": ["d"]},
        "GetDetector": {"Status": "ENABLED"},
        "DescribeHub": {"HubArn": "arn:hub"},
        "GetEnabledStandards": {"StandardsSubscriptions": [{"StandardsStatus": "READY"}]},
        "ListFindings": note,
        "GetFindings": note,
    }
    with account_answering(answers) as account:
        list(observe_threats(account))
        list(observe_security_hub(account))
    threats, hub = asked
    assert threats["FindingCriteria"]["Criterion"]["accountId"] == {"Equals": [ACCOUNT]}
    assert hub["Filters"]["AwsAccountId"] == [{"Value": ACCOUNT, "Comparison": "EQUALS"}]
    assert hub["Filters"]["Region"] == [{"Value": name, "Comparison": "EQUALS"} for name in (REGION, "us-east-1")]


# ── Another account's resource that is used here is neither ours to judge nor, unseen, in order

OTHER = "999999999999"
CLOUDWATCH = "cloudwatch.amazonaws.com"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:late"
TOPIC = f"arn:aws:sns:{REGION}:{OTHER}:alerts"
SHARED = {"VpcId": "vpc-shared", "OwnerId": OTHER, "IsDefault": False, "CidrBlock": "10.1.0.0/16"}
OWN = {"VpcId": "vpc-own", "OwnerId": ACCOUNT, "IsDefault": False, "CidrBlock": "10.0.0.0/16"}
FLOW = {"ResourceId": "vpc-own", "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS", "TrafficType": "ALL"}
NETWORKS = {
    "DescribeVpcs": {"Vpcs": [SHARED, OWN]},
    "DescribeFlowLogs": {"FlowLogs": [{**FLOW, "FlowLogId": "fl-1", "LogGroupName": "/flows"}]},
    "DescribeNetworkInterfaces": {"NetworkInterfaces": [{"VpcId": "vpc-shared"}]},
}


def test_the_flow_logs_of_a_shared_network_are_its_owners() -> None:
    facts = see(observe_all, NETWORKS, {observe_network_records: (NetworkRecord,)})
    found = {fact.subject: fact for fact in facts.of(NetworkRecord)}
    assert found["vpc-own"].recorded == {"ACCEPT", "REJECT"}
    with pytest.raises(Undetermined, match=f"shared by account {OTHER}, which alone sees its flow logs"):
        _ = found["vpc-shared"].recorded


def test_a_shared_network_is_not_said_to_log_nothing() -> None:
    facts = see(observe_all, NETWORKS, {observe_component_logs: (ComponentLog,)})
    found = {fact.subject: fact for fact in facts.of(ComponentLog)}
    assert found[f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-own"].silent == ("log group /flows does not exist",)
    with pytest.raises(Undetermined, match=f"shared by account {OTHER}"):
        _ = found[f"arn:aws:ec2:{REGION}:{OTHER}:vpc/vpc-shared"].silent


def test_a_shared_network_with_nothing_of_ours_in_it_is_not_ours() -> None:
    assert [
        fact.subject
        for fact in see(observe_network_records, {**NETWORKS, "DescribeNetworkInterfaces": {"NetworkInterfaces": []}})
    ] == ["vpc-own"]


def test_a_group_of_ours_in_a_shared_network_is_judged() -> None:
    group = {
        "GroupId": "sg-1",
        "GroupName": "api",
        "VpcId": "vpc-shared",
        "IpPermissions": [],
        "IpPermissionsEgress": [],
    }
    facts = see(
        observe_all,
        {**NETWORKS, "DescribeSecurityGroups": {"SecurityGroups": [group]}},
        {observe_security_groups: (SecurityGroup,)},
    )
    (seen,) = facts.of(SecurityGroup)
    assert seen.ways_in == ()
    assert [str(network) for network in seen.network] == ["10.1.0.0/16"]


def topic(account: str, key: str = "") -> dict[str, Any]:
    when = {"StringEquals": {"aws:SourceAccount": account}}
    one = {"Effect": "Allow", "Principal": {"Service": CLOUDWATCH}, "Action": "sns:Publish", "Resource": TOPIC}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**one, "Condition": when}]})
    return {"Attributes": {"TopicArn": TOPIC, "Policy": policy} | ({"KmsMasterKeyId": key} if key else {})}


@pytest.mark.parametrize(("admitted", "refused"), [(ACCOUNT, False), (OTHER, True)])
def test_a_topic_elsewhere_must_admit_the_account_of_the_alarm(admitted: str, refused: bool) -> None:
    assert bool(see(find_refusals, {"GetTopicAttributes": topic(admitted)}, TOPIC, (ALARM,), CLOUDWATCH)) is refused


@pytest.mark.parametrize("named", ["alias/alerts", "1", f"arn:aws:kms:{REGION}:{OTHER}:key/1"])
def test_the_key_of_a_topic_elsewhere_is_one_of_that_account_and_keeps_its_policy_to_itself(named: str) -> None:
    asked: list[str] = []

    def describe(parameters: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(parameters["KeyId"])
        key = {"Arn": f"arn:aws:kms:{REGION}:{OTHER}:key/1", "KeyManager": "CUSTOMER", "KeyState": "Enabled"}
        return {"KeyMetadata": key}

    answers = {"GetTopicAttributes": topic(ACCOUNT, named), "DescribeKey": describe, "GetKeyPolicy": None}
    with account_answering(answers) as account, pytest.raises(Unreadable, match=f"is a key of account {OTHER}"):
        find_refusals(account, TOPIC, (ALARM,), CLOUDWATCH)
    assert all(one.startswith(f"arn:aws:kms:{REGION}:{OTHER}:") for one in asked)


# ── The search of CloudWatch's logs finds at least the gate's forms of credentials, in each group that may hold one

CREDENTIALS = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "id AKIA" + "ABCDEFGHIJKLMNOP",
    "ASIA" + "ABCDEFGHIJKLMNOP ",
    "token=ghs_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "xoxb-1234567890-abcdef",
    "https://hooks.slack.com/services/T0/B0/xyz",
    "AIza" + "a1B2c" * 7,
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpM",
    "sk_live_" + "a1B2" * 5,
    "postgres://api:correct-horse@db.internal/news",
    "redis://:correct-horse@cache.internal",
    "amqp://user.name+x:p!a$$[w]ord@queue",
]


@pytest.mark.parametrize("text", CREDENTIALS)
def test_whatever_has_a_form_is_found(text: str) -> None:
    assert re.search(PATTERN, text)


def test_every_form_has_an_example_here() -> None:
    assert {credential_form(text) for text in CREDENTIALS} - {""} == FORMS.keys()


def test_the_pattern_is_written_in_what_cloudwatch_knows_of_regular_expressions() -> None:
    assert re.fullmatch(r"[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+.]+", PATTERN)
    assert "[^" not in PATTERN
    assert len(PATTERN) <= 1022


def searched(counted: Any, *groups: dict[str, Any]) -> set[str]:
    """Return the searched groups, if CloudWatch lists these metrics of incoming events."""
    asked: set[str] = set()

    def search(parameters: Mapping[str, Any]) -> dict[str, Any]:
        asked.add(parameters["logGroupName"])
        return {}

    answers = {"DescribeLogGroups": {"logGroups": list(groups)}, "DescribeTrails": {"trailList": []}}
    facts = list(see(observe_logged_text, {**answers, "ListMetrics": counted, "FilterLogEvents": search}))
    assert len(facts) == 2 * len(groups)  # of two regions, for which the same is stated
    return asked


def group(name: str, **stated: Any) -> dict[str, Any]:
    return {"logGroupName": name, "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*", **stated}


def counted(*names: str) -> dict[str, Any]:
    return {"Metrics": [{"Dimensions": [{"Name": "LogGroupName", "Value": name}]} for name in names]}


OLD, NEW = (int(datetime(2025, 12, day, 23, 30, tzinfo=UTC).timestamp() * 1000) for day in (1, 31))


def test_a_group_that_nothing_came_into_for_two_weeks_is_not_searched() -> None:
    groups = [group(name, creationTime=OLD) for name in ("/api", "/left-over")]
    assert searched(counted("/api"), *groups) == {"/api"}


def test_a_group_that_is_new_or_of_unknown_age_is_searched_whatever_is_counted() -> None:
    groups = [group("/new", creationTime=NEW), group("/ageless"), group("/old", creationTime=OLD)]
    assert searched(counted("/other"), *groups) == {"/new", "/ageless"}


def test_where_nothing_is_counted_every_group_is_searched() -> None:
    denied = Unreadable("cloudwatch ListMetrics: access denied")
    for nothing in (
        counted(),
        denied,
        {"Metrics": [{}]},
        {"Metrics": [{"Dimensions": [{"Name": "X", "Value": "/a"}]}]},
    ):
        assert searched(nothing, group("/a", creationTime=OLD)) == {"/a"}


def test_a_group_that_cloudwatch_does_not_search_is_unread_and_one_that_it_keeps_nothing_of_is_none() -> None:
    groups = [group("/rare", logGroupClass="INFREQUENT_ACCESS"), group("/on", logGroupClass="DELIVERY")]
    answers = {"DescribeLogGroups": {"logGroups": groups}, "FilterLogEvents": lambda _: pytest.fail("was searched")}
    rare, _ = see(observe_logged_text, answers)
    with pytest.raises(Undetermined, match="does not search groups of the class INFREQUENT_ACCESS"):
        _ = rare.credentials


# ── The recipients of alarms, and faults that nobody would notice

# ── Recipients of an alarm: none through a composite alarm that it can't fire alone, or that is suppressed

ALARMS_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"


def row(name: str, **members: Any) -> dict[str, Any]:
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
    return {"AlarmArn": arn, "AlarmName": name, "StateValue": "OK", "ActionsEnabled": True, **members}


def alarms(*composite: dict[str, Any], logs: tuple[dict[str, Any], ...] = ()) -> dict[str, Alarm]:
    part = row("part", Namespace="AWS/ECS", MetricName="CPUUtilization", Statistic="Average", Period=60)
    answers = {
        "DescribeAlarms": lambda asked: {
            "MetricAlarms": [part],
            "CompositeAlarms": composite,
            **({"LogAlarms": logs} if "LogAlarm" in asked["AlarmTypes"] else {}),
        }
    }
    return {one.subject.rpartition(":")[2]: one for one in see(observe_alarms, answers)}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('ALARM("part")', True),
        ("ALARM(part) OR ALARM(other)", True),
        (f"ALARM(arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:part) AND NOT ALARM(planned)", True),
        ("ALARM(part) AND ALARM(other)", False),
        ("NOT ALARM(part)", False),
        ("OK(part)", False),
        ("ALARM(part) OR TRUE", False),
        ("ALARM(other)", False),
    ],
)
def test_a_composite_alarm_tells_for_those_that_fire_it_alone(rule: str, told: bool) -> None:
    found = alarms(row("all", AlarmRule=rule, AlarmActions=[ALARMS_TOPIC]))["part"]
    assert bool(found.silent_on_purpose) is told


def test_a_rule_that_is_not_understood_excuses_nobody() -> None:
    with pytest.raises(Undetermined, match="not understood"):
        _ = alarms(row("all", AlarmRule="ALARM(part) XOR ALARM(other)"))["part"].silent_on_purpose


def test_what_is_suppressed_is_held_back() -> None:
    by = {"ActionsSuppressor": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:planned", "ActionsSuppressedBy": "Alarm"}
    found = alarms(row("all", AlarmRule="ALARM(part)", **by))["all"]
    assert found.held_back == "actions suppressed by planned (Alarm)"
    calm = {"ActionsSuppressor": by["ActionsSuppressor"]}
    assert alarms(row("all", AlarmRule="ALARM(part)", **calm))["all"].held_back == ""


def test_alarms_on_logs_are_seen() -> None:
    found = alarms(
        logs=(row("query", AlarmActions=[ALARMS_TOPIC], ComparisonOperator="GreaterThanThreshold", Threshold=1.0),)
    )
    assert found["query"].state == "OK"
    with pytest.raises(Undetermined, match="nothing that is understood"):
        _ = found["query"].without_data


# ── Results that look healthy because nothing was checked or nobody would notice

BALANCERS = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:"
HUB = {"HubArn": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:hub/default"}


@pytest.mark.parametrize(("status", "seen"), [("READY", 1), ("PENDING", 0), ("INCOMPLETE", 0), ("DELETING", 0)])
def test_a_standard_that_is_not_ready_has_found_nothing(status: str, seen: int) -> None:
    answers = {"DescribeHub": HUB, "GetEnabledStandards": {"StandardsSubscriptions": [{"StandardsStatus": status}]}}
    assert len(list(see(observe_security_hub, answers))) == seen


def test_an_analyzer_that_has_not_begun_has_found_nothing() -> None:
    analyzer = {"arn": "arn:aws:access-analyzer:x", "name": "x", "status": "ACTIVE", "type": "ACCOUNT"}
    (new,) = see(observe_outside_access, {"ListAnalyzers": {"analyzers": [analyzer]}})
    with pytest.raises(Undetermined):
        _ = new.findings
    analyzer["lastResourceAnalyzedAt"] = "2026-01-01"
    assert next(iter(see(observe_outside_access, {"ListAnalyzers": {"analyzers": [analyzer]}}))).findings.magnitude == 0


def test_the_analyzer_of_an_organization_finds_what_its_members_have_open_too() -> None:
    analyzer = {"arn": "arn:aws:access-analyzer:x", "name": "x", "status": "ACTIVE", "type": "ORGANIZATION"}
    found = [
        {"id": one[0], "status": "ACTIVE", "resourceOwnerAccount": one[1]} for one in (("a", ACCOUNT), ("b", "9" * 12))
    ]
    answers = {"ListAnalyzers": {"analyzers": [analyzer | {"lastResourceAnalyzedAt": "2026-01-01"}]}}
    (seen,) = see(observe_outside_access, answers | {"ListFindingsV2": {"findings": found}})
    assert seen.findings.magnitude == 1


def test_a_flow_log_that_has_not_delivered_anything_proves_nothing() -> None:
    flow = {"FlowLogId": "fl-1", "ResourceId": "vpc-1", "FlowLogStatus": "ACTIVE", "TrafficType": "ALL"}
    answers = {
        "DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": False}]},
        "DescribeFlowLogs": {"FlowLogs": [flow]},
    }
    (new,) = see(observe_network_records, answers)
    with pytest.raises(Undetermined):
        _ = new.recorded
    flow["DeliverLogsStatus"] = "SUCCESS"
    assert next(iter(see(observe_network_records, answers))).recorded == {"ACCEPT", "REJECT"}


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
    listed = {
        "TopicArn": ALARMS_TOPIC,
        "SubscriptionArn": f"{ALARMS_TOPIC}:1",
        "Protocol": "email",
        "Endpoint": "team@example.com",
    }
    answers = {
        "ListSubscriptionsByTopic": {"Subscriptions": [listed]},
        "GetSubscriptionAttributes": attributes if attributes is None else {"Attributes": attributes},
    }
    assert len(see(list_subscribers, answers, ALARMS_TOPIC)) == heard


def test_nobody_listens_to_a_topic_that_is_gone() -> None:
    assert see(list_subscribers, {"ListSubscriptionsByTopic": None}, ALARMS_TOPIC) == ()


def alarm(**dimensions: str) -> Alarm:
    """A healthy alarm on errors of targets, whose metric has no data."""
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
    return next(iter(see(observe_alarms, answers)))


@pytest.mark.parametrize(("owner", "watched"), [(None, True), (ACCOUNT, True), (OTHER, False)])
def test_an_alarm_on_another_accounts_metric_watches_nothing_of_ours(owner: str | None, watched: bool) -> None:
    asked: list[Any] = []
    service = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/news/api"
    dimensions = [{"Name": "ClusterName", "Value": "gone"}, {"Name": "ServiceName", "Value": "api"}]
    metric = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Dimensions": dimensions}
    query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}, "ReturnData": True}
    query |= {} if owner is None else {"AccountId": owner}
    high = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 80.0, "EvaluationPeriods": 1}
    answers = {
        "DescribeAlarms": {"MetricAlarms": [row("cpu", Metrics=[query], **high)]},
        "ListClusters": {"clusterArns": [f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/gone"]},
        "ListServices": {"serviceArns": [service]},
        "GetMetricData": lambda parameters: asked.extend(parameters["MetricDataQueries"]) or Unreadable("not shared"),
    }
    (found,) = see(observe_watched_services, answers)
    assert bool(found.high) is watched
    (fires, *_) = see(observe_alarms, answers | {"ListClusters": {"clusterArns": []}})
    assert fires.lost == (("ClusterName = gone", "ServiceName = api") if watched else None)
    with pytest.raises(Undetermined, match="not shared"):
        _ = fires.without_data
    assert {each.get("AccountId") for each in asked} == {None if watched else OTHER}


def test_an_alarm_on_a_count_of_errors_may_be_silent() -> None:
    quiet = alarm(LoadBalancer="app/a/1", TargetGroup="targetgroup/blue/1")
    assert (quiet.without_data, quiet.lost) == ((), ())
    # the colour without traffic is behind no load balancer until a deployment
    assert alarm(LoadBalancer="app/a/1", TargetGroup="targetgroup/green/1").lost == ()


def test_an_alarm_on_a_metric_that_is_never_published_is_dead_however_quiet() -> None:
    assert alarm().without_data == ("AWS/ApplicationELB HTTPCode_Target_5XX_Count ()",)
    apart = alarm(LoadBalancer="app/b/1", TargetGroup="targetgroup/blue/1")
    assert apart.lost == ("TargetGroup = targetgroup/blue/1, which is not behind app/b/1",)


@pytest.mark.parametrize(
    ("narrowed", "group"),
    [({}, "AWS/Common"), ({"ScopeDownStatement": {"ByteMatchStatement": {}}}, "AWS/Common in part")],
)
def test_a_group_that_looks_at_some_requests_only_is_not_the_group(narrowed: dict[str, Any], group: str) -> None:
    managed = {"VendorName": "AWS", "Name": "Common", **narrowed}
    rule = {"Name": "common", "Statement": {"ManagedRuleGroupStatement": managed}, "OverrideAction": {"None": {}}}
    assert see(_rule, {}, rule).group == group


ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global"
ALLOW = {"Name": "a", "Priority": 0, "Action": {"Allow": {}}}
FEW = {"IPSetReferenceStatement": {"ARN": f"{ACL}/ipset/few/1"}}
HEADER = {"IPSetReferenceStatement": {**FEW["IPSetReferenceStatement"], "IPSetForwardedIPConfig": {}}}
GEO = {"GeoMatchStatement": {"CountryCodes": ["JP"]}}
OWN_GROUP = {"Statement": {"RuleGroupReferenceStatement": {"ARN": f"{ACL}/rulegroup/own/1"}}, "Name": "g"}
SOFT = {"VendorName": "AWS", "Name": "C", "RuleActionOverrides": [{"Name": "r", "ActionToUse": {"Allow": {}}}]}


@pytest.mark.parametrize(
    ("rule", "addresses", "past"),
    [
        (ALLOW | {"Statement": GEO}, [], True),
        (ALLOW | {"Statement": FEW}, ["198.51.100.7/32", "2001:db8::/32"], False),
        (ALLOW | {"Statement": FEW}, ["198.51.100.7/32", "0.0.0.0/1"], True),
        (ALLOW | {"Statement": HEADER}, ["198.51.100.7/32"], True),
        (ALLOW | {"Statement": {"AndStatement": {"Statements": [GEO, FEW]}}}, ["198.51.100.7/32"], False),
        (ALLOW | {"Statement": {"NotStatement": {"Statement": FEW}}}, ["198.51.100.7/32"], True),
        ({"Name": "b", "Action": {"Block": {}}, "Statement": GEO}, [], False),
        (OWN_GROUP | {"OverrideAction": {"None": {}}}, [], True),
        (OWN_GROUP | {"OverrideAction": {"Count": {}}}, [], False),
        ({"Name": "m", "FirewallManagerStatement": {"ManagedRuleGroupStatement": SOFT}}, [], True),
    ],
)
def test_a_rule_that_allows_lets_past_all_but_a_few(rule: Any, addresses: list[str], past: bool) -> None:
    group = {"RuleGroup": {"Rules": [ALLOW | {"Statement": GEO}]}}
    answers = {"GetIPSet": {"IPSet": {"Addresses": addresses}}, "GetRuleGroup": group}
    assert see(_rule, answers, rule).lets_past is past


def test_groups_of_firewall_manager_come_before_and_after_the_rules() -> None:
    def put(name: str, priority: int, kind: str = "Statement") -> dict[str, Any]:
        managed = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name}}
        return {"Name": name, "Priority": priority, kind: managed, "OverrideAction": {"None": {}}}

    found = {
        "Rules": [put("own", 1)],
        "PreProcessFirewallManagerRuleGroups": [put("first", 9, "FirewallManagerStatement")],
        "PostProcessFirewallManagerRuleGroups": [put("last", 0, "FirewallManagerStatement")],
    }
    answers = {
        "ListDistributions": {"DistributionList": {"Items": [{"WebACLId": f"{ACL}/webacl/w/1"}]}},
        "ListWebACLs": {"WebACLs": [{"ARN": f"{ACL}/webacl/w/1", "Name": "w", "Id": "1"}]},
        "GetWebACL": {"WebACL": found},
        "GetLoggingConfiguration": None,
    }
    (acl,) = see(observe_web_acls, answers)
    assert [rule.group for rule in acl.rules] == ["AWS/first", "AWS/own", "AWS/last"]


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
