"""Deployments: what CodeDeploy knows beyond moto, and what a conductor reports of those that it carries out."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from secrets import choice
from string import ascii_uppercase, digits
from typing import Any, Final

from .extension import Kind, Ledger, Refused, answers, aware, corrects

# ── Deployments that a conductor carries out: states that CodeDeploy, ECS and the balancer would know by themselves.
# AWS has no call that sets the state of a deployment or the health of a target: both are observed, never stated. A
# rehearsal observes a real proxy and real processes, and reports to the account: ``POST /_prodgate/conduct``.

#: Services that accept reports, with the kinds of their records.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "codedeploy": ("conducted", "deployment"),
    "ecs": ("conducted", "service deployment", "stopped"),
    "elbv2": ("conducted", "health"),
}
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


def is_conducted(ledger: Ledger) -> bool:
    """Whether a conductor carries out deployments, so that nothing happens by itself."""
    return bool(ledger.of("conducted").get("by"))


def conduct(ledger: Ledger, told: Mapping[str, Mapping[str, Mapping[str, Any] | None]]) -> None:
    """Update stored records, by kind and key; None deletes a record, or a field of it."""
    for kind, changes in told.items():
        for key, fields in changes.items():
            if fields is None:
                ledger.of(kind).pop(key, None)
            elif isinstance(fields, Mapping):
                kept = ledger.of(kind).setdefault(key, {})
                kept |= fields
                for name in [name for name, value in fields.items() if value is None]:
                    del kept[name]
            else:
                ledger.of(kind)[key] = fields


def read_told(body: bytes) -> tuple[str, str, dict[str, Any]]:
    """Return service, region and command. Raises ValueError for an unknown command."""
    told = json.loads(body, object_hook=_revive)
    service, region, kinds = told["service"], told["region"], told["kinds"]
    if unknown := sorted(kinds.keys() - set(KINDS.get(service, ()))):
        raise ValueError(f"conduct: {service} keeps no {unknown[0]!r}; there is {dict(KINDS)}")
    return service, region, kinds


def _revive(found: dict[str, Any]) -> dict[str, Any]:
    """Convert texts that are times into times."""
    times = {name: value for name, value in found.items() if isinstance(value, str) and _TIME.fullmatch(value)}
    return found | {name: datetime.fromisoformat(value) for name, value in times.items()}


#: Arguments of a deployment group that moto loses, or drops on an update.
KEPT = (
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "blueGreenDeploymentConfiguration",
    "deploymentConfigName",
    "deploymentStyle",
    "loadBalancerInfo",
    "serviceRoleArn",
)


def _key(params: Mapping[str, Any], group: str) -> str:
    return f"{params['applicationName']}/{group}"


@corrects("codedeploy", "CreateDeploymentGroup", upstream="since getmoto/moto#8758")
def _create_deployment_group(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    made, key = ledger.moto(), _key(params, params["deploymentGroupName"])
    ledger.of("group")[key] = {name: params[name] for name in KEPT if name in params}
    return made


@answers("codedeploy", "UpdateDeploymentGroup")
def _update_deployment_group(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    key = _key(params, params["currentDeploymentGroupName"])
    group = ledger.find("group", key, "DeploymentGroupDoesNotExistException", f"No deployment group found for {key}")
    group |= {name: params[name] for name in KEPT if name in params}
    return {"hooksNotCleanedUp": []}


@corrects("codedeploy", "GetDeploymentGroup", upstream="since getmoto/moto#8758")
def _get_deployment_group(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = ledger.of("group").get(_key(params, params["deploymentGroupName"]), {})
    return {"deploymentGroupInfo": {**ledger.moto()["deploymentGroupInfo"], **kept}}


@answers("codedeploy", "BatchGetDeploymentGroups")
def _batch_get_deployment_groups(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    application = params["applicationName"]
    found = [
        ledger.ask("codedeploy", "GetDeploymentGroup", applicationName=application, deploymentGroupName=name)
        for name in params["deploymentGroupNames"]
    ]
    return {"deploymentGroupsInfo": [one["deploymentGroupInfo"] for one in found], "errorMessage": ""}


Kind(
    "codedeploy", "pace", ("deploymentConfigName",), "DeploymentConfigDoesNotExistException",
    "No Deployment Configuration found for name: {deploymentConfigName}",
).show("GetDeploymentConfig", "deploymentConfigInfo")  # fmt: skip
_DEPLOYMENT: Final = Kind(
    "codedeploy", "deployment", ("deploymentId",), "DeploymentDoesNotExistException",
    "The deployment {deploymentId} could not be found.",
)  # fmt: skip


@answers("codedeploy", "CreateDeploymentConfig")
def _create_deployment_config(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    id = f"00000000-0000-4000-a000-{len(ledger.of('pace')):012d}"
    made = {**params, "deploymentConfigId": id, "createTime": datetime.now(UTC)}
    ledger.of("pace")[params["deploymentConfigName"]] = made
    return {"deploymentConfigId": id}


# ── CodeDeploy's deployments to ECS: at once, or step by step if a conductor carries them out

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
#: Fields that a deployment inherits from its group, unless the call overrides them.
_INHERITED: Final = (
    "autoRollbackConfiguration",
    "blueGreenDeploymentConfiguration",
    "computePlatform",
    "deploymentConfigName",
    "deploymentStyle",
    "loadBalancerInfo",
)
_ENDED: Final = ("Succeeded", "Failed", "Stopped")


@corrects("codedeploy", "CreateDeployment", upstream="since getmoto/moto#8758")
def create_deployment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Deploy the tasks that the AppSpec names: at once, unless a conductor is there, who then finds it ``Created``."""
    ledger.moto()  # checks that application and group exist
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
def _get_deployment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"deploymentInfo": _describe(_DEPLOYMENT.find(ledger, params))}


@corrects("codedeploy", "BatchGetDeployments", upstream="since getmoto/moto#8758")
def _batch_get_deployments(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    known = ledger.of("deployment")
    return {"deploymentsInfo": [_describe(known[id]) for id in params["deploymentIds"] if id in known]}


@corrects("codedeploy", "ListDeployments", upstream="since getmoto/moto#8758")
def list_deployments(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the ids of deployments, newest first."""
    wanted, span = params.get("includeOnlyStatuses"), params.get("createTimeRange") or {}
    start, end = (aware(span[name]) if span.get(name) else None for name in ("start", "end"))
    found = [
        one
        for one in ledger.of("deployment").values()
        if all(params.get(name) in (None, one[name]) for name in ("applicationName", "deploymentGroupName"))
        and (not wanted or one["status"] in wanted)
        and (start is None or start <= one["createTime"])
        and (end is None or one["createTime"] <= end)
    ]
    return {"deployments": [one["deploymentId"] for one in sorted(found, key=itemgetter("createTime"), reverse=True)]}


@answers("codedeploy", "ListDeploymentTargets")
def list_deployment_targets(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the targets of a deployment: one service, as ``cluster:service``."""
    return {"targetIds": [target["targetId"] for target in _targets(ledger, _DEPLOYMENT.find(ledger, params))]}


@answers("codedeploy", "GetDeploymentTarget")
def _get_deployment_target(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    asked = {"deploymentId": params["deploymentId"], "targetIds": [params["targetId"]]}
    (found,) = batch_get_deployment_targets(ledger, asked)["deploymentTargets"]
    return {"deploymentTarget": found}


@answers("codedeploy", "BatchGetDeploymentTargets")
def batch_get_deployment_targets(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the progress of a deployment on services: its events so far, its task sets and their traffic."""
    targets = {one["targetId"]: one for one in _targets(ledger, _DEPLOYMENT.find(ledger, params))}
    asked = params.get("targetIds") or list(targets)
    if unknown := [id for id in asked if id not in targets]:
        raise Refused("DeploymentTargetDoesNotExistException", f"The deployment target {unknown[0]} does not exist.")
    return {"deploymentTargets": [{"deploymentTargetType": "ECSTarget", "ecsTarget": targets[id]} for id in asked]}


@answers("codedeploy", "StopDeployment")
def stop_deployment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Request the end of a deployment; its conductor sees the request and ends it."""
    found = _DEPLOYMENT.find(ledger, params)
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
    return max(past, key=itemgetter("createTime")).get("revision") if past else None


def _describe(deployment: Mapping[str, Any]) -> dict[str, Any]:
    counted = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
    state = {"Created": "Pending", "Queued": "Pending", "Stopped": "Failed"}
    counted[state.get(deployment["status"], deployment["status"])] += 1
    shown = {name: value for name, value in deployment.items() if name not in ("events", "taskSets")}
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
    """Replace the old tasks with those of the AppSpec, behind the same target group; the deployment succeeds."""
    now = deployment["createTime"]
    content = deployment.get("revision", {}).get("appSpecContent", {}).get("content")
    for service in group.get("ecsServices", ()) if content else ():
        resources = [one for named in json.loads(content)["Resources"] for one in named.values()]
        where = {"cluster": service["clusterName"], "service": service["serviceName"]}
        ledger.ask("ecs", "UpdateService", taskDefinition=resources[0]["Properties"]["TaskDefinition"], **where)
    moment = {"startTime": now, "endTime": now, "status": "Succeeded"}
    deployment["events"] = [{"lifecycleEventName": name, **moment} for name in EVENTS]
    deployment |= {"status": "Succeeded", "startTime": now, "completeTime": now}
