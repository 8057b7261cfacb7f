"""The [rollout.migrations] table: what it states, and each mistake with what to write instead."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.migrations import migrations_mistakes, parse_migrations_section

GOOD = 'tool = "alembic"\nfolder = "migrations"\ndatabase = "secret:shop/gate/database"\n'
ROOT = Path(__file__).parents[3]


def mistakes(text: str) -> list[str]:
    return list(migrations_mistakes(tomllib.loads(text)))


def test_three_keys_are_enough() -> None:
    assert mistakes(GOOD) == []
    section = parse_migrations_section(tomllib.loads(GOOD))
    assert (section.tool, section.table, section.task, section.code) == ("alembic", "", "", ("**",))


def test_the_example_names_a_folder_and_files_that_exist() -> None:
    stated = load_criteria(ROOT / "criteria.toml").rollout
    assert stated is not None
    assert stated.migrations is not None
    assert (ROOT / stated.migrations.folder / "env.py").is_file()
    assert all(list(ROOT.glob(pattern)) for pattern in stated.migrations.code)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "rollout.migrations.tool: is missing; write e.g. tool = 'alembic'"),
        (GOOD.replace("alembic", "sqitch"), "tool: is 'sqitch'; write one of alembic, django, flyway"),
        (GOOD.replace("secret:shop/gate/database", "postgresql://u:hunter2@db/x"), "database: names no place"),
        (GOOD + 'tabel = "x"', "rollout.migrations.tabel: is not a key; did you mean 'table'?"),
        (GOOD + 'table = "a b"', "'a b' is no name of a table"),
        (GOOD + "task = 3", "task: is not a text; write e.g. task = 'shop-prod-migration'"),
        (GOOD + 'previous = "main"', "previous: is 'main'; write 'env:NAME'"),
        (GOOD + "code = []", "code: is []; write patterns of files"),
        (GOOD.replace('"migrations"', '"../elsewhere"'), "folder: is '../elsewhere'; write a path inside the project"),
    ],
)
def test_a_mistake_says_what_to_write(text: str, says: str) -> None:
    told = mistakes(text)
    assert any(says in each for each in told), told
    assert "hunter2" not in str(told)


def test_a_table_that_is_none_is_told() -> None:
    assert list(migrations_mistakes("alembic")) == [
        "rollout.migrations: is 'alembic'; write [rollout.migrations] with tool = \"alembic\", folder and database"
    ]
