"""What a criterion states, in one language or two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..semantics.names import says_nothing
from .validation import is_text_list


def read_statement(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a statement by language; one that is a text is in English."""
    stated: str | dict[str, Any] = table["statement"]
    return {"en": stated} if isinstance(stated, str) else stated


def statement_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say that a statement says nothing, or is in a language that reports don't have."""
    statement = read_statement(table)
    texts = list(statement.values())
    if not set(statement) <= {"en", "ja"} or not is_text_list(texts) or any(map(says_nothing, texts or [""])):
        said = ", ".join(statement) or "nothing"
        yield f'{where}.statement: has {said}; write a text, or {{ en = "…", ja = "…" }}'
