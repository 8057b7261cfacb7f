"""Service deployments and revisions of ECS: what ran before, what was to run, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from secrets import randbelow
from typing import Any, Final

from .conducted import is_conducted
from .ecs_tasks import find_definition
from .extension import Ledger, Refused, answers

#: What a revision says of a service.
_REVISED: Final = (
    "capacityProviderStrategy",
    "launchType",
    "loadBalancers",
    "networkConfiguration",
    "platformVersion",
    "taskDefinition",
)
_ENDED: Final = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
_BRIEF: Final = (
    "clusterArn",
    "createdAt",
    "finishedAt",
    "serviceArn",
    "serviceDeploymentArn",
    "startedAt",
    "status",
    "statusReason",
)


def record_deployment(ledger: Ledger, service: Mapping[str, Any]) -> None:
    """Note that a service that ECS deploys itself shall run otherwise: at once, unless deployments are conducted."""
    if service["deploymentController"]["type"] != "ECS":
        return
    arn = service["serviceArn"]
    stated = {name: service[name] for name in _REVISED if service.get(name)}
    past = [one for one in ledger.of("service revision").values() if one["serviceArn"] == arn]
    if past and all(past[-1].get(name) == value for name, value in stated.items()):
        return
    revision = _record_revision(ledger, service, stated)
    sources = [_summary(past[-1]["serviceRevisionArn"], service["desiredCount"])] if past else []
    now, made = revision["createdAt"], _name(arn, "service-deployment")
    done = {"status": "SUCCESSFUL", "finishedAt": now, "lifecycleStage": "CLEAN_UP"}
    ledger.of("service deployment")[made] = {
        **{name: revision[name] for name in ("serviceArn", "clusterArn", "createdAt")},
        "serviceDeploymentArn": made,
        "startedAt": now,
        "updatedAt": now,
        "sourceServiceRevisions": sources,
        "targetServiceRevision": _summary(revision["serviceRevisionArn"], service["desiredCount"]),
        "deploymentConfiguration": service["deploymentConfiguration"],
        **({"status": "PENDING", "lifecycleStage": "RECONCILE_SERVICE"} if is_conducted(ledger) else done),
    }


def _record_revision(ledger: Ledger, service: Mapping[str, Any], stated: Mapping[str, Any]) -> Mapping[str, Any]:
    containers = find_definition(ledger, service["taskDefinition"])["containerDefinitions"]
    made = {
        "serviceRevisionArn": _name(service["serviceArn"], "service-revision"),
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": datetime.now(UTC),
        **stated,
        "containerImages": [_image(one) for one in containers],
    }
    ledger.of("service revision")[made["serviceRevisionArn"]] = made
    return made


@answers("ecs", "ListServiceDeployments")
def list_service_deployments(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the deployments of a service, newest first."""
    name = params["service"].rpartition("/")[2]
    span = {key: _aware(value) for key, value in (params.get("createdAt") or {}).items()}
    found = [
        {**{key: one[key] for key in _BRIEF if key in one}, "targetServiceRevisionArn": _target(one)}
        for one in ledger.of("service deployment").values()
        if one["serviceArn"].rpartition("/")[2] == name
        and one["clusterArn"].rpartition("/")[2] == params.get("cluster", "default").rpartition("/")[2]
        and (not params.get("status") or one["status"] in params["status"])
        and span.get("after", one["createdAt"]) <= one["createdAt"] <= span.get("before", one["createdAt"])
    ]
    return {"serviceDeployments": sorted(found, key=lambda one: one["createdAt"], reverse=True)}


@answers("ecs", "DescribeServiceDeployments")
def describe_service_deployments(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return deployments of services."""
    found, missing = _find(ledger, "service deployment", params["serviceDeploymentArns"])
    return {"serviceDeployments": found, "failures": missing}


@answers("ecs", "DescribeServiceRevisions")
def describe_service_revisions(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what services ran, or were to run."""
    found, missing = _find(ledger, "service revision", params["serviceRevisionArns"])
    return {"serviceRevisions": found, "failures": missing}


@answers("ecs", "StopServiceDeployment")
def stop_service_deployment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask for the end of a deployment; who conducts it sees the request."""
    arn = params["serviceDeploymentArn"]
    found = ledger.find("service deployment", arn, "ServiceDeploymentNotFoundException", f"{arn} was not found.")
    if found["status"] in _ENDED:
        raise Refused("ConflictException", f"The service deployment {arn} has ended.")
    rolls_back = params.get("stopType", "ROLLBACK") == "ROLLBACK"
    found["status"] = "ROLLBACK_REQUESTED" if rolls_back else "STOP_REQUESTED"
    return {"serviceDeploymentArn": arn}


def _find(ledger: Ledger, kind: str, arns: list[str]) -> tuple[list[Any], list[dict[str, str]]]:
    known = ledger.of(kind)
    missing = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
    return [known[arn] for arn in arns if arn in known], missing


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _target(deployment: Mapping[str, Any]) -> str:
    return str(deployment["targetServiceRevision"]["arn"])


def _name(service: str, kind: str) -> str:
    return f"{service.replace(':service/', f':{kind}/')}/{randbelow(10**19):019d}"


def _summary(revision: str, count: int) -> dict[str, Any]:
    return {"arn": revision, "requestedTaskCount": count, "runningTaskCount": count, "pendingTaskCount": 0}


def _image(container: Mapping[str, Any]) -> dict[str, str]:
    digest = container["image"].partition("@")[2]
    named = {"containerName": container["name"], "image": container["image"]}
    return {**named, **({"imageDigest": digest} if digest else {})}
