"""RDS databases: Aurora clusters and stand-alone instances, their backups, and the results of restore tests."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable, require_state
from ...quantities import Quantity
from ...semantics.aws_settings import FORCES_TLS, longest_pause
from .. import Fact
from ..observers import apart, observes, observes_each
from .load_balancers import list_balancer_attributes

#: Engines of Neptune and DocumentDB, which RDS lists with its own.
#: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusters.html
_OTHER_SERVICES: Final = ("neptune", "docdb")
#: The members that name the source of a replica.
_SOURCES: Final = (
    "ReplicationSourceIdentifier", "ReadReplicaSourceDBInstanceIdentifier", "ReadReplicaSourceDBClusterIdentifier",
)  # fmt: skip
#: Statuses of an instance that takes connections, and beginnings of those of one that does not and will not of itself.
#: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
_SERVING: Final = (
    "available", "backing-up", "configuring-enhanced-monitoring", "configuring-iam-database-auth",
    "configuring-log-exports", "modifying", "resetting-master-credentials", "storage-config-upgrade",
    "storage-initialization", "storage-optimization",
)  # fmt: skip
_DOWN: Final = (
    "delet", "failed", "inaccessible", "incompatible", "insufficient-capacity", "restore-error", "stop", "storage-full",
)  # fmt: skip
#: Tag of the databases that a restore test of AWS Backup creates for a while.
RESTORE_TEST: Final = "awsbackup-restore-test"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DatabaseInstance(Fact):
    """A database server. ``subject`` is its ARN."""

    cluster: str
    """Identifier of its cluster; empty for a stand-alone instance."""
    size: str
    """Its class, such as ``db.serverless``."""
    zone: str
    public: bool
    """Whether its address resolves to a public one."""
    serving: bool
    """Whether it takes connections; unread while it starts, restarts or changes its version."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Database(Fact):
    """A cluster, or a stand-alone instance, of RDS's own engines. ``subject`` is its ARN."""

    engine: str
    engine_mode: str
    least: Quantity | None
    """The minimum capacity; None if it does not scale."""
    most: Quantity | None
    instances: tuple[DatabaseInstance, ...]
    encrypted: bool
    key: str
    """KMS key of its storage; empty for none."""
    retention: Quantity
    age: Quantity
    reaches_back: Quantity | None
    """The age of the earliest restorable time; None if RDS does not state it."""
    latest: datetime | None
    """The latest restorable time."""
    deletion_protected: bool
    master_secret: str
    """ARN of the secret in which RDS keeps the master password; empty if RDS does not manage it."""
    tls_parameter: str
    """Name of the parameter that forces TLS; empty for an engine that is unknown here."""
    forces_tls: str
    """Value of that parameter; empty if the parameter group does not list it."""
    parameters_in_force: bool
    """Whether no parameter change waits for a restart."""
    tags: Mapping[str, str]
    replica_of: str
    """The database whose data it repeats, by name or ARN; empty for one with data of its own."""

    @property
    def serving(self) -> tuple[DatabaseInstance, ...]:
        """Those that take connections. Raises Undetermined where all that do are in one zone, and one restarts."""
        sure = tuple(each for each in self.instances if each.peek("serving") is True)
        apart = len({each.zone for each in sure}) > 1
        return sure if apart else tuple(each for each in self.instances if each.serving)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DatabaseSnapshot(Fact):
    """A snapshot of a cluster. ``subject`` is its ARN."""

    encrypted: bool


@observes_each(
    DatabaseInstance,
    lambda account: _list_lasting(account.list("rds", "DescribeDBInstances", "DBInstances")),
    "DBInstanceArn",
    "DBInstanceIdentifier",
)
def observe_instances(account: Account, row: Mapping[str, Any]) -> DatabaseInstance:
    """Observe every database server."""
    return DatabaseInstance(
        subject=row["DBInstanceArn"],
        cluster=row.get("DBClusterIdentifier", ""),
        size=row["DBInstanceClass"],
        zone=row.get("AvailabilityZone", ""),
        public=row["PubliclyAccessible"],
        serving=account.attempt(_is_serving, row["DBInstanceStatus"]),
    )


def _is_serving(status: str) -> bool:
    if not status.startswith(_DOWN):
        require_state("rds DescribeDBInstances: DBInstanceStatus", status, *_SERVING)
    return status in _SERVING


@observes(Database)
def observe_databases(account: Account) -> Iterator[Database]:
    """Observe every database except temporary ones of a restore test."""
    servers = account.once(observe_instances)
    cluster = apart(Database, partial(_cluster, account, servers), "DBClusterArn", "DBClusterIdentifier")
    yield from map(cluster, list_clusters(account))
    alone = [
        row
        for row in _list_lasting(account.list("rds", "DescribeDBInstances", "DBInstances"))
        if not row.get("DBClusterIdentifier")
    ]
    yield from map(
        apart(Database, partial(_instance, account, servers), "DBInstanceArn", "DBInstanceIdentifier"), alone
    )


@observes_each(
    DatabaseSnapshot,
    lambda account: account.list("rds", "DescribeDBClusterSnapshots", "DBClusterSnapshots"),
    "DBClusterSnapshotArn",
    "DBClusterSnapshotIdentifier",
)
def observe_snapshots(_: Account, row: Mapping[str, Any]) -> DatabaseSnapshot:
    """Observe the snapshots of clusters, automated and manual."""
    return DatabaseSnapshot(subject=row["DBClusterSnapshotArn"], encrypted=row["StorageEncrypted"])


def _list_lasting(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield clusters or instances except those of restore tests, and of services that only share RDS's API."""
    own = (row for row in rows if row.get("Engine") not in _OTHER_SERVICES)
    yield from (row for row in own if RESTORE_TEST not in [tag.get("Key") for tag in row.get("TagList", ())])


def list_clusters(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield the clusters of databases that last, as RDS describes them."""
    yield from _list_lasting(account.list("rds", "DescribeDBClusters", "DBClusters"))


def holds_own_data(database: Database) -> bool:
    """Whether a database is no replica of another one, as far as that is known."""
    return isinstance(source := database.peek("replica_of"), Unread) or not source


def _cluster(account: Account, servers: tuple[DatabaseInstance, ...], row: Mapping[str, Any]) -> Database:
    servers = tuple(one for one in servers if one.cluster == row["DBClusterIdentifier"])
    scaling = row.get("ServerlessV2ScalingConfiguration", {})
    earliest = row.get("EarliestRestorableTime")
    states = {member["DBClusterParameterGroupStatus"] for member in row["DBClusterMembers"]}
    return Database(
        subject=row["DBClusterArn"],
        engine_mode=row.get("EngineMode", ""),
        least=_capacity(scaling.get("MinCapacity")),
        most=_capacity(scaling.get("MaxCapacity")),
        age=Quantity.lasting(account.now - row["ClusterCreateTime"], "h"),
        reaches_back=_reach(account, earliest),
        forces_tls=account.attempt(_cluster_parameter, account, row["Engine"], row["DBClusterParameterGroup"]),
        parameters_in_force=states <= {"in-sync"},
        **_common_fields(row, servers),
    )


def _instance(account: Account, servers: tuple[DatabaseInstance, ...], row: Mapping[str, Any]) -> Database:
    servers = tuple(one for one in servers if one.subject == row["DBInstanceArn"])
    groups = row["DBParameterGroups"]
    return Database(
        subject=row["DBInstanceArn"],
        engine_mode="",
        least=None,
        most=None,
        age=Quantity.lasting(account.now - row["InstanceCreateTime"], "h"),
        reaches_back=account.attempt(_reach_of_instance, account, row["DBInstanceArn"]),
        forces_tls=account.attempt(_parameter, account, row["Engine"], [g["DBParameterGroupName"] for g in groups]),
        parameters_in_force={group["ParameterApplyStatus"] for group in groups} <= {"in-sync"},
        **_common_fields(row, servers),
    )


def _reach(account: Account, earliest: datetime | None) -> Quantity | None:
    return Quantity.lasting(account.now - earliest, "h") if earliest else None


def _reach_of_instance(account: Account, arn: str) -> Quantity | None:
    """Return how far back an instance can be restored, which only its automated backup states.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstanceAutomatedBackup.html
    """
    kept = account.list("rds", "DescribeDBInstanceAutomatedBackups", "DBInstanceAutomatedBackups")
    own = [one.get("RestoreWindow") or {} for one in kept if one.get("DBInstanceArn") == arn]
    return _reach(account, min((one["EarliestTime"] for one in own if "EarliestTime" in one), default=None))


def _common_fields(row: Mapping[str, Any], servers: tuple[DatabaseInstance, ...]) -> dict[str, Any]:
    return {
        "engine": row["Engine"],
        "instances": servers,
        "encrypted": row["StorageEncrypted"],
        "key": row.get("KmsKeyId", ""),
        "retention": Quantity.days(row["BackupRetentionPeriod"]),
        "latest": row.get("LatestRestorableTime"),
        "deletion_protected": row["DeletionProtection"],
        "master_secret": row.get("MasterUserSecret", {}).get("SecretArn", ""),
        "tls_parameter": FORCES_TLS.get(row["Engine"], ("",))[0],
        "tags": {tag["Key"]: tag.get("Value", "") for tag in row.get("TagList", ())},
        "replica_of": next((row[name] for name in _SOURCES if row.get(name)), ""),
    }


def _capacity(stated: float | None) -> Quantity | None:
    return None if stated is None else Quantity.of(Decimal(str(stated)), "ACU")


def _cluster_parameter(account: Account, engine: str, group: str) -> str:
    listed = account.list("rds", "DescribeDBClusterParameters", "Parameters", DBClusterParameterGroupName=group)
    return _tls_parameter(listed, engine)


def _parameter(account: Account, engine: str, groups: list[str]) -> str:
    listed = [
        one
        for group in groups
        for one in account.list("rds", "DescribeDBParameters", "Parameters", DBParameterGroupName=group)
    ]
    return _tls_parameter(listed, engine)


def _tls_parameter(listed: Any, engine: str) -> str:
    name = FORCES_TLS.get(engine, ("",))[0]
    return next((one.get("ParameterValue", "") for one in listed if one["ParameterName"] == name), "")


# ── Deletion protection of databases and load balancers


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Deletable(Fact):
    """A database or a load balancer. ``subject`` is its ARN."""

    protected: bool


@observes(Deletable)
def observe_deletable(account: Account) -> Iterator[Deletable]:
    """Observe the databases with data of their own, and the load balancers."""
    look = apart(Deletable, lambda one: Deletable(subject=one.subject, protected=one.deletion_protected))
    yield from map(look, filter(holds_own_data, account.once(observe_databases)))
    yield from map(apart(Deletable, _balancer), account.once(list_balancer_attributes))


def _balancer(row: tuple[str, Mapping[str, str]]) -> Deletable:
    arn, attributes = row
    return Deletable(subject=arn, protected=attributes.get("deletion_protection.enabled") == "true")


# ── Backup plans and vaults, their selections, and the backups of databases


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRule:
    """When a plan backs up, into which vault, for how long, and where copies go."""

    daily: bool
    vault: str
    """Name of the vault."""
    kept: Quantity | None
    """How long a recovery point is kept; None means for ever."""
    copies: tuple[str, ...]
    """ARNs of the vaults that get a copy."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BackupPlan(Fact):
    """A backup plan. ``subject`` is its ARN."""

    name: str
    region: str
    rules: tuple[BackupRule, ...]
    selections: tuple[Mapping[str, Any], ...]
    """Its selections, as AWS states them."""

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
    """The minimum time before a recovery point can be deleted while the lock exists; 0 without a lock."""
    final_since: datetime | None
    """When the lock becomes, or became, permanent; None for one in governance mode, or no lock.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """
    final: bool
    """Whether that time has come; until then an administrator of backups can remove the lock, and then delete."""
    key: str


@observes_each(
    BackupPlan,
    lambda account: account.list("backup", "ListBackupPlans", "BackupPlansList"),
    "BackupPlanArn",
    "BackupPlanId",
    at_once=True,
)
def observe_plans(account: Account, listed: Mapping[str, Any]) -> BackupPlan:
    """Observe the backup plans with their selections."""
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
        daily=longest_pause(rule.get("ScheduleExpression", "")) == 1,
        vault=rule["TargetBackupVaultName"],
        kept=None if days is None else Quantity.days(days),
        copies=tuple(copy["DestinationBackupVaultArn"] for copy in rule.get("CopyActions", ())),
    )


@observes(BackupVault)
def observe_vaults(account: Account) -> Iterator[BackupVault]:
    """Observe the vaults that plans save and copy to, in any region."""
    rules = list_rules(account)
    home = f"arn:aws:backup:{account.region}:{account.id}:backup-vault:"
    arns = {home + rule.vault for rule in rules} | {arn for rule in rules for arn in rule.copies}
    yield from account.each(apart(BackupVault, lambda arn: _vault(account, arn)), sorted(arns))
    yield from (BackupVault.unread(f"the vaults of {plan}", reason) for plan, reason in list_unread_plans(account))


def list_rules(account: Account) -> list[BackupRule]:
    """Return the rules of every readable plan."""
    unread = dict(list_unread_plans(account))
    return [rule for plan in account.once(observe_plans) if plan.subject not in unread for rule in plan.rules]


def list_unread_plans(account: Account) -> Iterator[tuple[str, str]]:
    """Yield the plans whose vaults are unknown, and why."""
    for plan in account.once(observe_plans):
        if isinstance(rules := plan.peek("rules"), Unread):
            yield plan.subject, rules.reason


def list_vaults(account: Account, region: str) -> set[str]:
    """Return the names of the vaults of a region."""
    listed = account.list("backup", "ListBackupVaults", "BackupVaultList", region=region)
    return {one["BackupVaultName"] for one in listed}


def _vault(account: Account, arn: str) -> BackupVault:
    region, owner, name = arn.split(":")[3], arn.split(":")[4], arn.split(":")[6]
    whose = {} if owner == account.id else {"BackupVaultAccountId": owner}
    # AWS denies access to a vault that does not exist, as to another account's
    gone = not whose and name not in list_vaults(account, region)
    named = {"BackupVaultName": name, **whose}
    found = (None if gone else account.find("backup", "DescribeBackupVault", region=region, **named)) or {}
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


# ── Resources that a selection of a backup plan matches: by name, by tag, within its conditions


def selects(selection: Mapping[str, Any], arn: str, tags: Mapping[str, str]) -> bool:
    """Whether a selection includes a resource: named or tagged, not excluded, and within every condition."""
    named = _matches(arn, selection.get("Resources", ()))
    tagged = any(tags.get(tag["ConditionKey"]) == tag["ConditionValue"] for tag in selection.get("ListOfTags", ()))
    excluded = _matches(arn, selection.get("NotResources", ()))
    return (named or tagged) and not excluded and _within(selection.get("Conditions", {}), tags)


def _matches(arn: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in patterns)


def _within(conditions: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    own = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}

    def fits(test: Mapping[str, str]) -> bool:
        return fnmatchcase(own.get(test["ConditionKey"], ""), test["ConditionValue"])

    wanted = [*conditions.get("StringEquals", ()), *conditions.get("StringLike", ())]
    refused = [*conditions.get("StringNotEquals", ()), *conditions.get("StringNotLike", ())]
    return all(map(fits, wanted)) and not any(map(fits, refused))


# ── Backups of each database, and the results of its restore tests


_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    """A recovery point in a vault."""

    arn: str
    age: Quantity
    """The age of the data that it restores: since it was made, or for a continuous one since a moment ago."""
    encrypted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTest:
    """A restore by a restore testing plan that has ended."""

    status: str
    started: datetime
    took: Quantity | None
    """Time from its start until the database answered; None if nobody states that.

    For an instance, AWS Backup does. It restores an Aurora cluster without instances, and is done before one exists:
    https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-aur.html
    So for a cluster it is the time that the validation states in its message, in ISO 8601.
    """
    age: Quantity | None
    """Time since its end."""
    validation: str
    """``SUCCESSFUL``, ``FAILED``, ``TIMED_OUT``, ``VALIDATING``, or empty if nobody has reported."""
    deletion: str
    """State of the restored database: ``SUCCESSFUL``, ``FAILED``, ``DELETING``, or empty."""

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
    """Its restorable recovery points in the vaults of this region that plans use; in all if no plan selects it."""
    copies: Mapping[str, Quantity]
    """By ARN of each vault that plans copy to: the age of its newest completed recovery point, if there is one."""
    testing_plans: tuple[str, ...]
    """Restore testing plans that select it."""
    tests: tuple[RestoreTest, ...]
    """Restore tests of it that have ended, newest first."""

    @property
    def copies_to(self) -> frozenset[str]:
        """ARNs of the vaults that its plans copy to."""
        return frozenset(vault for plan in self.plans for rule in plan.rules for vault in rule.copies)

    @property
    def late_copies(self) -> tuple[str, ...]:
        """Vaults whose newest copy is older than three days, of a daily rule, or two months, of any other."""
        rules = [rule for plan in self.plans for rule in plan.rules]
        daily = {vault for rule in rules if rule.daily for vault in rule.copies}
        due = {vault: Quantity.days(3 if vault in daily else 62) for vault in self.copies_to}
        late = {vault: age for vault, age in sorted(self.copies.items()) if vault in due and age.base > due[vault].base}
        return tuple(f"{vault} has none since {age}" for vault, age in late.items())

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


@observes_each(DatabaseBackups, lambda account: filter(holds_own_data, account.once(observe_databases)))
def observe_database_backups(account: Account, database: Database) -> DatabaseBackups:
    """Observe for each database with data of its own its backup plans, recovery points and restore tests."""
    return DatabaseBackups(
        subject=database.subject,
        plans=account.attempt(_plans_of, account, database),
        points=account.attempt(_points_of, account, database),
        copies=account.attempt(_find_copies, account, database),
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
    if _is_left_out(account, database):  # saved by hand, or before a plan was removed
        vaults |= list_vaults(account, account.region)
    listed = account.each(
        lambda vault: account.list(
            "backup", "ListRecoveryPointsByBackupVault", "RecoveryPoints", BackupVaultName=vault,
            ByResourceArn=database.subject,
        ),
        sorted(vaults),
    )  # fmt: skip
    kept = (row for rows in listed for row in rows if row["Status"] in ("COMPLETED", "AVAILABLE"))
    return tuple(_point(row, database, account.now) for row in kept)


def _is_left_out(account: Account, database: Database) -> bool:
    """Whether no plan selects a database, as far as that can be known."""
    try:
        return not _plans_of(account, database)
    except Unreadable:
        return False


def _find_copies(account: Account, database: Database) -> Mapping[str, Quantity]:
    vaults = {vault for plan in account.once(observe_plans) for rule in plan.rules for vault in rule.copies}
    made = {vault: _find_newest_copy(account, vault, database.subject) for vault in sorted(vaults)}
    return {vault: _age(account.now - time) for vault, time in made.items() if time is not None}


def _find_newest_copy(account: Account, vault: str, database: str) -> datetime | None:
    _, _, _, region, owner, _, name = vault.split(":")
    asked = {"BackupVaultName": name, "ByResourceArn": database}
    whose = {} if owner == account.id else {"BackupVaultAccountId": owner}
    try:
        rows = account.list(
            "backup", "ListRecoveryPointsByBackupVault", "RecoveryPoints", region=region, **asked, **whose
        )
    except Absent:
        return None
    return max((row["CreationDate"] for row in rows if row["Status"] == "COMPLETED"), default=None)


def _point(row: Mapping[str, Any], database: Database, now: datetime) -> RecoveryPoint:
    # a continuous one is AVAILABLE while it goes on, and reaches as far as the database itself can be restored
    continuous = row["Status"] == "AVAILABLE"
    return RecoveryPoint(
        arn=row["RecoveryPointArn"],
        age=_age(now - ((database.latest if continuous else None) or row["CreationDate"])),
        encrypted=row["IsEncrypted"],
    )


def _age(time: timedelta) -> Quantity:
    return Quantity.lasting(time, "h", at_most=True)


def _testing_plans_of(account: Account, database: Database) -> tuple[str, ...]:
    plans = account.list("backup", "ListRestoreTestingPlans", "RestoreTestingPlans")
    names = (plan["RestoreTestingPlanName"] for plan in plans)
    return tuple(name for name in names if any(_covers(one, database) for one in _testing_selections(account, name)))


def _testing_selections(account: Account, plan: str) -> tuple[Mapping[str, Any], ...]:
    listed = account.list(
        "backup", "ListRestoreTestingSelections", "RestoreTestingSelections", RestoreTestingPlanName=plan
    )
    return account.each(
        lambda name: account.get(
            "backup", "GetRestoreTestingSelection", RestoreTestingPlanName=plan, RestoreTestingSelectionName=name
        )["RestoreTestingSelection"],
        [one["RestoreTestingSelectionName"] for one in listed],
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
    """Return the time in the validation's message, if it is after the end of the restore."""
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
        took=_age(answered - job["CreationDate"]) if answered else None,
        age=_age(now - end) if end else None,
        validation=job.get("ValidationStatus", ""),
        deletion=job.get("DeletionStatus", ""),
    )
