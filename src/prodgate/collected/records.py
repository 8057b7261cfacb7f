"""The data of each source and slot as it was read, from tables and buckets alike, and what is wrong with it.

Every slot has data of every source, and no data lacks a run that collected it. Data that state the start of their
interval, as Airflow's logical date does where its timetable has data intervals, are moved to its end.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from ..airflow.records import Run
from ..aws.answers import Unreadable
from ..dags.cron import INSTANT, find_next_slot, find_slot_before, list_slots
from ..dags.declared import DeclaredDag
from ..dags.ledger import Ledger, SlotState
from ..sections.dags import DataSection


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The data of one source for one slot. None stands for NULL, and for a value of the wrong type."""

    source: str | None
    slot: datetime | None
    written: datetime | None
    rows: int | None


def parse_collected(
    evidence: Mapping[str, Any], slots: Iterable[datetime], due: Iterable[datetime] = ()
) -> tuple[Collected, ...]:
    """Return the records that evidence holds. Raises Unreadable with the reason why it holds none.

    Objects belong to the slot that their key names: of those that are ``due``, the one within the day or the hour that
    is all it names. Where keys name none, they belong to the last of ``slots`` before they were written, and older ones
    are left out.
    """
    if reason := evidence.get("unreadable"):
        raise Unreadable(reason)
    if "objects" in evidence:
        return tuple(_parse_objects(evidence["objects"], sorted(slots), sorted(due)))
    return tuple(
        Collected(
            source=source,
            slot=parse_instant(slot),
            written=parse_instant(written),
            rows=rows if type(rows) is int else None,
        )
        for source, slot, written, rows in evidence["rows"]
    )


def parse_instant(value: Any) -> datetime | None:
    """Return the instant that a value states, in UTC, None if it states none. A missing zone means UTC."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _parse_objects(
    objects: Mapping[str, Sequence[Sequence[Any]]], slots: Sequence[datetime], due: Sequence[datetime]
) -> Iterator[Collected]:
    """Yield one record for each source and slot, from when each object was written, its size and the slot it names."""
    for source, listed in objects.items():
        found: dict[datetime | None, list[tuple[datetime, int]]] = {}
        for text, size, *named in listed:
            written = datetime.fromisoformat(text)
            if named:
                found.setdefault(_find_named(written, due, *named), []).append((written, size))
            elif place := bisect_right(slots, written):
                found.setdefault(slots[place - 1], []).append((written, size))
        for slot, there in sorted(found.items(), key=lambda each: (each[0] is not None, each[0] or 0)):
            newest, filled = max(written for written, _ in there), sum(size > 0 for _, size in there)
            yield Collected(source=source, slot=slot, written=newest, rows=filled)


def _find_named(written: datetime, due: Sequence[datetime], begin: str, end: str = "") -> datetime | None:
    """Return the slot that a key names; of several that it may mean, the last one before the object was written."""
    first, after = parse_instant(begin), parse_instant(end)
    if first is None or after is None:
        return first
    within = due[bisect_left(due, first) : bisect_left(due, after)]
    before = bisect_right(within, written)
    return within[before - 1] if before else first


def find_intervals(dag: DeclaredDag, ledger: Ledger) -> Mapping[datetime, datetime]:
    """Return the end of each interval by its start, for the slots of a ledger and those beside them."""
    begin, end = find_slot_before(dag.schedule, ledger.since), find_next_slot(dag.schedule, ledger.until)
    return dict(pairwise(list_slots(dag.schedule, begin, end + INSTANT)))


def move_to_ends(found: Iterable[Collected], dag: DeclaredDag, ledger: Ledger) -> tuple[Collected, ...]:
    """Return records with the slots of their runs in place of the starts of their intervals.

    An interval ends where the next one starts. Values that are no slot of the schedule stay unchanged.
    """
    ends = find_intervals(dag, ledger)
    return tuple(replace(one, slot=ends.get(one.slot, one.slot)) if one.slot else one for one in found)


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
    """Return the last sound slot whose grace was over when the data was read; None if there was none."""
    sound = (row.slot for row in ledger.rows if row.state is not SlotState.SPOILED)
    return max((slot for slot in sound if slot + dag.grace <= read), default=None)


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
    """Yield data of slots without a run. Data newer than the history, by slot or by when written, are not judged."""
    known = {run.slot for run in runs}
    for one in records:
        newer = one.written is not None and one.written > ledger.until
        if one.slot and ledger.since <= one.slot <= ledger.until and one.slot not in known and not newer:
            yield f"{_describe(one)}: no run collected it"


def _describe(one: Collected) -> str:
    return f"{_format_instant(one.slot) if one.slot else 'no slot'} {one.source or 'no source'}"


def _format_instant(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
