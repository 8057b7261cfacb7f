"""The deployment that is judged: the last one of a real account, or the one that a rehearsal carries out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ...aws.answers import Unreadable
from ...facts.rollout.deployed import read_deployed
from ...facts.rollout.deployments import deployment_facts
from ...facts.rollout.readers import read_readers, span_of
from ...facts.rollout.reading import read_newest_deployments
from ...facts.rollout.routes import read_routes
from ..layer import LayerContext
from ..observing_layer import Evidence
from .before_shift import note_journeys
from .budget import find_budget
from .kinds import DEPLOYED, DEPLOYMENT, READERS, WATCH
from .records import find_watches, ids_of
from .target import Scene
from .watching import AFTERWARDS, BEFORE, Watch, make_plan, watch_deployment

#: The build of a rehearsal that must be deployed without anybody noticing.
GOOD: Final = "green"
#: Seconds of requests before a release that must be taken back, and requests after it: whether readers get answers.
#: Between them it is watched as any other.
_BRIEF_BEFORE: Final = 0.5
_BRIEF_AFTERWARDS: Final = 100


def observe_deployment(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Deploy and watch in a rehearsal; then yield what AWS says of the newest deployment of each service.

    Raises Unreadable.
    """
    watched = None
    if scene.rollout is not None:
        between = lambda: note_journeys(context, scene)  # noqa: E731  what a deployment calls
        watched = scene.watched = watch_build(context, scene, GOOD, between=between)
        yield Evidence(kind=WATCH, value=watched, subject=GOOD, source=scene.place)
    context.progress(f"rollout: reading the last deployment of each service of {scene.place}")
    for answers in read_newest_deployments(scene.look()):
        scene.deployments.append(answers)
        name = answers["service"]["serviceName"]
        yield Evidence(kind=DEPLOYMENT, value=answers, subject=name, source=scene.place)
    if not scene.deployments:
        raise Unreadable(f"{scene.place}: no service stands behind a load balancer, so nothing is deployed")
    if watched is None:
        yield from _find_watch(context, scene, unreadable)


def observe_deployed(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield how each service runs once its deployment is over. Raises Unreadable."""
    account = scene.look()
    for found in read_deployed(account, read_routes(account)):
        name = str(found["service"]).rpartition("/")[2]
        context.progress(f"rollout: {name} was read")
        yield Evidence(kind=DEPLOYED, value=found, subject=name, source=scene.place)


def observe_readers(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield what the load balancers counted in the minutes of the deployments. Raises Unreadable."""
    span = span_of(fact for answers in scene.deployments for fact in deployment_facts(answers))
    context.progress("rollout: asking what the load balancers counted meanwhile")
    for found in read_readers(scene.look(), *span):
        yield Evidence(kind=READERS, value=found, subject=str(found["balancer"]), source="CloudWatch")


def _find_watch(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the records of those who watched the deployments; one that nobody watched leaves it open."""
    found, unwatched = find_watches(context.run.parent, context.target.url, ids_of(scene.deployments))
    for record in found:
        yield Evidence(kind=WATCH, value=record, subject=scene.place, source="prodgate watch deploy")
    if unwatched:
        unreadable[WATCH] = unwatched


def watch_build(
    context: LayerContext,
    scene: Scene,
    build: str,
    *,
    brief: bool = False,
    between: Callable[[], None] | None = None,
) -> Mapping[str, Any]:
    """Deploy a build in a rehearsal, and return the record of the watch; ``between`` as of ``Rollout.deploy``.

    ``brief`` as of ``make_watch``. Raises Unreadable.
    """
    rollout = scene.rollout
    assert rollout is not None

    def deploy() -> Mapping[str, str]:
        deployed: Mapping[str, str] = rollout.deploy(build, between)["deployments"]
        return deployed

    return watch_deployment(make_watch(context, scene, build, brief=brief), deploy, {})


def make_watch(context: LayerContext, scene: Scene, build: str, *, brief: bool = False) -> Watch:
    """Return how a build is watched in a rehearsal; a ``brief`` watch compares no response times before and after."""
    section = context.stated.rollout
    assert section is not None
    return Watch(
        place=scene.place,
        look=scene.look,
        watching=scene.watching,
        plan=make_plan(section, scene.watching, scene.url, build_header(context)),
        folder=context.run / "logs" / "rollout",
        tell=lambda line: context.progress(f"rollout: {build}: {line}"),
        speed=section.speed,
        before=_BRIEF_BEFORE if brief else BEFORE,
        afterwards=_BRIEF_AFTERWARDS if brief else AFTERWARDS,
        budget=find_budget(context.stated),
        family=section.migrations.task if section.migrations else "",
    )


def build_header(context: LayerContext) -> str:
    """Return the header in which the site says which build answers; empty if nothing states one."""
    mark = context.stated.e2e.build if context.stated.e2e else None
    return mark.header if mark else ""
