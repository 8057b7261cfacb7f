"""What the table of a migration tool says has run, read from the database in read-only mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnClause, Connection, column, inspect, select, table
from sqlalchemy.sql import quoted_name

from ..aws.answers import Unreadable
from .connections import Refused, reading

#: Rows after which a table is given up: no system has so many migrations.
MAX_ROWS: Final = 20_000
#: States in which a migration is after it has begun.
APPLIED, FAILED = "applied", "failed"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Table:
    """The table that a tool keeps unless it is told otherwise, its columns, and what a row of it means."""

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
    there = [one["name"] for one in inspect(connection).get_columns(name, schema or None)]
    if lost := [each for each in known.columns if each not in there]:
        raise Refused(f"has no column {lost[0]!r}; it is not the table of this tool")
    own = {"schema": quoted_name(schema, quote=True)} if schema else {}
    wanted: list[ColumnClause[Any]] = [column(quoted_name(each, quote=True)) for each in known.columns]
    asked = select(*wanted).select_from(table(quoted_name(name, quote=True), **own)).limit(MAX_ROWS + 1)
    rows = connection.execute(asked).mappings().all()
    if len(rows) > MAX_ROWS:
        raise Refused(f"holds more than {MAX_ROWS:,} rows; name the table of the migrations")
    yield from filter(None, (known.read(dict(row)) for row in rows))
