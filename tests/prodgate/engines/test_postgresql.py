"""PostgreSQL is found on PATH or where Debian keeps it, or missed with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from prodgate.engines import postgresql
from prodgate.engines.environments import EngineError
from prodgate.engines.postgresql import PostgreSQL, find_postgresql

from .test_chromium import program


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let Debian keep nothing but what a test puts there."""
    monkeypatch.setattr(postgresql, "_KEPT", tmp_path / "kept")
    return tmp_path / "kept"


def put(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("initdb", "postgres"):
        program(folder, name)
    return folder


def says(told: str, code: int = 0) -> postgresql.Run:
    return lambda _command, _limit: (code, told)


VERSION = says("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n")


def test_the_one_on_the_path_is_taken(tmp_path: Path, kept: Path) -> None:
    put(kept / "17" / "bin")
    there = put(tmp_path / "bin")
    found = find_postgresql({"PATH": f"/nowhere:{there}"}, run=VERSION)
    assert found == PostgreSQL(str(there / "initdb"), str(there / "postgres"), "15.14")


def test_else_the_newest_that_debian_keeps(kept: Path) -> None:
    for version in ("9", "15", "common"):
        put(kept / version / "bin")
    assert find_postgresql({}, run=VERSION).server == str(kept / "15" / "bin" / "postgres")


def test_both_programs_are_of_one_folder(tmp_path: Path, kept: Path) -> None:
    program(tmp_path / "bin", "initdb")
    put(kept / "15" / "bin")
    assert find_postgresql({"PATH": str(tmp_path / "bin")}, run=VERSION).initdb == str(kept / "15" / "bin" / "initdb")


@pytest.mark.parametrize(
    ("environment", "says_what"),
    [
        ({}, r"no PostgreSQL is on PATH or in .*; install the package postgresql"),
        ({"PRODGATE_POSTGRESQL": "none"}, "says 'none'"),
    ],
)
def test_without_one_the_reason_is_said(environment: dict[str, str], says_what: str) -> None:
    with pytest.raises(EngineError, match=says_what):
        find_postgresql(environment, run=VERSION)


@pytest.mark.parametrize("told", [says("Segmentation fault", 139), says("postgres 1")])
def test_one_that_tells_no_version_is_none(tmp_path: Path, told: postgresql.Run) -> None:
    there = put(tmp_path / "bin")
    with pytest.raises(EngineError, match=re.escape(f"{there}/postgres: tells no version of PostgreSQL")):
        find_postgresql({"PATH": str(there)}, run=told)
