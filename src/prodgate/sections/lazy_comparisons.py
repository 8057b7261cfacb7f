"""Comparisons in generators: nothing of them runs until somebody consumes it, and nobody may."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

#: What compares, by the method of a criterion.
_COMPARING: Final = frozenset({"cover", "hold", "require"})
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def find_lazy_comparisons(tree: ast.AST, path: Path) -> Iterator[str]:
    """Yield what compares with ``criterion`` in a generator, a line for each."""
    for node in ast.walk(tree):
        if not _is_lazy(node):
            continue
        for call in _list_own(node):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and _is_comparing(call.func):
                yield (
                    f"{path}:{call.lineno}: compares in a generator, of which nothing runs until it is consumed; "
                    "compare in a loop of a plain function"
                )


def _is_lazy(node: ast.AST) -> bool:
    if isinstance(node, ast.GeneratorExp):
        return True
    return isinstance(node, _FUNCTIONS) and any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _list_own(node))


def _is_comparing(called: ast.Attribute) -> bool:
    return called.attr in _COMPARING and isinstance(called.value, ast.Name) and "criterion" in called.value.id


def _list_own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is written in a function or generator, but not in functions inside of it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, _FUNCTIONS):
            yield from _list_own(child)
