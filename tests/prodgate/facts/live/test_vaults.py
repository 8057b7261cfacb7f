"""A lock of a vault protects once nobody can remove it, and a copy counts once it has arrived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.live.backups import BackupVault, observe_vaults
from prodgate.facts.live.database_backups import DatabaseBackups, observe_database_backups

from .stated_account import ACCOUNT, REGION, account_answering

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COPY = f"arn:aws:backup:ap-northeast-3:{ACCOUNT}:backup-vault:copy"
DATABASE = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:news"
CLUSTER = {
    "DBClusterArn": DATABASE, "DBClusterIdentifier": "news", "Engine": "aurora-postgresql", "DBClusterMembers": [],
    "ClusterCreateTime": NOW - timedelta(days=99), "DBClusterParameterGroup": "news", "StorageEncrypted": True,
    "BackupRetentionPeriod": 30, "DeletionProtection": True,
}  # fmt: skip
RULE = {"TargetBackupVaultName": "main", "CopyActions": [{"DestinationBackupVaultArn": COPY}]}


def answers(vault: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {
        "ListBackupPlans": {"BackupPlansList": [{"BackupPlanId": "p", "BackupPlanArn": "arn:plan"}]},
        "GetBackupPlan": {"BackupPlan": {"BackupPlanName": "p", "Rules": [RULE]}},
        "ListBackupSelections": {"BackupSelectionsList": [{"SelectionId": "s"}]},
        "GetBackupSelection": {"BackupSelection": {"Resources": [DATABASE]}},
        "ListBackupVaults": {"BackupVaultList": [{"BackupVaultName": "main"}, {"BackupVaultName": "copy"}]},
        "DescribeBackupVault": {"MinRetentionDays": 14, **vault},
        "DescribeDBClusters": {"DBClusters": [CLUSTER]},
        **given,
    }


def main_vault(**vault: Any) -> BackupVault:
    with account_answering(answers(vault)) as account:
        return next(one for one in observe_vaults(account) if one.subject.endswith("main"))


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


def backups(points: Any) -> DatabaseBackups:
    with account_answering(answers({}, ListRecoveryPointsByBackupVault=points)) as account:
        (found,) = observe_database_backups(account)
        return found


@pytest.mark.parametrize(
    ("status", "arrived"), [("COMPLETED", {COPY}), ("PARTIAL", set()), ("EXPIRED", set()), ("CREATING", set())]
)
def test_a_copy_counts_once_it_is_complete(status: str, arrived: set[str]) -> None:
    row = {"RecoveryPointArn": "arn:point", "Status": status, "CreationDate": NOW, "IsEncrypted": True}
    found = backups(lambda asked: {"RecoveryPoints": [row] if asked["BackupVaultName"] == "copy" else []})
    assert (found.copies_to, found.copied_to) == ({COPY}, arrived)


def test_nothing_arrives_in_a_vault_that_does_not_exist() -> None:
    assert backups(lambda asked: None if asked["BackupVaultName"] == "copy" else {}).copied_to == frozenset()


def test_a_vault_that_is_gone_is_one_that_is_not_listed() -> None:
    def denied(_parameters: Any) -> Any:
        raise Unreadable("backup DescribeBackupVault: access denied (AccessDeniedException)")

    given = answers({}, ListBackupVaults={"BackupVaultList": []}, DescribeBackupVault=denied)
    with account_answering(given) as account:
        assert [one.exists for one in observe_vaults(account)] == [False, False]


@pytest.mark.parametrize(("selected", "seen"), [(True, False), (False, True)])
def test_what_no_plan_selects_is_looked_for_in_every_vault(selected: bool, seen: bool) -> None:
    row = {"RecoveryPointArn": "arn:by-hand", "Status": "COMPLETED", "CreationDate": NOW, "IsEncrypted": False}
    chosen = [DATABASE] if selected else ["arn:aws:s3:::news"]
    given = answers(
        {},
        GetBackupSelection={"BackupSelection": {"Resources": chosen}},
        ListRecoveryPointsByBackupVault=lambda asked: (
            {"RecoveryPoints": [row] if asked["BackupVaultName"] == "copy" else []}
        ),
    )
    with account_answering(given) as account:
        (found,) = observe_database_backups(account)
        assert (bool(found.plans), [point.encrypted for point in found.points]) == (selected, [False] if seen else [])
