"""Charts as plain values: axes, panels and labels."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, takewhile
from math import log10
from typing import Final, Self

# ── Axes

#: Side of the square that every plot is drawn in; the page stretches it to the width there is.
SIDE: Final = 1000

#: Percentiles of the table -> per mille.
PERCENTILES: Final = {"p50": 500, "p75": 750, "p90": 900, "p95": 950, "p99": 990, "p99.9": 999, "max": 1000}

#: More ticks than these and only powers of ten are named.
_MOST_TICKS: Final = 7

#: Percentiles named under a plot as far as it goes, with the share of requests above each.
_NINES: Final = (("0", 1.0), ("50", 0.5), ("90", 0.1), ("95", 0.05), ("99", 0.01), ("99.9", 1e-3), ("99.99", 1e-4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """A logarithmic axis from one round latency to another, in tenths of a millisecond."""

    low: int
    high: int

    @classmethod
    def around(cls, values: Iterable[int]) -> Self:
        """Return the axis that holds all values, with room above them."""
        known = [max(1, value) for value in values] or [100]
        low = max(takewhile(lambda step: step <= min(known), steps()))
        return cls(low=low, high=next(each for each in steps() if each >= max(known) * 1.1))

    def share(self, tenths: float) -> float:
        """Return how far along the axis a latency is, from 0 to 1."""
        return (log10(max(tenths, self.low)) - log10(self.low)) / (log10(self.high) - log10(self.low))

    def up(self, tenths: float) -> int:
        """Return the height of a latency in the plot, whose zero is at the top."""
        return round(SIDE * (1 - self.share(tenths)))

    def along(self, tenths: float) -> int:
        """Return the place of a latency on a horizontal axis."""
        return round(SIDE * self.share(tenths))

    @property
    def ticks(self) -> list[int]:
        """Round latencies to name, both ends included."""
        found = [each for each in takewhile(lambda step: step <= self.high, steps()) if each >= self.low]
        return found if len(found) <= _MOST_TICKS else [each for each in found if str(each).strip("0") == "1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """An axis on which each further nine takes as much room as the one before, as far as the requests support."""

    total: int

    @property
    def nines(self) -> float:
        """How many nines the axis has: as many as the requests support, and room for the slowest of them."""
        return self._known + 0.3

    @property
    def _known(self) -> float:
        return max(2.0, log10(max(1, self.total)))

    def along(self, above: float) -> int:
        """Return the place of a percentile, given the share of requests above it."""
        return SIDE if above <= 0 else min(SIDE, round(-SIDE * log10(above) / self.nines))

    @property
    def ticks(self) -> list[tuple[str, int]]:
        """Percentiles to name and their places."""
        return [(name, self.along(above)) for name, above in _NINES if -log10(above) <= self._known]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """An axis of counts from zero."""

    most: int

    def up(self, number: int) -> int:
        """Return the height of a count in the plot, whose zero is at the top."""
        return round(SIDE * (1 - number / max(1, self.most)))

    @property
    def ticks(self) -> list[int]:
        """Round counts above zero to name."""
        step = max((each for each in takewhile(lambda step: step <= max(1, self.most / 2), steps())), default=1)
        return list(range(step, self.most + 1, step))


def steps() -> Iterator[int]:
    """Yield 1, 2, 5, 10, 20, 50, … without end."""
    return (digit * 10**power for power in count() for digit in (1, 2, 5))


def latency_text(tenths: int | None) -> str:
    """Return a latency as precisely as it was recorded; a dash for one that there is not."""
    if tenths is None:
        return "–"
    return f"{tenths / 10:g} ms" if tenths < 10_000 else f"{tenths / 10_000:g} s"


def count_text(number: int) -> str:
    """Return a count that fits beside an axis: 950, 12k, 1.5M."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return str(number)


# ── Parts of a chart

#: Pixels above a plot, and from a plot down to the labels of its axis.
ABOVE: Final = 24
BELOW: Final = 17

#: Returns the text of a catalogue's key with its values.
Words = Callable[..., str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text of a chart."""

    text: str
    x: float
    """Percent of the width."""
    y: int
    """Pixels from the top of the chart."""
    kind: str
    """Style: ``axis``, ``beside``, ``mark``, ``limit``, ``head``."""
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A plot."""

    top: int
    height: int
    shapes: tuple[tuple[str, str], ...]
    """(style, path data) in a square of SIDE, drawn in this order."""

    def pixel(self, y: int) -> int:
        """Return the height in the chart of a height in the square."""
        return self.top + round(y * self.height / SIDE)

    def beside(self, text: str, y: int) -> Label:
        """Return the name of a tick on the left."""
        return Label(text=text, x=0, y=self.pixel(y) + 4, kind="beside", anchor="end")

    def below(self, text: str, x: int) -> Label:
        """Return the name of a tick under the plot."""
        anchor = "start" if x < SIDE // 50 else "end" if x > SIDE * 49 // 50 else "middle"
        return Label(text=text, x=x * 100 / SIDE, y=self.top + self.height + BELOW, kind="axis", anchor=anchor)

    def head(self, text: str) -> Label:
        """Return what stands above the plot, on the left."""
        return Label(text=text, x=0, y=self.top - 8, kind="head", anchor="start")

    def limit(self, text: str, *, x: int = 0, y: int = 0) -> Label:
        """Return the name of a limit: over a horizontal line, or on top of a vertical one."""
        if x:
            return Label(text=text, x=x * 100 / SIDE, y=self.top - 8, kind="limit")
        return Label(text=text, x=100, y=self.pixel(y) - 5, kind="limit", anchor="end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture, and the values that its description in words needs."""

    key: str
    """Which one it is: ``percentiles``, ``histogram``, ``timeline``."""
    height: int
    """Pixels."""
    panels: tuple[Panel, ...]
    labels: tuple[Label, ...]
    says: Mapping[str, str]


def level(heights: Iterable[int]) -> str:
    """Return lines from left to right."""
    return "".join(f"M0 {y}H{SIDE}" for y in heights)


def upright(places: Iterable[int]) -> str:
    """Return lines from top to bottom."""
    return "".join(f"M{x} 0V{SIDE}" for x in places)


def box(left: int, top: int, right: int, bottom: int = SIDE) -> str:
    """Return a rectangle; nothing for one without an area."""
    return f"M{left} {top}H{right}V{bottom}H{left}z" if right > left and bottom > top else ""


def line(points: Iterable[tuple[int, int]]) -> str:
    """Return a line through all points."""
    drawn = "L".join(f"{x} {y}" for x, y in points)
    return f"M{drawn}" if drawn else ""


def dots(points: Iterable[tuple[int, int]]) -> str:
    """Return dots: lines of no length, which round ends make visible at any stretch."""
    return "".join(f"M{x} {y}h0" for x, y in points)
