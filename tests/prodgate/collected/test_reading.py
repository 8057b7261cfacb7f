"""Tables and buckets of slots are read as they are; what can't be read says why, and nothing can be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from prodgate.aws.answers import Unreadable
from prodgate.collected import connections, sql
from prodgate.collected.observing import observe
from prodgate.collected.records import Collected, parse_collected
from prodgate.collected.references import resolve, secret_reader
from prodgate.sections.data import DataSection, SlotObjects, SlotTable
from tests.prodgate.facts.live.stated_account import account_answering
from tests.prodgate.rehearsal.site.postgres import postgres

SLOT = datetime(2026, 11, 24, 6, tzinfo=UTC)
SINCE = SLOT - timedelta(hours=1)
PLACE = SlotTable(
    database="env:NEWS", table="collections", source="source", slot="slot", written="finished_at", rows="rows"
)
SECTION = DataSection(sources=("wire",), least=1, place=PLACE)
MADE = """CREATE TABLE collections (source VARCHAR(40), slot {time}, finished_at {time}, rows INTEGER)"""
FILLED = """INSERT INTO collections VALUES
 ('wire', '2026-11-24 06:00:00', '2026-11-24 06:01:30.500000', 4), ('wire', NULL, NULL, NULL),
 (NULL, '2026-11-24 06:00:00', '2026-11-24 06:02:00', 0), ('wire', '2026-11-01 06:00:00', '2026-11-01 06:01:00', 9)"""
EXPECTED = {
    ("wire", "2026-11-24T06:00:00+00:00", "2026-11-24T06:01:30.500000+00:00", 4),
    ("wire", None, None, None),
    (None, "2026-11-24T06:00:00+00:00", "2026-11-24T06:02:00+00:00", 0),
}


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


def fill(url: str, time: str = "TIMESTAMP") -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET TIME ZONE 'UTC'"))
        connection.execute(text("DROP TABLE IF EXISTS collections"))
        connection.execute(text(MADE.format(time=time)))
        connection.execute(text(FILLED))
    engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'news of today.sqlite'}"
    fill(url)
    return url


def read(url: str, **changed: str) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in sql.read_rows(url, replace(PLACE, **changed), SINCE)}


def reason(url: str, **changed: str) -> str:
    with pytest.raises(Unreadable) as raised:
        read(url, **changed)
    return raised.value.reason


def test_sqlite_is_read_since_then(file: str) -> None:
    assert read(file) == EXPECTED


@pytest.mark.once
@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize("time", ["TIMESTAMP", "TIMESTAMPTZ"])
def test_postgresql_is_read_since_then(server: str, time: str) -> None:
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("ALTER DATABASE postgres SET timezone TO 'Asia/Tokyo'"))
    engine.dispose()
    fill(server, time)
    assert read(server, table="public.collections") == EXPECTED


@pytest.mark.once
@pytest.mark.xdist_group("postgresql")
def test_postgresql_says_what_is_wrong_and_takes_no_change(server: str) -> None:
    fill(server)
    assert "holds no table 'gone'" in reason(server, table="gone")
    assert "has no column 'row'; did you mean 'rows'?" in reason(server, rows="row")
    with connections._connect(make_url(server)) as connection, pytest.raises(SQLAlchemyError, match="read-only"):
        connection.execute(text("DELETE FROM collections"))
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS stranger"))
        connection.execute(text("CREATE ROLE stranger LOGIN"))
    engine.dispose()
    assert "permission denied" in reason(server.replace("site@", "stranger@"))


def test_sqlite_takes_no_change(file: str) -> None:
    with connections._connect(make_url(file)) as connection, pytest.raises(SQLAlchemyError, match="readonly"):
        connection.execute(text("DELETE FROM collections"))


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert "unable to open database file" in reason(f"sqlite:///{tmp_path / 'gone.sqlite'}")
    assert not (tmp_path / "gone.sqlite").exists()


@pytest.mark.parametrize("key", ["source", "slot", "written", "rows"])
def test_a_column_that_is_not_there_is_no_text(file: str, key: str) -> None:
    assert "has no column 'nothing'" in reason(file, **{key: "nothing"})


def test_a_table_that_is_not_there_is_told(file: str) -> None:
    assert reason(file, table="gone") == "table gone of env:NEWS: holds no table 'gone'"


def test_a_table_of_everything_is_refused(file: str) -> None:
    with pytest.raises(Unreadable, match="more than 2 rows of slots since 2026-11-24"):
        sql.read_rows(file, PLACE, SINCE, limit=2)


def test_a_query_that_never_ends_is_ended(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LIMIT", 0)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with connections._connect(make_url(file)) as connection, pytest.raises(SQLAlchemyError, match="interrupted"):
        connection.execute(text(endless))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("hunter2", "is no database URL"),
        ("mysql://news:hunter2@db/news", "is a database of kind 'mysql'"),
        ("postgresql://news:hunter2@127.0.0.1:1/news", "onnection"),
    ],
)
def test_what_can_not_be_reached_is_told_without_its_secrets(url: str, said: str) -> None:
    told = reason(url)
    assert told.startswith("table collections of env:NEWS: ")
    assert said in told
    assert "hunter2" not in told


def test_evidence_is_json_and_becomes_records(file: str) -> None:
    seen = json.loads(json.dumps(observe(SECTION, SINCE, environment={"NEWS": file})))
    assert seen["where"] == "table collections of env:NEWS"
    assert abs(datetime.fromisoformat(seen["read"]) - datetime.now(UTC)) < timedelta(minutes=1)
    found = parse_collected(seen, [])
    assert Collected(source="wire", slot=SLOT, written=SLOT + timedelta(seconds=90.5), rows=4) in found
    assert Collected(source="wire", slot=None, written=None, rows=None) in found


def test_what_can_not_be_read_is_unreadable(tmp_path: Path) -> None:
    seen = observe(SECTION, SINCE, environment={})
    with pytest.raises(Unreadable, match="env:NEWS: there is no such environment variable"):
        parse_collected(seen, [])
    bucket = DataSection(sources=("wire",), least=1, place=SlotObjects(prefix="s3://news/{source}/"))
    with pytest.raises(Unreadable, match="no account is open"):
        parse_collected(observe(bucket, SINCE, environment={}), [])


def test_objects_belong_to_the_slot_before_them() -> None:
    hours = [SLOT + timedelta(hours=6 * number) for number in range(3)]

    def listed(parameters: Any) -> Any:
        if parameters["Prefix"] != "raw/wire/":
            return {}
        times = {
            "old": SINCE - timedelta(1),
            "a": hours[0],
            "b": hours[0] + timedelta(hours=5),
            "c": hours[1],
            "d": hours[1],
        }
        sizes = {"d": 0}
        return {"Contents": [
            {"Key": f"raw/wire/{name}", "LastModified": time, "Size": sizes.get(name, 7)} for name, time in times.items()
        ] + [{"Key": "raw/wire/", "LastModified": hours[2], "Size": 0}]}  # fmt: skip

    section = DataSection(sources=("wire", "league"), least=1, place=SlotObjects(prefix="s3://news/raw/{source}/"))
    with account_answering({"ListObjectsV2": listed}) as account:
        seen = json.loads(json.dumps(observe(section, SINCE, environment={}, account=account)))
    assert [len(seen["objects"][name]) for name in ("wire", "league")] == [4, 0]
    assert parse_collected(seen, reversed(hours)) == (
        Collected(source="wire", slot=hours[0], written=hours[0] + timedelta(hours=5), rows=2),
        Collected(source="wire", slot=hours[1], written=hours[1], rows=1),
    )


def test_a_bucket_that_is_not_there_is_unreadable() -> None:
    section = DataSection(sources=("wire",), least=1, place=SlotObjects(prefix="s3://news/{source}/"))
    with account_answering({"ListObjectsV2": None}) as account:
        seen = observe(section, SINCE, environment={}, account=account)
    with pytest.raises(Unreadable, match="there is no such bucket"):
        parse_collected(seen, [SLOT])


class Secrets:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __call__(self, service: str) -> Any:
        assert service == "secretsmanager"
        return self

    def get_secret_value(self, SecretId: str) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return {**self.answer, "Name": SecretId}


def test_a_secret_is_asked_for_by_its_id() -> None:
    assert resolve("secret:news/db", {}, secret_reader(Secrets({"SecretString": "sqlite:///x"}))) == "sqlite:///x"
    assert resolve("env:NEWS", {"NEWS": "sqlite:///y"}) == "sqlite:///y"


@pytest.mark.parametrize(
    ("answer", "said"),
    [(RuntimeError("hunter2"), "secret:db: can't be read: RuntimeError"), ({"SecretBinary": b"x"}, "holds no text")],
)
def test_a_secret_that_is_not_told_is_unreadable(answer: Any, said: str) -> None:
    with pytest.raises(Unreadable, match=said) as raised:
        resolve("secret:db", {}, secret_reader(Secrets(answer)))
    assert "hunter2" not in raised.value.reason


def test_without_an_account_there_is_nobody_to_ask() -> None:
    with pytest.raises(Unreadable, match="no account is open"):
        resolve("secret:db", {})
