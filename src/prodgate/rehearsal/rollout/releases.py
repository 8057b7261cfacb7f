"""What a release puts into the account besides the deployment: image, task definition, tasks, weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from ...aws.clients import Clients
from .builds import Build
from .declared import Route, Service

#: What AWS adds to a task definition, and refuses when it is registered again.
_ADDED: Final = ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt")
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"


def register_build(aws: Clients, service: Service, build: Build) -> str:
    """Push the image of a build and register a task definition that names it by digest; return its ARN."""
    ecs = aws("ecs")
    answer = ecs.describe_task_definition(taskDefinition=service.definition, include=["TAGS"])
    task = {name: value for name, value in answer["taskDefinition"].items() if name not in _ADDED}
    for one in task["containerDefinitions"]:
        if one["name"] == service.container:
            repository = one["image"].partition("@")[0]
            one["image"] = f"{repository}@{_push(aws, repository.partition('/')[2], build)}"
    made = ecs.register_task_definition(**task, **({"tags": answer["tags"]} if answer.get("tags") else {}))
    return str(made["taskDefinition"]["taskDefinitionArn"])


def _push(aws: Clients, repository: str, build: Build) -> str:
    """Push an image whose content is the name of the build; return its digest."""
    ecr, named = aws("ecr"), {"repositoryName": repository}
    content = json.dumps({"architecture": "arm64", "os": "linux", "config": {"Labels": {"build": build.name}}}).encode()
    layer = f"sha256:{hashlib.sha256(content).hexdigest()}"
    upload = {**named, "uploadId": ecr.initiate_layer_upload(**named)["uploadId"]}
    ecr.upload_layer_part(partFirstByte=0, partLastByte=len(content) - 1, layerPartBlob=content, **upload)
    ecr.complete_layer_upload(layerDigests=[layer], **upload)
    config = {"mediaType": _CONFIG, "digest": layer, "size": len(content)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": []})
    digest = f"sha256:{hashlib.sha256(f'{repository}{manifest}'.encode()).hexdigest()}"
    if not ecr.batch_get_image(**named, imageIds=[{"imageDigest": digest}])["images"]:
        pushed = {"imageManifestMediaType": _MANIFEST, "imageDigest": digest, "imageTag": build.name}
        ecr.put_image(**named, imageManifest=manifest, **pushed)
    return digest


def render_app_spec(service: Service, definition: str, hook: str) -> Mapping[str, Any]:
    """Return the revision that CodeDeploy is to deploy."""
    balancer = {"ContainerName": service.container, "ContainerPort": service.port}
    target = {
        "Type": "AWS::ECS::Service",
        "Properties": {"TaskDefinition": definition, "LoadBalancerInfo": balancer},
    }
    hooks = [{"AfterAllowTestTraffic": hook}] if hook else []
    content = json.dumps({"version": 0.0, "Resources": [{"TargetService": target}], "Hooks": hooks})
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}


def list_places(aws: Clients, service: Service, set_id: str) -> list[str]:
    """Return address and port of each running task of a set, as its load balancer knows them."""
    ecs, named = aws("ecs"), {"cluster": service.cluster}
    arns = ecs.list_tasks(**named, serviceName=service.name)["taskArns"]
    tasks = ecs.describe_tasks(**named, tasks=arns)["tasks"] if arns else []
    return [f"{_address(task)}:{service.port}" for task in tasks if task["startedBy"] == set_id]


def _address(task: Mapping[str, Any]) -> str:
    details = (detail for one in task["attachments"] for detail in one["details"])
    return next(str(one["value"]) for one in details if one["name"] == "privateIPv4Address")


def set_weights(aws: Clients, route: Route, weights: Mapping[str, int]) -> None:
    """Let a rule, or a listener's default, forward to target groups by weight."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    if route.rule:
        aws("elbv2").modify_rule(RuleArn=route.rule, Actions=[action])
    else:
        aws("elbv2").modify_listener(ListenerArn=route.listener, DefaultActions=[action])
