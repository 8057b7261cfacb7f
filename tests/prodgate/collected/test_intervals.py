"""Data that are keyed by the start of their interval, as a timetable of data intervals makes it easy to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from prodgate.dags.cron import find_slot_before, list_slots
from prodgate.dags.declared import Schedule
from prodgate.dags.ledger import build_ledger
from prodgate.facts.dags.collected import CollectedSlots, collected_facts
from prodgate.sections.data import data_mistakes, parse_data_section
from tests.prodgate.dags.histories import DAG, MINUTE, NOW, SLOTS, history

TABLE = {
    "table": "t",
    "database": "env:X",
    "source": "s",
    "slot": "slot",
    "written": "w",
    "rows": "r",
    "sources": ["wire"],
}


def flaws(rows: Iterable[tuple[datetime, datetime]], **stated: Any) -> tuple[str, ...]:
    """What is wrong with data, each of a stated slot and written at a time."""
    record, section = history(), parse_data_section(TABLE | stated)
    kept = [["wire", slot.isoformat(), written.isoformat(), 3] for slot, written in rows]
    evidence = {"where": "t", "read": NOW.isoformat(), "rows": kept}
    facts = collected_facts(evidence, DAG, section, build_ledger(DAG, record), record)
    return next(fact.flaws for fact in facts if isinstance(fact, CollectedSlots))


STARTS = [find_slot_before(DAG.schedule, slot) for slot in SLOTS]


def test_data_of_intervals_belong_to_the_run_at_their_end() -> None:
    rows = [(start, slot + 5 * MINUTE) for start, slot in zip(STARTS, SLOTS, strict=True)]
    assert flaws(rows, slot_is="start") == ()
    assert len(flaws(rows)) > 0
    at_ends = [(slot, slot + 5 * MINUTE) for slot in SLOTS]
    assert flaws(at_ends) == flaws(at_ends, slot_is="end") == ()


def test_what_is_missing_is_told_by_the_slot_of_its_run() -> None:
    rows = [(start, slot + MINUTE) for start, slot in zip(STARTS, SLOTS, strict=True) if slot != SLOTS[7]]
    assert flaws(rows, slot_is="start")[0].startswith(f"{SLOTS[7]:%Y-%m-%dT%H:%M:%SZ} wire: left nothing")


def test_what_is_no_start_of_an_interval_stays_what_it_is() -> None:
    rows = [(start, slot + MINUTE) for start, slot in zip(STARTS, SLOTS, strict=True)]
    odd = SLOTS[3] + MINUTE
    assert flaws([*rows, (odd, odd)], slot_is="start") == (f"{odd:%Y-%m-%dT%H:%M:%SZ} wire: no run collected it",)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Europe/Berlin"])
def test_the_slot_before_is_the_last_one_earlier_where_clocks_change_too(zone: str) -> None:
    schedule = Schedule(cron="30 */2 * * *", timezone=zone)
    slots = list_slots(
        schedule, datetime.fromisoformat("2026-03-07T00:00Z"), datetime.fromisoformat("2026-03-30T00:00Z")
    )
    assert [find_slot_before(schedule, slot) for slot in slots[1:]] == slots[:-1]
    assert find_slot_before(schedule, slots[5] + MINUTE) == slots[5]


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({**TABLE, "slot_is": "begin"}, "slot_is: is 'begin'; write 'start'"),
        (
            {"prefix": "s3://bucket/raw/{source}/", "sources": ["wire"], "slot_is": "start"},
            "keys of this prefix state no slot",
        ),
    ],
)
def test_what_a_slot_is_must_make_sense(stated: Any, said: str) -> None:
    (told,) = data_mistakes("dags.x.data", stated)
    assert said in told
    assert not list(data_mistakes("dags.x.data", {**TABLE, "slot_is": "start"}))
