"""Containers are apart from the host that they run on, and clusters from the internet."""

import re
from pathlib import PurePosixPath
from posixpath import normpath

from prodgate import Criterion, Resource, policy

from .container_definitions import list_containers

TASK = ("aws_ecs_task_definition",)
#: Sockets of a host by which a container has the whole of it, as it has by each folder that they lie in.
SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock")
HOST_FILES = frozenset(
    str(each) for socket in SOCKETS for each in (PurePosixPath(socket), *PurePosixPath(socket).parents)
)
NAMESPACES = ("network_mode", "pid_mode", "ipc_mode")
WORLD = ("0.0.0.0/0", "::/0")


@policy(
    "PG_RUN_1",
    criterion="containers-isolated",
    resources=TASK,
    population=0,
    remedy="Drop privileged, the modes host of network, pid and ipc, and volumes of the host's root or Docker socket.",
)
def containers_are_apart_from_their_host(task: Resource, criterion: Criterion) -> None:
    """Containers are not privileged, and share no network, processes or Docker socket with their host.

    Each of them is a way from one broken container to all that run on the host, and to the role of the host.
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

    What can't be written can't be replaced by whoever breaks in. Windows has no such setting.
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
    """The API of a Kubernetes cluster can't be reached by the whole internet. Unset means that it can."""
    for config in cluster.blocks("vpc_config"):
        public = config.flag("endpoint_public_access", True)
        open_to = (config.texts("public_access_cidrs") or WORLD[:1]) if public else ()
        world = [cidr for cidr in open_to if cidr in WORLD]
        criterion.exclude(world, expected="named networks", observed="public to {}")
