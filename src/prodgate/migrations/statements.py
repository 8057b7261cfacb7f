"""SQL as PostgreSQL reads it, statement by statement; sqlglot's grammar."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from sqlglot import exp, parse_one, tokenize
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]  # it is handed on from another module

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
    # sqlglot warns of a Command; whoever asks looks at it
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
