"""What was built and released before anybody looks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..scenario import STAMP, Past, seeds

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@seeds("images")
def push_images(section: Mapping[str, Any], past: Past) -> None:
    """Let every image that a task names be in its repository, under the digest that the task names.

    No content has a digest that was chosen: the emulator takes the stated one, as AWS would not.
    """
    for repository, digest in sorted(set(_list_named_images(past))):
        settings = _upload_layer(past, repository, json.dumps(_settings(section, repository)).encode())
        layer = _upload_layer(past, repository, f"{STAMP}: {repository}".encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, **settings},
            "layers": [{"mediaType": _LAYER, **layer}],
        }
        past.ask(
            "ecr",
            "PutImage",
            repositoryName=repository,
            imageManifest=json.dumps(manifest),
            imageManifestMediaType=_MANIFEST,
            imageDigest=digest,
            imageTag=f"{STAMP}-{digest.partition(':')[2][:12]}",
        )


@seeds("releases")
def release_services(section: Mapping[str, Any], past: Past) -> None:
    """Let each service have been released by CodeDeploy, as it is now."""
    services = {one["name"]: one for one in past.resources_of("aws_ecs_service").values()}
    for group in past.resources_of("aws_codedeploy_deployment_group").values():
        for one in group["ecs_service"]:
            properties = {"TaskDefinition": services[one["service_name"]]["task_definition"]}
            target = {"Type": "AWS::ECS::Service", "Properties": properties}
            content = json.dumps({"version": 0.0, "Resources": [{"TargetService": target}]})
            past.ask(
                "codedeploy",
                "CreateDeployment",
                applicationName=group["app_name"],
                deploymentGroupName=group["deployment_group_name"],
                description=f"{STAMP}: {section['why']}",
                revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
            )


def _list_named_images(past: Past) -> Iterator[tuple[str, str]]:
    """Yield repository and digest of each image that a task definition names."""
    for task in past.resources_of("aws_ecs_task_definition").values():
        for one in json.loads(task["container_definitions"]):
            name, _, digest = one["image"].partition("@")
            yield name.partition("/")[2], digest


def _settings(section: Mapping[str, Any], repository: str) -> Mapping[str, Any]:
    return {
        "architecture": section["architecture"],
        "os": "linux",
        "config": {"Env": section["environment"], "Labels": {"title": repository, "built-by": STAMP}},
        "history": [{"created_by": step} for step in section["steps"]],
    }


def _upload_layer(past: Past, repository: str, content: bytes) -> dict[str, Any]:
    named = {"repositoryName": repository}
    upload = {**named, "uploadId": past.ask("ecr", "InitiateLayerUpload", **named)["uploadId"]}
    size, digest = len(content), f"sha256:{hashlib.sha256(content).hexdigest()}"
    past.ask("ecr", "UploadLayerPart", partFirstByte=0, partLastByte=size - 1, layerPartBlob=content, **upload)
    past.ask("ecr", "CompleteLayerUpload", layerDigests=[digest], **upload)
    return {"digest": digest, "size": size}
