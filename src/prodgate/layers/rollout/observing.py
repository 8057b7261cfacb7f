"""Observing a rollout: what there is before it, the deployment itself, and what it left, each a part of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ...aws.answers import Unreadable
from ..layer import LayerContext
from ..observing_layer import Evidence
from .deployment import observe_deployments
from .kinds import DEPLOYMENT
from .target import Scene, open_scene

Observe = Callable[[LayerContext, Scene, dict[str, str]], Iterator[Evidence]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that is looked at; one that fails does not take the others with it."""

    observe: Observe
    """Yields evidence, and notes in its last argument, by kind, what can't be had. May raise Unreadable."""
    kinds: tuple[str, ...]
    """The kinds of evidence that it yields."""


#: What is looked at before the first stage of the deployment.
BEFORE: Final[tuple[Part, ...]] = ()
#: The deployment, and what is watched while it goes on.
DURING: Final[tuple[Part, ...]] = (Part(observe=observe_deployments, kinds=(DEPLOYMENT,)),)
#: What is looked at when the clean-up is over.
AFTER: Final[tuple[Part, ...]] = ()
PARTS: Final = (*BEFORE, *DURING, *AFTER)


def observe_rollout(context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the evidence of every part, in order. Raises Unreadable when there is nothing to look at."""
    with open_scene(context) as scene:
        for part in PARTS:
            yield from _observe_part(part, context, scene, unreadable)


def _observe_part(part: Part, context: LayerContext, scene: Scene, unreadable: dict[str, str]) -> Iterator[Evidence]:
    missing = dict.fromkeys(part.kinds)
    try:
        for seen in part.observe(context, scene, unreadable):
            missing.pop(seen.kind, None)
            yield seen
    except Unreadable as error:
        unreadable |= {kind: error.reason for kind in missing if kind not in unreadable}
