"""The share of traffic that the new targets of each service had, over the time of a deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ...facts.rollout.routes import Route
from ..load.drawing import ABOVE, BELOW, Chart, Label, Panel, level
from ..load.scales import SIDE, steps

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
