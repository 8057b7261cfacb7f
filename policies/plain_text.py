"""Telling a secret from an ordinary value, by its name and by what it looks like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prodgate import Criterion, Unknown, Unresolved
from prodgate.semantics.secret_forms import find_assignments, find_secret


def refuse_secrets(
    pairs: Iterable[tuple[str, str | None]], criterion: Criterion, *, expected: str, observed: str = "{}"
) -> None:
    """Exclude the (name, value) pairs that hold a secret, and only then raise Unresolved for what is decided later."""
    held = list(pairs)
    criterion.exclude(secrets_in(held), expected=expected, observed=observed)
    for name in find_undecided(held):
        raise Unresolved(name, "has the name of a secret, and its value is decided later")


def secrets_in(pairs: Iterable[tuple[str, str | None]]) -> list[str]:
    """Describe the (name, value) pairs that hold a secret, also as ``NAME=value`` inside a command or a script."""
    found = []
    for name, value in pairs:
        texts = [(name.rpartition(".")[2], value or ""), *find_assignments(value or "")]
        reasons = [(inner, find_secret(inner, text)) for inner, text in texts]
        found += [f"{inner} (by {why})" for inner, why in reasons if why]
    return found


def find_undecided(pairs: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    """Yield the names of secrets whose value (None) is decided later."""
    yield from (name for name, value in pairs if value is None and find_secret(name.rpartition(".")[2], "x"))


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
