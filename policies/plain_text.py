"""Telling a secret from an ordinary value, by its name and by what it looks like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prodgate import Unknown, Unresolved
from prodgate.semantics.secret_forms import find_assignments, find_secret


def secrets_in(pairs: Iterable[tuple[str, str | None]]) -> list[str]:
    """Describe the (name, value) pairs that hold a secret, also as ``NAME=value`` inside a command or a script.

    Raises Unresolved when something with the name of a secret has a value (None) that is decided later.
    """
    found = []
    for name, value in pairs:
        last = name.rpartition(".")[2]
        if value is None and find_secret(last, "x"):
            raise Unresolved(name, "has the name of a secret, and its value is decided later")
        reasons = [
            (inner, find_secret(inner, text)) for inner, text in [(last, value or ""), *find_assignments(value or "")]
        ]
        found += [f"{inner} (by {why})" for inner, why in reasons if why]
    return found


def texts_in(value: Any, path: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield each text inside a value with its dotted path without indices; None for one that is decided later."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts_in(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_in(item, path)
    elif isinstance(value, Unknown):
        yield path, None
