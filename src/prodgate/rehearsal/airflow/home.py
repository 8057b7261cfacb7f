"""What an Airflow starts from: its DAGs, its settings, and a database with the tables of its release and two users."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex, token_urlsafe
from tempfile import TemporaryDirectory
from typing import Final

from ...engines.environments import EngineError
from ...terraform.runner import run
from ..deployed_dags import list_deployed_files
from .releases import Place, Release, settings

#: Inherited from the user's environment; DAGs get everything else explicitly.
INHERITED: Final = ("PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
#: Seconds after which a failed task is tried again, whatever its DAG says.
RETRY_DELAY: Final = 1.0
#: Seconds that creating the tables may take.
LIMIT: Final = 180.0
#: Beside an environment's Python: its database before anything has happened in it.
_EMPTY: Final = "prodgate-airflow.sqlite"
_POLICY: Final = Path(__file__).with_name("local_settings.py")


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who may use the REST API."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """One who may only look, and one who may do everything."""

    viewer: Login
    admin: Login


def prepare(place: Place, schedules: Mapping[str, str]) -> Logins:
    """Fill Airflow's home, except for the database and the DAGs."""
    (place.home / "config").mkdir(parents=True)
    place.dags.mkdir()
    stated = {"schedules": dict(schedules), "retry_delay": RETRY_DELAY}
    (place.home / "config" / "rehearsal.json").write_text(json.dumps(stated), "utf-8")
    shutil.copyfile(_POLICY, place.home / "config" / "airflow_local_settings.py")
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


def variables(place: Place, release: Release, stated: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of Airflow's processes."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    own = {"HOME": str(place.home), "LANG": "C.UTF-8", "TMPDIR": str(place.home), "PYTHONUNBUFFERED": "1"}
    own["PYTHONWARNINGS"] = "ignore"  # Airflow's own
    return kept | own | settings(release, place) | dict(stated)


def put_database(place: Place, release: Release, python: Path, logins: Logins) -> None:
    """Put a database where Airflow looks for it: a copy of one that is made once, in Airflow's environment.

    On a server it is made anew, which takes half a minute. Raises EngineError when it can't be made.
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
    """Create the tables of a release, and its users where the database holds them."""
    _run_airflow(place, release, python, "db", "migrate")
    if release.users_in_database:
        _run_airflow(place, release, python, "sync-perm")
        for each, role in ((logins.viewer, "Viewer"), (logins.admin, "Admin")):
            person = ("--firstname", each.name, "--lastname", each.name, "--email", f"{each.name}@nba-news.example")
            login = ("--username", each.name, "--password", each.password, "--role", role)
            _run_airflow(place, release, python, "users", "create", *login, *person)


def _run_airflow(place: Place, release: Release, python: Path, *arguments: str) -> None:
    """Run a command of Airflow to its end. Raises EngineError when it fails."""
    command = (str(python.with_name("airflow")), *arguments)
    done = run(command, cwd=place.home, environment=variables(place, release, {}), limit=LIMIT)
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
    """Return a password hash in Airflow 2's format; it can be cheap, since it lasts no longer than the rehearsal."""
    salt, rounds = token_hex(8), 1000
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), rounds).hex()
    return f"pbkdf2:sha256:{rounds}${salt}${digest}"
