"""To which moment a database could go back when a release began: its snapshots, and its latest restorable time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread, Unreadable
from ...aws.plain_json import revive, to_plain
from ...quantities import Quantity
from .. import Fact
from ..live.databases import RESTORE_TEST
from ..observers import reads
from .deployments import Deployment
from .migration_runs import MigrationRuns, seconds_between

reads("rds", "DescribeDBClusterSnapshots", "DescribeDBClusters")
reads("rds", "DescribeDBInstanceAutomatedBackups", "DescribeDBInstances", "DescribeDBSnapshots")

_OF_CLUSTER: Final = ("DBClusterArn", "DBClusterIdentifier", "EarliestRestorableTime", "LatestRestorableTime")
_OF_INSTANCE: Final = ("DBInstanceArn", "DBInstanceIdentifier", "DbiResourceId", "LatestRestorableTime")
_OF_BACKUP: Final = ("DbiResourceId", "RestoreWindow", "Status")
_OF_SNAPSHOT: Final = (
    "DBClusterSnapshotIdentifier", "DBSnapshotIdentifier", "DbiResourceId", "SnapshotCreateTime", "Status",
    "SnapshotType",
)  # fmt: skip
#: Status of the automated backups of an instance that exists; those of a deleted one are retained.
_ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RestorablePoint(Fact):
    """What a database could be restored to when a release began; ``subject`` is its ARN."""

    age: Quantity
    """How long before the release its newest restorable moment was."""
    snapshot: str
    """Name of the newest snapshot that was taken before the migrations; empty when there is none."""
    snapshot_age: Quantity | None
    """How long before the migrations it was taken."""


def read_restorable(account: Account, name: str) -> Mapping[str, Any]:
    """Return a database and its snapshots as plain JSON values; ``name`` may be empty where there is only one.

    A database is a cluster, or an instance that belongs to none. Raises Unreadable.
    """
    clusters = account.list("rds", "DescribeDBClusters", "DBClusters")
    instances = account.list("rds", "DescribeDBInstances", "DBInstances")
    alone = [row for row in instances if not row.get("DBClusterIdentifier")]
    row = _find_database([*clusters, *alone], name)
    read = _read_cluster if "DBClusterIdentifier" in row else _read_instance
    plain: Mapping[str, Any] = to_plain({"asked": account.now, **read(account, row)})
    return plain


def _read_cluster(account: Account, row: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = {"DBClusterIdentifier": row["DBClusterIdentifier"]}
    snapshots = account.list("rds", "DescribeDBClusterSnapshots", "DBClusterSnapshots", **asked)
    return {"cluster": _keep(row, _OF_CLUSTER), "snapshots": [_keep(one, _OF_SNAPSHOT) for one in snapshots]}


def _read_instance(account: Account, row: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = {"DBInstanceIdentifier": row["DBInstanceIdentifier"]}
    snapshots = account.list("rds", "DescribeDBSnapshots", "DBSnapshots", **asked)
    backups = account.list("rds", "DescribeDBInstanceAutomatedBackups", "DBInstanceAutomatedBackups", **asked)
    return {
        "instance": _keep(row, _OF_INSTANCE),
        "snapshots": [_keep(one, _OF_SNAPSHOT) for one in snapshots],
        "automated": [_keep(one, _OF_BACKUP) for one in backups],
    }


def _keep(row: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    return {name: row[name] for name in names if name in row}


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("DBClusterIdentifier") or row["DBInstanceIdentifier"])


def _find_database(rows: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    own = [row for row in rows if RESTORE_TEST not in {tag["Key"] for tag in row.get("TagList", ())}]
    found = [row for row in own if name in ("", _name(row))]
    if len(found) == 1:
        return found[0]
    there = ", ".join(sorted(map(_name, own))) or "none"
    raise Unreadable(
        f"the account holds these databases: {there}; write [rollout.migrations] cluster = the migrated one, a cluster "
        "or an instance"
    )


def restorable_facts(
    value: Mapping[str, Any], deployments: Sequence[Deployment], runs: MigrationRuns | str
) -> Iterator[RestorablePoint]:
    """Yield what the database could go back to. ``runs`` may be the reason why they are not known."""
    answers = revive(value)
    database, snapshots = _merge(answers)
    began = min((each.began for each in deployments), default=answers["asked"])
    start = runs if isinstance(runs, str) else runs.began
    taken = None if isinstance(start, str) else _find_newest(snapshots, start)
    unknown: Any = Unread(start) if isinstance(start, str) else None
    yield RestorablePoint(
        subject=database["arn"],
        age=_find_age(database, began if isinstance(start, str) else min(began, start)),
        snapshot=unknown or (_name_snapshot(taken) if taken else ""),
        snapshot_age=unknown or (seconds_between(runs.began, taken["SnapshotCreateTime"]) if taken else None),  # type: ignore[union-attr]
    )


def _merge(answers: Mapping[str, Any]) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """Return ``{"arn", "earliest", "latest"}`` of a cluster or an instance, and its snapshots.

    An instance that took the name of a deleted one has not its snapshots.
    """
    if "cluster" in answers:
        row = answers["cluster"]
        times = {"earliest": row.get("EarliestRestorableTime"), "latest": row.get("LatestRestorableTime")}
        return {"arn": row["DBClusterArn"], **times}, answers["snapshots"]
    row = answers["instance"]
    own = [one for one in answers["automated"] if one.get("DbiResourceId") == row["DbiResourceId"]]
    window: Mapping[str, Any] = next((one.get("RestoreWindow", {}) for one in own if one.get("Status") == _ACTIVE), {})
    times = {
        "earliest": window.get("EarliestTime"),
        "latest": row.get("LatestRestorableTime") or window.get("LatestTime"),
    }
    kept = [one for one in answers["snapshots"] if one.get("DbiResourceId") == row["DbiResourceId"]]
    return {"arn": row["DBInstanceArn"], **times}, kept


def _name_snapshot(snapshot: Mapping[str, Any]) -> str:
    return str(snapshot.get("DBClusterSnapshotIdentifier") or snapshot["DBSnapshotIdentifier"])


def _find_newest(snapshots: Sequence[Mapping[str, Any]], before: datetime) -> Mapping[str, Any] | None:
    """Return the newest snapshot that somebody took before a time and that is complete.

    An automated one that happens to be as new shows no care, and is gone when the retention ends.
    """
    taken = [one for one in snapshots if one.get("SnapshotType") != "automated" and one.get("SnapshotCreateTime")]
    earlier = [one for one in taken if one.get("Status") == "available" and one["SnapshotCreateTime"] < before]
    return max(earlier, key=lambda one: one["SnapshotCreateTime"], default=None)


def _find_age(database: Mapping[str, Any], began: datetime) -> Any:
    """Return how far before a release the database can go back at the least.

    What can be restored today is every second from the earliest time to the latest one, so the release's own second is
    among them, unless it began later or is no longer kept.
    """
    earliest, latest = database["earliest"], database["latest"]
    if earliest is None or latest is None:
        return Unread("RDS names no restorable time of it")
    if earliest > began:
        return Unread(f"backups reach back to {earliest:%Y-%m-%d %H:%M} only, and the release began before")
    return seconds_between(began, latest)
