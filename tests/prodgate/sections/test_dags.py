"""The [airflow] and [dags] sections: what is read, and each mistake with what to write instead."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import Any

import pytest

from prodgate.dags.declared import Schedule
from prodgate.sections.dags import airflow_mistakes, parse_airflow_section

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
    assert section.rehearsal is not None
    assert section.rehearsal.crons == {"collect": "* * * * * */10"}
    assert section.rehearsal.history == timedelta(minutes=1)


def test_a_file_need_not_speak_of_airflow() -> None:
    assert not list(airflow_mistakes({}))


MISTAKES = [
    ({"airflow__version": None}, "airflow.version: is missing; write [airflow] with version"),
    ({"airflow__vresion": "3"}, "airflow.vresion: is not a key; did you mean 'version'?"),
    ({"airflow__environment": 7}, "airflow.environment: is 7; write a text"),
    ({"airflow__environment": None}, "airflow: names no Airflow, or two; write either environment"),
    ({"airflow__url": "https://a.example"}, "airflow: names no Airflow, or two"),
    ({"airflow__password": "hunter2"}, "airflow.password: is no reference; write env:NAME or secret:ID"),
    ({"airflow__rehearsal": {}}, "airflow.rehearsal: is {}; write { history"),
    ({"airflow__rehearsal__database": "postgresql://x"}, "airflow.rehearsal.database: is no reference; write env:NAME"),
    ({"airflow__rehearsal__grace": "1 kg"}, "airflow.rehearsal.grace: 'kg' is not a unit"),
    ({"airflow__rehearsal__crons": {"colect": "* * * * *"}}, "crons.colect: is not a DAG of [dags]; did you mean 'collect'?"),
    ({"airflow__rehearsal__crons": {}}, "airflow.rehearsal.crons: says nothing of collect"),
    ({"airflow__rehearsal__crons__collect": "every minute"}, "airflow.rehearsal.crons.collect: "),
    ({"dags": {}}, "dags: holds no DAG; write [dags.ID]"),
    ({"dags__collect": "daily"}, "dags.collect: is 'daily'; write cron"),
    ({"dags__collect__cron": None}, "dags.collect.cron: is missing"),
    ({"dags__collect__cron": "0 25 * * *"}, "dags.collect: "),
    ({"dags__collect__timezone": "Asia/Tokio"}, "dags.collect: "),
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
