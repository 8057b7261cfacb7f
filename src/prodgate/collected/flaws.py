"""Compares data with slots: every slot has data of every source, and no data lacks a run that collected it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from ..airflow.records import Run
from ..aws.answers import Unreadable
from ..dags.declared import DeclaredDag
from ..dags.ledger import Ledger
from ..sections.data import DataSection
from .records import Collected

#: How far the writer's clock may be ahead of ours.
AHEAD: Final = timedelta(minutes=1)


def find_data_flaws(
    ledger: Ledger, runs: Iterable[Run], found: Iterable[Collected], section: DataSection, read: datetime
) -> tuple[str, ...]:
    """Return what is wrong with the data of the slots of a ledger, in words, the oldest first.

    ``runs`` are those of Airflow's history, other DAGs' too; ``read`` is when the data was read.
    """
    own = [run for run in runs if run.dag_id == ledger.dag_id]
    records = [one for one in found if one.source is None or one.source in section.sources]
    return (
        *find_impossible_values(records, read),
        *_find_incomplete_slots(ledger, own, records, section),
        *_find_uncollected(ledger, own, records),
    )


def explain_stale(dag: DeclaredDag, ledger: Ledger, source: str, found: Iterable[Collected], read: datetime) -> str:
    """Return why the newest data of a source is too old, "" if it is not.

    It must be no older than the last slot whose grace is over. Raises Unreadable when no slot was due.
    """
    last_due, newest = find_last_due(dag, ledger, read), find_newest(source, found, read)
    if last_due is None:
        raise Unreadable(f"{dag.dag_id}: no slot since {_format_instant(ledger.since)} was due when the data was read")
    if newest is not None and newest >= last_due:
        return ""
    last = (
        f"wrote last at {_format_instant(newest)}" if newest else f"left nothing since {_format_instant(ledger.since)}"
    )
    return f"{last}, and the slot of {_format_instant(last_due)} was due by {_format_instant(last_due + dag.grace)}"


def find_last_due(dag: DeclaredDag, ledger: Ledger, read: datetime) -> datetime | None:
    """Return the last slot whose grace was over when the data was read; None if there was none."""
    return max((row.slot for row in ledger.rows if row.slot + dag.grace <= read), default=None)


def find_newest(source: str, found: Iterable[Collected], read: datetime) -> datetime | None:
    """Return when a source wrote last; times in the future are ignored."""
    times = (one.written for one in found if one.source == source and one.written)
    return max((time for time in times if time <= read + AHEAD), default=None)


def list_successful_slots(ledger: Ledger, runs: Iterable[Run]) -> tuple[datetime, ...]:
    """Return the slots of a ledger for which a run of any kind succeeded."""
    succeeded = {run.slot for run in runs if run.dag_id == ledger.dag_id and run.state == "success"}
    return tuple(row.slot for row in ledger.rows if row.slot in succeeded)


def find_impossible_values(records: Sequence[Collected], read: datetime) -> Iterator[str]:
    """Yield impossible values: missing ones, times in the future, duplicates."""
    for one in records:
        for name in ("source", "slot", "written", "rows"):
            if getattr(one, name) is None:
                yield f"{_describe(one)}: {name} is NULL or unreadable"
        if one.slot and one.slot > read + AHEAD:
            yield f"{_describe(one)}: the slot lies in the future, read at {_format_instant(read)}"
        if one.written and one.written > read + AHEAD:
            yield (
                f"{_describe(one)}: was written at {_format_instant(one.written)}, in the future, "
                f"read at {_format_instant(read)}"
            )
        if one.slot and one.written and one.written < one.slot - AHEAD:
            yield f"{_describe(one)}: was written at {_format_instant(one.written)}, before its slot"
        if one.rows is not None and one.rows < 0:
            yield f"{_describe(one)}: has {one.rows} rows"
    for (source, slot), times in Counter((one.source, one.slot) for one in records).items():
        if source and slot and times > 1:
            yield f"{_format_instant(slot)} {source}: is there {times} times"


def _find_incomplete_slots(
    ledger: Ledger, runs: Sequence[Run], records: Sequence[Collected], section: DataSection
) -> Iterator[str]:
    """Yield the slots with a successful run and too little data."""
    by_slot: dict[datetime | None, list[Collected]] = {}
    for one in records:
        by_slot.setdefault(one.slot, []).append(one)
    for slot in list_successful_slots(ledger, runs):
        there = by_slot.get(slot, [])
        for source in section.sources:
            if all(one.source != source for one in there):
                yield f"{_format_instant(slot)} {source}: left nothing, not even that there was nothing new"
        total = sum(one.rows or 0 for one in there if one.source)
        if total < section.least:
            least = f"at least {section.least} are asked for"
            yield f"{_format_instant(slot)}: all sources together have {total} rows, {least}"


def _find_uncollected(ledger: Ledger, runs: Sequence[Run], records: Iterable[Collected]) -> Iterator[str]:
    """Yield data of slots for which there is no run. What is newer than the history is not judged."""
    known = {run.slot for run in runs}
    for one in records:
        if one.slot and ledger.since <= one.slot <= ledger.until and one.slot not in known:
            yield f"{_describe(one)}: no run collected it"


def _describe(one: Collected) -> str:
    return f"{_format_instant(one.slot) if one.slot else 'no slot'} {one.source or 'no source'}"


def _format_instant(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
