"""What Python files call of AWS by boto3 and Airflow's hooks, and what of them could not be followed.

Nothing is run. A client is followed through names, attributes, parameters and returned values of all files of a folder;
where it goes anywhere else, that is said, so that nobody takes silence for an answer.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .names import Scope, read_names, walk
from .packages import list_unseen
from .things import HOOKS, OPEN, QUIET, Thing
from .values import Values

#: Methods of a client that name an operation, or a waiter, by a text.
_NAMING: Final = {"get_paginator": "paginator", "get_waiter": "waiter", "generate_presigned_url": "client"}
#: Nodes in which a client may stand without going anywhere.
_HARMLESS: Final = (
    ast.AnnAssign, ast.Assign, ast.AsyncFor, ast.AsyncFunctionDef, ast.Attribute, ast.Await, ast.BoolOp, ast.Compare,
    ast.Expr, ast.For, ast.FunctionDef, ast.If, ast.IfExp, ast.NamedExpr, ast.Return, ast.UnaryOp, ast.While, ast.Yield,
    ast.arg, ast.arguments, ast.comprehension, ast.withitem,
)  # fmt: skip
#: Of a session, what asks AWS for nothing.
_OF_SESSIONS: Final = frozenset({
    "available_profiles", "get_available_partitions", "get_available_regions", "get_available_resources",
    "get_available_services", "get_partition_for_region", "profile_name", "region_name",
})  # fmt: skip
#: Of boto3 itself, what does.
_OF_BOTO3: Final = (
    "boto3.Session", "boto3.client", "boto3.dynamodb.conditions.", "boto3.dynamodb.types.", "boto3.resource",
    "boto3.s3.transfer.TransferConfig", "boto3.session.Session", "boto3.set_stream_logger",
    "boto3.setup_default_session",
)  # fmt: skip
#: What finds an attribute by a text.
_FINDING: Final = ("attrgetter", "getattr", "methodcaller")
_LOOKING: Final = ("isinstance", "type", "id", "bool", "closing", "cast", "super")


def read_calls(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return ``{"calls": [[kind, service, method, place], …], "unread": [[place, why, package], …], "named": [[name,
    place], …]}`` of files by their path; the package is named where it is what an import brings that nobody reads, and
    ``named`` are attributes of what nobody knows, each once."""
    trees, unread = {}, []
    for file, text in texts.items():
        try:
            trees[file] = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError) as error:
            unread.append([f"{file}:{getattr(error, 'lineno', None) or 1}", "is no Python that can be read", ""])
    folder = read_names(trees)
    values = Values(folder)
    calls: list[list[str]] = []
    named: dict[str, str] = {}
    for scope in folder.scopes:
        reader = _Reader(scope, values)
        for call in reader.list_uses():
            (calls if len(call) == 4 else unread).append(call if len(call) == 4 else [*call, ""])
        for name, place in reader.list_unfollowed():
            named.setdefault(name, place)
    if values.is_too_deep:
        unread.append([next(iter(texts)), "and what it imports are nested too deeply to follow", ""])
    unread += [[f"{file}:{line}", why, package] for file, line, why, package in list_unseen(folder)]
    return {"calls": _sort(calls), "unread": _sort(unread), "named": _sort([[*one] for one in named.items()])}


def _sort(rows: list[list[str]]) -> list[list[str]]:
    return [list(one) for one in sorted({tuple(one) for one in rows})]


class _Reader:
    """Reads the uses of one scope."""

    def __init__(self, scope: Scope, values: Values) -> None:
        self.scope, self.values = scope, values
        nodes = (scope.node, *walk(scope.node))
        self.around = {child: node for node in nodes for child in ast.iter_child_nodes(node)}

    def list_uses(self) -> Iterator[list[str]]:
        """Yield each call of AWS as four words, and each use that is not followed as two."""
        yield from self._hand_out_unasked()
        for node in walk(self.scope.node):
            if not isinstance(node, ast.Name | ast.Attribute | ast.Call):
                continue
            if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                continue
            place = f"{self.scope.file}:{node.lineno}"
            if self._hands_out(node):
                yield [place, f"hands on {ast.unparse(node)}, which returns a client"]
            for thing in self.values.of(node, self.scope):
                yield from self._read_use(thing, node, place)

    def list_unfollowed(self) -> Iterator[tuple[str, str]]:
        """Yield the name and place of each attribute that is used of what nobody knows."""
        for node in walk(self.scope.node):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and not self._knows(node.value):
                yield node.attr, f"{self.scope.file}:{node.lineno}"
            elif isinstance(node, ast.Call) and _name_called(node) in _FINDING:
                texts = (one for each in node.args for one in self.values.of(each, self.scope) if one.kind == "text")
                yield from ((one.text, f"{self.scope.file}:{node.lineno}") for one in texts)

    def _knows(self, node: ast.expr) -> bool:
        """Whether something is a text, is of AWS and followed, or is imported of a package that calls nothing."""
        found = {one.kind for one in self.values.of(node, self.scope)}
        if found:
            return "open" not in found
        package = self.values.name_of(node, self.scope).partition(".")[0]
        return bool(package) and all(package != one.partition(".")[0] for one in self.values.folder.modules)

    def _hand_out_unasked(self) -> Iterator[list[str]]:
        """Yield that a method which Python calls by itself returns something of AWS's."""
        node = self.scope.node
        if self.scope.is_method and not isinstance(node, ast.Module) and re.fullmatch("__[a-z]+__", node.name):
            found = {one.kind for each in self.scope.returned for one in self.values.of(each, self.scope)}
            if found - {"text", "open"}:
                yield [f"{self.scope.file}:{node.lineno}", f"hands out what is of AWS by {node.name}, unseen"]

    def _hands_out(self, node: ast.expr) -> bool:
        """Whether a function that returns something of AWS's is named and not called: whoever gets it may call it."""
        parent = self.around.get(node)
        if isinstance(node, ast.Call) or (isinstance(parent, ast.Call) and parent.func is node):
            return False
        functions = self.values.list_called(ast.Call(node, [], []), self.scope)
        handed = [each for each in functions if not each.is_property]
        found = (one for each in handed for value in each.returned for one in self.values.of(value, each))
        return any(one.kind not in ("text", "open") for one in found)

    def _read_use(self, thing: Thing, node: ast.expr, place: str) -> Iterator[list[str]]:
        parent = self.around.get(node)
        if thing.kind == "part":
            yield from self._read_part(thing, node, place)
        elif thing.kind in ("client", "resource") and not thing.service:
            if isinstance(node, ast.Call):
                yield [place, "opens a client whose service is decided when it runs"]
        elif thing.kind == "resource" and isinstance(node, ast.Attribute):
            yield ["resource", thing.service, thing.text, place]
        elif thing.kind in ("hook", "session") and isinstance(parent, ast.Attribute):
            if not self.values.of(parent, self.scope) and (thing.kind == "hook" or parent.attr not in _OF_SESSIONS):
                of = thing.service or "a session"
                yield [place, f"uses {parent.attr} of {of}, and what that calls is not known"]
        elif _is_unknown_part(thing, parent):
            yield [place, f"uses {thing.text}, and what that calls is not known"]
        if thing.kind not in ("text", "open", "part") and not self._stays(node):
            yield [place, _say_handed(thing)]

    def _read_part(self, thing: Thing, node: ast.expr, place: str) -> Iterator[list[str]]:
        if thing.text in QUIET:
            return
        if thing.text not in _NAMING:
            yield ["client", thing.service, thing.text, place]
            return
        call = self.around.get(node)
        called = call if isinstance(call, ast.Call) and call.func is node else ast.Call(node, [], [])
        named = [*called.args, *(one.value for one in called.keywords)][:1]
        for one in frozenset().union(*(self.values.of(each, self.scope) for each in named)) or [OPEN]:
            if one.kind == "text":
                yield [_NAMING[thing.text], thing.service, one.text, place]
            else:
                yield [place, f"asks {thing.text} of {thing.service} for what is decided when it runs"]

    def _stays(self, node: ast.expr) -> bool:
        """Whether what stands here is used where it is followed."""
        parent = self.around.get(node)
        if isinstance(parent, ast.keyword):
            parent = self.around.get(parent)
        if isinstance(parent, ast.Assign):
            return all(isinstance(one, ast.Name | ast.Attribute) for one in parent.targets)
        if not isinstance(parent, ast.Call):
            return parent is None or isinstance(parent, _HARMLESS)
        if parent.func is node:
            return True
        return _name_called(parent) in _LOOKING or self._is_followed(node, parent)

    def _is_followed(self, node: ast.expr, call: ast.Call) -> bool:
        """Whether what is given in a call is given to a parameter of a function that is read."""
        functions = self.values.list_called(call, self.scope)
        of_others = any(one.is_method for one in functions) and not _is_own(call.func)
        if not functions or of_others or any(isinstance(one, ast.Starred) for one in call.args):
            return False
        if node in call.args:
            return all(call.args.index(node) < len(one.parameters) for one in functions)
        names = [one.arg for one in call.keywords if one.value is node]
        return all(name in one.parameters for name in names for one in functions)


def _is_own(called: ast.expr) -> bool:
    """Whether a method is called of the object that it stands in; of another one, somebody else may have made it."""
    return (
        isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in ("self", "cls")
    )


def _name_called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _is_unknown_part(thing: Thing, parent: ast.AST | None) -> bool:
    """Whether something of boto3 itself, or of Airflow's provider, is called that is not followed."""
    if thing.kind != "module" or not isinstance(parent, ast.Call):
        return False
    if thing.text.startswith("airflow."):
        return thing.text.rpartition(".")[2] not in HOOKS
    return not thing.text.startswith(_OF_BOTO3)


def _say_handed(thing: Thing) -> str:
    if thing.kind == "module" or not thing.service:
        return f"hands {thing.text or thing.kind} to what is not followed"
    return f"hands its {thing.kind} of {thing.service} to what is not followed"
