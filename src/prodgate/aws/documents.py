"""JSON documents inside of the account's answers: policies, manifests and settings that are texts there."""

from __future__ import annotations

from typing import Any

from ..semantics.json_texts import read_json
from .answers import Unreadable


def read_document(text: str | bytes, what: str) -> Any:
    """Return the value of a JSON text in an answer. Raises Unreadable when it is none, or holds a key twice."""
    try:
        return read_json(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{what}: {error}") from None
