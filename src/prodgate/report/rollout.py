"""Deployments in the report: what was seen of them, and the share of traffic of the new targets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..aws.answers import Unreadable
from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..facts.rollout.drills import drill_facts
from ..facts.rollout.requests import WatchedRequests, name_deployments, request_facts
from ..facts.rollout.watched import Route, require_routes, state_of
from ..findings import NotObserved
from ..layers.rollout.kinds import DRILL, WATCH
from .drawing import ABOVE, BELOW, SIDE, Chart, Label, Panel, level, steps

# ── Shares of traffic over time

#: Height of the plot of one service, and the room between two, in pixels.
_HEIGHT: Final = 64
_BETWEEN: Final = 34
_MOST_NAMES: Final = 5


def draw_weights(routes: Sequence[Route], samples: Sequence[Mapping[str, Any]]) -> Chart | None:
    """Return the chart of a watch; None when no weights were seen at two times or more."""
    times = [datetime.fromisoformat(sample["at"]) for sample in samples]
    seconds = [(at - times[0]).total_seconds() for at in times]
    length = seconds[-1] if seconds else 0.0
    shares = {route.name: _list_shares(route, samples) for route in routes}
    if length <= 0 or not any(known for found in shares.values() for known in found if known is not None):
        return None
    places = [round(SIDE * each / length) for each in seconds]
    panels = [
        Panel(top=ABOVE + n * (_HEIGHT + _BETWEEN), height=_HEIGHT, shapes=_shapes(found, places))
        for n, found in enumerate(shares.values())
    ]
    labels: list[Label] = []
    for name, panel in zip(shares, panels, strict=True):
        labels += [panel.head(name), panel.beside("100 %", 0), panel.beside("0 %", SIDE)]
    step = next(each for each in steps() if length / each <= _MOST_NAMES)
    labels += [panels[-1].below(f"{s} s", round(SIDE * s / length)) for s in range(0, int(length) + 1, step)]
    height = panels[-1].top + _HEIGHT + BELOW + 5
    return Chart(key="weights", height=height, panels=tuple(panels), labels=tuple(labels), says={})


def _shapes(found: Sequence[float | None], places: Sequence[int]) -> tuple[tuple[str, str], ...]:
    drawn, open_ = "", False
    for share, x in zip(found, places, strict=True):
        if share is not None:
            y = round(SIDE - SIDE * share / 100)
            drawn += f"H{x}V{y}" if open_ else f"M{x} {y}h0"
        open_ = share is not None
    return ("grid", level([0, SIDE])), ("line", drawn)


def _list_shares(route: Route, samples: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """Return for each look which percentage went to groups that had nothing at first; None where it was not seen."""
    looks = [sample["services"].get(route.service, {}).get("weights") or {} for sample in samples]
    first: Mapping[str, Mapping[str, float]] = next((look for look in looks if look), {})
    old = {group for rule in first.values() for group, weight in rule.items() if weight > 0}
    return [
        max(sum(w for g, w in rule.items() if g not in old) for rule in look.values()) if look else None
        for look in looks
    ]


# ── Stages, failures, drills


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
    """How many of them failed, in words, or why that is not known."""
    expects: str = ""
    """How it had to end, in a drill."""
    flaws: tuple[str, ...] = ()
    """Faults that a drill found."""
    problem: str = ""
    """Why it can't be shown, or what was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPart:
    """The rollout part of a report: watched deployments and drills."""

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
    routes = require_routes(record)
    sent, failed = _count_requests(record)
    given: dict[str, Any] = {
        "title": name_deployments(record),
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
        yield _watched(one["watch"], place, title=title, expects=str(one["expects"]), flaws=told[title].list_flaws())


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
    rules = {
        ", ".join(f"{_short(group, route)} {weight:g} %" for group, weight in sorted(rule.items()))
        for rule in (seen.get("weights") or {}).values()
    }
    healthy = ", ".join(
        f"{_short(group, route)} {states.get('healthy', 0)}/{sum(states.values())}"
        for group, states in sorted((seen.get("targets") or {}).items())
    )
    return route.name, state, "; ".join(sorted(rules)), healthy


def _short(group: str, route: Route) -> str:
    """Return the name of a target group out of its ARN, without that of the service that it begins with."""
    return group.rpartition("targetgroup/")[2].partition("/")[0].removeprefix(f"{route.name}-")
