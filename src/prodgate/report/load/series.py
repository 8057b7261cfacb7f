"""A load record as distributions and columns: exact counts by tenths of a millisecond, nothing estimated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import ceil
from typing import Any, Final

from ...statistics import nearest_rank

#: Columns that a timeline has at most; a longer run has several seconds in each.
MOST_COLUMNS: Final = 120

#: What a percentile is counted in: 950 of 1,000 is the p95, and no float decides which request that is.
WHOLE: Final = 1000
P95: Final = 950


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How long requests took, and how many had no good answer: those count as slower than all others."""

    counts: tuple[tuple[int, int], ...]
    """(tenths of a millisecond, requests), ascending."""
    lost: int = 0
    """Requests that failed or were never sent."""

    @property
    def answered(self) -> int:
        """Requests with a good answer."""
        return sum(count for _, count in self.counts)

    @property
    def total(self) -> int:
        """All requests that should have been answered."""
        return self.answered + self.lost

    def percentile(self, mille: int) -> int | None:
        """Return the nearest rank in tenths of a millisecond; None where that request had no good answer."""
        return nearest_rank(dict(self.counts), mille, beyond=self.lost)

    def latencies_at(self, ranks: Iterable[int]) -> list[int | None]:
        """Return what the n-th fastest took, for ascending ranks from 1."""
        ends = list(accumulate(count for _, count in self.counts))
        found: list[int | None] = []
        at = 0
        for rank in ranks:
            while at < len(ends) and ends[at] < rank:
                at += 1
            found.append(self.counts[at][0] if at < len(ends) and rank > 0 else None)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Some seconds of a run, the last one included."""

    first: int
    last: int
    requests: int
    failed: int
    not_sent: int
    """Arrivals whose turn came in these seconds and that were not sent."""
    p95: int | None
    """Tenths of a millisecond; None where more than a twentieth had no good answer, or nothing was asked."""


def distribution(seconds: Iterable[Mapping[str, Any]], *, not_sent: int = 0) -> Distribution:
    """Return all seconds and requests of a record together."""
    counts: Counter[int] = Counter()
    lost = not_sent
    for entry in seconds:
        counts.update({int(latency): int(count) for latency, count in entry.get("latency", {}).items()})
        lost += _count_failed(entry)
    return Distribution(counts=tuple(sorted(counts.items())), lost=lost)


def columns(seconds: Iterable[Mapping[str, Any]], duration: float, *, most: int = MOST_COLUMNS) -> list[Column]:
    """Return the run from its first second to its last; seconds without any request are there too."""
    entries = list(seconds)
    length = max(ceil(duration), *(int(entry["second"]) + 1 for entry in entries), 1)
    wide = -(-length // most)
    by_column: dict[int, list[Mapping[str, Any]]] = {}
    for entry in entries:
        by_column.setdefault(int(entry["second"]) // wide, []).append(entry)
    return [
        _column(by_column.get(number, []), number * wide, min(length, (number + 1) * wide) - 1)
        for number in range(-(-length // wide))
    ]


def _column(entries: list[Mapping[str, Any]], first: int, last: int) -> Column:
    not_sent = sum(int(entry.get("not_sent", 0)) for entry in entries)
    whole = distribution(entries, not_sent=not_sent)
    return Column(
        first=first,
        last=last,
        requests=whole.total - not_sent,
        failed=whole.lost - not_sent,
        not_sent=not_sent,
        p95=whole.percentile(P95),
    )


def _count_failed(entry: Mapping[str, Any]) -> int:
    return sum(int(count) for count in entry.get("failed", {}).values())
