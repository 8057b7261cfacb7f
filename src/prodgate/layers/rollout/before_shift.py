"""Journeys on the build that serves before a release, when its schema is migrated and no traffic has moved yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ...aws.answers import Unreadable
from ...facts.rollout.deployments import deployment_facts
from ...facts.rollout.observations import values_of
from ...facts.rollout.old_journeys import latest_end
from ...findings import NotObserved
from ..e2e import kinds as of_e2e
from ..e2e.observing import carry_out_journeys, make_settings
from ..e2e.target import open_behind_edge
from ..layer import LayerContext
from ..observing_layer import Evidence
from .earlier import Rest, list_observations
from .kinds import OLD_JOURNEYS
from .target import Scene

#: The build that a rehearsal deploys over.
_OLD: Final = "blue"
_E2E: Final = Rest(layer="e2e", kinds=(of_e2e.VISITS, of_e2e.JOURNEYS))


def note_journeys(context: LayerContext, scene: Scene) -> None:
    """Carry the journeys out on what a rehearsal serves now, and note them, or why there are none, in the scene."""
    try:
        scene.journeys_before_shift = _carry_out(context, scene)
    except Unreadable as error:
        scene.journeys_before_shift = error.reason


def _carry_out(context: LayerContext, scene: Scene) -> Mapping[str, Any]:
    section = context.stated.e2e
    if section is None:
        raise Unreadable(f"{context.stated.path}: says nothing of the site; write [e2e] with base_url and journeys")
    began = datetime.now(UTC)
    with (
        TemporaryDirectory(prefix="prodgate-browser-") as folder,
        open_behind_edge(context, section, scene.url, _OLD) as target,
    ):
        settings = make_settings(target, section, context, Path(folder))
        record = carry_out_journeys(settings, target, section, context, layer="rollout")
    told = {"began": began.isoformat(), "ended": datetime.now(UTC).isoformat()}
    return {"place": target.place, **told, "record": record, "released": ""}


def observe_old_journeys(context: LayerContext, scene: Scene, _unreadable: dict[str, str]) -> Iterator[Evidence]:
    """Yield journeys on the build before: those of a rehearsal, else those that the end-to-end layer kept.

    Raises Unreadable when there are none.
    """
    if scene.rollout is not None:
        if isinstance(scene.journeys_before_shift, str):
            raise Unreadable(scene.journeys_before_shift or "the release ended before its deployment began")
        yield _make_evidence(scene.journeys_before_shift)
        return
    until = _find_shift(scene)
    for seen in list_observations(context, _E2E):
        value = _read_observation(seen)
        if datetime.fromisoformat(value["ended"]) <= until:
            yield _make_evidence(value)
            return
    raise Unreadable(
        "nobody carried out the journeys between the migrations and the shift; let the pipeline do so after the "
        f"migrations: prodgate run {context.target.url} --only e2e"
    )


def _find_shift(scene: Scene) -> datetime:
    """Return until when the build before had all of the traffic. Raises Unreadable when nobody knows."""
    if not scene.deployments:
        raise Unreadable("no deployment is known")
    try:
        return latest_end([fact for answers in scene.deployments for fact in deployment_facts(answers)])
    except NotObserved as unread:
        raise Unreadable(unread.conclusion.reason) from unread


def _read_observation(seen: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the journeys of a run of the end-to-end layer; they were over when they were kept."""
    record, visits = values_of(seen, of_e2e.JOURNEYS)[-1], values_of(seen, of_e2e.VISITS)[-1]
    began, ended = (
        next(fact["at"] for fact in seen["facts"] if fact["kind"] == kind) for kind in (of_e2e.VISITS, of_e2e.JOURNEYS)
    )
    builds = {str(page["build"]) for page in visits["pages"] if page.get("build")}
    told = {"began": began, "ended": ended, "record": record, "run": seen["run"]}
    return {"place": record["place"], **told, "builds": sorted(builds), "released": seen["commit"]}


def _make_evidence(value: Mapping[str, Any]) -> Evidence:
    return Evidence(kind=OLD_JOURNEYS, value=value, subject=f"{value['place']} before the shift", source="a browser")
