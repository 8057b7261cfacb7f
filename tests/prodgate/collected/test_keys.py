from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from prodgate.collected.keys import find_slot_keys
from prodgate.collected.observing import observe
from prodgate.collected.records import Collected, parse_collected
from prodgate.dags.cron import find_slot_before, list_slots
from prodgate.dags.declared import Schedule
from prodgate.dags.ledger import build_ledger
from prodgate.facts.dags.collected import CollectedSlots, collected_facts
from prodgate.sections.data import DataSection, SlotObjects, parse_data_section
from tests.prodgate.dags.histories import DAG, MINUTE, NOW, history_of, run_of, tasks_of
from tests.prodgate.facts.live.stated_account import account_answering

SLOT = datetime(2026, 11, 24, 6, tzinfo=UTC)
SINCE = SLOT - timedelta(hours=1)


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("{slot}/", "2026-11-20T00:00:00+09:00/part-0.json"),
        ("{slot}/", "20261119T150000/part-0.json"),  # Airflow's ts_nodash
        ("{slot}.json", "2026-11-19T15:00:00Z.json"),
        ("{slot:%Y/%m/%d/%H}/", "2026/11/19/15/part-0.json"),
        ("dt={slot:%Y-%m-%d-%H%M}", "dt=2026-11-19-1500.json.gz"),
    ],
)
def test_an_object_belongs_to_the_slot_that_its_key_names_whenever_it_was_written(form: str, written: str) -> None:
    named, late = datetime(2026, 11, 19, 15, tzinfo=UTC), SINCE + timedelta(days=3)
    other = "_SUCCESS" if form[0] == "{" else "dt_SUCCESS"
    prefix = f"raw/wire/{form.partition('{')[0]}"
    rows = [(f"raw/wire/{written}", 7), (f"raw/wire/{other}", 0)]

    def listed(parameters: Any) -> Any:
        assert parameters["Prefix"] == prefix
        return {"Contents": [{"Key": key, "LastModified": late, "Size": size} for key, size in rows]}

    section = DataSection(sources=("wire",), least=1, place=SlotObjects(prefix=f"s3://news/raw/{{source}}/{form}"))
    with account_answering({"ListObjectsV2": listed}) as account:
        seen = json.loads(json.dumps(observe(section, SINCE, environment={}, account=account)))
    slots = [named - timedelta(hours=6), named, late - timedelta(hours=1)]
    found = [one for one in parse_collected(seen, slots) if one.slot is not None]
    assert found == [Collected(source="wire", slot=named, written=late, rows=1)]


def test_a_key_whose_slot_is_no_time_is_told_of() -> None:
    keys = ("raw/wire/20261340T150000/x", "raw/wire/tmp/x")
    listed = {"Contents": [{"Key": key, "LastModified": SINCE, "Size": 7} for key in keys]}
    place = SlotObjects(prefix="s3://news/raw/{source}/{slot}/")
    with account_answering({"ListObjectsV2": lambda _: listed}) as account:
        seen = observe(DataSection(sources=("wire",), least=1, place=place), SINCE, environment={}, account=account)
    assert parse_collected(seen, [SLOT]) == (Collected(source="wire", slot=None, written=SINCE, rows=1),)


def flaws(cron: str, key: str, prefix: str, *, starts: bool = False, drop: int = -1, zone: str = "") -> tuple[str, ...]:
    """What is wrong with the objects of a month of slots in Tokyo, whose keys are formatted so."""
    dag = replace(DAG, schedule=Schedule(cron=cron, timezone="Asia/Tokyo"))
    slots = list_slots(dag.schedule, NOW - dag.window, NOW)
    runs = [run_of(slot) for slot in slots]
    record = history_of(runs, [task for run in runs for task in tasks_of(run)], oldest={dag.dag_id: slots[0]})
    stated = [find_slot_before(dag.schedule, slot) if starts else slot for slot in slots]
    objects = [
        {
            "Key": f"raw/wire/{at.astimezone(ZoneInfo(zone or 'UTC')):{key}}/x",
            "LastModified": slot + 5 * MINUTE,
            "Size": 7,
        }
        for number, (at, slot) in enumerate(zip(stated, slots, strict=True))
        if number != drop
    ]
    table = {
        "prefix": f"s3://news/raw/{{source}}/{prefix}/",
        "sources": ["wire"],
        "slot_is": "start" if starts else "end",
    }
    section = parse_data_section(table | ({"slot_zone": zone} if zone else {}))
    with account_answering({"ListObjectsV2": lambda _: {"Contents": objects}}) as account:
        since = find_slot_before(dag.schedule, NOW - dag.window)
        seen = json.loads(json.dumps(observe(section, since, environment={}, account=account)))
    evidence = {**seen, "read": NOW.isoformat()}
    facts = collected_facts(evidence, dag, section, build_ledger(dag, record), record)
    return next(fact.flaws for fact in facts if isinstance(fact, CollectedSlots))


@pytest.mark.parametrize("starts", [False, True])
@pytest.mark.parametrize("zone", ["", "Asia/Tokyo"])
@pytest.mark.parametrize(
    ("cron", "key", "prefix"),
    [
        ("30 2 * * *", "%Y-%m-%d", "{slot}"),  # Airflow's ds
        ("30 2 * * *", "%Y/%m/%d", "{slot:%Y/%m/%d}"),
        ("30 2 * * *", "dt=%Y%m%d", "dt={slot:%Y%m%d}"),
        ("30 2 * * *", "%Y-%m-%dT%H", "{slot}"),
        ("30 */6 * * *", "%Y/%m/%d/%H", "{slot:%Y/%m/%d/%H}"),
        ("30 */6 * * *", "%Y%m%dT%H%M", "{slot}"),
        ("30 */6 * * *", "%Y-%m-%dT%H:%M:%S", "{slot}"),
    ],
)
def test_a_key_may_name_no_more_than_the_day_or_the_hour_of_its_slot(
    cron: str, key: str, prefix: str, zone: str, starts: bool
) -> None:
    assert flaws(cron, key, prefix, starts=starts, zone=zone) == ()
    (left,) = {said.partition(": ")[2] for said in flaws(cron, key, prefix, starts=starts, zone=zone, drop=7)} - {
        "all sources together have 0 rows, at least 1 are asked for"
    }
    assert left == "left nothing, not even that there was nothing new"


def test_keys_of_days_that_several_slots_share_are_told_apart_by_when_they_were_written() -> None:
    assert flaws("30 */6 * * *", "%Y-%m-%d", "{slot}") == ()


@pytest.mark.parametrize(("at", "until"), [("2026-03-29", "2026-03-29T22:00"), ("2026-10-25", "2026-10-25T23:00")])
def test_a_day_is_as_long_as_the_clocks_make_it(at: str, until: str) -> None:
    keys = find_slot_keys("raw/{source}/{slot}/", "wire", "Europe/Berlin")
    assert keys is not None
    named = keys.read_slot(f"raw/wire/{at}/x")
    assert named is not None
    assert named[1] == f"{until}:00+00:00"
