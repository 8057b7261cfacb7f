"""Container definitions as ECS and Batch have them: Terraform's provider reads their keys in any case."""

from collections.abc import Mapping
from typing import Any

from prodgate import Resource

#: What policies read of a container, by how it may be written.
NAMES = {
    name.lower(): name
    for name in ("command", "dockerLabels", "entryPoint", "environment", "firelensConfiguration", "image",
                 "logConfiguration", "logDriver", "name", "privileged", "readonlyRootFilesystem", "secrets", "value",
                 "valueFrom")
}  # fmt: skip
#: Objects whose keys are free.
FREE = ("dockerLabels", "options")


def list_containers(task: Resource) -> list[dict[str, Any]]:
    """Return the containers of a task definition, with keys as the API of ECS has them.

    The provider reads the text into structures of Go, for which `Privileged` is privileged; of two, the last holds.
    """
    return [_name_keys(one) for one in task.json("container_definitions") or ()]


def list_job_containers(job: Resource) -> list[dict[str, Any]]:
    """Return the container of a job definition in the same way; a job of several nodes or of EKS has none here."""
    stated = job.json("container_properties")
    return [_name_keys(stated)] if stated else []


def _name_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        named = ((NAMES.get(str(key).lower(), key), item) for key, item in value.items())
        return {name: item if name in FREE else _name_keys(item) for name, item in named}
    return [_name_keys(item) for item in value] if isinstance(value, list) else value
