from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prodgate.collected.observing import observe
from prodgate.collected.records import Collected, parse_collected
from prodgate.sections.data import DataSection, SlotObjects
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
