"""Backup plans, and the vaults that they save to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...aws.account import Account
from ...findings import Undetermined
from ...quantities import Quantity
from ...semantics.schedules import runs_daily
from .. import Fact
from ..observers import apart, observes, reads

reads("backup", "DescribeBackupVault", "GetBackupPlan", "GetBackupSelection", "ListBackupPlans")
reads("backup", "ListBackupSelections", "ListBackupVaults")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRule:
    """When a plan backs up, into which vault, for how long, and where copies go."""

    daily: bool
    vault: str
    """Name of the vault."""
    kept: Quantity | None
    """How long a recovery point is kept; None if for ever."""
    copies: tuple[str, ...]
    """ARNs of the vaults that get a copy."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BackupPlan(Fact):
    """A backup plan. ``subject`` is its ARN."""

    name: str
    region: str
    rules: tuple[BackupRule, ...]
    selections: tuple[Mapping[str, Any], ...]
    """What it selects, as AWS states it."""

    @property
    def copied_to(self) -> frozenset[str]:
        """Regions that get a copy."""
        return frozenset(vault.split(":")[3] for rule in self.rules for vault in rule.copies)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BackupVault(Fact):
    """A vault that a plan backs up or copies to. ``subject`` is its ARN."""

    exists: bool
    locked: bool
    least: Quantity
    """How long a recovery point can't be deleted while the lock is there; 0 without a lock."""
    final_since: datetime | None
    """When the lock becomes one that nobody can remove, or became it; None for one in governance mode, or no lock.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """
    final: bool
    """Whether that time has come; until then whoever administers backups can remove the lock, and then delete."""
    key: str


@observes(BackupPlan)
def observe_plans(account: Account) -> Iterator[BackupPlan]:
    """See the backup plans with what they select."""
    listed = account.list("backup", "ListBackupPlans", "BackupPlansList")
    look = apart(BackupPlan, lambda plan: _plan(account, plan), "BackupPlanArn", "BackupPlanId")
    yield from account.each(look, listed)


def _plan(account: Account, listed: Mapping[str, Any]) -> BackupPlan:
    id_ = listed["BackupPlanId"]
    plan = account.get("backup", "GetBackupPlan", BackupPlanId=id_)["BackupPlan"]
    selections = account.list("backup", "ListBackupSelections", "BackupSelectionsList", BackupPlanId=id_)
    return BackupPlan(
        subject=listed["BackupPlanArn"],
        name=plan["BackupPlanName"],
        region=account.region,
        rules=tuple(map(_rule, plan["Rules"])),
        selections=tuple(
            account.get("backup", "GetBackupSelection", BackupPlanId=id_, SelectionId=one["SelectionId"])[
                "BackupSelection"
            ]
            for one in selections
        ),
    )


def _rule(rule: Mapping[str, Any]) -> BackupRule:
    days = rule.get("Lifecycle", {}).get("DeleteAfterDays")
    return BackupRule(
        daily=runs_daily(rule.get("ScheduleExpression", "")),
        vault=rule["TargetBackupVaultName"],
        kept=None if days is None else Quantity.days(days),
        copies=tuple(copy["DestinationBackupVaultArn"] for copy in rule.get("CopyActions", ())),
    )


@observes(BackupVault)
def observe_vaults(account: Account) -> Iterator[BackupVault]:
    """See the vaults that plans save and copy to, in whatever region."""
    rules = list_rules(account)
    home = f"arn:aws:backup:{account.region}:{account.id}:backup-vault:"
    arns = {home + rule.vault for rule in rules} | {arn for rule in rules for arn in rule.copies}
    yield from account.each(apart(BackupVault, lambda arn: _vault(account, arn)), sorted(arns))
    for plan, reason in list_unread_plans(account):
        yield BackupVault.unread(f"the vaults of {plan}", reason)


def list_rules(account: Account) -> list[BackupRule]:
    """Return the rules of every plan that could be read."""
    unread = dict(list_unread_plans(account))
    return [rule for plan in account.once(observe_plans) if plan.subject not in unread for rule in plan.rules]


def list_unread_plans(account: Account) -> Iterator[tuple[str, str]]:
    """Yield the plans of which it is not known what they save to, and why."""
    for plan in account.once(observe_plans):
        try:
            _ = plan.rules
        except Undetermined as error:
            yield plan.subject, error.conclusion.reason


def list_vaults(account: Account, region: str) -> set[str]:
    """Return the names of the vaults of a region."""
    listed = account.list("backup", "ListBackupVaults", "BackupVaultList", region=region)
    return {one["BackupVaultName"] for one in listed}


def _vault(account: Account, arn: str) -> BackupVault:
    region, owner, name = arn.split(":")[3], arn.split(":")[4], arn.split(":")[6]
    whose = {} if owner == account.id else {"BackupVaultAccountId": owner}
    # AWS denies access to a vault that does not exist, as it does to one that is somebody else's
    gone = not whose and name not in list_vaults(account, region)
    found = {} if gone else account.find("backup", "DescribeBackupVault", region=region, BackupVaultName=name, **whose)
    found = found or {}
    locked = bool(found.get("Locked"))
    final_since = found.get("LockDate") if locked else None
    return BackupVault(
        subject=arn,
        exists=bool(found),
        locked=locked,
        least=Quantity.days(found.get("MinRetentionDays", 0) if locked else 0),
        final_since=final_since,
        final=final_since is not None and final_since <= account.now,
        key=found.get("EncryptionKeyArn", ""),
    )
