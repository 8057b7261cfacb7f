"""An Airflow's home: its DAGs, its settings, and a database with the tables of its release and two users."""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex, token_urlsafe
from tempfile import TemporaryDirectory
from typing import Any, Final

from ...engines.environments import EngineError
from ...semantics.startup_scripts import read_exports
from ...terraform.runner import run
from ..deployed_dags import list_deployed_files

# ── The differences between Airflow's releases: processes, and settings for a short life on loopback

#: The component that takes the reports of tasks, if it is not the web server.
REPORTS: Final = "execution-api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The location of an Airflow, and the secrets that its processes share."""

    home: Path
    port: int
    secret: str
    """The key with which its processes sign."""
    tasks_port: int = 0
    """The port of the process that takes the reports of tasks, if it is not the web server."""
    server: str = field(default="", repr=False)
    """SQLAlchemy URL of an empty PostgreSQL database that takes the place of the file."""

    @property
    def dags(self) -> Path:
        """The folder of its DAG files."""
        return self.home / "dags"

    @property
    def database(self) -> Path:
        """The address of its own database, a SQLite file unless it is on a server."""
        return self.home / "airflow.sqlite"

    @property
    def url(self) -> str:
        """The address of its web server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def reports(self) -> str:
        """The address for reports of tasks, in releases that have a separate process for them."""
        return f"http://127.0.0.1:{self.tasks_port}/execution/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The specifics of a major release."""

    server: str
    """The component that serves the REST API."""
    commands: Mapping[str, tuple[str, ...]]
    """Arguments of ``airflow`` for each process, by component."""
    api: str
    """The path of the REST API below the URL."""
    health: str
    users_in_database: bool
    settings: Mapping[str, str]


#: The same in all releases. Intervals are in seconds, as short as two cores can sustain.
_COMMON: Final = {
    "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "CORE__EXECUTOR": "LocalExecutor",
    "CORE__LOAD_EXAMPLES": "False",
    "CORE__MIN_SERIALIZED_DAG_FETCH_INTERVAL": "1",
    "CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
    "CORE__PARALLELISM": "6",
    "DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
    "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "USAGE_DATA_COLLECTION__ENABLED": "False",
}
_SCHEDULER: Final = ("scheduler", "--skip-serve-logs")

_AIRFLOW_2: Final = Release(
    server="webserver",
    commands={
        "webserver": ("webserver", "--hostname", "127.0.0.1", "--workers", "1", "--port", "{port}"),
        "scheduler": _SCHEDULER,
    },
    api="/api/v1",
    health="/health",
    users_in_database=True,
    settings={
        "API__AUTH_BACKENDS": "airflow.providers.fab.auth_manager.api.auth.backend.basic_auth",
        "SCHEDULER__DAG_DIR_LIST_INTERVAL": "1",
        "SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "5",
        "WEBSERVER__BASE_URL": "{url}",
        "WEBSERVER__SECRET_KEY": "{secret}",
    },
)
_SERVER: Final = ("api-server", "--host", "127.0.0.1", "--workers", "1")
_AIRFLOW_3: Final = Release(
    server="api-server",
    commands={
        "api-server": (*_SERVER, "--port", "{port}"),
        "scheduler": _SCHEDULER,
        "dag-processor": ("dag-processor",),
    },
    api="/api/v2",
    health="/api/v2/monitor/health",
    users_in_database=False,
    settings={
        "API__BASE_URL": "{url}",
        "API__PORT": "{port}",
        "API__SECRET_KEY": "{secret}",
        "API_AUTH__JWT_SECRET": "{secret}",
        "CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "CORE__EXECUTION_API_SERVER_URL": "{url}/execution/",
        "CORE__INTERNAL_API_SECRET_KEY": "{secret}",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": "{home}/passwords.json",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": "viewer:viewer,admin:admin",
        "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "1",
        "WEBSERVER__SECRET_KEY": "{secret}",
    },
)
_AIRFLOW_3_0: Final = replace(
    _AIRFLOW_3, settings={**_AIRFLOW_3.settings, "CORE__EXECUTOR": "LocalExecutor:airflow_executor.LocalExecutor"}
)
#: Since 3.2 Airflow writes an entry of the audit log at a point where a server can do nothing else meanwhile. In a
#: file, with one writer at a time, it would wait for a task's report that the same server is processing.
_AIRFLOW_3_2: Final = replace(
    _AIRFLOW_3,
    commands={
        **_AIRFLOW_3.commands,
        "api-server": (*_SERVER, "--port", "{port}", "--apps", "core"),
        REPORTS: (*_SERVER, "--port", "{tasks_port}", "--apps", "execution"),
    },
    settings={**_AIRFLOW_3.settings, "CORE__EXECUTION_API_SERVER_URL": "{reports}"},
)
#: The start of a version -> its release; that of 3.2 stands for what is newer.
_RELEASES: Final = {"2.": _AIRFLOW_2, "3.0.": _AIRFLOW_3_0, "3.1.": _AIRFLOW_3}


def release_of(version: str) -> Release:
    """Return the release that a version belongs to."""
    return next((release for start, release in _RELEASES.items() if version.startswith(start)), _AIRFLOW_3_2)


def settings(release: Release, place: Place) -> dict[str, str]:
    """Return the variables that configure Airflow's processes for a place."""
    known = {"home": place.home, "port": place.port, "secret": place.secret, "url": place.url}
    known |= {"reports": place.reports}
    stated = _COMMON | {name: value.format_map(known) for name, value in release.settings.items()}
    stated |= {
        "CORE__DAGS_FOLDER": str(place.dags),
        "DATABASE__SQL_ALCHEMY_CONN": place.server or f"sqlite:///{place.database}",
        "LOGGING__BASE_LOG_FOLDER": str(place.home / "logs"),
    }
    if not place.server:
        stated["DATABASE__SQL_ALCHEMY_CONNECT_ARGS"] = "airflow_local_settings.PATIENT"
    named = {f"AIRFLOW__{name}": value for name, value in stated.items()}
    # without it Airflow 2 refuses to run tasks in parallel on SQLite; its writers wait for each other, as in Airflow 3
    return named | {"AIRFLOW_HOME": str(place.home), "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1"}


# ── The home

#: Variables inherited from the user's environment; DAGs get everything else explicitly.
INHERITED: Final = ("PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
#: Seconds after which a failed task is retried, whatever its DAG states.
RETRY_DELAY: Final = 1.0
#: Seconds that creating the tables may take.
LIMIT: Final = 180.0
#: Beside an environment's Python: its database in its initial state.
_EMPTY: Final = "prodgate-airflow.sqlite"
#: Modules of Airflow's own -> the files here that they are copied from.
_MODULES: Final = {"airflow_local_settings.py": "local_settings.py", "airflow_executor.py": "executor.py"}


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the REST API."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """A user who may only read, and one who may do everything."""

    viewer: Login
    admin: Login


def prepare(place: Place, schedules: Mapping[str, str]) -> Logins:
    """Fill Airflow's home, except for the database and the DAGs."""
    (place.home / "config").mkdir(parents=True)
    place.dags.mkdir()
    stated = {"schedules": dict(schedules), "retry_delay": RETRY_DELAY}
    (place.home / "config" / "rehearsal.json").write_text(json.dumps(stated), "utf-8")
    for module, source in _MODULES.items():
        shutil.copyfile(Path(__file__).with_name(source), place.home / "config" / module)
    logins = Logins(viewer=Login("viewer", token_urlsafe(16)), admin=Login("admin", token_urlsafe(16)))
    passwords = {each.name: each.password for each in (logins.viewer, logins.admin)}
    (place.home / "passwords.json").write_text(json.dumps(passwords), "utf-8")
    (place.home / "passwords.json").chmod(0o600)
    return logins


def copy_dags(folder: Path, place: Path) -> None:
    """Copy the deployed files of a folder of DAGs."""
    for name, path in list_deployed_files(folder):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place / name)


def variables(place: Place, release: Release) -> dict[str, str]:
    """Return the environment of Airflow's processes."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    own = {"HOME": str(place.home), "LANG": "C.UTF-8", "TMPDIR": str(place.home), "PYTHONUNBUFFERED": "1"}
    own["PYTHONWARNINGS"] = "ignore"  # Airflow's own
    return kept | own | settings(release, place)


def put_database(place: Place, release: Release, python: Path, logins: Logins) -> None:
    """Put a database where Airflow looks for it: a copy of one that is made once, in Airflow's environment.

    On a server it is made anew, which takes half a minute. Raises EngineError if it can't be made.
    """
    if place.server:
        _migrate(place, release, python, logins)
        return
    empty = python.parents[1] / _EMPTY
    if not empty.exists():
        _make_empty(empty, release, python)
    shutil.copyfile(empty, place.database)
    if release.users_in_database:
        with closing(sqlite3.connect(place.database)) as connection, connection:
            for each in (logins.viewer, logins.admin):
                told = (_hash_password(each.password), each.name)
                connection.execute("UPDATE ab_user SET password = ? WHERE username = ?", told)


def _migrate(place: Place, release: Release, python: Path, logins: Logins) -> None:
    """Create the tables of a release, and its users if the database holds them."""
    _run_airflow(place, release, python, "db", "migrate")
    if release.users_in_database:
        _run_airflow(place, release, python, "sync-perm")
        for each, role in ((logins.viewer, "Viewer"), (logins.admin, "Admin")):
            person = ("--firstname", each.name, "--lastname", each.name, "--email", f"{each.name}@nba-news.example")
            login = ("--username", each.name, "--password", each.password, "--role", role)
            _run_airflow(place, release, python, "users", "create", *login, *person)


def _run_airflow(place: Place, release: Release, python: Path, *arguments: str) -> None:
    """Run a command of Airflow to its end. Raises EngineError if it fails."""
    command = (str(python.with_name("airflow")), *arguments)
    done = run(command, cwd=place.home, environment=variables(place, release), limit=LIMIT)
    if done.code:
        said = " ".join(f"{done.stdout}\n{done.stderr}".split())[-600:]
        command_line = " ".join(("airflow", *arguments[:2]))
        raise EngineError(f"{command_line}: ended with {done.code}: {said}; run prodgate setup")


def _make_empty(empty: Path, release: Release, python: Path) -> None:
    """Make the empty database of an environment atomically."""
    with TemporaryDirectory(prefix="prodgate-", ignore_cleanup_errors=True) as scratch:
        place = Place(home=Path(scratch), port=0, secret=token_hex(32))
        _migrate(place, release, python, prepare(place, {}))
        with closing(sqlite3.connect(place.database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")  # stays in the file: readers don't wait for writers
        partial = empty.with_name(f".{empty.name}.{token_hex(8)}")
        shutil.copyfile(place.database, partial)
        partial.replace(empty)


def _hash_password(password: str) -> str:
    """Return a password hash in Airflow 2's format, a cheap one: it lasts no longer than the rehearsal."""
    salt, rounds = token_hex(8), 1000
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), rounds).hex()
    return f"pbkdf2:sha256:{rounds}${salt}${digest}"


# ── The exports of an environment's startup script, which MWAA runs before every process of Airflow


def list_exported(aws: Callable[[str], Any], environment: str) -> Mapping[str, str]:
    """Return the variables that the script of an MWAA environment exports with a plain value.

    Ignores the rest of the script: the rehearsal runs no shell. Raises LookupError if the script is not in its bucket.
    """
    found = aws("mwaa").get_environment(Name=environment)["Environment"]
    if not (path := found.get("StartupScriptS3Path")):
        return {}
    bucket, s3 = found["SourceBucketArn"].rpartition(":")[2], aws("s3")
    try:
        text = s3.get_object(Bucket=bucket, Key=path)["Body"].read().decode()
    except s3.exceptions.NoSuchKey:
        raise LookupError(f"s3://{bucket}/{path}: is named by {environment} and not there") from None
    return {name: value for name, value in read_exports(text).items() if value is not None}
