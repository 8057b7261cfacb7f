"""What the names of Python files stand for: functions, parameters, and whatever is assigned to them, in any file."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

Function = ast.FunctionDef | ast.AsyncFunctionDef
_PROPERTIES = ("property", "cached_property")


@dataclass(eq=False)
class Scope:
    """A file or a function of one, with what is assigned to each name in it."""

    module: str
    file: str
    node: ast.Module | Function
    parent: Scope | None = None
    bound: dict[str, list[ast.expr | None]] = field(default_factory=dict)
    """Name -> each expression whose value it takes; None for one that is not followed."""
    imported: dict[str, str] = field(default_factory=dict)
    """Name -> the dotted name of what is imported as it."""
    functions: dict[str, Scope] = field(default_factory=dict)
    is_method: bool = False

    @property
    def is_property(self) -> bool:
        """Whether it is read like an attribute."""
        if isinstance(self.node, ast.Module):
            return False
        return any(ast.unparse(one).rpartition(".")[2] in _PROPERTIES for one in self.node.decorator_list)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters of a function, those that take many and the object of a method left out."""
        if isinstance(self.node, ast.Module):
            return ()
        given = self.node.args
        names = tuple(one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs))
        return names[1:] if self.is_method and names[:1] in (("self",), ("cls",)) else names

    @cached_property
    def defaults(self) -> Mapping[str, ast.expr]:
        """What parameters are when nothing is given for them."""
        if isinstance(self.node, ast.Module):
            return {}
        given = self.node.args
        names = [one.arg for one in (*given.posonlyargs, *given.args)]
        last = dict(zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True))
        pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        return {**last, **{one.arg: value for one, value in pairs if value is not None}}

    @cached_property
    def returned(self) -> tuple[ast.expr, ...]:
        """What a function returns; of one with `yield`, what it hands out."""
        found = (node.value for node in walk(self.node) if isinstance(node, ast.Return | ast.Yield))
        return tuple(value for value in found if value is not None)

    @cached_property
    def outer(self) -> frozenset[str]:
        """The names that are of a scope around it: `global` and `nonlocal`."""
        found = (node.names for node in walk(self.node) if isinstance(node, ast.Global | ast.Nonlocal))
        return frozenset(name for names in found for name in names)

    def find(self, name: str) -> Scope | None:
        """Return the scope that holds a name, this one or one around it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bound or name in scope.imported or name in scope.functions or name in scope.parameters:
                return scope
            scope = scope.parent
        return None


@dataclass(eq=False)
class Folder:
    """All files together."""

    modules: dict[str, Scope] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)
    attributes: dict[str, list[tuple[ast.expr | None, Scope]]] = field(default_factory=dict)
    """Name of an attribute -> all that is assigned to one of that name, of whatever object."""
    methods: dict[str, list[Scope]] = field(default_factory=dict)
    """Name of a method -> those of that name, of whatever class."""


def read_names(trees: Mapping[str, ast.Module]) -> Folder:
    """Return what the names of files stand for; ``trees`` by path."""
    folder = Folder()
    for file, tree in trees.items():
        module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        scope = Scope(module, file, tree)
        folder.modules[module] = scope
        _fill(scope, folder)
    return folder


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is below a node, but not what is in functions inside it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, Function):
            yield from walk(child)


def _fill(scope: Scope, folder: Folder) -> None:
    folder.scopes.append(scope)
    for node in walk(scope.node):
        if isinstance(node, Function):
            inner = Scope(scope.module, scope.file, node, scope, is_method=_is_method(node, scope))
            if inner.is_method:
                folder.methods.setdefault(node.name, []).append(inner)
            else:
                scope.functions[node.name] = inner
            _fill(inner, folder)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            scope.imported |= read_import(node, scope)
        else:
            for target, value in _list_bindings(node):
                _bind(target, value, scope, folder)


def _is_method(node: Function, scope: Scope) -> bool:
    return any(isinstance(one, ast.ClassDef) and node in one.body for one in walk(scope.node))


def read_import(node: ast.Import | ast.ImportFrom, scope: Scope) -> dict[str, str]:
    """Return the dotted name of what an import brings, by the name that it has in the scope."""
    if isinstance(node, ast.Import):
        firsts = {one.name.partition(".")[0]: one.name.partition(".")[0] for one in node.names if not one.asname}
        return firsts | {one.asname: one.name for one in node.names if one.asname}
    base = node.module or ""
    if node.level:
        parts = scope.module.split(".")
        is_package = scope.file.endswith("__init__.py")
        around = parts[: len(parts) - node.level + is_package]
        base = ".".join([*around, *([node.module] if node.module else [])])
    return {one.asname or one.name: f"{base}.{one.name}" for one in node.names}


def _list_bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Yield what a node assigns to: target and value, None where the value is a part of something."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        yield node.target, node.value
    elif isinstance(node, ast.AugAssign):
        yield node.target, None
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, node.context_expr
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.target, ast.Subscript(node.iter, ast.Constant(0), ast.Load())


def _bind(target: ast.expr, value: ast.expr | None, scope: Scope, folder: Folder) -> None:
    if isinstance(target, ast.Name):
        owner = scope.find(target.id) if target.id in scope.outer else scope
        (owner or scope).bound.setdefault(target.id, []).append(value)
        if isinstance(scope.node, ast.Module):  # also of a class, and of the module for others
            folder.attributes.setdefault(target.id, []).append((value, scope))
    elif isinstance(target, ast.Attribute):
        folder.attributes.setdefault(target.attr, []).append((value, scope))
    elif isinstance(target, ast.Tuple | ast.List):
        pairs = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        for number, one in enumerate(target.elts):
            _bind(one, value.elts[number] if pairs else None, scope, folder)  # type: ignore[union-attr]
