"""The smallest policy that grants what is used: statements as they are needed, without those that add nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .containment import find_new_access
from .documents import Document, Statement, read_identity_document


def write_smallest(least: Sequence[tuple[Statement, tuple[str, ...]]]) -> dict[str, Any]:
    """Return a policy document of statements, each with the actions that are given. One is left out where it is proven
    that the others grant all that they grant together."""
    rows = [_write(statement, actions) for statement, actions in least]
    for row in [one for one in rows if one["Effect"] == "Allow"]:
        rest = [one for one in rows if one is not row]
        if rest and find_new_access((_read(rest),), (_read(rows),)) is None:
            rows = rest
    return {"Version": "2012-10-17", "Statement": rows}


def _read(rows: list[dict[str, Any]]) -> Document:
    return read_identity_document({"Version": "2012-10-17", "Statement": rows}, "the smallest policy")


def _write(statement: Statement, actions: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": "Allow" if statement.allows else "Deny"}
    found |= {"Action": list(actions)} if actions else {"NotAction": list(statement.not_actions or ())}
    names = ("Resource", statement.resources), ("NotResource", statement.not_resources)
    found |= {name: list(values) for name, values in names if values is not None}
    tests: dict[str, dict[str, list[str]]] = {}
    for one in statement.conditions:
        tests.setdefault(one.operator, {})[one.key] = list(one.values)
    return found | ({"Condition": tests} if tests else {})
