"""What a tool's own table says has run, on both kinds of database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from prodgate.aws.answers import Unreadable
from prodgate.collected.versions import read_versions

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
    monkeypatch.setattr("prodgate.collected.versions.MAX_ROWS", 1)
    url = made(tmp_path, TABLES["rails"][0], "INSERT INTO schema_migrations VALUES ('1'), ('2')")
    with pytest.raises(Unreadable, match="holds more than 1 rows"):
        read_versions(url, "rails", "", "env:DB")
