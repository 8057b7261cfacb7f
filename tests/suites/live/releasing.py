"""Building and releasing, as a pipeline would: for sabotages that change what runs."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from .harness import Aws

CLUSTER, API, APPLICATION = "nba-news-prod", "nba-news-prod-api", "nba-news-prod"
REPOSITORY = "nba-news-prod/api"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
#: What AWS adds to a task definition, and refuses when it is registered again.
ADDED = ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt")


def register(aws: Aws, family: str, **changes: Any) -> str:
    """Register a task definition anew that differs in this; return its ARN."""
    task = aws("ecs").describe_task_definition(taskDefinition=family)["taskDefinition"]
    kept = {name: value for name, value in task.items() if name not in ADDED}
    return str(aws("ecs").register_task_definition(**kept | changes)["taskDefinition"]["taskDefinitionArn"])


def list_containers(aws: Aws, family: str) -> list[dict[str, Any]]:
    return list(aws("ecs").describe_task_definition(taskDefinition=family)["taskDefinition"]["containerDefinitions"])


def released(**changes: Any) -> Callable[[Aws], object]:
    """Return what releases the API with a task definition that differs in this."""
    return lambda aws: deploy(aws, register(aws, API, **changes))


def image_released(reference: Callable[[str], str]) -> Callable[[Aws], object]:
    """Return what releases the API with another image, given the reference that it has."""

    def release(aws: Aws) -> None:
        containers = list_containers(aws, API)
        for one in (one for one in containers if one["name"] == "api"):
            one["image"] = reference(one["image"])
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
