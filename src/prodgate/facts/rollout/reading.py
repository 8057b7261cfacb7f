"""Reading a deployment: what AWS answers about the newest one of a service, or about one by its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...aws.plain_json import to_plain
from ..live.ecs_services import list_services
from ..observers import reads

reads("codedeploy", "BatchGetDeployments", "GetDeployment", "GetDeploymentGroup", "GetDeploymentTarget")
reads("codedeploy", "ListApplications", "ListDeploymentGroups", "ListDeployments", "ListDeploymentTargets")
reads("ecs", "DescribeServiceDeployments", "DescribeServiceRevisions", "ListServiceDeployments")

#: How long ago the newest deployment may have begun to be found; ECS keeps no older ones.
WITHIN: Final = timedelta(days=90)
#: When what AWS gives no time for was made, for comparison: nothing that has a time is older.
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
#: Deployments that one call describes, and revisions.
_BATCH: Final = 25
_REVISIONS: Final = 20

#: What carries deployments out, as ECS calls its deployment controllers.
ECS, CODEDEPLOY = "ECS", "CODE_DEPLOY"


def read_newest_deployments(account: Account) -> Iterator[Mapping[str, Any]]:
    """Yield the answers about the newest deployment of every service behind a load balancer.

    Raises Unreadable. Each is ``{"service", "carrier", "deployment", …}`` as plain JSON values; of a service whose
    deployment can't be read ``{"service", "unreadable"}``.
    """
    for service in account.once(list_services):
        if service.get("loadBalancers"):
            try:
                found = _read_newest(account, service)
            except (Absent, Unreadable) as error:
                found = {"unreadable": getattr(error, "reason", f"AWS answers {error}")}
            plain: Mapping[str, Any] = to_plain({"asked": account.now, "service": _without_events(service), **found})
            yield plain


def _without_events(service: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in service.items() if name != "events"}


def find_since(account: Account, service: Mapping[str, Any], since: datetime) -> str:
    """Return the id of the first deployment of a service that was made since a time; empty while there is none.

    The first, because one that fails at once is taken back by another, which is no release. Raises Unreadable.
    """
    if service.get("deploymentController", {}).get("type", ECS) == CODEDEPLOY:
        made = _describe_codedeploy(account, _list_codedeploy(account, service, since))
        return str(min(made, key=lambda one: one.get("createTime") or account.now)["deploymentId"]) if made else ""
    named = {"cluster": service["clusterArn"], "service": service["serviceArn"], "createdAt": {"after": since}}
    found = account.list("ecs", "ListServiceDeployments", "serviceDeployments", **named)
    return str(min(found, key=lambda one: one.get("createdAt") or account.now)["serviceDeploymentArn"]) if found else ""


def read_by_id(account: Account, id_: str) -> Mapping[str, Any]:
    """Return what AWS says of a deployment: of ECS by its ARN, of CodeDeploy by its id. Raises Absent, Unreadable."""
    return read_ecs_deployment(account, id_) if id_.startswith("arn:") else read_codedeploy_deployment(account, id_)


def _read_newest(account: Account, service: Mapping[str, Any]) -> Mapping[str, Any]:
    carrier = service.get("deploymentController", {}).get("type", ECS)
    if carrier == ECS:
        return read_ecs_deployment(account, _find_newest_ecs(account, service))
    if carrier == CODEDEPLOY:
        return read_codedeploy_deployment(account, _find_newest_codedeploy(account, service))
    raise Unreadable(f"{service['serviceName']} is deployed by {carrier}, which keeps no record that AWS shows")


def _find_newest_ecs(account: Account, service: Mapping[str, Any]) -> str:
    named = {"cluster": service["clusterArn"], "service": service["serviceArn"]}
    found = account.list("ecs", "ListServiceDeployments", "serviceDeployments", **named)
    if not found:
        raise Unreadable(_no_deployment(service))
    return str(max(found, key=lambda one: one.get("createdAt") or _LONG_AGO)["serviceDeploymentArn"])


def _no_deployment(service: Mapping[str, Any]) -> str:
    return f"{service['serviceName']}: no deployment in the last {WITHIN.days} days is on record; deploy it"


def read_ecs_deployment(account: Account, arn: str) -> Mapping[str, Any]:
    """Return what ECS says of one of its service deployments, with its revisions. Raises Absent and Unreadable."""
    answer = account.get("ecs", "DescribeServiceDeployments", serviceDeploymentArns=[arn])
    deployment = _require_one(answer, "serviceDeployments", arn)
    named = [*deployment.get("sourceServiceRevisions", ()), deployment.get("targetServiceRevision")]
    arns = sorted({one["arn"] for one in named if one})
    return {"carrier": ECS, "deployment": deployment, "revisions": _read_revisions(account, arns)}


def _read_revisions(account: Account, arns: Sequence[str]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for first in range(0, len(arns), _REVISIONS):
        some = [*arns[first : first + _REVISIONS]]
        answer = account.get("ecs", "DescribeServiceRevisions", serviceRevisionArns=some)
        found += answer.get("serviceRevisions", ())
    return found


def _require_one(answer: Mapping[str, Any], key: str, arn: str) -> Mapping[str, Any]:
    for one in answer.get(key, ()):
        return dict(one)
    why = next((one.get("reason", "") for one in answer.get("failures", ())), "nothing")
    raise Unreadable(f"{arn}: ECS answers {why}; look up the id with: aws ecs list-service-deployments")


def _find_newest_codedeploy(account: Account, service: Mapping[str, Any]) -> str:
    known = _describe_codedeploy(account, _list_codedeploy(account, service, account.now - WITHIN))
    if not known:
        raise Unreadable(_no_deployment(service))
    return str(max(known, key=lambda one: one.get("createTime") or _LONG_AGO)["deploymentId"])


def _describe_codedeploy(account: Account, ids: Sequence[str]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for first in range(0, len(ids), _BATCH):
        some = [*ids[first : first + _BATCH]]
        found += account.get("codedeploy", "BatchGetDeployments", deploymentIds=some)["deploymentsInfo"]
    return found


def read_deployment_groups(account: Account, service: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the deployment groups of CodeDeploy that deploy a service. Raises Unreadable when there is none."""
    wanted = (service["clusterArn"].rpartition("/")[2], service["serviceName"])
    found = [group for group in account.once(_list_all_groups) if wanted in _list_named_services(group)]
    if not found:
        raise Unreadable(f"{wanted[1]}: no deployment group of CodeDeploy names it; name it in one")
    return tuple(found)


def _list_named_services(group: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(one["clusterName"], one["serviceName"]) for one in group.get("ecsServices", ())]


def _list_all_groups(account: Account) -> Iterator[Mapping[str, Any]]:
    for application in account.list("codedeploy", "ListApplications", "applications"):
        named = {"applicationName": application}
        for name in account.list("codedeploy", "ListDeploymentGroups", "deploymentGroups", **named):
            asked = {**named, "deploymentGroupName": name}
            yield account.get("codedeploy", "GetDeploymentGroup", **asked)["deploymentGroupInfo"]


def _list_codedeploy(account: Account, service: Mapping[str, Any], since: datetime) -> list[str]:
    """Return the ids of the deployments of a service that were made since a time."""
    found: list[str] = []
    for group in read_deployment_groups(account, service):
        named = {name: group[name] for name in ("applicationName", "deploymentGroupName")}
        asked = {**named, "createTimeRange": {"start": since}}
        found += account.list("codedeploy", "ListDeployments", "deployments", **asked)
    return found


def read_codedeploy_deployment(account: Account, id_: str) -> Mapping[str, Any]:
    """Return what CodeDeploy says of a deployment, its targets and its rollback. Raises Absent and Unreadable."""
    deployment = _get_deployment(account, id_)
    back = (deployment.get("rollbackInfo") or {}).get("rollbackDeploymentId")
    return {
        "carrier": CODEDEPLOY,
        "deployment": deployment,
        "targets": _read_targets(account, id_),
        "rollback": _get_deployment(account, back) if back else None,
        "alarms": _read_alarms(account, deployment),
    }


def _read_alarms(account: Account, deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the alarms of a deployment's group as they are now; none of a group that is gone."""
    named = {name: deployment[name] for name in ("applicationName", "deploymentGroupName")}
    group = (account.find("codedeploy", "GetDeploymentGroup", **named) or {}).get("deploymentGroupInfo", {})
    return dict(group.get("alarmConfiguration") or {})


def _get_deployment(account: Account, id_: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = account.get("codedeploy", "GetDeployment", deploymentId=id_)["deploymentInfo"]
    return found


def _read_targets(account: Account, id_: str) -> list[Mapping[str, Any]]:
    ids = account.list("codedeploy", "ListDeploymentTargets", "targetIds", deploymentId=id_)
    asked = ({"deploymentId": id_, "targetId": each} for each in ids)
    return [account.get("codedeploy", "GetDeploymentTarget", **one)["deploymentTarget"] for one in asked]
