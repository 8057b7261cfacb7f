"""Releases that were made to fail on purpose, and a good one: what became of each, and what they left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...aws.answers import Unread, Unreadable
from ...quantities import Quantity
from .. import Fact
from .routes import Route
from .serving import find_away, find_serving, seen_of
from .states import State
from .watched import require_format, state_of

#: Version of the records of drills.
FORMAT: Final = 1
#: The build of a drill that readers reach before it is taken back: it is well, and fails on their requests alone.
IN_PUBLIC: Final = "failing-in-public"
#: What a drill deploys besides a good build, and must be taken back: one that never becomes healthy, one whose hook
#: fails, and the one that fails in public.
BAD: Final = ("never-healthy", "failing-hook", IN_PUBLIC)
#: Words in the state of a deployment that only a person's request puts there.
_BY_A_PERSON: Final = ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "MANUAL_STOP")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DrilledRelease(Fact):
    """A build that was deployed in a drill; ``subject`` is such as ``build never-healthy``."""

    age: Quantity
    """How long ago the drill began."""
    ended: str
    """Which services did not end as they had to; empty if all did."""
    by_person: str
    """What shows that a person stopped it; empty if nobody did."""
    not_back: str
    """Which target groups, or versions, serve that must not; empty if readers get what they must."""
    left: str
    """Targets and tasks that nobody needs any more and that are still there; empty if there are none."""
    failed: str
    """Requests that failed while the earlier version had all of the traffic; empty if none did."""


def drill_facts(value: Mapping[str, Any]) -> Iterator[DrilledRelease]:
    """Yield what the record of a drill shows of each build; it was ``asked`` for at that time. Raises Unreadable."""
    if value.get("format") != FORMAT:
        raise Unreadable(f"the drill was recorded in form {value.get('format')!r}, this version reads {FORMAT}")
    asked, began = (datetime.fromisoformat(value[key]) for key in ("asked", "began"))
    age = Quantity.seconds(max(0, int((asked - began).total_seconds())))
    for one in value["tried"]:
        yield _drilled(f"build {one['build']}", age, one)
    for build in _list_untried(value["tried"]):
        yield DrilledRelease.unread(build, "it was not tried in the drill; drill again", age=age)


def _list_untried(tried: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    names = {one["build"] for one in tried}
    yield from (f"build {build}" for build in BAD if build not in names)
    if not any(one["expects"] == State.SUCCEEDED for one in tried):
        yield "a good build"


def _drilled(subject: str, age: Quantity, one: Mapping[str, Any]) -> DrilledRelease:
    if one.get("unreadable"):
        return DrilledRelease.unread(subject, one["unreadable"], age=age)
    record, back = one["watch"], one["expects"] == State.ROLLED_BACK
    require_format(record)
    routes = [route for route in map(Route.from_json, record["routes"]) if route.service in record["ids"]]
    return DrilledRelease(
        subject=subject,
        age=age,
        ended=record["why"] or "; ".join(filter(None, (_wrong_end(r, record, one["expects"]) for r in routes))),
        by_person="; ".join(dict.fromkeys(_list_requests_of_people(routes, record))),
        not_back="; ".join(filter(None, (_not_back(r, record, back=back) for r in routes))),
        left="; ".join(filter(None, (_left(r, record) for r in routes))),
        failed=_failed_before_and_after(routes, record),
    )


def _wrong_end(route: Route, record: Mapping[str, Any], expects: str) -> str:
    last = next((seen_of(route, one) for one in reversed(record["samples"]) if "deployment" in seen_of(route, one)), {})
    if not last:
        return f"{route.name}: its deployment was never seen"
    state = state_of(last["deployment"])
    return "" if state == expects else f"{route.name} {state}, and had to be {expects}"


def _list_requests_of_people(routes: list[Route], record: Mapping[str, Any]) -> Iterator[str]:
    for sample in record["samples"]:
        for route in routes:
            said = seen_of(route, sample).get("deployment", {})
            for word in _BY_A_PERSON:
                if word in (said.get("status"), said.get("error")):
                    yield f"{route.name}: {word}"


def _not_back(route: Route, record: Mapping[str, Any], *, back: bool) -> str:
    known = [found for sample in record["samples"] if (found := find_serving(route, sample)) is not None]
    if not known:
        return f"{route.name}: what serves was never seen"
    first, last = known[0], known[-1]
    if not back:
        return "" if last[1] != first[1] else f"{route.name}: the earlier version still serves"
    if last[0] != first[0]:
        return f"{route.name}: {', '.join(map(_short, sorted(last[0] - first[0]))) or 'too few groups'} serves"
    return "" if last[1] == first[1] else f"{route.name}: {', '.join(map(_short, sorted(last[1])))} runs"


def _left(route: Route, record: Mapping[str, Any]) -> str:
    """Return the targets outside of the groups that serve, and the tasks that are not primary, at the end."""
    last, serving = record["samples"][-1], find_serving(route, record["samples"][-1])
    if serving is None:
        return f"{route.name}: what was left could not be read"
    targets = [
        f"{sum(states.values())} targets in {_short(group)}"
        for group, states in seen_of(route, last).get("targets", {}).items()
        if group not in serving[0] and states
    ]
    tasks = [
        f"{one['running']} tasks of {_short(one['definition'])}"
        for one in seen_of(route, last)["counts"]["tasks"].values()
        if one["state"] != "PRIMARY" and one["running"]
    ]
    return f"{route.name}: {', '.join((*targets, *tasks))}" if targets or tasks else ""


def _failed_before_and_after(routes: list[Route], record: Mapping[str, Any]) -> Any:
    """Return what failed while no traffic went to the new build: the earlier one had to serve throughout."""
    stream = record["stream"]
    if stream is None:
        return Unread(record["silent"] or "no requests were sent")
    away, slack = find_away(routes, record), stream["plan"]["timeout"]
    failed = [
        one
        for one in stream["failures"]
        if away is None or not away.before - slack <= stream["began"] + one["at"] <= away.back + slack
    ]
    return f"{len(failed):,} requests, the first a {failed[0]['method']} {failed[0]['class']}" if failed else ""


def _short(arn: str) -> str:
    return arn.split("/")[1] if ":targetgroup/" in arn else arn.rpartition("/")[2]
