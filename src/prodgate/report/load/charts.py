"""The distribution of a load record as charts: latency over percentile, and how many requests took how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from math import ceil, exp, floor, log
from typing import Final

from .drawing import ABOVE, BELOW, Chart, Label, Panel, Words, box, dots, level, line, upright
from .scales import SIDE, Counts, Latencies, Percentiles, count_text, latency_text
from .series import WHOLE, Distribution

#: Percentiles that are marked on the curve.
MARKED: Final = (500, 950, 990)

#: Points of the percentile curve and bars of the histogram, at most; a screen shows no more.
_POINTS: Final = 160
_BARS: Final = 48

#: Pixels.
_HEIGHT: Final = 210

#: Room for the name of a latency under a plot.
_NAME: Final = 200

#: Where the latencies of a histogram end, and where the bar of what had no good answer begins and ends.
_ROOM: Final = 900
_APART: Final = (930, 980)


def percentile_chart(of: Distribution, limit: int | None, words: Words) -> Chart:
    """Draw latency over percentile; what had no good answer lies beyond the end of the curve."""
    axis, up = Percentiles(total=of.total), Latencies.around(_latencies(of, limit))
    end = axis.along(of.lost / of.total)
    ranked = ((mille, of.percentile(mille)) for mille in MARKED)
    marks = [(mille, axis.along(1 - mille / WHOLE), latency) for mille, latency in ranked if latency is not None]
    shapes = (
        ("grid", level(up.up(tick) for tick in up.ticks) + upright(x for _, x in axis.ticks)),
        ("lost", box(end, 0, SIDE)),
        ("limit", level([up.up(limit)]) if limit else ""),
        ("line", line((axis.along(1 - rank / of.total), up.up(latency)) for rank, latency in _curve(of, axis))),
        ("dot", dots((x, up.up(latency)) for _, x, latency in marks)),
    )
    panel = Panel(top=ABOVE, height=_HEIGHT, shapes=shapes)
    labels = [
        *(panel.beside(latency_text(tick), up.up(tick)) for tick in up.ticks),
        *(panel.below(name, x) for name, x in axis.ticks),
        *([panel.limit(words("load-limit", limit=latency_text(limit)), y=up.up(limit))] if limit else []),
        *(_mark_label(mille, x, panel.pixel(up.up(latency))) for mille, x, latency in marks),
        *([Label(text=words("load-lost"), x=100, y=ABOVE - 8, kind="bad", anchor="end")] if of.lost else []),
    ]
    says = {f"p{mille // 10}": latency_text(of.percentile(mille)) for mille in MARKED}
    return _make_chart("percentiles", panel, labels, says)


def _mark_label(mille: int, x: int, y: int) -> Label:
    """Return the name of a marked percentile: beyond the curve, which rises to the right."""
    at, below = x * 100 / SIDE, x < SIDE // 5
    text, anchor = f"p{mille // 10}", "start" if below else "end"
    return Label(text=text, x=at, y=y + (18 if below else -8), kind="mark", anchor=anchor)


def _latencies(of: Distribution, limit: int | None) -> list[int]:
    return [*(latency for latency, _ in of.counts), *([limit] if limit else [])]


def _curve(of: Distribution, axis: Percentiles) -> Iterator[tuple[int, int]]:
    """Yield (rank, latency) evenly over the axis, of equal latencies the first and the last."""
    above = (10 ** (-axis.nines * point / _POINTS) for point in range(_POINTS))
    ranks = sorted({*(max(1, ceil(of.total * (1 - each))) for each in above), of.answered, of.total})
    known = [(rank, found) for rank, found in zip(ranks, of.latencies_at(ranks), strict=True) if found is not None]
    for _, same in groupby(known, key=lambda each: each[1]):
        first, *rest = same
        yield first
        yield from rest[-1:]


def histogram_chart(of: Distribution, limit: int | None, words: Words) -> Chart:
    """Draw how many requests took how long, in bars of equal ratio, one edge of which is the limit."""
    axis = Latencies.around(_latencies(of, limit))
    bars = _bars(of, axis, limit or axis.low)
    tall = Counts(most=max(1, of.lost, *(count for *_, count in bars)))
    place = _along(axis, limit) if limit else SIDE
    shapes = (
        ("grid", level(tall.up(tick) for tick in (0, *tall.ticks))),
        ("bar", "".join(box(left, tall.up(count), right) for left, right, count in bars if right <= place)),
        ("over", "".join(box(left, tall.up(count), right) for left, right, count in bars if right > place)),
        ("lost", box(_APART[0], tall.up(of.lost), _APART[1])),
        ("limit", upright([place]) if limit else ""),
    )
    panel = Panel(top=ABOVE, height=_HEIGHT, shapes=shapes)
    labels = [
        *(panel.beside(count_text(tick), tall.up(tick)) for tick in tall.ticks),
        *(panel.below(latency_text(tick), x) for tick, x in _nameable_ticks(axis)),
        *([panel.limit(words("load-limit", limit=latency_text(limit)), x=place)] if limit else []),
        *([panel.below("×", sum(_APART) // 2)] if of.lost else []),
    ]
    says = {"n": f"{of.total:,}", "lost": f"{of.lost:,}"}
    return _make_chart("histogram", panel, labels, says)


def _along(axis: Latencies, tenths: float) -> int:
    return axis.along(tenths) * _ROOM // SIDE


def _nameable_ticks(axis: Latencies) -> list[tuple[int, int]]:
    """Return the ticks that have room for their names on a narrow page, and their places."""
    found: list[tuple[int, int]] = []
    for tick in axis.ticks:
        x = _along(axis, tick)
        if not found or found[-1][1] + _NAME <= x <= _ROOM - _NAME // 4:
            found.append((tick, x))
    return found


def _bars(of: Distribution, axis: Latencies, anchor: int) -> list[tuple[int, int, int]]:
    """Return (left, right, requests) of each bar, the anchor being the edge between two."""
    ratio = log(axis.high / axis.low) / _BARS
    first = floor(log(axis.low / anchor) / ratio) + 1
    counts: Counter[int] = Counter()
    for latency, count in of.counts:
        counts[max(first, ceil(log(max(1, latency) / anchor) / ratio - 1e-9))] += count
    edges = {n: _along(axis, min(axis.high, anchor * exp(ratio * n))) for each in counts for n in (each - 1, each)}
    return [(edges[number - 1], edges[number], count) for number, count in sorted(counts.items())]


def _make_chart(key: str, panel: Panel, labels: Iterable[Label], says: Mapping[str, str]) -> Chart:
    return Chart(key=key, height=ABOVE + panel.height + BELOW + 5, panels=(panel,), labels=tuple(labels), says=says)
