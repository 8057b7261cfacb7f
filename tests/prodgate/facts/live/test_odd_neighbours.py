"""A resource that is odd, or half there, beside one that is not: it costs what is said of itself, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts import Fact
from prodgate.facts.live.certificates import CertificateInUse, observe_certificates
from prodgate.facts.live.collected_data import CollectedData, observe_collected_data
from prodgate.facts.live.component_logs import ComponentLog, observe_component_logs
from prodgate.facts.live.databases import observe_databases
from prodgate.facts.live.deletion import Deletable, observe_deletable
from prodgate.facts.live.distributions import CacheBehaviour, observe_cache_behaviours
from prodgate.facts.live.images import DeployedImage, ImageRepository, observe_images, observe_repositories
from prodgate.facts.live.keys import Key, observe_keys
from prodgate.facts.live.placements import Placement, observe_placements
from prodgate.facts.live.queues import (
    DeadLetterQueue,
    WorkQueue,
    list_queues,
    observe_dead_letter_queues,
    observe_work_queues,
)
from prodgate.facts.live.resource_policies import observe_key_policies
from prodgate.facts.live.stores import Store, observe_messages, observe_stores
from prodgate.facts.live.traffic import CanaryVisits, observe_canary_visits
from prodgate.facts.live.vpcs import NetworkRecord, observe_network_records
from prodgate.facts.live.watching.alarm_coverage import WatchedDatabase, observe_watched_databases
from prodgate.facts.live.watching.dashboards import ShownComponent, observe_shown_components
from prodgate.facts.observers import observe_all
from prodgate.findings import Undetermined
from prodgate.semantics.unresolved import Unknown

from .stated_account import ACCOUNT, REGION, account_answering

RDS = f"arn:aws:rds:{REGION}:{ACCOUNT}"
NEWS = {
    "DBInstanceArn": f"{RDS}:db:news", "DBInstanceIdentifier": "news", "DBInstanceClass": "db.t4g.small",
    "PubliclyAccessible": False, "Engine": "postgres", "StorageEncrypted": True, "BackupRetentionPeriod": 7,
    "DeletionProtection": True, "DBParameterGroups": [],
}  # fmt: skip
CLUSTERS = [
    {"DBClusterIdentifier": "half"},
    {"DBClusterArn": f"{RDS}:cluster:news", "DBClusterIdentifier": "news", "DBClusterMembers": []},
]
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/news/1"
LISTENER = {"ListenerArn": f"{BALANCER}/l", "LoadBalancerArn": "arn:gone", "Certificates": [{}]}
IN_ACM = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1"
SUBNETS = [
    {"SubnetId": "subnet-1", "VpcId": "vpc-1", "AvailabilityZone": "a", "MapPublicIpOnLaunch": False},
    {"SubnetId": "subnet-2", "VpcId": "vpc-2", "AvailabilityZone": "a", "MapPublicIpOnLaunch": False},
]
ROUTES = [{"VpcId": "vpc-1", "Associations": [{"Main": True}], "Routes": []}]


def function(name: str, subnet: str) -> dict[str, Any]:
    return {"FunctionArn": name, "VpcConfig": {"SubnetIds": [subnet], "SecurityGroupIds": []}}


def site(name: str, **members: Any) -> dict[str, Any]:
    return {"ARN": f"arn:{name}", "Id": name, **members}


WHOLE = site("whole", DefaultCacheBehavior={"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"})
LISTED = {"DistributionList": {"Items": [site("half"), WHOLE]}}
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/news"
TASK = {"taskDefinitionArn": "t", "containers": [{"name": "odd"}, {"name": "web", "image": "news/web:1"}]}


@pytest.mark.parametrize(
    ("observer", "kind", "answers", "named", "field"),
    [
        (observe_databases, Fact, {"DescribeDBInstances": {"DBInstances": [NEWS]}}, (f"{RDS}:db:news", ""), "age"),
        (observe_deletable, Deletable, {"DescribeDBInstances": {"DBInstances": [NEWS]}}, (f"{RDS}:db:news", ""), "protected"),
        (observe_stores, Store, {"DescribeDBInstances": {"DBInstances": [NEWS]}}, (f"{RDS}:db:news", ""), "encrypted"),
        (observe_watched_databases, WatchedDatabase, {"DescribeDBInstances": {"DBInstances": [NEWS]}}, (f"{RDS}:db:news", ""), "high"),
        (observe_shown_components, ShownComponent, {"DescribeDBClusters": {"DBClusters": CLUSTERS}},
         ("half", f"{RDS}:cluster:news"), "dashboards"),
        (observe_repositories, ImageRepository, {"DescribeRepositories": {"repositories": [
            {"repositoryName": "half"}, {"repositoryName": "b", "repositoryArn": "arn:b", "imageTagMutability": "MUTABLE"},
        ]}}, ("half", "arn:b"), "mutability"),
        (observe_placements, Placement, {
            "DescribeSubnets": {"Subnets": SUBNETS}, "DescribeRouteTables": {"RouteTables": ROUTES},
            "DescribeNetworkInterfaces": {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1"}]},
            "ListFunctions": {"Functions": [function("b", "subnet-2"), function("a", "subnet-1")]},
        }, ("b", "a"), "subnets"),
        (observe_network_records, NetworkRecord, {
            "DescribeVpcs": {"Vpcs": [{"CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-1", "IsDefault": False}]},
            "DescribeNetworkInterfaces": {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1"}]},
        }, ("something without VpcId", "vpc-1"), "failures"),
        (observe_cache_behaviours, CacheBehaviour, {"ListDistributions": LISTED}, ("arn:half", "arn:whole default"), "path"),
        (observe_canary_visits, CanaryVisits, {"DescribeCanaries": {"Canaries": [{"Id": "1"}]}}, ("1", ""), "visits"),
        (observe_certificates, CertificateInUse, {
            "DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": BALANCER}]},
            "DescribeListeners": {"Listeners": [LISTENER]},
            "DescribeListenerCertificates": {"Certificates": [{"CertificateArn": "arn:iam"}, {"CertificateArn": IN_ACM}]},
            "DescribeCertificate": {"Certificate": {"Status": "ISSUED", "Type": "IMPORTED"}},
        }, ("arn:iam", IN_ACM), "status"),
        (observe_messages, Store, {
            "ListQueues": {"QueueUrls": ["https://q/1", "https://q/2"]},
            "GetQueueAttributes": lambda asked: {} if asked["QueueUrl"].endswith("1") else {
                "Attributes": {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:2"}
            },
        }, ("https://q/1", f"arn:aws:sqs:{REGION}:{ACCOUNT}:2"), "encrypted"),
        (observe_dead_letter_queues, DeadLetterQueue, {
            "ListQueues": {"QueueUrls": ["https://q/1"]}, "GetQueueAttributes": {},
        }, ("https://q/1", ""), "messages"),
        (observe_work_queues, WorkQueue, {
            "ListEnvironments": {"Environments": ["air"]}, "GetEnvironment": {"Environment": {"ExecutionRoleArn": "arn:r"}},
        }, ("what the Airflow environment air takes work from", ""), "redrives_to"),
        (observe_collected_data, CollectedData, {
            "ListEnvironments": {"Environments": ["air"]}, "GetEnvironment": {"Environment": {"Name": "air"}},
        }, ("what the Airflow environment air collects", ""), "age"),
    ],
)  # fmt: skip
def test_what_is_odd_costs_what_is_said_of_itself(
    observer: Any, kind: type[Fact], answers: dict[str, Any], named: tuple[str, str], field: str
) -> None:
    with account_answering(answers) as account:
        facts = observe_all(account, {observer: (kind,)})
    assert not facts.unreadable
    found, (odd, whole) = {fact.subject: fact for fact in facts.known}, named
    with pytest.raises(Undetermined) as said:
        getattr(found[odd], field)
    assert "not understood" not in str(said.value)
    if whole:
        assert getattr(found[whole], field) is not None


def test_a_key_that_kms_says_little_of_is_unread_and_its_policy_is_not() -> None:
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    answers = {
        "ListKeys": {"Keys": [{"KeyId": "1", "KeyArn": arn}]},
        "DescribeKey": {"KeyMetadata": {"KeyId": "1", "Arn": arn}},
        "GetKeyPolicy": {"Policy": "{}"},
    }
    with account_answering(answers) as account:
        facts = observe_all(account, {observe_keys: (Key,), observe_key_policies: ()})
    key, *_ = facts.of(Key)
    with pytest.raises(Undetermined, match="kms DescribeKey does not state its CustomerMasterKeySpec"):
        _ = key.enabled
    policies = [fact.values for fact in facts.known if not isinstance(fact, Key)]
    assert {values["policy"] for values in policies} == {"{}"}
    assert isinstance(policies[0]["is_enabled"], Unknown)


def test_a_key_that_lets_nobody_look_is_unread_alone() -> None:
    arns = [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number}" for number in (1, 2)]
    about = {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "KeyState": "Enabled", "Origin": "AWS_KMS"}

    def describe(asked: Any) -> dict[str, Any]:
        if asked["KeyId"] == arns[0]:
            raise Unreadable("kms DescribeKey: access denied")
        return {"KeyMetadata": {**about, "Arn": asked["KeyId"], "KeyManager": "CUSTOMER"}}

    listed = {"Keys": [{"KeyId": arn[-1], "KeyArn": arn} for arn in arns]}
    with account_answering({"ListKeys": listed, "DescribeKey": describe}) as account:
        found = {key.subject: key for key in observe_keys(account)}
    assert found[arns[1]].enabled
    with pytest.raises(Undetermined, match="access denied"):
        _ = found[arns[0]].enabled


def test_a_queue_that_is_gone_and_still_listed_is_no_queue() -> None:
    listed = {"QueueUrls": ["https://q/1", "https://q/2"]}
    with account_answering({"ListQueues": listed, "GetQueueAttributes": None}) as account:
        assert list_queues(account) == ()


def test_a_queue_of_which_sqs_states_no_arn_may_be_one_that_work_is_taken_from() -> None:
    answers = {
        "ListEnvironments": {"Environments": ["air"]},
        "GetEnvironment": {"Environment": {"ExecutionRoleArn": "arn:r"}},
        "ListQueues": {"QueueUrls": ["https://q/1"]},
    }
    with account_answering(answers) as account:
        facts = observe_all(account, {observe_work_queues: (WorkQueue,)})
    found = {fact.subject: fact for fact in facts.of(WorkQueue)}
    with pytest.raises(Undetermined, match="sqs GetQueueAttributes does not state its QueueArn"):
        _ = found["https://q/1"].redrives_to


def test_the_key_spec_of_older_answers_is_read() -> None:
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    about = {"Arn": arn, "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"}
    answers = {
        "ListKeys": {"Keys": [{"KeyId": "1", "KeyArn": arn}]},
        "DescribeKey": {
            "KeyMetadata": {**about, "KeyState": "Enabled", "KeyManager": "CUSTOMER", "Origin": "EXTERNAL"}
        },
    }
    with account_answering(answers) as account:
        assert {key.symmetric for key in observe_keys(account)} == {True}


def test_a_cluster_without_its_arn_is_named_by_its_identifier_where_it_logs() -> None:
    with account_answering({"DescribeDBClusters": {"DBClusters": CLUSTERS}}) as account:
        facts = observe_all(account, {observe_component_logs: (ComponentLog,)})
    assert {"half", f"{RDS}:cluster:news"} <= {fact.subject for fact in facts.known}


def test_a_container_of_which_ecs_states_no_image_is_one_image_that_nobody_can_look_into() -> None:
    answers = {
        "ListClusters": {"clusterArns": [CLUSTER]},
        "ListServices": {"serviceArns": [f"{CLUSTER}/news"]},
        "DescribeServices": {"services": [{"serviceArn": "s", "serviceName": "s", "status": "ACTIVE", "clusterArn": CLUSTER,
                                           "taskDefinition": "t", "desiredCount": 1}]},
        "ListTasks": {"taskArns": ["t1"]},
        "DescribeTasks": {"tasks": [TASK]},
        "DescribeTaskDefinition": {"taskDefinition": {"containerDefinitions": []}},
    }  # fmt: skip
    with account_answering(answers) as account:
        facts = observe_all(account, {observe_images: (DeployedImage,)})
    assert not facts.unreadable
    assert {fact.subject for fact in facts.known} == {"image of a container, not stated", "news/web:1"}
