"""The database of the site: SQLite, or PostgreSQL when its URL is given; migrated by Alembic."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ...criteria import UsageError
from . import tables
from .content.stories import last_slot, seed

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
    """The schemas that this build works on: its own, and later ones that only add to it."""

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Read without blocking other requests.

        SQLite responds faster than a thread could start, so the query runs directly.
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

    Raises UsageError if the site can't use it.
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

    Without a revision the schema goes up to the newest one that the build knows, and stays where a later build has
    brought it. Raises UsageError if the database can't be reached, or has a schema of no migration here.
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


# ── The site's database, migrated or filled before anybody uses it

#: The additional effect of a migration beside its revision.
Flaw = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Migrated:
    """The revisions of a database before and after a migration, and why it did not reach the wanted one."""

    before: str
    after: str
    error: str


def bring_schema(url: str, revision: str, flaw: Flaw | None = None) -> Migrated:
    """Migrate a database to a revision; ``flaw`` runs at the end of the migration, in its transaction."""
    database, error = open_database(url, revision), ""
    try:
        with database.engine.connect() as connection:
            before = current_revision(connection) or ""
        migrate(database, revision, then=flaw)
    except UsageError as failed:
        error = str(failed)
    with database.engine.connect() as connection:
        after = current_revision(connection) or ""
    database.engine.dispose()
    return Migrated(before, after, error)


def prepare_previous(url: str) -> str:
    """Bring a database to the schema before the newest migration, with stories in it; return the revision."""
    previous = list_revisions()[-2]
    database = open_database(url, previous)
    migrate(database, previous, then=lambda connection: seed(connection, last_slot(datetime.now(UTC))))
    database.engine.dispose()
    return previous


def fail_half_way(connection: Connection) -> None:
    """Break a migration, which then leaves nothing behind."""
    connection.execute(text("UPDATE stories SET nickname = slug"))  # there is no such column


def move_passwords(connection: Connection) -> None:
    """Move the passwords of readers into a table of their own, which the builds here do not know."""
    connection.execute(text("CREATE TABLE passwords (reader INTEGER PRIMARY KEY, password VARCHAR(200) NOT NULL)"))
    for statement in _MOVES[connection.dialect.name]:
        connection.exec_driver_sql(statement)


_KEEP: Final = (
    "INSERT INTO passwords SELECT id, password FROM readers WHERE id = NEW.id; "
    "UPDATE readers SET password = 'moved' WHERE id = NEW.id; "
)
#: Triggers that move the password of a new reader, by kind of database.
_MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "sqlite": (f"CREATE TRIGGER moves AFTER INSERT ON readers BEGIN {_KEEP}END",),
    "postgresql": (
        f"CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {_KEEP}RETURN NULL; END$$",
        "CREATE TRIGGER moves AFTER INSERT ON readers FOR EACH ROW EXECUTE FUNCTION move()",
    ),
}


# ── A database for a pipeline that collects stories from given sources

#: How many stories are old enough to be deleted, and the age of the youngest of them.
OLD: Final = 12
DAYS: Final = 401


def prepare_database(url: str, homes: Mapping[str, str]) -> str:
    """Prepare the database at a URL: the site's stories, some beyond the retention, and the addresses of sources.

    Returns the URL. Raises UsageError if the site can't use it.
    """
    database = open_database(url)
    now = datetime.now(UTC)

    def fill(connection: Connection) -> None:
        if seed(connection, last_slot(now)):
            _add_aged_stories(connection, now)
        for key, home in homes.items():
            connection.execute(update(tables.sources).where(tables.sources.c.key == key).values(home=home))

    try:
        migrate(database, then=fill)
    finally:
        database.engine.dispose()
    return url


def _add_aged_stories(connection: Connection, now: datetime) -> None:
    """Add copies of the newest stories, as if they had been collected long ago, and the slots that they came in."""
    newest = connection.execute(select(tables.stories).order_by(tables.stories.c.id.desc()).limit(OLD)).mappings().all()
    aged = list(_age_stories([dict(each) for each in newest], last_slot(now)))
    connection.execute(insert(tables.stories), aged)
    for each in aged:
        row = {"source": each["source"], "slot": each["collected_at"], "finished_at": each["collected_at"], "rows": 1}
        connection.execute(insert(tables.collections), [row])


def _age_stories(stories: list[dict[str, Any]], slot: datetime) -> Iterator[dict[str, Any]]:
    for number, story in enumerate(stories):
        then = slot - timedelta(days=DAYS + number)
        del story["id"]
        times = {"published_at": then - timedelta(minutes=5), "collected_at": then}
        yield story | times | {"slug": f"{story['slug']}-long-ago", "external_id": f"old-{number}"}
