"""What other layers of the gate observed of a release: in this run, or in an earlier one of the same commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from ...aws.answers import Unreadable
from ...criteria import LAYERS
from ...evidence import runs
from ...evidence.artifacts import load_json
from ...facts.rollout.observations import why_unfit
from ..layer import LayerContext

#: Layers whose evidence of the same commit a rehearsed release rests on.
RESTED_ON: Final = frozenset({"static", "load", "dags"})
#: Runs that are considered at most, the newest first.
_MOST_RUNS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What a criterion rests on: evidence of another layer."""

    layer: str
    kinds: tuple[str, ...]
    """Kinds of evidence that must be there."""
    of_files: bool = False
    """Whether it is about files of the commit alone, so that any target's run will do."""
    targets: tuple[str, ...] = ()
    """Further targets whose runs will do."""


def find_observation(context: LayerContext, rest: Rest, before: datetime | None) -> dict[str, Any]:
    """Return the newest observation that says something about this run's commit, else the newest one there is.

    ``{"seen", "commit", "asked", "most", "again"}``: the observation as ``facts.rollout.observations`` describes it,
    the commit that is to be released, when it was looked for, the seconds that it may be old, and the command that
    makes a new one. ``before`` is when the deployment of the commit began, if it did. Raises Unreadable when nothing
    was ever observed.
    """
    now, this = datetime.now(UTC), runs.read(context.run)
    commit = str(this.about.get("commit", ""))
    most = timedelta(seconds=float(context.stated.max_age[rest.layer].base))
    newest: Mapping[str, Any] | None = None
    for seen in list_observations(context, rest, this):
        newest = newest or seen
        if not why_unfit(seen, commit, before=before, now=now, most=most):
            newest = seen
            break
    if newest is None:
        raise Unreadable(_describe_absence(context, rest, this))
    told = {"commit": commit, "asked": now.isoformat(), "most": most.total_seconds()}
    return {"seen": newest, **told, "again": _command(context, rest, this)}


def why_no_proof(value: Mapping[str, Any], before: datetime | None) -> str:
    """Return why what ``find_observation`` returned says nothing about the release; empty when it does."""
    asked, most = datetime.fromisoformat(value["asked"]), timedelta(seconds=value["most"])
    why = why_unfit(value["seen"], value["commit"], before=before, now=asked, most=most)
    return why and f"{why}; run: {value['again']}"


def _describe_absence(context: LayerContext, rest: Rest, this: runs.Run) -> str:
    own = [one for one in this.unreadable if one["layer"] == rest.layer]
    # a layer may name what it could not observe by kinds of its own
    why = next((one["reason"] for one in sorted(own, key=lambda one: one["kind"] not in rest.kinds)), "")
    nothing = f"the {rest.layer} layer has observed nothing of this release{why and f': {why}'}"
    return f"{nothing}; run it, too: {_command(context, rest, this)}"


def _command(context: LayerContext, rest: Rest, this: runs.Run) -> str:
    """Return the command that observes again; in a rehearsal, one for all that this run lacks."""
    there, named = this.about["layers"], {rest.layer}
    if context.target.rehearsal:
        named |= RESTED_ON - {*there}
    layers = [layer for layer in LAYERS if layer in named]
    return f"prodgate run {context.target.url} --only {','.join(layers)},rollout"


def list_observations(context: LayerContext, rest: Rest, this: runs.Run | None = None) -> Iterator[Mapping[str, Any]]:
    """Yield what was observed in ``this`` run, which may have been read already, and in earlier whole ones, the newest
    first.
    """
    for run in _list_runs(context, rest, this or runs.read(context.run)):
        facts = run.facts_of(rest.layer, *rest.kinds)
        if {fact["kind"] for fact in facts} >= set(rest.kinds):
            with suppress(LookupError):  # evidence that is gone, or was changed
                yield _make_observation(run, rest, facts)


def _make_observation(run: runs.Run, rest: Rest, facts: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    kept = ("kind", "subject", "at", "digest")
    return {
        "layer": rest.layer,
        "run": run.path.name,
        "target": run.about["target"],
        "commit": str(run.about.get("commit", "")),
        "facts": [{**{key: fact[key] for key in kept}, "value": load_json(run.path, fact["digest"])} for fact in facts],
    }


def _list_runs(context: LayerContext, rest: Rest, this: runs.Run) -> Iterator[runs.Run]:
    """Yield this run, then earlier ones of the system that came to their end."""
    yield this
    earlier = (run for run in _list_earlier(context) if run.finished and "judged_again" not in run.about)
    urls = {context.target.url, *rest.targets}
    system = context.stated.system
    yield from islice(
        (run for run in earlier if run.criteria.system == system and (rest.of_files or run.about["target"] in urls)),
        _MOST_RUNS,
    )


def _list_earlier(context: LayerContext) -> Iterator[runs.Run]:
    path = runs.latest(context.run.parent, before=context.run)
    while path is not None:
        with suppress(runs.RunError):  # one that was changed is no proof of anything
            yield runs.read(path)
        path = runs.latest(context.run.parent, before=path)
