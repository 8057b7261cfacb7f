"""Runs Airflow as processes that never outlive this one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Final

from ...engines.environments import EngineError
from ...terraform.hermetic import read_first_line
from ..site.process import bind_port
from .health import wait_for_dags, wait_for_health
from .home import Login, copy_dags, prepare, put_database, variables
from .releases import Place, Release, release_of

SUPERVISOR: Final = Path(__file__).with_name("keeper.py")
#: Seconds in which all processes must be healthy.
LIMIT: Final = 180.0
#: How much of the end of a log is quoted.
_QUOTED: Final = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Airflow:
    """A running Airflow."""

    version: str
    url: str
    """Where its web server is."""
    api: str
    """Where its REST API is: the URL with /api/v2, or /api/v1."""
    viewer: Login
    admin: Login
    home: Path
    dags: Path
    """Its copy of the DAGs; what is changed there is taken up within seconds."""
    _keeper: subprocess.Popen[bytes] = field(repr=False)

    def start(self, *components: str) -> None:
        """Start components; returns at once."""
        for each in components:
            self._send(f"start {each}")

    def stop_scheduler(self) -> None:
        """End the scheduler and every task that it runs; returns when they have ended."""
        self._send("stop scheduler")

    def start_scheduler(self) -> None:
        """Start the scheduler again; returns at once, it takes some seconds to be at work."""
        self.start("scheduler")

    def pids(self) -> Mapping[str, int]:
        """Return the processes that run, by component."""
        return {name: pid for name, (pid, code) in self._send("look").items() if pid is not None and code is None}

    def ended(self) -> Mapping[str, int]:
        """Return the exit codes of the components that have ended."""
        return {name: code for name, (_, code) in self._send("look").items() if code is not None}

    def wait(self, seconds: float) -> None:
        """Wait some seconds, and no longer than its processes are kept."""
        with suppress(subprocess.TimeoutExpired):
            self._keeper.wait(seconds)

    def log(self, component: str) -> Path:
        """Return the file that a component writes its output to."""
        return self.home / f"{component}.log"

    def last_lines(self, component: str) -> str:
        """Return the end of what a component has written."""
        path = self.log(component)
        said = path.read_text("utf-8", "replace").strip() if path.exists() else ""
        return said[-_QUOTED:] or "it said nothing"

    def _send(self, command: str) -> dict[str, list[int | None]]:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(f"{command}\n".encode())
        line = read_first_line(self._keeper.stdout.fileno())
        if not line:
            raise EngineError(f"airflow: {command!r} was not obeyed: its keeper has ended; start the rehearsal again")
        state: dict[str, list[int | None]] = json.loads(line)
        return state


@contextmanager
def running(
    dags: Path,
    scratch: Path,
    *,
    python: Path,
    version: str,
    schedules: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    server: str = "",
) -> Iterator[Airflow]:
    """Run Airflow while the context is open, with what is deployed of a folder of DAGs, in a new folder of ``scratch``.

    ``python`` is that of its environment. ``schedules`` are cron expressions by DAG that replace those of its files, of
    six fields with seconds last, or of five; ``environment`` is what DAGs find in theirs. Its own database is a SQLite
    file, on which Airflow 3 refuses backfills, or an empty one at ``server``, a SQLAlchemy URL of PostgreSQL.

    Raises EngineError when it does not become healthy.
    """
    release, place = release_of(version), _make_place(scratch / f"airflow-{version}", server)
    logins = prepare(place, schedules or {})
    put_database(place, release, python, logins)
    told = variables(place, release, environment or {})
    with _supervising(_plan(place, release, python), place.home, told) as keeper:
        airflow = Airflow(
            version=version,
            url=place.url,
            api=place.url + release.api,
            viewer=logins.viewer,
            admin=logins.admin,
            home=place.home,
            dags=place.dags,
            _keeper=keeper,
        )
        airflow.start(*release.commands)
        wait_for_health(airflow, release, LIMIT)
        copy_dags(dags, place.dags)  # not before: no task is to fail because nobody answers it yet
        wait_for_dags(airflow, tuple(schedules or ()), LIMIT)
        yield airflow


def _make_place(home: Path, server: str) -> Place:
    return Place(home=home, port=_free_port(), secret=token_hex(32), server=server)


def _free_port() -> int:
    with bind_port() as place:
        port: int = place.getsockname()[1]
    return port


def _plan(place: Place, release: Release, python: Path) -> dict[str, dict[str, object]]:
    """Return what the keeper is to start, by component."""
    program = str(python.with_name("airflow"))
    return {
        name: {
            "command": [program, *(word.format(port=place.port) for word in words)],
            "log": str(place.home / f"{name}.log"),
        }
        for name, words in release.commands.items()
    }


@contextmanager
def _supervising(
    plan: Mapping[str, object], home: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the keeper of these processes; they end with the context, or with this process."""
    file = home / "processes.json"
    file.write_text(json.dumps(plan), "utf-8")
    with (home / "keeper.log").open("ab") as said:
        keeper = subprocess.Popen(  # noqa: S603  our own module
            (sys.executable, "-P", str(SUPERVISOR), str(file)),
            cwd=home,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
            bufsize=0,
        )
    try:
        yield keeper
    finally:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        keeper.stdin.close()
        keeper.wait()
        keeper.stdout.close()
