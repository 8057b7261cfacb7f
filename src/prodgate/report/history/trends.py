"""Figures over the days: a line has gaps where a night is missing, and between two machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ...quantities import Bound, Quantity, UnitError
from ..catalogue import ENGLISH, Catalogue
from ..diff.figures import Figure, read_figure
from ..load.drawing import Label, Panel, dots, level, line
from ..load.scales import SIDE
from .nights import Night

#: Charts of a page.
MOST: Final = 24
_TOP: Final = 24
_HEIGHT: Final = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One figure: its chart, and its values in words."""

    name: str
    panel: Panel
    labels: tuple[Label, ...]
    rows: tuple[tuple[str, str], ...]
    """Day and what was measured on it, or why there is nothing."""
    gaps: int
    """Days within the history without a value."""
    machines: int
    """On how many machines it was measured; 1 where that does not matter."""

    def tell(self, words: Catalogue = ENGLISH) -> str:
        """Return the chart in words."""
        said = words.text("trend-says", values=len(self.rows) - self.gaps, gaps=self.gaps)
        return f"{said} {words.text('trend-machines', machines=self.machines)}" if self.machines > 1 else said


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    x: int
    figure: Figure | None
    machine: str
    text: str
    day: str


def list_trends(nights: Sequence[Night]) -> tuple[list[Trend], list[str]]:
    """Return the figures that at least two nights measured, in the order of the last run.

    Those that are drawn, and the names of those that are not: beyond MOST, or measured in more than one dimension.
    """
    names: dict[str, None] = {}
    for night in reversed(nights):
        names.update(dict.fromkeys(night.entry.figures if night.entry else ()))
    found = {name: [_point(name, night, n, len(nights)) for n, night in enumerate(nights)] for name in names}
    measured = {name: points for name, points in found.items() if len(_list_known(points)) > 1}
    alike = [name for name, points in measured.items() if len({one.dimension for one in _list_known(points)}) == 1]
    drawn = alike[:MOST]
    return [_trend(name, measured[name], nights) for name in drawn], [name for name in measured if name not in drawn]


def _list_known(points: Sequence[_Point]) -> list[Figure]:
    return [point.figure for point in points if point.figure]


def _trend(name: str, points: Sequence[_Point], nights: Sequence[Night]) -> Trend:
    known = _list_known(points)
    limit = _find_limit(name, nights)
    highest = max([*(f.high if f.high.is_finite() else f.value for f in known), *([limit.base] if limit else [])])
    top = highest * Decimal("1.1") or Decimal(1)
    panel = Panel(top=_TOP, height=_HEIGHT, shapes=tuple(_shapes(points, top, limit)))
    labels = [panel.below(str(nights[0].day), 0), panel.below(str(nights[-1].day), SIDE)]
    labels += [panel.limit(str(limit), y=_up(limit.base, top))] if limit else []
    return Trend(
        name=name,
        panel=panel,
        labels=tuple(labels),
        rows=tuple((point.day, point.text) for point in points),
        gaps=sum(point.figure is None for point in points),
        machines=len({point.machine for point in points if point.figure}),
    )


def _point(name: str, night: Night, number: int, of: int) -> _Point:
    seen, _, own = night.entry.figures.get(name, ("", "", False)) if night.entry else ("", "", False)
    why = "not measured" if night.entry and not night.entry.problem else "no run that counts"
    return _Point(
        x=round(SIDE * (number + 0.5) / of),
        figure=read_figure(seen) if seen else None,
        machine=night.entry.machine if night.entry and own else "",
        text=seen or why,
        day=str(night.day),
    )


def _find_limit(name: str, nights: Sequence[Night]) -> Quantity | None:
    """Return the limit that the latest night states."""
    bounds = [night.entry.figures[name][1] for night in nights if night.entry and name in night.entry.figures]
    with suppress(UnitError):
        return Bound.parse(bounds[-1]).limit
    return None


def _up(value: Decimal, top: Decimal) -> int:
    return max(0, min(SIDE, round(SIDE * (1 - float(value / top))))) if value.is_finite() else 0


def _shapes(points: Sequence[_Point], top: Decimal, limit: Quantity | None) -> Iterator[tuple[str, str]]:
    yield "grid", level((0, SIDE // 2, SIDE))
    if limit:
        yield "limit", level([_up(limit.base, top)])
    measured = [(point.x, point.figure) for point in points if point.figure]
    yield "interval", "".join(f"M{x} {_up(f.low, top)}V{_up(f.high, top)}" for x, f in measured)
    for part in _segments(points):
        yield "line", line((point.x, _up(point.figure.value, top)) for point in part if point.figure)
    yield "dot", dots((x, _up(f.value, top)) for x, f in measured)


def _segments(points: Sequence[_Point]) -> Iterator[list[_Point]]:
    """Yield the parts of the line: between them a day is missing, or the machine is another."""
    part: list[_Point] = []
    for point in points:
        if part and (point.figure is None or point.machine != part[-1].machine):
            yield part
            part = []
        if point.figure is not None:
            part.append(point)
    if part:
        yield part
