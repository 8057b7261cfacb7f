"""Releases that must be taken back by themselves: tried in a rehearsal, on record for a real account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ...aws.answers import Unreadable
from ...canaries.drill_records import FOLDER
from ...facts.rollout.drills import BAD, FORMAT
from ...facts.rollout.states import State
from ..layer import LayerContext
from ..observing_layer import Evidence
from .deployment import GOOD, watch_build
from .kinds import DRILL
from .records import find_rollback_drill
from .target import Scene


def observe_drills(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the record of a drill of rollbacks. Raises Unreadable when there is none."""
    if scene.rollout is not None:
        record = drill_rehearsal(context, scene)
    elif (found := find_rollback_drill(context.run.parent / FOLDER, context.target.url)) is not None:
        record = found
    else:
        raise Unreadable(f"no drill is on record; prodgate drill rollback {context.target.url} makes one")
    asked = {**record, "asked": datetime.now(UTC).isoformat()}
    yield Evidence(kind=DRILL, value=asked, subject="rollback", source=scene.place)


def drill_rehearsal(context: LayerContext, scene: Scene) -> Mapping[str, Any]:
    """Deploy the builds of a drill in a rehearsal, and return the record."""

    def watch(build: str) -> Mapping[str, Any]:
        return watch_build(context, scene, build, brief=True)

    return drill_builds(watch, scene.watched)


def drill_builds(watch: Callable[[str], Mapping[str, Any]], good: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Let every build of a drill be deployed by ``watch``, which returns the record of the watch or raises Unreadable.

    ``good`` is the record of a good build that was deployed before. Returns the record of the drill.
    """
    began = datetime.now(UTC).isoformat()
    tried = [_try_build(watch, build, State.ROLLED_BACK) for build in BAD]
    if good is not None:
        tried.append({"build": GOOD, "expects": State.SUCCEEDED, "watch": good})
    else:  # a run about the moment before has deployed nothing yet
        tried.append(_try_build(watch, GOOD, State.SUCCEEDED))
    return {"format": FORMAT, "began": began, "tried": tried}


def _try_build(watch: Callable[[str], Mapping[str, Any]], build: str, expects: State) -> Mapping[str, Any]:
    """Return what became of a build, or why nobody knows."""
    try:
        return {"build": build, "expects": expects, "watch": watch(build)}
    except Unreadable as error:
        return {"build": build, "expects": expects, "unreadable": error.reason}
