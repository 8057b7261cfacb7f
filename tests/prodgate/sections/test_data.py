"""What a slot must leave is stated beside its DAG; each mistake is one line that says what to write."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.sections.data import DataSection, SlotObjects, SlotTable, data_mistakes, parse_data_section

WHERE = "dags.collect.data"
TABLE = {
    "database": "env:NEWS_DATABASE", "table": "news.collections", "source": "source", "slot": "slot",
    "written": "finished_at", "rows": "rows", "sources": ["wire", "league"],
}  # fmt: skip
BUCKET = {"prefix": "s3://news-data/raw/{source}/", "sources": ["wire"], "least": 3}


def test_a_table_is_read_whole() -> None:
    assert list(data_mistakes(WHERE, TABLE)) == []
    place = SlotTable(
        database="env:NEWS_DATABASE", table="news.collections", source="source", slot="slot", written="finished_at", rows="rows"
    )  # fmt: skip
    assert parse_data_section(TABLE) == DataSection(sources=("wire", "league"), least=1, place=place)


def test_a_bucket_is_read_whole() -> None:
    assert list(data_mistakes(WHERE, BUCKET)) == []
    place = SlotObjects(prefix="s3://news-data/raw/{source}/")
    assert parse_data_section(BUCKET) == DataSection(sources=("wire",), least=3, place=place)


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ("news", "dags.collect.data: is 'news'; write [dags.collect.data] with table or prefix, and sources"),
        (TABLE | {"tabel": "x"}, "dags.collect.data.tabel: is not a key; did you mean 'table'?"),
        (TABLE | {"sources": []}, "dags.collect.data.sources: is []"),
        (TABLE | {"sources": "wire"}, "dags.collect.data.sources: is 'wire'"),
        (TABLE | {"sources": ["a b"]}, "dags.collect.data.sources: 'a b' is no name of a source"),
        (TABLE | {"sources": ["a", 1]}, "dags.collect.data.sources: 1 is no name of a source"),
        (TABLE | {"sources": ["a", "a"]}, "dags.collect.data.sources: names a source twice"),
        (TABLE | {"least": True}, "dags.collect.data.least: is True"),
        (TABLE | {"least": -1}, "dags.collect.data.least: is -1"),
        (TABLE | {"prefix": "s3://b/{source}/"}, "dags.collect.data: names both table and prefix"),
        ({"sources": ["a"]}, "dags.collect.data: names neither table nor prefix"),
        (TABLE | {"table": "a; drop"}, "dags.collect.data.table: 'a; drop' is no name of a table"),
        (TABLE | {"rows": "count(*)"}, "dags.collect.data.rows: 'count(*)' is no name of a column"),
        (TABLE | {"slot": 1}, "dags.collect.data.slot: 1 is no name of a column"),
        ({**TABLE, "written": None}, "dags.collect.data.written: is missing; write e.g. written = 'finished_at'"),
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
    (line,) = data_mistakes(WHERE, table)
    assert line.startswith(mistake)


@pytest.mark.parametrize("database", ["postgresql://news:hunter2@db/news", "env:", "secret:a b", 7])
def test_a_url_is_never_stated_and_never_shown(database: Any) -> None:
    (line,) = data_mistakes(WHERE, TABLE | {"database": database})
    assert line.startswith("dags.collect.data.database: names no place where the URL stands")
    assert "hunter2" not in line
