"""The calendar of a DAG's slots: one mark each, in lines of a week, day, hour or minute by the DAG's own clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from ...dags import cron
from ...dags.declared import DeclaredDag
from ...dags.slot_states import Row, SlotState
from ..load.drawing import Words
from ..text import shorten, visible
from .times import Clock, render_delay, time_of_day

#: The mark of each state, so that colour is never the only difference; every font has them.
MARKS: Final[Mapping[SlotState, str]] = {
    SlotState.ON_TIME: "✓",
    SlotState.LATE: "L",
    SlotState.RETRIED: "R",
    SlotState.FAILED: "×",
    SlotState.MISSED: "–",
    SlotState.STUCK: "!",
    SlotState.BACKFILL: "B",
    SlotState.MANUAL: "M",
    SlotState.UNKNOWN: "?",
    SlotState.RUNNING: "…",
    SlotState.PENDING: "·",
}

#: Most slots of a calendar, the latest: no browser opens a page with every minute of a month.
MOST_SLOTS: Final = 1500
#: Most columns with heads; longer lines wrap.
_MOST_COLUMNS: Final = 8
#: Most runs that are named for a slot, and most characters of a name or a reason.
_MOST_RUNS: Final = 3
_LONGEST: Final = 200

#: What a line of the calendar is, and the least time between slots for that. A clock change shortens a day.
_LINES: Final = (
    ("week", timedelta(hours=20)),
    ("day", timedelta(minutes=50)),
    ("hour", timedelta(minutes=1)),
    ("minute", timedelta(0)),
)
#: Days from Monday on, as the catalogue names them.
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Place of a slot in its line, and its number among those at the same clock reading.
_Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot."""

    state: SlotState
    says: str
    """When, what became of it, its runs and why; safe to stand in an attribute."""

    @property
    def mark(self) -> str:
        """What stands for the state."""
        return MARKS[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """All slots of a DAG, or the latest of them."""

    of: str
    """What a line is: week, day, hour or minute."""
    heads: tuple[str, ...]
    """Names of the columns; empty for lines that wrap."""
    lines: tuple[tuple[str, tuple[Cell | None, ...]], ...]
    """Head and slots of each line; None where it has no slot."""
    left_out: int
    """How many earlier slots are not shown."""


def arrange_calendar(dag: DeclaredDag, rows: Sequence[Row], clock: Clock, words: Words) -> Calendar:
    """Arrange what became of the slots of a DAG."""
    shown = rows[-MOST_SLOTS:]
    of = _choose_lines(dag, shown)
    lines: dict[str, dict[_Place, Cell]] = {}
    for row in shown:
        head, name = _locate(of, row.slot.astimezone(clock.zone))
        line = lines.setdefault(head, {})
        # an hour that the clock repeats has its slots twice
        when = clock.within(row.slot, dated=of == "week")
        line[name, sum(other == name for other, _ in line)] = Cell(row.state, _describe_slot(row, when, words))
    columns = sorted({place for line in lines.values() for place in line} | _fixed_places(of))
    return Calendar(
        of=of,
        heads=tuple(_heads(of, columns, words)) if len(columns) <= _MOST_COLUMNS else (),
        lines=tuple((head, tuple(map(line.get, columns))) for head, line in lines.items()),
        left_out=len(rows) - len(shown),
    )


def _choose_lines(dag: DeclaredDag, rows: Sequence[Row]) -> str:
    gaps = [later.slot - earlier.slot for earlier, later in pairwise(rows)]
    least = min(gaps) if gaps else cron.find_period(dag.schedule, rows[0].slot if rows else datetime.now(UTC))
    return next(of for of, from_ in _LINES if least >= from_)


def _locate(of: str, at: datetime) -> tuple[str, str]:
    """Return the line of a slot and its place there."""
    match of:
        case "week":
            return f"{at - timedelta(days=at.weekday()):%Y-%m-%d}", str(at.weekday())
        case "day":
            return f"{at:%Y-%m-%d}", time_of_day(at)
        case "hour":
            return f"{at:%Y-%m-%d %H}:00 {at:%Z}", f"{at:%M:%S}"
    return f"{at:%Y-%m-%d %H:%M} {at:%Z}", f"{at:%S}"


def _fixed_places(of: str) -> set[_Place]:
    """Return the places that every line has."""
    return {(str(number), 0) for number in range(len(DAYS))} if of == "week" else set()


def _heads(of: str, columns: Iterable[_Place], words: Words) -> Iterable[str]:
    for name, _ in columns:
        match of:
            case "week":
                yield words(f"dags-{DAYS[int(name)]}")
            case "day":
                yield name
            case _:
                yield f":{name.removesuffix(':00')}"


def _describe_slot(row: Row, when: str, words: Words) -> str:
    """Return everything known of a slot as one line."""
    parts = [f"{when}: {words(f'dags-state-{row.state}')}"]
    parts += [render_delay(row.delay)] if row.delay is not None else []
    parts += [
        shorten(visible(run_id), _LONGEST) for run_id in row.runs[:_MOST_RUNS] if run_id != usual_run_id(row.slot)
    ]
    parts += [shorten(visible(row.words), _LONGEST)] if row.words else []
    return ", ".join(parts)


def usual_run_id(slot: datetime) -> str:
    """Return the id that Airflow gives to the scheduled run of a slot, unless runs are named for the slot before."""
    return f"scheduled__{slot.astimezone(UTC).isoformat()}"
