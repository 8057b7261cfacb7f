"""The [rollout.migrations] table of a criteria file: where migrations are, what runs them, and who reads the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .data import REFERENCE
from .validation import is_text_list, key_mistakes

TOOLS: Final = ("alembic", "django", "flyway", "liquibase", "prisma", "rails")
_TEXTS: Final = {
    "tool": "alembic",
    "folder": "migrations",
    "database": "secret:shop/gate/database",
    "table": "alembic_version",
    "task": "shop-prod-migration",
    "cluster": "shop-prod",
    "previous": "env:DEPLOYED_COMMIT",
}
_REQUIRED: Final = ("tool", "folder", "database")
_KEYS: Final = (*_TEXTS, "code")
_TABLE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationsSection:
    """What [rollout.migrations] states."""

    tool: str
    folder: str
    """Alembic's script location, or the folder that holds the migrations; relative to the criteria file."""
    database: str
    """Where its SQLAlchemy URL stands: ``env:NAME`` or ``secret:ID``. A rehearsal has a database of its own."""
    table: str = ""
    """In which the tool keeps what has run; empty for the one that it uses unless it is told otherwise."""
    task: str = ""
    """Family of the ECS task that runs the migrations."""
    cluster: str = ""
    """The database in RDS: its cluster, or an instance that belongs to none; empty where the account holds only one."""
    previous: str = ""
    """Names the commit of the build that served before: ``env:NAME``; empty to read it off the image's tags."""
    code: tuple[str, ...] = ("**",)
    """Patterns of the files that read the database, relative to the criteria file."""


def parse_migrations_section(table: Mapping[str, Any]) -> MigrationsSection:
    """Read a table that has no mistakes."""
    given: dict[str, Any] = {key: table[key] for key in _TEXTS if key in table}
    return MigrationsSection(**given, code=tuple(table.get("code", ("**",))))


def migrations_mistakes(table: Any) -> Iterator[str]:
    """Say what is wrong with a [rollout.migrations] table, one line each."""
    where = "rollout.migrations"
    if not isinstance(table, dict):
        yield f'{where}: is {table!r}; write [{where}] with tool = "alembic", folder and database'
        return
    yield from key_mistakes(where, table, _KEYS)
    for key, example in _TEXTS.items():
        if key not in table:
            if key in _REQUIRED:
                yield f"{where}.{key}: is missing; write e.g. {key} = {example!r}"
        elif not isinstance(table[key], str) or not table[key]:
            yield f"{where}.{key}: is not a text; write e.g. {key} = {example!r}"
        else:
            yield from _value_mistakes(where, key, table[key])
    if not is_text_list(table.get("code", ["**"])) or not table.get("code", ["**"]):
        yield f"{where}.code: is {table['code']!r}; write patterns of files, e.g. ['src/**/*.py']"


def _value_mistakes(where: str, key: str, text: str) -> Iterator[str]:
    if key == "tool" and text not in TOOLS:
        yield f"{where}.tool: is {text!r}; write one of {', '.join(TOOLS)}"
    if key == "database" and not REFERENCE.fullmatch(text):
        # what stands there may be the secret itself, and is not shown
        yield f"{where}.database: names no place where the URL stands; write 'env:NAME' or 'secret:ID'"
    if key == "table" and not _TABLE.fullmatch(text):
        yield f"{where}.table: {text!r} is no name of a table; write e.g. 'alembic_version'"
    if key == "previous" and not re.fullmatch(r"env:[A-Za-z_]\w*", text):
        yield f"{where}.previous: is {text!r}; write 'env:NAME' of the variable that holds the commit"
    if key == "folder" and (text.startswith("/") or ".." in text.split("/")):
        yield f"{where}.folder: is {text!r}; write a path inside the project, e.g. 'migrations'"
