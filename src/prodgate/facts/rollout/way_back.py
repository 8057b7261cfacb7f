"""How long a bad release went on failing readers before the earlier version had all of the traffic again.

The time runs from the first sign that it fails, which is a failed request, an alarm or the end of the deployment, to
the look that found all traffic where it was at first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ...aws.answers import Unread, Unreadable
from ...estimates import Estimate
from ...quantities import Quantity
from .. import Fact
from .requests import why_unsound
from .routes import Route
from .serving import find_away, seen_of
from .states import OVER, State
from .watched import require_format, state_of

#: The build of a drill that readers reach before it is taken back.
REACHED: Final = "failing-in-public"
_ALARM: Final = "ALARM"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WayBack(Fact):
    """The way back from a build that readers had reached; ``subject`` is such as ``build failing-in-public``."""

    took: Estimate
    """From its first sign of failure to all traffic on the earlier version; says how many requests failed meanwhile."""


def way_back_facts(value: Mapping[str, Any]) -> Iterator[WayBack]:
    """Yield the way back from each bad build of a drill that readers reached; the one that they must reach, always."""
    tried = {one["build"]: one for one in value["tried"] if one["expects"] != State.SUCCEEDED}
    for build, one in ({REACHED: {"unreadable": "it was not tried in the drill; drill again"}} | tried).items():
        try:
            took = _measure(one)
        except Unreadable as error:
            if build == REACHED:
                yield WayBack.unread(f"build {build}", error.reason)
            continue
        if took is not None or build == REACHED:
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
    if away[1] == float("inf"):
        raise Unreadable("traffic was never seen to be back")
    first = min(_list_signs(routes, record, away), default=away[0])
    failed, sent = _count_requests(stream, away)
    detail = f"{failed:,} of them failed" if failed else "none of them failed"
    took = Quantity.seconds(math.ceil(round((away[1] - first) * record["speed"], 3)))
    about: dict[str, Any] = {"samples": sent, "effective": sent, "confidence": Quantity.of(100, "%"), "detail": detail}
    return Estimate(value=took, low=took, high=took, **about)


def _list_signs(routes: list[Route], record: Mapping[str, Any], away: tuple[float, float]) -> Iterator[float]:
    """Yield when something showed that the build fails, seconds since 1970, while traffic went to it."""
    began = record["stream"]["began"]
    for failure in record["stream"]["failures"]:
        if away[0] <= began + failure["at"] <= away[1]:
            yield began + failure["at"]
    for sample in record["samples"]:
        at = datetime.fromisoformat(sample["at"]).timestamp()
        if away[0] <= at <= away[1] and any(_shows_failure(route, sample) for route in routes):
            yield at


def _shows_failure(route: Route, sample: Mapping[str, Any]) -> bool:
    if any(sample["alarms"].get(name, {}).get("state") == _ALARM for name in route.alarms):
        return True
    deployment = seen_of(route, sample).get("deployment")
    try:
        return deployment is not None and state_of(deployment) in OVER | {State.ROLLING_BACK}
    except Unreadable:
        return False


def _count_requests(stream: Mapping[str, Any], away: tuple[float, float]) -> tuple[int, int]:
    """Return how many requests failed in the seconds in which traffic went to the build, and how many were due."""
    first, last = (int(at - stream["began"]) for at in away)
    cells = [cell for cell in stream["seconds"] if first <= cell["second"] <= last]
    failed = sum(sum(cell.get("failed", {}).values()) for cell in cells)
    return failed, failed + sum(sum(cell.get("latency", {}).values()) for cell in cells)
