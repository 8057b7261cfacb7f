"""Permissions in the report: who can become whom, drawn with whoever is nearer to all rights further to the right."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import dist
from typing import Any, Final

from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..iam.account import describe_world
from ..layers.goals import OVERVIEW

# ── Places in the drawing

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
    rest = 1 - part
    near, far = rest**3 + 3 * rest**2 * part, part**3 + 3 * rest * part**2
    x = rest**3 * begin[0] + 3 * rest * part * bend + part**3 * end[0]
    return round(x), round(near * begin[1] + far * end[1])


def _shorten(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS // 2]}…{name[-_LETTERS // 2 + 1 :]}"


# ── Rows of hops

#: Rows of the table at most; the drawing shows the first of them.
MOST_ROWS: Final = 60
_DRAWN: Final = 24
#: Accounts of a run over several that are shown.
_MOST_CHANGES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """The report on what principals of one account can become."""

    layer: str = ""
    cell: str = ""
    problem: str = ""
    """Why the evidence can't be read; then there is nothing else."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many principals reach administrator: ``yes``, ``undetermined``, ``no``."""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of those that do, and may."""
    world: str = ""
    """By what it is proven of those that do not."""
    rows: tuple[HopRow, ...] = ()
    more: int = 0
    """Hops that are not among the rows."""
    drawing: Drawing | None = None


def permission_parts(run: Run) -> tuple[Permissions, ...]:
    """Return a part for each account that goals were proven of: as it was live, or else as it was declared."""
    events = run.facts_of("live", OVERVIEW) or run.facts_of("static", OVERVIEW)
    latest = {str(event.get("cell", "")): event for event in events}  # what was judged again stands after what was
    return tuple(_read(run, event) for event in list(latest.values())[:_MOST_CHANGES])


def _read(run: Run, event: Mapping[str, Any]) -> Permissions:
    layer, cell, digest = (str(event.get(key, "")) for key in ("layer", "cell", "digest"))
    try:
        stored = load_json(run.path, digest)
        made = _make(stored["principals"], stored["hops"], int(stored["left_out"]))
        return replace(made, layer=layer, cell=cell, world=describe_world(stored["world"]) if "world" in stored else "")
    except (*UNREADABLE, KeyError, TypeError, ValueError) as error:
        return Permissions(layer=layer, cell=cell, problem=describe_flaw(error))


def _make(principals: Sequence[Mapping[str, Any]], hops: Sequence[Mapping[str, Any]], left_out: int) -> Permissions:
    names = {str(one["arn"]): str(one["name"]) for one in principals}
    states = {str(one["arn"]): str(one["administrator"]) for one in principals}
    rows = tuple(_make_row(number, hop, names) for number, hop in enumerate(hops[:MOST_ROWS], start=1))
    return Permissions(
        counts=Counter(states.values()),
        names={
            state: tuple(name for arn, name in names.items() if states[arn] == state)[:MOST_ROWS]
            for state in ("yes", "undetermined")
        },
        rows=rows,
        more=max(0, len(hops) - MOST_ROWS) + left_out,
        drawing=draw(rows[:_DRAWN], states) if rows else None,
    )


def _make_row(number: int, hop: Mapping[str, Any], names: Mapping[str, str]) -> HopRow:
    source, target = str(hop["from"]), str(hop["to"])
    return HopRow(
        number=number,
        source=names.get(source, source),
        source_arn=source,
        target=names.get(target, target),
        target_arn=target,
        how=str(hop["how"]),
        by=tuple(map(str, hop["by"])),
        reasons=tuple(map(str, hop["reasons"])),
    )
