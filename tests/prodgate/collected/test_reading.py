"""Data beside slots: tables and buckets are read as they are, or say why not; and what is missing, impossible or
silent in them is found."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from prodgate.airflow.records import History
from prodgate.aws.answers import Unread, Unreadable
from prodgate.collected import databases
from prodgate.collected.databases import read_versions
from prodgate.collected.observing import find_slot_keys, observe
from prodgate.collected.records import Collected, find_data_flaws, parse_collected
from prodgate.collected.references import resolve, secret_reader
from prodgate.dags.cron import find_slot_before, list_slots
from prodgate.dags.declared import Schedule
from prodgate.dags.ledger import build_ledger
from prodgate.facts import Fact
from prodgate.facts.dags.collected import CollectedSlots, CollectedSource, collected_facts
from prodgate.findings import Undetermined
from prodgate.sections.dags import DATA, DataSection, SlotObjects, SlotTable, parse_data_section
from tests.prodgate.dags.histories import DAG, HOUR, MINUTE, NOW, SLOTS, history, history_of, run_of, tasks_of
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
    return {tuple(row) for row in databases.read_rows(url, replace(PLACE, **changed), SINCE)}


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
    with databases._connect(make_url(server)) as connection, pytest.raises(SQLAlchemyError, match="read-only"):
        connection.execute(text("DELETE FROM collections"))
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS stranger"))
        connection.execute(text("CREATE ROLE stranger LOGIN"))
    engine.dispose()
    assert "permission denied" in reason(server.replace("site@", "stranger@"))


def test_sqlite_takes_no_change(file: str) -> None:
    with databases._connect(make_url(file)) as connection, pytest.raises(SQLAlchemyError, match="readonly"):
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
        databases.read_rows(file, PLACE, SINCE, limit=2)


def test_a_query_that_never_ends_is_ended(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "LIMIT", 0)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with databases._connect(make_url(file)) as connection, pytest.raises(SQLAlchemyError, match="interrupted"):
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


KEYED = datetime(2026, 11, 24, 6, tzinfo=UTC)
SINCE_KEYED = KEYED - timedelta(hours=1)


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
    named, late = datetime(2026, 11, 19, 15, tzinfo=UTC), SINCE_KEYED + timedelta(days=3)
    other = "_SUCCESS" if form[0] == "{" else "dt_SUCCESS"
    prefix = f"raw/wire/{form.partition('{')[0]}"
    rows = [(f"raw/wire/{written}", 7), (f"raw/wire/{other}", 0)]

    def listed(parameters: Any) -> Any:
        assert parameters["Prefix"] == prefix
        return {"Contents": [{"Key": key, "LastModified": late, "Size": size} for key, size in rows]}

    section = DataSection(sources=("wire",), least=1, place=SlotObjects(prefix=f"s3://news/raw/{{source}}/{form}"))
    with account_answering({"ListObjectsV2": listed}) as account:
        seen = json.loads(json.dumps(observe(section, SINCE_KEYED, environment={}, account=account)))
    slots = [named - timedelta(hours=6), named, late - timedelta(hours=1)]
    found = [one for one in parse_collected(seen, slots) if one.slot is not None]
    assert found == [Collected(source="wire", slot=named, written=late, rows=1)]


def test_a_key_whose_slot_is_no_time_is_told_of() -> None:
    keys = ("raw/wire/20261340T150000/x", "raw/wire/tmp/x")
    listed = {"Contents": [{"Key": key, "LastModified": SINCE_KEYED, "Size": 7} for key in keys]}
    place = SlotObjects(prefix="s3://news/raw/{source}/{slot}/")
    with account_answering({"ListObjectsV2": lambda _: listed}) as account:
        seen = observe(
            DataSection(sources=("wire",), least=1, place=place), SINCE_KEYED, environment={}, account=account
        )
    assert parse_collected(seen, [KEYED]) == (Collected(source="wire", slot=None, written=SINCE_KEYED, rows=1),)


def flaws(cron: str, key: str, prefix: str, *, starts: bool = False, drop: int = -1, zone: str = "") -> tuple[str, ...]:
    """The faults of the objects of a month of slots in Tokyo, whose keys are formatted so."""
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
    facts = collected_facts({**seen, "read": NOW.isoformat()}, dag, section, build_ledger(dag, record), record)
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
    assert keys.read_slot(f"raw/wire/{at}/x")[1] == f"{until}:00+00:00"


# ── Versions

TABLES = {
    "alembic": ("CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('0004')"),
    "django": (
        "CREATE TABLE django_migrations (id INT, app TEXT, name TEXT, applied TEXT)",
        "INSERT INTO django_migrations VALUES (1, 'news', '0001_initial', 'now')",
    ),
    "flyway": (
        "CREATE TABLE flyway_schema_history (installed_rank INT, version TEXT, success BOOLEAN)",
        "INSERT INTO flyway_schema_history VALUES (1, '1_01', TRUE), (2, NULL, TRUE), (3, '2', FALSE)",
    ),
    "prisma": (
        "CREATE TABLE _prisma_migrations (migration_name TEXT, finished_at TEXT, rolled_back_at TEXT)",
        "INSERT INTO _prisma_migrations VALUES ('1_a', 'now', NULL), ('2_b', NULL, NULL), ('3_c', NULL, 'now')",
    ),
    "rails": ("CREATE TABLE schema_migrations (version TEXT)", "INSERT INTO schema_migrations VALUES ('20240101')"),
}
ROWS = {
    "alembic": [["0004", "applied"]],
    "django": [["news.0001_initial", "applied"]],
    "flyway": [["1.1", "applied"], ["2", "failed"]],
    "prisma": [["1_a", "applied"], ["2_b", "failed"]],
    "rails": [["20240101", "applied"]],
}


def made(tmp_path: Path, *statements: str) -> str:
    url = f"sqlite:///{tmp_path / 'db.sqlite'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
    return url


@pytest.mark.parametrize("tool", sorted(TABLES))
def test_every_tool_keeps_what_has_run(tool: str, tmp_path: Path) -> None:
    assert read_versions(made(tmp_path, *TABLES[tool]), tool, "", "env:DB") == ROWS[tool]


def test_a_table_of_another_name_is_read_where_it_is(tmp_path: Path) -> None:
    url = made(tmp_path, 'CREATE TABLE "Versions" (version_num TEXT)')
    assert read_versions(url, "alembic", "Versions", "env:DB") == []


@pytest.mark.parametrize(
    ("tool", "name", "says"),
    [
        ("alembic", "gone", "table gone of env:DB: there is no such table: no migration has run on this database"),
        (
            "alembic",
            "",
            "table alembic_version of env:DB: has no column 'version_num'; it is not the table of this tool",
        ),
        ("liquibase", "", "liquibase: its table does not say"),
    ],
)
def test_what_is_not_there_is_told(tool: str, name: str, says: str, tmp_path: Path) -> None:
    url = made(tmp_path, "CREATE TABLE alembic_version (other TEXT)")
    with pytest.raises(Unreadable) as told:
        read_versions(url, tool, name, "env:DB")
    assert told.value.reason.startswith(says)


def test_a_database_that_does_not_answer_is_told_without_its_secrets() -> None:
    with pytest.raises(Unreadable, match="table alembic_version of env:DB") as told:
        read_versions("postgresql://news:hunter2@127.0.0.1:1/news", "alembic", "", "env:DB")
    assert "hunter2" not in told.value.reason


def test_more_rows_than_migrations_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.collected.databases.MOST_VERSIONS", 1)
    url = made(tmp_path, TABLES["rails"][0], "INSERT INTO schema_migrations VALUES ('1'), ('2')")
    with pytest.raises(Unreadable, match="holds more than 1 rows"):
        read_versions(url, "rails", "", "env:DB")


# ── Data beside slots: a slot without data, data without a run, impossible times, a source that went silent

KEPT = SlotTable(database="env:DB", table="slots", source="source", slot="slot", written="written", rows="rows")
TWO_SOURCES = DataSection(sources=("wire", "league"), least=1, place=KEPT)
READ = NOW + MINUTE
Row = list[Any]


def row(source: str | None, slot: datetime | None, rows: int | None = 3, after: timedelta = 5 * MINUTE) -> Row:
    return [source, slot and slot.isoformat(), slot and (slot + after).isoformat(), rows]


def whole() -> list[Row]:
    """The data of every slot of a month if all is well."""
    return [row(source, slot) for slot in SLOTS for source in TWO_SOURCES.sources]


def evidence(rows: Iterable[Row], read: datetime = READ) -> dict[str, Any]:
    return {"where": "table slots of env:DB", "rows": list(rows), "read": read.isoformat()}


def facts(rows: Iterable[Row], seen: History | None = None, section: DataSection = TWO_SOURCES) -> tuple[Fact, ...]:
    seen = seen or history()
    return tuple(collected_facts(evidence(rows), DAG, section, build_ledger(DAG, seen), seen))


def flaws_of(rows: Iterable[Row], seen: History | None = None, section: DataSection = TWO_SOURCES) -> tuple[str, ...]:
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
    assert flaws_of(changed(6, lambda r: [*r[:3], 0])) == ()


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
    assert any(one.startswith(flaw) for one in flaws_of(changed(-1 % 240, change)))


def test_a_slot_that_stored_nothing_is_too_little() -> None:
    rows = [[*each[:3], 0] if each[1] == LAST.isoformat() else each for each in whole()]
    assert flaws_of(rows) == (f"{AT}: all sources together have 0 rows, at least 1 are asked for",)
    assert flaws_of(rows, section=replace(TWO_SOURCES, least=0)) == ()


def test_the_same_twice_is_told() -> None:
    assert flaws_of([*whole(), row("wire", LAST)]) == (f"{AT} wire: is there 2 times",)


def test_an_empty_table_is_no_pass() -> None:
    assert len(flaws_of([])) == 3 * 120
    assert source("wire", []).stale.startswith("left nothing since 2026-10-27T14:00:00Z, and the slot of")
    with pytest.raises(Undetermined, match="there is no data of it"):
        _ = source("wire", []).age


def test_data_without_a_run_is_told() -> None:
    seen = history({7: lambda run, tasks: None})
    at = f"{SLOTS[7]:%Y-%m-%dT%H:%M:%SZ}"
    assert flaws_of(whole(), seen) == (f"{at} wire: no run collected it", f"{at} league: no run collected it")


@pytest.mark.parametrize(("after", "told"), [(-timedelta(seconds=1), True), (timedelta(seconds=30), False)])
def test_data_that_came_once_the_history_was_read_may_be_of_a_run_that_it_does_not_hold(
    after: timedelta, told: bool
) -> None:
    seen, rows = history({len(SLOTS) - 1: lambda run, tasks: None}), whole()[: -len(TWO_SOURCES.sources)]
    rows.append(row("wire", LAST, after=NOW + after - LAST))
    assert any(one.endswith("wire: no run collected it") for one in flaws_of(rows, seen)) is told


def test_data_of_no_slot_is_told_unless_somebody_ran_it() -> None:
    rows, odd = whole(), SLOTS[7] + HOUR
    rows.append(row("wire", odd))
    assert flaws_of(rows) == (f"{odd:%Y-%m-%dT%H:%M:%SZ} wire: no run collected it",)
    seen = history()
    assert flaws_of(rows, replace(seen, runs=(*seen.runs, run_of(odd, kind="manual")))) == ()


def test_a_run_of_another_dag_collected_nothing_here() -> None:
    rows, odd, seen = [*whole(), row("wire", SLOTS[7] + HOUR)], SLOTS[7] + HOUR, history()
    other = run_of(odd, dag_id="other", kind="manual")
    assert len(flaws_of(rows, replace(seen, runs=(*seen.runs, other)))) == 1


def test_a_failed_slot_may_lack_data() -> None:
    seen = history({119: lambda run, tasks: (replace(run, state="failed"), tasks)})
    assert flaws_of([each for each in whole() if each[1] != LAST.isoformat()], seen) == ()


def test_what_is_of_another_source_or_older_is_not_asked_for() -> None:
    assert flaws_of([*whole(), row("elsewhere", LAST, None), row("wire", SLOTS[0] - 6 * HOUR)]) == ()


def test_a_source_that_went_silent_is_stale() -> None:
    rows = [each for each in whole() if each[0] != "wire" or each[1] < SLOTS[-1].isoformat()]
    wire = source("wire", rows)
    assert wire.stale.startswith(f"wrote last at {SLOTS[-2] + 5 * MINUTE:%Y-%m-%dT%H:%M:%SZ}, and the slot of {AT}")
    assert source("league", rows).stale == ""


def test_a_source_whose_slot_is_within_its_grace_is_not_stale() -> None:
    seen = history(now=SLOTS[-1] + HOUR / 2)
    rows = [each for each in whole() if each[1] < SLOTS[-1].isoformat()]
    (_, wire, _) = collected_facts(
        evidence(rows, SLOTS[-1] + HOUR / 2), DAG, TWO_SOURCES, build_ledger(DAG, seen), seen
    )
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
        flaws_of([], seen)


def test_what_could_not_be_read_is_undetermined() -> None:
    seen = history()
    unread = {"where": "s3://news/", "unreadable": "denied", "read": READ.isoformat()}
    for fact in collected_facts(unread, DAG, TWO_SOURCES, build_ledger(DAG, seen), seen):
        for name in ("flaws", "slots") if isinstance(fact, CollectedSlots) else ("age", "stale", "wrong"):
            with pytest.raises(Undetermined, match="denied"):
                getattr(fact, name)


def test_without_the_runs_nothing_is_known() -> None:
    seen = history()
    blind = replace(seen, runs=Unread("403"))  # type: ignore[arg-type]  # what a reader puts there
    slots = next(iter(collected_facts(evidence(whole()), DAG, TWO_SOURCES, build_ledger(DAG, seen), blind)))
    assert isinstance(slots, CollectedSlots)
    with pytest.raises(Undetermined, match="403"):
        _ = slots.flaws


@given(st.sets(st.integers(0, 239)))
def test_whatever_is_missing_is_told_of_exactly(gone: set[int]) -> None:
    rows = [each for number, each in enumerate(whole()) if number not in gone]
    assert len([one for one in flaws_of(rows) if "left nothing" in one]) == len(gone)


@given(st.permutations(whole()[:40]))
def test_the_order_of_rows_does_not_matter(rows: list[Row]) -> None:
    seen = history()
    made = build_ledger(DAG, seen)
    found = [
        find_data_flaws(made, seen.runs, parse_collected(evidence(each), []), TWO_SOURCES, READ)
        for each in (rows, whole()[:40])
    ]
    assert sorted(found[0]) == sorted(found[1])


TABLE = {
    "table": "t",
    "database": "env:X",
    "source": "s",
    "slot": "slot",
    "written": "w",
    "rows": "r",
    "sources": ["wire"],
}


def flaws_of_starts(rows: Iterable[tuple[datetime, datetime]], **stated: Any) -> tuple[str, ...]:
    """The faults of data, each of a stated slot and written at a time."""
    record, section = history(), parse_data_section(TABLE | stated)
    kept = [["wire", slot.isoformat(), written.isoformat(), 3] for slot, written in rows]
    evidence = {"where": "t", "read": NOW.isoformat(), "rows": kept}
    facts = collected_facts(evidence, DAG, section, build_ledger(DAG, record), record)
    return next(fact.flaws for fact in facts if isinstance(fact, CollectedSlots))


STARTS = [find_slot_before(DAG.schedule, slot) for slot in SLOTS]


def test_data_of_intervals_belong_to_the_run_at_their_end() -> None:
    rows = [(start, slot + 5 * MINUTE) for start, slot in zip(STARTS, SLOTS, strict=True)]
    assert flaws_of_starts(rows, slot_is="start") == ()
    assert len(flaws_of_starts(rows)) > 0
    at_ends = [(slot, slot + 5 * MINUTE) for slot in SLOTS]
    assert flaws_of_starts(at_ends) == flaws_of_starts(at_ends, slot_is="end") == ()


def test_what_is_missing_is_told_by_the_slot_of_its_run() -> None:
    rows = [(start, slot + MINUTE) for start, slot in zip(STARTS, SLOTS, strict=True) if slot != SLOTS[7]]
    assert flaws_of_starts(rows, slot_is="start")[0].startswith(f"{SLOTS[7]:%Y-%m-%dT%H:%M:%SZ} wire: left nothing")


def test_what_is_no_start_of_an_interval_stays_what_it_is() -> None:
    rows = [(start, slot + MINUTE) for start, slot in zip(STARTS, SLOTS, strict=True)]
    odd = SLOTS[3] + MINUTE
    assert flaws_of_starts([*rows, (odd, odd)], slot_is="start") == (
        f"{odd:%Y-%m-%dT%H:%M:%SZ} wire: no run collected it",
    )


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
        ({**TABLE, "slot_is": "begin"}, "slot_is: is 'begin'; write 'end' or 'start'"),
        (
            {"prefix": "s3://bucket/raw/{source}/", "sources": ["wire"], "slot_is": "start"},
            "keys of this prefix state no slot",
        ),
    ],
)
def test_what_a_slot_is_must_make_sense(stated: Any, said: str) -> None:
    (told,) = DATA.find("dags.x.data", stated)
    assert said in told
    assert not list(DATA.find("dags.x.data", {**TABLE, "slot_is": "start"}))
