"""Containers: isolated from the host that they run on, in clusters that the internet can't reach."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from prodgate import Criterion, Resource, policy
from prodgate.semantics.network_rules import make_network_rule

# ── Container definitions as ECS and Batch have them. Terraform's provider reads their keys in any case

#: The keys of a container that policies read, by how they may be spelled.
NAMES = {
    name.lower(): name
    for name in ("command", "dockerLabels", "entryPoint", "environment", "environmentFiles", "firelensConfiguration",
                 "image", "logConfiguration", "logDriver", "name", "portMappings", "privileged",
                 "readonlyRootFilesystem", "secrets", "value", "valueFrom")
}  # fmt: skip
#: Objects whose keys are free.
FREE = ("dockerLabels", "options")


def list_containers(task: Resource) -> list[dict[str, Any]]:
    """Return the containers of a task definition, with keys as the ECS API has them.

    The provider reads the text into Go structures, for which `Privileged` is privileged; of two spellings, the last
    wins.
    """
    return [_name_keys(one) for one in task.json("container_definitions") or ()]


def list_job_containers(job: Resource) -> list[dict[str, Any]]:
    """Return the container of a job definition in the same way. A multi-node or EKS job has none here."""
    stated = job.json("container_properties")
    return [_name_keys(stated)] if stated else []


def _name_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        named = ((NAMES.get(str(key).lower(), key), item) for key, item in value.items())
        return {name: item if name in FREE else _name_keys(item) for name, item in named}
    return [_name_keys(item) for item in value] if isinstance(value, list) else value


TASK = ("aws_ecs_task_definition",)
#: Sockets that give a container control of its host, as does mounting any folder that contains them.
SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock")
HOST_FILES = frozenset(
    str(each) for socket in SOCKETS for each in (PurePosixPath(socket), *PurePosixPath(socket).parents)
)
NAMESPACES = ("network_mode", "pid_mode", "ipc_mode")
#: Whom a cluster admits that names nobody.
WORLD = ("0.0.0.0/0",)


@policy(
    "PG_RUN_1",
    criterion="containers-isolated",
    resources=TASK,
    population=0,
    remedy="Drop privileged, the modes host of network, pid and ipc, and volumes of the host's root or Docker socket.",
)
def containers_are_apart_from_their_host(task: Resource, criterion: Criterion) -> None:
    """Containers are not privileged, and share no network, processes or Docker socket with their host.

    Each of them leads from one compromised container to all others on the host, and to the host's role.
    """
    shared = [f"{name} = host" for name in NAMESPACES if task.text(name) == "host"]
    criterion.exclude(shared, expected="namespaces of its own")
    paths = [path for volume in task.blocks("volume") if (path := volume.text("host_path"))]
    mounted = [path for path in paths if re.sub("/+", "/", normpath(path)) in HOST_FILES]
    criterion.exclude(mounted, expected="no such files of the host")
    privileged = [str(one.get("name")) for one in list_containers(task) if one.get("privileged") in (True, "true")]
    criterion.exclude(privileged, expected="privileged = false", observed="privileged: {}")


@policy(
    "PG_RUN_2",
    criterion="containers-read-only",
    resources=TASK,
    population=0,
    remedy="Set readonlyRootFilesystem = true, and mount a volume where the program has to write.",
)
def containers_cannot_change_their_image(task: Resource, criterion: Criterion) -> None:
    """No container can write into its root file system.

    An intruder can't replace files that can't be written. Windows has no such setting.
    """
    if any(
        (one.text("operating_system_family") or "").startswith("WINDOWS") for one in task.blocks("runtime_platform")
    ):
        raise criterion.not_applicable("Windows containers have no read-only root")
    containers = list_containers(task)
    writable = [str(one.get("name")) for one in containers if one.get("readonlyRootFilesystem") not in (True, "true")]
    criterion.exclude(writable, expected="readonlyRootFilesystem = true", observed="writable: {}")


@policy(
    "PG_RUN_4",
    criterion="cluster-endpoint-closed",
    resources=("aws_eks_cluster",),
    population=0,
    remedy="Set endpoint_public_access = false, or list who may come in under public_access_cidrs.",
)
def kubernetes_is_not_open_to_the_world(cluster: Resource, criterion: Criterion) -> None:
    """The API of a Kubernetes cluster can't be reached from the whole internet. Unset means that it can."""
    for config in cluster.blocks("vpc_config"):
        public = config.flag("endpoint_public_access", True)
        open_to = (config.texts("public_access_cidrs") or WORLD) if public else ()
        world = make_network_rule("tcp", (443, 443), open_to, itself=False).world
        criterion.exclude(map(str, world), expected="named networks", observed="public to {}")
