"""What serves at each look of a watch, and for how long that was another version than at first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .routes import Route


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


def find_away(routes: list[Route], record: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return when traffic went to other groups than at first: from the look before it to the look that saw it back.

    None if it never did. It is not back before every service was seen to be; the end is infinite if that never was.
    """
    firsts = {route.service: _first_groups(route, record) for route in routes}
    began = ended = last = None
    for sample in record["samples"]:
        at = datetime.fromisoformat(sample["at"]).timestamp()
        serving = {route.service: find_serving(route, sample) for route in routes}
        if any(found is not None and found[0] != firsts[service] for service, found in serving.items()):
            began = began if began is not None else (last if last is not None else at)
            ended = None
        elif began is not None and ended is None and None not in serving.values():
            ended = at
        last = at
    return None if began is None else (began, ended if ended is not None else float("inf"))


def _first_groups(route: Route, record: Mapping[str, Any]) -> frozenset[str]:
    return next((found[0] for one in record["samples"] if (found := find_serving(route, one)) is not None), frozenset())
