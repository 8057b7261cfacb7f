"""A rehearsal's PostgreSQL serves on its socket, ends with its starter, and explains why it does not start."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy import create_engine, make_url, text

from prodgate.engines.environments import EngineError
from prodgate.engines.programs import PostgreSQL, find_postgresql
from prodgate.processes.child import read_first_line
from prodgate.rehearsal import postgresql
from prodgate.rehearsal.postgresql import running_database, running_postgresql
from tests.prodgate.ending import ended

RUNS = """
import sys
from prodgate.engines.programs import find_postgresql
from prodgate.rehearsal.postgresql import running_postgresql
with running_postgresql(find_postgresql()) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def engine() -> PostgreSQL:
    try:
        return find_postgresql()
    except EngineError as error:
        pytest.skip(str(error))


def ask(url: str, question: str) -> object:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            return connection.scalar(text(question))
    finally:
        engine.dispose()


def test_it_serves_and_leaves_nothing(engine: PostgreSQL) -> None:
    with running_postgresql(engine) as url:
        folder = Path(url.partition("host=")[2])
        assert str(ask(url, "SHOW server_version")).startswith(engine.version)
        assert ask(url, "SHOW listen_addresses") == ""
    assert not folder.exists()


def test_it_ends_with_whoever_started_it(engine: PostgreSQL) -> None:
    with subprocess.Popen((sys.executable, "-c", RUNS), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        folder = Path(read_first_line(running.stdout.fileno(), 120).strip().partition("host=")[2])
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        running.send_signal(signal.SIGKILL)
    assert ended(server)


@pytest.mark.parametrize(
    ("changes", "says"), [({"initdb": "/bin/false"}, "makes no database"), ({"server": "/bin/false"}, "did not start")]
)
def test_one_that_does_not_start_says_so(engine: PostgreSQL, changes: dict[str, str], says: str) -> None:
    with pytest.raises(EngineError, match=says), running_postgresql(replace(engine, **changes)):
        pytest.fail("it runs")


@pytest.mark.parametrize(
    ("wanted", "error", "says"),
    [("", ValueError, "SQLite, since there is none"), ("required", EngineError, "there is none")],
)
def test_sqlite_holds_it_where_none_is_found_and_none_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, error: type[Exception], says: str
) -> None:
    monkeypatch.setattr(postgresql, "find_postgresql", Mock(side_effect=EngineError("there is none")))
    monkeypatch.setenv("PRODGATE_POSTGRESQL", wanted)
    with pytest.raises(error, match=says) as raised, running_database(tmp_path, lambda _: None) as (kept_in, _url):
        raise ValueError(kept_in)
    assert raised.value.__context__ is None or wanted, "the lack of PostgreSQL is in no error of the rehearsal"
