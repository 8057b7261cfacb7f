"""What an expression of Python may be, as far as AWS is concerned: a client, what makes one, or a name of one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from .names import Folder, Scope, walk
from .things import HOOKS, OPEN, Thing, Things, step, take_part

#: How deep expressions are followed into one another.
_DEEPEST: Final = 100
_NOTHING: Final[Things] = frozenset()
#: What wraps a client and hands it out again.
_TRANSPARENT: Final = ("contextlib.closing", "typing.cast")
_CLIENTS: Final = ("boto3.client", "boto3.resource")
_SESSIONS: Final = ("boto3.Session", "boto3.session.Session")


class Values:
    """What expressions of a folder may be. Whatever is not followed is nothing, and its use is looked at elsewhere."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._entered: list[ast.expr] = []
        self._cuts = 0
        self.is_too_deep = False
        """Whether anything was not followed to its end."""
        self._known: dict[ast.expr, Things] = {}
        self._calls: dict[int, list[tuple[ast.Call, Scope]]] = {}
        for scope in folder.scopes:
            for node in walk(scope.node):
                if isinstance(node, ast.Call):
                    for function in self.list_called(node, scope):
                        self._calls.setdefault(id(function), []).append((node, scope))

    def of(self, node: ast.expr | None, scope: Scope, given: Mapping[str, Things] | None = None) -> Things:
        """Return what an expression may be. ``given`` is what the parameters of the scope are in one call of it."""
        if node is None or (given is None and node in self._known):
            return _NOTHING if node is None else self._known[node]
        if node in self._entered or len(self._entered) > _DEEPEST:
            self._cuts += 1
            self.is_too_deep |= node not in self._entered
            return _NOTHING
        before = self._cuts
        self._entered.append(node)
        try:
            found = frozenset(self._find(node, scope, given))
        finally:
            self._entered.pop()
        if given is None and self._cuts == before:  # else it is less than all that it may be
            self._known[node] = found
        return found

    def _find(self, node: ast.expr, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        match node:
            case ast.Constant(value=str(text)):
                yield Thing("text", text=text)
            case ast.Name():
                yield from self._of_name(node.id, scope, given)
            case ast.Attribute():
                yield from self._of_attribute(node, scope, given)
            case ast.Call():
                yield from self._of_call(node, scope, given)
            case ast.Subscript():
                for one in self.of(node.value, scope, given):  # a client is what a generator hands out
                    yield from (step(one, "[]"),) if one.kind == "resource" else (one,) if one.kind == "client" else ()
                yield from self._of_elements(node.value, scope)
        for inner in _list_inner(node):
            yield from self.of(inner, scope, given)

    def _of_elements(self, node: ast.expr, scope: Scope) -> Iterator[Thing]:
        """Yield what a name of a list or tuple holds."""
        owner = scope.find(node.id) if isinstance(node, ast.Name) else None
        for value in owner.bound.get(node.id, ()) if owner and isinstance(node, ast.Name) else ():
            if isinstance(value, ast.Tuple | ast.List | ast.Set):
                for one in value.elts:
                    yield from self.of(one, owner or scope)

    def _of_name(self, name: str, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        owner = scope.find(name)
        if owner is None:
            return
        if owner is scope and given is not None and name in given:
            yield from given[name]
        elif name in owner.parameters:
            yield from self._of_parameter(name, owner)
        for value in owner.bound.get(name, ()):
            found = self.of(value, owner, given if owner is scope else None)
            yield from found or (OPEN,)
        if name in owner.imported:
            yield from self._of_dotted(owner.imported[name])

    def _of_dotted(self, dotted: str) -> Iterator[Thing]:
        dotted = self._resolve(dotted)
        if f"{dotted}.".startswith(("boto3.", "airflow.providers.amazon.")):
            yield Thing("module", text=dotted)
        elif (owner := self.folder.modules.get(dotted.rpartition(".")[0])) is not None:
            for value in owner.bound.get(dotted.rpartition(".")[2], ()):
                yield from self.of(value, owner)

    def _of_parameter(self, name: str, scope: Scope) -> Iterator[Thing]:
        """Yield what is given for a parameter, by all who call the function."""
        calls = self._calls.get(id(scope), [])
        if name in scope.defaults:
            yield from self.of(scope.defaults[name], scope.parent or scope)
        for call, where in calls:
            yield from self._list_given(call, where, scope, None).get(name, frozenset({OPEN}))
        if not calls:
            yield OPEN

    def _list_given(
        self, call: ast.Call, where: Scope, called: Scope, outer: Mapping[str, Things] | None
    ) -> dict[str, Things]:
        """Return what a call gives for each parameter of a function."""
        found = dict.fromkeys(called.parameters, frozenset({OPEN}))
        if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
            return found
        found |= {
            name: self.of(value, called.parent or called) or found[name] for name, value in called.defaults.items()
        }
        stated = [*zip(called.parameters, call.args, strict=False)]
        stated += [(one.arg, one.value) for one in call.keywords if one.arg in found]
        return found | {name: self.of(one, where, outer) or frozenset({OPEN}) for name, one in stated}

    def _of_attribute(self, node: ast.Attribute, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        owners = self.of(node.value, scope, given)
        yield from (found for one in owners if (found := take_part(one, node.attr)))
        if not owners:
            yield from self._of_dotted(self.name_of(node, scope))
        if {one.kind for one in owners} - {"open", "text"}:
            return
        for value, where in self.folder.attributes.get(node.attr, ()):
            yield from self.of(value, where)
        for method in self.folder.methods.get(node.attr, ()):
            for returned in method.returned if method.is_property else ():
                yield from self.of(returned, method)

    def _of_call(self, node: ast.Call, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        for function in self.list_called(node, scope):
            parameters = self._list_given(node, scope, function, given)
            for returned in function.returned:
                yield from self.of(returned, function, parameters)
        for one in self.of(node.func, scope, given):
            yield from self._open(one, node, scope, given)
        if self.name_of(node.func, scope) in _TRANSPARENT and node.args:
            yield from self.of(node.args[-1], scope, given)

    def _open(self, called: Thing, node: ast.Call, scope: Scope, given: Mapping[str, Things] | None) -> Iterator[Thing]:
        """Yield what is made by a call of something of AWS's."""
        if called.kind == "module" and called.text in _SESSIONS:
            yield Thing("session")
        elif called.kind == "module" and called.text in _CLIENTS:
            yield from self._name_service(called.text.rpartition(".")[2], node, scope, given)
        elif called.kind == "module" and (name := called.text.rpartition(".")[2]) in HOOKS:
            yield Thing("hook", name)
        elif called.kind in ("resource", "client"):
            yield called
        if called.kind == "opener":
            yield from self._name_service(called.text, node, scope, given)

    def _name_service(
        self, kind: str, node: ast.Call, scope: Scope, given: Mapping[str, Things] | None
    ) -> Iterator[Thing]:
        named = [one.value for one in node.keywords if one.arg == "service_name"]
        stated = [*node.args, *named]
        names = (self.of(stated[0], scope, given) if stated else _NOTHING) or frozenset({OPEN})
        yield from (Thing(kind, one.text if one.kind == "text" else "") for one in names)

    def list_called(self, node: ast.Call, scope: Scope) -> list[Scope]:
        """Return the functions of the folder that a call may be of."""
        if isinstance(node.func, ast.Name):
            owner = scope.find(node.func.id)
            if owner is not None and node.func.id in owner.functions:
                return [owner.functions[node.func.id]]
        module, _, name = self._resolve(self.name_of(node.func, scope)).rpartition(".")
        if module in self.folder.modules:
            return [one for one in [self.folder.modules[module].functions.get(name)] if one]
        return self.folder.methods.get(node.func.attr, []) if isinstance(node.func, ast.Attribute) else []

    def _resolve(self, dotted: str) -> str:
        """Return the dotted name of something where it is made, of a name that modules in between hand on."""
        for _ in range(_DEEPEST):
            parts = dotted.split(".")
            for at in range(len(parts) - 1, 0, -1):
                owner = self.folder.modules.get(".".join(parts[:at]))
                if owner is not None and parts[at] in owner.imported:
                    dotted = ".".join([owner.imported[parts[at]], *parts[at + 1 :]])
                    break
            else:
                return dotted
        self.is_too_deep = True
        return dotted

    def name_of(self, node: ast.expr, scope: Scope) -> str:
        """Return the dotted name of what is imported; empty for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        owner = scope.find(node.id)
        first = owner.imported.get(node.id, "") if owner else node.id
        return ".".join([first, *reversed(parts)]) if first else ""


def _list_inner(node: ast.expr) -> list[ast.expr]:
    """Return the parts of an expression of which it is one."""
    match node:
        case ast.Subscript(value=ast.Tuple() | ast.List() | ast.Set() as several):
            return several.elts
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.BoolOp():
            return node.values
        case ast.NamedExpr() | ast.Await() | ast.Starred():
            return [node.value]
    return []
