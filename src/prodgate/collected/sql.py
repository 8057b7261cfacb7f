"""Reads rows of slots from a database, SQLite or PostgreSQL by a SQLAlchemy URL, in read-only mode."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnClause, Connection, column, inspect, or_, select, table
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.sql import quoted_name

from ..criteria import suggest
from ..sections.data import SlotTable
from .connections import Refused, reading
from .records import parse_instant

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
            raise Refused(f"holds more than {limit:,} rows of slots since {since:%Y-%m-%d}; name a table of slots")
        at = parse_instant(row[1])
        if at is None or at >= since:
            yield [_text(row[0]), _iso(at), _iso(parse_instant(row[2])), _number(row[3])]


def _check_columns(connection: Connection, place: SlotTable) -> None:
    """Refuse a missing column: SQLite would read its quoted name as a text."""
    schema, _, name = place.table.rpartition(".")
    known = [one["name"] for one in inspect(connection).get_columns(name, schema or None)]
    for wanted in (place.source, place.slot, place.written, place.rows):
        if wanted not in known:
            raise Refused(f"has no column {wanted!r}{suggest(wanted, known) or '; it has ' + ', '.join(known)}")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _iso(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _number(value: Any) -> int | None:
    """Return a whole number, None for anything else; PostgreSQL's sums are Decimals."""
    if isinstance(value, Decimal) and value.is_finite() and value == int(value):
        return int(value)
    return value if type(value) is int else None
