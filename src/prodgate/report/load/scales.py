"""Axes of load charts: logarithmic for latencies, equal room for each further nine, from zero for counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, takewhile
from math import log10
from typing import Final

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
    def around(cls, values: Iterable[int]) -> Latencies:
        """Return the axis that holds all values, with room above them."""
        known = [max(1, value) for value in values] or [100]
        low = max(takewhile(lambda step: step <= min(known), steps()))
        high = next(each for each in steps() if each >= max(known) * 1.1)
        return cls(low=low, high=high)

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
