"""Deploys builds that must not stay, and one that must: each has to end as it should, without a person."""

import argparse
import json
import re
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..aws.answers import Unreadable
from ..canaries.cleanup import Aws, cleanup, undoes
from ..criteria import UsageError, suggest
from ..evidence.journal import Journal
from ..facts.rollout.deployments import CODEDEPLOY, read_newest_deployments
from ..facts.rollout.drills import BAD, FLAWS, WayBack, drill_facts, way_back_facts
from ..findings import NotObserved
from ..layers.layer import LayerContext
from ..layers.rollout.deployment import watch_own
from ..layers.rollout.observing import drill_rehearsal, leave_unread, make_record, try_build
from ..layers.rollout.target import GOOD, Scene, open_scene
from ..layers.rollout.watching import DRILLED
from ..sections.project import Project
from ..sections.targets import Target
from .outcome import Begin, Outcome

if TYPE_CHECKING:
    from ..aws.clients import Clients

BUILDS: Final = (*BAD, GOOD)
#: How the descriptions of our deployments begin; the build follows.
_STAMP: Final = "prodgate drill: "
#: States of a deployment of CodeDeploy that has not ended.
_ACTIVE: Final = ("Created", "Queued", "InProgress", "Baking", "Ready")
#: Seconds that the good build waits for the end of another deployment, and between two tries.
_PATIENCE: Final = 900.0
_POLL: Final = 5.0
#: Where an AppSpec names the task definition, in JSON and in YAML.
_NAMED: Final = re.compile(r"""(["']?TaskDefinition["']?\s*:\s*)(["']?)[^"'\s,}]+\2""")

#: Task definitions by build and by the name of the service.
Builds = Mapping[str, Mapping[str, str]]


def read_builds(stated: Sequence[Sequence[str]], services: Iterable[str]) -> Builds:
    """Return the builds that were stated, each for every service. Raises UsageError."""
    found: dict[str, dict[str, str]] = {build: {} for build in BUILDS}
    known = sorted(services)
    for build, service, revision in stated:
        if build not in found:
            raise UsageError(f"--build {build}: none is named so{suggest(build, BUILDS) or _list_names(BUILDS)}")
        if service not in known:
            raise UsageError(
                f"--build {build} {service}: no service is named so{suggest(service, known) or _list_names(known)}"
            )
        found[build][service] = revision
    for build, revisions in found.items():
        if missing := [service for service in known if service not in revisions]:
            raise UsageError(
                f"build {build}: has no task definition for {', '.join(missing)}; register one, then add "
                f"--build {build} {missing[0]} REVISION"
            )
    return found


def _list_names(known: Sequence[str]) -> str:
    return f"; there are {', '.join(known)}"


def deploy_build(aws: Aws, build: str, plans: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
    """Deploy a build to each service; return the ids of CodeDeploy's deployments by the service's ARN."""
    return keep_ids(_deploy(aws, build, **plan) for plan in plans)


def keep_ids(made: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the ids of deployments by the service's ARN; ECS's own are found by whoever watches."""
    return {service: id_ for service, id_ in made if id_}


def plan_deployment(newest: Mapping[str, Any], revisions: Mapping[str, str]) -> dict[str, Any]:
    """Return how a build is deployed to one service. Raises UsageError.

    ``newest`` is what AWS answers about its newest deployment, whose AppSpec is used again; ``revisions`` are the task
    definitions of the build by the name of the service.
    """
    service, before = newest["service"], newest["deployment"]
    revision = revisions[service["serviceName"]]
    asked = {"cluster": service["clusterArn"], "service": service["serviceName"], "taskDefinition": revision}
    if newest["carrier"] == CODEDEPLOY:
        content = {"appSpecContent": {"content": make_app_spec(before, revision)}, "revisionType": "AppSpecContent"}
        asked = {name: before[name] for name in ("applicationName", "deploymentGroupName")} | {"revision": content}
    return {"service": service["serviceArn"], "asked": asked}


def _deploy(aws: Aws, build: str, *, service: str, asked: Mapping[str, Any]) -> tuple[str, str]:
    """Return the ARN of the service and the id of CodeDeploy's deployment, which ECS's own has not."""
    region = service.split(":")[3]
    if "taskDefinition" in asked:
        aws("ecs", region).update_service(**asked)
        return service, ""
    made = aws("codedeploy", region).create_deployment(**asked, description=f"{_STAMP}{build}")
    return service, str(made["deploymentId"])


@undoes("build")
def deploy_good(
    aws: Aws,
    *,
    name: str,  # noqa: ARG001
    service: str,
    cluster: str,
    asked: Mapping[str, Any],
    bad: Sequence[str],
    always: bool = False,
) -> tuple[str, str]:
    """Deploy the good build to a service, as ``_deploy`` does; only where a bad one may serve, unless ``always``.

    A deployment of a bad one that is under way is stopped, and any other is waited for. The error of one that is
    refused says what to do by hand.
    """
    until = time.monotonic() + _PATIENCE
    try:
        if not always and not _may_be_bad(aws, service, cluster, asked, bad):
            return service, ""
        while True:
            try:
                return _deploy(aws, GOOD, service=service, asked=asked)
            except Exception as error:
                if "DeploymentLimitExceeded" not in str(error) or time.monotonic() > until:
                    raise
            for id_, build in _list_own(aws, service, asked):
                if build == GOOD:
                    return service, id_
                with suppress(Exception):  # it has ended meanwhile, or may not be stopped and is waited for
                    aws("codedeploy", service.split(":")[3]).stop_deployment(deploymentId=id_, autoRollbackEnabled=True)
            time.sleep(_POLL)
    except Exception as error:
        raise RuntimeError(f"{error}; deploy it by hand: {describe_by_hand(service, asked)}") from error


def describe_by_hand(service: str, asked: Mapping[str, Any]) -> str:
    """Return the command that deploys the same."""
    command = "ecs update-service" if "taskDefinition" in asked else "deploy create-deployment"
    words = {re.sub("([A-Z])", r"-\1", name).lower(): value for name, value in asked.items()}
    shown = {name: value if isinstance(value, str) else json.dumps(value) for name, value in words.items()}
    options = " ".join(f"--{name} {shlex.quote(value)}" for name, value in shown.items())
    return f"aws {command} {options} --region {service.split(':')[3]}"


def _may_be_bad(aws: Aws, service: str, cluster: str, asked: Mapping[str, Any], bad: Sequence[str]) -> bool:
    """Whether a service runs one of the bad builds, or a deployment of ours is still under way."""
    (found,) = aws("ecs", service.split(":")[3]).describe_services(cluster=cluster, services=[service])["services"]
    running = [found, *found.get("deployments", ()), *found.get("taskSets", ())]
    names = [one.get("taskDefinition", "").rpartition("/")[2] for one in running]
    wanted = [one.rpartition("/")[2] for one in bad]
    serves = any(f"{name}:".startswith(f"{one}:") for name in names for one in wanted)
    return serves or bool("taskDefinition" not in asked and _list_own(aws, service, asked))


def _list_own(aws: Aws, service: str, asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the ids and builds of our deployments that are under way."""
    client = aws("codedeploy", service.split(":")[3])
    where = {name: asked[name] for name in ("applicationName", "deploymentGroupName")}
    ids = client.list_deployments(**where, includeOnlyStatuses=list(_ACTIVE))["deployments"]
    found = client.batch_get_deployments(deploymentIds=ids)["deploymentsInfo"] if ids else ()
    own = [(one["deploymentId"], one.get("description", "").partition(_STAMP)) for one in found]
    return [(id_, build) for id_, (_, stamp, build) in own if stamp]


def make_app_spec(before: Mapping[str, Any], revision: str) -> str:
    """Return the AppSpec of a deployment with another task definition. Raises UsageError when it keeps none inline."""
    content = before.get("revision", {}).get("appSpecContent", {}).get("content", "")
    changed, count = _NAMED.subn(lambda match: f"{match[1]}{match[2]}{revision}{match[2]}", content)
    if count != 1:
        raise UsageError(
            f"{before['deploymentId']}: its AppSpec names {count} task definitions inline; deploy once by an AppSpec "
            "of type AppSpecContent that names one"
        )
    return changed


#: Flaws after which a build may still be there, or somebody has stepped in.
_STAYING: Final = FLAWS[:3]
_LATEST: Final = "prodgate watch deploy --latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackDrill:
    """The services of a drill, and its builds."""

    given: argparse.Namespace
    target: Target
    project: Project
    begin: Begin
    tell: Callable[[str], None]
    open_clients: Callable[[], "Clients"]
    """Opens clients that may change the account."""


def drill_rollback(drill: RollbackDrill) -> Outcome:
    """Drill the rollbacks of every service behind a load balancer. Raises UsageError."""
    try:
        return (_drill_rehearsal if drill.target.rehearsal else _drill_account)(drill)
    except Unreadable as error:
        raise UsageError(f"drill: {error.reason}") from error


def _make_outcome(run: Path, record: Mapping[str, Any], **more: Any) -> Outcome:
    lines = tuple(_render_lines(record))
    said, good = tuple(line for _, line in lines), all(good for good, _ in lines)
    return Outcome(run=run, kind=DRILLED, subject="rollback", record=record, lines=said, good=good, **more)


def _drill_rehearsal(drill: RollbackDrill) -> Outcome:
    if drill.given.build:
        raise UsageError(f"{drill.target.url}: --build is for real accounts; a rehearsal has builds of its own")
    run = drill.begin().path.parent
    context = _make_context(drill, run)
    with open_scene(context) as scene:
        return _make_outcome(run, drill_rehearsal(context, scene))


def _drill_account(drill: RollbackDrill) -> Outcome:
    """Deploy one bad build after the other until one does not end as it must; then the good one, whatever happens."""
    with open_scene(_make_context(drill, Path())) as scene:
        newest = _read_newest(scene)
        builds = read_builds(drill.given.build, [one["service"]["serviceName"] for one in newest])
        plans = {build: [plan_deployment(one, builds[build]) for one in newest] for build in BUILDS}
        clients = drill.open_clients()
        journal = drill.begin()
        context = _make_context(drill, journal.path.parent)
        began, tried, left, why = datetime.now(UTC), list[Mapping[str, Any]](), list[str](), ""
        build, error = BAD[0], None  # type: tuple[str, BaseException | None]

        def watch(build: str, deploy: Callable[[], Mapping[str, str]]) -> Mapping[str, Any]:
            drill.tell(f"deploying {build}")
            return watch_own(context, scene, deploy)

        try:
            with cleanup(clients, drill.tell, journal) as steps:
                left = steps.left
                for one, plan in zip(newest, plans[GOOD], strict=True):
                    name, cluster = one["service"]["serviceName"], one["service"]["clusterArn"]
                    bad = [builds[each][name] for each in BAD]
                    steps.begin("build", name=name, cluster=cluster, **plan, bad=bad)["always"] = True
                for build in BAD:
                    deploy = partial(deploy_build, clients, build, plans[build])
                    tried.append(try_build(partial(watch, deploy=deploy), build))
                    if why := _why_stop(began, tried[-1]):
                        break
                build = GOOD
                tried.append(try_build(partial(watch, deploy=lambda: keep_ids(steps.take_back("build"))), build))
        except BaseException as failed:  # noqa: BLE001  a signal, too: the record says what became of the drill
            error = failed
            tried.append(leave_unread(build, f"{type(failed).__name__}: {failed}"))
    if error is not None and build != GOOD:
        tried.append(leave_unread(GOOD, "; ".join(left) or f"deployed and not watched; {_LATEST} {drill.target.url}"))
    if not left and error is None and why and (flaws := _why_stop(began, tried[-1])):
        left = [f"build {GOOD}: {flaws}: {describe_by_hand(**plan)}" for plan in plans[GOOD]]
    alarming = ("PRODUCTION MAY BE ON A BAD BUILD; the good one does not serve:", *left) if left else ()
    return _make_outcome(journal.path.parent, make_record(began, tried), alarming=alarming, error=error)


def _why_stop(began: datetime, one: Mapping[str, Any]) -> str:
    """Return why no further bad build may be deployed: it is not certain that readers get what they must."""
    release = next(iter(drill_facts({**make_record(began, [one]), "asked": datetime.now(UTC).isoformat()})))
    return "; ".join(release.list_flaws(_STAYING))


def _read_newest(scene: Scene) -> list[Mapping[str, Any]]:
    """Return the answers about the newest deployment of each service. Raises Unreadable when one can't be read."""
    newest = list(read_newest_deployments(scene.look()))
    for one in newest:
        if reason := one.get("unreadable"):
            raise Unreadable(reason)
    if not newest:
        raise Unreadable(f"{scene.place}: no service stands behind a load balancer, so nothing is deployed")
    return newest


def _make_context(drill: RollbackDrill, run: Path) -> LayerContext:
    return LayerContext(
        run=run,
        target=drill.target,
        project=drill.project.root,
        stated=drill.project.stated,
        journal=Journal.of(run),
        progress=drill.tell,
        load_allowed=drill.given.i_am_allowed_to_load,
    )


def _render_lines(record: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Yield whether each build did what it had to, and what it did; then how long the way back took, to be read."""
    for release in drill_facts({**record, "asked": datetime.now(UTC).isoformat()}):
        flaws = release.list_flaws()
        yield not flaws, f"{release.subject}: {'; '.join(flaws) or 'ended as it had to'}"
    yield from ((True, f"{way.subject}: the way back took {_read_way(way)}") for way in way_back_facts(record))


def _read_way(way: WayBack) -> str:
    try:
        return str(way.took)
    except NotObserved as unread:
        return f"nobody knows how long: {unread}"
