"""ECS: services, their deployments, task sets and tasks; and GuardDuty, whose agents run beside tasks."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from secrets import randbelow
from typing import Any, Final

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs.models import Task

from .codedeploy import is_conducted
from .extension import FOLLOWS, UNREPORTED, Ledger, Refused, answers, aware, corrects, patch
from .services import manages_agents

# ── ECS tasks: they run as soon as they are started, with the images that they name, and take traffic

# moto reads it from every interface, and sets it on none in a network without host names
patch(NetworkInterface, "private_dns_name", "", upstream=UNREPORTED)


@corrects("ecs", "RunTask", upstream=UNREPORTED)
def run_task(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Start tasks on Fargate; those of a service take traffic."""
    started = [_start_task(ledger, params) for _ in range(params.get("count", 1))]
    for task in started:
        _register(ledger, task, "RegisterTargets")
    return {"tasks": [_task(ledger, task) for task in started], "failures": []}


def _start_task(ledger: Ledger, params: Mapping[str, Any]) -> Task:
    backend = ledger.backend
    cluster = backend._get_cluster(params.get("cluster", "default"))
    definition = backend.describe_task_definition(params["taskDefinition"])
    task = Task(
        cluster=cluster,
        task_definition=definition,
        container_instance_arn=None,
        resource_requirements={},
        backend=backend,
        group=params.get("group", f"family:{definition.family}"),
        launch_type=params.get("launchType", "FARGATE"),
        overrides=params.get("overrides"),
        started_by=params.get("startedBy", ""),
        tags=params.get("tags"),
        networking_configuration=params.get("networkConfiguration"),
    )
    backend.tasks.setdefault(cluster.name, {})[task.task_arn] = task
    return task


@corrects("ecs", "StopTask", upstream=FOLLOWS)
def stop_task(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Stop a task; it takes no more traffic. The service does not start another one."""
    ledger.moto()
    task = _find_task(ledger, params["task"])
    _register(ledger, task, "DeregisterTargets")
    return {"task": _task(ledger, task)}


@corrects("ecs", "ListTasks", upstream="getmoto/moto#6283")
def list_tasks(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return tasks by the service that started them and their desired state; running ones by default."""
    wanted = {name: value for name, value in params.items() if name not in ("serviceName", "desiredStatus")}
    arns = ledger.moto(**wanted)["taskArns"] if wanted else ledger.moto(cluster="default")["taskArns"]
    group = f"service:{params['serviceName'].rpartition('/')[2]}" if "serviceName" in params else ""
    found = [_find_task(ledger, arn) for arn in arns]
    state = params.get("desiredStatus", "RUNNING")
    kept = [one for one in found if one.desired_status == state and (not group or one.group == group)]
    return {"taskArns": [one.task_arn for one in kept]}


@corrects("ecs", "DescribeTasks", upstream=FOLLOWS)
def describe_tasks(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return tasks with all of their containers."""
    known = {task.id: task for tasks in ledger.backend.tasks.values() for task in tasks.values()}
    asked = [arn.rpartition("/")[2] for arn in params["tasks"]]
    missing = [{"arn": arn, "reason": "MISSING"} for arn in params["tasks"] if arn.rpartition("/")[2] not in known]
    return {"tasks": [_task(ledger, known[id]) for id in asked if id in known], "failures": missing}


def list_service_tasks(ledger: Ledger, service: Mapping[str, Any]) -> list[Any]:
    """Return every task of a service, including stopped ones."""
    every = ledger.backend.tasks.get(service["clusterArn"].rpartition("/")[2], {}).values()
    return [one for one in every if one.group == f"service:{service['serviceName']}"]


def _find_task(ledger: Ledger, arn: str) -> Any:
    id = arn.rpartition("/")[2]
    return next(task for tasks in ledger.backend.tasks.values() for task in tasks.values() if task.id == id)


def find_definition(ledger: Ledger, name: str) -> Mapping[str, Any]:
    """Return a task definition."""
    found: Mapping[str, Any] = ledger.ask("ecs", "DescribeTaskDefinition", taskDefinition=name)["taskDefinition"]
    return found


def _task(ledger: Ledger, task: Any) -> dict[str, Any]:
    started = ledger.of("started").setdefault(task.id, datetime.now(UTC))
    defined = find_definition(ledger, task.task_definition_arn)
    stopped = ledger.of("stopped").get(task.task_arn, {})
    ended = {"exitCode": stopped["exitCode"]} if "exitCode" in stopped else {}
    return {
        "taskArn": task.task_arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "group": task.group,
        "startedBy": task.started_by,
        "launchType": task.launch_type or "FARGATE",
        "lastStatus": task.desired_status,
        "desiredStatus": task.desired_status,
        "healthStatus": "HEALTHY",
        "connectivity": "CONNECTED",
        "createdAt": started,
        "startedAt": started,
        "cpu": defined.get("cpu", ""),
        "memory": defined.get("memory", ""),
        "attachments": task.attachments,
        "containers": [
            {**one, **ended}
            for one in (
                *(_container(ledger, task, each) for each in defined["containerDefinitions"]),
                *_list_sidecars(ledger, task),
            )
        ],
        "overrides": task.overrides,
        **{name: value for name, value in stopped.items() if name != "exitCode"},
    }


def _container(ledger: Ledger, task: Any, defined: Mapping[str, Any]) -> dict[str, Any]:
    digest = defined["image"].partition("@")[2] or _resolve_digest(ledger, defined["image"])
    return {
        "containerArn": f"{task.task_arn.replace(':task/', ':container/')}/{defined['name']}",
        "taskArn": task.task_arn,
        "name": defined["name"],
        "image": defined["image"],
        "lastStatus": task.desired_status,
        "healthStatus": "HEALTHY" if "healthCheck" in defined else "UNKNOWN",
        "networkInterfaces": [{"privateIpv4Address": _private_address(task)}],
        **({"imageDigest": digest} if digest else {}),
    }


def _list_sidecars(ledger: Ledger, task: Any) -> list[dict[str, Any]]:
    """Return GuardDuty's agent, if a detector manages it: in each task on Fargate, and in no task definition.

    Its image is in a registry of AWS's own.
    https://docs.aws.amazon.com/guardduty/latest/ug/how-runtime-monitoring-works-ecs-fargate.html
    """
    if (task.launch_type or "FARGATE") != "FARGATE" or not manages_agents(ledger):
        return []
    registry = f"593207742271.dkr.ecr.{ledger.region}.amazonaws.com"
    name = f"aws-guardduty-agent-{task.id[:5]}"
    return [
        {
            "containerArn": f"{task.task_arn.replace(':task/', ':container/')}/{name}",
            "taskArn": task.task_arn,
            "name": name,
            "image": f"{registry}/aws-guardduty-agent-fargate:v1.9.0-Fg_x86_64",
            "imageDigest": f"sha256:{'9d' * 32}",
            "lastStatus": task.desired_status,
            "healthStatus": "UNKNOWN",
            "networkInterfaces": [{"privateIpv4Address": _private_address(task)}],
        }
    ]


def _resolve_digest(ledger: Ledger, reference: str) -> str:
    """Return the digest behind a tag, as ECS resolves it; nothing for another registry's image."""
    host, _, name = reference.partition("/")
    if ".dkr.ecr." not in host:
        return ""
    named = {"repositoryName": name.rpartition(":")[0], "imageIds": [{"imageTag": name.rpartition(":")[2]}]}
    try:
        found = ledger.ask("ecr", "BatchGetImage", **named)["images"]
    except Refused:
        return ""
    return next((str(one["imageId"]["imageDigest"]) for one in found), "")


def _private_address(task: Any) -> str:
    details = [detail for one in task.attachments for detail in one["details"]]
    return next((one["value"] for one in details if one["name"] == "privateIPv4Address"), "")


def _register(ledger: Ledger, task: Any, operation: str) -> None:
    """Report to the load balancers of a task's service that it has come or gone."""
    kind, _, name = task.group.partition(":")
    if kind != "service":
        return
    for service in ledger.ask("ecs", "DescribeServices", cluster=task.cluster_arn, services=[name])["services"]:
        for one in _balancers_of(service, task):
            target = {"Id": _private_address(task), "Port": one["containerPort"]}
            ledger.ask("elbv2", operation, TargetGroupArn=one["targetGroupArn"], Targets=[target])


def _balancers_of(service: Mapping[str, Any], task: Any) -> list[dict[str, Any]]:
    """Return the target groups of a service's task: each task set has one of its own."""
    own = next((one for one in service.get("taskSets", ()) if one["id"] == task.started_by), service)
    found: list[dict[str, Any]] = own.get("loadBalancers") or []
    return found


# ── ECS service deployments and revisions: the old version, the new one, and the result

#: The fields of a service that a revision holds.
_REVISED: Final = (
    "capacityProviderStrategy",
    "launchType",
    "loadBalancers",
    "networkConfiguration",
    "platformVersion",
    "taskDefinition",
)
_ENDED: Final = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
_BRIEF: Final = (
    "clusterArn",
    "createdAt",
    "finishedAt",
    "serviceArn",
    "serviceDeploymentArn",
    "startedAt",
    "status",
    "statusReason",
)


def record_deployment(ledger: Ledger, service: Mapping[str, Any]) -> None:
    """Record a change to a service that ECS deploys itself: at once, unless a conductor carries deployments out."""
    if service["deploymentController"]["type"] != "ECS":
        return
    arn = service["serviceArn"]
    stated = {name: service[name] for name in _REVISED if service.get(name)}
    past = [one for one in ledger.of("service revision").values() if one["serviceArn"] == arn]
    if past and all(past[-1].get(name) == value for name, value in stated.items()):
        return
    revision = _record_revision(ledger, service, stated)
    sources = [_summary(past[-1]["serviceRevisionArn"], service["desiredCount"])] if past else []
    now, made = revision["createdAt"], _name(arn, "service-deployment")
    done = {"status": "SUCCESSFUL", "finishedAt": now, "lifecycleStage": "CLEAN_UP"}
    ledger.of("service deployment")[made] = {
        **{name: revision[name] for name in ("serviceArn", "clusterArn", "createdAt")},
        "serviceDeploymentArn": made,
        "startedAt": now,
        "updatedAt": now,
        "sourceServiceRevisions": sources,
        "targetServiceRevision": _summary(revision["serviceRevisionArn"], service["desiredCount"]),
        "deploymentConfiguration": service["deploymentConfiguration"],
        **({"status": "PENDING", "lifecycleStage": "RECONCILE_SERVICE"} if is_conducted(ledger) else done),
    }


def _record_revision(ledger: Ledger, service: Mapping[str, Any], stated: Mapping[str, Any]) -> Mapping[str, Any]:
    containers = find_definition(ledger, service["taskDefinition"])["containerDefinitions"]
    made = {
        "serviceRevisionArn": _name(service["serviceArn"], "service-revision"),
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": datetime.now(UTC),
        **stated,
        "containerImages": [_image(one) for one in containers],
    }
    ledger.of("service revision")[made["serviceRevisionArn"]] = made
    return made


@answers("ecs", "ListServiceDeployments")
def list_service_deployments(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the deployments of a service, newest first."""
    name = params["service"].rpartition("/")[2]
    span = {key: aware(value) for key, value in (params.get("createdAt") or {}).items()}
    found = [
        {
            **{key: one[key] for key in _BRIEF if key in one},
            "targetServiceRevisionArn": one["targetServiceRevision"]["arn"],
        }
        for one in ledger.of("service deployment").values()
        if one["serviceArn"].rpartition("/")[2] == name
        and one["clusterArn"].rpartition("/")[2] == params.get("cluster", "default").rpartition("/")[2]
        and (not params.get("status") or one["status"] in params["status"])
        and span.get("after", one["createdAt"]) <= one["createdAt"] <= span.get("before", one["createdAt"])
    ]
    return {"serviceDeployments": sorted(found, key=lambda one: one["createdAt"], reverse=True)}


def _describe_kept(kind: str, arns: str, field: str, ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    known, asked = ledger.of(kind), params[arns]
    missing = [{"arn": arn, "reason": "MISSING"} for arn in asked if arn not in known]
    return {field: [known[arn] for arn in asked if arn in known], "failures": missing}


answers("ecs", "DescribeServiceDeployments")(
    partial(_describe_kept, "service deployment", "serviceDeploymentArns", "serviceDeployments")
)
answers("ecs", "DescribeServiceRevisions")(
    partial(_describe_kept, "service revision", "serviceRevisionArns", "serviceRevisions")
)


@answers("ecs", "StopServiceDeployment")
def stop_service_deployment(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Request the end of a deployment; its conductor sees the request."""
    arn = params["serviceDeploymentArn"]
    found = ledger.find("service deployment", arn, "ServiceDeploymentNotFoundException", f"{arn} was not found.")
    if found["status"] in _ENDED:
        raise Refused("ConflictException", f"The service deployment {arn} has ended.")
    found["status"] = "ROLLBACK_REQUESTED" if params.get("stopType", "ROLLBACK") == "ROLLBACK" else "STOP_REQUESTED"
    return {"serviceDeploymentArn": arn}


def _name(service: str, kind: str) -> str:
    return f"{service.replace(':service/', f':{kind}/')}/{randbelow(10**19):019d}"


def _summary(revision: str, count: int) -> dict[str, Any]:
    return {"arn": revision, "requestedTaskCount": count, "runningTaskCount": count, "pendingTaskCount": 0}


def _image(container: Mapping[str, Any]) -> dict[str, str]:
    digest = container["image"].partition("@")[2]
    named = {"containerName": container["name"], "image": container["image"]}
    return {**named, **({"imageDigest": digest} if digest else {})}


# ── ECS task sets: blue beside green while CodeDeploy deploys a service, each behind its own targets

#: The deployment controllers that may have task sets.
CONTROLLERS: Final = ("CODE_DEPLOY", "EXTERNAL")
#: The set, or the deployment, of a service's first tasks.
FIRST: Final = "ecs-svc/0"
#: The fields that a task set shares with its service.
_SAME: Final = ("capacityProviderStrategy", "launchType", "loadBalancers", "networkConfiguration", "taskDefinition")


@corrects("ecs", "CreateTaskSet", upstream=UNREPORTED)
def create_task_set(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Start tasks of another definition beside those of a service; they register with the named target group."""
    service = _find_service(ledger, params)
    if service["deploymentController"]["type"] not in CONTROLLERS:
        raise Refused("InvalidParameterException", "Task sets are not supported for the ECS deployment controller.")
    sets = list_task_sets(ledger, service)
    ledger.of("task set")[service["serviceArn"]] = sets
    id = f"ecs-svc/{randbelow(10**19):019d}"
    stated = {name: params[name] for name in _SAME if name in params}
    stated["taskDefinition"] = find_definition(ledger, params["taskDefinition"])["taskDefinitionArn"]
    scale = params.get("scale") or {"value": 100.0, "unit": "PERCENT"}
    made = {**_first(service), **stated, **_names(service, id), "status": "ACTIVE", "scale": scale}
    sets.append(made)
    for number in range(round(service["desiredCount"] * scale["value"] / 100)):
        start_task(ledger, service, made, number)
    return {"taskSet": describe_task_set(ledger, service, made)}


@corrects("ecs", "DescribeTaskSets", upstream=UNREPORTED)
def _describe_task_sets(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    service, asked = _find_service(ledger, params), params.get("taskSets")
    sets = [one for one in service.get("taskSets", ()) if not asked or {one["id"], one["taskSetArn"]} & set(asked)]
    return {"taskSets": sets, "failures": []}


@corrects("ecs", "UpdateServicePrimaryTaskSet", upstream=UNREPORTED)
def update_primary(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a set the one that describes the service."""
    service = _find_service(ledger, params)
    primary = _find_task_set(ledger, service, params["primaryTaskSet"])
    for one in ledger.of("task set")[service["serviceArn"]]:
        one |= {"status": "PRIMARY" if one is primary else "ACTIVE", "updatedAt": datetime.now(UTC)}
    held = ledger.backend.services[f"{service['clusterArn'].rpartition('/')[2]}:{service['serviceName']}"]
    held.task_definition, held.load_balancers = primary["taskDefinition"], primary["loadBalancers"]
    return {"taskSet": describe_task_set(ledger, service, primary)}


@corrects("ecs", "DeleteTaskSet", upstream=UNREPORTED)
def delete_task_set(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Stop the tasks of a set, and forget it."""
    service = _find_service(ledger, params)
    gone = _find_task_set(ledger, service, params["taskSet"])
    if gone["status"] == "PRIMARY" and not params.get("force"):
        raise Refused("InvalidParameterException", "The primary task set can't be deleted without force.")
    for task in list_service_tasks(ledger, service):
        if task.started_by == gone["id"] and task.desired_status == "RUNNING":
            ledger.ask("ecs", "StopTask", cluster=service["clusterArn"], task=task.task_arn)
    ledger.of("task set")[service["serviceArn"]].remove(gone)
    return {"taskSet": describe_task_set(ledger, service, {**gone, "status": "DRAINING"})}


def list_task_sets(ledger: Ledger, service: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the stored sets of a service; before the first deployment there is one."""
    kept: list[dict[str, Any]] = ledger.of("task set").get(service["serviceArn"]) or [_first(service)]
    return kept


def describe_task_set(ledger: Ledger, service: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a set with its tasks counted."""
    tasks = [task for task in list_service_tasks(ledger, service) if task.started_by == one["id"]]
    running = sum(task.desired_status == "RUNNING" for task in tasks)
    wanted = round(service["desiredCount"] * one["scale"]["value"] / 100)
    steady = "STEADY_STATE" if running == wanted else "STABILIZING"
    return {
        **one,
        "computedDesiredCount": wanted,
        "runningCount": running,
        "pendingCount": 0,
        "stabilityStatus": steady,
    }


def start_task(ledger: Ledger, service: Mapping[str, Any], of: Mapping[str, Any], number: int) -> None:
    """Start one of the tasks of a set; each in the next subnet."""
    network = dict(of["networkConfiguration"]["awsvpcConfiguration"])
    at = number % len(network["subnets"])
    network["subnets"] = network["subnets"][at:] + network["subnets"][:at]
    ledger.ask(
        "ecs",
        "RunTask",
        cluster=service["clusterArn"],
        taskDefinition=of["taskDefinition"],
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
        group=f"service:{service['serviceName']}",
        startedBy=of["id"],
    )


def _first(service: Mapping[str, Any]) -> dict[str, Any]:
    """Return the set of a service's first tasks: it has all of the traffic."""
    same = {name: service[name] for name in _SAME if name in service}
    return {**same, **_names(service, FIRST), "status": "PRIMARY", "scale": {"value": 100.0, "unit": "PERCENT"}}


def _names(service: Mapping[str, Any], id: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": id,
        "taskSetArn": f"{service['serviceArn'].replace(':service/', ':task-set/')}/{id}",
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now if id != FIRST else service.get("createdAt", now),
        "updatedAt": now,
    }


def _find_service(ledger: Ledger, params: Mapping[str, Any]) -> dict[str, Any]:
    asked = {"cluster": params.get("cluster", "default"), "services": [params["service"]]}
    if not (found := ledger.ask("ecs", "DescribeServices", **asked)["services"]):
        raise Refused("ServiceNotFoundException", "Service not found.")
    service: dict[str, Any] = found[0]
    return service


def _find_task_set(ledger: Ledger, service: Mapping[str, Any], name: str) -> dict[str, Any]:
    known: list[dict[str, Any]] = ledger.of("task set").get(service["serviceArn"], [])
    found = next((one for one in known if name in (one["id"], one["taskSetArn"])), None)
    if found is None:
        raise Refused("TaskSetNotFoundException", "The specified task set was not found.")
    return found


#: Arguments of a service that moto loses.
KEPT = (
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "networkConfiguration",
    "platformVersion",
)
#: AWS's defaults for a service that does not state how it deploys.
DEPLOYS = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "strategy": "ROLLING",
}


@corrects("ecs", "CreateService", "UpdateService", upstream="getmoto/moto#6283")
def put_service(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create or change a service; its tasks run at once."""
    made = ledger.moto()["service"]
    kept = ledger.of("service").setdefault(made["serviceArn"], {"deploymentConfiguration": DEPLOYS})
    stated = {name: params[name] for name in KEPT if name in params}
    stated["deploymentConfiguration"] = {**kept["deploymentConfiguration"], **stated.get("deploymentConfiguration", {})}
    kept |= stated
    _schedule(ledger, _describe_service(ledger, made))
    shown = _describe_service(ledger, made)
    record_deployment(ledger, shown)
    return {"service": shown}


@corrects("ecs", "DescribeServices", upstream="getmoto/moto#6283")
def _describe_services(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    found = ledger.moto()
    return {**found, "services": [_describe_service(ledger, one) for one in found["services"]]}


def _describe_service(ledger: Ledger, service: Mapping[str, Any]) -> dict[str, Any]:
    kept = ledger.of("service").get(service["serviceArn"], {})
    running = sum(task.desired_status == "RUNNING" for task in list_service_tasks(ledger, service))
    shown = {**service, **kept, "runningCount": running, "pendingCount": 0}
    if shown.get("taskDefinition"):
        shown["taskDefinition"] = find_definition(ledger, shown["taskDefinition"])["taskDefinitionArn"]
    if kept.get("capacityProviderStrategy"):
        del shown["launchType"]
    if shown["deploymentController"]["type"] in CONTROLLERS:
        shown["taskSets"] = [describe_task_set(ledger, shown, one) for one in list_task_sets(ledger, shown)]
    return shown


def _schedule(ledger: Ledger, service: Mapping[str, Any]) -> None:
    """Stop tasks that are surplus or of another version, and start missing ones."""
    primary = next(one for one in list_task_sets(ledger, service) if one["status"] == "PRIMARY")
    primary |= {name: service[name] for name in ("loadBalancers", "taskDefinition") if name in service}
    tasks = [one for one in list_service_tasks(ledger, service) if one.started_by == primary["id"]]
    running = [task for task in tasks if task.desired_status == "RUNNING"]
    wanted = [task for task in running if task.task_definition_arn == service["taskDefinition"]]
    stay = wanted[: service["desiredCount"]]
    for task in running:
        if task not in stay:
            ledger.ask("ecs", "StopTask", cluster=service["clusterArn"], task=task.task_arn)
    for number in range(len(stay), service["desiredCount"]):
        start_task(ledger, service, primary, number)
