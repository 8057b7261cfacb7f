"""Sections of the criteria file: [dags], [load], [rollout], [e2e], [attested] and [[cells]], their values, and
each mistake in one line that says what to write."""

import re
import time
import tomllib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prodgate.commands.attesting import render_record
from prodgate.criteria import CriteriaError, UsageError
from prodgate.dags.declared import Schedule
from prodgate.evidence.journal import name_within
from prodgate.iam.account import EVERYTHING
from prodgate.quantities import Quantity
from prodgate.sections.attested import (
    AttestationError,
    AttestedSection,
    Person,
    Record,
    Terms,
    parse_attestation,
    read_terms,
)
from prodgate.sections.changing import find_in_address, find_in_attributes, find_in_name, why_untouched
from prodgate.sections.criteria_file import WITHOUT, load_criteria, parse_criteria
from prodgate.sections.dags import (
    DATA,
    DataSection,
    SlotObjects,
    SlotTable,
    airflow_mistakes,
    parse_airflow_section,
    parse_data_section,
)
from prodgate.sections.e2e import (
    E2E,
    SITE,
    Account,
    BeforeVisits,
    BuildMark,
    DeclaredPage,
    Region,
)
from prodgate.sections.goals import ORGANIZATION
from prodgate.sections.load import LOAD
from prodgate.sections.rollout import ROLLOUT, rollout_mistakes
from prodgate.sections.targets import (
    cells_mistakes,
    parse_account,
    parse_cells,
    parse_target,
    read_cell,
    require_account,
)

from ..sample_run import CRITERIA

TEXT = """
[airflow]
version = "3.0.6"
environment = "shop"
acknowledged = ["collect/run-1: run again"]

[airflow.rehearsal]
history = "60 s"
grace = "30 s"
limit = "40 s"
crons = { collect = "* * * * * */10" }

[dags.collect]
cron = "0 */6 * * *"
timezone = "Asia/Tokyo"
grace = "20 min"
tasks = { fetch = [], store = ["fetch"] }
"""


def data(**changes: Any) -> dict[str, Any]:
    """The sections of TEXT with changes at ``table__key``; None takes a key away."""
    found = tomllib.loads(TEXT)
    for path, value in changes.items():
        *tables, key = path.split("__")
        table = found
        for name in tables:
            table = table[name]
        if value is None:
            del table[key]
        else:
            table[key] = value
    return found


def test_what_is_stated_is_read() -> None:
    assert not list(airflow_mistakes(data()))
    section = parse_airflow_section(data()["airflow"], data()["dags"])
    dag = section.dags["collect"]
    assert (section.version, section.environment, section.folder, section.canary) == ("3.0.6", "shop", "dags", "")
    assert dag.declared.schedule == Schedule(cron="0 */6 * * *", timezone="Asia/Tokyo")
    usual = (timedelta(days=30), timedelta(minutes=20), timedelta(hours=2))
    assert (dag.declared.window, dag.declared.grace, dag.declared.limit) == usual
    assert dag.tasks == {"fetch": (), "store": ("fetch",)}
    assert dag.data is None
    assert section.rehearsal.crons == {"collect": "* * * * * */10"}
    assert (section.rehearsal.history, section.rehearsal.most) == (timedelta(minutes=1), timedelta(minutes=3))


def test_a_file_need_not_speak_of_airflow() -> None:
    assert not list(airflow_mistakes({}))


MISTAKES = [
    ({"airflow__version": None}, "airflow.version: is missing; write e.g. version = \"3.0.6\", as the environment has it"),
    ({"airflow__vresion": "3"}, "airflow.vresion: is not a key; did you mean 'version'?"),
    ({"airflow__environment": 7}, "airflow.environment: is 7; write a text"),
    ({"airflow__role": "workers"}, "airflow.role: is 'workers'; write the ARN of a role"),
    ({"airflow__role": "arn:aws:iam::123456789012:role/a"}, "airflow.role: MWAA says itself which role its workers have; take it out"),
    ({"airflow__environment": None}, "airflow: names no Airflow, or two; write either environment"),
    ({"airflow__url": "https://a.example"}, "airflow: names no Airflow, or two"),
    ({"airflow__password": "hunter2"}, "airflow.password: is no reference; write env:NAME or secret:ID"),
    ({"airflow__rehearsal": {}}, "airflow.rehearsal.history: is missing; write e.g. history = '75 s'"),
    ({"airflow__rehearsal": 3}, "airflow.rehearsal: is 3; write { history"),
    ({"airflow__rehearsal__database": "postgresql://x"}, "airflow.rehearsal.database: is no reference; write env:NAME"),
    ({"airflow__rehearsal__grace": "1 kg"}, "airflow.rehearsal.grace: 'kg' is not a unit"),
    ({"airflow__rehearsal__most": "59 s"}, "airflow.rehearsal.most: '59 s' is less than history, '60 s'; write a longer time"),
    ({"airflow__rehearsal__most": "soon"}, "airflow.rehearsal.most: "),
    ({"airflow__rehearsal__crons": {"colect": "* * * * *"}}, "crons.colect: is not a DAG of [dags]; did you mean 'collect'?"),
    ({"airflow__rehearsal__crons": {}}, "airflow.rehearsal.crons: says nothing of collect"),
    ({"airflow__rehearsal__crons__collect": "every minute"}, "airflow.rehearsal.crons.collect: "),
    ({"dags": {}}, "dags: holds no DAG; write [dags.ID]"),
    ({"dags__collect": "daily"}, "dags.collect: is 'daily'; write cron"),
    ({"dags__collect__cron": None}, "dags.collect.cron: is missing"),
    ({"dags__collect__cron": "0 25 * * *"}, "dags.collect.cron: '0 25 * * *' is no cron expression"),
    ({"dags__collect__timezone": "Asia/Tokio"}, "dags.collect.timezone: "),
    ({"dags__collect__grase": "1 h"}, "dags.collect.grase: is not a key; did you mean 'grace'?"),
    ({"dags__collect__limit": "2 GiB"}, "dags.collect.limit: is '2 GiB'; write a time"),
    ({"dags__collect__limit": "0 s"}, "dags.collect.limit: is '0 s'; write more than nothing"),
    ({"dags__collect__tasks": ["fetch"]}, "dags.collect.tasks: is ['fetch']; write {"),
    ({"dags__collect__tasks": {"store": ["fetsh"], "fetch": []}}, "'fetsh' is not a task of this DAG; did you mean 'fetch'?"),
    ({"dags__collect__may_skip": "fetch"}, "dags.collect.may_skip: is 'fetch'; write the tasks that may be skipped"),
    ({"dags__collect__may_skip": ["fetsh"], "dags__collect__tasks": {"fetch": []}}, "'fetsh' is not a task of this DAG; did you mean 'fetch'?"),
    ({"dags__col lect": {}}, "dags.col lect: is not the id of a DAG"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"), MISTAKES, ids=lambda value: next(iter(value)) if isinstance(value, dict) else None
)
def test_each_mistake_says_what_to_write(changes: dict[str, Any], message: str) -> None:
    found = list(airflow_mistakes(data(**changes)))
    assert len(found) >= 1
    assert message in found[0]


@pytest.mark.parametrize("key", ["airflow", "dags"])
def test_one_section_needs_the_other(key: str) -> None:
    assert list(airflow_mistakes({name: table for name, table in data().items() if name != key}))


def test_the_value_of_a_password_is_in_no_message() -> None:
    assert "hunter2" not in "".join(airflow_mistakes(data(airflow__password="hunter2")))


# ── The data that a slot must leave

WHERE = "dags.collect.data"
TABLE = {
    "database": "env:NEWS_DATABASE", "table": "news.collections", "source": "source", "slot": "slot",
    "written": "finished_at", "rows": "rows", "sources": ["wire", "league"],
}  # fmt: skip
BUCKET = {"prefix": "s3://news-data/raw/{source}/", "sources": ["wire"], "least": 3}


def test_a_table_is_read_whole() -> None:
    assert list(DATA.find(WHERE, TABLE)) == []
    place = SlotTable(
        database="env:NEWS_DATABASE", table="news.collections", source="source", slot="slot", written="finished_at", rows="rows"
    )  # fmt: skip
    assert parse_data_section(TABLE) == DataSection(sources=("wire", "league"), least=1, place=place)


def test_a_bucket_is_read_whole() -> None:
    assert list(DATA.find(WHERE, BUCKET)) == []
    place = SlotObjects(prefix="s3://news-data/raw/{source}/")
    assert parse_data_section(BUCKET) == DataSection(sources=("wire",), least=3, place=place)


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ("news", "dags.collect.data: is 'news'; write table or prefix, and sources"),
        (TABLE | {"tabel": "x"}, "dags.collect.data.tabel: is not a key; did you mean 'table'?"),
        (TABLE | {"sources": []}, "dags.collect.data.sources: is []"),
        (TABLE | {"sources": "wire"}, "dags.collect.data.sources: is 'wire'"),
        (TABLE | {"sources": ["a b"]}, "dags.collect.data.sources: 'a b' is no name of a source"),
        (TABLE | {"sources": ["a", 1]}, "dags.collect.data.sources: 1 is no name of a source"),
        (
            TABLE | {"sources": ["a", "a"]},
            "dags.collect.data.sources: is ['a', 'a']; write the names of the sources, each once",
        ),
        (TABLE | {"least": True}, "dags.collect.data.least: is True"),
        (TABLE | {"least": -1}, "dags.collect.data.least: is -1"),
        (TABLE | {"prefix": "s3://news/{source}/"}, "dags.collect.data: names both table and prefix"),
        ({"sources": ["a"]}, "dags.collect.data: names neither table nor prefix"),
        (TABLE | {"table": "a; drop"}, "dags.collect.data.table: 'a; drop' is no name of a table"),
        (TABLE | {"rows": "count(*)"}, "dags.collect.data.rows: 'count(*)' is no name of a column"),
        (TABLE | {"slot": 1}, "dags.collect.data.slot: 1 is no name of a column"),
        (
            {each: name for each, name in TABLE.items() if each != "written"},
            "dags.collect.data.written: is missing; write e.g. written = 'finished_at'",
        ),
        (BUCKET | {"prefix": "s3://b/raw/"}, "dags.collect.data.prefix: is 's3://b/raw/'"),
        (BUCKET | {"prefix": "s3://news/{source}"}, "dags.collect.data.prefix: is 's3://news/{source}'"),
        (
            BUCKET | {"prefix": "s3://news/{source}/{slot}/{slot}"},
            "dags.collect.data.prefix: is 's3://news/{source}/{slot}/{slot}'; write {slot} once",
        ),
        (
            BUCKET | {"prefix": "s3://news/{source}/{slot:%H}/"},
            "dags.collect.data.prefix: is 's3://news/{source}/{slot:%H}/'; write the slot with its whole date",
        ),
        (
            BUCKET | {"prefix": "s3://b/{source}/{slot:%Y%m%d%p}"},
            "dags.collect.data.prefix: is 's3://b/{source}/{slot:%Y",
        ),
        (BUCKET | {"prefix": "https://news/{source}/"}, "dags.collect.data.prefix: is 'https://news/{source}/'"),
        (BUCKET | {"slot_zone": "UTC"}, "dags.collect.data.slot_zone: no key of objects states a slot"),
        (
            BUCKET | {"prefix": "s3://news/{source}/{slot}", "slot_zone": "JST"},
            "dags.collect.data.slot_zone: 'JST' is no time zone; write e.g. 'Asia/Tokyo'",
        ),
        (BUCKET | {"slot": "slot"}, "dags.collect.data.slot: is of a table, and prefix is of a bucket"),
    ],
)
def test_a_mistake_is_one_line(table: Any, mistake: str) -> None:
    (line,) = DATA.find(WHERE, table)
    assert line.startswith(mistake)


@pytest.mark.parametrize("database", ["postgresql://news:hunter2@db/news", "env:", "secret:a b", 7])
def test_a_url_is_never_stated_and_never_shown(database: Any) -> None:
    (line,) = DATA.find(WHERE, TABLE | {"database": database})
    assert line.startswith("dags.collect.data.database: names no place where the URL stands")
    assert "hunter2" not in line


# ── [load] and [rollout]: their values, and each mistake in one line that says what to write

VALID_LOAD = """
locustfile = "load/readers.py"
hosts = ["www.shop.example", "shop.example"]
resolves_to = ["*.cloudfront.net", "203.0.113.0/24"]
workers = 2
most = { rate = "500 /s", duration = "10 min" }
holds = { "/" = "</html>", "POST /login" = { status = [200, 302], schema = { "user.id" = "number" } } }

[steady]
rate = "100 /s"
duration = "40 s"
timeout = "2 s"

[surge]
rate = "400 /s"
duration = "0.2 min"
warm_up = "0 s"
returning = "12.5 %"
"""
STEADY_LOAD = {
    "most": {"rate": "1 /s", "duration": "1 s"},
    "steady": {"rate": "1 /s", "duration": "1 s", "warm_up": "0 s"},
}


def test_a_valid_section_of_load_is_read_whole() -> None:
    table = tomllib.loads(VALID_LOAD)
    assert list(LOAD.find("load", table)) == []
    section = LOAD.read(table)
    assert (section.locustfile, section.hosts, section.workers) == (
        "load/readers.py",
        ("www.shop.example", "shop.example"),
        2,
    )
    assert section.resolves_to == ("*.cloudfront.net", "203.0.113.0/24")
    assert section.holds == {"/": "</html>", "POST /login": {"status": [200, 302], "schema": {"user.id": "number"}}}
    assert list(section.profiles) == ["steady", "surge"]
    steady, surge = section.profiles.values()
    assert [str(each) for each in (steady.rate, steady.duration, steady.warm_up, steady.timeout)] == [
        "100 /s",
        "40 s",
        "5 s",
        "2 s",
    ]
    assert [str(each.returning) for each in (steady, surge)] == ["0 %", "12.5 %"]
    assert [str(each) for each in (surge.duration, surge.warm_up, surge.timeout)] == ["0.2 min", "0 s", "10 s"]


def test_a_rehearsal_has_profiles_of_its_own() -> None:
    short = {"rate": "1 /s", "duration": "0.5 s", "warm_up": "0 s"}
    section = LOAD.read({**STEADY_LOAD, "rehearsal": {"steady": short}})
    assert [str(each["steady"].duration) for each in (section.profiles, section.rehearsal)] == ["1 s", "0.5 s"]


def test_what_is_left_out_has_a_default() -> None:
    table = tomllib.loads('most = { rate = "9 /s", duration = "9 min" }\n[deploy]\nrate = "9 /s"\nduration = "8 s"')
    assert list(LOAD.find("load", table)) == []
    section = LOAD.read(table)
    assert (section.locustfile, section.hosts, section.workers) == ("loadtests/locustfile.py", (), 0)


@pytest.mark.parametrize(
    ("before", "after", "mistake"),
    [
        ("hosts =", "host =", "load.host: is not a key; did you mean 'hosts'?"),
        ("[surge]", "[peak]", "load.peak: is not a key; keys are locustfile, hosts"),
        ('"load/readers.py"', "3", "load.locustfile: is 3; write the path of a file"),
        ('"</html>"', "{ texts = 'x' }", "load.holds./: is {'texts': 'x'}; write a text, a number of bytes, or a table"),
        ("workers = 2", "workers = -1", "load.workers: is -1; write a whole number from 0 to 64"),
        ("workers = 2", "port_of_green = 70000", "load.port_of_green: is 70000; write a whole number from 0 to 65,535"),
        ("workers = 2", 'release = "../other"', "load.release: is '../other'; write the name of a run"),
        ("workers = 2", "workers = true", "load.workers: is True; write a whole number"),
        ('["www.shop.example", "shop.example"]', '"www.shop.example"', "load.hosts: is 'www.shop.example'; write a list of texts"),
        ('"www.shop.example"', '"https://www.shop.example/"', "load.hosts: 'https://www.shop.example/' is not the name of a host; write e.g. 'www.shop.example'"),
        ('"www.shop.example"', '"localhost:8077"', "load.hosts: 'localhost:8077' is not the name of a host"),
        ("203.0.113.0/24", "203.0.113.9/24", "load.resolves_to: '203.0.113.9/24' is not a network; write e.g. '203.0.113.0/24'"),
        ("203.0.113.0/24", "203.0.113.256", "load.resolves_to: '203.0.113.256' is not a network"),
        ('resolves_to = ["*.cloudfront.net", "203.0.113.0/24"]\n', "", "load.resolves_to: is missing; say where hosts must be"),
        ('most = { rate = "500 /s", duration = "10 min" }\n', "", "load.most: is missing; write e.g. most = { rate = "),
        ('"500 /s"', '"500 s"', "load.most.rate: is '500 s'; write a rate, e.g. '100 /s'"),
        ('rate = "500 /s", ', "", "load.most.rate: is missing; write e.g. rate = '100 /s'"),
        ("timeout =", "time_out =", "load.steady.time_out: is not a key; did you mean 'timeout'?"),
        ('"40 s"', "40", "load.steady.duration: is 40; write a time, e.g. '40 s'"),
        ('"40 s"', '"40 sec"', "load.steady.duration: 'sec' is not a unit; did you mean 's'?"),
        ('"40 s"', '"0 s"', "load.steady.duration: is '0 s'; write more than nothing"),
        ('"0 s"', '"-1 s"', "load.surge.warm_up: is '-1 s'; write more than nothing"),
        ('"2 s"', '"2 s"\nreturning = "100 %"', "load.steady.returning: is '100 %'; write less than '100 %'"),
        ('"2 s"', '"2 s"\nuncached = "a quarter"', "load.steady.uncached: "),
        ('"2 s"', '"2 s"\nuncached = "101 %"', "load.steady.uncached: is '101 %'"),
        ('"2 s"', '"2 s"\nreturning = "-1 %"', "load.steady.returning: is '-1 %'; write more than nothing"),
        ('duration = "40 s"\n', "", "load.steady.duration: is missing; write e.g. duration = '40 s'"),
        ('"400 /s"', '"501 /s"', "load.surge.rate: is '501 /s'; load.most allows '500 /s'"),
        ('"40 s"', '"596 s"', "load.steady.duration: is '596 s' after '5 s' of warm-up; load.most allows '10 min' together"),
    ],
)  # fmt: skip
def test_one_mistake_of_load_is_one_line(before: str, after: str, mistake: str) -> None:
    assert before in VALID_LOAD
    (line,) = LOAD.find("load", tomllib.loads(VALID_LOAD.replace(before, after, 1)))
    assert line.startswith(mistake)


@pytest.mark.parametrize(
    ("section", "mistake"),
    [
        ([], "load: is []; write [load] with most"),
        ({"most": {"rate": "1 /s", "duration": "1 s"}}, "load: holds no profile; write [load.steady]"),
        ({"most": {"rate": "1 /s", "duration": "1 s"}, "steady": 3}, "load.steady: is 3; write { rate"),
        ({**STEADY_LOAD, "rehearsal": 3}, "load.rehearsal: is 3; write [load.rehearsal]"),
        ({**STEADY_LOAD, "rehearsal": {"stedy": {}}}, "load.rehearsal.stedy: is not a key; did you mean 'steady'?"),
        (
            {**STEADY_LOAD, "rehearsal": {"surge": {"rate": "9 /s", "duration": "1 s", "warm_up": "0 s"}}},
            "load.rehearsal.surge.rate: is '9 /s'; load.most allows '1 /s'",
        ),
    ],
)
def test_what_is_no_section_is_refused(section: object, mistake: str) -> None:
    (line,) = LOAD.find("load", section)
    assert line.startswith(mistake)


# ── [rollout]

WATCHED = """
rate = "50 /s"
timeout = "2 s"
limit = "1 h"
reads = ["/", "/api/stories?page=1"]
write = "/api/applause"
written = "/api/applause/{key}"

[rehearsal]
rate = "100 /s"
speed = 30
"""
BEFORE = """
[before]
tests = ["reports/*.xml"]
targets = ["aws://staging@eu-west-1"]

[before.rehearsal]
command = ["{python}", "-m", "pytest", "--junit-xml={results}"]
limit = "30 s"
"""
MIGRATIONS = """
[migrations]
tool = "alembic"
folder = "migrations"
database = "secret:shop/gate/database"
"""
BESIDE = {"most": {"rate": "200 /s"}}
ROOT = Path(__file__).parents[3]


def test_a_valid_rollout_is_read_whole() -> None:
    table = tomllib.loads(WATCHED + BEFORE + MIGRATIONS)
    assert list(rollout_mistakes(table, BESIDE)) == []
    section = ROLLOUT.read(table)
    assert (str(section.watching.rate), str(section.watching.limit), section.speed) == ("50 /s", "1 h", 30)
    assert (str(section.rehearsal.rate), str(section.rehearsal.timeout)) == ("100 /s", "2 s")
    before, migrations = section.before, section.migrations
    assert (before.tests, before.targets) == (("reports/*.xml",), ("aws://staging@eu-west-1",))
    assert (before.rehearsal.command[0], str(before.rehearsal.limit)) == ("{python}", "30 s")
    assert (migrations.tool, migrations.table, migrations.task, migrations.code) == ("alembic", "", "", ("**",))


def test_what_is_not_said_has_a_default() -> None:
    section = ROLLOUT.read({})
    assert (str(section.rehearsal.limit), section.reads, section.write, section.written) == ("2 h", ("/",), "", "")
    assert (section.before.tests, section.before.targets, section.before.rehearsal) == ((), (), None)


def test_the_example_names_a_folder_and_files_that_exist() -> None:
    stated = load_criteria(ROOT / "criteria.toml").rollout
    assert (ROOT / stated.migrations.folder / "env.py").is_file()
    assert all(list(ROOT.glob(pattern)) for pattern in stated.migrations.code)


@pytest.mark.parametrize(
    ("text", "before", "after", "mistake"),
    [
        (WATCHED, "timeout", "time_out", "rollout.time_out: is not a key; did you mean 'timeout'?"),
        (WATCHED, '"50 /s"', '"50 s"', "rollout.rate: is '50 s'; write a rate, e.g. '50 /s'"),
        (WATCHED, '"50 /s"', '"201 /s"', "rollout.rate: is '201 /s'; load.most allows '200 /s'"),
        (WATCHED, '"100 /s"', '"201 /s"', "rollout.rehearsal.rate: is '201 /s'; load.most allows '200 /s'"),
        (WATCHED, '"1 h"', '"0 s"', "rollout.limit: is '0 s'; write more than nothing"),
        (WATCHED, '"/", ', '"stories", ', "rollout.reads: 'stories' is no path; write e.g. '/api/stories?page=1'"),
        (WATCHED, '"/api/applause"', '"/a b"', "rollout.write: '/a b' is no path"),
        (WATCHED, "/{key}", "", "rollout.written: '/api/applause' reads no write back; state write as well"),
        (WATCHED, 'write = "/api/applause"', "", "rollout.written: '/api/applause/{key}' reads no write back"),
        (WATCHED, "/{key}", "/{key} ", "rollout.written: '/api/applause/{key} ' is no path"),
        (WATCHED, '["/", "/api/stories?page=1"]', "[]", "rollout.reads: is []; write a list of paths"),
        (WATCHED, "speed = 30", "speed = 0", "rollout.rehearsal.speed: is 0; write a whole number from 1 to 3,600"),
        (WATCHED, "speed = 30", "speed = true", "rollout.rehearsal.speed: is True; write a whole number"),
        (WATCHED, "speed = 30", "fast = 3", "rollout.rehearsal.fast: is not a key"),
        (BEFORE, "tests", "test", "rollout.before.test: is not a key; did you mean 'tests'?"),
        (BEFORE, '["reports/*.xml"]', '"reports/*.xml"', "rollout.before.tests: is 'reports/*.xml'; write a list of texts"),
        (BEFORE, "reports/", "/tmp/", "rollout.before.tests: '/tmp/*.xml' is no path inside the project"),
        (BEFORE, "reports/", "../", "rollout.before.tests: '../*.xml' is no path inside the project"),
        (BEFORE, "aws://staging@eu-west-1", "staging", "rollout.before.targets: target 'staging': is not a target"),
        (BEFORE, "={results}", "=x.xml", "rollout.before.rehearsal.command: is ['{python}'"),
        (BEFORE, "command", "commands", "rollout.before.rehearsal.commands: is not a key"),
        (BEFORE, '"30 s"', '"30 /s"', "rollout.before.rehearsal.limit: is '30 /s'; write a time"),
        (MIGRATIONS, 'tool = "alembic"', "", "rollout.migrations.tool: is missing; write e.g. tool = 'alembic'"),
        (MIGRATIONS, "alembic", "sqitch", "rollout.migrations.tool: is 'sqitch'; write one of alembic, django, flyway"),
        (MIGRATIONS, "secret:shop/gate/database", "postgresql://u:hunter2@db/x", "rollout.migrations.database: names no place"),
        (MIGRATIONS, "[migrations]", '[migrations]\ntabel = "x"', "rollout.migrations.tabel: is not a key; did you mean 'table'?"),
        (MIGRATIONS, "[migrations]", '[migrations]\ntable = "a b"', "rollout.migrations.table: 'a b' is no name of a table"),
        (MIGRATIONS, "[migrations]", "[migrations]\ntask = 3", "rollout.migrations.task: is 3; write a text, e.g. 'shop-prod-migration'"),
        (MIGRATIONS, "[migrations]", '[migrations]\nprevious = "main"', "rollout.migrations.previous: is 'main'; write 'env:NAME'"),
        (MIGRATIONS, "[migrations]", "[migrations]\ncode = []", "rollout.migrations.code: is []; write patterns of files"),
        (MIGRATIONS, '"migrations"', '"../elsewhere"', "rollout.migrations.folder: is '../elsewhere'; write a path inside the project"),
    ],
)  # fmt: skip
def test_a_mistake_in_rollout_says_what_to_write(text: str, before: str, after: str, mistake: str) -> None:
    assert before in text
    lines = list(rollout_mistakes(tomllib.loads(text.replace(before, after, 1)), BESIDE))
    assert lines[0].startswith(mistake), lines
    assert len(lines) == 1 or "command" in mistake
    assert "hunter2" not in str(lines)


@pytest.mark.parametrize(
    ("section", "mistake"),
    [
        ([], "rollout: is []; write [rollout]"),
        ({"rehearsal": 3}, "rollout.rehearsal: is 3; write {"),
        ({"before": "reports"}, 'rollout.before: is \'reports\'; write [rollout.before] with tests = ["reports/*.xml"]'),
        ({"before": {"rehearsal": 1}}, "rollout.before.rehearsal: is 1; write { command"),
        ({"migrations": "alembic"}, 'rollout.migrations: is \'alembic\'; write [rollout.migrations] with tool = "alembic", folder and database'),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(section: object, mistake: str) -> None:
    (line,) = rollout_mistakes(section, BESIDE)
    assert line.startswith(mistake)


# ── [e2e] states the site and the pages to open; each mistake is one line that says what to write

VALID_E2E = """
base_url = "https://www.shop.example/"
hosts = ["shop.example"]
third_parties = ["fonts.example"]
partners = ["login.example", "localhost:9000"]
reads = ["POST /graphql"]
lasting = ["GET /updates", "timers"]
reviewed = ["color-contrast"]
untouched = ["/account/*"]
sockets = ["live.shop.example"]
health = "/health"
journeys = "tests/journeys"
mutates = true
build = { meta = "build", expected = "env:RELEASE" }

[before]
cookies = { consent = "all" }
headers = { X-Consent = "all" }
click = ["button: Accept all"]

[credentials]
buyer = { user = "env:BUYER", password = "secret:shop/buyer#password" }

[pages]
front = { path = "/", regions = ["banner", "navigation: Main menu"], cache = "public" }
item = { path = "/", follow = "article" }
"""


def test_a_valid_section_of_e2e_is_read_whole() -> None:
    table = tomllib.loads(VALID_E2E)
    assert list(E2E.find("e2e", table)) == []
    section = E2E.read(table)
    assert (section.base_url, section.hosts, section.third_parties, section.partners, section.reads) == (
        "https://www.shop.example", ("shop.example",), ("fonts.example",), ("login.example", "localhost:9000"), ("POST /graphql",),
    )  # fmt: skip
    assert section.before == BeforeVisits(
        cookies={"consent": "all"}, headers={"X-Consent": "all"}, click=(("button", "Accept all"),)
    )
    assert (section.lasting, section.reviewed) == (("GET /updates", "timers"), ("color-contrast",))
    assert (section.sockets, section.untouched) == (("live.shop.example",), ("/account/*",))
    assert (section.health, section.journeys, section.mutates) == ("/health", "tests/journeys", True)
    assert section.build == BuildMark(meta="build", expected="env:RELEASE")
    assert section.credentials == {"buyer": Account(user="env:BUYER", password="secret:shop/buyer#password")}
    assert section.pages == (
        DeclaredPage(
            name="front", path="/", regions=(Region("banner"), Region("navigation", "Main menu")), cache="public"
        ),
        DeclaredPage(name="item", path="/", follow="article"),
    )


def test_what_is_left_out_changes_nothing_at_the_site() -> None:
    section = E2E.read({})
    assert list(E2E.find("e2e", {})) == []
    assert (section.mutates, section.keep_bodies, section.journeys, section.build, section.pages) == (
        False,
        False,
        "e2e/journeys",
        None,
        (),
    )


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("base = 'x'", "e2e.base: is not a key; did you mean 'base_url'?"),
        ("base_url = 'http://shop.example'", "e2e.base_url: is 'http://shop.example'; write https:// and a host, as 'https://shop.example'"),
        ("base_url = 'https://shop.example/a'", "e2e.base_url: is 'https://shop.example/a'; write https:// and a host, as 'https://shop.example'"),
        ("base_url = 'https://['", "e2e.base_url: is 'https://['; write https:// and a host, as 'https://example.com'"),
        ("base_url = 'https://shop.example:web'", "e2e.base_url: is 'https://shop.example:web'; write https:// and a host, as 'https://example.com'"),
        ("base_url = 1", "e2e.base_url: is 1; write https:// and a host, as 'https://example.com'"),
        ("hosts = 'shop.example'", "e2e.hosts: is 'shop.example'; write a list of texts, e.g. ['example.com']"),
        ("partners = ['https://login.example']", "e2e.partners: 'https://login.example' is not the name of a host; write e.g. 'www.example.com'"),
        ("hosts = ['localhost:9000']", "e2e.hosts: 'localhost:9000' is not the name of a host; write e.g. 'www.example.com'"),
        ("reads = ['graphql']", "e2e.reads: 'graphql' is not a method and a path; write e.g. 'POST /graphql'"),
        ("lasting = ['/updates']", "e2e.lasting: '/updates' is not a method and a path; write e.g. 'GET /updates'"),
        ("reads = ['timers']", "e2e.reads: 'timers' is not a method and a path; write e.g. 'POST /graphql'"),
        ("reviewed = ['Contrast?']", "e2e.reviewed: 'Contrast?' is not the id of a rule of axe; write e.g. 'color-contrast'"),
        ("untouched = '/account'", "e2e.untouched: is '/account'; write a list of texts, e.g. ['/account/*']"),
        ("untouched = ['account']", "e2e.untouched: 'account' is not a path; write e.g. '/account/*'"),
        ("untouched = ['/a*']\npages = { own = { path = '/account' } }", "e2e.pages.own.path: is '/account', and [e2e] untouched names /a*; take it out of one of them"),
        ("keep_bodies = 1", "e2e.keep_bodies: is 1; write true or false"),
        ("mutates = 'yes'", "e2e.mutates: is 'yes'; write true or false"),
        ("health = 'health'", "e2e.health: is 'health'; write a path, e.g. '/health'"),
        ("build = 'x-build'", "e2e.build: is 'x-build'; write { header = \"x-build\" }"),
        ("build = { header = 'a', meta = 'b' }", "e2e.build: says not in one way how a page names its build; write header = \"x-build\" or meta = \"build\""),
        ("build = { header = 'a', expected = '1.2' }", "e2e.build.expected: is '1.2'; write 'commit', 'env:NAME' or 'text:BUILD'"),
        ("build = { heder = 'a', meta = 'b' }", "e2e.build.heder: is not a key; did you mean 'header'?"),
        ("before = 'consent'", "e2e.before: is 'consent'; write [e2e.before] with click = [\"button: Accept all\"]"),
        ("[before]\ncookie = {}", "e2e.before.cookie: is not a key; did you mean 'cookies'?"),
        ("[before]\ncookies = 'all'", "e2e.before.cookies: is 'all'; write { consent = \"all\" }"),
        ("[before]\ncookies = { consent = 'a; b' }", "e2e.before.cookies: consent = 'a; b' can't be sent; write a name and a text of one line, e.g. consent = \"all\""),
        ("[before]\nheaders = { X-Consent = 1 }", "e2e.before.headers: X-Consent = 1 can't be sent; write a name and a text of one line, e.g. X-Consent = \"all\""),
        ("[before]\nclick = ['Accept all']", "e2e.before.click: is 'Accept all'; write a role with a name, e.g. 'button: Accept all'"),
        ("[credentials]\nbuyer = { user = 'env:U' }", "e2e.credentials.buyer.password: is missing; write e.g. password = 'secret:ID'"),
        ("credentials = { buyer = 'hunter22' }", "e2e.credentials.buyer: is no table; write { user = \"env:USER\", password = \"secret:ID\" }"),
        ("[credentials]\nbuyer = { user = 'env:U', password = 'hunter22' }", "e2e.credentials.buyer.password: is no reference; write 'env:NAME' or 'secret:ID', and never the value itself"),
        ("[pages]\nfront = '/'", "e2e.pages.front: is '/'; write { path = \"/\", regions = [\"main\"] }"),
        ("[pages]\nfront = { path = '/', region = [] }", "e2e.pages.front.region: is not a key; did you mean 'regions'?"),
        ("[pages]\nfront = { path = '/', regions = ['.main'] }", "e2e.pages.front.regions: '.main' is no role; write e.g. 'main' or 'navigation: Main menu'"),
        ("[pages]\nfront = { path = '/', cache = 'no' }", "e2e.pages.front.cache: is 'no'; write 'public' or 'private'"),
        ("[pages]\nfront = { path = '/', follow = '.card' }", "e2e.pages.front.follow: is '.card'; write the role of a region, e.g. 'article'"),
    ],
)  # fmt: skip
def test_a_mistake_of_e2e_is_one_line(text: str, mistake: str) -> None:
    assert list(E2E.find("e2e", tomllib.loads(text))) == [mistake]


def test_something_that_is_no_table_is_refused() -> None:
    assert list(E2E.find("e2e", "https://shop.example")) == [
        "e2e: is 'https://shop.example'; write [e2e] with base_url = \"https://www.example.com\""
    ]


@pytest.mark.parametrize(
    "given",
    [
        "https://WWW.Example.com",
        "https://www.example.com:443",
        "https://www.example.com/",
        "https://www.EXAMPLE.com:443/",
    ],
)
def test_an_address_is_written_as_browsers_write_it(given: str) -> None:
    assert E2E.read({"base_url": given}).base_url == "https://www.example.com"
    assert E2E.read({"base_url": "https://www.example.com:4430"}).base_url.endswith(":4430")


# ── Elements that announce a change


@pytest.mark.parametrize(
    "address",
    [
        "/logout", "/LogOut.aspx", "/account/sign-out", "/users/sign_out", "/api/delete?id=7", "/deleteItem/4", "/unsubscribe", "/cart/add", "/?action=delete",
        "/%6Cogout/now", "/%256Cogout", "/wp-login.php?action=logout", "/index.php?route=account/logout", "/?add-to-cart=3", "/?logout", "/posts/7/publish",
        "/posts/7/archive", "/%E5%89%8A%E9%99%A4/3", "/déconnexion", "/abmelden;jsessionid=1", "/items/3?_method=DELETE", "/story/7/like", "/poll?vote=up",
        "/settings", "/cookies/accept", "/basket", "/checkout/2", "/order/9", "/share?u=1",
    ],
)  # fmt: skip
def test_addresses_that_say_they_change_something(address: str) -> None:
    assert find_in_address(f"https://www.example.com{address}")


@pytest.mark.parametrize(
    "address",
    [
        "/", "/news/archive", "/static/delete.svg", "/teams?sort=asc&order=desc", "/search?q=cancel", "/login?next=/cart", "/post/12", "/blog/comment-on-rules",
        "/news/how-fans-follow-the-vote", "/stories/suns-buy-out-star-and-add-two", "/2024/08/12/likely-lineups", "/sign-in?return_to=/logout",
    ],
)  # fmt: skip
def test_addresses_that_only_look_so(address: str) -> None:
    assert find_in_address(f"https://www.example.com{address}") == ""


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("Log out", False), ("LOG\u00adOUT", False), ("De\u200blete", False), ("Ｌｏｇｏｕｔ", False), ("Click here to unsubscribe from all of our mails", False),
        ("J’aime", False), ("Desinscrire", False), ("Warenkorb", False), ("ÇIKIŞ YAP", False), ("Usuń", False), ("Выйти", False), ("カートに入れる", False),
        ("いいね!", False), ("退会する", False), ("注销", False), ("좋아요", False), ("Add", True), ("Yes, accept all of these cookies please", True),
    ],
)  # fmt: skip
def test_names_that_say_they_change_something(name: str, control: bool) -> None:
    assert find_in_name(name, control=control)


@pytest.mark.parametrize(
    "name",
    [
        "Next",
        "Menu",
        "Warriors decline option on veteran guard",
        "設定を変えた選手たちが勝利をつかんだ夜の話",
        "Likely",
        "Orders",
    ],
)
def test_names_that_only_look_so(name: str) -> None:
    assert find_in_name(name) == ""


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("rel", "noopener nofollow", True), ("rel", "noopener", False), ("download", "", True), ("data-method", "delete", True), ("data-method", "get", False),
        ("data-turbo-method", "post", True), ("data-confirm", "Sure?", True), ("data-hx-put", "/x", True), ("hx-get", "/x", False), ("formmethod", "post", True),
        ("formmethod", "get", False), ("aria-pressed", "false", True), ("role", "switch", True), ("onclick", "addToCart(3)", True), ("@click", "removeItem()", True),
        ("wire:click", "like", True), ("data-action", "click->menu#open", False), ("onclick", "location.reload()", False), ("data-post-id", "7", False),
    ],
)  # fmt: skip
def test_attributes(name: str, value: str, found: bool) -> None:
    assert bool(find_in_attributes({"href": "/x", name: value})) is found


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://a.example/account/7", "[e2e] untouched names /account/*"), ("https://a.example/%41ccount/7", "[e2e] untouched names /account/*"),
        ("https://a.example/account", ""), ("https://a.example/groups/7/open", "[e2e] untouched names /groups/*/open"), ("https://a.example/list?all=1", "[e2e] untouched names /list?all=*"),
        ("https://a.example/list", ""), ("https://a.example/cart", ""), ("https://a.example/cart/add", "its address says cart"),
    ],
)  # fmt: skip
def test_a_team_states_more_and_less(url: str, why: str) -> None:
    assert why_untouched(url, ["/account/*", "/groups/*/open", "/list?all=*"], ["GET /cart"]) == why


@pytest.mark.parametrize("part", ["a", "a-", "%25", "25", "aB", "_to", "like "])
def test_what_is_long_is_read_in_time_that_grows_with_it(part: str) -> None:
    begun, text = time.process_time(), f"%{part * (60_000 // len(part))}"
    find_in_address(f"https://a.example/{text}?{text}={text}")
    find_in_name(text)
    find_in_attributes({f"data-{text[:100]}": text, "onclick": text})
    why_untouched(f"https://a.example/{text}", ["/*a*a*a*a*b"], [])
    assert time.process_time() - begun < 5


# ── Targets, and [site]


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://staging.shop.example", "https://staging.shop.example"),
        ("https://Staging.Shop.example:443/", "https://staging.shop.example"),
        ("https://staging.shop.example:8443", "https://staging.shop.example:8443"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("http://127.0.0.1:8077", "http://127.0.0.1:8077"),
        ("http://[::1]:8077/", "http://[::1]:8077"),
        ("http://10.20.0.7:80", "http://10.20.0.7"),
        ("http://shop.internal", "http://shop.internal"),
        ("aws://prod@ap-northeast-1", ""),
        ("rehearsal://", ""),
    ],
)
def test_the_address_of_a_site_is_read_as_browsers_write_it(url: str, site: str) -> None:
    assert parse_target(url).site == site
    assert parse_target(url).rehearsal == (url == "rehearsal://")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://", "is no address of a site alone"),
        ("https://shop.example:0", "is no address of a site alone"),
        ("https://shop.example:65536", "is no address of a site alone"),
        ("https://shop.example/news", "write https://HOST or https://HOST:PORT"),
        ("https://shop.example?a=b", "is no address of a site alone"),
        ("https://-shop.example", "is no address of a site alone"),
        ("http://8.8.4.4", "write https://8.8.4.4"),
        ("http://8.8.8.8:8080", "http:// is for this machine and for private networks"),
        ("htps://shop.example", "did you mean 'https'?"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(url: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_target(url)
    assert why in str(refused.value)


def test_a_password_in_an_address_is_not_said_again() -> None:
    with pytest.raises(UsageError) as refused:
        parse_target("https://ana:open-sesame@shop.example")
    assert "open-sesame" not in str(refused.value)


def test_what_needs_an_account_takes_no_site() -> None:
    with pytest.raises(UsageError, match=r"--via https://shop\.example: is a site, of which no account is known"):
        parse_account("https://shop.example", "which has no bucket")
    with pytest.raises(UsageError, match="drill: https://shop.example: is a site"):
        require_account(parse_target("https://shop.example"), "drill:")


@pytest.mark.parametrize(
    ("table", "mistakes"),
    [
        ({"ca": "ca.pem", "networks": ["10.20.0.0/16", "fd00::/8"]}, []),
        ("ca.pem", ["site: is 'ca.pem'; write [site] with ca = \"ca.pem\""]),
        ({"ca": ""}, ["site.ca: is ''; write the path of a file, e.g. 'ca.pem'"]),
        ({"networks": "10.20.0.0/16"}, ["site.networks: is '10.20.0.0/16'; write a list of networks, e.g. ['10.20.0.0/16']"]),
        ({"networks": ["8.8.8.0/24"]}, ["site.networks: '8.8.8.0/24' is no private network; write e.g. '10.20.0.0/16'"]),
        ({"networks": ["0.0.0.0/0"]}, ["site.networks: '0.0.0.0/0' is no private network; write e.g. '10.20.0.0/16'"]),
        ({"networks": ["10.20.0.7/16"]}, ["site.networks: '10.20.0.7/16' is no private network; write e.g. '10.20.0.0/16'"]),
        ({"authority": "ca.pem"}, ["site.authority: is not a key; keys are ca, networks"]),
    ],
)  # fmt: skip
def test_a_mistake_in_the_section_is_one_line(table: object, mistakes: list[str]) -> None:
    assert list(SITE.find("site", table)) == mistakes


# ── The criteria's requirements for records, and the section [attested]

FILE = Path("criteria.toml")
VALID = """
system = "shop"

[attested]
folder = "people/records"
due = "14 d"

[criteria.runbook]
statement = { en = "A runbook exists.", ja = "手順書がある。" }
why = "Somebody is on call."
require = "<= 365 d"
source = "OPS-3"
layers = ["attested"]
document = { path = "docs/runbook.md", sections = ["Alarms"] }
attested_by = 2
shown_by = "rollout"

[criteria.backups]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
require = ">= 30 d"
source = "OPS-2"
layers = ["static"]
"""


def test_what_is_asked_of_a_record_is_read() -> None:
    stated = parse_criteria(VALID, FILE)
    assert stated.attested == AttestedSection(folder="people/records", due=Quantity.days(14))
    runbook, backups = stated.criteria["runbook"], stated.criteria["backups"]
    assert read_terms(runbook) == Terms(
        attested_by=2, document="docs/runbook.md", sections=("Alarms",), shown_by="rollout"
    )
    assert read_terms(backups) == Terms(attested_by=1, document="", sections=(), shown_by="")


def test_records_are_in_attestations_and_due_within_a_month_unless_something_else_is_stated() -> None:
    stated = parse_criteria(
        VALID.replace("[attested]", "").replace('folder = "people/records"', "").replace('due = "14 d"', ""), FILE
    )
    assert stated.attested == AttestedSection(folder="attestations", due=Quantity.days(30))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('folder = "people/records"', 'foldr = "x"', "attested.foldr: is not a key; did you mean 'folder'?"),
        ('folder = "people/records"', "folder = 3", "attested.folder: is 3; write a folder of the project"),
        ('folder = "people/records"', 'folder = "../records"', "attested.folder: is '../records'; write a folder"),
        ('folder = "people/records"', 'folder = "/records"', "attested.folder: is '/records'; write a folder"),
        ('folder = "people/records"', 'folder = "people/./records"', "attested.folder: is 'people/./records'"),
        ('folder = "people/records"', 'folder = "people//records"', "attested.folder: is 'people//records'"),
        ('due = "14 d"', 'due = "14 MB"', "attested.due: 'MB' is not a unit"),
        ('due = "14 d"', "due = 14", "attested.due: is 14; write a time"),
        ("attested_by = 2", "attested_by = 3", "criteria.runbook.attested_by: is 3; write a number from 1 to 2"),
        ("attested_by = 2", "attested_by = 0", "criteria.runbook.attested_by: is 0; write a number from 1 to 2"),
        ("attested_by = 2", "attested_by = true", "criteria.runbook.attested_by: is True; write a whole number"),
        ('shown_by = "rollout"', 'shown_by = "rolout"', "criteria.runbook.shown_by: 'rolout' is no layer that a run judges; did you mean 'rollout'?"),
        ('shown_by = "rollout"', 'shown_by = "attested"', "criteria.runbook.shown_by: 'attested' is no layer that a run judges"),
        ('path = "docs/runbook.md"', 'path = "../runbook.md"', "criteria.runbook.document.path: is '../runbook.md'; write the path of a file"),
        ('path = "docs/runbook.md"', 'path = "/etc/passwd"', "criteria.runbook.document.path: is '/etc/passwd'"),
        ('path = "docs/runbook.md", ', "", "criteria.runbook.document.path: is missing; write e.g. path ="),
        ('path = "docs/runbook.md"', 'file = "docs/runbook.md"', "criteria.runbook.document.file: is not a key"),
        ('sections = ["Alarms"]', 'sections = "Alarms"', "criteria.runbook.document.sections: is 'Alarms'; write the headings"),
        ('sections = ["Alarms"]', 'sections = ["-"]', "criteria.runbook.document.sections: is ['-']"),
        ('sections = ["Alarms"]', 'sections = ["A", "A"]', "criteria.runbook.document.sections: is ['A', 'A']"),
        ('document = { path = "docs/runbook.md", sections = ["Alarms"] }', 'document = "docs/runbook.md"', "criteria.runbook.document: is 'docs/runbook.md'; write a table"),
        ('require = "<= 365 d"', 'require = ">= 365 d"', "criteria.runbook.require: is '>= 365 d', which bounds no age"),
        ('require = "<= 365 d"', 'require = "<= 365"', "criteria.runbook.require: is '<= 365', which bounds no age"),
        ('require = "<= 365 d"', 'require = "== 1 d"', "criteria.runbook.require: is '== 1 d', which bounds no age"),
        ('require = "<= 365 d"', "require = \"== 'done'\"", "which bounds no age"),
        ('require = "<= 365 d"', 'require = "<= {backups}"', "which bounds no age"),
        ('layers = ["static"]', 'layers = ["static"]\nattested_by = 2', "criteria.backups.attested_by: speaks of a record, and 'attested' is not among the layers"),
        ('layers = ["static"]', 'layers = ["static"]\nshown_by = "load"', "criteria.backups.shown_by: speaks of a record"),
        ('layers = ["static"]', 'layers = ["static"]\ndocument = { path = "a.md" }', "criteria.backups.document: speaks of a record"),
        ('layers = ["static"]', 'layers = ["static", "attested"]', "criteria.backups.require: is '>= 30 d', which bounds no age"),
    ],
)  # fmt: skip
def test_each_mistake_of_records_says_what_to_write(before: str, after: str, message: str) -> None:
    assert before in VALID
    with pytest.raises(CriteriaError, match=re.escape(message)):
        parse_criteria(VALID.replace(before, after), FILE)


def test_a_folder_that_is_no_table_is_a_mistake() -> None:
    with pytest.raises(CriteriaError, match=r"attested: is 3; write \[attested\]"):
        parse_criteria("attested = 3\n" + VALID.replace("[attested]", "[load]"), FILE)


# ── Records

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
RECORD = f"""
criterion = "runbook"
statement = "Three sections were followed on staging."
when = 2026-11-20T09:30:00+09:00
valid_until = 2027-11-20T09:30:00+09:00
runs = ["2026-11-19T130000Z-3f2a9c1"]
links = ["https://example.com/tickets/17"]

[by]
name = "Ana Souza <ana@example.com>"
role = "Site reliability engineer"

[second]
name = "Ken Ito"
role = "Data lead"

[[documents]]
path = "docs/runbook.md"
sha256 = "{"ab" * 32}"
"""
REHEARSED = RECORD.replace("2026-11-20T09:30:00+09:00", '"rehearsal"').replace(
    "2027-11-20T09:30:00+09:00", '"rehearsal"'
)


def test_a_valid_record_is_read_whole() -> None:
    assert parse_attestation(RECORD, "runbook.toml", NOW) == Record(
        criterion="runbook",
        statement="Three sections were followed on staging.",
        by=Person(name="Ana Souza <ana@example.com>", role="Site reliability engineer"),
        second=Person(name="Ken Ito", role="Data lead"),
        when=datetime(2026, 11, 20, 0, 30, tzinfo=UTC),
        valid_until=datetime(2027, 11, 20, 0, 30, tzinfo=UTC),
        documents={"docs/runbook.md": "ab" * 32},
        runs=("2026-11-19T130000Z-3f2a9c1",),
        links=("https://example.com/tickets/17",),
    )


def test_a_record_may_be_as_old_as_the_rehearsal_that_reads_it() -> None:
    record = parse_attestation(f"rehearsal = true\n{REHEARSED}", "runbook.toml", NOW)
    assert (record.when, record.valid_until, record.rehearsal) == (None, None, True)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('criterion = "runbook"', "", "r.toml: criterion: is missing; write e.g. criterion = 'runbook'"),
        ('criterion = "runbook"', "criterion = 3", "r.toml: criterion: is 3; write the id of a criterion"),
        ('criterion = "runbook"', 'criterion = "../runbook"', "r.toml: criterion: is '../runbook'"),
        ('criterion = "runbook"', 'criterion = "runbook"\nsigned = true', "r.toml: signed: is not a key"),
        ('criterion = "runbook"', 'criterion = "runbook"\nsignature = "x"', "r.toml: signature: is not a key"),
        ('criterion = "runbook"', 'criterion = "runbook"\ncriterion = "runbook"', "r.toml: is not TOML: Cannot overwrite a value"),
        ('criterion = "runbook"', 'criterion = "runbook"\nrehearsal = "yes"', "r.toml: rehearsal: is 'yes'; write true or false"),
        ("Three sections were followed on staging.", "TBD", "r.toml: statement: is 'TBD'; write what was looked at"),
        ("Three sections were followed on staging.", "ok", "r.toml: statement: is 'ok'"),
        ('"Three sections were followed on staging."', "true", "r.toml: statement: is True"),
        ("2026-11-20T09:30:00+09:00", "2026-11-20T09:30:00", "r.toml: when: has no zone; write a time with its zone"),
        ("2026-11-20T09:30:00+09:00", "2026-11-20", "r.toml: when: is 2026-11-20; write a time"),
        ("2026-11-20T09:30:00+09:00", '"2026-11-20T09:30:00Z"', "r.toml: when: is '2026-11-20T09:30:00Z'; write a time with its zone, without quotes"),
        ("2026-11-20T09:30:00+09:00", "2026-11-27T12:06:00Z", "r.toml: when: is 2026-11-27 12:06:00+00:00, which is still to come at 2026-11-27T12:00:00Z"),
        ("2026-11-20T09:30:00+09:00", "2026-11-28T09:30:00+09:00", "which is still to come"),
        ("2026-11-20T09:30:00+09:00", "0001-01-01T00:00:00+09:00", "r.toml: when: is 0001-01-01 00:00:00+09:00; write a time"),
        ("2026-11-20T09:30:00+09:00", '"rehearsal"', 'r.toml: valid_until: is 2027-11-20 09:30:00+09:00 and when is'),
        ("2027-11-20T09:30:00+09:00", "2026-11-20T00:30:00Z", "r.toml: valid_until: is 2026-11-20 00:30:00+00:00, which is not after when"),
        ("2027-11-20T09:30:00+09:00", "9999-12-31T23:59:59-09:00", "r.toml: valid_until: is 9999-12-31"),
        ("[by]", "[buy]", "r.toml: by: is missing"),
        ("[by]", "[[by]]", "r.toml: by: is ["),
        ('role = "Site reliability engineer"', "", "r.toml: by.role: is missing; write e.g. role ="),
        ('name = "Ana Souza <ana@example.com>"', 'name = "\u2060"', "r.toml: by.name: is"),
        ('name = "Ana Souza <ana@example.com>"', 'name = "\u0410na"', "mixes letters of several scripts"),
        ('name = "Ana Souza <ana@example.com>"', 'nam = "Ana"', "r.toml: by.nam: is not a key; did you mean 'name'?"),
        ('name = "Ken Ito"', 'name = "none"', "r.toml: second.name: is 'none'"),
        ("docs/runbook.md", "../runbook.md", "r.toml: documents.1.path: is '../runbook.md'; write the path of a file inside"),
        ("docs/runbook.md", "/etc/passwd", "r.toml: documents.1.path: is '/etc/passwd'"),
        ("docs/runbook.md", "docs/../../x.md", "r.toml: documents.1.path: is 'docs/../../x.md'"),
        ("docs/runbook.md", "./docs/runbook.md", "r.toml: documents.1.path: is './docs/runbook.md'"),
        ("docs/runbook.md", "docs\\\\runbook.md", "r.toml: documents.1.path: is 'docs\\\\runbook.md'"),
        ('"' + "ab" * 32 + '"', '"' + "AB" * 32 + '"', "r.toml: documents.1.sha256: is 'ABAB"),
        ('"' + "ab" * 32 + '"', '"abc"', "r.toml: documents.1.sha256: is 'abc'; write the 64 digits that sha256sum prints"),
        ("[[documents]]", "[documents]", "r.toml: documents: is { path = 'docs/runbook.md'"),
        ('["2026-11-19T130000Z-3f2a9c1"]', '["../../etc"]', "r.toml: runs: '../../etc' is none; write e.g. '2026-11-24T130000Z-3f2a9c1'"),
        ('["2026-11-19T130000Z-3f2a9c1"]', '"2026-11-19T130000Z-3f2a9c1"', "r.toml: runs: is '2026"),
        ('["2026-11-19T130000Z-3f2a9c1"]', '["2026-11-19T130000Z-3f2a9c1", "2026-11-19T130000Z-3f2a9c1"]', "r.toml: runs: names '2026-11-19T130000Z-3f2a9c1' twice"),
        ("https://example.com/tickets/17", "file:///etc/passwd", "r.toml: links: 'file:///etc/passwd' is none"),
    ],
)  # fmt: skip
def test_each_mistake_in_a_record_says_what_to_write(before: str, after: str, message: str) -> None:
    assert before in RECORD
    with pytest.raises(AttestationError, match=re.escape(message)):
        parse_attestation(RECORD.replace(before, after, 1), "r.toml", NOW)


def test_a_document_is_named_once() -> None:
    twice = RECORD + RECORD[RECORD.index("[[documents]]") :]
    with pytest.raises(AttestationError, match=r"r\.toml: documents: names 'docs/runbook\.md' twice"):
        parse_attestation(twice, "r.toml", NOW)


@pytest.mark.parametrize("said", ["", "rehearsal = false\n"])
def test_only_a_record_for_rehearsals_is_as_old_as_one(said: str) -> None:
    with pytest.raises(AttestationError, match=r'when: is "rehearsal", in a record that counts elsewhere, too'):
        parse_attestation(said + REHEARSED, "r.toml", NOW)


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(AttestationError) as refused:
        parse_attestation('colour = "red"\nrehearsal = 3\nwhen = 5', "r.toml", NOW)
    lines = str(refused.value).splitlines()
    assert len(lines) == 7
    assert all(line.startswith("r.toml: ") for line in lines)


WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=30)
PEOPLE = st.builds(Person, name=st.sampled_from(["Ana", "Ken Ito <ken@example.com>"]), role=st.just('Lead "of" \\ all'))
TIMES = st.integers(0, 10**9).map(lambda seconds: NOW - timedelta(seconds=seconds % (9000 * 86400)))
RECORDS = st.builds(
    lambda when, life, **rest: Record(when=when, valid_until=when + life, **rest),
    when=TIMES,
    life=st.timedeltas(timedelta(seconds=1), timedelta(days=3000)),
    criterion=st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True),
    statement=WORDS.map(lambda words: f"abc {words}"),
    by=PEOPLE,
    second=st.none() | PEOPLE,
    documents=st.dictionaries(st.sampled_from(["a.md", "docs/b c.md"]), st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
    runs=st.just(()) | st.just(("2026-11-19T130000Z-3f2a9c1",)),
    links=st.just(()) | st.just(("https://example.com/?a=b&c",)),
    rehearsal=st.booleans(),
)


@given(RECORDS)
def test_what_is_written_is_read_again(record: Record) -> None:
    assert parse_attestation(render_record(record), "r.toml", NOW) == record


LINES = st.lists(
    st.sampled_from(
        [*RECORD.splitlines(), "rehearsal = true", 'when = "rehearsal"', 'valid_until = "rehearsal"', "when = 1"]
    )
    | st.text(max_size=30)
)


@given(LINES.map("\n".join) | st.text(max_size=200))
def test_no_text_is_more_than_refused(text: str) -> None:
    record = None
    with suppress(AttestationError):
        record = parse_attestation(text, "r.toml", NOW)
    if record is not None:
        assert set(tomllib.loads(text)) >= {"criterion", "statement", "by", "when", "valid_until"}
        assert record.when is None or record.when <= NOW + timedelta(minutes=5)


# ── The tables [[cells]]: the cells they name, the refusals, and the names of subjects where cells differ

ONE, TWO = "111111111111", "222222222222"
CELLS = {"accounts": [ONE, TWO], "regions": ["ap-northeast-1", "us-east-1"]}
CELL = f"{ONE}/us-east-1/live"


def test_each_account_is_looked_at_in_each_region() -> None:
    found = parse_cells(
        [{**CELLS, "profile": "gate-{account}"}, {**CELLS, "layers": ["static"], "regions": ["eu-west-1"]}]
    )
    assert [cell.name for cell in found] == [
        f"{ONE}/ap-northeast-1/live",
        CELL,
        f"{TWO}/ap-northeast-1/live",
        f"{TWO}/us-east-1/live",
        f"{ONE}/eu-west-1/static",
        f"{TWO}/eu-west-1/static",
    ]
    assert [cell.target for cell in found][1::3] == [f"aws://gate-{ONE}@us-east-1", "aws://eu-west-1"]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({}, "cells: is {}"),
        ([], "cells: is []"),
        (["live"], "cells[1]: is 'live'; write accounts = "),
        ([{"regions": ["eu-west-1"]}], "cells[1].accounts: is missing; write e.g. accounts = "),
        ([{**CELLS, "accounts": ["111"]}], "cells[1].accounts: is '111'; write twelve digits"),
        ([{**CELLS, "accounts": [ONE, ONE]}], "each once"),
        ([{**CELLS, "accounts": ["١١١١١١١١١١١١"]}], "twelve digits"),
        ([{**CELLS, "regions": ["tokyo"]}], "cells[1].regions: is 'tokyo'; write the name of a region"),
        ([{**CELLS, "regions": []}], "cells[1].regions: is []"),
        ([{**CELLS, "layers": ["lives"]}], "cells[1].layers: is 'lives'; write one of static, live"),
        ([{**CELLS, "profile": "a b"}], "cells[1].profile: is 'a b'"),
        ([{**CELLS, "profile": "{region}"}], "cells[1].profile"),
        ([{**CELLS, "profiles": "a"}], "cells[1].profiles: is not a key; did you mean"),
        ([CELLS, {**CELLS, "accounts": [TWO]}], f"cells[2]: names {TWO}/ap-northeast-1/live, as cells[1] does"),
    ],
)
def test_what_names_no_cells_is_refused_in_a_line(tables: Any, said: str) -> None:
    assert any(said in mistake for mistake in cells_mistakes(tables)), [*cells_mistakes(tables)]


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ({}, "without: is {}; write without = [{ check"),
        ([{"check": "PG_REC_5"}], "without[1].reason: is missing; write e.g. reason ="),
        ([{"check": "PG_REC_5", "reason": "-"}], "without[1].reason: is '-'; write a text that says something"),
        ([{"check": "PG_REC_5", "reason": "Known."}] * 2, "without: names 'PG_REC_5' twice; write each once"),
    ],
)
def test_what_names_no_check_that_is_not_asked_is_refused_in_a_line(without: Any, said: str) -> None:
    assert [one for one in WITHOUT.find("without", without) if one.startswith(said)]


def test_a_criteria_file_states_them() -> None:
    text = f'{CRITERIA}\n[[cells]]\naccounts = ["{ONE}"]\nregions = ["us-east-1"]\n'
    assert [cell.name for cell in parse_criteria(text, Path("criteria.toml")).cells] == [CELL]
    with pytest.raises(CriteriaError, match="cells\\[1\\].regions"):
        parse_criteria(text.replace("us-east-1", "here"), Path("criteria.toml"))


@pytest.mark.parametrize("name", ["", CELL + "/more", CELL.replace("live", "lives"), CELL.replace("1/", "/", 1), ONE])
def test_what_is_no_name_of_a_cell_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no cell; write ACCOUNT/REGION/LAYER"):
        read_cell(name, "rehearsal://")


@pytest.mark.parametrize(
    ("subject", "called"),
    [
        ("orders-db", f"{CELL}: orders-db"),
        (f"{CELL}: orders-db", f"{CELL}: orders-db"),
        ("(live layer)", f"{CELL}: (live layer)"),
        (f"{ONE}-logs", f"{CELL}: {ONE}-logs"),  # a name that two regions may have
        ("the account", f"{ONE}: the account"),
        (ONE, ONE),
        (f"arn:aws:iam::{ONE}:root", f"arn:aws:iam::{ONE}:root"),
    ],
)
def test_a_subject_says_in_which_cell_it_is_unless_it_is_called_the_same_in_each(subject: str, called: str) -> None:
    assert name_within(CELL, subject) == called
    assert name_within("", subject) == subject


# ── [organization]

DENY = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}'


def test_levels_are_read_in_their_order() -> None:
    table = {
        "service_control_policies": [["FullAWSAccess", DENY], ["FullAWSAccess"]],
        "resource_control_policies": [[DENY]],
    }
    assert list(ORGANIZATION.find("organization", table)) == []
    found = ORGANIZATION.read(table)
    assert [len(level) for level in found.scps] == [2, 1]
    assert found.scps[1] == (EVERYTHING,)
    assert [one.place for one in found.rcps[0][0].statements] == [
        "resource_control_policies level 1 policy 1 statement 1"
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "organization: is {}; write [organization]"),
        ({"service_control_policy": []}, "service_control_policy: is not a key; did you mean"),
        ({"service_control_policies": ["FullAWSAccess"]}, "write a list for each level"),
        ({"service_control_policies": [[DENY]]}, "level 1 allows nothing; name 'FullAWSAccess' in it"),
        ({"service_control_policies": [["scp.json"]]}, "level 1 policy 1 is no JSON"),
        ({"service_control_policies": [[1]]}, "level 1 policy 1 is 1"),
        ({"resource_control_policies": [['{"Statement": {}}']]}, "level 1 policy 1 statement 1 has the effect None"),
    ],
)
def test_what_it_must_not_say(table: Any, said: str) -> None:
    found = list(ORGANIZATION.find("organization", table))
    assert any(said in one for one in found), found
