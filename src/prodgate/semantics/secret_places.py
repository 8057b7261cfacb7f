"""Where a declared value holds a secret in plain text that nobody marked: in settings by name, elsewhere by form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from .secret_forms import credential_form, find_assignments, find_secret

#: Keys below which values are the settings of a program, where the name alone can mark a secret.
_SETTINGS: Final = frozenset({"environment", "environment_variable", "environment_variables", "variables", "command"})


def holds_secret(argument: str, value: Any) -> bool:
    """Whether the value of an argument holds what looks like a secret, also within a document in JSON.

    >>> holds_secret("container_definitions", '[{"environment": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]')
    True
    >>> holds_secret("container_definitions", '[{"secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn"}]}]')
    False
    """
    return any(_looks_secret(name, text, named) for name, text, named in _iter_texts(argument, value, False))


def _looks_secret(name: str, text: str, named: bool) -> bool:
    if credential_form(text):
        return True
    assigned = ((name, text), *find_assignments(text)) if named else ()
    return any(find_secret(inner, each) for inner, each in assigned)


def _iter_texts(name: str, value: Any, named: bool) -> Iterator[tuple[str, str, bool]]:
    """Yield each text with the name that it stands under, and whether that is the name of a setting."""
    named = named or name in _SETTINGS
    if isinstance(value, dict):
        own = str(value.get("name") or value.get("Name") or "")
        for key, item in value.items():
            yield from _iter_texts(own if own and key in ("value", "Value") else str(key), item, named)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _iter_texts(name, item, named)
    elif isinstance(value, str) and (document := _read_document(value)) is not None:
        yield from _iter_texts(name, document, named)
    elif isinstance(value, str):
        yield name, value, named


def _read_document(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
