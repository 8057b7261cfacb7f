"""The migrations of a release: how many heads there are, what their SQL does, and whether the database has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...aws.answers import Unread
from .. import Fact

#: Rules of squawk, and one of ours, about statements that hold a lock for long, wait for one, or undo what bounds it.
LOCKS: Final = frozenset(
    {
        "adding-field-with-default", "adding-foreign-key-constraint", "adding-not-nullable-field",
        "adding-serial-primary-key-field", "ban-alter-domain-with-add-constraint",
        "backfill-under-lock",
        "ban-concurrent-index-creation-in-transaction", "ban-create-domain-with-constraint", "ban-drop-database",
        "ban-duplicate-column-assignments", "ban-truncate-cascade", "ban-uncommitted-transaction",
        "changing-column-type", "constraint-missing-not-valid", "disallowed-unique-constraint", "prefer-repack",
        "require-concurrent-index-creation", "require-concurrent-index-deletion",
        "require-concurrent-partition-detach", "require-concurrent-reindex", "require-lock-timeout",
        "require-statement-timeout", "transaction-nesting",
    }
)  # fmt: skip
#: Rules about taste and types. All others are about what whoever reads a table loses.
STYLE: Final = frozenset(
    {
        "ban-char-field", "identifier-too-long", "prefer-bigint-over-int", "prefer-bigint-over-smallint",
        "prefer-identity", "prefer-robust-stmts", "prefer-text-field", "prefer-timestamp-tz", "prefer-timestamptz",
        "require-enum-value-ordering", "require-table-schema",
    }
)  # fmt: skip
#: What squawk says of a statement that it does not understand.
SYNTAX: Final = "syntax-error"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MigrationFolder(Fact):
    """The migrations of a repository; ``subject`` is their folder."""

    heads: tuple[str, ...]
    """The migrations that no other comes after."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MigrationChange(Fact):
    """What a migration of this release does; ``subject`` is its file, or the folder for a release without any."""

    id: str
    """Empty for a release without any."""
    locks: tuple[str, ...]
    """Statements that keep others waiting for as long as a table is large or a lock is taken."""
    breaks: tuple[str, ...]
    """What it takes from the build that serves before."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SchemaVersion(Fact):
    """How far a database is; ``subject`` is the table that says so, and its place."""

    pending: tuple[str, ...]
    """Migrations of the repository that have not run."""
    foreign: tuple[str, ...]
    """Migrations that have run, and are in no file of the repository."""
    failed: tuple[str, ...]
    """Migrations that began and did not end well."""


def folder_facts(value: Mapping[str, Any]) -> Iterator[MigrationFolder]:
    """Yield what is known of the folder of migrations."""
    yield MigrationFolder(subject=value["folder"], heads=tuple(value["heads"]))


def release_facts(value: Mapping[str, Any]) -> Iterator[MigrationChange]:
    """Yield what each migration of a release does."""
    folder = value["folder"]
    for one in value["migrations"]:
        subject = f"{folder}/{one['file']}"
        if one["fault"]:
            yield MigrationChange.unread(subject, f"it can't be rendered as SQL: {one['fault']}", id=one["id"])
        else:
            yield MigrationChange(subject=subject, id=one["id"], locks=_read_locks(one), breaks=_read_breaks(one))
    if not value["migrations"]:
        yield MigrationChange(subject=folder, id="", locks=(), breaks=())


def _read_locks(one: Mapping[str, Any]) -> tuple[str, ...]:
    known = [each for each in one["violations"] if each["rule"] in LOCKS]
    unread = [each for each in one["violations"] if each["rule"] == SYNTAX]
    if not known and unread:
        reason = f"squawk does not understand line {unread[0]['line']}: {unread[0]['statement']}"
        return Unread(reason)  # type: ignore[return-value]  # a Fact raises it when it is read
    return tuple(f"{each['rule']}: {each['statement']} ({each['message']})" for each in known)


def _read_breaks(one: Mapping[str, Any]) -> tuple[str, ...]:
    known = tuple(f"{_describe(each['step'])}: {each['because']}" for each in one["breakage"] if each["because"])
    if not known and one["breakage"]:
        first = one["breakage"][0]
        return Unread(f"{_describe(first['step'])}: {first['unknown']}")  # type: ignore[return-value]
    return known


def _describe(step: Mapping[str, Any]) -> str:
    name = f"{step['table']}.{step['column']}" if step["column"] else step["table"]
    return f"{step['kind']} {name} (line {step['line']}: {step['statement']})" if name else step["statement"]


def schema_facts(value: Mapping[str, Any]) -> Iterator[SchemaVersion]:
    """Yield how far the database is."""
    fields: dict[str, Sequence[str]] = {key: tuple(value[key]) for key in ("pending", "foreign", "failed")}
    yield SchemaVersion(subject=value["where"], **fields)  # type: ignore[arg-type]
