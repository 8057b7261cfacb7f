"""Databases of RDS: Aurora clusters, and instances that belong to none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads

reads(
    "rds",
    "DescribeDBClusterParameters",
    "DescribeDBClusterSnapshots",
    "DescribeDBClusters",
    "DescribeDBInstanceAutomatedBackups",
    "DescribeDBInstances",
    "DescribeDBParameters",
)

#: Engine -> the parameter that makes it refuse plain connections.
FORCES_TLS: Final = {
    "aurora-postgresql": "rds.force_ssl",
    "postgres": "rds.force_ssl",
    "aurora-mysql": "require_secure_transport",
    "mysql": "require_secure_transport",
    "mariadb": "require_secure_transport",
}
#: Tag of the databases that a restore test of AWS Backup creates for a while.
RESTORE_TEST: Final = "awsbackup-restore-test"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DatabaseInstance(Fact):
    """A database server. ``subject`` is its ARN."""

    cluster: str
    """Identifier of its cluster; empty for an instance of its own."""
    size: str
    """Its class, such as ``db.serverless``."""
    zone: str
    public: bool
    """Whether its address resolves to one on the internet."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Database(Fact):
    """A cluster, or an instance that belongs to none. ``subject`` is its ARN."""

    engine: str
    engine_mode: str
    least: Quantity | None
    """Capacity that it never scales below; None if it does not scale."""
    most: Quantity | None
    instances: tuple[DatabaseInstance, ...]
    encrypted: bool
    key: str
    """KMS key of its storage; empty for none."""
    retention: Quantity
    age: Quantity
    reaches_back: Quantity | None
    """How long ago the earliest restorable time is; None if RDS does not say."""
    latest: datetime | None
    """The latest restorable time."""
    deletion_protected: bool
    master_secret: str
    """ARN of the secret in which RDS keeps the master password; empty if RDS does not manage it."""
    tls_parameter: str
    """Name of the parameter that forces TLS; empty for an engine that is not known here."""
    forces_tls: str
    """Value of that parameter; empty if the parameter group does not list it."""
    parameters_in_force: bool
    """Whether no change of a parameter waits for a restart."""
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DatabaseSnapshot(Fact):
    """A snapshot of a cluster. ``subject`` is its ARN."""

    encrypted: bool


@observes(DatabaseInstance)
def observe_instances(account: Account) -> Iterator[DatabaseInstance]:
    """See every database server."""
    look = apart(DatabaseInstance, _server, "DBInstanceArn", "DBInstanceIdentifier")
    yield from map(look, _list_lasting(account.list("rds", "DescribeDBInstances", "DBInstances")))


@observes(Database)
def observe_databases(account: Account) -> Iterator[Database]:
    """See every database but those that a restore test has created for a while."""
    servers = account.once(observe_instances)
    cluster = apart(Database, partial(_cluster, account, servers), "DBClusterArn", "DBClusterIdentifier")
    yield from map(cluster, _list_lasting(account.list("rds", "DescribeDBClusters", "DBClusters")))
    alone = [
        row
        for row in _list_lasting(account.list("rds", "DescribeDBInstances", "DBInstances"))
        if not row.get("DBClusterIdentifier")
    ]
    yield from map(
        apart(Database, partial(_instance, account, servers), "DBInstanceArn", "DBInstanceIdentifier"), alone
    )


@observes(DatabaseSnapshot)
def observe_snapshots(account: Account) -> Iterator[DatabaseSnapshot]:
    """See the snapshots of clusters, automated and manual."""
    look = apart(DatabaseSnapshot, _snapshot, "DBClusterSnapshotArn", "DBClusterSnapshotIdentifier")
    yield from map(look, account.list("rds", "DescribeDBClusterSnapshots", "DBClusterSnapshots"))


def _list_lasting(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield clusters or instances but those of restore tests."""
    yield from (row for row in rows if RESTORE_TEST not in [tag.get("Key") for tag in row.get("TagList", ())])


def _server(row: Mapping[str, Any]) -> DatabaseInstance:
    return DatabaseInstance(
        subject=row["DBInstanceArn"],
        cluster=row.get("DBClusterIdentifier", ""),
        size=row["DBInstanceClass"],
        zone=row.get("AvailabilityZone", ""),
        public=row["PubliclyAccessible"],
    )


def _snapshot(row: Mapping[str, Any]) -> DatabaseSnapshot:
    return DatabaseSnapshot(subject=row["DBClusterSnapshotArn"], encrypted=row["StorageEncrypted"])


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
        age=hours(account.now - row["ClusterCreateTime"]),
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
        age=hours(account.now - row["InstanceCreateTime"]),
        reaches_back=account.attempt(_reach_of_instance, account, row["DBInstanceArn"]),
        forces_tls=account.attempt(_parameter, account, row["Engine"], [g["DBParameterGroupName"] for g in groups]),
        parameters_in_force={group["ParameterApplyStatus"] for group in groups} <= {"in-sync"},
        **_common_fields(row, servers),
    )


def _reach(account: Account, earliest: datetime | None) -> Quantity | None:
    # the earliest time moves on while the account is observed, so only whole hours say anything
    return Quantity.of(round((account.now - earliest) / timedelta(hours=1)), "h") if earliest else None


def _reach_of_instance(account: Account, arn: str) -> Quantity | None:
    """Return how far back an instance can be restored: its description does not say, its automated backup does.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstanceAutomatedBackup.html
    """
    kept = account.list("rds", "DescribeDBInstanceAutomatedBackups", "DBInstanceAutomatedBackups")
    own = [one.get("RestoreWindow") or {} for one in kept if one.get("DBInstanceArn") == arn]
    return _reach(account, min((one["EarliestTime"] for one in own if "EarliestTime" in one), default=None))


def _common_fields(row: Mapping[str, Any], servers: tuple[DatabaseInstance, ...]) -> dict[str, Any]:
    """Return the fields that clusters and instances have under the same names."""
    return {
        "engine": row["Engine"],
        "instances": servers,
        "encrypted": row["StorageEncrypted"],
        "key": row.get("KmsKeyId", ""),
        "retention": Quantity.days(row["BackupRetentionPeriod"]),
        "latest": row.get("LatestRestorableTime"),
        "deletion_protected": row["DeletionProtection"],
        "master_secret": row.get("MasterUserSecret", {}).get("SecretArn", ""),
        "tls_parameter": FORCES_TLS.get(row["Engine"], ""),
        "tags": _tags(row),
    }


def hours(apart: timedelta) -> Quantity:
    """Return a duration in hours."""
    return Quantity.of((Decimal(int(apart.total_seconds())) / 3600).quantize(Decimal("0.01")), "h")


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
    name = FORCES_TLS.get(engine)
    return next((one.get("ParameterValue", "") for one in listed if one["ParameterName"] == name), "")


def _tags(row: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in row.get("TagList", ())}
