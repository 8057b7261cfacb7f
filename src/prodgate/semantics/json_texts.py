"""JSON texts from outside, which every reader must understand in the same way.

Of a key that an object holds twice some readers take the first value, some the last; RFC 8259 leaves it open.
Terraform's AWS provider refuses a policy document with such a key since 5.19; no page of AWS says which one it takes.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any


class DuplicateKeyError(ValueError):
    """An object holds a key twice; ``key`` names it."""

    def __init__(self, key: str) -> None:
        super().__init__(f"holds the key {key!r} twice in one object")
        self.key = key


def read_json(text: str | bytes, *, parse_constant: Callable[[str], object] | None = None) -> Any:
    """Return the value of a JSON text. Raises ValueError as `json.loads` does, DuplicateKeyError for a repeated key."""
    return json.loads(text, object_pairs_hook=_make_object, parse_constant=parse_constant)


def _make_object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise DuplicateKeyError(next(key for key in keys if keys.count(key) > 1))
    return made
