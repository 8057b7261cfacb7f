"""The builds of a drill on a real account: task definitions that a team made, deployed as its releases are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..canaries.temporary_queue import Aws
from ..criteria import UsageError, suggest
from ..facts.rollout.drills import BAD
from ..facts.rollout.reading import CODEDEPLOY
from ..layers.rollout.deployment import GOOD

BUILDS: Final = (*BAD, GOOD)
_STAMP: Final = "prodgate drill"
#: Where an AppSpec names the task definition, in JSON and in YAML.
_NAMED: Final = re.compile(r"""(["']?TaskDefinition["']?\s*:\s*)(["']?)[^"'\s,}]+\2""")

#: Task definitions by build and by the name of the service.
Builds = Mapping[str, Mapping[str, str]]


def read_builds(stated: Sequence[Sequence[str]], services: Iterable[str]) -> Builds:
    """Return the builds that were stated, each for every service. Raises UsageError."""
    found: dict[str, dict[str, str]] = {build: {} for build in BUILDS}
    known = sorted(services)
    for build, service, revision in stated:
        if build not in found:
            raise UsageError(f"--build {build}: none is named so{suggest(build, BUILDS) or _list_names(BUILDS)}")
        if service not in known:
            raise UsageError(f"--build {build} {service}: no service is named so{_hint(service, known)}")
        found[build][service] = revision
    for build, revisions in found.items():
        if missing := [service for service in known if service not in revisions]:
            raise UsageError(
                f"build {build}: has no task definition for {', '.join(missing)}; register one, then add "
                f"--build {build} {missing[0]} REVISION"
            )
    return found


def _hint(name: str, known: Sequence[str]) -> str:
    return suggest(name, known) or _list_names(known)


def _list_names(known: Sequence[str]) -> str:
    return f"; there are {', '.join(known)}"


def deploy_build(aws: Aws, newest: Sequence[Mapping[str, Any]], revisions: Mapping[str, str]) -> Mapping[str, str]:
    """Deploy a task definition to each service; return the ids of CodeDeploy's deployments by the service's ARN.

    ``newest`` is what AWS answers about the newest deployment of each service, whose AppSpec is used again.
    """
    ids: dict[str, str] = {}
    for answers in newest:
        service, revision = answers["service"], revisions[answers["service"]["serviceName"]]
        if answers["carrier"] == CODEDEPLOY:
            ids[service["serviceArn"]] = _deploy_by_codedeploy(aws, answers["deployment"], revision)
        else:  # the id of ECS's own deployment is found by whoever watches
            where = {"cluster": service["clusterArn"], "service": service["serviceName"]}
            aws("ecs").update_service(**where, taskDefinition=revision)
    return ids


def _deploy_by_codedeploy(aws: Aws, before: Mapping[str, Any], revision: str) -> str:
    content = make_app_spec(before, revision)
    made = aws("codedeploy").create_deployment(
        applicationName=before["applicationName"],
        deploymentGroupName=before["deploymentGroupName"],
        description=_STAMP,
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
    )
    return str(made["deploymentId"])


def make_app_spec(before: Mapping[str, Any], revision: str) -> str:
    """Return the AppSpec of a deployment with another task definition. Raises UsageError when it keeps none inline."""
    content = before.get("revision", {}).get("appSpecContent", {}).get("content", "")
    changed, count = _NAMED.subn(lambda match: f"{match[1]}{match[2]}{revision}{match[2]}", content)
    if count != 1:
        raise UsageError(
            f"{before['deploymentId']}: its AppSpec names {count} task definitions inline; deploy once by an AppSpec "
            "of type AppSpecContent that names one"
        )
    return changed
