import json
import os
import subprocess
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from prodgate.dags.cron import find_mistakes, find_next_slot, find_shortest_period, list_slots
from prodgate.dags.declared import Schedule
from prodgate.engines.environments import ensure_python

#: [cron, zone, since, until, slots], made by scripts/airflow_slots.py with Airflow 3.0.6.
GOLDEN = json.loads((Path(__file__).parent / "cron_golden.json").read_text("utf-8"))
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca")
CRONS = ("0 */6 * * *", "0 2 * * *", "15 2,3 * * *", "*/20 1-3 * * *", "30 * * * *", "0 0 1 * *", "59 23 * * 0")

schedules = st.builds(
    lambda cron, zone: Schedule(cron=cron, timezone=zone), st.sampled_from(CRONS), st.sampled_from(ZONES)
)
FIRST, LAST = datetime.fromisoformat("2025-01-01"), datetime.fromisoformat("2027-12-31")
times = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize("zone", sorted({zone for _, zone, *_ in GOLDEN}))
def test_slots_are_those_of_airflow_when_clocks_change(zone: str) -> None:
    cases = [case for case in GOLDEN if case[1] == zone]
    assert cases
    for cron, _, since, until, expected in cases:
        found = list_slots(Schedule(cron=cron, timezone=zone), at(since), at(until))
        assert found == [at(text) for text in expected], cron


@pytest.mark.parametrize(
    ("cron", "zone", "day", "expected"),
    [
        ("0 2 * * *", "Asia/Tokyo", "2026-11-25", ["17:00"]),
        ("30 2 * * *", "America/New_York", "2026-03-08", ["07:30"]),  # 2:30 is skipped: 3:30 summer time
        ("30 1 * * *", "America/New_York", "2026-11-01", ["06:30"]),  # 1:30 comes twice: the second
        ("30 * * * *", "America/New_York", "2026-11-01", [f"{hour:02}:30" for hour in range(24)]),
    ],
)
def test_slots_of_a_day(cron: str, zone: str, day: str, expected: list[str]) -> None:
    since = at(f"{day}T00:00Z")
    found = list_slots(Schedule(cron=cron, timezone=zone), since, since + timedelta(days=1))
    assert [f"{slot:%H:%M}" for slot in found] == expected


def test_a_span_may_begin_in_an_hour_that_comes_twice() -> None:
    schedule = Schedule(cron="*/20 1-3 * * *", timezone="Europe/London")
    found = list_slots(schedule, at("2026-10-25T00:30Z"), at("2026-10-25T01:30Z"))
    assert [f"{slot:%H:%M}" for slot in found] == ["01:00", "01:20"]


def test_the_first_is_a_slot_and_the_last_is_not() -> None:
    schedule = Schedule(cron="0 */6 * * *", timezone="UTC")
    assert list_slots(schedule, at("2026-11-26T06:00Z"), at("2026-11-26T12:00Z")) == [at("2026-11-26T06:00Z")]
    assert list_slots(schedule, at("2026-11-26T06:00:01Z"), at("2026-11-26T12:00:01Z")) == [at("2026-11-26T12:00Z")]
    assert find_next_slot(schedule, at("2026-11-26T06:00Z")) == at("2026-11-26T12:00Z")


def test_seconds_come_last() -> None:
    schedule = Schedule(cron="* * * * * */5", timezone="Asia/Tokyo")
    found = list_slots(schedule, at("2026-11-26T14:00:01Z"), at("2026-11-26T14:00:16Z"))
    assert [slot.second for slot in found] == [5, 10, 15]
    assert find_shortest_period(schedule, at("2026-11-26T14:00:01Z")) == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("cron", "zone", "hours"),
    [
        ("0 2 * * *", "Asia/Tokyo", 24.0),
        ("0 2 * * *", "Europe/London", 23.0),  # clocks go forward once a year
        ("0,10 9,23 * * 1", "Asia/Tokyo", 1 / 6),
        ("0 0 1 * *", "Asia/Tokyo", 28 * 24.0),
        ("0 0 29 2 *", "Asia/Tokyo", 4 * 8766.0),
    ],
)
def test_the_shortest_period_is_between_the_two_slots_that_are_nearest(cron: str, zone: str, hours: float) -> None:
    found = find_shortest_period(Schedule(cron=cron, timezone=zone), at("2026-11-25T00:00Z"))
    assert found == timedelta(hours=hours)


@given(schedule=schedules, since=times, first=st.integers(0, 2000), second=st.integers(0, 2000))
def test_two_spans_have_the_slots_of_both_together(
    schedule: Schedule, since: datetime, first: int, second: int
) -> None:
    middle = since + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)
    whole = list_slots(schedule, since, end)
    assert list_slots(schedule, since, middle) + list_slots(schedule, middle, end) == whole
    assert all(one < other for one, other in pairwise(whole))
    assert all(slot.tzinfo is UTC and since <= slot < end for slot in whole)


@given(schedule=schedules, after=times)
def test_the_next_slot_is_the_first_that_is_later(schedule: Schedule, after: datetime) -> None:
    found = find_next_slot(schedule, after)
    assert found > after
    assert list_slots(schedule, after + timedelta(microseconds=1), found) == []


@given(day=st.dates(FIRST.date(), LAST.date()), zone=st.sampled_from(ZONES))
def test_a_daily_schedule_has_one_slot_on_each_local_day(day: date, zone: str) -> None:
    begin = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo(zone))
    end = begin + timedelta(days=1)  # by the clock on the wall: 23, 24 or 25 hours
    assert len(list_slots(Schedule(cron="30 2 * * *", timezone=zone), begin.astimezone(UTC), end.astimezone(UTC))) == 1


@pytest.mark.parametrize(
    ("cron", "zone", "expected"),
    [
        ("0 */6 * * *", "Asia/Tokyo", []),
        ("0 0 29 2 *", "UTC", []),
        ("0 6 * *", "UTC", ["'0 6 * *' has not 5 fields"]),
        ("@daily", "UTC", ["'@daily' is a name of Airflow's"]),
        ("0 0 0 * * * 2026", "UTC", ["has not 5 fields"]),
        ("0 25 * * *", "UTC", ["'0 25 * * *' is no cron expression"]),
        ("0 0 30 2 *", "UTC", ["'0 0 30 2 *' names a day that never comes"]),
        ("R * * * *", "UTC", ["leaves times to chance"]),
        ("0 2 * * *", "Asia/Tokio", ["'Asia/Tokio' is no time zone; did you mean 'Asia/Tokyo'?"]),
        ("0 2 * * *", "Asia", ["'Asia' is no time zone"]),
        ("0 2 * * *", "../etc/passwd", ["is no time zone"]),
        ("x", "JST", ["'x' has not 5 fields", "'JST' is no time zone"]),
    ],
)
def test_mistakes_say_what_to_write(cron: str, zone: str, expected: list[str]) -> None:
    found = find_mistakes(Schedule(cron=cron, timezone=zone))
    assert len(found) == len(expected)
    assert all(part in text for part, text in zip(expected, found, strict=True))


def test_no_slots_are_worked_out_of_a_mistake() -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        list_slots(Schedule(cron="0 2 * * *", timezone="Nowhere"), at("2026-11-26T00:00Z"), at("2026-11-27T00:00Z"))


# ── Airflow's own timetable beside ours

SCRIPT = Path(__file__).parents[3] / "scripts" / "airflow_slots.py"
OFTEN = (
    "0 */6 * * *", "0 2 * * *", "30 1 * * *", "30 2 * * *", "15 2,3 * * *", "*/20 1-3 * * *", "*/20 * * * *",
    "*/40 * * * *", "0 * * * *", "0 0-23 * * *",
)  # fmt: skip
SELDOM = ("0 0 1 * *", "0 * 1 * *", "5 4 * * 1-5", "59 23 * * 0", "0 0 13 * 5", "0 0 L * *", "0 9 * * mon#1")
ALL_ZONES = (
    "UTC", "Asia/Tokyo", "Asia/Kolkata", "America/New_York", "Europe/London", "Australia/Lord_Howe",
    "Africa/Casablanca", "America/Santiago", "Pacific/Chatham", "Atlantic/Azores",
)  # fmt: skip
BEGIN = datetime(2026, 1, 1, 5, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)


def changes(zone: str) -> list[datetime]:
    """The hours of two years in which clocks change, and one in which they don't."""
    offsets = {BEGIN + n * HOUR: (BEGIN + n * HOUR).astimezone(ZoneInfo(zone)).utcoffset() for n in range(2 * 8760)}
    return [BEGIN + 48 * HOUR, *(after for before, after in pairwise(offsets) if offsets[before] != offsets[after])]


def all_cases() -> list[tuple[str, str, datetime, datetime]]:
    spans = [(-31 * HOUR, 26 * HOUR), (-1.25 * HOUR, 3 * HOUR), (-0.25 * HOUR, 3 * HOUR), (0.25 * HOUR, 3 * HOUR)]
    around = [(zone, at + a, at + b) for zone in ALL_ZONES for at in changes(zone) for a, b in spans]
    often = [(cron, *span) for cron, span in product(OFTEN, around)]
    return often + [(cron, zone, BEGIN, BEGIN + 600 * 24 * HOUR) for cron, zone in product(SELDOM, ALL_ZONES)]


@pytest.mark.matrix
@pytest.mark.parametrize("engine", ["airflow-2.11.0", "airflow-3.0.6", "airflow-3.3.2"])
def test_slots_are_those_of_the_timetable(engine: str, tmp_path: Path) -> None:
    cases = all_cases()
    given = json.dumps([[cron, zone, since.isoformat(), until.isoformat()] for cron, zone, since, until in cases])
    python = ensure_python(engine, print)
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    environment["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"
    ended = subprocess.run(
        [python, SCRIPT], input=given, capture_output=True, text=True, env=environment, check=False, timeout=900
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    for (cron, zone, since, until), theirs in zip(cases, json.loads(ended.stdout), strict=True):
        ours = list_slots(Schedule(cron=cron, timezone=zone), since, until)
        assert [f"{slot:%Y-%m-%dT%H:%M:%SZ}" for slot in ours] == theirs, f"{cron} in {zone} from {since}"
