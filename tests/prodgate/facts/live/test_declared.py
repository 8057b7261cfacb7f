"""Declared beside live: only stated values are compared, and an unknown one is never the same."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.aws.answers import Unread, Unreadable
from prodgate.facts.live.declared import (
    TABLE,
    DeclaredResource,
    TaggedResource,
    normalise,
    observe_declared,
    observe_tagged,
    read_path,
)
from prodgate.findings import Undetermined
from tests.prodgate.facts.live.stated_account import see

KEY = "11111111-1111-1111-1111-111111111111"
MADE_UP = "99999999-9999-9999-9999-999999999999"
TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:alarms"
ALARM = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:slow"
TAGS = {"System": "news"}
DECLARED: dict[str, dict[str, Any]] = {
    "aws_cloudwatch_metric_alarm": {
        "alarm_name": "slow", "arn": ALARM, "alarm_actions": [TOPIC], "threshold": 0.2, "evaluation_periods": 3,
        "tags_all": TAGS, "period": Unread("decided later"), "actions_enabled": None, "dimensions": {"LoadBalancer": "a"},
    },
    "aws_sns_topic": {
        "name": "alarms", "arn": TOPIC, "kms_master_key_id": f"arn:aws:kms:ap-northeast-1:123456789012:key/{MADE_UP}",
        "tags_all": TAGS,
    },
    "aws_kms_key": {"id": MADE_UP},
    "aws_kms_alias": {"name": "alias/messages", "target_key_id": MADE_UP},
}  # fmt: skip
LIVE: dict[str, Any] = {
    "DescribeAlarms": {
        "MetricAlarms": [
            {"AlarmName": "slow", "AlarmArn": ALARM, "AlarmActions": [TOPIC], "Threshold": 0.2, "EvaluationPeriods": 3,
             "ActionsEnabled": True, "Dimensions": [{"Name": "LoadBalancer", "Value": "a"}], "Period": 60}
        ]
    },
    "GetTopicAttributes": {
        "Attributes": {"TopicArn": TOPIC, "KmsMasterKeyId": f"arn:aws:kms:ap-northeast-1:123456789012:key/{KEY}"}
    },
    "ListAliases": {"Aliases": [{"AliasName": "alias/messages", "TargetKeyId": KEY}]},
    "GetResources": {
        "ResourceTagMappingList": [
            {"ResourceARN": arn, "Tags": [{"Key": "System", "Value": "news"}]}
            for arn in (ALARM, TOPIC, "arn:aws:ec2:ap-northeast-1:123456789012:natgateway/nat-1")
        ]
    },
}  # fmt: skip


def compared(kind: str, change: Mapping[str, Any], live: Mapping[str, Any] = LIVE) -> DeclaredResource:
    declared = {**DECLARED, kind: {**DECLARED[kind], **change}}
    return observed(declared, live)[f"{kind}.one"]


def observed(declared: Mapping[str, Any], live: Mapping[str, Any] = LIVE) -> dict[str, DeclaredResource]:
    return {fact.subject: fact for fact in see(observe_declared, live, declared=addressed(declared))}


def addressed(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {type_: {f"{type_}.one": values} for type_, values in declared.items()}


def tagged(declared: Mapping[str, Any], live: Mapping[str, Any] = LIVE) -> dict[str, TaggedResource]:
    return {fact.subject: fact for fact in see(observe_tagged, live, declared=addressed(declared))}


@pytest.mark.parametrize(
    ("kind", "declared", "answer", "same"),
    [
        ("aws_rds_cluster", {"engine_version": "16"}, {"EngineVersion": "16.6"}, True),
        ("aws_rds_cluster", {"engine_version": "16.6"}, {"EngineVersion": "16.7"}, False),
        ("aws_rds_cluster", {"engine_version": "1"}, {"EngineVersion": "16.6"}, False),
        ("aws_rds_cluster", {"kms_key_id": KEY}, {"KmsKeyId": f"arn:aws:kms:x:1:key/{KEY}"}, True),
        ("aws_rds_cluster", {"kms_key_id": KEY}, {"KmsKeyId": f"arn:aws:kms:x:1:key/{MADE_UP}"}, False),
        ("aws_acm_certificate", {"key_algorithm": "EC_prime256v1"}, {"KeyAlgorithm": "EC-prime256v1"}, True),
        ("aws_acm_certificate", {"key_algorithm": "EC_prime256v1"}, {"KeyAlgorithm": "RSA-2048"}, False),
        *(
            (
                "aws_iam_role",
                {"assume_role_policy": json.dumps({"Statement": [{"Principal": {"AWS": "123456789012"}}]})},
                {"AssumeRolePolicyDocument": {"Statement": {"Principal": {"AWS": f"arn:aws:iam::{account}:root"}}}},
                account == "123456789012",
            )
            for account in ("123456789012", "999999999999")
        ),
    ],
)
def test_a_value_that_aws_completes_or_spells_is_the_same(
    kind: str, declared: dict[str, Any], answer: dict[str, Any], same: bool
) -> None:
    named = {"cluster_identifier": "one", "domain_name": "one", "name": "one"}
    row = {"DBClusterIdentifier": "one", "DomainName": "one", "RoleName": "one", "CertificateArn": "arn:c", **answer}
    live = {
        "DescribeDBClusters": {"DBClusters": [row]},
        "ListCertificates": {"CertificateSummaryList": [row]},
        "DescribeCertificate": {"Certificate": row},
        "GetAccountAuthorizationDetails": {"RoleDetailList": [row]},
    }
    path, (found,) = next(iter(declared)), observed({kind: {**named, **declared}}, live).values()
    assert (not [one for one in found.differences if one.startswith(path)]) is same


def test_what_was_applied_is_the_same() -> None:
    assert compared("aws_cloudwatch_metric_alarm", {}).differences == ()
    assert compared("aws_sns_topic", {}).differences == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"threshold": 0.3}, "threshold is declared 0.3 and is 0.2"),
        ({"alarm_actions": None}, f"alarm_actions is declared () and is [{TOPIC!r}]"),
        ({"actions_enabled": False}, "actions_enabled is declared False and is True"),
        (
            {"dimensions": {"LoadBalancer": "b"}},
            "dimensions is declared {'LoadBalancer': 'b'} and is {'LoadBalancer': 'a'}",
        ),
    ],
)
def test_an_edit_that_was_not_applied_is_told(change: Mapping[str, Any], told: str) -> None:
    assert compared("aws_cloudwatch_metric_alarm", change).differences == (told,)


def test_ids_that_the_plan_made_up_are_compared_as_what_they_became() -> None:
    other = {**LIVE, "ListAliases": {"Aliases": [{"AliasName": "alias/messages", "TargetKeyId": "another-key"}]}}
    (told,) = compared("aws_sns_topic", {}, other).differences
    assert told.startswith("kms_master_key_id is declared")
    assert "another-key" in told


def test_an_id_that_became_nothing_known_is_not_compared() -> None:
    assert compared("aws_kms_alias", {"target_key_id": "elsewhere"}).differences == ()
    unnamed = {**DECLARED, "aws_kms_alias": {"name": "alias/x", "target_key_id": "elsewhere"}}
    assert observed(unnamed)["aws_sns_topic.one"].differences == ()


def test_what_could_not_be_looked_at_is_undetermined_also_for_what_refers_to_it() -> None:
    for kind in ("aws_kms_alias", "aws_sns_topic"):
        with pytest.raises(Undetermined, match="denied"):
            _ = compared(kind, {}, {**LIVE, "ListAliases": Unreadable("denied")}).differences


def test_what_is_not_live_is_told() -> None:
    assert compared("aws_cloudwatch_metric_alarm", {"alarm_name": "other"}).live == ""


def test_what_has_no_name_before_an_apply_is_no_subject() -> None:
    declared = {**DECLARED, "aws_cloudwatch_metric_alarm": {"alarm_name": Unread("later"), "tags_all": TAGS}}
    assert not [subject for subject in observed(declared) if "alarm" in subject]
    with pytest.raises(Undetermined, match="later"):
        _ = tagged(declared)[ALARM].declared


def test_what_aws_leaves_out_of_a_list_does_not_take_a_declared_resource_away() -> None:
    site = {"aws_wafv2_web_acl": {"name": "site", "scope": "CLOUDFRONT"}}
    found = observed(site, {"ListWebACLs": {"WebACLs": [{"Name": "site"}]}})["aws_wafv2_web_acl.one"]
    with pytest.raises(Undetermined, match="wafv2 ListWebACLs does not state its Id"):
        _ = found.live


def test_a_resource_with_our_tags_that_nothing_declares_is_told() -> None:
    assert {arn: fact.declared for arn, fact in tagged(DECLARED).items()} == {ALARM: True, TOPIC: True}
    renamed = {
        **DECLARED,
        "aws_cloudwatch_metric_alarm": {**DECLARED["aws_cloudwatch_metric_alarm"], "alarm_name": "x"},
    }
    assert tagged(renamed)[ALARM].declared is False


def test_without_a_common_tag_nothing_can_be_said() -> None:
    with pytest.raises(Unreadable, match="share no tag"):
        tagged({"aws_kms_key": {"id": MADE_UP}})


def test_paths_enter_blocks_lists_and_pairs() -> None:
    value = {"a": [{"b": 1}, {"b": 2}], "c": [{"Name": "n", "Value": "v"}], "d": Unread("x")}
    assert read_path(value, "a.b") == 1
    assert read_path(value, "a[].b") == [1, 2]
    assert read_path(value, "c{Name=Value}") == {"n": "v"}
    assert read_path(value, "z.y") is None
    assert isinstance(read_path(value, "d.e"), Unread)


@pytest.mark.parametrize(
    ("terraform", "aws"),
    [
        (1024, "1024"), (True, "true"), (None, []), ("", None), (0.2, "0.20"), (["b", "a"], ("a", "b")),
        ('{"Action": "a"}', {"Action": ["a"]}), (["only"], "only"), ({"k": 1}, {"k": "1"}),
    ],
)  # fmt: skip
def test_two_ways_to_write_the_same_are_the_same(terraform: object, aws: object) -> None:
    assert normalise(terraform) == normalise(aws)


def test_two_values_that_differ_stay_different() -> None:
    assert normalise("b") != normalise("a")
    assert normalise(0) != normalise(None)
    assert normalise(False) != normalise(None)


def test_each_type_stands_in_the_table_once() -> None:
    types = [one.type for one in TABLE]
    assert len(types) == len(set(types))
