"""What belongs to another account, and is used here: it is neither ours to judge nor, unseen, in order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.live.component_logs import ComponentLog, observe_component_logs
from prodgate.facts.live.security_groups import SecurityGroup, observe_security_groups
from prodgate.facts.live.vpcs import NetworkRecord, observe_network_records
from prodgate.facts.live.watching.alarm_topics import find_refusals
from prodgate.facts.observers import observe_all
from prodgate.findings import Undetermined

from .stated_account import ACCOUNT, REGION, account_answering

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
    with account_answering(NETWORKS) as account:
        facts = observe_all(account, {observe_network_records: (NetworkRecord,)})
    found = {fact.subject: fact for fact in facts.of(NetworkRecord)}
    assert found["vpc-own"].recorded == {"ACCEPT", "REJECT"}
    with pytest.raises(Undetermined, match=f"shared by account {OTHER}, which alone sees its flow logs"):
        _ = found["vpc-shared"].recorded


def test_a_shared_network_is_not_said_to_log_nothing() -> None:
    with account_answering(NETWORKS) as account:
        facts = observe_all(account, {observe_component_logs: (ComponentLog,)})
    found = {fact.subject: fact for fact in facts.of(ComponentLog)}
    assert found[f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-own"].silent == ("log group /flows does not exist",)
    with pytest.raises(Undetermined, match=f"shared by account {OTHER}"):
        _ = found[f"arn:aws:ec2:{REGION}:{OTHER}:vpc/vpc-shared"].silent


def test_a_shared_network_with_nothing_of_ours_in_it_is_not_ours() -> None:
    with account_answering({**NETWORKS, "DescribeNetworkInterfaces": {"NetworkInterfaces": []}}) as account:
        assert [fact.subject for fact in observe_network_records(account)] == ["vpc-own"]


def test_a_group_of_ours_in_a_shared_network_is_judged() -> None:
    group = {
        "GroupId": "sg-1",
        "GroupName": "api",
        "VpcId": "vpc-shared",
        "IpPermissions": [],
        "IpPermissionsEgress": [],
    }
    with account_answering({**NETWORKS, "DescribeSecurityGroups": {"SecurityGroups": [group]}}) as account:
        facts = observe_all(account, {observe_security_groups: (SecurityGroup,)})
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
    with account_answering({"GetTopicAttributes": topic(admitted)}) as account:
        assert bool(find_refusals(account, TOPIC, (ALARM,), CLOUDWATCH)) is refused


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
