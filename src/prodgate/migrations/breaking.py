"""Which steps of a release take something away that the build before it still needs while traffic moves.

SQL is read with PostgreSQL's grammar as sqlglot has it. A statement that it does not read, and that may do anything,
is unclear.
"""

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlglot import exp, parse_one, tokenize
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]  # it is handed on from another module

from ..aws.answers import Unreadable
from ..facts.rollout.migrations import LOCKS, STYLE
from ..processes.child import Process
from ..semantics.json_texts import read_json

_DIALECT: Final = "postgres"


def split_statements(sql: str) -> Iterator[tuple[str, int]]:
    """Yield each statement with the line on which it begins. Text that no token is of, is one that can't be read."""
    try:
        tokens = tokenize(sql, read=_DIALECT)
    except SqlglotError:
        yield sql, 1
        return
    begun = None
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            if begun is not None:
                yield sql[begun.start : token.start].strip(), begun.line
            begun = None
        elif begun is None:
            begun = token
    if begun is not None:
        yield sql[begun.start :].strip(), begun.line


def parse_statement(text: str) -> exp.Expr | None:
    """Return a statement as it was read, a Command where nothing of it was, None where it is no SQL."""
    # sqlglot warns of a Command; the caller looks at it
    log = logging.getLogger("sqlglot")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        return parse_one(text, dialect=_DIALECT)
    except (SqlglotError, RecursionError):
        return None
    finally:
        log.setLevel(level)


def read_table(read: exp.Expr) -> str:
    """Return the table that a statement is about, without its schema; empty when it names none."""
    found = read.find(exp.Table)
    return read_name(found.this) if found is not None else ""


def read_name(found: object) -> str:
    """Return an identifier as PostgreSQL knows it: in lower case unless it is quoted."""
    if not isinstance(found, exp.Identifier):
        inner = found.this if isinstance(found, exp.Expr) else None
        return read_name(inner) if inner is not None else ""
    return str(found.this) if found.args.get("quoted") else str(found.this).lower()


#: Statements that sqlglot hands back unread, and that change nothing which a build reads; of ALTER TABLE, one action.
_CHANGES_NOTHING: Final = re.compile(
    r"(ALTER TABLE .* (VALIDATE CONSTRAINT|(EN|DIS)ABLE (TRIGGER|ROW LEVEL)|SET \(|RESET \(|CLUSTER|REPLICA IDENTITY)"
    r"|ALTER TYPE .* ADD VALUE|ALTER SEQUENCE|ALTER (DEFAULT PRIVILEGES|TABLE .* OWNER|\w+ .* OWNER)"
    r"|ALTER TABLE .* (ATTACH PARTITION|ALTER CONSTRAINT|SET TABLESPACE|SET (UN)?LOGGED)"
    r'|ALTER TABLE .* ADD CONSTRAINT ("[^"]*"|\w+) (UNIQUE|PRIMARY KEY) USING INDEX'
    r"|ALTER TABLE .* (RENAME CONSTRAINT|ALTER (COLUMN )?\S+ SET STATISTICS)"
    r"|CREATE |COMMENT |LOCK |VACUUM|ANALYZE|REINDEX|CLUSTER|REFRESH|SECURITY|CHECKPOINT|DISCARD|NOTIFY|RESET)\b.*",
    re.IGNORECASE | re.DOTALL,
)
#: Statements that leave the tables as they are.
_KNOWN: Final = (
    exp.Create, exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Set, exp.Transaction, exp.Commit,
    exp.Rollback, exp.Grant, exp.Revoke, exp.Comment, exp.TruncateTable, exp.Copy, exp.Analyze,
)  # fmt: skip
_RENAMES_COLUMN: Final = re.compile(
    r'ALTER\s+TABLE\s++.*?\bRENAME\s++(?!TO\b|COLUMN\b|CONSTRAINT\b)("[^"]+"|\w+)\s+TO\b', re.IGNORECASE | re.DOTALL
)


class Kind(StrEnum):
    """The effect of a statement, in the words of a finding."""

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


#: Steps that make room for a new build, and take nothing from the old one.
EXPANDING: Final = frozenset({Kind.CREATES_TABLE, Kind.ADDS_COLUMN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that a statement does."""

    kind: Kind
    table: str
    """Without its schema; empty when it is not known."""
    column: str
    """Empty for a step on a whole table."""
    statement: str
    line: int
    """From 1, in the SQL of its migration."""

    @property
    def name(self) -> str:
        """The object of the statement, as a person writes it."""
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
        if not _CHANGES_NOTHING.fullmatch(text) or ("," in text and text.upper().startswith("ALTER TABLE")):
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
    """Return the kind of a new column: whether code that does not know it can still insert rows."""
    stated = [constraint.args.get("kind") for constraint in column.args.get("constraints") or ()]
    kinds = [each for each in stated if each is not None and not each.args.get("allow_null")]
    required = any(isinstance(each, exp.NotNullColumnConstraint | exp.PrimaryKeyColumnConstraint) for each in kinds)
    filled = (exp.DefaultColumnConstraint, exp.GeneratedAsIdentityColumnConstraint, exp.ComputedColumnConstraint)
    serial = str(column.args.get("kind")).upper().endswith("SERIAL")
    given = serial or any(isinstance(each, filled) for each in kinds)
    return Kind.ADDS_REQUIRED if required and not given else Kind.ADDS_COLUMN


def _list_drops(read: exp.Drop) -> Iterator[tuple[Kind, str, str]]:
    kind = read.args.get("kind")
    if kind in ("TABLE", "VIEW", "MATERIALIZED VIEW"):
        yield from ((Kind.DROPS_TABLE, read_name(each), "") for each in read.args.get("tables") or ())
    elif kind in ("SCHEMA", "DATABASE", "TYPE", "FUNCTION", "PROCEDURE", "SEQUENCE"):
        yield Kind.UNCLEAR, "", ""


#: Seconds that squawk may take; it needs milliseconds.
LIMIT: Final = 60.0
#: By these words in a comment a file would be left out.
_SILENCING: Final = re.compile(r"squawk-(?=\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that a statement breaks."""

    rule: str
    line: int
    """From 1, in the SQL of its migration."""
    statement: str
    """The line itself."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """squawk's findings on SQL by name, and its version."""

    version: str
    violations: Mapping[str, tuple[Violation, ...]]


def lint(texts: Mapping[str, str]) -> Lint:
    """Lint SQL, given by name. Comments that silence squawk don't count: what is accepted is a waiver.

    Raises Unreadable when squawk is not there or gives no answer.
    """
    program = find_squawk()
    with tempfile.TemporaryDirectory(prefix="prodgate-") as place:
        scratch = Path(place)
        (scratch / ".squawk.toml").write_text("", "utf-8")
        names = {f"{number:06}.sql": name for number, name in enumerate(texts)}
        for file, name in names.items():
            (scratch / file).write_text(_SILENCING.sub("squawk_", texts[name]), "utf-8")
        version = _run(program, scratch, "--version", codes=(0,)).split()[-1]
        said = _run(program, scratch, "--config", ".squawk.toml", "--reporter", "json", *names) if names else "[]"
    found: dict[str, list[Violation]] = {name: [] for name in texts}
    for one in _parse(said):
        name = names[Path(one["file"]).name]
        found[name].append(_read_violation(one, texts[name]))
    return Lint(version=version, violations={name: tuple(each) for name, each in found.items()})


def find_squawk() -> str:
    """Return the path of squawk: the one that is installed beside Python, or on PATH. Raises Unreadable."""
    beside = Path(sys.executable).with_name("squawk")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("squawk")
    if found is None:
        raise Unreadable("squawk is not installed; pip install 'prod-gate[rollout]'")
    return found


def _run(program: str, scratch: Path, *words: str, codes: tuple[int, ...] = (0, 1)) -> str:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(scratch), "NO_COLOR": "1"}
    with Process((program, *words), cwd=scratch, environment=environment) as process:
        try:
            done = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise Unreadable(f"squawk did not answer within {LIMIT:g} s") from None
        if done.code not in codes:
            raise Unreadable(f"squawk {process.describe_failure(done.code)}")
    return done.stdout


def _parse(said: str) -> list[Mapping[str, Any]]:
    try:
        found = read_json(said)
    except ValueError:
        raise Unreadable(f"squawk answered what is no JSON: {said[:200]!r}") from None
    return list(found)


def _read_violation(one: Mapping[str, Any], sql: str) -> Violation:
    lines, line = sql.splitlines(), int(one["line"]) + 1  # squawk counts from 0
    text = next((each.strip() for each in lines[line - 1 :] if each.strip()), "")
    said = ". ".join(filter(None, (str(one["message"]).rstrip("."), str(one.get("help") or "").rstrip("."))))
    return Violation(rule=str(one["rule_name"]), line=line, statement=text[:200], message=said)


#: The name of our own rule, beside squawk's rules.
RULE: Final = "backfill-under-lock"
_SAID: Final = (
    "Rows are written while the lock of an earlier statement on the table is held, and everybody waits for the last of "
    "them. Fill them in a migration of its own, in batches that commit"
)


def find_backfills(sql: str) -> Iterator[Violation]:
    """Yield each statement that writes rows of a table which the same transaction has altered."""
    altered: set[str] = set()
    for text, line in split_statements(sql):
        read = parse_statement(text)
        if isinstance(read, exp.Transaction | exp.Commit | exp.Rollback):
            altered.clear()
        elif isinstance(read, exp.Alter):
            altered.add(read_table(read))
        elif isinstance(read, exp.Update | exp.Delete) and read_table(read) in altered:
            yield Violation(rule=RULE, line=line, statement=text.splitlines()[0][:200], message=_SAID)


#: Returns where the build before names something. Raises Unreadable when its code is not to be had.
Readers = Callable[[str], Sequence[str]]
#: squawk's names of steps that this module reads as well. If squawk finds a step and this module none, it misread.
_SEEN_BY_SQUAWK: Final[Mapping[str, frozenset[Kind]]] = {
    "adding-not-nullable-field": frozenset({Kind.REQUIRES_VALUE}),
    "adding-required-field": frozenset({Kind.ADDS_REQUIRED}),
    "ban-drop-column": frozenset({Kind.DROPS_COLUMN}),
    "ban-drop-not-null": frozenset({Kind.ALLOWS_NULL}),
    "ban-drop-table": frozenset({Kind.DROPS_TABLE}),
    "changing-column-type": frozenset({Kind.CHANGES_TYPE}),
    "renaming-column": frozenset({Kind.RENAMES_COLUMN}),
    "renaming-table": frozenset({Kind.RENAMES_TABLE}),
}
#: Steps that squawk warns of, though they harm no build: names of indexes, and constraints that only refuse rows.
_HARMLESS: Final = re.compile(
    r"^ALTER INDEX .*RENAME TO|DROP CONSTRAINT (IF EXISTS )?\"?(\w+_(fkey|check)|(fk|ck)_\w+)\b", re.IGNORECASE
)
#: Places that are quoted; more add nothing.
_QUOTED: Final = 3
#: Steps that hurt a build which does not know the column.
_HURTING_STRANGERS: Final = frozenset({Kind.REQUIRES_VALUE, Kind.ADDS_REQUIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """A step that breaks the previous build, or may: ``unknown`` then gives the reason."""

    step: Step
    because: str = ""
    unknown: str = ""


def find_breakage(steps: Sequence[Step], earlier: Iterable[Step], readers: Readers) -> Iterator[Breakage]:
    """Yield what the steps of one migration break.

    ``earlier`` are the steps of the same release before it, which alone make what the build before does not know.
    """
    known = [*earlier]
    for step in steps:
        if step.kind is Kind.UNCLEAR:
            unknown = "what this does to the tables can't be read from it; try the old build on the new schema"
            yield Breakage(step=step, unknown=unknown)
        elif step.kind not in EXPANDING and not _made_by(known, step):
            yield from _judge(step, known, readers)
        known.append(step)


def _made_by(steps: Iterable[Step], step: Step) -> bool:
    """Whether the release itself has made what a step changes, so that nobody reads it yet."""
    return any(
        (one.kind is Kind.CREATES_TABLE and one.table == step.table)
        or (
            one.kind is Kind.ADDS_COLUMN
            and step.column
            and one.name == step.name
            and step.kind not in _HURTING_STRANGERS
        )
        for one in steps
    )


def _judge(step: Step, known: Iterable[Step], readers: Readers) -> Iterator[Breakage]:
    added = any(one.kind is Kind.ADDS_COLUMN and one.name == step.name for one in known)
    if step.kind is Kind.ADDS_REQUIRED or (step.kind is Kind.REQUIRES_VALUE and added):
        yield Breakage(step=step, because="the build before inserts rows without it")
        return
    try:
        places = readers(step.column or step.table)
    except Unreadable as error:
        yield _judge_unread(step, known, error.reason)
        return
    if step.kind is Kind.REQUIRES_VALUE:
        if not places:
            yield Breakage(step=step, because="the build before does not name it, and inserts rows without it")
    elif places:
        more = f" and {len(places) - _QUOTED} more" if len(places) > _QUOTED else ""
        yield Breakage(step=step, because=f"the build before names it in {', '.join(places[:_QUOTED])}{more}")


def _judge_unread(step: Step, known: Iterable[Step], reason: str) -> Breakage:
    """Judge a step without the code of the build before: what expands and contracts in one release breaks it."""
    if any(one.kind in EXPANDING and step.table in (one.table, "") for one in known):
        return Breakage(step=step, because="the same release adds what takes its place; contract in a later one")
    return Breakage(step=step, unknown=reason)


def find_misread(steps: Sequence[Step], violations: Iterable[Violation]) -> Iterator[Breakage]:
    """Yield what squawk sees in the same SQL, and what was read here says nothing of."""
    kinds = {step.kind for step in steps}
    for one in violations:
        expected = _SEEN_BY_SQUAWK.get(one.rule, frozenset())
        if one.rule in STYLE | (LOCKS - set(_SEEN_BY_SQUAWK)) or _HARMLESS.search(one.statement):
            continue
        if not (expected | {Kind.UNCLEAR}) & kinds:
            step = Step(kind=Kind.UNCLEAR, table="", column="", statement=one.statement, line=one.line)
            said = f"squawk says {one.rule} ({one.message}); whether the build before minds can't be told from it"
            yield Breakage(step=step, unknown=said)
