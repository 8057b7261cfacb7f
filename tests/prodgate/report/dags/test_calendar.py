"""The calendar of slots: which lines it has, where a slot stands, and what its mark says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from prodgate.dags import cron
from prodgate.dags.slot_states import Row, SlotState
from prodgate.report.catalogue import Catalogue
from prodgate.report.dags import calendar as calendars
from prodgate.report.dags.calendar import MARKS, Calendar, Cell, arrange_calendar
from prodgate.report.dags.times import Clock, render_delay, render_duration

from .samples import DAILY, SECONDS, SIX_HOURS, dag

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def arranged(
    schedule: str, time: timedelta, *, zone: str = "Asia/Tokyo", until: datetime = NOW, rows: Sequence[Row] = ()
) -> Calendar:
    declared = dag(cron=schedule, zone=zone)
    found = rows or [
        Row(slot=slot, state=SlotState.ON_TIME) for slot in cron.list_slots(declared.schedule, until - time, until)
    ]
    return arrange_calendar(declared, found, Clock(ZoneInfo(zone)), Catalogue("en").text)


def one(**fields: Any) -> Cell:
    row = Row(**{"slot": datetime(2026, 11, 23, 21, tzinfo=UTC), "state": SlotState.ON_TIME, **fields})
    (cell,) = filter(None, arranged(SIX_HOURS, timedelta(), rows=[row]).lines[0][1])
    return cell


def test_every_state_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(SlotState)
    assert len(set(MARKS.values())) == len(SlotState)
    assert all(one(state=state).mark == mark for state, mark in MARKS.items())


def test_four_slots_a_day_stand_in_lines_of_days_by_the_clock_of_the_schedule() -> None:
    found = arranged(SIX_HOURS, timedelta(days=3))
    assert (found.of, found.heads) == ("day", ("00:00", "06:00", "12:00", "18:00"))
    assert [head for head, _ in found.lines] == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert [head for head, cells in found.lines if None in cells] == []
    assert found.lines[0][1][1] == Cell(SlotState.ON_TIME, "06:00 JST, 11-23 21:00 UTC: on time")


def test_one_slot_a_day_stands_in_lines_of_weeks_from_monday_on() -> None:
    found = arranged(DAILY, timedelta(days=9))
    assert (found.of, found.heads) == ("week", DAYS)
    assert [head for head, _ in found.lines] == ["2026-11-16", "2026-11-23"]
    assert [[cell is not None for cell in cells].count(True) for _, cells in found.lines] == [5, 4]
    assert found.lines[1][1][0] == Cell(SlotState.ON_TIME, "11-23 02:00 JST, 11-22 17:00 UTC: on time")


@pytest.mark.parametrize(
    ("schedule", "hours", "line", "heads", "slots"),
    [
        ("0 * * * *", 60, ("day", "2026-11-26"), (), 21),
        ("*/5 * * * *", 3, ("hour", "2026-11-26 18:00 JST"), (), 12),
        ("* * * * *", 3, ("hour", "2026-11-26 18:00 JST"), (), 60),
        ("*/15 * * * *", 3, ("hour", "2026-11-26 18:00 JST"), (":00", ":15", ":30", ":45"), 4),
        (SECONDS, 3, ("minute", "2026-11-26 18:00 JST"), (":00", ":15", ":30", ":45"), 4),
        ("0 9 * * 1", 96, ("week", "2026-11-23"), DAYS, 1),
        ("0,5 2 * * *", 60, ("hour", "2026-11-25 02:00 JST"), (":00", ":05"), 2),
    ],
)
def test_lines_are_as_long_as_the_schedule_is_fast(
    schedule: str, hours: int, line: tuple[str, str], heads: tuple[str, ...], slots: int
) -> None:
    found = arranged(schedule, timedelta(hours=hours))
    of, head = line
    assert (found.of, found.heads) == (of, heads)
    assert len([cell for cell in dict(found.lines)[head] if cell is not None]) == slots


def test_a_single_slot_stands_as_its_schedule_says() -> None:
    row = Row(slot=datetime(2026, 11, 23, 15, tzinfo=UTC), state=SlotState.FAILED)
    assert [arranged(each, timedelta(), rows=[row]).of for each in (SIX_HOURS, SECONDS)] == ["day", "minute"]


def test_no_slot_makes_no_line() -> None:
    assert arranged("0 0 1 1 *", timedelta(days=3)).lines == ()


def test_an_hour_that_comes_twice_has_its_slots_twice() -> None:
    until = datetime(2026, 10, 26, tzinfo=UTC)
    found = arranged("0 * * * *", timedelta(days=2), zone="Europe/Berlin", until=until)
    line = dict(found.lines)["2026-10-25"]
    assert len([cell for cell in line if cell is not None]) == 25
    says = [cell.says for cell in line if cell is not None and cell.says.startswith("02:00 ")]
    assert says == ["02:00 CEST, 00:00 UTC: on time", "02:00 CET, 01:00 UTC: on time"]


def test_a_day_that_clocks_make_shorter_is_no_reason_for_shorter_lines() -> None:
    until = datetime(2026, 4, 2, tzinfo=UTC)
    assert arranged(DAILY, timedelta(days=7), zone="Europe/Berlin", until=until).of == "week"


def test_the_latest_slots_are_drawn_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "MOST_SLOTS", 5)
    found = arranged(SIX_HOURS, timedelta(days=3))
    assert found.left_out == 7
    assert [head for head, _ in found.lines] == ["2026-11-25", "2026-11-26"]
    assert found.lines[-1][1][-1] is not None


def test_a_mark_says_when_what_how_late_by_which_run_and_why() -> None:
    cell = one(
        state=SlotState.FAILED, runs=("odd", "other", "third", "fourth"), words="collect is failed",
        delay=timedelta(seconds=2.14),
    )  # fmt: skip
    assert cell.says == "06:00 JST, 11-23 21:00 UTC: failed, +2.1 s, odd, other, third, collect is failed"


def test_a_run_is_not_named_where_its_id_says_no_more_than_its_slot() -> None:
    assert one(runs=("scheduled__2026-11-23T21:00:00+00:00",)).says == "06:00 JST, 11-23 21:00 UTC: on time"
    assert one(runs=("scheduled__2026-11-23T15:00:00+00:00",)).says.endswith(", scheduled__2026-11-23T15:00:00+00:00")


def test_what_a_mark_says_stays_short_and_visible() -> None:
    says = one(runs=("x" * 5000, "\u202egnp"), words="bell\x07" * 999).says
    assert len(says) < 700
    assert "\\u202egnp" in says
    assert says.isprintable()


@pytest.mark.parametrize(
    ("zone", "readings"),
    [
        ("UTC", ("2026-11-23 21:00 UTC",)),
        ("Asia/Tokyo", ("2026-11-24 06:00 JST", "2026-11-23 21:00 UTC")),
        ("Asia/Dubai", ("2026-11-24 01:00 +04", "2026-11-23 21:00 UTC")),
    ],
)
def test_a_time_is_told_by_both_clocks_unless_they_are_one(zone: str, readings: tuple[str, ...]) -> None:
    assert Clock(ZoneInfo(zone)).readings(datetime(2026, 11, 23, 21, tzinfo=UTC)) == readings


def test_a_time_in_utc_is_told_once() -> None:
    clock = Clock(ZoneInfo("UTC"))
    assert clock.within(datetime(2026, 11, 23, 21, 0, 15, tzinfo=UTC), dated=True) == "11-23 21:00:15 UTC"


@pytest.mark.parametrize(
    ("seconds", "whole", "late"),
    [
        (0.04, "0.04 s", "+0.0 s"),
        (-3, "-3 s", "-3.0 s"),
        (75, "75 s", "+1.2 min"),
        (1800, "30 min", "+30.0 min"),
        (9000, "150 min", "+2.5 h"),
        (30 * 86400, "30 d", "+30.0 d"),
    ],
)
def test_durations_are_exact_or_rough(seconds: float, whole: str, late: str) -> None:
    assert (render_duration(timedelta(seconds=seconds)), render_delay(timedelta(seconds=seconds))) == (whole, late)
