"""A PostgreSQL server for one rehearsal, on a socket in its own folder; it ends with the process that started it."""

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
from ..engines.programs import REQUIRED, PostgreSQL, find_postgresql, last_line
from ..processes.child import clean_environment, end_group, ending_with_input, ends_within
from ..processes.progress import Progress

#: PostgreSQL refuses to run as root, so root runs it as one of these users.
_SERVANTS: Final = ("postgres", "nobody")
#: Seconds that initdb may take, that the server may take to start, and that it may take to end.
_LIMIT: Final = 60.0
#: Seconds between checks whether it is up.
_LOOK: Final = 0.05
#: Nothing needs to survive a crash, since nothing outlives the rehearsal. Each task may hold 18 connections (8, and 10
#: more when busy), and two builds run at once.
_OPTIONS: Final = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=300")


@contextmanager
def running_postgresql(engine: PostgreSQL) -> Iterator[str]:
    """Run a server while the context is open; yield the SQLAlchemy URL of its database ``postgres``.

    The URL's query names the folder of the socket. Raises EngineError if it does not start.
    """
    # root runs it as another user, who can't enter the rehearsal's own folder
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
            end_group(child, 0)  # kills whatever is left


def _find_servant(folder: str) -> str | None:
    """Return the user that runs the server, who now owns the folder; None for the current user."""
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
            ending_with_input(command, signal.SIGINT),  # SIGINT ends it at once, with clients connected
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
        if "ready to accept connections" in told:
            return
        if "FATAL" in told:
            break
        sleep(_LOOK)
    how = "did not start" if monotonic() < until else f"did not start within {_LIMIT:.0f} s"
    raise EngineError(f"PostgreSQL {how}: {last_line(told)}")


# ── The database of the site that a rehearsed rollout deploys


@contextmanager
def running_database(scratch: Path, progress: Progress) -> Iterator[tuple[str, str]]:
    """Yield what holds the site's data, in words, and its URL: PostgreSQL if it is found, else SQLite.

    Raises EngineError if PostgreSQL is required, or is there and does not start.
    """
    engine = _find_engine()
    if isinstance(engine, EngineError):
        yield f"SQLite, since {engine}", f"sqlite:///{scratch / 'news.sqlite'}"
        return
    progress(f"starting PostgreSQL {engine.version}")
    with running_postgresql(engine) as url:
        yield f"PostgreSQL {engine.version}", url


def _find_engine() -> PostgreSQL | EngineError:
    """Find a PostgreSQL; return it, or why there is none. Raises EngineError if one is required."""
    try:
        return find_postgresql()
    except EngineError as error:
        if os.environ.get("PRODGATE_POSTGRESQL") == REQUIRED:
            raise
        return error
