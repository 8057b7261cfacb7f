"""What the declared task definitions need of the role that they are started with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..iam.needs import Need
from ..semantics.unresolved import Unresolved
from .resources import Configuration, Resource

_IMAGES = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
_SECRETS = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameters"}


def list_needs(configuration: Configuration, role: str) -> Iterator[Need | str]:
    """Yield what starting tasks needs of a role, by its ARN, and why more may be needed.

    Source: Amazon ECS Developer Guide, "Amazon ECS task execution IAM role".
    """
    found = False
    for definition in configuration.of("aws_ecs_task_definition"):
        try:
            if not any(
                one.search().get("arn") == role for one in definition.related("execution_role_arn", "aws_iam_role")
            ):
                continue
            found = True
            for container in definition.json("container_definitions"):
                yield from _list_needed(container, definition)
        except (Unresolved, AttributeError, TypeError) as error:
            yield f"{definition.address}: {error}"
    if not found:
        yield f"no task definition that is declared here is started with {role}"


def _list_needed(container: Mapping[str, Any], definition: Resource) -> Iterator[Need]:
    by = f"{definition.address} ({container.get('name')})"
    image = str(container.get("image", ""))
    if ".dkr.ecr." in image:
        yield from (Need(one, by) for one in ("ecr:GetAuthorizationToken", *_IMAGES))
        yield Need(
            "ecr:BatchImportUpstreamImage", by, must=False
        )  # where a rule fills the repository on the first pull
    log = container.get("logConfiguration") or {}
    if log.get("logDriver") == "awslogs":
        yield from (Need(one, by) for one in _LOGS)
    if str((log.get("options") or {}).get("awslogs-create-group")).lower() == "true":
        yield Need("logs:CreateLogGroup", by)
    for secret in (*(container.get("secrets") or ()), *(log.get("secretOptions") or ())):
        arn = str(secret.get("valueFrom", ""))
        service = arn.split(":")[2] if arn.count(":") > 4 else "ssm"
        yield Need(_SECRETS.get(service, "ssm:GetParameters"), by)
    if container.get("repositoryCredentials"):
        yield Need("secretsmanager:GetSecretValue", by)
    for file in container.get("environmentFiles") or ():
        yield from (Need(one, f"{by}: {file.get('value')}") for one in ("s3:GetObject", "s3:GetBucketLocation"))
