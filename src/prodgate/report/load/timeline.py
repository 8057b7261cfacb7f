"""A load run over time: p95, requests and failures, one above the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from .drawing import ABOVE, BELOW, Chart, Label, Panel, Words, box, level
from .scales import SIDE, Counts, Latencies, count_text, latency_text, steps
from .series import Column

#: Heights of the plots from top to bottom, and of the room between two, in pixels.
_HEIGHTS: Final = (130, 64, 44)
_BETWEEN: Final = 32

#: Seconds named under the plots, at most.
_MOST_NAMES: Final = 5


def timeline_chart(
    columns: Sequence[Column], limit: int | None, deploys: Sequence[tuple[float, float]], words: Words
) -> Chart:
    """Draw the columns of a run, of which there is at least one; of each deploy, the seconds that it took."""
    edges = list(pairwise(round(SIDE * number / len(columns)) for number in range(len(columns) + 1)))
    drawn = [
        _latencies(columns, edges, limit, words),
        _requests(columns, edges, words),
        _failures(columns, edges, words),
    ]
    last, length = drawn[-1][0], columns[-1].last + 1
    bands = [box(left, 0, right) for left, right in _bands(deploys, length)]
    panels = [replace(drawn[0][0], shapes=(("deploy", "".join(bands)), *drawn[0][0].shapes)), drawn[1][0], last]
    labels = [label for _, found in drawn for label in found]
    labels += [Label(text=words("load-deploy"), x=100, y=ABOVE - 8, kind="head", anchor="end")] if any(bands) else []
    step = next(each for each in steps() if length / each <= _MOST_NAMES)
    labels += [last.below(f"{second} s", round(SIDE * second / length)) for second in range(0, length + 1, step)]
    says = {
        "seconds": str(length),
        "worst": latency_text(max((column.p95 for column in columns if column.p95 is not None), default=None)),
        "failed": f"{sum(column.failed for column in columns):,}",
    }
    height = last.top + last.height + BELOW + 5
    return Chart(key="timeline", height=height, panels=tuple(panels), labels=tuple(labels), says=says)


def _bands(deploys: Iterable[tuple[float, float]], length: int) -> Iterator[tuple[int, int]]:
    """Yield where a deploy begins and ends in the plot; the shortest is still to be seen."""
    for begin, end in deploys:
        left, right = (round(SIDE * min(max(0.0, each / length), 1.0)) for each in (begin, end))
        yield min(left, SIDE - 4), max(right, min(left, SIDE - 4) + 4)


def _top(number: int) -> int:
    """Return where the n-th plot begins."""
    return ABOVE + sum(height + _BETWEEN for height in _HEIGHTS[:number])


def _latencies(
    columns: Sequence[Column], edges: Sequence[tuple[int, int]], limit: int | None, words: Words
) -> tuple[Panel, list[Label]]:
    known = [column.p95 for column in columns if column.p95 is not None]
    axis = Latencies.around([*known, *([limit] if limit else [])])
    silent = [column.p95 is None and column.requests + column.not_sent > 0 for column in columns]
    shapes = (
        ("grid", level(axis.up(tick) for tick in axis.ticks)),
        ("lost", "".join(box(left, 0, right) for (left, right), each in zip(edges, silent, strict=True) if each)),
        ("limit", level([axis.up(limit)]) if limit else ""),
        ("line", _stairs([None if each.p95 is None else axis.up(each.p95) for each in columns], edges)),
    )
    panel = Panel(top=_top(0), height=_HEIGHTS[0], shapes=shapes)
    labels = [panel.head("p95"), *(panel.beside(latency_text(tick), axis.up(tick)) for tick in axis.ticks)]
    if limit:
        labels.append(panel.limit(words("load-limit", limit=latency_text(limit)), y=axis.up(limit)))
    return panel, labels


def _stairs(heights: Iterable[int | None], edges: Iterable[tuple[int, int]]) -> str:
    """Return a level line for each column, joined to the next where there is one."""
    drawn, open_ = "", False
    for height, (left, right) in zip(heights, edges, strict=True):
        if height is not None:
            drawn += f"V{height}H{right}" if open_ else f"M{left} {height}H{right}"
        open_ = height is not None
    return drawn


def _requests(columns: Sequence[Column], edges: Sequence[tuple[int, int]], words: Words) -> tuple[Panel, list[Label]]:
    tall = Counts(most=max(1, *(column.requests + column.not_sent for column in columns)))
    asked = [tall.up(column.requests) for column in columns]
    due = [tall.up(column.requests + column.not_sent) for column in columns]
    stairs = "".join(f"V{y}H{right}" for y, (_, right) in zip(asked, edges, strict=True))
    shapes = (
        ("grid", level([0, SIDE])),
        ("bar", f"M0 {SIDE}{stairs}V{SIDE}z"),
        ("lost", "".join(box(x, top, right, y) for top, y, (x, right) in zip(due, asked, edges, strict=True))),
    )
    panel = Panel(top=_top(1), height=_HEIGHTS[1], shapes=shapes)
    key = "load-requests-and-not-sent" if any(column.not_sent for column in columns) else "load-requests"
    return panel, [panel.head(words(key)), panel.beside(count_text(tall.most), 0), panel.beside("0", SIDE)]


def _failures(columns: Sequence[Column], edges: Sequence[tuple[int, int]], words: Words) -> tuple[Panel, list[Label]]:
    tall = Counts(most=max(1, *(column.failed for column in columns)))
    bars = (box(x, tall.up(each.failed), right) for each, (x, right) in zip(columns, edges, strict=True))
    panel = Panel(top=_top(2), height=_HEIGHTS[2], shapes=(("grid", level([0, SIDE])), ("over", "".join(bars))))
    return panel, [panel.head(words("load-failed")), panel.beside(count_text(tall.most), 0), panel.beside("0", SIDE)]
