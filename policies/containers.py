"""Containers: isolated from the host that they run on, in clusters that the internet can't reach."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from prodgate import Criterion, Resource, policy
from prodgate.semantics.network_rules import make_network_rule

# ── Container definitions as ECS and Batch have them. Terraform's provider reads their keys in any case

#: The keys of a container that policies read, by how they may be spelled.
NAMES = {
    name.lower(): name
    for name in ("add", "capabilities", "command", "container", "containers", "dockerLabels", "ecsProperties",
                 "entryPoint", "environment", "environmentFiles", "firelensConfiguration", "host", "image", "ipcMode",
                 "linuxParameters", "logConfiguration", "logDriver", "name", "nodeRangeProperties", "pidMode",
                 "portMappings", "privileged", "readonlyRootFilesystem", "secrets", "sourcePath", "taskProperties",
                 "value", "valueFrom", "volumes")
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
    """Return the containers of a job definition in the same way: of one node or several. An EKS job has none here."""
    return [one for task in list_job_tasks(job) for one in task.get("containers") or ()]


def list_job_tasks(job: Resource) -> list[dict[str, Any]]:
    """Return what runs together in a job, each with its ``containers``, ``volumes``, ``ipcMode`` and ``pidMode``."""
    stated = ("container_properties", "ecs_properties", "node_properties")
    alone, tasks, nodes = (_name_keys(job.json(name)) or {} if name in job.search() else {} for name in stated)
    each = [{"container": alone, "ecsProperties": tasks}, *(nodes.get("nodeRangeProperties") or ())]
    single = [{"containers": [one["container"]], **one["container"]} for one in each if one.get("container")]
    several = [task for one in each for task in (one.get("ecsProperties") or {}).get("taskProperties") or ()]
    return [{"containers": [], "volumes": [], **task} for task in (*single, *several)]


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
NAMESPACES = ("networkMode", "pidMode", "ipcMode")
#: Linux capabilities that lead out of a container by themselves. SYS_PTRACE needs the host's processes, too.
ESCAPES = frozenset({"ALL", "BPF", "DAC_READ_SEARCH", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_RAWIO"})
BATCH = "aws_batch_job_definition"
#: Whom a cluster admits that names nobody.
WORLD = ("0.0.0.0/0",)


@policy(
    "PG_RUN_1",
    criterion="containers-isolated",
    resources=(*TASK, BATCH),
    population=0,
    remedy=(
        "Drop privileged, capabilities such as SYS_ADMIN, the modes host of network, pid and ipc, and volumes of the "
        "host's root or Docker socket."
    ),
)
def containers_are_apart_from_their_host(holder: Resource, criterion: Criterion) -> None:
    """Containers are not privileged, and share no network, processes or Docker socket with their host.

    Each of them leads from one compromised container to all others on the host, and to the host's role. So does a
    capability such as SYS_ADMIN. A pod of Batch on EKS has the network of its host unless it states another: that is
    left to the network's policies.
    """
    tasks = [*list_job_tasks(holder), *_list_pods(holder)] if holder.type == BATCH else [_read_task(holder)]
    shared = [f"{name} = host" for task in tasks for name in NAMESPACES if task.get(name) == "host"]
    criterion.exclude(shared, expected="namespaces of its own")
    criterion.exclude(_list_mounted(tasks), expected="no such files of the host")
    containers = [one for task in tasks for one in task["containers"]]
    privileged = [str(one.get("name")) for one in containers if one.get("privileged") in (True, "true")]
    criterion.exclude(privileged, expected="privileged = false", observed="privileged: {}")
    added = _list_escapes(containers)
    criterion.exclude(added, expected="no capability that leads to the host", observed="capability {}")


def _list_mounted(tasks: Iterable[Mapping[str, Any]]) -> list[str]:
    paths = [str((one.get("host") or {}).get("sourcePath") or "") for task in tasks for one in task["volumes"] or ()]
    return [path for path in paths if path and re.sub("/+", "/", normpath(path)) in HOST_FILES]


def _list_escapes(containers: Iterable[Mapping[str, Any]]) -> list[str]:
    added = [(one.get("linuxParameters") or {}).get("capabilities") or {} for one in containers]
    return sorted({str(name).upper() for one in added for name in one.get("add") or ()} & ESCAPES)


def _read_task(task: Resource) -> dict[str, Any]:
    """Return a task definition of ECS as `list_job_tasks` does. A local volume of Docker can mount the host's files."""
    paths = [volume.text("host_path") for volume in task.blocks("volume")]
    docker = [one for volume in task.blocks("volume") for one in volume.blocks("docker_volume_configuration")]
    paths += [one.mapping("driver_opts").get("device") for one in docker]
    modes = dict(zip(NAMESPACES, map(task.text, ("network_mode", "pid_mode", "ipc_mode")), strict=True))
    return {"containers": list_containers(task), "volumes": [{"host": {"sourcePath": path}} for path in paths], **modes}


def _list_pods(job: Resource) -> Iterator[dict[str, Any]]:
    """Yield the pods of a job on EKS as `list_job_tasks` does."""
    for pod in (one for held in job.blocks("eks_properties") for one in held.blocks("pod_properties")):
        containers = [one for name in ("containers", "init_containers") for one in pod.blocks(name)]
        paths = [path.text("path") for volume in pod.blocks("volumes") for path in volume.blocks("host_path")]
        yield {
            "volumes": [{"host": {"sourcePath": path}} for path in paths],
            "containers": [
                {
                    "name": one.text("name"),
                    "privileged": any(each.flag("privileged") for each in one.blocks("security_context")),
                }
                for one in containers
            ],
        }


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
