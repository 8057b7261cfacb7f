"""Our slots beside those of Airflow's own timetable: many schedules, zones, around all changes of clocks in two years."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from prodgate.dags.cron import list_slots
from prodgate.dags.declared import Schedule
from prodgate.engines.environments import ensure_python

SCRIPT = Path(__file__).parents[3] / "scripts" / "airflow_slots.py"
OFTEN = (
    "0 */6 * * *", "0 2 * * *", "30 1 * * *", "30 2 * * *", "15 2,3 * * *", "*/20 1-3 * * *", "*/20 * * * *",
    "*/40 * * * *", "0 * * * *", "0 0-23 * * *",
)  # fmt: skip
SELDOM = ("0 0 1 * *", "0 * 1 * *", "5 4 * * 1-5", "59 23 * * 0", "0 0 13 * 5", "0 0 L * *", "0 9 * * mon#1")
ZONES = (
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
    around = [(zone, at + a, at + b) for zone in ZONES for at in changes(zone) for a, b in spans]
    often = [(cron, *span) for cron, span in product(OFTEN, around)]
    return often + [(cron, zone, BEGIN, BEGIN + 600 * 24 * HOUR) for cron, zone in product(SELDOM, ZONES)]


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
