"""Where principals and hops stand in the drawing: whoever is nearer to all rights stands further to the right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import dist
from typing import Final

#: Pixels of a box, from one box to the next, and of the margins.
_WIDTH: Final = 186
_HEIGHT: Final = 34
_DOWN: Final = 54
_RIGHT: Final = 270
_TOP: Final = 10
#: Pixels by which a line goes around the right side of boxes.
_AROUND: Final = 66
#: Where on a line its number may stand, the best first; and how far apart numbers are that don't touch.
_PARTS: Final = (0.4, 0.3, 0.5, 0.6, 0.2, 0.7, 0.8)
_APART: Final = 25.0
#: Columns at most; what is further away stands in the last.
_COLUMNS: Final = 4
#: Characters of a name in a box.
_LETTERS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class HopRow:
    """A hop as the page shows it."""

    number: int
    source: str
    source_arn: str
    target: str
    """Nothing for all rights there are."""
    target_arn: str
    how: str
    by: tuple[str, ...]
    reasons: tuple[str, ...]
    """Why it is not certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A principal, or all rights there are."""

    arn: str
    """Nothing for all rights."""
    name: str
    """As much of it as there is room for."""
    state: str
    """``administrator``; else whether the principal reaches it: ``yes``, ``undetermined``, ``no``."""
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A hop, with its number in the table."""

    number: int
    path: str
    x: int
    y: int
    kind: str
    """``leads`` for one that leads to all rights, ``unsure`` for one that may be none, else ``sure``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Boxes and lines in a rectangle, whose width and height are pixels."""

    width: int
    height: int
    box_width: int = _WIDTH
    box_height: int = _HEIGHT
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(rows: Sequence[HopRow], states: Mapping[str, str]) -> Drawing:
    """Return a drawing of hops; ``states`` says of each principal, by its ARN, whether it reaches all rights."""
    names = {row.source_arn: row.source for row in rows} | {row.target_arn: row.target for row in rows}
    ranks = _rank(rows)
    columns = defaultdict[int, list[str]](list)
    for arn in sorted(names, key=lambda one: (bool(one), names[one])):
        columns[ranks[arn]].append(arn)
    last = max(columns)
    boxes = {
        arn: Box(
            arn=arn,
            name=_shorten(names[arn]),
            state=states.get(arn, "no") if arn else "administrator",
            x=(last - rank) * _RIGHT,
            y=_TOP + number * _DOWN,
        )
        for rank, arns in columns.items()
        for number, arn in enumerate(arns)
    }
    return Drawing(
        width=last * _RIGHT + _WIDTH + _AROUND,
        height=_TOP + max(len(each) for each in columns.values()) * _DOWN,
        boxes=tuple(boxes.values()),
        lines=tuple(_connect_all(rows, boxes)),
    )


def _rank(rows: Sequence[HopRow]) -> dict[str, int]:
    """Return how many hops each end is from all rights, or from where nothing leads on; at most to the last column."""
    targets = defaultdict[str, set[str]](set)
    for row in rows:
        targets[row.source_arn].add(row.target_arn)
    ends = {row.target_arn for row in rows} - set(targets) | ({""} & {row.target_arn for row in rows})
    ranks = dict.fromkeys(ends, 0)
    for rank in range(1, _COLUMNS):
        near = [one for one in targets if one not in ranks and targets[one] & set(ranks)]
        ranks |= dict.fromkeys(near, rank)
    return {**dict.fromkeys(targets, _COLUMNS - 1), **ranks}


def _connect_all(rows: Sequence[HopRow], boxes: Mapping[str, Box]) -> Iterator[Line]:
    taken: list[tuple[int, int]] = []
    for row in rows:
        line = _connect(row, boxes[row.source_arn], boxes[row.target_arn], taken)
        taken.append((line.x, line.y))
        yield line


def _connect(row: HopRow, source: Box, target: Box, taken: Sequence[tuple[int, int]]) -> Line:
    """Return the line of a hop, with its number where none of others is, if there is such a place."""
    middle = _HEIGHT // 2
    begin, end = (source.x + _WIDTH, source.y + middle), (target.x, target.y + middle)
    bend = (begin[0] + end[0]) // 2
    if source.x >= target.x:  # beside or before it: around the right side of both
        end = (target.x + _WIDTH, target.y + middle)
        bend = max(begin[0], end[0]) + _AROUND
    kind = "unsure" if row.reasons else "leads" if target.state in ("administrator", "yes") else "sure"
    places = [_find_place(begin, end, bend, part) for part in _PARTS]
    x, y = max(places, key=lambda one: min((_APART, *(dist(one, each) for each in taken))))
    return Line(
        number=row.number,
        path=f"M{begin[0]} {begin[1]}C{bend} {begin[1]} {bend} {end[1]} {end[0]} {end[1]}",
        x=x,
        y=y,
        kind=kind,
    )


def _find_place(begin: tuple[int, int], end: tuple[int, int], bend: int, part: float) -> tuple[int, int]:
    """Return where a part of the way along a curve is."""
    rest = 1 - part
    near, far = rest**3 + 3 * rest**2 * part, part**3 + 3 * rest * part**2
    x = rest**3 * begin[0] + 3 * rest * part * bend + part**3 * end[0]
    return round(x), round(near * begin[1] + far * end[1])


def _shorten(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS // 2]}…{name[-_LETTERS // 2 + 1 :]}"
