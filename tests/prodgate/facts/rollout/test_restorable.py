"""To which moment a database could go back: a cluster, or an instance of RDS that belongs to none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from prodgate.aws.answers import Unreadable
from prodgate.facts.rollout.migration_runs import MigrationRuns, Run
from prodgate.facts.rollout.restorable import RestorablePoint, read_restorable, restorable_facts
from prodgate.findings import NotObserved
from tests.prodgate.facts.live.stated_account import account_answering

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNS = MigrationRuns(
    subject="shop-migration",
    runs=(Run(task="1", began=NOW - timedelta(minutes=10), ended=NOW - timedelta(minutes=9), failure=""),),
)
INSTANCE: Mapping[str, Any] = {
    "DBInstanceArn": "arn:aws:rds:ap-northeast-1:123456789012:db:shop",
    "DBInstanceIdentifier": "shop",
    "DbiResourceId": "db-NEW",
    "LatestRestorableTime": NOW - timedelta(minutes=4),
    "TagList": [],
}
WINDOW = {"EarliestTime": NOW - timedelta(days=30), "LatestTime": NOW - timedelta(minutes=4)}
BACKUP: Mapping[str, Any] = {"DbiResourceId": "db-NEW", "Status": "active", "RestoreWindow": WINDOW}


def snapshot(minutes: float, **more: Any) -> dict[str, Any]:
    made = {"DBSnapshotIdentifier": f"before-{minutes:g}", "SnapshotCreateTime": NOW - timedelta(minutes=minutes)}
    return {**made, "DbiResourceId": "db-NEW", "Status": "available", "SnapshotType": "manual", **more}


def answers(**changes: Any) -> dict[str, Any]:
    return {
        "DescribeDBClusters": {"DBClusters": []},
        "DescribeDBInstances": {"DBInstances": [INSTANCE]},
        "DescribeDBSnapshots": {"DBSnapshots": [snapshot(40)]},
        "DescribeDBInstanceAutomatedBackups": {"DBInstanceAutomatedBackups": [BACKUP]},
        **changes,
    }


def point(stated: Mapping[str, Any], name: str = "") -> RestorablePoint:
    with account_answering(stated) as account:
        (found,) = restorable_facts(read_restorable(account, name), [], RUNS)
    return found


def test_an_instance_without_a_cluster_is_restorable_from_its_own_backups() -> None:
    found = point(answers())
    assert found.subject == INSTANCE["DBInstanceArn"]
    assert (found.snapshot, str(found.snapshot_age), str(found.age)) == ("before-40", "1800 s", "0 s")


@pytest.mark.parametrize(
    "row",
    [
        snapshot(5),  # after the migration began
        snapshot(40, Status="creating"),
        snapshot(40, SnapshotType="automated"),
        snapshot(40, DbiResourceId="db-OLD"),  # of a deleted instance that had the same name
    ],
)
def test_a_snapshot_that_helps_nobody_is_none(row: dict[str, Any]) -> None:
    found = point(answers(DescribeDBSnapshots={"DBSnapshots": [row]}))
    assert (found.snapshot, found.snapshot_age) == ("", None)


@pytest.mark.parametrize("changes", [{"Status": "retained"}, {"DbiResourceId": "db-OLD"}, {"RestoreWindow": {}}])
def test_backups_of_another_instance_reach_back_to_nothing(changes: dict[str, Any]) -> None:
    stated = answers(DescribeDBInstanceAutomatedBackups={"DBInstanceAutomatedBackups": [{**BACKUP, **changes}]})
    with pytest.raises(NotObserved, match="RDS names no restorable time of it"):
        point(stated).age  # noqa: B018  a field that raises


def test_backups_that_stopped_are_as_old_as_their_last_moment() -> None:
    stopped = {**INSTANCE, "LatestRestorableTime": NOW - timedelta(hours=3)}
    assert str(point(answers(DescribeDBInstances={"DBInstances": [stopped]})).age) == "10200 s"


def test_members_of_a_cluster_and_restore_tests_are_no_databases_of_their_own() -> None:
    member = {**INSTANCE, "DBInstanceIdentifier": "member", "DBClusterIdentifier": "news"}
    tried = {**INSTANCE, "DBInstanceIdentifier": "tried", "TagList": [{"Key": "awsbackup-restore-test", "Value": "1"}]}
    assert point(answers(DescribeDBInstances={"DBInstances": [member, tried, INSTANCE]})).snapshot == "before-40"


def test_of_several_databases_one_must_be_named() -> None:
    cluster = {"DBClusterArn": "arn:news", "DBClusterIdentifier": "news", "TagList": []}
    stated = answers(DescribeDBClusters={"DBClusters": [cluster]})
    with pytest.raises(Unreadable, match=r"these databases: news, shop; write \[rollout.migrations\] cluster ="):
        point(stated)
    assert point(stated, "shop").snapshot == "before-40"


@pytest.mark.parametrize(
    ("operation", "method"),
    [
        ("DescribeDBSnapshots", "describe_db_snapshots"),
        ("DescribeDBInstanceAutomatedBackups", "describe_db_instance_automated_backups"),
        ("DescribeDBInstances", "describe_db_instances"),
    ],
)
def test_the_answers_here_have_the_shape_of_rds(operation: str, method: str) -> None:
    client = boto3.client("rds", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubbed:
        stubbed.add_response(method, answers()[operation])
        getattr(client, method)()
