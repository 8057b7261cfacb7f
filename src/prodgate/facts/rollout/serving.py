"""What serves at each look of a watch, and for how long that was another version than at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from .routes import Route

_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """While traffic went to other groups than at first: the looks that tell, in seconds since 1970."""

    sure: float
    """The last look before it that saw all of it where it was at first; earlier than ``before`` if that could not."""
    before: float
    """The last look before it."""
    first: float
    """The first look that saw it."""
    last: float
    """The last look that saw it."""
    back: float
    """The look that saw all of it back; infinite if none did."""


def seen_of(route: Route, sample: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a look saw of the service of a route; empty when it saw nothing."""
    found: Mapping[str, Any] = sample["services"].get(route.service, {})
    return found


def find_serving(route: Route, sample: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the target groups that get traffic, and the definitions of the tasks that are primary."""
    seen = seen_of(route, sample)
    if not seen.get("weights") or "counts" not in seen:
        return None
    groups = frozenset(g for rule in seen["weights"].values() for g, weight in rule.items() if weight > 0)
    tasks = seen["counts"]["tasks"].values()
    return groups, frozenset(one["definition"] for one in tasks if one["state"] == "PRIMARY")


def find_away(routes: list[Route], record: Mapping[str, Any]) -> Away | None:
    """Return while traffic went to other groups than at first; None if it never did.

    It is not back before every service was seen to be.
    """
    firsts = {route.service: _first_groups(route, record) for route in routes}
    away, previous, sure = None, None, None
    for sample in record["samples"]:
        at = datetime.fromisoformat(sample["at"]).timestamp()
        serving = {route.service: find_serving(route, sample) for route in routes}
        if any(found is not None and found[0] != firsts[service] for service, found in serving.items()):
            before = at if previous is None else previous
            begun = away or Away(sure=before if sure is None else sure, before=before, first=at, last=at, back=_NEVER)
            away = replace(begun, last=at, back=_NEVER)
        elif None not in serving.values():
            away = replace(away, back=at) if away is not None and away.back == _NEVER else away
            sure = at
        previous = at
    return away


def _first_groups(route: Route, record: Mapping[str, Any]) -> frozenset[str]:
    return next((found[0] for one in record["samples"] if (found := find_serving(route, one)) is not None), frozenset())
