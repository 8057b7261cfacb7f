"""Ways to spoil the backups, and the checks that see it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from prodgate import Quantity
from prodgate.facts import Facts
from prodgate.facts.live import DatabaseBackups, RestoreTest
from prodgate.testing import Outcome

from .harness import Aws, Sabotage, Stage

VAULT, COPIES = "nba-news-prod-main", "nba-news-prod-copy"
CLUSTER = "arn:aws:rds:ap-northeast-1:123456789012:cluster:nba-news-prod"


def select_nothing(aws: Aws) -> None:
    backup = aws("backup")
    for plan in backup.list_backup_plans()["BackupPlansList"]:
        for one in backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]:
            backup.delete_backup_selection(BackupPlanId=plan["BackupPlanId"], SelectionId=one["SelectionId"])


def another_plan(schedule: str, days: int, *copies: str) -> Callable[[Aws], object]:
    rule: dict[str, Any] = {
        "RuleName": "by-hand",
        "TargetBackupVaultName": VAULT,
        "ScheduleExpression": schedule,
        "Lifecycle": {"DeleteAfterDays": days},
        "CopyActions": [{"DestinationBackupVaultArn": vault} for vault in copies],
    }
    return lambda aws: aws("backup").create_backup_plan(BackupPlan={"BackupPlanName": "by-hand", "Rules": [rule]})


def delete_points_of_today(aws: Aws) -> None:
    backup, since = aws("backup"), datetime.now(UTC) - timedelta(days=1)
    for point in backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT)["RecoveryPoints"]:
        if point["ResourceArn"] == CLUSTER and (point["Status"] == "AVAILABLE" or point["CreationDate"] > since):
            backup.delete_recovery_point(BackupVaultName=VAULT, RecoveryPointArn=point["RecoveryPointArn"])


def judge_restores(result: str, days: int) -> Callable[[Aws], None]:
    """Return what judges all restores of the last days anew."""

    def judged(aws: Aws) -> None:
        backup, since = aws("backup"), datetime.now(UTC) - timedelta(days=days)
        for job in backup.list_restore_jobs()["RestoreJobs"]:
            if job["SourceResourceArn"] == CLUSTER and job["CreationDate"] > since:
                backup.put_restore_validation_result(RestoreJobId=job["RestoreJobId"], ValidationStatus=result)

    return judged


def try_no_restore(aws: Aws) -> None:
    backup = aws("backup")
    for plan in backup.list_restore_testing_plans()["RestoreTestingPlans"]:
        name = plan["RestoreTestingPlanName"]
        for one in backup.list_restore_testing_selections(RestoreTestingPlanName=name)["RestoreTestingSelections"]:
            backup.delete_restore_testing_selection(
                RestoreTestingPlanName=name, RestoreTestingSelectionName=one["RestoreTestingSelectionName"]
            )


def govern(aws: Aws) -> None:
    """Delete the vault with the final lock, once it is empty, and make it anew as others do: in governance mode."""
    backup, (key,) = (
        aws("backup"),
        {vault["EncryptionKeyArn"] for vault in vaults(aws) if vault["BackupVaultName"] == VAULT},
    )
    policy = backup.get_backup_vault_access_policy(BackupVaultName=VAULT)["Policy"]
    tags = backup.list_tags(ResourceArn=f"arn:aws:backup:ap-northeast-1:123456789012:backup-vault:{VAULT}")["Tags"]
    backup.delete_backup_vault(BackupVaultName=VAULT)
    backup.create_backup_vault(BackupVaultName=VAULT, EncryptionKeyArn=key, BackupVaultTags=tags)
    backup.put_backup_vault_access_policy(BackupVaultName=VAULT, Policy=policy)
    backup.put_backup_vault_lock_configuration(BackupVaultName=VAULT, MinRetentionDays=14)


def vaults(aws: Aws) -> list[dict[str, Any]]:
    return list(aws("backup").list_backup_vaults()["BackupVaultList"])


def lose_the_copies(aws: Aws) -> None:
    backup = aws("backup", "ap-northeast-3")
    for point in backup.list_recovery_points_by_backup_vault(BackupVaultName=COPIES)["RecoveryPoints"]:
        backup.delete_recovery_point(BackupVaultName=COPIES, RecoveryPointArn=point["RecoveryPointArn"])


COPY = "arn:aws:backup:ap-northeast-3:123456789012:backup-vault:nba-news-prod-copy"
SABOTAGES = (
    Sabotage("the plan selects nothing", breaks={"backup-plan-selects-the-database"}, by=select_nothing),
    Sabotage(
        "a plan without copies",
        breaks={"backup-plan-selects-the-database"},
        by=another_plan("cron(0 1 * * ? *)", 35),
    ),
    Sabotage("a plan of weeks", breaks={"backup-retention"}, by=another_plan("cron(0 1 ? * SUN *)", 90, COPY)),
    Sabotage("a plan that forgets", breaks={"backup-retention"}, by=another_plan("cron(0 1 * * ? *)", 7, COPY)),
    Sabotage(
        "copies go to a vault that does not exist",
        breaks={"backup-plan-selects-the-database"},
        by=another_plan("cron(0 1 * * ? *)", 35, COPY + "s"),
    ),
    Sabotage(
        "the lock of the vault can be removed again",
        breaks={"backup-plan-selects-the-database"},
        by=govern,
    ),
    Sabotage(
        "no copy has arrived",
        breaks=set(),
        unsettles={"backup-plan-selects-the-database"},
        by=lose_the_copies,
    ),
    Sabotage("no backup since yesterday", breaks={"recovery-point-age"}, by=delete_points_of_today),
    Sabotage("the restored data is wrong", breaks={"restore-test-validated"}, by=judge_restores("FAILED", 5)),
    Sabotage(
        "nobody says how the restore went",
        breaks=set(),
        unsettles={"restore-test-validated"},
        by=judge_restores("TIMED_OUT", 5),
    ),
    Sabotage(
        "only a slow restore was any good",
        breaks={"restore-test-validated", "restore-time"},
        by=judge_restores("FAILED", 12),
    ),
    Sabotage(
        "no restore of the last month was any good",
        breaks={"restore-test-validated", "restore-test-recent"},
        by=judge_restores("FAILED", 32),
    ),
    Sabotage("restores are not tried", breaks={"restore-testing"}, by=try_no_restore),
)


def test_a_copy_that_a_restore_test_left_is_seen(stage: Stage) -> None:
    test = RestoreTest(
        status="COMPLETED",
        started=datetime.now(UTC),
        took=Quantity.parse("30 min"),
        age=Quantity.parse("2 d"),
        validation="SUCCESSFUL",
        deletion="FAILED",
    )
    seen = DatabaseBackups(subject=CLUSTER, plans=(), points=(), copies={}, testing_plans=("weekly",), tests=(test,))
    found = stage.judged(Facts(known=(seen,)))
    assert [
        str(finding.observed) for finding in found["restore-testing"] if finding.outcome is Outcome.NOT_SATISFIED
    ] == ["a copy of the database"]


def test_a_database_whose_plans_copy_nothing_has_no_copy(stage: Stage) -> None:
    seen = DatabaseBackups(subject=CLUSTER, plans=(), points=(), copies={}, testing_plans=("weekly",), tests=())
    found = stage.judged(Facts(known=(seen,)))["backup-plan-selects-the-database"]
    assert [one.outcome for one in found if one.check.endswith("test_copies_have_arrived")] == [Outcome.NOT_SATISFIED]
