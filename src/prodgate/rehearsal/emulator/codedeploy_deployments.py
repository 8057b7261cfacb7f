"""CodeDeploy's deployments to ECS: at once, or step by step where somebody conducts them (``conducted``)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from secrets import choice
from string import ascii_uppercase, digits
from typing import Any, Final

from .conducted import is_conducted
from .extension import Ledger, Refused, answers, corrects

#: The events of a deployment to ECS, in their order; those without a hook are CodeDeploy's own.
EVENTS: Final = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
#: What a deployment takes over from its group, unless the call says otherwise.
_INHERITED: Final = (
    "autoRollbackConfiguration",
    "blueGreenDeploymentConfiguration",
    "computePlatform",
    "deploymentConfigName",
    "deploymentStyle",
    "loadBalancerInfo",
)
_ENDED: Final = ("Succeeded", "Failed", "Stopped")
#: What is kept of a deployment and is not part of its description.
_ASIDE: Final = ("events", "taskSets")


@corrects("codedeploy", "CreateDeployment", upstream="since getmoto/moto#8758")
def create_deployment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Deploy what the AppSpec names: at once, unless somebody conducts deployments, who then finds it ``Created``."""
    ledger.moto()  # knows whether application and group exist
    named = {name: params[name] for name in ("applicationName", "deploymentGroupName")}
    group = ledger.ask("codedeploy", "GetDeploymentGroup", **named)["deploymentGroupInfo"]
    _refuse_second(ledger, named)
    made = {
        **{name: group[name] for name in _INHERITED if group.get(name)},
        **params,
        "deploymentId": "d-" + "".join(choice(ascii_uppercase + digits) for _ in range(9)),
        "status": "Created",
        "createTime": datetime.now(UTC),
        "creator": "user",
        "instanceTerminationWaitTimeStarted": False,
        "events": [{"lifecycleEventName": name, "status": "Pending"} for name in EVENTS],
    }
    if previous := _last_revision(ledger, named):
        made["previousRevision"] = previous
    ledger.of("deployment")[made["deploymentId"]] = made
    if not is_conducted(ledger):
        _deploy_at_once(ledger, made, group)
    return {"deploymentId": made["deploymentId"]}


@corrects("codedeploy", "GetDeployment", upstream="since getmoto/moto#8758")
def get_deployment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a deployment."""
    return {"deploymentInfo": _describe(_find(ledger, params["deploymentId"]))}


@corrects("codedeploy", "BatchGetDeployments", upstream="since getmoto/moto#8758")
def batch_get_deployments(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return several deployments."""
    known = ledger.of("deployment")
    return {"deploymentsInfo": [_describe(known[id]) for id in params["deploymentIds"] if id in known]}


@corrects("codedeploy", "ListDeployments", upstream="since getmoto/moto#8758")
def list_deployments(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the ids of deployments, newest first."""
    wanted, span = params.get("includeOnlyStatuses"), params.get("createTimeRange") or {}
    start, end = (_aware(span[name]) if span.get(name) else None for name in ("start", "end"))
    found = [
        one
        for one in ledger.of("deployment").values()
        if all(params.get(name) in (None, one[name]) for name in ("applicationName", "deploymentGroupName"))
        and (not wanted or one["status"] in wanted)
        and (start is None or start <= one["createTime"])
        and (end is None or one["createTime"] <= end)
    ]
    return {"deployments": [one["deploymentId"] for one in sorted(found, key=_created, reverse=True)]}


@answers("codedeploy", "ListDeploymentTargets")
def list_deployment_targets(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a deployment deploys to: one service, as ``cluster:service``."""
    return {"targetIds": [target["targetId"] for target in _targets(ledger, _find(ledger, params["deploymentId"]))]}


@answers("codedeploy", "GetDeploymentTarget")
def get_deployment_target(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how far a deployment is with a service."""
    asked = {"deploymentId": params["deploymentId"], "targetIds": [params["targetId"]]}
    (found,) = batch_get_deployment_targets(ledger, asked)["deploymentTargets"]
    return {"deploymentTarget": found}


@answers("codedeploy", "BatchGetDeploymentTargets")
def batch_get_deployment_targets(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how far a deployment is with services: its events so far, its sets of tasks and their traffic."""
    targets = {one["targetId"]: one for one in _targets(ledger, _find(ledger, params["deploymentId"]))}
    asked = params.get("targetIds") or list(targets)
    if unknown := [id for id in asked if id not in targets]:
        raise Refused("DeploymentTargetDoesNotExistException", f"The deployment target {unknown[0]} does not exist.")
    return {"deploymentTargets": [{"deploymentTargetType": "ECSTarget", "ecsTarget": targets[id]} for id in asked]}


@answers("codedeploy", "StopDeployment")
def stop_deployment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask for the end of a deployment; who conducts it sees the request and ends it."""
    found = _find(ledger, params["deploymentId"])
    if found["status"] in _ENDED:
        raise Refused("DeploymentAlreadyCompletedException", f"The deployment {found['deploymentId']} has ended.")
    found["errorInformation"] = {"code": "MANUAL_STOP", "message": "The deployment was stopped by a user."}
    return {"status": "Pending", "statusMessage": "The stop was requested."}


def _refuse_second(ledger: Ledger, named: Mapping[str, str]) -> None:
    for one in ledger.of("deployment").values():
        if one["status"] not in _ENDED and all(one[name] == value for name, value in named.items()):
            message = f"The Deployment Group '{named['deploymentGroupName']}' already has an active Deployment"
            raise Refused("DeploymentLimitExceededException", f"{message} '{one['deploymentId']}'")


def _last_revision(ledger: Ledger, named: Mapping[str, str]) -> Any:
    past = [
        one
        for one in ledger.of("deployment").values()
        if one["status"] == "Succeeded" and all(one[name] == value for name, value in named.items())
    ]
    return max(past, key=_created).get("revision") if past else None


def _created(deployment: Mapping[str, Any]) -> datetime:
    created: datetime = deployment["createTime"]
    return created


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _find(ledger: Ledger, id: str) -> dict[str, Any]:
    message = f"The deployment {id} could not be found."
    found: dict[str, Any] = ledger.find("deployment", id, "DeploymentDoesNotExistException", message)
    return found


def _describe(deployment: Mapping[str, Any]) -> dict[str, Any]:
    counted = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
    state = {"Created": "Pending", "Queued": "Pending", "Stopped": "Failed"}
    counted[state.get(deployment["status"], deployment["status"])] += 1
    shown = {name: value for name, value in deployment.items() if name not in _ASIDE}
    return {**shown, "deploymentOverview": counted}


def _targets(ledger: Ledger, deployment: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    named = {name: deployment[name] for name in ("applicationName", "deploymentGroupName")}
    group = ledger.ask("codedeploy", "GetDeploymentGroup", **named)["deploymentGroupInfo"]
    for service in group.get("ecsServices") or ():
        id = f"{service['clusterName']}:{service['serviceName']}"
        where = f"{deployment['deploymentId']}/{service['clusterName']}/{service['serviceName']}"
        yield {
            "deploymentId": deployment["deploymentId"],
            "targetId": id,
            "targetArn": f"arn:aws:codedeploy:{ledger.region}:{ledger.account}:target:{where}",
            "lastUpdatedAt": deployment.get("completeTime") or datetime.now(UTC),
            "lifecycleEvents": deployment["events"],
            "status": {"Created": "Pending", "Stopped": "Failed"}.get(deployment["status"], deployment["status"]),
            "taskSetsInfo": deployment.get("taskSets") or [],
        }


def _deploy_at_once(ledger: Ledger, deployment: dict[str, Any], group: Mapping[str, Any]) -> None:
    """Put the tasks of the AppSpec in place of the old ones, behind the same target group; it has succeeded then."""
    now = deployment["createTime"]
    content = deployment.get("revision", {}).get("appSpecContent", {}).get("content")
    for service in group.get("ecsServices", ()) if content else ():
        resources = [one for named in json.loads(content)["Resources"] for one in named.values()]
        where = {"cluster": service["clusterName"], "service": service["serviceName"]}
        definition = resources[0]["Properties"]["TaskDefinition"]
        ledger.ask("ecs", "UpdateService", taskDefinition=definition, **where)
    moment = {"startTime": now, "endTime": now, "status": "Succeeded"}
    deployment["events"] = [{"lifecycleEventName": name, **moment} for name in EVENTS]
    deployment |= {"status": "Succeeded", "startTime": now, "completeTime": now}
