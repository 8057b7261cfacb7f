"""Reads rows of slots, and what a migration tool says has run, over a connection that can't write.

The database is SQLite or PostgreSQL, by a SQLAlchemy URL.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, ColumnClause, Connection, Select, column, create_engine, inspect, or_, select, table, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import quoted_name

from ..aws.answers import Unreadable
from ..criteria import suggest
from ..sections.dags import SlotTable
from ..semantics.secret_forms import redact_credentials, redaction
from .records import parse_instant

#: Seconds in which a database must answer.
LIMIT: Final = 20
#: SQLite's instructions between two looks at the clock.
_STEPS: Final = 20_000
_OPTIONS: Final = f"-c default_transaction_read_only=on -c statement_timeout={LIMIT}s -c TimeZone=UTC"


class Refused(Exception):
    """The database can't be read as declared."""


@contextmanager
def reading(url: str, what: str) -> Iterator[Connection]:
    """Yield a connection in a transaction that can't write.

    ``what`` begins the message of each failure: Unreadable, without secrets of the URL. A ``Refused`` raised
    inside becomes one as well.
    """
    try:
        where = make_url(url)
        with _connect(where) as connection:
            yield connection
    except ArgumentError:
        raise Unreadable(f"{what}: is no database URL; write postgresql://user@host/name") from None
    except ImportError as error:
        raise Unreadable(f"{what}: {error.name} is not installed; pip install 'prod-gate[dags]'") from None
    except NoSuchTableError:
        raise Unreadable(f"{what}: there is no such table") from None
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        said = said.replace(where.password, redaction("a password")) if where.password else said
        raise Unreadable(f"{what}: {redact_credentials(said)}") from None
    except Refused as error:
        raise Unreadable(f"{what}: {error}") from None


def select_columns(connection: Connection, named: str, wanted: Sequence[str]) -> tuple[Select[Any], list[str], str]:
    """Return a query for columns of a table, the columns that it has, and the first wanted one that it lacks or "".

    SQLite would read the quoted name of a missing column as a text. Raises NoSuchTableError.
    """
    schema, _, name = named.rpartition(".")
    known = [one["name"] for one in inspect(connection).get_columns(name, schema or None)]
    own = {"schema": quoted_name(schema, quote=True)} if schema else {}
    columns: list[ColumnClause[Any]] = [column(quoted_name(each, quote=True)) for each in wanted]
    lost = next((each for each in wanted if each not in known), "")
    return select(*columns).select_from(table(quoted_name(name, quote=True), **own)), known, lost


@contextmanager
def _connect(where: URL) -> Iterator[Connection]:
    kind = where.get_backend_name()
    if kind == "sqlite":
        engine = create_engine("sqlite://", creator=lambda: _open_sqlite(where.database or ""), poolclass=NullPool)
    elif kind == "postgresql":
        asked = {"connect_timeout": LIMIT, "options": _OPTIONS}
        engine = create_engine(where.set(drivername="postgresql+psycopg"), connect_args=asked, poolclass=NullPool)
    else:
        raise Refused(f"is a database of kind {kind!r}; sqlite and postgresql can be read")
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection


def _open_sqlite(file: str) -> sqlite3.Connection:
    """Open an existing file read-only, for no longer than the limit."""
    opened = sqlite3.connect(f"file:{quote(str(Path(file).absolute()))}?mode=ro", uri=True, timeout=LIMIT)
    until = monotonic() + LIMIT
    opened.set_progress_handler(lambda: monotonic() > until, _STEPS)
    return opened


#: Rows after which a table is given up: no window has so many slots.
MAX_ROWS: Final = 200_000


def read_rows(url: str, place: SlotTable, since: datetime, limit: int = MAX_ROWS) -> list[list[Any]]:
    """Return [source, slot, written, rows] of every row since then, and of rows without a slot.

    Times are in ISO form. Raises Unreadable, with nothing secret of the URL in the message.
    """
    with reading(url, f"table {place.table} of {place.database}") as connection:
        try:
            return list(_select_rows(connection, place, since, limit))
        except NoSuchTableError:
            raise Refused(f"holds no table {place.table!r}") from None


def _select_rows(connection: Connection, place: SlotTable, since: datetime, limit: int) -> Iterator[list[Any]]:
    wanted = (place.source, place.slot, place.written, place.rows)
    asked, known, lost = select_columns(connection, place.table, wanted)
    if lost:
        raise Refused(f"has no column {lost!r}{suggest(lost, known) or '; it has ' + ', '.join(known)}")
    if connection.dialect.name != "sqlite":  # SQLite stores times as texts, which do not sort as times
        slot = asked.selected_columns[1]
        asked = asked.where(or_(slot >= since, slot.is_(None)))
    for number, row in enumerate(connection.execute(asked.limit(limit + 1))):
        if number == limit:
            raise Refused(f"holds more than {limit:,} rows of slots since {since:%Y-%m-%d}; name a table of slots")
        at = parse_instant(row[1])
        if at is None or at >= since:
            yield [_text(row[0]), _iso(at), _iso(parse_instant(row[2])), _number(row[3])]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _iso(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _number(value: Any) -> int | None:
    """Return a whole number, None for anything else; PostgreSQL's sums are Decimals."""
    if isinstance(value, Decimal) and value.is_finite() and value == int(value):
        return int(value)
    return value if type(value) is int else None


#: Rows after which a table is given up: no system has so many migrations.
MOST_VERSIONS: Final = 20_000
#: States in which a migration is after it has begun.
APPLIED, FAILED = "applied", "failed"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Table:
    """A tool's default table, its columns, and the meaning of a row."""

    name: str
    columns: tuple[str, ...]
    read: Callable[[Row], tuple[str, str] | None]
    """Returns the id of a migration and its state, None for a row that is about something else."""


def _flyway(row: Row) -> tuple[str, str] | None:
    return None if row["version"] is None else (_plain_version(row["version"]), APPLIED if row["success"] else FAILED)


def _plain_version(text: str) -> str:
    """Return a version as its numbers, whatever separates them and however many zeros lead them."""
    return ".".join(str(int(part)) for part in text.replace("_", ".").split("."))


def _prisma(row: Row) -> tuple[str, str] | None:
    if row["rolled_back_at"] is not None:
        return None
    return row["migration_name"], APPLIED if row["finished_at"] is not None else FAILED


_TABLES: Final[Mapping[str, _Table]] = {
    "alembic": _Table("alembic_version", ("version_num",), lambda row: (row["version_num"], APPLIED)),
    "django": _Table("django_migrations", ("app", "name"), lambda row: (f"{row['app']}.{row['name']}", APPLIED)),
    "flyway": _Table("flyway_schema_history", ("version", "success"), _flyway),
    "prisma": _Table("_prisma_migrations", ("migration_name", "finished_at", "rolled_back_at"), _prisma),
    "rails": _Table("schema_migrations", ("version",), lambda row: (row["version"], APPLIED)),
}


def read_versions(url: str, tool: str, name: str, where: str) -> list[list[str]]:
    """Return [id, state] of each row of a tool's table; Alembic keeps only the newest ids, the others all of them.

    ``name`` is the table, the tool's usual one if it is empty; ``where`` is how messages call the database. Raises
    Unreadable, with nothing secret of the URL in the message. A database that no migration has run on has no table.
    """
    if tool not in _TABLES:
        raise Unreadable(f"{tool}: its table does not say which of the changes in the repository have run")
    known = _TABLES[tool]
    with reading(url, f"table {name or known.name} of {where}") as connection:
        return sorted(list(each) for each in _select(connection, name or known.name, known))


def _select(connection: Connection, named: str, known: _Table) -> Iterator[Sequence[str]]:
    schema, _, name = named.rpartition(".")
    if not inspect(connection).has_table(name, schema=schema or None):
        raise Refused("there is no such table: no migration has run on this database, or it is another one")
    asked, _, lost = select_columns(connection, named, known.columns)
    if lost:
        raise Refused(f"has no column {lost!r}; it is not the table of this tool")
    rows = connection.execute(asked.limit(MOST_VERSIONS + 1)).mappings().all()
    if len(rows) > MOST_VERSIONS:
        raise Refused(f"holds more than {MOST_VERSIONS:,} rows; name the table of the migrations")
    yield from filter(None, (known.read(dict(row)) for row in rows))
