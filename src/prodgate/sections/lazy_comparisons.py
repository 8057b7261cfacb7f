"""Comparisons in what runs later, or never: generators, coroutines, and ``map()``.

A name stands for the criterion when it is a parameter that is annotated or called so, is given one by a call, is
assigned from one, or is a function inside of the judge that speaks of one. What is said here holds for one file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeGuard

#: What compares, by the method of a criterion.
_COMPARING: Final = frozenset({"cover", "hold", "require"})
#: What else of a criterion makes an answer.
_ANSWERING: Final = _COMPARING | {"not_applicable", "only_production", "undetermined"}
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
#: What calls a function only when somebody consumes it.
_LAZY: Final = frozenset({"accumulate", "dropwhile", "filter", "filterfalse", "groupby", "map", "starmap", "takewhile"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def find_lazy_comparisons(tree: ast.AST, path: Path) -> Iterator[str]:
    """Yield what may compare later than the judge, a line for each."""
    names = _find_names(tree)
    found = {}
    for node in ast.walk(tree):
        if kind := _name_laziness(node):
            for use in _list_uses(node, names):
                found[use.lineno, kind] = (
                    f"{path}:{use.lineno}: compares in {kind}; compare in a loop of a plain function"
                )
    yield from found.values()


def _name_laziness(node: ast.AST) -> str:
    """Return in words what is lazy, or nothing."""
    if isinstance(node, ast.AsyncFunctionDef):
        return "a coroutine, of which nothing runs until it is awaited"
    if isinstance(node, ast.GeneratorExp) or (
        isinstance(node, _FUNCTIONS) and any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _list_own(node))
    ):
        return "a generator, of which nothing runs until it is consumed"
    if isinstance(node, ast.Call) and _name_of(node.func) in _LAZY:
        return f"{_name_of(node.func)}(), of which nothing runs until it is consumed"
    return ""


def _list_uses(node: ast.AST, names: frozenset[str]) -> Iterator[ast.expr]:
    """Yield where a criterion may answer inside of something lazy: its fields alone may be read there."""
    own = _list_bound(node) - {each.arg for each in _list_parameters(node) if each.arg in names}
    fields = {
        id(each.value) for each in ast.walk(node) if isinstance(each, ast.Attribute) and each.attr not in _ANSWERING
    }
    for each in ast.walk(node):
        if _compares(each) or (_is_read(each) and each.id in names - own and id(each) not in fields):
            yield each


def _find_names(tree: ast.AST) -> frozenset[str]:
    """Return the names that may stand for a criterion, or for what compares with one."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    names = {each.arg for function in functions for each in _list_stated(function)}
    while more := set(_follow(tree, functions, names)) - names:
        names |= more
    return frozenset(names)


def _list_stated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.arg]:
    """Yield the parameters that are said to be a criterion: a policy is given one second, whatever it is called."""
    for place, each in enumerate(_list_parameters(function)):
        stated = "criterion" in each.arg.casefold() or (each.annotation and "Criterion" in ast.unparse(each.annotation))
        if stated or (place == 1 and any("policy" in ast.unparse(one) for one in function.decorator_list)):
            yield each


def _follow(tree: ast.AST, functions: Iterable[_Function], names: set[str]) -> Iterator[str]:
    """Yield the names that an assignment or a call gives a criterion, and functions that see one from outside."""
    known = {each.name: each for each in functions if not isinstance(each, ast.Lambda)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value and _gives(node.value, names):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
            yield from _list_given(node, known[node.func.id], names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _sees(node, names):
            yield node.name


def _gives(value: ast.expr, names: set[str]) -> bool:
    """Whether a value may be a criterion, one of its methods, or a function that compares."""
    if isinstance(value, ast.Lambda):
        return _sees(value, names)
    if isinstance(value, ast.Attribute):
        return value.attr in _ANSWERING and _gives(value.value, names)
    if isinstance(value, ast.Tuple | ast.List):
        return any(_gives(each, names) for each in value.elts)
    return isinstance(value, ast.Name) and value.id in names


def _list_given(call: ast.Call, function: _Function, names: set[str]) -> Iterator[str]:
    """Yield the parameters to which a call hands a criterion."""
    places = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    yield from (place for place, value in zip(places, call.args, strict=False) if _gives(value, names))
    yield from (each.arg for each in call.keywords if each.arg and _gives(each.value, names))


def _sees(function: _Function, names: set[str]) -> bool:
    """Whether a function speaks of a criterion that it was not given."""
    own = _list_bound(function)
    return any(_is_read(each) and each.id in names and each.id not in own for each in ast.walk(function))


def _compares(node: ast.AST) -> TypeGuard[ast.expr]:
    """Whether something compares by the name of the method, whatever it is called on."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _COMPARING


def _is_read(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def _list_bound(node: ast.AST) -> set[str]:
    """Return the names that something lazy, or a function, has of its own."""
    inner = list(ast.walk(node)) if isinstance(node, (*_FUNCTIONS, ast.GeneratorExp)) else []
    stored = {each.id for each in inner if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return stored | {each.arg for each in inner if isinstance(each, ast.arg)}


def _list_parameters(node: ast.AST) -> list[ast.arg]:
    if not isinstance(node, _FUNCTIONS):
        return []
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _list_own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is written in a function or generator, but not in functions inside of it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, _FUNCTIONS):
            yield from _list_own(child)
