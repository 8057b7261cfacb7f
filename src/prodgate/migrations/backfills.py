"""Data that is filled in while its table is locked: squawk looks at one statement, and this is about two of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from .linting import Violation
from .statements import parse_statement, read_table, split_statements

#: What this rule is called beside those of squawk.
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
