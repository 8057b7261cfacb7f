"""When a database counts as saved, locked and restored, in responses that the rehearsal account never gives."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.live.databases import (
    BackupVault,
    DatabaseBackups,
    observe_database_backups,
    observe_databases,
    observe_vaults,
    selects,
)
from prodgate.facts.live.ecs_services import observe_tasks
from prodgate.findings import Undetermined
from prodgate.semantics.aws_settings import longest_pause

from .stated_account import ACCOUNT, see

# ── When data counts as saved and as restored, in responses that the rehearsal account never gives

NOW = datetime(2026, 1, 1, tzinfo=UTC)
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
HEALTHY: dict[str, Any] = {
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


def backups(**given: Any) -> DatabaseBackups:
    (found,) = see(observe_database_backups, HEALTHY | given)
    return found


def point(status: str, age: timedelta) -> dict[str, Any]:
    return {"RecoveryPointArn": "arn:point", "Status": status, "CreationDate": NOW - age, "IsEncrypted": True}


def job(**stated: Any) -> dict[str, Any]:
    made = {"SourceResourceArn": ARN, "CreationDate": NOW - timedelta(days=2), "Status": "COMPLETED"}
    return {"ListRestoreJobs": {"RestoreJobs": [{**made, "CompletionDate": NOW - timedelta(days=2), **stated}]}}


@pytest.mark.parametrize(
    ("points", "age"),
    [
        ([("COMPLETED", 30), ("CREATING", 1), ("EXPIRED", 2), ("PARTIAL", 3)], "30 h"),
        ([("AVAILABLE", 90 * 24)], "0.0834 h"),
    ],
    ids=["once it can be restored", "continuous: as far as the database"],
)
def test_a_recovery_point_counts(points: list[tuple[str, int]], age: str) -> None:
    made = [point(status, timedelta(hours=hours)) for status, hours in points]
    found = backups(ListRecoveryPointsByBackupVault={"RecoveryPoints": made}).newest
    assert str(found.age) == age


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


def test_what_a_restore_test_made_is_no_database_of_the_system() -> None:
    made = {**CLUSTER, "TagList": [{"Key": "awsbackup-restore-test", "Value": "1"}]}
    assert see(observe_databases, HEALTHY | {"DescribeDBClusters": {"DBClusters": [made]}}) == []


def test_an_instance_of_its_own_is_a_database() -> None:
    alone = {
        "DBInstanceArn": "arn:aws:rds:ap-northeast-1:123456789012:db:old", "DBInstanceClass": "db.t3.micro",
        "PubliclyAccessible": True, "Engine": "mysql", "StorageEncrypted": False, "BackupRetentionPeriod": 0,
        "DeletionProtection": False, "DBParameterGroups": [], "InstanceCreateTime": NOW,
    }  # fmt: skip
    nothing_kept = {"DescribeDBInstanceAutomatedBackups": {"DBInstanceAutomatedBackups": []}}
    rows = {"DescribeDBClusters": {"DBClusters": []}, "DescribeDBInstances": {"DBInstances": [alone]}}
    found = see(observe_databases, rows | nothing_kept)
    assert [(one.engine, one.least, one.encrypted, one.master_secret) for one in found] == [("mysql", None, False, "")]


@pytest.mark.parametrize(("schedule", "days"), [
    ("cron(0 5 * * ? *)", 1), ("cron(0 5 ? * * *)", 1), ("rate(1 day)", 1), ("rate(6 hours)", 1), ("rate(25 hours)", 2),
    ("cron(0 5 ? * MON *)", 7), ("cron(0 5 1 * ? *)", 31), ("cron(0 5 1 1 ? *)", 366), ("cron(0 5 * * ? 2027)", 366),
    ("", 366), ("rate(often)", 366),
])  # fmt: skip
def test_how_long_a_schedule_pauses(schedule: str, days: int) -> None:
    assert longest_pause(schedule) == days


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
    (found,) = see(observe_tasks, given)
    assert [each.split()[0] for each in found.plain] == ["DB_PASSWORD", "api-key", "token"]
    assert found.references == ("arn:aws:ssm:ap-northeast-1:123456789012:parameter/key",)


def test_a_vault_that_is_gone_is_seen() -> None:
    (found,) = see(observe_vaults, HEALTHY | {"ListBackupVaults": {"BackupVaultList": []}})
    assert not found.exists


# ── A lock of a vault protects once it is permanent, and a copy counts once it has arrived

COPY = f"arn:aws:backup:ap-northeast-3:{ACCOUNT}:backup-vault:copy"
COPYING = {"TargetBackupVaultName": "main", "CopyActions": [{"DestinationBackupVaultArn": COPY}]}


def answers(vault: dict[str, Any], **given: Any) -> dict[str, Any]:
    return HEALTHY | {
        "GetBackupPlan": {"BackupPlan": {"BackupPlanName": "p", "Rules": [COPYING]}},
        "ListBackupVaults": {"BackupVaultList": [{"BackupVaultName": "main"}, {"BackupVaultName": "copy"}]},
        "DescribeBackupVault": {"MinRetentionDays": 14, **vault},
        **given,
    }


def main_vault(**vault: Any) -> BackupVault:
    return next(one for one in see(observe_vaults, answers(vault)) if one.subject.endswith("main"))


@pytest.mark.parametrize(
    ("vault", "locked", "final"),
    [
        ({"Locked": True, "LockDate": NOW - timedelta(days=1)}, True, True),
        ({"Locked": True, "LockDate": NOW + timedelta(days=1)}, True, False),
        ({"Locked": True}, True, False),
        ({"Locked": False}, False, False),
    ],
)
def test_a_lock_is_final_once_its_date_has_come(vault: dict[str, Any], locked: bool, final: bool) -> None:
    seen = main_vault(**vault)
    assert (seen.locked, seen.final) == (locked, final)


@pytest.mark.parametrize(
    ("status", "arrived"), [("COMPLETED", {COPY}), ("PARTIAL", set()), ("EXPIRED", set()), ("CREATING", set())]
)
def test_a_copy_counts_once_it_is_complete(status: str, arrived: set[str]) -> None:
    row = {"RecoveryPointArn": "arn:point", "Status": status, "CreationDate": NOW, "IsEncrypted": True}
    held = lambda asked: {"RecoveryPoints": [row] if asked["BackupVaultName"] == "copy" else []}  # noqa: E731
    (found,) = see(observe_database_backups, answers({}, ListRecoveryPointsByBackupVault=held))
    assert (found.copies_to, {*found.copies}) == ({COPY}, arrived)


def test_nothing_arrives_in_a_vault_that_does_not_exist() -> None:
    gone = lambda asked: None if asked["BackupVaultName"] == "copy" else {}  # noqa: E731
    (found,) = see(observe_database_backups, answers({}, ListRecoveryPointsByBackupVault=gone))
    assert found.copies == {}


@pytest.mark.parametrize(("schedule", "days", "late"), [("cron(0 5 * * ? *)", 2, False), ("cron(0 5 * * ? *)", 4, True),
                                                        ("rate(7 days)", 30, False), ("rate(7 days)", 400, True)])  # fmt: skip
def test_a_copy_is_late_by_the_schedule_of_its_rule(schedule: str, days: int, late: bool) -> None:
    made = [{"Status": "COMPLETED", "CreationDate": NOW - timedelta(days=age)} for age in (days, 500)]
    rule = {**COPYING, "ScheduleExpression": schedule}
    points = [{"RecoveryPointArn": "arn:point", "IsEncrypted": True, **one} for one in made]
    given = answers({}, GetBackupPlan={"BackupPlan": {"BackupPlanName": "p", "Rules": [rule]}},
                    ListRecoveryPointsByBackupVault={"RecoveryPoints": points})  # fmt: skip
    (found,) = see(observe_database_backups, given)
    assert found.late_copies == ((f"{COPY} has none since {days * 24} h",) if late else ())


def test_a_vault_that_is_gone_is_one_that_is_not_listed() -> None:
    denied = Unreadable("backup DescribeBackupVault: access denied (AccessDeniedException)")
    given = answers({}, ListBackupVaults={"BackupVaultList": []}, DescribeBackupVault=denied)
    assert [one.exists for one in see(observe_vaults, given)] == [False, False]


@pytest.mark.parametrize(("selected", "seen"), [(True, False), (False, True)])
def test_what_no_plan_selects_is_looked_for_in_every_vault(selected: bool, seen: bool) -> None:
    row = {"RecoveryPointArn": "arn:by-hand", "Status": "COMPLETED", "CreationDate": NOW, "IsEncrypted": False}
    chosen = [ARN] if selected else ["arn:aws:s3:::news"]
    given = answers(
        {},
        GetBackupSelection={"BackupSelection": {"Resources": chosen}},
        ListRecoveryPointsByBackupVault=lambda asked: (
            {"RecoveryPoints": [row] if asked["BackupVaultName"] == "copy" else []}
        ),
    )
    (found,) = see(observe_database_backups, given)
    assert (bool(found.plans), [point.encrypted for point in found.points]) == (selected, [False] if seen else [])
