"""What counts as saved and as restored, in answers that the rehearsal account never gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.aws.account import Account
from prodgate.aws.answers import Unreadable
from prodgate.facts.live.backup_selections import selects
from prodgate.facts.live.backups import observe_vaults
from prodgate.facts.live.database_backups import DatabaseBackups, observe_database_backups
from prodgate.facts.live.databases import Database, observe_databases
from prodgate.facts.live.plain_text import observe_tasks
from prodgate.findings import Undetermined
from prodgate.semantics.schedules import runs_daily

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ARN = "arn:aws:rds:ap-northeast-1:123456789012:cluster:news"
PLAN = "arn:aws:backup:ap-northeast-1:123456789012:restore-testing-plan:weekly"
CLUSTER: Mapping[str, Any] = {
    "DBClusterArn": ARN,
    "DBClusterIdentifier": "news",
    "Engine": "aurora-postgresql",
    "EngineMode": "provisioned",
    "DBClusterMembers": [],
    "DBClusterParameterGroup": "news",
    "ClusterCreateTime": NOW - timedelta(days=90),
    "EarliestRestorableTime": NOW - timedelta(days=30),
    "LatestRestorableTime": NOW - timedelta(minutes=5),
    "StorageEncrypted": True,
    "BackupRetentionPeriod": 30,
    "DeletionProtection": True,
    "TagList": [],
}
RULE = {"TargetBackupVaultName": "main", "ScheduleExpression": "cron(0 5 * * ? *)"}
HEALTHY: Mapping[str, Any] = {
    "DescribeDBClusters": {"DBClusters": [CLUSTER]},
    "DescribeDBInstances": {"DBInstances": []},
    "DescribeDBClusterParameters": {"Parameters": []},
    "ListBackupPlans": {"BackupPlansList": [{"BackupPlanId": "1", "BackupPlanArn": "arn:plan"}]},
    "GetBackupPlan": {"BackupPlan": {"BackupPlanName": "news", "Rules": [RULE]}},
    "ListBackupSelections": {"BackupSelectionsList": [{"SelectionId": "1"}]},
    "GetBackupSelection": {"BackupSelection": {"Resources": [ARN]}},
    "ListRecoveryPointsByBackupVault": {"RecoveryPoints": []},
    "ListRestoreTestingPlans": {
        "RestoreTestingPlans": [{"RestoreTestingPlanName": "weekly", "RestoreTestingPlanArn": PLAN}]
    },
    "ListRestoreTestingSelections": {"RestoreTestingSelections": [{"RestoreTestingSelectionName": "db"}]},
    "GetRestoreTestingSelection": {
        "RestoreTestingSelection": {"ProtectedResourceType": "Aurora", "ProtectedResourceArns": [ARN]}
    },
    "ListRestoreJobs": {"RestoreJobs": []},
}


class Answers:
    """Answers operations with what was given, or raises it."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = {"ListBackupVaults": {"BackupVaultList": []}, **HEALTHY, **given}

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        answer = self.given[operation]
        if isinstance(answer, Exception):
            raise answer
        return [answer]


@contextmanager
def account(**given: Any) -> Iterator[Account]:
    with ThreadPoolExecutor(2, thread_name_prefix="calls") as pool:
        yield Account(
            id="123456789012",
            region="ap-northeast-1",
            now=NOW,
            calls=Answers(given),
            pool=pool,
            declared=lambda _: {},
            files=lambda _: {},
        )


def backups(**given: Any) -> DatabaseBackups:
    with account(**given) as seen:
        (found,) = observe_database_backups(seen)
        return found


def point(status: str, age: timedelta) -> dict[str, Any]:
    return {"RecoveryPointArn": "arn:point", "Status": status, "CreationDate": NOW - age, "IsEncrypted": True}


def job(**stated: Any) -> dict[str, Any]:
    made = {"SourceResourceArn": ARN, "CreationDate": NOW - timedelta(days=2), "Status": "COMPLETED"}
    return {"ListRestoreJobs": {"RestoreJobs": [{**made, "CompletionDate": NOW - timedelta(days=2), **stated}]}}


def test_a_recovery_point_counts_once_it_can_be_restored() -> None:
    points = [point("COMPLETED", timedelta(hours=30)), point("CREATING", timedelta(hours=1)),
              point("EXPIRED", timedelta(hours=2)), point("PARTIAL", timedelta(hours=3))]  # fmt: skip
    found = backups(ListRecoveryPointsByBackupVault={"RecoveryPoints": points}).newest
    assert found is not None
    assert str(found.age) == "30 h"


def test_a_continuous_one_reaches_as_far_as_the_database() -> None:
    points = [point("AVAILABLE", timedelta(days=90))]
    found = backups(ListRecoveryPointsByBackupVault={"RecoveryPoints": points}).newest
    assert found is not None
    assert str(found.age) == "0.08 h"


def test_restores_of_others_and_those_that_still_run_say_nothing() -> None:
    assert backups(**job(SourceResourceArn=ARN + "2")).last is None
    assert backups(**job(Status="RUNNING")).last is None


@pytest.mark.parametrize(
    ("status", "validation"), [("COMPLETED", "FAILED"), ("COMPLETED", "TIMED_OUT"), ("FAILED", ""), ("COMPLETED", "")]
)
def test_a_restore_succeeds_only_with_a_validation(status: str, validation: str) -> None:
    found = backups(**job(Status=status, ValidationStatus=validation))
    assert found.last is not None
    assert found.success is None


@pytest.mark.parametrize(
    ("said", "took"),
    [
        ("", None),
        ("all is well", None),
        ("the first query was answered at 2000-01-01T00:00:00Z", None),
        ("the first query was answered at 2026-06-31T00:00:00Z", None),
        (None, None),
        (f"answered at {NOW - timedelta(days=1, hours=23):%Y-%m-%dT%H:%M:%SZ}", "1 h"),
        (f"{(NOW - timedelta(days=1, hours=22)).isoformat()} 3 rows", "2 h"),
    ],
)
def test_a_cluster_is_restored_once_it_answers(said: str | None, took: str | None) -> None:
    """AWS Backup is done before the cluster has an instance; only the validation knows when it was of use."""
    found = backups(**job(ValidationStatus="SUCCESSFUL", ValidationStatusMessage=said)).success
    assert found is not None
    assert (found.took and str(found.took)) == took


def test_what_is_denied_is_undetermined_for_its_own_questions_only() -> None:
    found = backups(ListRestoreJobs=Unreadable("denied"))
    assert found.plans
    assert found.newest is None
    with pytest.raises(Undetermined):
        assert found.last
    with pytest.raises(Undetermined):
        assert found.success


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        ({"Resources": [ARN]}, True),
        ({"Resources": ["arn:aws:rds:*"]}, True),
        ({"Resources": ["*"], "NotResources": [ARN]}, False),
        ({"Resources": ["arn:aws:s3:::news"]}, False),
        ({"ListOfTags": [{"ConditionKey": "Backup", "ConditionValue": "daily"}]}, True),
        ({"ListOfTags": [{"ConditionKey": "Backup", "ConditionValue": "weekly"}]}, False),
        ({"Resources": ["*"], "Conditions": {"StringEquals": [
            {"ConditionKey": "aws:ResourceTag/Backup", "ConditionValue": "weekly"}]}}, False),
        ({"Resources": ["*"], "Conditions": {"StringNotLike": [
            {"ConditionKey": "aws:ResourceTag/Backup", "ConditionValue": "dai*"}]}}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_a_selection_finds_a_database(selection: Mapping[str, Any], found: bool) -> None:
    assert selects(selection, ARN, {"Backup": "daily"}) is found


@pytest.mark.parametrize(
    "selection",
    [
        {"ProtectedResourceType": "S3", "ProtectedResourceArns": ["*"]},
        {"ProtectedResourceType": "Aurora", "ProtectedResourceArns": [ARN + "2"]},
        {"ProtectedResourceType": "Aurora"},
    ],
)
def test_a_restore_testing_plan_of_something_else_does_not_count(selection: Mapping[str, Any]) -> None:
    assert backups().testing_plans == ("weekly",)
    assert backups(GetRestoreTestingSelection={"RestoreTestingSelection": selection}).testing_plans == ()


def databases(**given: Any) -> tuple[Database, ...]:
    with account(**given) as seen:
        return tuple(observe_databases(seen))


def test_what_a_restore_test_made_is_no_database_of_the_system() -> None:
    made = {**CLUSTER, "TagList": [{"Key": "awsbackup-restore-test", "Value": "1"}]}
    assert databases(DescribeDBClusters={"DBClusters": [made]}) == ()


def test_an_instance_of_its_own_is_a_database() -> None:
    alone = {
        "DBInstanceArn": "arn:aws:rds:ap-northeast-1:123456789012:db:old", "DBInstanceClass": "db.t3.micro",
        "PubliclyAccessible": True, "Engine": "mysql", "StorageEncrypted": False, "BackupRetentionPeriod": 0,
        "DeletionProtection": False, "DBParameterGroups": [], "InstanceCreateTime": NOW,
    }  # fmt: skip
    nothing_kept = {"DescribeDBInstanceAutomatedBackups": {"DBInstanceAutomatedBackups": []}}
    rows = {"DescribeDBClusters": {"DBClusters": []}, "DescribeDBInstances": {"DBInstances": [alone]}}
    found = databases(**rows, **nothing_kept)
    assert [(one.engine, one.least, one.encrypted, one.master_secret) for one in found] == [("mysql", None, False, "")]


@pytest.mark.parametrize(("schedule", "daily"), [
    ("cron(0 5 * * ? *)", True), ("cron(0 5 ? * * *)", True), ("rate(1 day)", True), ("rate(6 hours)", True),
    ("rate(2 days)", False), ("cron(0 5 ? * MON *)", False), ("cron(0 5 1 * ? *)", False), ("", False),
])  # fmt: skip
def test_what_runs_every_day(schedule: str, daily: bool) -> None:
    assert runs_daily(schedule) is daily


def test_a_task_is_judged_by_all_that_it_is_handed() -> None:
    container = {
        "name": "api",
        "environment": [{"name": "DB_PASSWORD", "value": "correct-horse"}, {"name": "LOG_LEVEL", "value": "info"}],
        "command": ["serve", "--token=hunter2"],
        "dockerLabels": {"api-key": "4f6d1c2b"},
        "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:ap-northeast-1:123456789012:parameter/key"}],
    }
    task = {"taskDefinitionArn": "arn:task:1", "containerDefinitions": [container]}
    given = {
        "ListTaskDefinitionFamilies": {"families": ["api"]},
        "ListClusters": {"clusterArns": []},
        "DescribeTaskDefinition": {"taskDefinition": task},
    }
    with account(**given) as seen:
        (found,) = observe_tasks(seen)
    assert [each.split()[0] for each in found.plain] == ["DB_PASSWORD", "api-key", "token"]
    assert found.references == ("arn:aws:ssm:ap-northeast-1:123456789012:parameter/key",)


def test_a_vault_that_is_gone_is_seen() -> None:
    with account(ListBackupVaults={"BackupVaultList": []}) as seen:
        (found,) = observe_vaults(seen)
    assert not found.exists
