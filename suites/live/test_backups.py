"""Do the backups exist, reach back far enough, survive a mistake, and restore?"""

from prodgate import Criterion, Quantity, check
from prodgate.facts.live import BackupPlan, BackupVault, Database, DatabaseBackups, RestoreTest

MEND = "Look at the restore job in AWS Backup, mend the cause, and run the restore test again."
REPORT = "Let the check of the restored data report with PutRestoreValidationResult."


@check("backup-plan-selects-the-database", remedy="Name the database's ARN in a selection of the backup plan.")
def test_a_backup_plan_selects_the_database(backups: DatabaseBackups, criterion: Criterion) -> None:
    """Does a backup plan select the database, by its ARN or by its tags?

    A selection that matches nothing runs every night without an error and saves nothing.
    """
    criterion.hold(bool(backups.plans), expected="a backup plan that selects it", observed="none")


@check("backup-plan-selects-the-database", remedy="Add a copy to a locked vault in another region to a daily rule.")
def test_backups_leave_the_region(plan: BackupPlan, criterion: Criterion) -> None:
    """Does the plan copy what it saves to another region?"""
    observed = ", ".join(sorted(plan.copied_to)) or "no copies"
    criterion.hold(
        bool(plan.copied_to - {plan.region}), expected="copies in another region", observed=observed, held=observed
    )


@check(
    "backup-plan-selects-the-database",
    remedy="Lock the vault with a least retention, in compliance mode (ChangeableForDays).",
)
def test_vaults_are_locked(vault: BackupVault, criterion: Criterion) -> None:
    """Is the vault that a plan saves to locked, so that nobody can delete recovery points early?"""
    criterion.hold(vault.exists, expected="a vault", observed="none, so what is sent there is lost")
    criterion.hold(vault.locked, expected="a lock", observed="no lock")
    criterion.hold(vault.least.base > 0, expected="a least retention", observed="a lock that keeps nothing")
    until = f"until {vault.final_since:%Y-%m-%d}" if vault.final_since else "at any time"
    criterion.hold(vault.final, expected="a lock that nobody can remove", observed=f"one that can be removed {until}")


@check(
    "backup-plan-selects-the-database",
    remedy="Wait for the first copy, or look at the failed copy jobs of the vault in AWS Backup.",
)
def test_copies_have_arrived(backups: DatabaseBackups, criterion: Criterion) -> None:
    """Is there a recent recovery point of the database in each vault that its plans copy to?

    A planned copy does not count if it fails each night, for example because of a key or a vault policy.
    """
    criterion.hold(bool(backups.copies_to), expected="plans that copy it", observed="none of its plans copies")
    missing = sorted(backups.copies_to - backups.copies.keys())
    if missing:
        raise criterion.undetermined("no copy has arrived yet", observed=f"none in {', '.join(missing)}")
    criterion.exclude(backups.late_copies, expected="a recent copy in each vault")


@check("backup-retention", remedy="Raise DeleteAfterDays of a daily rule of the plan.", measures="time")
def test_backup_plans_keep_what_they_save(plan: BackupPlan, criterion: Criterion) -> None:
    """Does some daily rule of the plan keep its recovery points for the agreed time?

    A weekly or monthly rule may keep its points for years, but does not bring back last Tuesday.
    """
    daily = [rule.kept for rule in plan.rules if rule.daily]
    criterion.hold(bool(daily), expected="a rule that runs every day", observed="none")
    limits = [kept for kept in daily if kept is not None]
    if len(limits) == len(daily):
        criterion.require(max(limits, key=lambda kept: kept.base))


@check(
    "backup-window-reached",
    remedy="Keep the retention where it is until the window has grown; restoring to before needs a recovery point.",
    measures="time",
)
def test_any_time_of_the_window_can_be_restored(database: Database, criterion: Criterion) -> None:
    """Does the restore window of the database reach back as far as agreed?"""
    if database.replica_of:
        raise criterion.not_applicable(f"repeats the data of {database.replica_of}")
    criterion.require(_find_window(database, criterion))


def _find_window(database: Database, criterion: Criterion) -> Quantity:
    if database.reaches_back is None:
        raise criterion.undetermined("RDS names no earliest time")
    if criterion.bound and not criterion.bound.admits(database.age):
        raise criterion.undetermined(f"the database exists for {database.age} only", observed=database.reaches_back)
    return database.reaches_back


@check("recovery-point-age", remedy="Look at the failed backup jobs of the plan in AWS Backup.", measures="time")
def test_the_newest_recovery_point_is_fresh(backups: DatabaseBackups, criterion: Criterion) -> None:
    """Is the newest recovery point of the database young enough?"""
    if backups.newest is None:
        raise criterion.undetermined("no vault holds a recovery point of it")
    criterion.require(backups.newest.age)


@check("database-encryption-at-rest", remedy="Copy the recovery point to an encrypted vault, and delete this one.")
def test_recovery_points_are_encrypted(backups: DatabaseBackups, criterion: Criterion) -> None:
    """Is every recovery point of the database encrypted?

    If no plan saves it and no vault has one, there is none: other checks judge that.
    """
    if not backups.points and backups.plans:
        raise criterion.undetermined("nothing is saved yet")
    plain = [point.arn for point in backups.points if not point.encrypted]
    criterion.exclude(plain, expected="encrypted recovery points")


@check("restore-testing", remedy="Add a selection of the database to a restore testing plan.")
def test_restores_are_tried(backups: DatabaseBackups, criterion: Criterion) -> None:
    """Does a restore testing plan restore the database regularly?"""
    criterion.hold(bool(backups.testing_plans), expected="a restore testing plan that selects it", observed="none")


@check("restore-testing", remedy="Delete what the restore test left, and see what kept AWS Backup from it.")
def test_restore_tests_leave_nothing_behind(backups: DatabaseBackups, criterion: Criterion) -> None:
    """Has the last restore test cleaned up its copy? A copy that stays is production data that nobody watches."""
    if backups.last is None:
        raise criterion.undetermined("nothing has been restored yet")
    left = backups.last.deletion == "FAILED"
    criterion.hold(not left, expected="nothing left of the restore", observed="a copy of the database")


@check("restore-test-validated", remedy=f"{MEND} {REPORT}")
def test_the_last_restore_test_proved_something(backups: DatabaseBackups, criterion: Criterion) -> None:
    """Did the last restore test of the database complete, and did a validation find the data right?

    A test without a validation proves only that a server started.
    """
    last = _require_last_test(backups, criterion)
    observed = f"{last.status}, validation {last.validation or 'missing'}"
    criterion.hold(last.succeeded, expected="COMPLETED, validation SUCCESSFUL", observed=observed)


@check("restore-test-recent", remedy=f"Start the restore testing plan by hand. {REPORT}", measures="time")
def test_the_last_successful_restore_test_is_recent(backups: DatabaseBackups, criterion: Criterion) -> None:
    """Is the last successful restore test recent enough?"""
    if backups.success is None or backups.success.age is None:
        raise criterion.undetermined("no restore test of it has succeeded")
    criterion.require(backups.success.age)


@check("restore-time", remedy="Restore a smaller database, or agree on a longer time.", measures="time")
def test_a_restore_is_fast_enough(backups: DatabaseBackups, criterion: Criterion) -> None:
    """Was the last successful restore test fast enough, until the database answered?"""
    if backups.success is None:
        raise criterion.undetermined("no restore test of it has succeeded")
    if backups.success.took is None:
        raise criterion.undetermined(
            "AWS Backup restores a cluster without instances; let PutRestoreValidationResult state in "
            "ValidationStatusMessage when the first query was answered, such as 2026-11-27T09:30:00Z"
        )
    criterion.require(backups.success.took)


def _require_last_test(backups: DatabaseBackups, criterion: Criterion) -> RestoreTest:
    """Return the last restore test. Raises Undetermined if its result is unknown."""
    if backups.last is None:
        raise criterion.undetermined("no restore test of it has ended")
    if backups.last.status == "COMPLETED" and backups.last.validation not in ("SUCCESSFUL", "FAILED"):
        said = backups.last.validation or "nothing"
        raise criterion.undetermined("nobody has said what the restored data looked like", observed=said)
    return backups.last
