"""Writes the slots of Airflow's own CronTriggerTimetable, to test ours against.

Run from the root, with the Python of an Airflow: PYTHON scripts/airflow_slots.py < cases.json > slots.json. A case is
[cron, zone, since, until] with times in UTC; its slots are a list, in UTC. Without input, with --golden, it prints the
small table in the repository: PYTHON scripts/airflow_slots.py --golden > tests/prodgate/dags/cron_golden.json
"""

import importlib
import json
import sys
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

CRONS = (
    "0 */6 * * *",
    "0 2 * * *",
    "30 1 * * *",
    "15 2,3 * * *",
    "*/20 1-3 * * *",
    "*/40 * * * *",
    "30 * * * *",
    "0 0 1 * *",
    "0 * 1 * *",
    "5 4 * * 1-5",
    "0 0 13 * 5",
)
#: A day from its start in UTC, in which clocks change in zones that have DST: in spring, and in autumn.
ZONES = {
    "UTC": ("2026-03-28T18:00",),
    "Asia/Tokyo": ("2026-03-28T18:00",),
    "Asia/Kolkata": ("2026-03-28T18:00",),
    "America/New_York": ("2026-03-07T18:00", "2026-10-31T18:00"),
    "Europe/London": ("2026-03-28T18:00", "2026-10-24T18:00"),
    "Australia/Lord_Howe": ("2026-10-03T06:00", "2026-04-04T06:00"),
}


def main() -> None:
    """Print the slots of the cases on standard input, or the table of the repository."""
    if "--golden" in sys.argv[1:]:
        days = [(zone, datetime.fromisoformat(f"{day}Z")) for zone, starts in ZONES.items() for day in starts]
        cases = [(cron, zone, day, day + timedelta(days=1)) for cron, (zone, day) in product(CRONS, days)]
        cases += [("* * * * * */20", zone, day, day + timedelta(minutes=2)) for zone, day in days]
        found = [[cron, zone, text(a), text(b), airflow_slots(cron, zone, a, b)] for cron, zone, a, b in cases]
        print("[" + ",\n".join(json.dumps(each, separators=(",", ":")) for each in found if each[-1]) + "]")
    else:
        given = [(cron, zone, *map(datetime.fromisoformat, times)) for cron, zone, *times in json.load(sys.stdin)]
        print(json.dumps([airflow_slots(*case) for case in given]))


def airflow_slots(cron: str, zone: str, since: datetime, until: datetime) -> list[str]:
    """Return the slots from ``since`` to before ``until`` by Airflow's timetable."""
    pendulum: Any = importlib.import_module("pendulum")
    timetable = importlib.import_module("airflow.timetables.trigger").CronTriggerTimetable(cron, timezone=zone)
    # start well before: each slot follows from the previous one, as in the runs of a DAG that has existed for long
    slot = timetable._get_prev(timetable._get_prev(pendulum.instance(since).subtract(hours=26)))
    found = []
    while slot < until:
        if slot >= since:
            found.append(text(slot))
        slot = timetable._get_next(slot)
    return found


def text(at: datetime) -> str:
    """Write a time in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
