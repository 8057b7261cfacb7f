"""The deployment that is judged: the last one of a real account, or the one that a rehearsal carries out."""

from __future__ import annotations

from collections.abc import Iterator

from ...aws.answers import Unreadable
from ...facts.rollout.reading import read_newest_deployments
from ..layer import LayerContext
from ..observing_layer import Evidence
from .kinds import DEPLOYMENT
from .target import Scene

#: The build of a rehearsal that must be deployed without anybody noticing.
GOOD = "green"


def observe_deployments(context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:  # noqa: ARG001  as every part is called
    """Deploy in a rehearsal; then yield what AWS says of the newest deployment of each service. Raises Unreadable."""
    if scene.rollout is not None:
        scene.rollout.deploy(GOOD)
    context.progress(f"rollout: reading the last deployment of each service of {scene.place}")
    for answers in read_newest_deployments(scene.look()):
        scene.deployments.append(answers)
        name = answers["service"]["serviceName"]
        yield Evidence(kind=DEPLOYMENT, value=answers, subject=name, source=scene.place)
    if not scene.deployments:
        raise Unreadable(f"{scene.place}: no service stands behind a load balancer, so nothing is deployed")
