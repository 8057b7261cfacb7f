"""Runs Airflow as processes that never outlive this one."""

import base64
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import sample
from secrets import token_hex
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from ...criteria import UsageError
from ...engines.environments import EngineError
from ...processes.child import KILLED, end_child, read_first_line
from ...processes.interpreter import own_python
from ...semantics.secret_places import REDACTOR
from ..site.process import bind_port
from .home import REPORTS, Login, Place, Release, copy_dags, prepare, put_database, release_of, variables

# ── A running Airflow: its addresses, its users and its processes

#: How much of the end of a log is quoted.
_QUOTED: Final = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Airflow:
    """A running Airflow."""

    version: str
    url: str
    """The address of its web server."""
    api: str
    """The address of its REST API: the URL with /api/v2, or /api/v1."""
    viewer: Login
    admin: Login
    home: Path
    dags: Path
    """Its copy of the DAGs; changes there take effect within seconds."""
    health: str
    """The path below its URL that reports the health of its components."""
    reports: str = ""
    """The URL for reports of tasks, with a slash at the end; empty if the web server takes them."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables added to the environment of components that are started."""
    _supervisor: subprocess.Popen[bytes] = field(repr=False)

    @property
    def supervisor_pid(self) -> int:
        """The process above all of its processes."""
        return self._supervisor.pid

    def start(self, *components: str) -> None:
        """Start components; returns at once."""
        for each in components:
            self.send_command(f"start {each} {json.dumps(dict(self.environment))}")

    def pids(self) -> Mapping[str, int]:
        """Return the ids of running processes, by component."""
        return {
            name: pid for name, (pid, code) in self.send_command("look").items() if pid is not None and code is None
        }

    def exit_codes(self) -> Mapping[str, int]:
        """Return the exit codes of the components that have ended."""
        return {name: code for name, (_, code) in self.send_command("look").items() if code is not None}

    def wait(self, seconds: float) -> None:
        """Wait some seconds, or until its supervisor ends."""
        with suppress(subprocess.TimeoutExpired):
            self._supervisor.wait(seconds)

    def log(self, component: str) -> Path:
        """Return the file that a component writes its output to."""
        return self.home / f"{component}.log"

    def last_lines(self, component: str) -> str:
        """Return the end of a component's output."""
        path = self.log(component)
        said = path.read_text("utf-8", "replace").strip() if path.exists() else ""
        return said[-_QUOTED:] or "it said nothing"

    def send_command(self, command: str) -> dict[str, list[int | None]]:
        """Send a command to the supervisor; return the pid and the exit code, if any, of each component."""
        assert self._supervisor.stdin is not None
        assert self._supervisor.stdout is not None
        self._supervisor.stdin.write(f"{command}\n".encode())
        line = read_first_line(self._supervisor.stdout.fileno())
        if not line:
            reason = "was not obeyed: its supervisor has ended; start the rehearsal again"
            raise EngineError(f"airflow: {command!r} {reason}")
        state: dict[str, list[int | None]] = json.loads(line)
        return state


# ── Its health, and requests to its REST API

#: Seconds that one response may take on a busy machine.
ANSWER: Final = 30.0
#: Seconds between looks.
LOOK: Final = 0.2


def find_api(url: str) -> str:
    """Return the URL of an Airflow's REST API. Raises OSError or ValueError if it does not respond."""
    try:
        request_json(f"{url}/api/v2/version", {})
    except ValueError:  # Airflow 2 has no such path
        return f"{url}/api/v1"
    return f"{url}/api/v2"


def authorization(api: str, login: Login) -> str:
    """Return the Authorization header for a user's requests to a REST API, valid for a day.

    Raises OSError or ValueError if Airflow does not accept the name and password.
    """
    url, _, version = api.rpartition("/api/")
    if version == "v1":
        return f"Basic {base64.b64encode(f'{login.name}:{login.password}'.encode()).decode()}"
    answer = request_json(f"{url}/auth/token", {}, {"username": login.name, "password": login.password})
    return f"Bearer {answer['access_token']}"


def request_json(url: str, headers: Mapping[str, str], told: Any = None) -> Any:
    """Return a URL's JSON response, to a POST if a body is given. Raises OSError or ValueError if there is none."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=ANSWER)
    body, kind = (None, {}) if told is None else (json.dumps(told), {"Content-Type": "application/json"})
    try:
        place = parts._replace(scheme="", netloc="").geturl()
        connection.request("GET" if told is None else "POST", place, body, {**headers, **kind})
        answer = connection.getresponse()
        said = answer.read()
    except HTTPException as error:
        raise ValueError(f"{url}: {error!r} instead of an answer") from None
    finally:
        connection.close()
    if answer.status >= 300:
        raise ValueError(f"{url}: answered {answer.status}: {said[:300]!r}")
    return json.loads(said)


def wait_for_health(airflow: Airflow, release: Release, limit: float) -> None:
    """Wait until every component reports that it is healthy.

    Raises EngineError, with the end of the log that may show why, if that takes longer than ``limit`` seconds or a
    component ends before.
    """
    wanted = ("metadatabase", "scheduler", *(["dag_processor"] if "dag-processor" in release.commands else []))
    _wait_for(airflow, limit, "become healthy", lambda: _is_healthy(airflow, wanted))


def wait_for_dags(airflow: Airflow, dag_ids: Sequence[str], limit: float) -> None:
    """Wait until these DAGs are served, or some file is known to be broken. Raises EngineError as above."""
    if dag_ids:
        _wait_for(airflow, limit, f"serve {', '.join(dag_ids)}", lambda: _serves(airflow, dag_ids))


def _wait_for(airflow: Airflow, limit: float, what: str, condition: Callable[[], bool]) -> None:
    until, why = monotonic() + limit, ""
    while True:
        try:
            if condition():
                return
        except (OSError, ValueError) as error:  # nothing listens yet, or the server is busy
            why = f" ({error})"
        for name, code in airflow.exit_codes().items():
            raise _startup_error(airflow, f"{name} ended with {code}", name)
        if monotonic() > until:
            raise _startup_error(airflow, f"it did not {what} within {limit:g} s{why}", "scheduler")
        airflow.wait(LOOK)


def _startup_error(airflow: Airflow, why: str, component: str) -> EngineError:
    file = airflow.log(component).name
    return EngineError(f"airflow {airflow.version}: {why}; see the end of {file}:\n{airflow.last_lines(component)}")


def _is_healthy(airflow: Airflow, wanted: Sequence[str]) -> bool:
    if airflow.reports:
        request_json(f"{airflow.reports}health", {})
    said = request_json(airflow.url + airflow.health, {})
    return all((said.get(name) or {}).get("status") == "healthy" for name in wanted)


def _serves(airflow: Airflow, dag_ids: Sequence[str]) -> bool:
    """Whether the DAGs are served, or some file is known to be broken."""
    headers = {"Authorization": authorization(airflow.api, airflow.viewer)}
    if request_json(f"{airflow.api}/importErrors", headers)["total_entries"]:
        return True
    served = {each["dag_id"] for each in request_json(f"{airflow.api}/dags?limit=100", headers)["dags"]}
    return served >= set(dag_ids)


#: The kept parts of its home: the output of its processes, and the logs of tasks and of the DAG file processor.
KEPT: Final = ("airflow-*/*.log", "airflow-*/logs/**/*.log")
SUPERVISOR: Final = own_python("-m", "prodgate.rehearsal.airflow.supervisor")
#: Seconds in which all processes must be healthy.
LIMIT: Final = 180.0
#: The ports that Linux assigns itself, and the start of IANA's range for other systems.
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
    environment: Callable[[], Mapping[str, str]] = dict,
    server: str = "",
    removed: Sequence[Path] = (),
) -> Iterator[Airflow]:
    """Run Airflow while the context is open, with the deployed files of a folder of DAGs, in a folder of ``scratch``.

    ``python`` is the interpreter of Airflow's environment. ``schedules`` are cron expressions by DAG that replace those
    in its files: six fields with seconds last, or five. ``environment`` returns variables to add to the environment of
    DAGs; it is called after the servers, which run none of their code, have started. Airflow's own database is a SQLite
    file, on which Airflow 3 refuses backfills, or an empty PostgreSQL database at ``server``, a SQLAlchemy URL. The
    folder ``removed`` is deleted if this process is killed.

    Raises EngineError if it does not become healthy, and the exceptions of ``environment``.
    """
    release, place = release_of(version), _make_place(scratch / f"airflow-{version}", server)
    logins = prepare(place, schedules or {})
    servers = {release.server, REPORTS} & {*release.commands}
    own = variables(place, release)
    REDACTOR.redact(own)  # learns which secrets must not appear in logs
    REDACTOR.learn((logins.viewer.password, logins.admin.password))
    with _supervising(_plan(place, release, python), place.home, own, *removed) as supervisor:
        put_database(place, release, python, logins)
        airflow = Airflow(
            version=version,
            url=place.url,
            api=place.url + release.api,
            viewer=logins.viewer,
            admin=logins.admin,
            home=place.home,
            dags=place.dags,
            health=release.health,
            reports=place.reports if REPORTS in release.commands else "",
            _supervisor=supervisor,
        )
        airflow.start(*servers)
        airflow = replace(airflow, environment=environment())
        REDACTOR.redact(airflow.environment)
        airflow.start(*(name for name in release.commands if name not in servers))
        _wait_for(airflow, LIMIT, "answer", lambda: _is_healthy(airflow, ("metadatabase",)))
        copy_dags(dags, place.dags)  # only now: a task must not fail because no server responds yet
        wait_for_health(airflow, release, LIMIT)
        wait_for_dags(airflow, tuple(schedules or ()), LIMIT)
        yield airflow


@contextmanager
def running_in_scratch(dags: Path, logs: Path, **given: Any) -> Iterator[Airflow]:
    """Run Airflow as ``running`` does, in a private folder that is always deleted in the end.

    Keeps the files that KEPT names in ``logs``, without secrets. Raises EngineError.
    """
    with TemporaryDirectory(prefix="prodgate-", ignore_cleanup_errors=True) as made:
        scratch = Path(made)
        try:
            with running(dags, scratch, removed=(scratch,), **given) as airflow:
                yield airflow
        finally:
            _keep_logs(scratch, logs)


def _keep_logs(scratch: Path, logs: Path) -> None:
    """Copy the kept files; the end of a run gives all files in it portable names."""
    for path in sorted({path for name in KEPT for path in scratch.glob(name) if path.is_file()}):
        kept = logs / path.relative_to(scratch)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with path.open(encoding="utf-8", errors="replace") as read, kept.open("w", encoding="utf-8") as written:
            written.writelines(map(REDACTOR.redact, read))


def _make_place(home: Path, server: str) -> Place:
    port = _free_port()
    return Place(home=home, port=port, secret=token_hex(32), tasks_port=_free_port(but=port), server=server)


def _free_port(but: int = 0) -> int:
    """Return a free port that the system assigns to nobody by itself: Airflow takes it only some seconds later."""
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
    plan: Mapping[str, object], home: Path, environment: Mapping[str, str], *removed: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the supervisor; its processes end with the context, or with this process."""
    file = home / "processes.json"
    file.write_text(json.dumps(plan), "utf-8")
    with (home / "supervisor.log").open("ab") as said:
        supervisor = subprocess.Popen(  # noqa: S603  our own module
            (*SUPERVISOR, str(file), *map(str, removed)),
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
        with suppress(OSError):  # it has ended
            supervisor.stdin.write(b"keep\n")
        supervisor.stdin.close()
        end_child(supervisor, KILLED)
