"""An account of every slot of a schedule, in which a run that never came shows like one that failed.

Airflow knows only the runs that it made. A scheduler that stood still for half a day leaves no trace there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ..airflow.records import History, Run
from . import cron
from .declared import DeclaredDag
from .slot_states import Row, SlotState, judge_slot
from .traces import Trace, collect_traces

__all__ = ["Ledger", "Row", "SlotState", "Unaccounted", "build_ledger", "window"]


_NO_RECORD: Final = "Airflow has no run of this DAG from so long ago: it is new, or its record was cleaned"


class Unaccounted(Exception):
    """Slots or runs do not match the rows of the ledger, which is a bug in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Every slot of a DAG from ``since`` to ``until``, both included."""

    dag_id: str
    since: datetime
    until: datetime
    rows: tuple[Row, ...]
    """One row for each slot, in order."""
    extra: tuple[Run, ...]
    """Scheduled runs for none of these slots: Airflow has another schedule, or another time zone."""

    @property
    def counts(self) -> Mapping[SlotState, int]:
        """The number of slots in each state, including states without any."""
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in SlotState}


def build_ledger(dag: DeclaredDag, history: History) -> Ledger:
    """Account for the slots of a DAG in its window, or since the history begins where that is later.

    Raises Unaccounted when a slot or a scheduled run is in no row, or in two.
    """
    since, until = window(dag, history)
    end = until + cron.INSTANT
    slots = cron.list_slots(dag.schedule, since, end)
    expected = frozenset(slots)
    found: Mapping[datetime, list[Trace]] = defaultdict(list)
    extra = []
    for trace in collect_traces(dag, history):
        slot = trace.run.slot
        if slot in expected:
            found[slot].append(trace)
        elif trace.run.kind == "scheduled" and (slot is None or since <= slot <= until):
            extra.append(trace.run)
    # where clocks change, one timetable has slots that the other leaves out: whether a run came tells which it is
    unmade = cron.find_doubtful_slots(dag.schedule, since, end) - found.keys()
    slots = [slot for slot in slots if slot not in unmade]
    rows = [judge_slot(slot, found[slot], dag, history.now) for slot in slots]
    known = tuple(_leave_open(rows, dag, history))
    made = Ledger(dag_id=dag.dag_id, since=since, until=until, rows=known, extra=tuple(extra))
    _check_conservation(made, slots, history)
    return made


def window(dag: DeclaredDag, history: History) -> tuple[datetime, datetime]:
    """Return from when to when the slots of a DAG are accounted for."""
    begin = max(history.now - dag.window, history.since)
    return min(max(begin, dag.since or begin), history.now), history.now


def _leave_open(rows: Sequence[Row], dag: DeclaredDag, history: History) -> Iterator[Row]:
    """Leave open what became of slots before the first run of a DAG, unless it is stated since when it is there."""
    missed = [row for row in rows if row.state is SlotState.MISSED and not row.runs]
    first = history.oldest.get(dag.dag_id, history.now) if missed and dag.since is None else None
    for row in rows:
        if first is not None and row in missed and row.slot < first:
            yield replace(row, state=SlotState.UNKNOWN, words=_NO_RECORD)
        else:
            yield row


def _check_conservation(made: Ledger, slots: Sequence[datetime], history: History) -> None:
    """Raise unless every slot has exactly one row, and every scheduled run in the window is in exactly one."""
    if [row.slot for row in made.rows] != slots or sum(made.counts.values()) != len(slots):
        raise Unaccounted(f"{made.dag_id}: {len(slots)} slots, but rows of {len(made.rows)}; this is a bug, report it")
    counted = Counter(run_id for row in made.rows for run_id in row.runs) + Counter(run.run_id for run in made.extra)
    came = Counter(
        run.run_id
        for run in history.runs
        if run.dag_id == made.dag_id and run.kind == "scheduled" and _is_within(run, made)
    )
    if any(counted[run_id] != times for run_id, times in came.items()):
        raise Unaccounted(f"{made.dag_id}: runs of the schedule that no row tells of, or two; this is a bug, report it")


def _is_within(run: Run, made: Ledger) -> bool:
    return run.slot is None or made.since <= run.slot <= made.until
