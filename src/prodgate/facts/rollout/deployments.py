"""One deployment of a service, whoever carries it out: ECS itself, or CodeDeploy."""

from __future__ import annotations

import re
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
_DEFINITION: Final = re.compile(r"arn:aws[\w-]*:ecs:[\w-]+:\d{12}:task-definition/[\w-]+:\d+")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A version of a service."""

    definition: str
    """ARN of its task definition."""
    digests: Mapping[str, str]
    """Digest of the image of each container, as ECS resolved it; empty where CodeDeploy deploys."""


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
    stopped_by: str
    """What shows that a person stopped it; empty if nobody did."""
    began: datetime
    ended: datetime | None
    """None while it goes on."""
    stages: tuple[Stage, ...]
    """In order of time, as far as AWS keeps them."""
    source: Revision
    """What ran before."""
    target: Revision
    """What was to run."""
    alarms: tuple[str, ...]
    """Names of the alarms that could take it back."""


def deployment_facts(value: Mapping[str, Any]) -> Iterator[Deployment]:
    """Yield the deployment in stored answers, as ``reading.read_newest_deployments`` makes them."""
    answers = revive(value)
    subject = answers["service"]["serviceArn"]
    if reason := answers.get("unreadable"):
        yield Deployment.unread(subject, reason)
        return
    yield Deployment(subject=subject, carrier=answers["carrier"], **_READERS[answers["carrier"]](answers))


def _attempt(read: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except Unreadable as error:
        return Unread(error.reason)


def _read_ecs(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    row = answers["deployment"]
    stage, status = row.get("lifecycleStage"), row.get("status", "")
    sources = [_ecs_revision(answers, each["arn"]) for each in row.get("sourceServiceRevisions", ())]
    return {
        "id": row["serviceDeploymentArn"],
        "state": _attempt(read_ecs_state, status),
        "reason": ": ".join(filter(None, (row.get("statusReason"), (row.get("rollback") or {}).get("reason")))),
        "takes_back": "",
        "stopped_by": status if status in ("STOPPED", "STOP_REQUESTED", "ROLLBACK_REQUESTED") else "",
        "began": row.get("startedAt") or row.get("createdAt") or Unread("ECS does not say when it was made"),
        "ended": row.get("finishedAt") or row.get("stoppedAt"),
        "stages": (Stage(name=stage, state=status, began=None, ended=None),) if stage else (),
        "source": sources[0] if len(sources) == 1 else Unread(f"{len(sources)} revisions ran before, and not one"),
        "target": _ecs_revision(answers, (row.get("targetServiceRevision") or {}).get("arn", "")),
        "alarms": tuple((row.get("alarms") or {}).get("alarmNames", ())),
    }


def _ecs_revision(answers: Mapping[str, Any], arn: str) -> Any:
    for row in answers.get("revisions", ()):
        if row["serviceRevisionArn"] == arn:
            images = row.get("containerImages", ())
            digests = {one["containerName"]: one["imageDigest"] for one in images if one.get("imageDigest")}
            return Revision(definition=row.get("taskDefinition", ""), digests=digests)
    return Unread(f"ECS does not describe the revision {arn or 'of the deployment'} any more")


def _read_codedeploy(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    row, back = answers["deployment"], answers.get("rollback")
    error = row.get("errorInformation") or {}
    alarms = row.get("overrideAlarmConfiguration") or answers.get("alarms") or {}
    return {
        "id": row["deploymentId"],
        "state": _attempt(read_codedeploy_state, row, back),
        "reason": ": ".join(filter(None, (error.get("code"), error.get("message")))),
        "takes_back": _find_taken_back(row),
        "stopped_by": "MANUAL_STOP" if error.get("code") == "MANUAL_STOP" else "",
        "began": row.get("startTime") or row.get("createTime") or Unread("CodeDeploy does not say when it was made"),
        "ended": (back or row).get("completeTime"),
        "stages": tuple(_list_stages(answers)),
        "source": _codedeploy_revision(row.get("previousRevision"), "no earlier deployment of its group is known"),
        "target": _codedeploy_revision(row.get("revision"), "it deployed something else than an AppSpec"),
        "alarms": tuple(one["name"] for one in alarms.get("alarms", ()) if alarms.get("enabled")),
    }


def _codedeploy_revision(revision: Mapping[str, Any] | None, otherwise: str) -> Any:
    """Return what an AppSpec names; it is JSON or YAML, and names its task definition by ARN in either."""
    for form in ("appSpecContent", "string"):
        found = _DEFINITION.findall(((revision or {}).get(form) or {}).get("content", ""))
        if len(set(found)) == 1:
            return Revision(definition=found[0], digests={})
    return Unread(f"which task definition it stands for can't be told: {otherwise}")


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
