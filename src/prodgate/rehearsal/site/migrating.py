"""One migration of the site's database, as a pipeline runs it before a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from ...criteria import UsageError
from .content.seed import last_slot, seed
from .database import current_revision, list_revisions, migrate, open_database


@dataclass(frozen=True, slots=True)
class Migrated:
    """From which revision to which a database was brought, and why not to the one that was wanted."""

    before: str
    after: str
    error: str


def bring_schema(url: str, revision: str, *, fails: bool = False) -> Migrated:
    """Migrate a database to a revision; ``fails`` breaks the migration half way, of which nothing is left then."""
    database, error = open_database(url, revision), ""
    try:
        with database.engine.connect() as connection:
            before = current_revision(connection) or ""
        migrate(database, revision, then=_fail if fails else None)
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


def _fail(connection: Connection) -> None:
    connection.execute(text("UPDATE stories SET nickname = slug"))  # there is no such column
