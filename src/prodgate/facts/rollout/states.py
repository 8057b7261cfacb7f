"""What AWS's words for the state of a deployment mean, whichever of its services carries the deployment out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from ...aws.answers import Unreadable


class State(StrEnum):
    """What has become of a deployment so far."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    ROLLING_BACK = "rolling back"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"


#: States after which nothing more happens.
OVER: Final = frozenset({State.SUCCEEDED, State.FAILED, State.STOPPED, State.ROLLED_BACK, State.ROLLBACK_FAILED})

#: Statuses of an ECS service deployment.
_ECS: Final[Mapping[str, State]] = {
    "PENDING": State.WAITING,
    "IN_PROGRESS": State.RUNNING,
    "SUCCESSFUL": State.SUCCEEDED,
    "STOP_REQUESTED": State.RUNNING,
    "STOPPED": State.STOPPED,
    "ROLLBACK_REQUESTED": State.ROLLING_BACK,
    "ROLLBACK_IN_PROGRESS": State.ROLLING_BACK,
    "ROLLBACK_SUCCESSFUL": State.ROLLED_BACK,
    "ROLLBACK_FAILED": State.ROLLBACK_FAILED,
}
#: Statuses of a CodeDeploy deployment. ``Ready`` waits for a person to let traffic move.
_CODEDEPLOY: Final[Mapping[str, State]] = {
    "Created": State.WAITING,
    "Queued": State.WAITING,
    "Ready": State.WAITING,
    "InProgress": State.RUNNING,
    "Baking": State.RUNNING,
    "Succeeded": State.SUCCEEDED,
    "Failed": State.FAILED,
    "Stopped": State.STOPPED,
}
#: What a failed or stopped deployment of CodeDeploy is, by the state of the deployment that takes it back.
_TAKEN_BACK: Final[Mapping[State, State]] = {
    State.WAITING: State.ROLLING_BACK,
    State.RUNNING: State.ROLLING_BACK,
    State.SUCCEEDED: State.ROLLED_BACK,
    State.FAILED: State.ROLLBACK_FAILED,
    State.STOPPED: State.ROLLBACK_FAILED,
}


def read_ecs_state(status: str) -> State:
    """Return the state of an ECS service deployment. Raises Unreadable for a status that is not known."""
    return _read(_ECS, status, "ECS service deployment")


def read_codedeploy_state(deployment: Mapping[str, Any], rollback: Mapping[str, Any] | None) -> State:
    """Return the state of a CodeDeploy deployment, given the one that takes it back, if there is one.

    Raises Unreadable for a status that is not known.
    """
    state = _read(_CODEDEPLOY, deployment.get("status", ""), "CodeDeploy deployment")
    if rollback is None or state not in (State.FAILED, State.STOPPED):
        return state
    return _TAKEN_BACK[_read(_CODEDEPLOY, rollback.get("status", ""), "CodeDeploy deployment")]


def _read(known: Mapping[str, State], status: str, of_what: str) -> State:
    if status in known:
        return known[status]
    raise Unreadable(f"status {status!r} of a {of_what} is none that this version knows; install a newer one")
