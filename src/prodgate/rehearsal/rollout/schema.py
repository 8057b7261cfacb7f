"""Before a deployment: a snapshot of the database, and the migration that the new build needs, each on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..site import migrating
from .colours import Stage


def back_up(stage: Stage, name: str) -> Mapping[str, Any]:
    """Take a snapshot of every database cluster of the account; return their ids."""
    rds, taken = stage.aws("rds"), []
    for cluster in rds.describe_db_clusters()["DBClusters"]:
        id_ = cluster["DBClusterIdentifier"]
        named = f"{id_}-before-{name}-{datetime.now(UTC):%Y%m%d%H%M%S%f}"
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=named, DBClusterIdentifier=id_)
        taken.append(named)
    return {"snapshots": taken}


def bring_schema(stage: Stage, revision: str, flaw: migrating.Flaw | None = None) -> Mapping[str, Any]:
    """Migrate the database, as a task of the declared migration; return from where to where, and why not."""
    began, task = datetime.now(UTC), _start_task(stage)
    done = migrating.bring_schema(stage.fleet.database, revision, flaw)
    _stop_task(stage, task, done.error)
    times = {"began": began.isoformat(), "ended": datetime.now(UTC).isoformat()}
    return {"from": done.before, "to": done.after, "wanted": revision, "error": done.error, "task": task, **times}


def _start_task(stage: Stage) -> str:
    """Run the task definition that is declared for migrations; return the task's ARN, "" where none is declared."""
    ecs, service = stage.aws("ecs"), stage.services[0]
    families = ecs.list_task_definition_families(status="ACTIVE")["families"]
    family = next((name for name in families if name.endswith("-migration")), "")
    if not family:
        return ""
    (described,) = ecs.describe_services(cluster=service.cluster, services=[service.name])["services"]
    network = {"networkConfiguration": described["networkConfiguration"], "launchType": "FARGATE"}
    (task,) = ecs.run_task(cluster=service.cluster, taskDefinition=family, startedBy="deploy", **network)["tasks"]
    return str(task["taskArn"])


def _stop_task(stage: Stage, task: str, error: str) -> None:
    if not task:
        return
    stage.aws("ecs").stop_task(cluster=stage.services[0].cluster, task=task)
    ended = datetime.now(UTC).isoformat(timespec="microseconds")
    told = {
        "exitCode": int(bool(error)),
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "stoppedAt": ended,
        "executionStoppedAt": ended,
    }
    account = stage.keeper.account
    account.emulator.conduct("ecs", account.region, stopped={task: told})
