"""Whether the import of a module does no more than its text says: nothing of the module is run.

Where it is plain, each observer that it registers is one that is written there; where it calls what it has from
elsewhere, or hands on what registers, nobody can tell which kinds it would have seen.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from .imported_names import resolve

#: Where what registers observers is, and what a module may name of it.
_OBSERVERS: Final = "prodgate.facts.observers"
_NAMED: Final = frozenset(f"{_OBSERVERS}.{name}" for name in ("observes", "reads", "Account"))
#: Modules of Python whose functions call none that they are given.
_PLAIN_MODULES: Final = frozenset({"collections", "dataclasses", "datetime", "decimal", "enum", "ipaddress", "logging"})
_PLAIN_CALLS: Final = frozenset({
    "bool", "classmethod", "dict", "float", "frozenset", "functools.cache", "int", "len", "list", "pathlib.Path",
    "property", "range", "re.compile", "set", "staticmethod", "str", "tuple", "typing.TypeVar",
})  # fmt: skip
#: Methods that are called without a call.
_HIDDEN: Final = frozenset({"__class_getitem__", "__init_subclass__"})


def is_plain(tree: ast.Module, imported: Mapping[str, str]) -> bool:
    """Whether nothing that is run when a module is imported may do more than is written in it."""
    lazy = imported.get("annotations") == "__future__.annotations"
    executed = list(_list_executed(tree, annotations=not lazy))
    given = {id(part) for node in executed for part in _list_given(node, imported)}
    return all(_is_plain(node, imported, named=id(node) in given) for node in executed)


def _list_executed(node: ast.AST, *, annotations: bool) -> Iterator[ast.AST]:
    """Yield what runs at import below a node: no body of a function; of ``a.b.c`` the whole alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and child in node.body:
            continue
        if isinstance(node, ast.Lambda) and child is node.body:
            continue
        if not annotations and child in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            continue
        yield child
        if not (isinstance(child, ast.Attribute) and resolve(child, {}).partition(".")[0] != "?"):
            yield from _list_executed(child, annotations=annotations)


def _list_given(node: ast.AST, imported: Mapping[str, str]) -> Iterator[ast.AST]:
    """Yield the kinds that are handed to ``observes``."""
    if isinstance(node, ast.Call) and resolve(node.func, imported) == f"{_OBSERVERS}.observes":
        yield from node.args


def _is_plain(node: ast.AST, imported: Mapping[str, str], *, named: bool) -> bool:
    match node:
        case ast.Call(func=called):
            return _may_be_called(called, imported)
        case ast.Attribute(ctx=ast.Load()) | ast.Name(ctx=ast.Load()):
            return named or _may_be_named(resolve(node, imported))
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            plain = (each for each in node.decorator_list if not isinstance(each, ast.Call))
            own = name not in _HIDDEN | _PLAIN_CALLS and not getattr(node, "keywords", ())
            return own and all(_may_be_called(each, imported) for each in plain)
        case ast.Name(id=name):
            return name not in _PLAIN_CALLS  # else it is another thing than Python's from here on
    kept = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
    return kept or not isinstance(node, ast.Attribute | ast.AugAssign | ast.Subscript)


def _may_be_called(node: ast.AST, imported: Mapping[str, str]) -> bool:
    name = resolve(node, imported)
    first = name.partition(".")[0]
    known = first == "prodgate" or first in _PLAIN_MODULES
    return name in _PLAIN_CALLS or (known and "." in name and _may_be_named(name))


def _may_be_named(name: str) -> bool:
    """Whether something that is named is of the gate, of Python, or of the module itself."""
    if name.startswith(_OBSERVERS):
        return name in _NAMED
    first, dot, _ = name.partition(".")
    known = {"prodgate", *sys.stdlib_module_names}
    return not dot or first in known or hasattr(builtins, first) or first == "?"  # what that begins with is looked at
