"""How Airflow's releases differ: their processes, and their settings for a short life on loopback."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

#: The component that takes the reports of tasks, where it is not the web server.
REPORTS: Final = "execution-api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an Airflow is, and what its processes share."""

    home: Path
    port: int
    secret: str
    """What its processes sign with."""
    tasks_port: int = 0
    """Of the process that takes the reports of tasks, where it is not the web server."""
    server: str = field(default="", repr=False)
    """SQLAlchemy URL of an empty PostgreSQL database that takes the place of the file."""

    @property
    def dags(self) -> Path:
        """Where its DAG files are."""
        return self.home / "dags"

    @property
    def database(self) -> Path:
        """Where its own database is, a SQLite file, unless it is on a server."""
        return self.home / "airflow.sqlite"

    @property
    def url(self) -> str:
        """Where its web server is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def reports(self) -> str:
        """Where tasks report, in releases that have a process of its own for that."""
        return f"http://127.0.0.1:{self.tasks_port}/execution/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What is specific to a major release."""

    server: str
    """The component that serves the REST API."""
    commands: Mapping[str, tuple[str, ...]]
    """Arguments of ``airflow`` for each process, by component."""
    api: str
    """Where the REST API is, below the URL."""
    health: str
    users_in_database: bool
    settings: Mapping[str, str]


#: The same in all releases. Intervals are in seconds, as short as two cores can bear.
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
#: Since 3.2 an entry of the audit log is written where a server can do nothing else meanwhile. In a file, with one
#: writer at a time, it would wait for a task's report that the same server is in the middle of.
_AIRFLOW_3_2: Final = replace(
    _AIRFLOW_3,
    commands={
        **_AIRFLOW_3.commands,
        "api-server": (*_SERVER, "--port", "{port}", "--apps", "core"),
        REPORTS: (*_SERVER, "--port", "{tasks_port}", "--apps", "execution"),
    },
    settings={**_AIRFLOW_3.settings, "CORE__EXECUTION_API_SERVER_URL": "{reports}"},
)
_ONE_SERVER: Final = re.compile(r"3\.[01](\D|$)")


def release_of(version: str) -> Release:
    """Return the release that a version belongs to."""
    if version.startswith("2."):
        return _AIRFLOW_2
    return _AIRFLOW_3 if _ONE_SERVER.match(version) else _AIRFLOW_3_2


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
