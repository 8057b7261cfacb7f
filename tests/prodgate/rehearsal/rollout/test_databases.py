"""What holds the data of a rehearsed site where there is no PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.engines.environments import EngineError
from prodgate.rehearsal.rollout import databases
from prodgate.rehearsal.rollout.databases import running_database


def find_nothing() -> None:
    raise EngineError("there is none")


def go_wrong(kept_in: str, url: str) -> None:
    raise ValueError(f"{kept_in} in {url}")


def quiet(_: str) -> None:
    pass


def test_sqlite_holds_it_and_the_lack_of_postgresql_is_in_no_error_of_the_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "find_postgresql", find_nothing)
    monkeypatch.delenv("PRODGATE_POSTGRESQL", raising=False)
    with (
        pytest.raises(ValueError, match="SQLite, since there is none") as raised,
        running_database(tmp_path, quiet) as it,
    ):
        go_wrong(*it)
    assert raised.value.__context__ is None


def test_none_does_where_postgresql_is_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "find_postgresql", find_nothing)
    monkeypatch.setenv("PRODGATE_POSTGRESQL", "required")
    with pytest.raises(EngineError, match="there is none"), running_database(tmp_path, quiet):
        pass
