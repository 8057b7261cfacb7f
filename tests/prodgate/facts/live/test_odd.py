"""A malformed, partial or missing row costs only its own facts, and is reported in a sentence."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate import Quantity
from prodgate.aws.account import Account
from prodgate.aws.answers import Absent, Missing, Unread, Unreadable, as_answer
from prodgate.facts import Fact
from prodgate.facts.live.airflow import CollectedData, observe_airflow_environments, observe_collected_data
from prodgate.facts.live.alarms import WatchedDatabase, observe_watched_databases, observe_watched_services
from prodgate.facts.live.databases import (
    Database,
    DatabaseInstance,
    Deletable,
    observe_database_backups,
    observe_databases,
    observe_deletable,
    observe_vaults,
)
from prodgate.facts.live.distributions import (
    CacheBehaviour,
    CertificateInUse,
    SiteName,
    observe_cache_behaviours,
    observe_certificates,
    observe_site_names,
)
from prodgate.facts.live.ecs_services import (
    DeployedImage,
    ImageRepository,
    Placement,
    observe_images,
    observe_placements,
    observe_repositories,
    observe_target_groups,
)
from prodgate.facts.live.keys import Key, observe_keys
from prodgate.facts.live.log_groups import ComponentLog, observe_component_logs
from prodgate.facts.live.policies import observe_key_policies
from prodgate.facts.live.queues import (
    DeadLetterQueue,
    WorkQueue,
    find_dead_letter_sources,
    list_queues,
    observe_dead_letter_queues,
    observe_work_queues,
)
from prodgate.facts.live.security_services import WatcherResource, observe_watchers
from prodgate.facts.live.stores import Store, observe_messages, observe_secrets, observe_stores
from prodgate.facts.live.traffic import CanaryVisits, observe_canary_visits
from prodgate.facts.live.views import Dashboard, ShownComponent, observe_dashboards, observe_shown_components
from prodgate.facts.live.vpcs import NetworkRecord, SecurityGroup, observe_network_records, observe_security_groups
from prodgate.facts.observers import apart, observe_all
from prodgate.findings import Undetermined
from prodgate.layers.live.judging import _mark_unknown, make_configuration
from prodgate.semantics.unresolved import Unknown, Unresolved

from .stated_account import ACCOUNT, REGION, account_answering, see

# ── Failures go to a queue from whatever sends them

DEAD = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
TO_IT = {"DestinationConfig": {"OnFailure": {"Destination": DEAD}}}
RULE, SCHEDULE, PIPE = (f"arn:aws:{kind}:{REGION}:{ACCOUNT}:x/1" for kind in ("events", "scheduler", "pipes"))


@pytest.mark.parametrize(
    ("source", "stated"),
    [
        (
            RULE,
            {
                "ListEventBuses": {"EventBuses": [{"Name": "default"}, {"Name": "orders"}]},
                "ListRules": lambda asked: {
                    "Rules": [{"Arn": RULE, "Name": "r"}] if asked.get("EventBusName") == "orders" else []
                },
                "ListTargetsByRule": lambda asked: {
                    "Targets": [{"DeadLetterConfig": {"Arn": DEAD}}] if asked.get("EventBusName") == "orders" else []
                },
            },
        ),
        (
            "arn:f",
            {
                "ListFunctions": {"Functions": [{"FunctionArn": "arn:f", "FunctionName": "f"}]},
                "ListFunctionEventInvokeConfigs": {"FunctionEventInvokeConfigs": [TO_IT]},
            },
        ),
        ("event source mapping 1", {"ListEventSourceMappings": {"EventSourceMappings": [{"UUID": "1", **TO_IT}]}}),
        (
            SCHEDULE,
            {
                "ListSchedules": {"Schedules": [{"Arn": SCHEDULE, "Name": "s", "GroupName": "default"}]},
                "GetSchedule": {"Target": {"DeadLetterConfig": {"Arn": DEAD}}},
            },
        ),
        (
            PIPE,
            {
                "ListPipes": {"Pipes": [{"Arn": PIPE, "Name": "p"}]},
                "DescribePipe": {"SourceParameters": {"KinesisStreamParameters": {"DeadLetterConfig": {"Arn": DEAD}}}},
            },
        ),
    ],
)
def test_dead_letters_of_every_source_are_found(source: str, stated: dict[str, Any]) -> None:
    assert see(find_dead_letter_sources, stated).get(DEAD) == [source]


# ── A malformed resource costs only its own fact, or a field of that, and is reported in a sentence

RDS = f"arn:aws:rds:{REGION}:{ACCOUNT}"
CREATED = datetime(2025, 1, 1, tzinfo=UTC)


def server(name: str, **members: Any) -> dict[str, Any]:
    return {
        "DBInstanceArn": f"{RDS}:db:{name}", "DBInstanceIdentifier": name, "DBInstanceClass": "db.t4g.small",
        "PubliclyAccessible": False, "Engine": "postgres", "StorageEncrypted": True, "BackupRetentionPeriod": 7,
        "DeletionProtection": True, "InstanceCreateTime": CREATED, "DBParameterGroups": [], **members,
    }  # fmt: skip


def without(row: dict[str, Any], *members: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in members}


def beside_a_new_one(odd: dict[str, Any]) -> Sequence[Database]:
    answers = {"DescribeDBInstances": {"DBInstances": [odd, server("new")]}}
    facts = see(observe_all, answers, {observe_databases: (Database,)})
    assert not facts.unreadable
    return facts.of(Database)


def test_a_member_that_is_missing_costs_a_field_of_its_own_resource() -> None:
    odd = without(server("old"), "DBInstanceClass", "PubliclyAccessible", "StorageEncrypted")
    old, new = beside_a_new_one(odd)
    assert (new.encrypted, new.instances[0].size, old.engine) == (True, "db.t4g.small", "postgres")
    with pytest.raises(Undetermined, match="rds DescribeDBInstances does not state its StorageEncrypted"):
        _ = old.encrypted
    with pytest.raises(Undetermined, match="rds DescribeDBInstances does not state its PubliclyAccessible"):
        _ = old.instances[0].public


@pytest.mark.parametrize(
    ("odd", "subject", "why"),
    [
        (without(server("old"), "InstanceCreateTime"), f"{RDS}:db:old", "does not state its InstanceCreateTime"),
        (without(server("old"), "BackupRetentionPeriod"), f"{RDS}:db:old", "does not state its BackupRetentionPeriod"),
        (server("old", DBParameterGroups=None), f"{RDS}:db:old", "was not understood: TypeError"),
    ],
)
def test_what_can_t_do_without_a_member_is_unread_alone(odd: Any, subject: str, why: str) -> None:
    old, new = beside_a_new_one(odd)
    assert (old.subject, new.deletion_protected) == (subject, True)
    with pytest.raises(Undetermined, match=why):
        _ = old.retention


@pytest.mark.parametrize("source", ["ReadReplicaSourceDBInstanceIdentifier", "ReadReplicaSourceDBClusterIdentifier"])
def test_a_replica_has_no_backups_of_its_own_and_other_services_have_no_database(source: str) -> None:
    rows = [server("main"), server("copy", **{source: "main"}), server("graph", Engine="neptune")]
    clusters = [{"DBClusterIdentifier": "documents", "Engine": "docdb"}]
    answers = {"DescribeDBInstances": {"DBInstances": rows}, "DescribeDBClusters": {"DBClusters": clusters}}
    main, copy = see(observe_databases, answers)
    assert (main.replica_of, copy.replica_of, copy.encrypted) == ("", "main", True)
    for observe in (observe_database_backups, observe_deletable):
        assert [one.subject for one in see(observe, answers)] == [f"{RDS}:db:main"]
    assert [one.subject for one in see(observe_watched_databases, answers)] == [f"{RDS}:db:main", f"{RDS}:db:copy"]


# ── What is collected is listed in few calls, however much there is

WRITES = {"Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::news/*"}]}
COLLECTING = {
    "ListEnvironments": {"Environments": ["air"]},
    "GetEnvironment": {"Environment": {"Name": "air", "ExecutionRoleArn": "arn:r"}},
    "GetAccountAuthorizationDetails": {
        "RoleDetailList": [
            {"Arn": "arn:r", "RolePolicyList": [{"PolicyDocument": {"Version": "2012-10-17", **WRITES}}]}
        ]
    },
    "ListBuckets": {"Buckets": [{"Name": "news"}]},
}


def holding(objects: Mapping[str, int], asked: list[Any]) -> dict[str, Any]:
    """Answer as a bucket with these objects, by day of December, of which a page holds two."""

    def answer(parameters: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(parameters)
        prefix = parameters.get("Prefix", "")
        below = sorted(key for key in objects if key.startswith(prefix))
        cut = [key[len(prefix) :].partition("/") for key in below]
        folders = sorted({prefix + name + "/" for name, slash, _ in cut if slash}) if "Delimiter" in parameters else []
        shown = [key for key in below if not any(key.startswith(folder) for folder in folders)]
        rows = [{"Key": key, "LastModified": datetime(2025, 12, objects[key], tzinfo=UTC)} for key in shown]
        if "MaxKeys" in parameters:
            return {"Contents": rows[:2], "IsTruncated": len(rows) > 2}
        return {"Contents": rows, "CommonPrefixes": [{"Prefix": folder} for folder in folders]}

    return {**COLLECTING, "ListObjectsV2": answer}


@pytest.mark.parametrize(
    ("objects", "age", "in_part"),
    [
        ({"a/1": 29, "a/2": 30}, "2 d", False),
        ({"a/1": 29, "a/2": 31, "a/3": 30}, "1 d", False),
        ({f"a/2025-12-{day:02}/{n}": day for day in (1, 2, 30, 31) for n in (1, 2)}, "1 d", True),
        ({f"a/{place}/{n}": day for place, day in (("jp", 31), ("uk", 2), ("us", 3)) for n in (1, 2)}, "29 d", True),
        ({"a.json": 30}, "2 d", False),
    ],
)
def test_the_newest_of_many_objects_is_found_by_the_last_folders(
    objects: Mapping[str, int], age: str, in_part: bool
) -> None:
    (found,) = see(observe_collected_data, holding(objects, asked := []))
    assert (found.age.base, found.in_part) == (Quantity.parse(age).base, in_part)
    assert len(asked) <= 8


@pytest.mark.parametrize(
    ("engine", "parameter"),
    [
        ("postgres", "rds.force_ssl"),
        ("mysql", "require_secure_transport"),
        ("sqlserver-se", "rds.force_ssl"),
        ("oracle-ee", ""),
    ],
)
def test_each_engine_forces_tls_by_its_own_parameter(engine: str, parameter: str) -> None:
    groups = [{"DBParameterGroupName": "own", "ParameterApplyStatus": "in-sync"}]
    row = server("one", Engine=engine, DBParameterGroups=groups)
    parameters = [{"ParameterName": parameter, "ParameterValue": "1"}] if parameter else []
    answers = {"DescribeDBInstances": {"DBInstances": [row]}, "DescribeDBParameters": {"Parameters": parameters}}
    (found,) = see(observe_databases, answers)
    assert (found.tls_parameter, found.forces_tls) == (parameter, "1" if parameter else "")


def test_what_is_without_its_arn_is_named_by_its_identifier() -> None:
    (old,) = see(observe_databases, {"DescribeDBInstances": {"DBInstances": [without(server("old"), "DBInstanceArn")]}})
    with pytest.raises(Undetermined, match="does not state its DBInstanceArn"):
        _ = old.engine
    assert old.subject == "old"


def test_what_can_be_looked_at_without_its_name_is_unread_all_the_same() -> None:
    listed = {"SecretList": [{"Name": "nameless"}, {"ARN": "arn:secret", "RotationEnabled": True}]}
    nameless, other = see(observe_secrets, {"ListSecrets": listed})
    assert (nameless.subject, other.subject, other.rotates) == ("nameless", "arn:secret", True)
    with pytest.raises(Undetermined, match="secretsmanager ListSecrets does not state its ARN"):
        _ = nameless.rotates


def test_a_row_in_which_something_is_looked_for_in_vain_does_not_end_the_list() -> None:
    def look(row: dict[str, str]) -> ImageRepository:
        return ImageRepository(
            subject=next(value for name, value in row.items() if name == "arn"), mutability="", scanned=""
        )

    odd, whole = map(apart(ImageRepository, look, "name"), ({"name": "odd"}, {"arn": "whole"}))
    assert (odd.subject, whole.subject) == ("odd", "whole")
    with pytest.raises(Undetermined, match="was not understood: StopIteration"):
        _ = odd.mutability


def test_a_kind_with_a_nameless_fact_among_it_is_unread() -> None:
    def observe(account: Account) -> Iterator[ImageRepository]:
        for row in account.list("ecr", "DescribeRepositories", "repositories"):
            yield ImageRepository(subject=row["repositoryArn"], mutability="MUTABLE", scanned="")

    facts = see(
        observe_all,
        {"DescribeRepositories": {"repositories": [{"repositoryName": "news"}]}},
        {observe: (ImageRepository,)},
    )
    assert not facts.known
    assert "ecr DescribeRepositories does not state its repositoryArn" in facts.why_unreadable(ImageRepository)


def test_a_lone_instance_reaches_back_as_its_automated_backup_says() -> None:
    window = {
        "EarliestTime": datetime(2025, 12, 20, 0, 0, 1, tzinfo=UTC),
        "LatestTime": datetime(2026, 1, 1, tzinfo=UTC),
    }
    kept = {"DBInstanceAutomatedBackups": [{"DBInstanceArn": f"{RDS}:db:old", "RestoreWindow": window}]}
    rows = {"DBInstances": [server("old"), server("new")]}
    old, new = see(observe_databases, {"DescribeDBInstances": rows, "DescribeDBInstanceAutomatedBackups": kept})
    assert (str(old.reaches_back), new.reaches_back) == ("287.9997 h", None)


def test_half_created_things_do_not_take_their_kind_away() -> None:
    groups = [{"TargetGroupArn": "arn:a", "LoadBalancerArns": ["arn:b"], "HealthCheckProtocol": "HTTP"}]
    (found,) = see(observe_target_groups, {"DescribeTargetGroups": {"TargetGroups": groups}})
    assert found.protocol == "HTTP"
    with pytest.raises(Undetermined, match="does not state its HealthCheckEnabled"):
        _ = found.checked
    classic = {"GroupId": "sg-1", "GroupName": "old", "IpPermissions": []}
    assert list(see(observe_security_groups, {"DescribeSecurityGroups": {"SecurityGroups": [classic]}})) == []
    (placed,) = see(observe_placements, {"DescribeDBInstances": {"DBInstances": [server("old")]}})
    with pytest.raises(Undetermined, match="stands in no subnet group"):
        _ = placed.public


@pytest.mark.parametrize(
    "use",
    [
        lambda it: it == "x", lambda it: it != "x", lambda it: it in ("x",), lambda it: "x" in it,
        bool, hash, len, list, int, str, lambda it: f"{it}", lambda it: it["x"], lambda it: it.lower(),
        lambda it: it < 1, lambda it: it > 1, lambda it: it + 1, lambda it: datetime.now(UTC) - it,
    ],
)  # fmt: skip
def test_nothing_can_be_concluded_from_what_is_missing(use: Callable[[Any], object]) -> None:
    (row,) = as_answer([{"a": {}}], "x Describe")
    with pytest.raises(Unreadable, match="x Describe does not state its b"):
        use(row["a"]["b"])


def test_a_call_is_not_made_about_what_is_missing() -> None:
    with account_answering({}) as account, pytest.raises(Unreadable, match="does not state its Id"):
        account.get("x", "Describe", Id=Missing("y does not state its Id"))


def test_policies_see_what_is_missing_as_a_value_that_nobody_knows() -> None:
    row = as_answer({"Name": "trail"}, "cloudtrail DescribeTrails")
    marked = _mark_unknown({"name": row["Name"], "multi": row["IsMultiRegionTrail"], "in": [{"it": row["X"]}]})
    assert marked["name"] == "trail"
    assert isinstance(marked["multi"], Unknown)
    assert isinstance(marked["in"][0]["it"], Unknown)


def test_an_instance_whose_cluster_is_not_known_may_belong_to_any() -> None:
    cluster = {"DBClusterArn": f"{RDS}:cluster:news", "DBClusterIdentifier": "news"}
    odd = without(server("old"), "DBInstanceArn")
    answers = {"DescribeDBClusters": {"DBClusters": [cluster]}, "DescribeDBInstances": {"DBInstances": [odd]}}
    facts = see(observe_all, answers, {observe_databases: (Database,)})
    assert DatabaseInstance.unread("x", "y").subject == "x"
    with pytest.raises(Undetermined):
        _ = facts.of(Database)[0].instances


# ── A malformed or partial resource beside a sound one costs only its own facts

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
    facts = see(observe_all, answers, {observer: (kind,)})
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
    facts = see(observe_all, answers, {observe_keys: (Key,), observe_key_policies: ()})
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
    found = {key.subject: key for key in see(observe_keys, {"ListKeys": listed, "DescribeKey": describe})}
    assert found[arns[1]].enabled
    with pytest.raises(Undetermined, match="access denied"):
        _ = found[arns[0]].enabled


def test_a_queue_that_is_gone_and_still_listed_is_no_queue() -> None:
    listed = {"QueueUrls": ["https://q/1", "https://q/2"]}
    assert see(list_queues, {"ListQueues": listed, "GetQueueAttributes": None}) == ()


def test_a_queue_of_which_sqs_states_no_arn_may_be_one_that_work_is_taken_from() -> None:
    answers = {
        "ListEnvironments": {"Environments": ["air"]},
        "GetEnvironment": {"Environment": {"ExecutionRoleArn": "arn:r"}},
        "ListQueues": {"QueueUrls": ["https://q/1"]},
    }
    facts = see(observe_all, answers, {observe_work_queues: (WorkQueue,)})
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
    assert {key.symmetric for key in see(observe_keys, answers)} == {True}


def test_a_cluster_without_its_arn_is_named_by_its_identifier_where_it_logs() -> None:
    facts = see(
        observe_all, {"DescribeDBClusters": {"DBClusters": CLUSTERS}}, {observe_component_logs: (ComponentLog,)}
    )
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
    facts = see(observe_all, answers, {observe_images: (DeployedImage,)})
    assert not facts.unreadable
    assert {fact.subject for fact in facts.known} == {"image of a container, not stated", "news/web:1"}


# ── A conclusion about several resources excludes only the malformed ones without other information

QUEUE = "arn:aws:sqs:ap-northeast-1:123456789012:dead"


def alarm(service: str, **stated: str) -> dict[str, Any]:
    dimensions = [{"Name": "ClusterName", "Value": "c"}, {"Name": "ServiceName", "Value": service}]
    return {
        "AlarmArn": f"arn:{service}", "AlarmName": service, "Dimensions": dimensions, "MetricName": "CPUUtilization",
        "Namespace": "AWS/ECS", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 80, "ActionsEnabled": True,
        "StateValue": "OK",
    } | stated  # fmt: skip


def test_an_alarm_on_an_unstated_metric_leaves_open_what_it_may_watch_and_nothing_else() -> None:
    odd = alarm("odd")
    del odd["Namespace"]
    answers = {
        "ListClusters": {"clusterArns": ["arn/c"]},
        "ListServices": {"serviceArns": ["arn/c/odd", "arn/c/watched", "arn/c/not"]},
        "DescribeAlarms": {"MetricAlarms": [odd, alarm("watched")]},
    }
    unknown, watched, not_watched = see(observe_watched_services, answers)
    assert (watched.high, not_watched.high) == ({"CPUUtilization"}, frozenset())
    with pytest.raises(Undetermined, match="cloudwatch DescribeAlarms does not state its Namespace"):
        _ = unknown.high


def dashboards(*bodies: str | None) -> dict[str, Any]:
    def body(asked: Mapping[str, str]) -> dict[str, Any]:
        found = bodies[int(asked["DashboardName"])]
        return {} if found is None else {"DashboardBody": found}

    entries = [{"DashboardName": str(number)} for number in range(len(bodies))]
    return {"ListDashboards": {"DashboardEntries": entries}, "GetDashboard": body}


def test_what_a_known_dashboard_shows_is_shown_whatever_stands_on_another() -> None:
    shown = '{"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/MWAA", "X", "Environment", "shown"]]}}]}'
    answers = dashboards(shown, None) | {"ListEnvironments": {"Environments": ["shown", "other"]}}
    with account_answering(answers) as account:
        found, open_ = observe_shown_components(account)
        seen: list[Dashboard] = list(observe_dashboards(account))
    assert (found.dashboards, seen[0].metrics, seen[1].subject) == (("0",), 1, "1")
    for look in (lambda: open_.dashboards, lambda: seen[1].metrics):
        with pytest.raises(Undetermined, match="cloudwatch GetDashboard does not state its DashboardBody"):
            look()


def test_a_rule_without_a_name_may_send_to_a_queue_that_nobody_knows_and_hides_no_other() -> None:
    attributes = {"QueueArn": QUEUE, "MessageRetentionPeriod": "60", "RedrivePolicy": ""}
    counts = dict.fromkeys(
        ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"),
        "0",
    )
    answers = {
        "ListQueues": {"QueueUrls": ["https://sqs/dead"]},
        "GetQueueAttributes": {"Attributes": attributes | counts},
        "ListRules": {"Rules": [{"Arn": "arn:odd"}, {"Arn": "arn:rule", "Name": "rule"}]},
        "ListTargetsByRule": {"Targets": [{"Arn": "arn:f", "Id": "1", "DeadLetterConfig": {"Arn": QUEUE}}]},
    }
    unknown, dead = see(observe_dead_letter_queues, answers)
    assert dead.sources == ("arn:rule",)
    assert unknown.subject == "where arn:odd sends what it can't deliver"


def test_a_plan_that_is_not_described_leaves_its_vaults_and_keys_open_and_no_others() -> None:
    rule = {"RuleName": "daily", "TargetBackupVaultName": "vault"}
    plans = {"known": {"BackupPlan": {"BackupPlanName": "known", "Rules": [rule]}}, "odd": {}}
    answers = {
        "ListBackupPlans": {"BackupPlansList": [{"BackupPlanId": id_, "BackupPlanArn": f"arn:{id_}"} for id_ in plans]},
        "GetBackupPlan": lambda asked: plans[asked["BackupPlanId"]],
        "ListBackupVaults": {"BackupVaultList": [{"BackupVaultName": "vault"}]},
        "DescribeBackupVault": {"BackupVaultName": "vault"},
        "ListKeys": {"Keys": [{"KeyId": "mine"}]},
        "DescribeKey": {
            "KeyMetadata": {"KeyManager": "CUSTOMER", "Arn": "arn:k", "KeySpec": "RSA_2048", "Origin": "x"}
        },
    }
    with account_answering(answers) as account:
        vault, unknown = observe_vaults(account)
        subjects = [one.subject for one in observe_keys(account)]
    assert vault.exists
    assert unknown.subject == "the vaults of arn:odd"
    assert subjects[-1] == "the keys where arn:odd copies to"
    assert "arn:k" in subjects


def test_a_service_of_which_nothing_is_described_is_there_all_the_same() -> None:
    answers = {
        "ListClusters": {"clusterArns": ["arn/c"]},
        "ListServices": {"serviceArns": ["arn/c/odd"]},
        "DescribeServices": {},
    }
    (images,) = see(observe_images, answers)
    assert images.subject == "the images of arn/c/odd"


def test_an_environment_that_is_not_described_is_named() -> None:
    (found,) = see(observe_airflow_environments, {"ListEnvironments": {"Environments": ["news"]}})
    assert found.subject == "news"


def test_what_is_deferred_raises_once_it_is_looked_into() -> None:
    answers = {"GetQueueAttributes": None, "ListQueues": {}}

    def choke(account: Account) -> Any:
        return json.loads(as_answer({}, "sqs ListQueues")["QueueUrls"])

    with account_answering(answers) as account:
        gone = account.defer(account.get, "sqs", "GetQueueAttributes", QueueUrl="x")
        odd = account.attempt(choke, account)
        with pytest.raises(ZeroDivisionError):
            account.defer(lambda: 1 // 0)
        with pytest.raises(TypeError):
            account.attempt(lambda: int([]))  # type: ignore[call-overload]
    assert isinstance(odd, Unread)
    with pytest.raises(Unreadable, match="a part of it does not exist, or no longer"):
        gone["Attributes"]
    with account_answering(answers) as account, pytest.raises(Absent):
        account.get("sqs", "GetQueueAttributes", QueueUrl="x")


# ── An omission is reported in a sentence, whatever failed on it, and costs the names of one site at most

NAMED = {"Aliases": {"Quantity": 1, "Items": ["a.example"]}}
WHOLE_SITE = {
    "ARN": "arn:whole", "Id": "E2", "DomainName": "d2.cloudfront.net", "IsIPV6Enabled": True, "Enabled": True,
    "PriceClass": "PriceClass_All", "Aliases": {"Quantity": 1, "Items": ["b.example"]}, "Origins": {"Items": []},
}  # fmt: skip
ZONE = {"HostedZones": [{"Id": "Z1", "Name": "example.", "Config": {"PrivateZone": False}}]}
RECORD = {"Name": "a.example.", "Type": "A", "AliasTarget": {"DNSName": "d1.cloudfront.net."}}


def site_names(half: dict[str, Any]) -> dict[str, SiteName]:
    answers = {
        "ListDistributions": {"DistributionList": {"Items": [half, WHOLE_SITE]}},
        "ListHostedZones": ZONE,
        "ListResourceRecordSets": {"ResourceRecordSets": [RECORD]},
    }
    facts = see(observe_all, answers, {observe_site_names: (SiteName,)})
    assert not facts.unreadable
    return {fact.subject: fact for fact in facts.of(SiteName)}


@pytest.mark.parametrize("missing", ["DomainName", "IsIPV6Enabled"])
def test_a_distribution_that_says_little_costs_its_own_names(missing: str) -> None:
    stated = {**WHOLE_SITE, "ARN": "arn:half", **NAMED}
    found = site_names({name: value for name, value in stated.items() if name != missing})
    assert found["b.example"].served_by == "d2.cloudfront.net"
    with pytest.raises(Undetermined, match=f"does not state its {missing}"):
        _ = found["a.example"].served_by


def test_a_name_that_an_unread_distribution_may_serve_is_not_called_unserved() -> None:
    found = site_names({"Id": "E1", **NAMED})
    assert found["b.example"].served_by == "d2.cloudfront.net"
    for subject in ("names of E1", "a.example"):
        with pytest.raises(Undetermined, match="does not state its ARN"):
            _ = found[subject].served_by


def test_a_cluster_that_states_no_port_leaves_open_what_listens() -> None:
    group = {"GroupId": "sg-1", "GroupName": "data", "VpcId": "vpc-1", "IpPermissions": [], "IpPermissionsEgress": []}
    cluster = {"Endpoint": "news.cluster.example", "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}]}
    answers = {
        "DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "IsDefault": False}]},
        "DescribeSecurityGroups": {"SecurityGroups": [group]},
        "DescribeDBClusters": {"DBClusters": [cluster]},
    }
    facts = see(observe_all, answers, {observe_security_groups: (SecurityGroup,)})
    (seen,) = facts.of(SecurityGroup)
    assert seen.ways_in == ()
    with pytest.raises(Undetermined, match="rds DescribeDBClusters does not state its Port"):
        _ = seen.listens


def test_an_observer_that_chokes_on_what_is_left_out_says_what_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    def look(account: Account) -> Iterator[SiteName]:
        yield SiteName.unread(json.loads(account.get("kms", "GetKeyPolicy")["Policy"]), "")

    def choke(account: Account) -> Iterator[SiteName]:
        yield SiteName.unread(json.loads(account.get("kms", "GetKeyPolicy")), "")

    with account_answering({}) as account:
        left_out = observe_all(account, {look: (SiteName,)}).unreadable[SiteName]
        bug = observe_all(account, {choke: (SiteName,)}).unreadable[SiteName]
    assert left_out == "kms GetKeyPolicy does not state its Policy"
    assert bug.startswith("choke failed: TypeError")
    assert "Traceback" in capfd.readouterr().err


TRAIL = {
    "Name": "all", "TrailARN": "arn:aws:cloudtrail:us-east-1:1:trail/all", "HomeRegion": "us-east-1",
    "IsMultiRegionTrail": True, "LogFileValidationEnabled": True, "IncludeGlobalServiceEvents": True,
}  # fmt: skip


def test_what_watches_is_judged_beside_a_trail_that_is_not_found_in_its_home() -> None:
    homes: list[str] = []

    def not_found(asked: Mapping[str, Any]) -> None:
        homes.append(asked["TrailName"])

    answers = {
        "DescribeTrails": {"trailList": [TRAIL]},
        "GetTrailStatus": {"IsLogging": True, "LatestDeliveryTime": 1},
        "GetEventSelectors": not_found,
        "ListDetectors": {"DetectorIds": ["d"]},
        "GetDetector": {"Status": "ENABLED"},
        "DescribeHub": None,
    }
    facts = see(observe_all, answers, {observe_watchers: (WatcherResource,)})
    found = {fact.type: fact.values for fact in facts.of(WatcherResource)}
    assert found["aws_guardduty_detector"]["enable"] is True
    assert found["aws_cloudtrail"]["enable_logging"] is True
    assert found["aws_cloudtrail"]["event_selector"].reason.startswith("cloudtrail in us-east-1: does not find a trail")
    assert homes == [TRAIL["TrailARN"]]


@pytest.mark.parametrize(
    ("listed", "status"),
    [
        ([], "guardduty GetDetector does not state this feature, which is declared"),
        (
            [{"Name": "EBS_MALWARE_PROTECTION", "Status": "ENABLED"}],
            "guardduty GetDetector does not state this feature",
        ),
        ([{"Name": "S3_DATA_EVENTS", "Status": "DISABLED"}], ""),
    ],
)
def test_a_declared_feature_of_a_detector_is_judged_whether_it_is_listed_or_not(
    listed: list[Mapping[str, str]], status: str
) -> None:
    declared = {"aws_guardduty_detector_feature": {"aws_guardduty_detector_feature.s3": {"name": "S3_DATA_EVENTS"}}}
    answers = {"ListDetectors": {"DetectorIds": ["d"]}, "GetDetector": {"Status": "ENABLED", "Features": listed}}
    facts = see(
        observe_all, {**answers, "DescribeHub": None}, {observe_watchers: (WatcherResource,)}, declared=declared
    )
    (feature,) = make_configuration(facts, WatcherResource).of("aws_guardduty_detector_feature")
    if not status:
        assert feature.text("status") == "DISABLED"
        return
    with pytest.raises(Unresolved, match=status):
        feature.text("status")


def test_what_is_odd_of_one_thing_that_is_stated_as_terraform_would_is_a_value_that_nobody_knows() -> None:
    half = {"name": "half"}
    whole = {"name": "whole", "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}}
    answers = {
        "DescribeConfigurationRecorders": {"ConfigurationRecorders": [{"roleARN": "arn:role"}, whole]},
        "DescribeConfigurationRecorderStatus": {"ConfigurationRecordersStatus": [half, {**whole, "recording": True}]},
        "DescribeDeliveryChannels": {"DeliveryChannels": [{"name": "c", "s3BucketName": "logs"}]},
        "DescribeHub": None,
    }
    facts = see(observe_all, answers, {observe_watchers: (WatcherResource,)})
    assert not facts.unreadable
    seen = {resource.address: resource for resource in make_configuration(facts, WatcherResource).resources}
    assert seen["whole"].block("recording_group").flag("all_supported") is True
    assert seen["whole status"].flag("is_enabled") is True
    for odd, member in (("something without name", "name"), ("half", "recording")):
        with pytest.raises(Unresolved, match=f"does not state its {member}"):
            seen[odd].flag("is_enabled")
