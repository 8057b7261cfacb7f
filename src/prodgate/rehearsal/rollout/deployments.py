"""CodeDeploy's record of deployments that go on here: their events, sets of tasks, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ..emulator.codedeploy_deployments import EVENTS
from .colours import Stage, TaskSet
from .declared import Service
from .releases import render_app_spec

FAILED: Final = "DEPLOYMENT_FAILURE"
ON_ALARM: Final = "DEPLOYMENT_STOP_ON_ALARM"
ON_REQUEST: Final = "DEPLOYMENT_STOP_ON_REQUEST"


class Halted(Exception):
    """A deployment can't go on; ``why`` is the event of CodeDeploy that may roll it back."""

    def __init__(self, why: str, code: str, message: str) -> None:
        super().__init__(message)
        self.why, self.code, self.message = why, code, message

    @property
    def status(self) -> str:
        """What the deployment then is."""
        return "Failed" if self.why == FAILED else "Stopped"


@dataclass(slots=True, kw_only=True)
class Release:
    """A deployment of one service."""

    id: str
    service: Service
    definition: str
    """ARN of the task definition that it deploys."""
    blue: TaskSet
    green: TaskSet | None = None
    percent: int = 0
    """Of the traffic that goes to green."""
    events: dict[str, dict[str, Any]] = field(default_factory=dict)


def begin_release(stage: Stage, service: Service, definition: str, why: str) -> Release:
    """Let CodeDeploy begin to deploy a task definition."""
    made = stage.aws("codedeploy").create_deployment(
        applicationName=service.application,
        deploymentGroupName=service.group,
        description=why,
        revision=render_app_spec(service, definition, stage.hook.arn if stage.hook else ""),
    )
    blue = stage.serving[service.arn]
    release = Release(id=made["deploymentId"], service=service, definition=definition, blue=blue)
    release.events = {name: {"lifecycleEventName": name, "status": "Pending"} for name in EVENTS}
    return release


def tell(stage: Stage, release: Release, **fields: Any) -> None:
    """Say how far a deployment is, and fields of its description."""
    told = {
        **fields,
        "events": [*release.events.values()],
        "taskSets": [_describe(release, one) for one in (release.blue, release.green) if one and one.targets],
    }
    account = stage.keeper.account
    account.emulator.conduct("codedeploy", account.region, deployment={release.id: told})


def now() -> str:
    """Return the time as an account is told it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@contextmanager
def event(stage: Stage, releases: Sequence[Release], name: str) -> Iterator[None]:
    """Let a lifecycle event of deployments begin and end with the context; Halted in it is a failure of the event."""
    for release in releases:
        release.events[name] |= {"status": "InProgress", "startTime": now()}
        tell(stage, release)
    try:
        yield
    except Halted as halted:
        diagnostics = {"errorCode": "ScriptFailed", "message": halted.message}
        _end(stage, releases, name, "Failed", {"diagnostics": diagnostics})
        raise
    _end(stage, releases, name, "Succeeded", {})


def _end(stage: Stage, releases: Sequence[Release], name: str, status: str, more: Mapping[str, Any]) -> None:
    for release in releases:
        release.events[name] |= {"status": status, "endTime": now(), **more}
        tell(stage, release)


def _describe(release: Release, one: TaskSet) -> dict[str, Any]:
    green = one is release.green
    running = sum(target.task.alive for target in one.targets)
    return {
        "identifer": one.id,  # as AWS spells it
        "desiredCount": len(one.targets),
        "pendingCount": len(one.targets) - running,
        "runningCount": running,
        "status": "PRIMARY" if green == (release.percent == 100) else "ACTIVE",
        "trafficWeight": float(release.percent if green else 100 - release.percent),
        "targetGroup": {"name": one.group.name},
        "taskSetLabel": "Green" if green else "Blue",
    }
