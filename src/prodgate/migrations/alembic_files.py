"""Alembic's migrations as their text states them: nothing of a team is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..aws.answers import Unreadable
from .revisions import Revision

#: Python files of a script location that are no migrations.
_OTHERS: Final = ("env.py",)


def read_alembic(files: Mapping[str, str]) -> Iterator[Revision]:
    """Yield the migrations among the texts of a script location, by path. Raises Unreadable for one that is unclear."""
    for name, text in files.items():
        if name.endswith(".py") and name not in _OTHERS and not name.endswith("__init__.py"):
            yield _read_file(name, text)


def _read_file(name: str, text: str) -> Revision:
    try:
        stated = dict(_list_constants(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"{name}: can't be parsed: {error}") from None
    for key in ("revision", "down_revision"):
        if key not in stated:
            raise Unreadable(f"{name}: states no {key}; write {key} = … as a constant, or move the file elsewhere")
    id_, parents = stated["revision"], _list_ids(stated["down_revision"])
    if not isinstance(id_, str) or parents is None:
        raise Unreadable(f"{name}: computes revision or down_revision; write them as constants")
    return Revision(id=id_, parents=parents, file=name)


def _list_constants(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """Yield what the module assigns to a name; ``...`` for what it computes."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, _evaluate(node.value)) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, _evaluate(node.value)


def _evaluate(value: ast.expr | None) -> Any:
    if value is None:
        return ...
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return ...


def _list_ids(value: Any) -> tuple[str, ...] | None:
    """Return the ids that a ``down_revision`` names, None when it names none."""
    ids = () if value is None else (value,) if isinstance(value, str) else value
    if isinstance(ids, tuple | list) and all(isinstance(each, str) for each in ids):
        return tuple(ids)
    return None
