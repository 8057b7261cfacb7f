"""What is odd about one resource costs the fact about it, or a field of that, and is told in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.aws.account import Account
from prodgate.aws.answers import Missing, Unreadable, as_answer
from prodgate.facts.live.databases import Database, DatabaseInstance, observe_databases
from prodgate.facts.live.deployments import observe_target_groups
from prodgate.facts.live.images import ImageRepository
from prodgate.facts.live.placements import observe_placements
from prodgate.facts.live.secrets import observe_secrets
from prodgate.facts.live.security_groups import observe_security_groups
from prodgate.facts.observers import apart, observe_all
from prodgate.findings import Undetermined
from prodgate.layers.live.policies import _mark_unknown
from prodgate.semantics.unresolved import Unknown

from .stated_account import ACCOUNT, REGION, account_answering

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


def test_a_member_that_is_missing_costs_a_field_of_its_own_resource() -> None:
    odd = without(server("old"), "DBInstanceClass", "PubliclyAccessible", "StorageEncrypted")
    with account_answering({"DescribeDBInstances": {"DBInstances": [odd, server("new")]}}) as account:
        facts = observe_all(account, {observe_databases: (Database,)})
    assert not facts.unreadable
    old, new = facts.of(Database)
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
    with account_answering({"DescribeDBInstances": {"DBInstances": [odd, server("new")]}}) as account:
        facts = observe_all(account, {observe_databases: (Database,)})
    assert not facts.unreadable
    old, new = facts.of(Database)
    assert (old.subject, new.deletion_protected) == (subject, True)
    with pytest.raises(Undetermined, match=why):
        _ = old.retention


def test_what_is_without_its_arn_is_named_by_its_identifier() -> None:
    with account_answering({"DescribeDBInstances": {"DBInstances": [without(server("old"), "DBInstanceArn")]}}) as aws:
        (old,) = observe_databases(aws)
    with pytest.raises(Undetermined, match="does not state its DBInstanceArn"):
        _ = old.engine
    assert old.subject == "old"


def test_what_can_be_looked_at_without_its_name_is_unread_all_the_same() -> None:
    listed = {"SecretList": [{"Name": "nameless"}, {"ARN": "arn:secret", "RotationEnabled": True}]}
    with account_answering({"ListSecrets": listed}) as account:
        nameless, other = observe_secrets(account)
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

    with account_answering({"DescribeRepositories": {"repositories": [{"repositoryName": "news"}]}}) as account:
        facts = observe_all(account, {observe: (ImageRepository,)})
    assert not facts.known
    assert "ecr DescribeRepositories does not state its repositoryArn" in facts.why_unreadable(ImageRepository)


def test_a_lone_instance_reaches_back_as_its_automated_backup_says() -> None:
    window = {"EarliestTime": datetime(2025, 12, 20, tzinfo=UTC), "LatestTime": datetime(2026, 1, 1, tzinfo=UTC)}
    kept = {"DBInstanceAutomatedBackups": [{"DBInstanceArn": f"{RDS}:db:old", "RestoreWindow": window}]}
    rows = {"DBInstances": [server("old"), server("new")]}
    with account_answering({"DescribeDBInstances": rows, "DescribeDBInstanceAutomatedBackups": kept}) as account:
        old, new = observe_databases(account)
    assert (str(old.reaches_back), new.reaches_back) == ("288 h", None)


def test_half_created_things_do_not_take_their_kind_away() -> None:
    groups = [{"TargetGroupArn": "arn:a", "LoadBalancerArns": ["arn:b"], "HealthCheckProtocol": "HTTP"}]
    with account_answering({"DescribeTargetGroups": {"TargetGroups": groups}}) as account:
        (found,) = observe_target_groups(account)
    assert found.protocol == "HTTP"
    with pytest.raises(Undetermined, match="does not state its HealthCheckEnabled"):
        _ = found.checked
    classic = {"GroupId": "sg-1", "GroupName": "old", "IpPermissions": []}
    with account_answering({"DescribeSecurityGroups": {"SecurityGroups": [classic]}}) as account:
        assert list(observe_security_groups(account)) == []
    with account_answering({"DescribeDBInstances": {"DBInstances": [server("old")]}}) as account:
        (placed,) = observe_placements(account)
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
    with account_answering(answers) as account:
        facts = observe_all(account, {observe_databases: (Database,)})
    assert DatabaseInstance.unread("x", "y").subject == "x"
    with pytest.raises(Undetermined):
        _ = facts.of(Database)[0].instances
