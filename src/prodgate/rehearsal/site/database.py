"""The database of the site: SQLite, or PostgreSQL when its URL is given; migrated by Alembic."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ...criteria import UsageError

MIGRATIONS: Final = Path(__file__).with_name("migrations")
#: The number of the PostgreSQL lock that keeps two starting processes from migrating together.
MIGRATING: Final = 7_110
#: Pragmas of every SQLite connection: readers beside a writer, and a wait for other writers.
PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Database:
    """The site's connection pool."""

    engine: Engine
    head: str
    """The newest migration in this build."""
    fitting: frozenset[str]
    """The schemas that this build works on: its own, and what later builds add to it."""

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Read without blocking other requests.

        SQLite answers sooner than a thread could be handed the question, so it is asked directly.
        """
        if self.engine.dialect.name == "sqlite":
            return self._read(question)
        return await asyncio.to_thread(self._read, question)

    async def tell(self, change: Callable[[Connection], T]) -> T:
        """Write, in one transaction."""
        return await asyncio.to_thread(self._write, change)

    def _read(self, question: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return question(connection)

    def _write(self, change: Callable[[Connection], T]) -> T:
        with self.engine.begin() as connection:
            return change(connection)


def open_database(url: str, schema: str = "") -> Database:
    """Connect to the database at a SQLAlchemy URL; ``schema`` is the newest migration that the build knows.

    Raises UsageError when the site can't use it.
    """
    try:
        place = make_url(url)
    except ArgumentError:
        raise _usage_error(url, "is no database URL") from None
    kind = place.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise _usage_error(place.render_as_string(), f"names a database of kind {kind!r}")
    if kind == "postgresql":
        engine = create_engine(place.set(drivername="postgresql+psycopg"), pool_size=8, pool_pre_ping=True)
    else:
        engine = create_engine(place, pool_size=8)
        event.listen(engine, "connect", _set_pragmas)
    head, fitting = _find_fitting(schema)
    return Database(engine, head, fitting)


def _usage_error(url: str, wrong: str) -> UsageError:
    return UsageError(f"--database: {url!r} {wrong}; write sqlite:///news.sqlite or postgresql://user@host/name")


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return configuration


def list_revisions() -> tuple[str, ...]:
    """Return all migrations, the oldest first."""
    scripts = ScriptDirectory.from_config(_configuration())
    return tuple(reversed([str(each.revision) for each in scripts.walk_revisions()]))


def _find_fitting(schema: str) -> tuple[str, frozenset[str]]:
    """Return the newest migration that a build knows, all of them by default, and those from there on."""
    known = list_revisions()
    head = schema or known[-1]
    if head not in known:
        raise UsageError(f"--schema: {head!r} is no migration; write one of {', '.join(known)}")
    return head, frozenset(known[known.index(head) :])


def migrate(database: Database, revision: str = "", then: Callable[[Connection], object] | None = None) -> None:
    """Bring the schema to a revision, up or down, and run ``then`` in the same transaction.

    Without one the schema goes up to what the build knows, and stays where a later build has brought it. Raises
    UsageError when the database can't be reached, or holds what no migration here has made.
    """
    configuration = _configuration()
    try:
        with database.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
            else:  # SQLite begins none by itself before it changes a table, and would keep half of a migration
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            configuration.attributes["connection"] = connection
            at = current_revision(connection) or ""
            down = revision == "base" or (revision not in ("", "head") and revision < at)
            if revision or at not in database.fitting:
                (command.downgrade if down else command.upgrade)(configuration, revision or database.head)
            if then:
                then(connection)
    except (SQLAlchemyError, CommandError) as error:
        said = str(error).strip().splitlines()[0]
        raise UsageError(f"{database.engine.url!r}: its schema can't be migrated: {said}") from error


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the schema, or None before the first migration."""
    return MigrationContext.configure(connection).get_current_revision()
