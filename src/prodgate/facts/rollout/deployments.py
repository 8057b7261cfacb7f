"""One deployment of a service, whoever carries it out: ECS itself, or CodeDeploy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...aws.answers import Unread, Unreadable
from ...aws.plain_json import revive
from .. import Fact
from .reading import CODEDEPLOY, ECS
from .states import State, read_codedeploy_state, read_ecs_state

#: Who starts a deployment of CodeDeploy that takes another back.
_TAKES_BACK: Final = ("codeDeployRollback", "CloudFormationRollback")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of a deployment, in AWS's words."""

    name: str
    """Such as ``BeforeInstall`` of CodeDeploy, or ``POST_SCALE_UP`` of ECS."""
    state: str
    """Such as ``Succeeded``."""
    began: datetime | None
    """None for a stage that has not begun, or whose time is not kept: ECS tells only which one it is at."""
    ended: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Deployment(Fact):
    """The newest deployment of a service; ``subject`` is the service's ARN."""

    id: str
    """ARN of an ECS service deployment, or id of a CodeDeploy deployment."""
    carrier: str
    """What carries it out: ``ECS`` or ``CODE_DEPLOY``."""
    state: State
    reason: str
    """Why it is in that state, in AWS's words; often empty."""
    takes_back: str
    """The id of the deployment that this one takes back, ``another`` if AWS does not say which; else empty."""
    began: datetime
    ended: datetime | None
    """None while it goes on."""
    stages: tuple[Stage, ...]
    """In order of time, as far as AWS keeps them."""


def deployment_facts(value: Mapping[str, Any]) -> Iterator[Deployment]:
    """Yield the deployment in stored answers, as ``reading.read_newest_deployments`` makes them."""
    answers = revive(value)
    subject = answers["service"]["serviceArn"]
    if reason := answers.get("unreadable"):
        yield Deployment.unread(subject, reason)
        return
    yield Deployment(subject=subject, carrier=answers["carrier"], **_READERS[answers["carrier"]](answers))


def _attempt(read: Callable[..., State], *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except Unreadable as error:
        return Unread(error.reason)


def _read_ecs(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    row = answers["deployment"]
    stage = row.get("lifecycleStage")
    return {
        "id": row["serviceDeploymentArn"],
        "state": _attempt(read_ecs_state, row.get("status", "")),
        "reason": row.get("statusReason") or "",
        "takes_back": "",
        "began": row.get("startedAt") or row["createdAt"],
        "ended": row.get("finishedAt") or row.get("stoppedAt"),
        "stages": (Stage(name=stage, state=row["status"], began=None, ended=None),) if stage else (),
    }


def _read_codedeploy(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    row = answers["deployment"]
    error = row.get("errorInformation") or {}
    last = answers.get("rollback") or row
    return {
        "id": row["deploymentId"],
        "state": _attempt(read_codedeploy_state, row, answers.get("rollback")),
        "reason": ": ".join(filter(None, (error.get("code"), error.get("message")))),
        "takes_back": _find_taken_back(row),
        "began": row.get("startTime") or row["createTime"],
        "ended": last.get("completeTime"),
        "stages": tuple(_list_stages(answers)),
    }


def _find_taken_back(row: Mapping[str, Any]) -> str:
    if row.get("creator") not in _TAKES_BACK:
        return ""
    return str((row.get("rollbackInfo") or {}).get("rollbackTriggeringDeploymentId") or "another")


def _list_stages(answers: Mapping[str, Any]) -> Iterator[Stage]:
    for target in answers["targets"]:
        for event in (target.get("ecsTarget") or {}).get("lifecycleEvents", ()):
            yield Stage(
                name=event["lifecycleEventName"],
                state=event.get("status", ""),
                began=event.get("startTime"),
                ended=event.get("endTime"),
            )


_READERS: Final = {ECS: _read_ecs, CODEDEPLOY: _read_codedeploy}
