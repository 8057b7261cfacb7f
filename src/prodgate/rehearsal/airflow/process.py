"""Runs Airflow as processes that never outlive this one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import sample
from secrets import token_hex
from typing import Final

from ...criteria import UsageError
from ...engines.environments import EngineError
from ...processes.child import KILLED, end_child
from ..site.process import bind_port
from .health import wait_for_dags, wait_for_health
from .home import copy_dags, prepare, put_database, variables
from .instance import Airflow
from .releases import REPORTS, Place, Release, release_of

SUPERVISOR: Final = (sys.executable, "-P", "-m", "prodgate.rehearsal.airflow.supervisor")
#: Seconds in which all processes must be healthy.
LIMIT: Final = 180.0
#: Where Linux says which ports it gives to sockets that name none, and where others begin to (IANA).
_GIVEN_PORTS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST_DYNAMIC_PORT: Final = 49152
#: The lowest port to take, and how many are tried.
_FIRST_PORT: Final = 10_000
_TRIES: Final = 100


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
    """Run Airflow while the context is open, with the deployed files of a folder of DAGs, in a folder of ``scratch``.

    ``python`` is the interpreter of Airflow's environment. ``schedules`` are cron expressions by DAG that replace those
    in its files: six fields with seconds last, or five. ``environment`` is added to the environment of DAGs. Airflow's
    own database is a SQLite file, on which Airflow 3 refuses backfills, or an empty PostgreSQL database at ``server``,
    a SQLAlchemy URL.

    Raises EngineError when it does not become healthy.
    """
    release, place = release_of(version), _make_place(scratch / f"airflow-{version}", server)
    logins = prepare(place, schedules or {})
    put_database(place, release, python, logins)
    told = variables(place, release, environment or {})
    with _supervising(_plan(place, release, python), place.home, told) as supervisor:
        airflow = Airflow(
            version=version,
            url=place.url,
            api=place.url + release.api,
            viewer=logins.viewer,
            admin=logins.admin,
            home=place.home,
            dags=place.dags,
            reports=place.reports if REPORTS in release.commands else "",
            _supervisor=supervisor,
        )
        airflow.start(*release.commands)
        wait_for_health(airflow, release, LIMIT)
        copy_dags(dags, place.dags)  # only now: a task must not fail because no server answers it yet
        wait_for_dags(airflow, tuple(schedules or ()), LIMIT)
        yield airflow


def _make_place(home: Path, server: str) -> Place:
    port = _free_port()
    return Place(home=home, port=port, secret=token_hex(32), tasks_port=_free_port(but=port), server=server)


def _free_port(but: int = 0) -> int:
    """Return a free port that the system gives to nobody by itself: Airflow takes it only some seconds later."""
    given = int(_GIVEN_PORTS.read_text("ascii").split()[0]) if _GIVEN_PORTS.exists() else _FIRST_DYNAMIC_PORT
    for port in sample(range(_FIRST_PORT, given), _TRIES):
        with suppress(UsageError), bind_port(port):
            if port != but:
                return port
    raise EngineError(f"no free port among {_TRIES} below {given}; end what listens there")


def _plan(place: Place, release: Release, python: Path) -> dict[str, dict[str, object]]:
    """Return the supervisor's plan: the command and the log of each component."""
    program = str(python.with_name("airflow"))
    return {
        name: {
            "command": [program, *(word.format(port=place.port, tasks_port=place.tasks_port) for word in words)],
            "log": str(place.home / f"{name}.log"),
        }
        for name, words in release.commands.items()
    }


@contextmanager
def _supervising(
    plan: Mapping[str, object], home: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the supervisor; its processes end with the context, or with this process."""
    file = home / "processes.json"
    file.write_text(json.dumps(plan), "utf-8")
    with (home / "supervisor.log").open("ab") as said:
        supervisor = subprocess.Popen(  # noqa: S603  our own module
            (*SUPERVISOR, str(file)),
            cwd=home,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
            bufsize=0,
        )
    try:
        yield supervisor
    finally:
        assert supervisor.stdin is not None
        supervisor.stdin.close()
        end_child(supervisor, KILLED)
