"""Data beside slots: a slot without data, data without a run, times that can't be, a source that went silent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.airflow.records import History
from prodgate.aws.answers import Unread
from prodgate.collected.flaws import find_data_flaws
from prodgate.collected.records import parse_collected
from prodgate.dags.ledger import build_ledger
from prodgate.facts import Fact
from prodgate.facts.dags.collected import CollectedSlots, CollectedSource, collected_facts
from prodgate.findings import Undetermined
from prodgate.sections.data import DataSection, SlotTable
from tests.prodgate.dags.histories import DAG, HOUR, MINUTE, NOW, SLOTS, history, run_of

PLACE = SlotTable(database="env:DB", table="slots", source="source", slot="slot", written="written", rows="rows")
SECTION = DataSection(sources=("wire", "league"), least=1, place=PLACE)
READ = NOW + MINUTE
Row = list[Any]


def row(source: str | None, slot: datetime | None, rows: int | None = 3, after: timedelta = 5 * MINUTE) -> Row:
    return [source, slot and slot.isoformat(), slot and (slot + after).isoformat(), rows]


def whole() -> list[Row]:
    """What every slot of a month leaves when all is well."""
    return [row(source, slot) for slot in SLOTS for source in SECTION.sources]


def evidence(rows: Iterable[Row], read: datetime = READ) -> dict[str, Any]:
    return {"where": "table slots of env:DB", "rows": list(rows), "read": read.isoformat()}


def facts(rows: Iterable[Row], seen: History | None = None, section: DataSection = SECTION) -> tuple[Fact, ...]:
    seen = seen or history()
    return tuple(collected_facts(evidence(rows), DAG, section, build_ledger(DAG, seen), seen))


def flaws(rows: Iterable[Row], seen: History | None = None, section: DataSection = SECTION) -> tuple[str, ...]:
    slots = facts(rows, seen, section)[0]
    assert isinstance(slots, CollectedSlots)
    return slots.flaws


def source(name: str, rows: Iterable[Row], seen: History | None = None) -> CollectedSource:
    found = {fact.subject: fact for fact in facts(rows, seen)}[f"{DAG.dag_id}: {name}"]
    assert isinstance(found, CollectedSource)
    return found


def changed(number: int, change: Callable[[Row], Row | None]) -> list[Row]:
    rows = whole()
    made = change(rows[number])
    return [*rows[:number], *([] if made is None else [made]), *rows[number + 1 :]]


def test_a_month_that_left_everything_has_no_flaw() -> None:
    slots, wire, league = facts(whole())
    assert isinstance(slots, CollectedSlots)
    assert (slots.subject, slots.slots, slots.rows) == (f"{DAG.dag_id}: table slots of env:DB", 120, 720)
    assert slots.flaws == ()
    for one in (wire, league):
        assert isinstance(one, CollectedSource)
        assert (one.stale, one.wrong, str(one.age)) == ("", (), "17760 s")


def test_a_source_may_say_that_there_was_nothing_new() -> None:
    assert flaws(changed(6, lambda r: [*r[:3], 0])) == ()


LAST = SLOTS[-1]
AT = f"{LAST:%Y-%m-%dT%H:%M:%SZ}"
FUTURE = NOW + HOUR


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        (lambda r: None, f"{AT} league: left nothing, not even that there was nothing new"),
        (lambda r: [None, *r[1:]], f"{AT} no source: source is NULL or unreadable"),
        (lambda r: [r[0], None, *r[2:]], "no slot league: slot is NULL or unreadable"),
        (lambda r: [*r[:2], None, r[3]], f"{AT} league: written is NULL or unreadable"),
        (lambda r: [*r[:2], "yesterday", r[3]], f"{AT} league: written is NULL or unreadable"),
        (lambda r: [*r[:3], None], f"{AT} league: rows is NULL or unreadable"),
        (lambda r: [*r[:3], -1], f"{AT} league: has -1 rows"),
        (lambda r: [*r[:2], FUTURE.isoformat(), 1], f"{AT} league: was written at {FUTURE:%Y-%m-%dT%H:%M:%SZ}, in the future"),
        (lambda r: [*r[:2], SLOTS[-2].isoformat(), 1], f"{AT} league: was written at {SLOTS[-2]:%Y-%m-%dT%H:%M:%SZ}, before"),
        (lambda r: ["league", FUTURE.isoformat(), r[2], 1], f"{FUTURE:%Y-%m-%dT%H:%M:%SZ} league: the slot lies in the future"),
    ],
)  # fmt: skip
def test_one_wrong_row_is_told(change: Callable[[Row], Row | None], flaw: str) -> None:
    assert any(one.startswith(flaw) for one in flaws(changed(-1 % 240, change)))


def test_a_slot_that_stored_nothing_is_too_little() -> None:
    rows = [[*each[:3], 0] if each[1] == LAST.isoformat() else each for each in whole()]
    assert flaws(rows) == (f"{AT}: all sources together have 0 rows, at least 1 are asked for",)
    assert flaws(rows, section=replace(SECTION, least=0)) == ()


def test_the_same_twice_is_told() -> None:
    assert flaws([*whole(), row("wire", LAST)]) == (f"{AT} wire: is there 2 times",)


def test_an_empty_table_is_no_pass() -> None:
    assert len(flaws([])) == 3 * 120
    assert source("wire", []).stale.startswith("left nothing since 2026-10-27T14:00:00Z, and the slot of")
    with pytest.raises(Undetermined, match="there is no data of it"):
        _ = source("wire", []).age


def test_data_without_a_run_is_told() -> None:
    seen = history({7: lambda run, tasks: None})
    at = f"{SLOTS[7]:%Y-%m-%dT%H:%M:%SZ}"
    assert flaws(whole(), seen) == (f"{at} wire: no run collected it", f"{at} league: no run collected it")


def test_data_of_no_slot_is_told_unless_somebody_ran_it() -> None:
    rows, odd = whole(), SLOTS[7] + HOUR
    rows.append(row("wire", odd))
    assert flaws(rows) == (f"{odd:%Y-%m-%dT%H:%M:%SZ} wire: no run collected it",)
    seen = history()
    by_hand = run_of(odd, kind="manual")
    assert flaws(rows, replace(seen, runs=(*seen.runs, by_hand))) == ()


def test_a_run_of_another_dag_collected_nothing_here() -> None:
    rows, odd, seen = [*whole(), row("wire", SLOTS[7] + HOUR)], SLOTS[7] + HOUR, history()
    other = run_of(odd, dag_id="other", kind="manual")
    assert len(flaws(rows, replace(seen, runs=(*seen.runs, other)))) == 1


def test_a_failed_slot_may_lack_data() -> None:
    seen = history({119: lambda run, tasks: (replace(run, state="failed"), tasks)})
    assert flaws([each for each in whole() if each[1] != LAST.isoformat()], seen) == ()


def test_what_is_of_another_source_or_older_is_not_asked_for() -> None:
    rows = [*whole(), row("elsewhere", LAST, None), row("wire", SLOTS[0] - 6 * HOUR)]
    assert flaws(rows) == ()


def test_a_source_that_went_silent_is_stale() -> None:
    rows = [each for each in whole() if each[0] != "wire" or each[1] < SLOTS[-1].isoformat()]
    wire = source("wire", rows)
    assert wire.stale.startswith(f"wrote last at {SLOTS[-2] + 5 * MINUTE:%Y-%m-%dT%H:%M:%SZ}, and the slot of {AT}")
    assert source("league", rows).stale == ""


def test_a_source_whose_slot_is_within_its_grace_is_not_stale() -> None:
    seen = history(now=SLOTS[-1] + HOUR / 2)
    rows = [each for each in whole() if each[1] < SLOTS[-1].isoformat()]
    (_, wire, _) = collected_facts(evidence(rows, SLOTS[-1] + HOUR / 2), DAG, SECTION, build_ledger(DAG, seen), seen)
    assert isinstance(wire, CollectedSource)
    assert wire.stale == ""


def test_a_time_in_the_future_is_not_fresh() -> None:
    rows = [
        [*each[:2], (FUTURE if each[1] == LAST.isoformat() else datetime.fromisoformat(each[2])).isoformat(), 3]
        for each in whole()
    ]
    wire = source("wire", rows)
    assert wire.stale
    assert len(wire.wrong) == 1


def test_nothing_that_succeeded_is_no_pass() -> None:
    seen = history({number: lambda run, tasks: (replace(run, state="failed"), tasks) for number in range(120)})
    with pytest.raises(Undetermined, match="succeeded, so none can be asked"):
        flaws([], seen)


def test_what_could_not_be_read_is_undetermined() -> None:
    seen = history()
    unread = {"where": "s3://news/", "unreadable": "denied", "read": READ.isoformat()}
    for fact in collected_facts(unread, DAG, SECTION, build_ledger(DAG, seen), seen):
        for name in ("flaws", "slots") if isinstance(fact, CollectedSlots) else ("age", "stale", "wrong"):
            with pytest.raises(Undetermined, match="denied"):
                getattr(fact, name)


def test_without_the_runs_nothing_is_known() -> None:
    seen = history()
    blind = replace(seen, runs=Unread("403"))  # type: ignore[arg-type]  # what a reader puts there
    slots = next(iter(collected_facts(evidence(whole()), DAG, SECTION, build_ledger(DAG, seen), blind)))
    assert isinstance(slots, CollectedSlots)
    with pytest.raises(Undetermined, match="403"):
        _ = slots.flaws


@given(st.sets(st.integers(0, 239)))
def test_whatever_is_missing_is_told_of_exactly(gone: set[int]) -> None:
    rows = [each for number, each in enumerate(whole()) if number not in gone]
    told = [one for one in flaws(rows) if "left nothing" in one]
    assert len(told) == len(gone)


@given(st.permutations(whole()[:40]))
def test_the_order_of_rows_does_not_matter(rows: list[Row]) -> None:
    seen = history()
    made = build_ledger(DAG, seen)
    found = [
        find_data_flaws(made, seen.runs, parse_collected(evidence(each), []), SECTION, READ)
        for each in (rows, whole()[:40])
    ]
    assert sorted(found[0]) == sorted(found[1])
