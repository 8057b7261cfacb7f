"""Starts a PostgreSQL server for the tests, on a socket that nobody else finds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

#: PostgreSQL refuses to be run by root, so root runs it as one of these.
SERVANTS = ("postgres", "nobody")


def binary(name: str) -> str | None:
    """Find a program of PostgreSQL: on PATH, or where Debian keeps the newest."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return shutil.which(name) or (str(kept[-1]) if kept else None)


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server; yield the SQLAlchemy URL of its database `postgres`, which ends in a query."""
    initdb, server = binary("initdb"), binary("postgres")
    if initdb is None or server is None:
        missing = "no PostgreSQL on PATH or in /usr/lib/postgresql"
        if os.environ.get("PRODGATE_POSTGRESQL") == "required":
            pytest.fail(f"{missing}; install the package postgresql")
        pytest.skip(missing)
    # a user other than root cannot enter a directory of pytest's
    with TemporaryDirectory(prefix="site-pg-", ignore_cleanup_errors=True) as directory:
        servant = _servant(directory)
        _init(initdb, directory, servant)
        options = ("-c", "listen_addresses=", "-c", "fsync=off", "-k", directory, "-D", f"{directory}/data")
        with _started([server, *options], servant) as process:
            try:
                _wait_until_ready(process)
                yield f"postgresql://site@/postgres?host={directory}"
            finally:
                process.send_signal(signal.SIGINT)  # on SIGTERM it would wait for its clients
                process.communicate(timeout=30)


def _servant(directory: str) -> str | None:
    if os.geteuid() != 0:
        return None
    for name in SERVANTS:
        try:
            shutil.chown(directory, name)
        except LookupError:
            continue
        return name
    pytest.fail(f"root can't run PostgreSQL, and there is no user of {SERVANTS}")


def _init(initdb: str, directory: str, servant: str | None) -> None:
    command = (initdb, "-D", f"{directory}/data", "-U", "site", "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
    subprocess.run(command, user=servant, cwd=directory, check=True, capture_output=True)


def _started(command: Sequence[str], servant: str | None) -> subprocess.Popen[Any]:
    return subprocess.Popen(command, user=servant, cwd="/", stderr=subprocess.PIPE, text=True)


def _wait_until_ready(process: subprocess.Popen[Any]) -> None:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "ready to accept connections" in line:
            return
    pytest.fail(f"PostgreSQL did not start: {''.join(said)}")
