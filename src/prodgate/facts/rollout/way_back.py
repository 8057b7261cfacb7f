"""How long a bad release went on failing readers before the earlier version had all of the traffic again.

The time runs from the first sign that it fails, which is a failed request, an alarm or the end of the deployment, to
when all traffic was where it was at first. What looks alone tell came between two of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...aws.answers import Unread, Unreadable
from ...estimates import UNBOUNDED, Estimate
from ...quantities import Quantity
from .. import Fact
from .drills import IN_PUBLIC
from .requests import why_unsound
from .routes import Route
from .serving import Away, find_away, seen_of
from .states import OVER, State
from .watched import require_format, state_of

_ALARM: Final = "ALARM"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WayBack(Fact):
    """The way back from a build that readers had reached; ``subject`` is such as ``build failing-in-public``."""

    took: Estimate
    """From its first sign of failure to all traffic on the earlier version; says how many requests failed meanwhile.

    Its value is the longest that the looks allow. Where traffic was never seen to be back, it is how long it was away
    at least, and nothing limits it.
    """


def way_back_facts(value: Mapping[str, Any]) -> Iterator[WayBack]:
    """Yield the way back from each bad build of a drill that readers reached; the one that they must reach, always.

    A build of which nobody knows whether they did has one that was not observed.
    """
    tried = {one["build"]: one for one in value["tried"] if one["expects"] != State.SUCCEEDED}
    for build, one in ({IN_PUBLIC: {"unreadable": "it was not tried in the drill; drill again"}} | tried).items():
        try:
            took = _measure(one)
        except Unreadable as error:
            yield WayBack.unread(f"build {build}", error.reason)
            continue
        if took is not None or build == IN_PUBLIC:
            nothing: Any = Unread("traffic never went to it, so that there was no way back; drill again")
            yield WayBack(subject=f"build {build}", took=took or nothing)


def _measure(one: Mapping[str, Any]) -> Estimate | None:
    """Return how long the way back took; None where no traffic ever went to the build. Raises Unreadable."""
    if one.get("unreadable"):
        raise Unreadable(one["unreadable"])
    record = one["watch"]
    require_format(record)
    routes = [route for route in map(Route.from_json, record["routes"]) if route.service in record["ids"]]
    away = find_away(routes, record)
    if away is None:
        return None
    stream = record["stream"]
    if stream is None:
        raise Unreadable(record["silent"] or "no requests were sent, so that nobody knows when it began to fail")
    if why := why_unsound(stream):
        raise Unreadable(why)
    return _estimate(away, [*_list_signs(routes, record, away)] or [(away.sure, away.first)], record)


def _estimate(away: Away, signs: list[tuple[float, float]], record: Mapping[str, Any]) -> Estimate:
    """Return how long it took from the first of the signs on, each of which came between two times."""
    earliest, latest = (min(times) for times in zip(*signs, strict=True))
    low = Quantity.seconds(math.floor(round(max(0.0, away.last - latest) * record["speed"], 3)))
    back = math.isfinite(away.back)
    longest = math.ceil(round((away.back - earliest) * record["speed"], 3)) if back else UNBOUNDED
    failed, sent = _count_requests(record["stream"], away)
    return Estimate(
        value=Quantity.seconds(longest) if back else low,
        low=low,
        high=Quantity.of(longest, "s"),
        samples=sent,
        effective=sent,
        confidence=Quantity.of(100, "%"),
        unfinished="" if back else "traffic was never seen to be back; drill again, and watch for longer",
        detail=f"{failed:,} of them failed" if failed else "none of them failed",
    )


def _list_signs(routes: list[Route], record: Mapping[str, Any], away: Away) -> Iterator[tuple[float, float]]:
    """Yield between which times something showed that the build fails, while traffic went to it.

    In seconds since 1970. A failed request has its time; what a look saw came after the last one
    that could be read.
    """
    began, previous = record["stream"]["began"], away.sure
    for failure in record["stream"]["failures"]:
        if away.sure <= (at := began + failure["at"]) <= away.back:
            yield at, at
    for sample in record["samples"]:
        at = datetime.fromisoformat(sample["at"]).timestamp()
        if away.sure < at <= away.back and any(_shows_failure(route, sample) for route in routes):
            yield previous, at
        if not sample["unread"]:
            previous = max(away.sure, at)


def _shows_failure(route: Route, sample: Mapping[str, Any]) -> bool:
    if any(sample["alarms"].get(name, {}).get("state") == _ALARM for name in route.alarms):
        return True
    deployment = seen_of(route, sample).get("deployment")
    try:
        return deployment is not None and state_of(deployment) in OVER | {State.ROLLING_BACK}
    except Unreadable:
        return False


def _count_requests(stream: Mapping[str, Any], away: Away) -> tuple[int, int]:
    """Return how many requests failed in the seconds in which traffic went to the build, and how many were due."""
    first, last = (int(at - stream["began"]) for at in (away.sure, min(away.back, stream["ended"])))
    cells = [cell for cell in stream["seconds"] if first <= cell["second"] <= last]
    failed = sum(sum(cell.get("failed", {}).values()) for cell in cells)
    return failed, failed + sum(sum(cell.get("latency", {}).values()) for cell in cells)
