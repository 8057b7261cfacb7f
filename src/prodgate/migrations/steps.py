"""What SQL does to the tables that a build knows: adds to them, or takes away, renames and narrows what is there.

PostgreSQL's grammar as sqlglot reads it. A statement that it does not read, and that may do anything, is unclear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlglot import exp

from .statements import parse_statement, read_name, read_table, split_statements

#: Statements that sqlglot hands back unread, and that change nothing which a build reads; of ALTER TABLE, one action.
_HARMLESS: Final = re.compile(
    r"(ALTER TABLE .* (VALIDATE CONSTRAINT|(EN|DIS)ABLE (TRIGGER|ROW LEVEL)|SET \(|RESET \(|CLUSTER|REPLICA IDENTITY)"
    r"|ALTER TYPE .* ADD VALUE|ALTER SEQUENCE|ALTER (DEFAULT PRIVILEGES|TABLE .* OWNER|\w+ .* OWNER)"
    r"|ALTER TABLE .* (ATTACH PARTITION|ALTER CONSTRAINT|SET TABLESPACE|SET (UN)?LOGGED)"
    r"|ALTER TABLE .* (RENAME CONSTRAINT|ADD CONSTRAINT .* USING INDEX|ALTER (COLUMN )?\S+ SET STATISTICS)"
    r"|CREATE |COMMENT |LOCK |VACUUM|ANALYZE|REINDEX|CLUSTER|REFRESH|SECURITY|CHECKPOINT|DISCARD|NOTIFY|RESET)\b.*",
    re.IGNORECASE | re.DOTALL,
)
#: Statements that leave the tables as they are.
_KNOWN: Final = (
    exp.Create, exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Set, exp.Transaction, exp.Commit,
    exp.Rollback, exp.Grant, exp.Revoke, exp.Comment, exp.TruncateTable, exp.Copy, exp.Analyze,
)  # fmt: skip
_RENAMES_COLUMN: Final = re.compile(
    r'ALTER\s+TABLE\s+.*?\bRENAME\s+(?!TO\b|COLUMN\b|CONSTRAINT\b)("[^"]+"|\w+)\s+TO\b', re.IGNORECASE | re.DOTALL
)


class Kind(StrEnum):
    """What a statement does, as a finding says it."""

    CREATES_TABLE = "creates table"
    ADDS_COLUMN = "adds column"
    DROPS_TABLE = "drops table"
    DROPS_COLUMN = "drops column"
    RENAMES_TABLE = "renames table"
    RENAMES_COLUMN = "renames column"
    CHANGES_TYPE = "changes the type of column"
    REQUIRES_VALUE = "makes NOT NULL column"
    ALLOWS_NULL = "lets be NULL column"
    ADDS_REQUIRED = "adds without a default the NOT NULL column"
    UNCLEAR = "can't be read"


#: What makes room for a new build, and takes nothing from the old one.
EXPANDING: Final = frozenset({Kind.CREATES_TABLE, Kind.ADDS_COLUMN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that a statement does."""

    kind: Kind
    table: str
    """Without its schema; empty when it is not known."""
    column: str
    """Empty for what is done to a whole table."""
    statement: str
    line: int
    """From 1, in the SQL of its migration."""

    @property
    def name(self) -> str:
        """What it is done to, as a person writes it."""
        return f"{self.table}.{self.column}" if self.column else self.table


def list_steps(sql: str) -> tuple[Step, ...]:
    """Return what SQL does to tables, in its order."""
    return tuple(step for text, line in split_statements(sql) for step in _read_statement(text, line))


def _read_statement(text: str, line: int) -> Iterator[Step]:
    for kind, table, column in _list_changes(text):
        yield Step(kind=kind, table=table, column=column, statement=" ".join(text.split())[:200], line=line)


def _list_changes(text: str) -> Iterator[tuple[Kind, str, str]]:
    read = parse_statement(text)
    if read is None:
        yield Kind.UNCLEAR, "", ""
    elif isinstance(read, exp.Command):
        if not _HARMLESS.fullmatch(text) or ("," in text and text.upper().startswith("ALTER TABLE")):
            yield Kind.UNCLEAR, "", ""
    elif isinstance(read, exp.Alter):
        yield from _list_alterations(read, text)
    elif isinstance(read, exp.Drop):
        yield from _list_drops(read)
    elif isinstance(read, exp.Create) and read.kind == "TABLE":
        yield Kind.CREATES_TABLE, read_table(read), ""
    elif not isinstance(read, _KNOWN):
        yield Kind.UNCLEAR, "", ""


def _list_alterations(read: exp.Alter, text: str) -> Iterator[tuple[Kind, str, str]]:
    kind, table = read.args.get("kind"), read_table(read)
    if kind not in ("TABLE", "VIEW"):
        return
    if renamed := _RENAMES_COLUMN.match(text):  # sqlglot takes it for the name of a table without the word COLUMN
        yield Kind.RENAMES_COLUMN, table, renamed[1].strip('"') if '"' in renamed[1] else renamed[1].lower()
        return
    for action in read.args.get("actions") or ():
        yield from _read_action(action, table)


def _read_action(action: exp.Expr, table: str) -> Iterator[tuple[Kind, str, str]]:
    if isinstance(action, exp.RenameColumn):
        yield Kind.RENAMES_COLUMN, table, read_name(action.this)
    elif isinstance(action, exp.AlterRename):
        yield Kind.RENAMES_TABLE, table, ""
    elif isinstance(action, exp.Drop):
        dropped = action.args.get("tables") or () if action.args.get("kind") == "COLUMN" else ()
        yield from ((Kind.DROPS_COLUMN, table, read_name(each)) for each in dropped)
    elif isinstance(action, exp.ColumnDef):
        yield _judge_new_column(action), table, read_name(action.this)
    elif isinstance(action, exp.AlterColumn):
        if action.args.get("dtype"):
            yield Kind.CHANGES_TYPE, table, read_name(action.this)
        elif "allow_null" in action.args:
            yield Kind.ALLOWS_NULL if action.args.get("drop") else Kind.REQUIRES_VALUE, table, read_name(action.this)
    elif not isinstance(action, exp.AddConstraint | exp.AlterSet | exp.ColumnConstraint):
        yield Kind.UNCLEAR, table, ""


def _judge_new_column(column: exp.ColumnDef) -> Kind:
    """Return whether whoever does not know a new column can still insert rows."""
    stated = [constraint.args.get("kind") for constraint in column.args.get("constraints") or ()]
    kinds = [each for each in stated if each is not None and not each.args.get("allow_null")]
    required = any(isinstance(each, exp.NotNullColumnConstraint | exp.PrimaryKeyColumnConstraint) for each in kinds)
    filled = (exp.DefaultColumnConstraint, exp.GeneratedAsIdentityColumnConstraint, exp.ComputedColumnConstraint)
    serial = str(column.args.get("kind")).upper().endswith("SERIAL")
    return Kind.ADDS_REQUIRED if required and not serial and not _has(kinds, filled) else Kind.ADDS_COLUMN


def _has(kinds: Iterable[object], wanted: tuple[type, ...]) -> bool:
    return any(isinstance(each, wanted) for each in kinds)


def _list_drops(read: exp.Drop) -> Iterator[tuple[Kind, str, str]]:
    kind = read.args.get("kind")
    if kind in ("TABLE", "VIEW", "MATERIALIZED VIEW"):
        yield from ((Kind.DROPS_TABLE, read_name(each), "") for each in read.args.get("tables") or ())
    elif kind in ("SCHEMA", "DATABASE", "TYPE", "FUNCTION", "PROCEDURE", "SEQUENCE"):
        yield Kind.UNCLEAR, "", ""
