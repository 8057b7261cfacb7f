"""What the report shows of a rollout: its stages with times, the weights, failed requests, and drills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...aws.answers import Unreadable
from ...evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ...evidence.runs import Run
from ...facts.rollout.drills import DrilledRelease, drill_facts
from ...facts.rollout.requests import WatchedRequests, request_facts
from ...facts.rollout.routes import Route
from ...facts.rollout.watched import require_format, state_of
from ...findings import NotObserved
from ...layers.rollout.kinds import DRILL, WATCH
from ..load.drawing import Chart
from .weights import draw_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A look at which something was different from the look before."""

    after: str
    """Seconds since the first look."""
    at: datetime
    services: tuple[tuple[str, str, str, str], ...]
    """Of each service its name, the state and stage of its deployment, its weights, and its healthy targets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A deployment that was watched."""

    anchor: str
    title: str
    """The build of a drill, else the ids of the deployments."""
    began: datetime | None = None
    ended: datetime | None = None
    speed: int = 1
    """How many times faster than in an account its clocks ran."""
    stages: tuple[Stage, ...] = ()
    chart: Chart | None = None
    sent: int | None = None
    """Requests that were sent meanwhile; None when it is not known."""
    failed: str = ""
    """What became of them in words, or why that is not known."""
    expects: str = ""
    """How it had to end, in a drill."""
    flaws: tuple[str, ...] = ()
    """What a drill found wrong."""
    problem: str = ""
    """Why it can't be shown, or what was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPart:
    """What was watched in a run, and the drills that it looked at."""

    watched: tuple[Watched, ...]
    drilled: tuple[Watched, ...]
    digests: tuple[str, ...]


def rollout_part(run: Run) -> RolloutPart | None:
    """Return what the report shows of rollouts; None for a run that looked at none."""
    watches, drills = run.facts_of("rollout", WATCH), run.facts_of("rollout", DRILL)
    if not watches and not drills:
        return None
    watched = [each for number, event in enumerate(watches, start=1) for each in _read(run, event, f"rollout-{number}")]
    drilled = [each for number, event in enumerate(drills, start=1) for each in _read(run, event, f"drill-{number}")]
    digests = tuple(str(event.get("digest", "")) for event in (*watches, *drills))
    return RolloutPart(watched=tuple(watched), drilled=tuple(drilled), digests=digests)


def _read(run: Run, event: Mapping[str, Any], anchor: str) -> Sequence[Watched]:
    title = str(event.get("subject", ""))
    try:
        record = load_json(run.path, str(event["digest"]))
        return [*_drilled(record, anchor)] if event["kind"] == DRILL else [_watched(record, anchor)]
    except Unreadable as error:
        return [Watched(anchor=anchor, title=title, problem=error.reason)]
    except UNREADABLE as error:
        return [Watched(anchor=anchor, title=title, problem=describe_flaw(error))]


def _watched(record: Mapping[str, Any], anchor: str, **known: Any) -> Watched:
    """Return a watch as it is shown. Raises Unreadable for a record of another version."""
    require_format(record)
    routes = [route for route in map(Route.from_json, record["routes"]) if route.service in record["ids"]]
    sent, failed = _count_requests(record)
    given: dict[str, Any] = {
        "title": ", ".join(sorted(id_.rpartition("/")[2] for id_ in record["ids"].values())),
        "problem": str(record["why"]),
        **known,
    }
    return Watched(
        anchor=anchor,
        began=datetime.fromisoformat(record["began"]),
        ended=datetime.fromisoformat(record["ended"]) if record["ended"] else None,
        speed=int(record["speed"]),
        stages=tuple(_list_stages(routes, record["samples"])),
        chart=draw_weights(routes, record["samples"]),
        sent=sent,
        failed=failed,
        **given,
    )


def _drilled(record: Mapping[str, Any], anchor: str) -> Iterator[Watched]:
    told = {fact.subject: fact for fact in drill_facts(record)}
    for number, one in enumerate(record["tried"], start=1):
        title, place = f"build {one['build']}", f"{anchor}-{number}"
        if "watch" not in one:
            yield Watched(anchor=place, title=title, problem=str(one.get("unreadable", "")))
            continue
        flaws = tuple(_list_flaws(told[title]))
        yield _watched(one["watch"], place, title=title, expects=str(one["expects"]), flaws=flaws)


def _list_flaws(fact: DrilledRelease) -> Iterator[str]:
    for name in ("ended", "by_person", "not_back", "left", "failed"):
        try:
            yield from filter(None, [getattr(fact, name)])
        except NotObserved as unread:
            yield unread.conclusion.reason


def _count_requests(record: Mapping[str, Any]) -> tuple[int | None, str]:
    for fact in request_facts(record):
        if isinstance(fact, WatchedRequests):
            try:
                return fact.sent.trials, fact.sent.describe_failures()
            except NotObserved as unread:
                return None, unread.conclusion.reason
    return None, ""


def _list_stages(routes: Sequence[Route], samples: Sequence[Mapping[str, Any]]) -> Iterator[Stage]:
    before: object = None
    for sample in samples:
        at = datetime.fromisoformat(sample["at"])
        services = tuple(_describe(route, sample["services"].get(route.service, {})) for route in routes)
        if services != before:
            since = at - datetime.fromisoformat(samples[0]["at"])
            yield Stage(after=f"{since.total_seconds():.1f} s", at=at, services=services)
        before = services


def _describe(route: Route, seen: Mapping[str, Any]) -> tuple[str, str, str, str]:
    deployment = seen.get("deployment")
    state = ""
    if deployment:
        try:
            state = " ".join(filter(None, (str(state_of(deployment)), deployment["stage"])))
        except Unreadable:
            state = str(deployment["status"])
    rules = {_say_weights(rule, route) for rule in (seen.get("weights") or {}).values()}
    healthy = ", ".join(
        f"{_short(group, route)} {states.get('healthy', 0)}/{sum(states.values())}"
        for group, states in sorted((seen.get("targets") or {}).items())
    )
    return route.name, state, "; ".join(sorted(rules)), healthy


def _say_weights(rule: Mapping[str, float], route: Route) -> str:
    return ", ".join(f"{_short(group, route)} {weight:g} %" for group, weight in sorted(rule.items()))


def _short(group: str, route: Route) -> str:
    """Return the name of a target group out of its ARN, without that of the service that it begins with."""
    return group.rpartition("targetgroup/")[2].partition("/")[0].removeprefix(f"{route.name}-")
