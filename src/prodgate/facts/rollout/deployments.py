"""One deployment of a service, by ECS itself or by CodeDeploy."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from ...aws.account import Account, batched
from ...aws.answers import Absent, Unread, Unreadable
from ...aws.recording import revive, to_plain
from ...estimates import Estimate, exact_count
from .. import Fact
from ..live.ecs_services import list_deployment_groups, list_services

# ── Asks AWS about deployments: the newest of each service, or one by its id

#: How far back to look for the newest deployment; ECS keeps none that is older.
WITHIN: Final = timedelta(days=90)
#: Stands in for a missing time: it sorts before every other.
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

#: The carriers: services that carry out a deployment, by ECS's names of deployment controllers.
ECS, CODEDEPLOY = "ECS", "CODE_DEPLOY"


def read_newest_deployments(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield the responses about the newest deployment of every service behind a load balancer.

    Each is ``{"asked", "service", "carrier", "deployment", …}`` as plain JSON values, or ``{"asked", "service",
    "unreadable"}`` if the deployment can't be read. Raises Unreadable if the services can't be listed.
    """
    for service in account.once(list_services):
        if service.get("loadBalancers"):
            found = read_or_say("unreadable", _read_newest, account, service)
            without = {name: value for name, value in service.items() if name != "events"}
            yield to_plain({"asked": account.now, "service": without, **found})


def read_or_say(key: str, read: Callable[..., Mapping[str, Any]], *arguments: Any) -> Mapping[str, Any]:
    """Return the result of ``read``; if there is none, the reason under ``key``."""
    try:
        return read(*arguments)
    except (Absent, Unreadable) as error:
        return {key: error.reason}


def find_since(account: Account, service: Mapping[str, Any], since: datetime) -> str:
    """Return the id of the first deployment of a service since a time; empty while there is none.

    A deployment that fails is followed by one that rolls it back, so the first is the release. Raises Unreadable.
    """
    made = _list_made(account, service, since)
    return min(made, key=lambda one: one[0] or account.now)[1] if made else ""


def read_by_id(account: Account, id_: str) -> Mapping[str, Any]:
    """Return AWS's description of a deployment, by ECS ARN or CodeDeploy id. Raises Absent and Unreadable."""
    return read_ecs_deployment(account, id_) if id_.startswith("arn:") else read_codedeploy_deployment(account, id_)


def _read_newest(account: Account, service: Mapping[str, Any]) -> Mapping[str, Any]:
    carrier, name = _find_carrier(service), service["serviceName"]
    if carrier not in (ECS, CODEDEPLOY):
        raise Unreadable(f"{name} is deployed by {carrier}, which keeps no record that AWS shows")
    made = _list_made(account, service, account.now - WITHIN)
    if not made:
        raise Unreadable(f"{name}: no deployment in the last {WITHIN.days} days is on record; deploy it")
    return read_by_id(account, max(made, key=lambda one: one[0] or _LONG_AGO)[1])


def _find_carrier(service: Mapping[str, Any]) -> str:
    return str(service.get("deploymentController", {}).get("type", ECS))


def _list_made(account: Account, service: Mapping[str, Any], since: datetime) -> list[tuple[datetime | None, str]]:
    """Return time and id of each deployment of a service since a time. Raises Unreadable."""
    if _find_carrier(service) == CODEDEPLOY:
        described = _describe_codedeploy(account, _list_codedeploy(account, service, since))
        return [(one.get("createTime"), one["deploymentId"]) for one in described]
    named = {"cluster": service["clusterArn"], "service": service["serviceArn"], "createdAt": {"after": since}}
    found = account.list("ecs", "ListServiceDeployments", "serviceDeployments", **named)
    return [(one.get("createdAt"), one["serviceDeploymentArn"]) for one in found]


def read_ecs_deployment(account: Account, arn: str) -> Mapping[str, Any]:
    """Return ECS's description of a service deployment and its target revision. Raises Absent and Unreadable."""
    answer = account.get("ecs", "DescribeServiceDeployments", serviceDeploymentArns=[arn])
    deployment = _require_one(answer, "serviceDeployments", arn)
    target = deployment.get("targetServiceRevision")
    told = account.get("ecs", "DescribeServiceRevisions", serviceRevisionArns=[target["arn"]]) if target else {}
    return {"carrier": ECS, "deployment": deployment, "revisions": [*told.get("serviceRevisions", ())]}


def _require_one(answer: Mapping[str, Any], key: str, arn: str) -> Mapping[str, Any]:
    for one in answer.get(key, ()):
        return dict(one)
    why = next((one.get("reason", "") for one in answer.get("failures", ())), "nothing")
    raise Unreadable(f"{arn}: ECS answers {why}; look up the id with: aws ecs list-service-deployments")


def _describe_codedeploy(account: Account, ids: Sequence[str]) -> list[Mapping[str, Any]]:
    answers = (account.get("codedeploy", "BatchGetDeployments", deploymentIds=some) for some in batched(ids, 25))
    return [row for answer in answers for row in answer["deploymentsInfo"]]


def read_deployment_groups(account: Account, service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the CodeDeploy deployment groups of a service. Raises Unreadable if there is none."""
    if found := list_deployment_groups(account, service):
        return found
    raise Unreadable(f"{service['serviceName']}: no deployment group of CodeDeploy names it; name it in one")


def _list_codedeploy(account: Account, service: Mapping[str, Any], since: datetime) -> list[str]:
    found: list[str] = []
    for group in read_deployment_groups(account, service):
        named = {name: group[name] for name in ("applicationName", "deploymentGroupName")}
        asked = {**named, "createTimeRange": {"start": since}}
        found += account.list("codedeploy", "ListDeployments", "deployments", **asked)
    return found


def read_codedeploy_deployment(account: Account, id_: str) -> Mapping[str, Any]:
    """Return CodeDeploy's description of a deployment, its targets and its rollback. Raises Absent and Unreadable."""
    deployment = _get_deployment(account, id_)
    back = (deployment.get("rollbackInfo") or {}).get("rollbackDeploymentId")
    return {
        "carrier": CODEDEPLOY,
        "deployment": deployment,
        "targets": _read_targets(account, id_),
        "rollback": _get_deployment(account, back) if back else None,
    }


def _get_deployment(account: Account, id_: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = account.get("codedeploy", "GetDeployment", deploymentId=id_)["deploymentInfo"]
    return found


def _read_targets(account: Account, id_: str) -> list[Mapping[str, Any]]:
    ids = account.list("codedeploy", "ListDeploymentTargets", "targetIds", deploymentId=id_)
    asked = ({"deploymentId": id_, "targetId": each} for each in ids)
    return [account.get("codedeploy", "GetDeploymentTarget", **one)["deploymentTarget"] for one in asked]


#: Version of a watch's record; it is written during a deployment, and ``watched.py`` reads it.
WATCH_FORMAT: Final = 1


# ── Counts that must be zero, with some of the names

#: How many names are shown.
_SHOWN: Final = 3


def count_names(names: Sequence[str], of: str, *, total: int | None = None, unfinished: str = "") -> Estimate:
    """Return the number of things, with the first names, as an estimate from one sample.

    ``of`` is what that sample is, in the singular, such as ``scan``. ``total`` is their number if not all names were
    kept; ``unfinished`` says why there may be more.
    """
    number = len(names) if total is None else total
    more = [f"and {number - _SHOWN:,} more"] if number > _SHOWN else []
    return replace(
        exact_count(number, samples=1, unfinished=unfinished, detail=", ".join([*names[:_SHOWN], *more])), of=of
    )


# ── AWS's statuses of a deployment, as states that are the same for ECS and CodeDeploy


class State(StrEnum):
    """The state of a deployment so far."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    ROLLING_BACK = "rolling back"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"


#: Final states.
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
#: Statuses of a CodeDeploy deployment. ``Ready`` waits for a person to move traffic.
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
#: The state of a failed or stopped CodeDeploy deployment, by the state of the deployment that rolls it back.
_TAKEN_BACK: Final[Mapping[State, State]] = {
    State.WAITING: State.ROLLING_BACK,
    State.RUNNING: State.ROLLING_BACK,
    State.SUCCEEDED: State.ROLLED_BACK,
    State.FAILED: State.ROLLBACK_FAILED,
    State.STOPPED: State.ROLLBACK_FAILED,
}


def read_ecs_state(status: str) -> State:
    """Return the state of an ECS service deployment. Raises Unreadable for an unknown status."""
    return _read(_ECS, status, "ECS service deployment")


def read_codedeploy_state(deployment: Mapping[str, Any], rollback: Mapping[str, Any] | None) -> State:
    """Return the state of a CodeDeploy deployment; ``rollback`` is the deployment that rolls it back, if any.

    Raises Unreadable for an unknown status.
    """
    state = _read(_CODEDEPLOY, deployment.get("status", ""), "CodeDeploy deployment")
    if rollback is None or state not in (State.FAILED, State.STOPPED):
        return state
    return _TAKEN_BACK[_read(_CODEDEPLOY, rollback.get("status", ""), "CodeDeploy deployment")]


def _read(known: Mapping[str, State], status: str, of_what: str) -> State:
    if status in known:
        return known[status]
    raise Unreadable(f"status {status!r} of a {of_what} is none that this version knows; install a newer one")


#: Creators of a CodeDeploy deployment that rolls another one back.
_TAKES_BACK: Final = ("codeDeployRollback", "CloudFormationRollback")
_DEFINITION: Final = re.compile(r"arn:aws[\w-]*:ecs:[\w-]+:\d{12}:task-definition/[\w-]+:\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of a deployment, in AWS's words."""

    name: str
    """Such as ``BeforeInstall`` of CodeDeploy, or ``POST_SCALE_UP`` of ECS."""
    began: datetime | None
    """None for a stage that has not begun, and for every stage of ECS, which names the current one without its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A version of a service."""

    definition: str
    """ARN of its task definition."""
    digests: Mapping[str, str]
    """Container -> digest of its image, as ECS resolved it; empty for CodeDeploy, which states none."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Deployment(Fact):
    """A deployment of a service; ``subject`` is the service's ARN."""

    id: str
    """ARN of an ECS service deployment, or id of a CodeDeploy deployment."""
    carrier: str
    """The service that carries it out: ``ECS`` or ``CODE_DEPLOY``."""
    state: State
    reason: str
    """Why it is in that state, in AWS's words; often empty."""
    takes_back: str
    """Id of the deployment that this one rolls back; ``another`` if CodeDeploy doesn't say which.

    Empty if it rolls back none, and always for ECS.
    """
    began: datetime
    ended: datetime | None
    """None while it is in progress; the end of the rollback if CodeDeploy rolled it back."""
    stages: tuple[Stage, ...]
    """In order of time, as far as AWS keeps them."""
    target: Revision
    """The version that was to run."""


def deployment_facts(value: Mapping[str, Any]) -> Iterator[Deployment]:
    """Yield the deployment in stored responses, as ``read_newest_deployments`` makes them."""
    answers = revive(value)
    subject = answers["service"]["serviceArn"]
    if reason := answers.get("unreadable"):
        yield Deployment.unread(subject, reason)
        return
    yield Deployment(subject=subject, carrier=answers["carrier"], **_READERS[answers["carrier"]](answers))


def read_deployments(stored: Iterable[Mapping[str, Any]]) -> list[Deployment]:
    """Return the deployments in stored responses. Raises Unreadable if there is none, or if a start is unknown."""
    found = [fact for value in stored for fact in deployment_facts(value)]
    for fact in found:
        if isinstance(began := fact.peek("began"), Unread):
            raise Unreadable(f"when the deployment of {fact.subject} began is not known: {began.reason}")
    if not found:
        raise Unreadable("no deployment is on record")
    return found


def _attempt(read: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except Unreadable as error:
        return Unread(error.reason)


def _read_ecs(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    row = answers["deployment"]
    stage = row.get("lifecycleStage")
    waits = any(one.get("status") == "AWAITING_ACTION" for one in row.get("lifecycleHookDetails", ()))
    reasons = (
        row.get("statusReason"),
        (row.get("rollback") or {}).get("reason"),
        "a hook awaits a person" if waits else "",
    )
    return {
        "id": row["serviceDeploymentArn"],
        "state": _attempt(read_ecs_state, row.get("status", "")),
        "reason": ": ".join(filter(None, reasons)),
        "takes_back": "",
        "began": row.get("startedAt") or row.get("createdAt") or Unread("ECS does not say when it was made"),
        "ended": row.get("finishedAt") or row.get("stoppedAt"),
        "stages": (Stage(name=stage, began=None),) if stage else (),
        "target": _ecs_revision(answers, (row.get("targetServiceRevision") or {}).get("arn", "")),
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
    return {
        "id": row["deploymentId"],
        "state": _attempt(read_codedeploy_state, row, back),
        "reason": ": ".join(filter(None, (error.get("code"), error.get("message")))),
        "takes_back": _find_taken_back(row),
        "began": row.get("startTime") or row.get("createTime") or Unread("CodeDeploy does not say when it was made"),
        "ended": (back or row).get("completeTime"),
        "stages": tuple(_list_stages(answers)),
        "target": _codedeploy_revision(row.get("revision") or {}),
    }


def _codedeploy_revision(revision: Mapping[str, Any]) -> Any:
    """Return the version that an AppSpec names; it is JSON or YAML, and names its task definition by ARN in either."""
    for form in ("appSpecContent", "string"):
        found = _DEFINITION.findall((revision.get(form) or {}).get("content", ""))
        if len(set(found)) == 1:
            return Revision(definition=found[0], digests={})
    return Unread("which task definition it stands for can't be told: it deployed something else than an AppSpec")


def _find_taken_back(row: Mapping[str, Any]) -> str:
    if row.get("creator") not in _TAKES_BACK:
        return ""
    return str((row.get("rollbackInfo") or {}).get("rollbackTriggeringDeploymentId") or "another")


def _list_stages(answers: Mapping[str, Any]) -> Iterator[Stage]:
    for target in answers["targets"]:
        for event in (target.get("ecsTarget") or {}).get("lifecycleEvents", ()):
            yield Stage(name=event["lifecycleEventName"], began=event.get("startTime"))


_READERS: Final = {ECS: _read_ecs, CODEDEPLOY: _read_codedeploy}
