"""Building and releasing, as a pipeline would: for sabotages that change what runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

Aws = Callable[..., Any]
CLUSTER, API, APPLICATION = "nba-news-prod", "nba-news-prod-api", "nba-news-prod"
REPOSITORY = "nba-news-prod/api"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
#: What AWS adds to a task definition, and refuses when it is registered again.
ADDED = ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt")


def released(**changes: Any) -> Callable[[Aws], object]:
    """Return what releases the API with a task definition that differs in this."""

    def release(aws: Aws) -> None:
        task = aws("ecs").describe_task_definition(taskDefinition=API)["taskDefinition"]
        kept = {name: value for name, value in task.items() if name not in ADDED}
        made = aws("ecs").register_task_definition(**{**kept, **changes})["taskDefinition"]
        deploy(aws, made["taskDefinitionArn"])

    return release


def image_released(reference: Callable[[str], str]) -> Callable[[Aws], object]:
    """Return what releases the API with another image, given the reference that it has."""

    def release(aws: Aws) -> None:
        task = aws("ecs").describe_task_definition(taskDefinition=API)["taskDefinition"]
        containers = [
            {**one, "image": reference(one["image"])} if one["name"] == "api" else one
            for one in task["containerDefinitions"]
        ]
        released(containerDefinitions=containers)(aws)

    return release


def deploy(aws: Aws, definition: str) -> None:
    """Let CodeDeploy deploy a task definition of the API."""
    target = {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": definition}}
    content = json.dumps({"version": 0.0, "Resources": [{"TargetService": target}]})
    aws("codedeploy").create_deployment(
        applicationName=APPLICATION,
        deploymentGroupName="api",
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
    )


def pushed(aws: Aws, digest: str, tag: str, config: Mapping[str, Any], **annotations: str) -> None:
    """Push an image of the API with these settings, under a digest that the emulator believes."""
    ecr, content = aws("ecr"), json.dumps(config).encode()
    layer = f"sha256:{hashlib.sha256(content).hexdigest()}"
    upload = {"repositoryName": REPOSITORY}
    upload["uploadId"] = ecr.initiate_layer_upload(**upload)["uploadId"]
    ecr.upload_layer_part(partFirstByte=0, partLastByte=len(content) - 1, layerPartBlob=content, **upload)
    ecr.complete_layer_upload(layerDigests=[layer], **upload)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": layer, "size": len(content)}}
    ecr.put_image(
        repositoryName=REPOSITORY,
        imageManifest=json.dumps({**manifest, "layers": [], "annotations": {"tag": tag, **annotations}}),
        imageManifestMediaType=MANIFEST,
        imageDigest=digest,
        imageTag=tag,
    )


def rebuilt(config: Mapping[str, Any], **annotations: str) -> Callable[[Aws], object]:
    """Return what puts another image in the place of the API's, under the same digest."""

    def rebuild(aws: Aws) -> None:
        (old,) = aws("ecr").describe_images(repositoryName=REPOSITORY)["imageDetails"]
        digest = old["imageDigest"]
        aws("ecr").batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageDigest": digest}])
        pushed(aws, digest, "rebuilt", config, **annotations)

    return rebuild
