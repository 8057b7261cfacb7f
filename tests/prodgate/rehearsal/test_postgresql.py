"""A PostgreSQL of a rehearsal serves on its socket, ends with whoever started it, and says why it does not start."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from prodgate.engines.environments import EngineError
from prodgate.engines.postgresql import PostgreSQL, find_postgresql
from prodgate.processes.child import read_first_line
from prodgate.rehearsal.postgresql import running_postgresql
from tests.prodgate.ending import ended

RUNS = """
import sys
from prodgate.engines.postgresql import find_postgresql
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


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.05)


def test_it_serves_and_leaves_nothing(engine: PostgreSQL) -> None:
    with running_postgresql(engine) as url:
        folder = Path(url.partition("host=")[2])
        assert str(ask(url, "SHOW server_version")).startswith(engine.version)
        assert ask(url, "SHOW listen_addresses") == ""
    assert not folder.exists()


def test_it_ends_with_whoever_started_it(engine: PostgreSQL) -> None:
    with subprocess.Popen((sys.executable, "-c", RUNS), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        url = read_first_line(running.stdout.fileno(), 120)
        folder = Path(url.strip().partition("host=")[2])
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        running.send_signal(signal.SIGKILL)
    assert ended(server)


@pytest.mark.parametrize(
    ("changes", "says"), [({"initdb": "/bin/false"}, "makes no database"), ({"server": "/bin/false"}, "did not start")]
)
def test_one_that_does_not_start_says_so(engine: PostgreSQL, changes: dict[str, str], says: str) -> None:
    with pytest.raises(EngineError, match=says), running_postgresql(replace(engine, **changes)):
        pytest.fail("it runs")
