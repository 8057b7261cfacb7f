"""Backups of each database, and what restore tests of them have shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads
from .backup_selections import selects
from .backups import BackupPlan, list_vaults, observe_plans
from .databases import Database, hours, observe_databases

reads(
    "backup",
    "GetRestoreTestingSelection",
    "ListRecoveryPointsByBackupVault",
    "ListRestoreJobs",
    "ListRestoreTestingPlans",
    "ListRestoreTestingSelections",
)


_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    """A recovery point in a vault."""

    arn: str
    age: Quantity
    """How old the data that it restores is: since it was made, or for a continuous one since a moment ago."""
    encrypted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTest:
    """A restore by a restore testing plan that has ended."""

    status: str
    started: datetime
    took: Quantity | None
    """Time from its start until the database answered; None if nobody states that.

    Of an instance, AWS Backup does. It restores an Aurora cluster without instances, and is done before there is one:
    https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-aur.html
    So of a cluster it is what the validation states, in its message, in ISO 8601.
    """
    age: Quantity | None
    """Time since its end."""
    validation: str
    """``SUCCESSFUL``, ``FAILED``, ``TIMED_OUT``, ``VALIDATING``, or empty if nobody has reported."""
    deletion: str
    """Of what was restored: ``SUCCESSFUL``, ``FAILED``, ``DELETING``, or empty."""

    @property
    def succeeded(self) -> bool:
        """Whether it completed, and a validation found the data right."""
        return self.status == "COMPLETED" and self.validation == "SUCCESSFUL"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DatabaseBackups(Fact):
    """The backups of one database and their restore tests. ``subject`` is the database's ARN."""

    plans: tuple[BackupPlan, ...]
    """Backup plans that select it."""
    points: tuple[RecoveryPoint, ...]
    """Its restorable recovery points in the vaults of this region that plans use; in all where no plan selects it."""
    copied_to: frozenset[str]
    """ARNs of those vaults that plans copy to and that hold a completed recovery point of it."""
    testing_plans: tuple[str, ...]
    """Restore testing plans that select it."""
    tests: tuple[RestoreTest, ...]
    """Restore tests of it that have ended, newest first."""

    @property
    def copies_to(self) -> frozenset[str]:
        """ARNs of the vaults that its plans copy to."""
        return frozenset(vault for plan in self.plans for rule in plan.rules for vault in rule.copies)

    @property
    def newest(self) -> RecoveryPoint | None:
        """The recovery point with the latest data."""
        return min(self.points, key=lambda point: point.age.base, default=None)

    @property
    def last(self) -> RestoreTest | None:
        """The newest restore test."""
        return next(iter(self.tests), None)

    @property
    def success(self) -> RestoreTest | None:
        """The newest restore test that succeeded."""
        return next((test for test in self.tests if test.succeeded), None)


@observes(DatabaseBackups)
def observe_database_backups(account: Account) -> Iterator[DatabaseBackups]:
    """See for each database the plans that back it up, its recovery points, and its restore tests."""
    yield from map(apart(DatabaseBackups, partial(_backups, account)), account.once(observe_databases))


def _backups(account: Account, database: Database) -> DatabaseBackups:
    return DatabaseBackups(
        subject=database.subject,
        plans=account.attempt(_plans_of, account, database),
        points=account.attempt(_points_of, account, database),
        copied_to=account.attempt(_find_copies, account, database),
        testing_plans=account.attempt(_testing_plans_of, account, database),
        tests=account.attempt(_tests_of, account, database),
    )


def _plans_of(account: Account, database: Database) -> tuple[BackupPlan, ...]:
    return tuple(
        plan
        for plan in account.once(observe_plans)
        if any(selects(selection, database.subject, database.tags) for selection in plan.selections)
    )


def _points_of(account: Account, database: Database) -> tuple[RecoveryPoint, ...]:
    vaults = {rule.vault for plan in account.once(observe_plans) for rule in plan.rules}
    if _is_left_out(account, database):  # what somebody saved by hand, or before a plan was taken away
        vaults |= list_vaults(account, account.region)
    listed = account.each(
        lambda vault: account.list(
            "backup", "ListRecoveryPointsByBackupVault", "RecoveryPoints", BackupVaultName=vault,
            ByResourceArn=database.subject,
        ),
        sorted(vaults),
    )  # fmt: skip
    rows = [row for rows in listed for row in rows]
    return tuple(_point(row, database, account.now) for row in rows if row["Status"] in ("COMPLETED", "AVAILABLE"))


def _is_left_out(account: Account, database: Database) -> bool:
    """Whether no plan selects a database, as far as that can be known."""
    try:
        return not _plans_of(account, database)
    except Unreadable:
        return False


def _find_copies(account: Account, database: Database) -> frozenset[str]:
    vaults = {vault for plan in account.once(observe_plans) for rule in plan.rules for vault in rule.copies}
    return frozenset(vault for vault in sorted(vaults) if _holds_copy(account, vault, database.subject))


def _holds_copy(account: Account, vault: str, database: str) -> bool:
    _, _, _, region, owner, _, name = vault.split(":")
    asked = {"BackupVaultName": name, "ByResourceArn": database}
    whose = {} if owner == account.id else {"BackupVaultAccountId": owner}
    try:
        rows = account.list(
            "backup", "ListRecoveryPointsByBackupVault", "RecoveryPoints", region=region, **asked, **whose
        )
    except Absent:
        return False
    return any(row["Status"] == "COMPLETED" for row in rows)


def _point(row: Mapping[str, Any], database: Database, now: datetime) -> RecoveryPoint:
    # a continuous one is AVAILABLE while it goes on, and reaches as far as the database itself can be restored
    continuous = row["Status"] == "AVAILABLE"
    return RecoveryPoint(
        arn=row["RecoveryPointArn"],
        age=hours(now - ((database.latest if continuous else None) or row["CreationDate"])),
        encrypted=row["IsEncrypted"],
    )


def _testing_plans_of(account: Account, database: Database) -> tuple[str, ...]:
    plans = account.list("backup", "ListRestoreTestingPlans", "RestoreTestingPlans")
    names = [plan["RestoreTestingPlanName"] for plan in plans]
    return tuple(name for name in names if any(_covers(one, database) for one in _testing_selections(account, name)))


def _testing_selections(account: Account, plan: str) -> tuple[Mapping[str, Any], ...]:
    listed = account.list(
        "backup", "ListRestoreTestingSelections", "RestoreTestingSelections", RestoreTestingPlanName=plan
    )
    names = [one["RestoreTestingSelectionName"] for one in listed]
    return account.each(
        lambda name: account.get(
            "backup", "GetRestoreTestingSelection", RestoreTestingPlanName=plan, RestoreTestingSelectionName=name
        )["RestoreTestingSelection"],
        names,
    )


def _covers(selection: Mapping[str, Any], database: Database) -> bool:
    """Whether a restore testing selection includes the database, by its ARN or by its tags."""
    kind = "Aurora" if database.engine.startswith("aurora") else "RDS"
    conditions = selection.get("ProtectedResourceConditions", {})
    own = {f"aws:ResourceTag/{key}": value for key, value in database.tags.items()}
    wanted, refused = conditions.get("StringEquals", ()), conditions.get("StringNotEquals", ())
    tagged = bool(wanted or refused) and all(own.get(test["Key"]) == test["Value"] for test in wanted)
    tagged = tagged and not any(own.get(test["Key"]) == test["Value"] for test in refused)
    named = any(pattern in ("*", database.subject) for pattern in selection.get("ProtectedResourceArns", ()))
    return selection["ProtectedResourceType"] == kind and (named or tagged)


def _tests_of(account: Account, database: Database) -> tuple[RestoreTest, ...]:
    plans = account.list("backup", "ListRestoreTestingPlans", "RestoreTestingPlans")
    listed = account.each(
        lambda plan: account.list(
            "backup", "ListRestoreJobs", "RestoreJobs", ByRestoreTestingPlanArn=plan["RestoreTestingPlanArn"]
        ),
        plans,
    )
    own = [job for jobs in listed for job in jobs if job.get("SourceResourceArn") == database.subject]
    ended = [_test(job, account.now) for job in own if job["Status"] not in ("PENDING", "RUNNING")]
    return tuple(sorted(ended, key=lambda test: test.started, reverse=True))


def _find_time_of_validation(job: Mapping[str, Any]) -> datetime | None:
    """Return the time in the message of the validation, where it is one after the end of the restore."""
    end, found = job.get("CompletionDate"), _TIME.search(job.get("ValidationStatusMessage") or "")
    try:
        stated = datetime.fromisoformat(found[0]) if found else None
    except ValueError:  # the 31st of June
        return None
    return stated if stated and end and stated >= end else None


def _test(job: Mapping[str, Any], now: datetime) -> RestoreTest:
    end = job.get("CompletionDate")
    answered = _find_time_of_validation(job) if ":cluster:" in job["SourceResourceArn"] else end
    return RestoreTest(
        status=job["Status"],
        started=job["CreationDate"],
        took=hours(answered - job["CreationDate"]) if answered else None,
        age=hours(now - end) if end else None,
        validation=job.get("ValidationStatus", ""),
        deletion=job.get("DeletionStatus", ""),
    )
