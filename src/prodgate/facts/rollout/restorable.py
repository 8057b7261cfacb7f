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

_OF_CLUSTER: Final = ("DBClusterArn", "DBClusterIdentifier", "EarliestRestorableTime", "LatestRestorableTime")
_OF_SNAPSHOT: Final = ("DBClusterSnapshotIdentifier", "SnapshotCreateTime", "Status", "SnapshotType")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RestorablePoint(Fact):
    """What a database could be restored to when a release began; ``subject`` is the cluster's ARN."""

    age: Quantity
    """How long before the release its newest restorable moment was."""
    snapshot: str
    """Name of the newest snapshot that was taken before the migrations; empty when there is none."""
    snapshot_age: Quantity | None
    """How long before the migrations it was taken."""


def read_restorable(account: Account, cluster: str) -> Mapping[str, Any]:
    """Return a cluster and its snapshots as plain JSON values; ``cluster`` may be empty where there is only one.

    Raises Unreadable.
    """
    row = _find_cluster(account.list("rds", "DescribeDBClusters", "DBClusters"), cluster)
    asked = {"DBClusterIdentifier": row["DBClusterIdentifier"]}
    snapshots = account.list("rds", "DescribeDBClusterSnapshots", "DBClusterSnapshots", **asked)
    plain: Mapping[str, Any] = to_plain(
        {
            "asked": account.now,
            "cluster": {name: row[name] for name in _OF_CLUSTER if name in row},
            "snapshots": [{name: one[name] for name in _OF_SNAPSHOT if name in one} for one in snapshots],
        }
    )
    return plain


def _find_cluster(rows: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    own = [row for row in rows if RESTORE_TEST not in {tag["Key"] for tag in row.get("TagList", ())}]
    found = [row for row in own if name in ("", row["DBClusterIdentifier"])]
    if len(found) == 1:
        return found[0]
    there = ", ".join(sorted(row["DBClusterIdentifier"] for row in own)) or "none"
    raise Unreadable(
        f"the account holds these clusters: {there}; write [rollout.migrations] cluster = the migrated one"
    )


def restorable_facts(
    value: Mapping[str, Any], deployments: Sequence[Deployment], runs: MigrationRuns | str
) -> Iterator[RestorablePoint]:
    """Yield what the cluster could go back to. ``runs`` may be the reason why they are not known."""
    answers = revive(value)
    cluster = answers["cluster"]
    began = min((each.began for each in deployments), default=answers["asked"])
    start = runs if isinstance(runs, str) else runs.began
    taken = None if isinstance(start, str) else _find_newest(answers["snapshots"], start)
    unknown: Any = Unread(start) if isinstance(start, str) else None
    yield RestorablePoint(
        subject=cluster["DBClusterArn"],
        age=_find_age(cluster, began if isinstance(start, str) else min(began, start)),
        snapshot=unknown or (taken["DBClusterSnapshotIdentifier"] if taken else ""),
        snapshot_age=unknown or (seconds_between(runs.began, taken["SnapshotCreateTime"]) if taken else None),  # type: ignore[union-attr]
    )


def _find_newest(snapshots: Sequence[Mapping[str, Any]], before: datetime) -> Mapping[str, Any] | None:
    """Return the newest snapshot that somebody took before a time and that is complete.

    An automated one that happens to be as new shows no care, and is gone when the retention ends.
    """
    taken = [one for one in snapshots if one.get("SnapshotType") != "automated" and one.get("SnapshotCreateTime")]
    earlier = [one for one in taken if one.get("Status") == "available" and one["SnapshotCreateTime"] < before]
    return max(earlier, key=lambda one: one["SnapshotCreateTime"], default=None)


def _find_age(cluster: Mapping[str, Any], began: datetime) -> Any:
    """Return how far before a release the database can go back at the least.

    What can be restored today is every second from the earliest time to the latest one, so the release's own second is
    among them, unless it began later or is no longer kept.
    """
    earliest, latest = cluster.get("EarliestRestorableTime"), cluster.get("LatestRestorableTime")
    if earliest is None or latest is None:
        return Unread("RDS names no restorable time of it")
    if earliest > began:
        return Unread(f"backups reach back to {earliest:%Y-%m-%d %H:%M} only, and the release began before")
    return seconds_between(began, latest)
