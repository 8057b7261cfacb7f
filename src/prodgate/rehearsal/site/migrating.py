"""One migration of the site's database, as a pipeline runs it before a deployment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, text

from ...criteria import UsageError
from .content.seed import last_slot, seed
from .database import current_revision, list_revisions, migrate, open_database

#: What a migration does besides what its revision says.
Flaw = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Migrated:
    """From which revision to which a database was brought, and why not to the one that was wanted."""

    before: str
    after: str
    error: str


def bring_schema(url: str, revision: str, flaw: Flaw | None = None) -> Migrated:
    """Migrate a database to a revision; ``flaw`` happens at the end of the migration, in its transaction."""
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
    """Break a migration, of which nothing is left then."""
    connection.execute(text("UPDATE stories SET nickname = slug"))  # there is no such column


def move_passwords(connection: Connection) -> None:
    """Keep the passwords of readers in a table of their own, of which the builds here know nothing."""
    connection.execute(text("CREATE TABLE passwords (reader INTEGER PRIMARY KEY, password VARCHAR(200) NOT NULL)"))
    for statement in _MOVES[connection.dialect.name]:
        connection.exec_driver_sql(statement)


_KEEP: Final = (
    "INSERT INTO passwords SELECT id, password FROM readers WHERE id = NEW.id; "
    "UPDATE readers SET password = 'moved' WHERE id = NEW.id; "
)
#: What moves the password of whoever joins, by kind of database.
_MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "sqlite": (f"CREATE TRIGGER moves AFTER INSERT ON readers BEGIN {_KEEP}END",),
    "postgresql": (
        f"CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {_KEEP}RETURN NULL; END$$",
        "CREATE TRIGGER moves AFTER INSERT ON readers FOR EACH ROW EXECUTE FUNCTION move()",
    ),
}
