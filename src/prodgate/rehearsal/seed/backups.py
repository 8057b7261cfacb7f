"""What was saved of the database, and how it was restored to try it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..emulator.backup import JOBS, POINTS
from ..scenario import STAMP, Past, parse_duration, seeds


@seeds("backups")
def file_backups(section: Mapping[str, Any], past: Past) -> None:
    """Let the cluster be as old as it is said to be, with daily recovery points and the restores that were tried."""
    cluster = past.ledger("rds").backend.clusters[section["cluster"]]
    cluster.cluster_create_time = past.ago(section["exists_for"])
    arn = cluster.db_cluster_arn
    vault = past.ask("backup", "DescribeBackupVault", BackupVaultName=section["vault"])
    points = past.ledger("backup").of(POINTS)
    _file_recovery_point(points, vault, arn, past.ago(section["exists_for"]), "AVAILABLE")
    for day in range(section["daily"]):
        _file_recovery_point(points, vault, arn, past.ago(section["last"]) - timedelta(days=day), "COMPLETED")
    for arn_of_copy in _list_copy_vaults(past):
        _, _, _, region, _, _, name = arn_of_copy.split(":")
        there = past.ask("backup", "DescribeBackupVault", region, BackupVaultName=name)
        copies = past.ledger("backup", region).of(POINTS)
        _file_recovery_point(copies, there, arn, past.ago(section["last"]), "COMPLETED")
        _age_locks(past, region, section)
    _age_locks(past, past.region, section)
    (plan,) = past.ask("backup", "ListRestoreTestingPlans")["RestoreTestingPlans"]
    jobs = past.ledger("backup").of(JOBS)
    for number, told in enumerate(section["restores"]):
        id_ = f"{STAMP}-restore-{number}"
        jobs[id_] = _restore_job(told, past) | {
            "RestoreJobId": id_,
            "SourceResourceArn": arn,
            "BackupVaultArn": vault["BackupVaultArn"],
            "CreatedBy": {"RestoreTestingPlanArn": plan["RestoreTestingPlanArn"]},
        }


def _list_copy_vaults(past: Past) -> set[str]:
    """Return the ARNs of the vaults that plans copy to."""
    plans = past.ask("backup", "ListBackupPlans")["BackupPlansList"]
    each = [past.ask("backup", "GetBackupPlan", BackupPlanId=plan["BackupPlanId"])["BackupPlan"] for plan in plans]
    copies = [copy for plan in each for rule in plan["Rules"] for copy in rule.get("CopyActions") or ()]
    return {copy["DestinationBackupVaultArn"] for copy in copies}


def _age_locks(past: Past, region: str, section: Mapping[str, Any]) -> None:
    """Let the vaults have been locked when the cluster was made, so that a lock that becomes final is so by now."""
    for vault in past.ledger("backup", region).backend.vaults.values():
        if vault.changeable_for_days:
            final = past.ago(section["exists_for"]) + timedelta(days=vault.changeable_for_days)
            vault.lock_date = final.timestamp()


def _file_recovery_point(
    points: dict[str, Any], vault: Mapping[str, Any], arn: str, made: datetime, status: str
) -> None:
    kind = "continuous" if status == "AVAILABLE" else "snapshot"
    point = (
        f"arn:aws:rds:{arn.split(':')[3]}:{arn.split(':')[4]}:cluster-snapshot:awsbackup:{kind}-{made:%Y%m%d}-{STAMP}"
    )
    points[point] = {
        "RecoveryPointArn": point,
        "BackupVaultName": vault["BackupVaultName"],
        "BackupVaultArn": vault["BackupVaultArn"],
        "ResourceArn": arn,
        "ResourceType": "Aurora",
        "Status": status,
        "CreationDate": made,
        "IsEncrypted": True,
        "EncryptionKeyArn": vault["EncryptionKeyArn"],
    }


def _restore_job(told: Mapping[str, str], past: Past) -> dict[str, Any]:
    began, took = past.ago(told["ago"]), parse_duration(told["took"])
    return {
        "ResourceType": "Aurora",
        "CreationDate": began,
        # AWS Backup is done with a cluster before an instance of it answers
        "CompletionDate": began + took / 2,
        "Status": "COMPLETED",
        "PercentDone": "100.00%",
        "ValidationStatus": "SUCCESSFUL",
        "ValidationStatusMessage": f"{STAMP}: the first query was answered at {began + took:%Y-%m-%dT%H:%M:%SZ}",
        "DeletionStatus": "SUCCESSFUL",
    }
