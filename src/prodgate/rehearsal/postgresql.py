"""A PostgreSQL server of a rehearsal's own, on a socket that nobody else finds; it ends with whoever started it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Final

from ..engines.environments import EngineError
from ..engines.postgresql import PostgreSQL
from ..engines.system_packages import last_line
from ..processes.child import clean_environment, end_group, ending_with_input, ends_within

#: PostgreSQL refuses to be run by root, so root runs it as one of these.
_SERVANTS: Final = ("postgres", "nobody")
#: Seconds in which a cluster must be made, and in which its server must be up or have ended.
_LIMIT: Final = 60.0
#: Seconds between looks at whether it is up.
_LOOK: Final = 0.05
_UP: Final = "ready to accept connections"
#: Nothing of it outlives the rehearsal, so nothing must outlive a crash. Tasks of two builds keep 18 connections each.
_OPTIONS: Final = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=300")


@contextmanager
def running_postgresql(engine: PostgreSQL) -> Iterator[str]:
    """Run a server while the context is open; yield the SQLAlchemy URL of its database ``postgres``, with a query.

    Raises EngineError when it does not start.
    """
    # a user other than root can't enter a folder of root's
    with TemporaryDirectory(prefix="prodgate-pg-", ignore_cleanup_errors=True) as folder:
        servant, log = _find_servant(folder), Path(folder, "log")
        _make_cluster(engine, folder, servant)
        settings = [word for option in _OPTIONS for word in ("-c", option)]
        child = _start((engine.server, *settings, "-k", folder, "-D", f"{folder}/data"), log, servant)
        try:
            _await_start(child, log)
            yield f"postgresql://site@/postgres?host={folder}"
        finally:
            assert child.stdin is not None
            child.stdin.close()
            ends_within(child, _LIMIT)
            end_group(child, 0)


def _find_servant(folder: str) -> str | None:
    """Return the user who is to run it, None for whoever runs this; the folder is then theirs."""
    if os.geteuid() != 0:
        return None
    for name in _SERVANTS:
        try:
            shutil.chown(folder, name)
        except LookupError:
            continue
        return name
    raise EngineError(f"PostgreSQL can't be run by root, and there is no user {' or '.join(_SERVANTS)}; add one")


def _make_cluster(engine: PostgreSQL, folder: str, servant: str | None) -> None:
    command = (engine.initdb, "-D", f"{folder}/data", "-U", "site", "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
    try:
        made = subprocess.run(  # noqa: S603  an engine that was found
            command,
            user=servant,
            cwd=folder,
            env=clean_environment("PG"),
            capture_output=True,
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"{engine.initdb}: makes no database: {error}") from error
    if made.returncode:
        raise EngineError(f"{engine.initdb}: makes no database: {last_line(made.stderr.decode('utf-8', 'replace'))}")


def _start(command: tuple[str, ...], log: Path, servant: str | None) -> subprocess.Popen[bytes]:
    with log.open("ab") as written:
        return subprocess.Popen(  # noqa: S603  an engine that was found
            ending_with_input(command, signal.SIGINT),  # SIGINT: without waiting for its clients
            user=servant,
            cwd="/",
            env=clean_environment("PG"),
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )


def _await_start(child: subprocess.Popen[bytes], log: Path) -> None:
    until, told = monotonic() + _LIMIT, ""
    while monotonic() < until and child.poll() is None:
        told = log.read_text("utf-8", "replace")
        if _UP in told:
            return
        if "FATAL" in told:
            break
        sleep(_LOOK)
    how = "did not start" if monotonic() < until else f"did not start within {_LIMIT:.0f} s"
    raise EngineError(f"PostgreSQL {how}: {last_line(told)}")
