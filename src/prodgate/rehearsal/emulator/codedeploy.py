"""CodeDeploy: moto keeps applications and groups; here are their alarms and traffic steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .extension import Ledger, answers, corrects

#: Arguments of a deployment group that moto loses, or forgets when they are changed.
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
def create_deployment_group(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a deployment group."""
    made = ledger.moto()
    kept = {name: params[name] for name in KEPT if name in params}
    ledger.of("group")[_key(params, params["deploymentGroupName"])] = kept
    return made


@answers("codedeploy", "UpdateDeploymentGroup")
def update_deployment_group(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a deployment group."""
    key = _key(params, params["currentDeploymentGroupName"])
    group = ledger.find("group", key, "DeploymentGroupDoesNotExistException", f"No deployment group found for {key}")
    group |= {name: params[name] for name in KEPT if name in params}
    return {"hooksNotCleanedUp": []}


@corrects("codedeploy", "GetDeploymentGroup", upstream="since getmoto/moto#8758")
def get_deployment_group(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a deployment group."""
    shown = ledger.moto()["deploymentGroupInfo"]
    return {"deploymentGroupInfo": {**shown, **ledger.of("group").get(_key(params, params["deploymentGroupName"]), {})}}


@answers("codedeploy", "BatchGetDeploymentGroups")
def batch_get_deployment_groups(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return several deployment groups of an application."""
    application = params["applicationName"]
    found = [
        ledger.ask("codedeploy", "GetDeploymentGroup", applicationName=application, deploymentGroupName=name)
        for name in params["deploymentGroupNames"]
    ]
    return {"deploymentGroupsInfo": [one["deploymentGroupInfo"] for one in found], "errorMessage": ""}


@answers("codedeploy", "CreateDeploymentConfig")
def create_deployment_config(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """State in which steps traffic moves."""
    name = params["deploymentConfigName"]
    id = f"00000000-0000-4000-a000-{len(ledger.of('pace')):012d}"
    ledger.of("pace")[name] = {**params, "deploymentConfigId": id, "createTime": datetime.now(UTC)}
    return {"deploymentConfigId": id}


@answers("codedeploy", "GetDeploymentConfig")
def get_deployment_config(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return in which steps traffic moves."""
    name = params["deploymentConfigName"]
    message = f"No Deployment Configuration found for name: {name}"
    return {"deploymentConfigInfo": ledger.find("pace", name, "DeploymentConfigDoesNotExistException", message)}
