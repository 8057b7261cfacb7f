"""Carries deployments out, as a pipeline and CodeDeploy would, from the snapshot to the rollback."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from time import monotonic, sleep
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.clients import Clients
from ..emulator.codedeploy import EVENTS
from ..site import database
from .declared import Hook, Route, Service, TargetGroup
from .fleet import BLUE, Fleet
from .keeper import Keeper
from .proxy import Proxy, Target, Targets, routes_of

# ── A release's objects in the account besides the deployment: image, task definition, tasks, weights

#: Fields that AWS adds to a task definition, and refuses in a new registration.
_ADDED: Final = ("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt")
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"


def register_build(aws: Clients, service: Service, build: str) -> str:
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


def _push(aws: Clients, repository: str, build: str) -> str:
    """Push an image whose content is the name of the build; return its digest."""
    ecr, named = aws("ecr"), {"repositoryName": repository}
    content = json.dumps({"architecture": "arm64", "os": "linux", "config": {"Labels": {"build": build}}}).encode()
    layer = f"sha256:{hashlib.sha256(content).hexdigest()}"
    upload = {**named, "uploadId": ecr.initiate_layer_upload(**named)["uploadId"]}
    ecr.upload_layer_part(partFirstByte=0, partLastByte=len(content) - 1, layerPartBlob=content, **upload)
    ecr.complete_layer_upload(layerDigests=[layer], **upload)
    config = {"mediaType": _CONFIG, "digest": layer, "size": len(content)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": []})
    digest = f"sha256:{hashlib.sha256(f'{repository}{manifest}'.encode()).hexdigest()}"
    if not ecr.batch_get_image(**named, imageIds=[{"imageDigest": digest}])["images"]:
        pushed = {"imageManifestMediaType": _MANIFEST, "imageDigest": digest, "imageTag": build}
        ecr.put_image(**named, imageManifest=manifest, **pushed)
    return digest


def render_app_spec(service: Service, definition: str, hook: str) -> Mapping[str, Any]:
    """Return the revision for CodeDeploy to deploy."""
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
    """Set the weights by which a rule, or a listener's default, forwards to target groups."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    if route.rule:
        aws("elbv2").modify_rule(RuleArn=route.rule, Actions=[action])
    else:
        aws("elbv2").modify_listener(ListenerArn=route.listener, DefaultActions=[action])


# ── Task sets, blue and green: started, tested and ended, and the processes that stand for them

#: Seconds in which new tasks must be healthy, and in which a responding one must respond with success.
START: Final = 60.0
ANSWERS: Final = 3.0
#: Seconds between looks at the proxy.
LOOK: Final = 0.1
#: Faults of a rehearsal -> site faults of the old tasks. Killed ones have some requests under way then.
_OF_BLUE: Final = {
    "kill-at-switch": "latency=0.3@0.2",
    "slow-drain": "latency=1@0.2",
    "lost-writes": "lost-writes=0.05",
}


@dataclass(slots=True, kw_only=True)
class TaskSet:
    """A set of tasks of a service, of one build, in one target group."""

    id: str
    arn: str
    group: TargetGroup
    build: str
    schema: str
    definition: str
    targets: list[Target] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The components that carry out a deployment."""

    aws: Clients
    proxy: Proxy
    fleet: Fleet
    targets: Targets
    keeper: Keeper
    services: tuple[Service, ...]
    speed: float
    faults: frozenset[str]
    hook: Hook | None
    """The function that tests a new version, None if there is none."""
    serving: dict[str, TaskSet] = field(default_factory=dict)
    """By the ARN of the service: the tasks that readers reach."""

    def seconds(self, minutes: float) -> float:
        """Return how many seconds so many declared minutes take here."""
        return minutes * 60 / self.speed


def start_tasks(stage: Stage, service: Service, tasks: TaskSet) -> None:
    """Start a process for each task that the account has in a set, and register them."""
    more = tuple(fault for name, fault in _OF_BLUE.items() if name in stage.faults and tasks.build == BLUE)
    placed = {
        place: stage.fleet.start(service.name, tasks.build, tasks.schema, more)
        for place in list_places(stage.aws, service, tasks.id)
    }
    tasks.targets = stage.targets.register(tasks.group, placed)


def find_unwell(stage: Stage, sets: Sequence[TaskSet]) -> str:
    """Wait until every target of some sets is healthy; return why one will not be, "" if all are.

    A task that ended, or that responds with failures for a while, will not be; one that does not respond yet has
    longer.
    """
    began, failing = monotonic(), dict[str, float]()
    while True:
        stage.keeper.look()
        waiting = [one for each in sets for one in each.targets if one.health["State"] != "healthy"]
        if not waiting and all(each.targets for each in sets):
            return ""
        now = monotonic()
        for one in waiting:
            if not one.task.alive:
                return f"task at {one.place} ended with exit code {one.task.process.returncode}"
            if one.health["State"] == "unhealthy" and now - failing.setdefault(one.place, now) > ANSWERS:
                return f"target {one.place} is unhealthy: {one.health['Description']}"
        if now - began > START:
            return f"{len(waiting)} of the new tasks did not answer within {START:.0f} s"
        sleep(LOOK)


def end_tasks(stage: Stage, ending: Sequence[tuple[Service, TaskSet]], *, waits: bool = True) -> None:
    """End task sets: they get no new requests, finish open ones within the declared time, and stop."""
    targets = [one for _, tasks in ending for one in tasks.targets]
    if waits:
        stage.targets.drain(targets)
        stage.keeper.look()
        until = monotonic() + max((tasks.group.delay for _, tasks in ending), default=0)
        while stage.targets.count_requests(targets) and monotonic() < until:
            sleep(LOOK)
    stage.fleet.end([one.task for one in targets], at_once=not waits)
    stage.targets.deregister(targets)
    for service, tasks in ending:
        where = {"cluster": service.cluster, "service": service.name}
        stage.aws("ecs").delete_task_set(**where, taskSet=tasks.arn, force=True)
        tasks.targets = []
    stage.keeper.look()


def shift(stage: Stage, service: Service, to: TargetGroup, percent: int, *, test: bool = False) -> None:
    """Send a percentage of the traffic to a target group, and the rest to the other; report the weights."""
    route, (first, second) = routes_of(service)[test], service.groups
    done = stage.proxy.shift(route, percent if to.arn == second.arn else 100 - percent)
    place = service.test if test else service.live
    assert place is not None
    set_weights(stage.aws, place, {first.arn: 100 - done, second.arn: done})


# ── The declared verifier's requests to a new version before readers reach it, through the test listener

#: Seconds that a response may take.
_LIMIT: Final = 20.0
_OK: Final = 200


def find_failure(stage: Stage, hook: Hook, build: str) -> str:
    """Return the fault of the new version, "" if there is none."""
    for path in hook.paths:
        try:
            status, served = _ask(stage.proxy.test_url, path)
        except (OSError, HTTPException) as error:
            return f"{path} is not answered: {error}"
        if status != _OK:
            return f"{path} is answered with {status}"
        if served != build:
            return f"{path} is answered by build {served!r}, not by {build!r}"
    return ""


def _ask(url: str, path: str) -> tuple[int, str]:
    """Return the status of the response, and the build that gave it. Does not follow redirects."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=_LIMIT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("x-build", "")
    finally:
        connection.close()


# ── Before a deployment: a snapshot of the database, and the migration that the new build needs


def back_up(stage: Stage, name: str) -> Mapping[str, Any]:
    """Take a snapshot of every database cluster of the account; return their ids."""
    rds, taken = stage.aws("rds"), []
    for cluster in rds.describe_db_clusters()["DBClusters"]:
        id_ = cluster["DBClusterIdentifier"]
        named = f"{id_}-before-{name}-{datetime.now(UTC):%Y%m%d%H%M%S%f}"
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=named, DBClusterIdentifier=id_)
        taken.append(named)
    return {"snapshots": taken}


def bring_schema(stage: Stage, revision: str, flaw: database.Flaw | None = None) -> Mapping[str, Any]:
    """Migrate the database, as a task of the declared migration; return the revisions before and after, or an error."""
    began, task = datetime.now(UTC), _start_task(stage)
    done = database.bring_schema(stage.fleet.database, revision, flaw)
    _stop_task(stage, task, done.error)
    times = {"began": began.isoformat(), "ended": datetime.now(UTC).isoformat()}
    return {"from": done.before, "to": done.after, "wanted": revision, "error": done.error, "task": task, **times}


def _start_task(stage: Stage) -> str:
    """Run the task definition that is declared for migrations; return the task's ARN, "" if none is declared."""
    ecs, service = stage.aws("ecs"), stage.services[0]
    families = ecs.list_task_definition_families(status="ACTIVE")["families"]
    family = next((name for name in families if name.endswith("-migration")), "")
    if not family:
        return ""
    (described,) = ecs.describe_services(cluster=service.cluster, services=[service.name])["services"]
    network = {"networkConfiguration": described["networkConfiguration"], "launchType": "FARGATE"}
    (task,) = ecs.run_task(cluster=service.cluster, taskDefinition=family, startedBy="deploy", **network)["tasks"]
    return str(task["taskArn"])


def _stop_task(stage: Stage, task: str, error: str) -> None:
    if not task:
        return
    stage.aws("ecs").stop_task(cluster=stage.services[0].cluster, task=task)
    ended = datetime.now(UTC).isoformat(timespec="microseconds")
    told = {
        "exitCode": int(bool(error)),
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "stoppedAt": ended,
        "executionStoppedAt": ended,
    }
    account = stage.keeper.account
    account.emulator.conduct("ecs", account.region, stopped={task: told})


# ── Deployments: their events, as reported to the account

FAILED: Final = "DEPLOYMENT_FAILURE"


class Halted(Exception):
    """A deployment can't go on; ``why`` is the event of CodeDeploy that may roll it back."""

    def __init__(self, why: str, code: str, message: str) -> None:
        super().__init__(message)
        self.why, self.code, self.message = why, code, message

    @property
    def status(self) -> str:
        """The status of the deployment then."""
        return "Failed" if self.why == FAILED else "Stopped"


@dataclass(slots=True, kw_only=True)
class Release:
    """A deployment of one service."""

    id: str
    service: Service
    definition: str
    """ARN of the task definition that it deploys."""
    blue: TaskSet
    green: TaskSet | None = None
    percent: int = 0
    """The percentage of traffic that goes to green."""
    events: dict[str, dict[str, Any]] = field(default_factory=dict)


def begin_release(stage: Stage, service: Service, definition: str, why: str) -> Release:
    """Let CodeDeploy begin to deploy a task definition."""
    made = stage.aws("codedeploy").create_deployment(
        applicationName=service.application,
        deploymentGroupName=service.group,
        description=why,
        revision=render_app_spec(service, definition, stage.hook.arn if stage.hook else ""),
    )
    blue = stage.serving[service.arn]
    release = Release(id=made["deploymentId"], service=service, definition=definition, blue=blue)
    release.events = {name: {"lifecycleEventName": name, "status": "Pending"} for name in EVENTS}
    return release


def tell(stage: Stage, release: Release, **fields: Any) -> None:
    """Report the progress of a deployment, and fields of its description."""
    told = {
        **fields,
        "events": [*release.events.values()],
        "taskSets": [_describe(release, one) for one in (release.blue, release.green) if one and one.targets],
    }
    account = stage.keeper.account
    account.emulator.conduct("codedeploy", account.region, deployment={release.id: told})


def now() -> str:
    """Return the account's time."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@contextmanager
def event(stage: Stage, releases: Sequence[Release], name: str) -> Iterator[None]:
    """Record a lifecycle event that begins and ends with the context; Halted in it is a failure of the event."""
    for release in releases:
        release.events[name] |= {"status": "InProgress", "startTime": now()}
        tell(stage, release)
    try:
        yield
    except Halted as halted:
        diagnostics = {"errorCode": "ScriptFailed", "message": halted.message}
        _end(stage, releases, name, "Failed", {"diagnostics": diagnostics})
        raise
    _end(stage, releases, name, "Succeeded", {})


def _end(stage: Stage, releases: Sequence[Release], name: str, status: str, more: Mapping[str, Any]) -> None:
    for release in releases:
        release.events[name] |= {"status": status, "endTime": now(), **more}
        tell(stage, release)


def _describe(release: Release, one: TaskSet) -> dict[str, Any]:
    green = one is release.green
    running = sum(target.task.alive for target in one.targets)
    return {
        "identifer": one.id,  # as AWS spells it
        "desiredCount": len(one.targets),
        "pendingCount": len(one.targets) - running,
        "runningCount": running,
        "status": "PRIMARY" if green == (release.percent == 100) else "ACTIVE",
        "trafficWeight": float(release.percent if green else 100 - release.percent),
        "targetGroup": {"name": one.group.name},
        "taskSetLabel": "Green" if green else "Blue",
    }


# ── Rollback: traffic to the old tasks, an end to the new ones, and a deployment of its own that records it

#: The percentage of traffic that a faulty rollback leaves where it should not.
_LEFT: Final = 10


def roll_back(stage: Stage, releases: Sequence[Release], halted: Halted) -> None:
    """End deployments that can't go on; roll them back if their groups declare that, else all stays as it is."""
    for release in releases:
        told = {"status": halted.status, "completeTime": now()}
        tell(stage, release, **told, errorInformation={"code": halted.code, "message": halted.message})
    taken = [release for release in releases if halted.why in release.service.rolls_back_on]
    backs = [_begin_back(stage, release) for release in taken]
    for release in taken:
        _restore_traffic(stage, release)
    end_tasks(stage, [(release.service, release.green) for release in taken if release.green])
    for release, back in zip(taken, backs, strict=True):
        release.percent, back.percent = 0, 100
        tell(stage, release)
        for one in back.events.values():
            one |= {"status": "Succeeded", "startTime": now(), "endTime": now()}
        tell(stage, back, status="Succeeded", completeTime=now())


def _begin_back(stage: Stage, release: Release) -> Release:
    """Begin the deployment that rolls another back: in it, the new tasks are blue and the old ones green."""
    message = f"Automatic rollback of deployment {release.id}."
    back = begin_release(stage, release.service, release.blue.definition, message)
    back.percent = 100 - release.percent
    back.blue, back.green = release.green or release.blue, release.blue
    tell(stage, release, rollbackInfo={"rollbackDeploymentId": back.id, "rollbackMessage": message})
    info = {"rollbackTriggeringDeploymentId": release.id, "rollbackMessage": message}
    tell(stage, back, status="InProgress", startTime=now(), creator="codeDeployRollback", rollbackInfo=info)
    return back


def _restore_traffic(stage: Stage, release: Release) -> None:
    service, blue, green = release.service, release.blue, release.green
    shift(stage, service, blue.group, 100 - (_LEFT if green and "leftover-group" in stage.faults else 0))
    where = {"cluster": service.cluster, "service": service.name}
    stage.aws("ecs").update_service_primary_task_set(**where, primaryTaskSet=blue.arn)


# ── From the first event to the last

#: Seconds between checks whether a deployment must be stopped.
_LOOK: Final = 0.1
#: The minimum length of a CodeDeploy event, in seconds; on AWS they take five to ten.
_EVENT: Final = 0.5
#: The percentage of the first step if the weights are wrong.
_HALF: Final = 50
_ALARMED: Final = (
    "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected "
    "deployments have been stopped. Activated alarms: "
)


def carry_out(stage: Stage, releases: Sequence[Release], build: str, schema: str) -> None:
    """Carry out deployments of a build, side by side; one that can't go on is rolled back if that is declared."""
    for release in releases:
        tell(stage, release, status="InProgress", startTime=now())
    try:
        _install(stage, releases, build, schema)
        _try(stage, releases, build)
        _move(stage, releases)
        _bake(stage, releases)
    except Halted as halted:
        roll_back(stage, releases, halted)
        return
    _end_blue(stage, releases)
    for release in releases:
        tell(stage, release, status="Succeeded", completeTime=now())


def _install(stage: Stage, releases: Sequence[Release], build: str, schema: str) -> None:
    with event(stage, releases, "BeforeInstall"):
        pass
    with event(stage, releases, "Install"):
        for release in releases:
            release.green = _create_green(stage, release, build, schema)
        greens = _greens(releases)
        if "naive-restart" in stage.faults:
            stage.fleet.end([one.task for each in releases for one in each.blue.targets], at_once=True)
        if stage.faults & {"naive-restart", "early-shift"}:
            _shift_all(stage, releases, 100)
        for release, green in zip(releases, greens, strict=True):
            start_tasks(stage, release.service, green)
        if "early-shift" in stage.faults:
            return
        if why := find_unwell(stage, greens):
            raise Halted(
                FAILED,
                "TIMEOUT",
                f"The deployment timed out while waiting for the replacement task set to become healthy. {why}",
            )
    with event(stage, releases, "AfterInstall"):
        sleep(_EVENT)


def _create_green(stage: Stage, release: Release, build: str, schema: str) -> TaskSet:
    service, (first, second) = release.service, release.service.groups
    group = second if release.blue.group.arn == first.arn else first
    balancer = {"targetGroupArn": group.arn, "containerName": service.container, "containerPort": service.port}
    made = stage.aws("ecs").create_task_set(
        cluster=service.cluster,
        service=service.name,
        taskDefinition=release.definition,
        launchType="FARGATE",
        loadBalancers=[balancer],
    )["taskSet"]
    named = {"id": made["id"], "arn": made["taskSetArn"], "definition": release.definition}
    return TaskSet(**named, group=group, build=build, schema=schema)


def _greens(releases: Sequence[Release]) -> list[TaskSet]:
    return [release.green for release in releases if release.green]


def _try(stage: Stage, releases: Sequence[Release], build: str) -> None:
    with event(stage, releases, "AllowTestTraffic"):
        for release, green in zip(releases, _greens(releases), strict=True):
            if release.service.test:
                shift(stage, release.service, green.group, 100, test=True)
    with event(stage, releases, "AfterAllowTestTraffic"):
        if stage.hook and "early-shift" not in stage.faults and (why := find_failure(stage, stage.hook, build)):
            raise Halted(
                FAILED,
                "HOOK_EXECUTION_FAILURE",
                f"One or more of the lifecycle event validation functions failed. {why}",
            )
        sleep(_EVENT)
    with event(stage, releases, "BeforeAllowTraffic"):
        sleep(_EVENT)


def _move(stage: Stage, releases: Sequence[Release]) -> None:
    """Move the traffic by the steps of the first service; all services of a rehearsal are deployed side by side."""
    with event(stage, releases, "AllowTraffic"):
        for percent, minutes in releases[0].service.steps:
            if percent == 100 and "kill-at-switch" in stage.faults:
                stage.fleet.end([one.task for each in releases for one in each.blue.targets], at_once=True)
                sleep(_LOOK)  # else the few readers of a test may all come after the traffic has moved
            wrong = percent < 100 and "wrong-weights" in stage.faults
            _shift_all(stage, releases, _HALF if wrong else percent)
            _wait(stage, releases, minutes)
        for release, green in zip(releases, _greens(releases), strict=True):
            where = {"cluster": release.service.cluster, "service": release.service.name}
            stage.aws("ecs").update_service_primary_task_set(**where, primaryTaskSet=green.arn)
    with event(stage, releases, "AfterAllowTraffic"):
        pass


def _shift_all(stage: Stage, releases: Sequence[Release], percent: int) -> None:
    for release, green in zip(releases, _greens(releases), strict=True):
        shift(stage, release.service, green.group, percent)
        release.percent = percent
        tell(stage, release)


def _bake(stage: Stage, releases: Sequence[Release]) -> None:
    if "slow-drain" in stage.faults:
        return
    for release in releases:
        tell(stage, release, instanceTerminationWaitTimeStarted=True)
    _wait(stage, releases, max(release.service.bake for release in releases))


def _end_blue(stage: Stage, releases: Sequence[Release]) -> None:
    for release, green in zip(releases, _greens(releases), strict=True):
        stage.serving[release.service.arn] = green
    alive = all(one.task.alive for release in releases for one in release.blue.targets)
    ending = [(release.service, release.blue) for release in releases]
    end_tasks(stage, ending, waits=alive and "slow-drain" not in stage.faults)


def _wait(stage: Stage, releases: Sequence[Release], minutes: float) -> None:
    """Wait some declared minutes. Raises Halted if an alarm fires or somebody requests the end."""
    until = monotonic() + stage.seconds(minutes)
    while monotonic() < until:
        _check_alarms(stage, releases)
        _check_requests(stage, releases)
        sleep(min(_LOOK, max(0.0, until - monotonic())))


def _check_alarms(stage: Stage, releases: Sequence[Release]) -> None:
    stage.keeper.look()
    names = sorted({name for release in releases for name in release.service.alarms})
    if firing := stage.keeper.find_firing(names):
        raise Halted("DEPLOYMENT_STOP_ON_ALARM", "ALARM_ACTIVE", f"{_ALARMED}<{', '.join(firing)}>")


def _check_requests(stage: Stage, releases: Sequence[Release]) -> None:
    client = stage.aws("codedeploy")
    for release in releases:
        found = client.get_deployment(deploymentId=release.id)["deploymentInfo"].get("errorInformation") or {}
        if found.get("code") == "MANUAL_STOP":
            raise Halted("DEPLOYMENT_STOP_ON_REQUEST", found["code"], found["message"])
