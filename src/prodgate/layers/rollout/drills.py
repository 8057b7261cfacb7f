"""Releases that must be taken back by themselves: tried in a rehearsal, on record for a real account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

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

#: Requests that are sent when a build is over: whether readers get answers again.
_AFTERWARDS: Final = 100


def observe_drills(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield the record of a drill of rollbacks. Raises Unreadable when there is none."""
    if scene.rollout is not None:
        record = _drill(context, scene)
    elif (found := find_rollback_drill(context.run.parent / FOLDER, context.target.url)) is not None:
        record = found
    else:
        raise Unreadable(f"no drill is on record; prodgate drill rollback {context.target.url} makes one")
    asked = {**record, "asked": datetime.now(UTC).isoformat()}
    yield Evidence(kind=DRILL, value=asked, subject="rollback", source=scene.place)


def _drill(context: LayerContext, scene: Scene) -> Mapping[str, Any]:
    began = datetime.now(UTC).isoformat()
    tried = [_try_build(context, scene, build, State.ROLLED_BACK) for build in BAD]
    if scene.watched is not None:
        tried.append({"build": GOOD, "expects": State.SUCCEEDED, "watch": scene.watched})
    else:  # a run about the moment before has deployed nothing yet
        tried.append(_try_build(context, scene, GOOD, State.SUCCEEDED))
    return {"format": FORMAT, "began": began, "tried": tried}


def _try_build(context: LayerContext, scene: Scene, build: str, expects: State) -> Mapping[str, Any]:
    """Return what became of a build, or why nobody knows."""
    try:
        watched = watch_build(context, scene, build, afterwards=_AFTERWARDS)
    except Unreadable as error:
        return {"build": build, "expects": expects, "unreadable": error.reason}
    return {"build": build, "expects": expects, "watch": watched}
