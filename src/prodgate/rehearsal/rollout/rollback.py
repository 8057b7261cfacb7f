"""The way back: traffic to the old tasks, an end to the new ones, and a deployment of its own that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .colours import Stage, end_tasks, shift
from .deployments import Halted, Release, begin_release, now, tell

#: Percent of the traffic that a rollback leaves where it should not.
_LEFT: Final = 10


def roll_back(stage: Stage, releases: Sequence[Release], halted: Halted) -> None:
    """End deployments that can't go on; take them back where their groups say so, else all stays as it is."""
    for release in releases:
        told = {"status": halted.status, "completeTime": now()}
        tell(stage, release, **told, errorInformation={"code": halted.code, "message": halted.message})
    taken = [release for release in releases if halted.why in release.service.rolls_back_on]
    backs = [_begin(stage, release) for release in taken]
    for release in taken:
        _restore_traffic(stage, release)
    end_tasks(stage, [(release.service, release.green) for release in taken if release.green])
    for release, back in zip(taken, backs, strict=True):
        release.percent, back.percent = 0, 100
        tell(stage, release)
        for one in back.events.values():
            one |= {"status": "Succeeded", "startTime": now(), "endTime": now()}
        tell(stage, back, status="Succeeded", completeTime=now())


def _begin(stage: Stage, release: Release) -> Release:
    """Begin the deployment that takes another back: to it, the new tasks are blue and the old ones green."""
    message = f"Automatic rollback of deployment {release.id}."
    back = begin_release(stage, release.service, release.blue.definition, message)
    back.percent = 100 - release.percent
    back.blue, back.green = release.green or release.blue, release.blue
    tell(stage, release, rollbackInfo={"rollbackDeploymentId": back.id, "rollbackMessage": message})
    info = {"rollbackTriggeringDeploymentId": release.id, "rollbackMessage": message}
    tell(stage, back, status="InProgress", startTime=now(), creator="codeDeployRollback", rollbackInfo=info)
    return back


def _restore_traffic(stage: Stage, release: Release) -> None:
    service, blue, green = release.service, release.blue, release.green
    left = _LEFT if green and "leftover-group" in stage.faults else 0
    shift(stage, service, blue.group, 100 - left)
    where = {"cluster": service.cluster, "service": service.name}
    stage.aws("ecs").update_service_primary_task_set(**where, primaryTaskSet=blue.arn)
