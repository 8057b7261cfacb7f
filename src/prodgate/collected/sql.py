"""Reads rows of slots from a database, SQLite or PostgreSQL by a SQLAlchemy URL, in read-only mode."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, ColumnClause, Connection, column, create_engine, inspect, or_, select, table, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import quoted_name

from ..aws.answers import Unreadable
from ..criteria import suggest
from ..sections.data import SlotTable
from ..semantics.secret_forms import redact_credentials, redaction
from .records import parse_instant

#: Seconds in which a database must answer.
LIMIT: Final = 20
#: Rows after which a table is given up: no window has so many slots.
MAX_ROWS: Final = 200_000
#: SQLite's instructions between two looks at the clock.
_STEPS: Final = 20_000
_OPTIONS: Final = f"-c default_transaction_read_only=on -c statement_timeout={LIMIT}s -c TimeZone=UTC"


def read_rows(url: str, place: SlotTable, since: datetime, limit: int = MAX_ROWS) -> list[list[Any]]:
    """Return [source, slot, written, rows] of every row since then, and of rows without a slot.

    Times are in ISO form. Raises Unreadable, with nothing secret of the URL in the message.
    """
    try:
        where = make_url(url)
        with _read_only_connection(where) as connection:
            return list(_select_rows(connection, place, since, limit))
    except ArgumentError:
        raise _unreadable(place, "is no database URL; write postgresql://user@host/name") from None
    except ImportError as error:
        raise _unreadable(place, f"{error.name} is not installed; pip install 'prod-gate[dags]'") from None
    except NoSuchTableError:
        raise _unreadable(place, f"holds no table {place.table!r}") from None
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise _unreadable(place, redact_credentials(_without_password(said, where))) from None
    except _Refused as error:
        raise _unreadable(place, str(error)) from None


class _Refused(Exception):
    """The database can't be read as declared."""


def _unreadable(place: SlotTable, why: str) -> Unreadable:
    return Unreadable(f"table {place.table} of {place.database}: {why}")


def _without_password(said: str, where: URL) -> str:
    return said.replace(where.password, redaction("a password")) if where.password else said


@contextmanager
def _read_only_connection(where: URL) -> Iterator[Connection]:
    """Yield a connection in a transaction that can't write."""
    kind = where.get_backend_name()
    if kind == "sqlite":
        engine = create_engine("sqlite://", creator=lambda: _open_sqlite(where.database or ""), poolclass=NullPool)
    elif kind == "postgresql":
        asked = {"connect_timeout": LIMIT, "options": _OPTIONS}
        engine = create_engine(where.set(drivername="postgresql+psycopg"), connect_args=asked, poolclass=NullPool)
    else:
        raise _Refused(f"is a database of kind {kind!r}; sqlite and postgresql can be read")
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


def _select_rows(connection: Connection, place: SlotTable, since: datetime, limit: int) -> Iterator[list[Any]]:
    _check_columns(connection, place)
    names = (place.source, place.slot, place.written, place.rows)
    wanted: list[ColumnClause[Any]] = [column(quoted_name(name, quote=True)) for name in names]
    schema, _, name = place.table.rpartition(".")
    own = {"schema": quoted_name(schema, quote=True)} if schema else {}
    asked = select(*wanted).select_from(table(quoted_name(name, quote=True), **own))
    if connection.dialect.name != "sqlite":  # SQLite stores times as texts, which do not sort as times
        asked = asked.where(or_(wanted[1] >= since, wanted[1].is_(None)))
    for number, row in enumerate(connection.execute(asked.limit(limit + 1))):
        if number == limit:
            raise _Refused(f"holds more than {limit:,} rows of slots since {since:%Y-%m-%d}; name a table of slots")
        at = parse_instant(row[1])
        if at is None or at >= since:
            yield [_text(row[0]), _iso(at), _iso(parse_instant(row[2])), _number(row[3])]


def _check_columns(connection: Connection, place: SlotTable) -> None:
    """Refuse a missing column: SQLite would read its quoted name as a text."""
    schema, _, name = place.table.rpartition(".")
    known = [one["name"] for one in inspect(connection).get_columns(name, schema or None)]
    for wanted in (place.source, place.slot, place.written, place.rows):
        if wanted not in known:
            raise _Refused(f"has no column {wanted!r}{suggest(wanted, known) or '; it has ' + ', '.join(known)}")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _iso(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _number(value: Any) -> int | None:
    """Return a whole number, None for anything else; PostgreSQL's sums are Decimals."""
    if isinstance(value, Decimal) and value.is_finite() and value == int(value):
        return int(value)
    return value if type(value) is int else None
