"""Where a value is written: from a resource's argument through module calls to the line of a variable file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import path as os_path
from pathlib import Path
from typing import Any, Final

from .addresses import keys, split_call, split_module, without_indices
from .hcl import Expression, HclBlock, Reference, parse
from .json_positions import find_bodies, list_arguments
from .positions import Origin, Position
from .sources import Module, Tree

#: Arguments and blocks that are core's own business: how often a resource is there, not what it holds.
_META: Final = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"})
#: Most places that are named for one argument: a long policy document has a line for each of its entries.
_MOST: Final = 48


#: The expressions that a trace has passed, each with the index and the entry it was read at.
_Visited = set[tuple[Expression, str | None, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where an expression is read: a module, the index of the call or resource it stands in, and its ``for_each``."""

    module: str
    key: str | None = None
    repeated: Expression | None = None


class Provenance:
    """The lines behind the values of a configuration."""

    def __init__(self, tree: Tree, var_files: Sequence[Path], environment: Mapping[str, str]) -> None:
        self.tree = tree
        self._var_files = tuple(var_files)
        self._environment = environment
        self._origins: dict[tuple[str, tuple[str | None, ...]], Origin | None] = {}

    def origin(self, address: str) -> Origin | None:
        """Return where the resource at ``address`` and its arguments are written; None when that is not known."""
        configured, indices = without_indices(address), keys(address)
        if (configured, indices) not in self._origins:
            self._origins[configured, indices] = self._trace_origin(configured, indices)
        return self._origins[configured, indices]

    def _trace_origin(self, configured: str, indices: tuple[str | None, ...]) -> Origin | None:
        module, resource = split_module(configured)
        held = self.tree.modules.get(module)
        blocks = held.resources.get(resource, ()) if held else ()
        trace = _Trace(self, indices)
        if not blocks:
            return trace.json_origin(held, module, resource) if held else None
        arguments: dict[str, tuple[Position, ...]] = {}
        for block in blocks:
            scope = _Scope(module, indices[-1], block.arguments.get("for_each"))
            arguments |= _join_places(trace.block(block, scope, ""))
        return Origin(Position(blocks[0].file, blocks[0].line), arguments)

    @cached_property
    def assigned(self) -> Mapping[str, Expression | Position]:
        """The root's variables that a variable file sets; the last file that does so wins, as in core."""
        found: dict[str, Expression | Position] = {}
        for file in (*_list_automatic_files(self.tree.root.directory), *self._var_files):
            found |= _read_assignments(file, os_path.relpath(file, self.tree.base))
        return found

    def is_set_by_environment(self, variable: str) -> bool:
        """Whether TF_VAR_… sets a variable, so that its default is not what counts."""
        return f"TF_VAR_{variable}" in self._environment


@dataclass(frozen=True, slots=True)
class _Trace:
    """Follows expressions of one resource instance. ``indices`` are those of its module calls and, last, its own."""

    known: Provenance
    indices: tuple[str | None, ...]

    def json_origin(self, held: Module, module: str, resource: str) -> Origin | None:
        """Return where JSON states a resource; its arguments are followed to where their values are written."""
        for source in held.sources:
            for body in find_bodies(source, resource):
                scope = _Scope(module, self.indices[-1])
                stated = ((path, tuple(self.value(each, scope, ()))) for path, each in list_arguments(body))
                return Origin(Position(body.file, body.line), _join_places(stated))
        return None

    def block(self, block: HclBlock, scope: _Scope, path: str) -> Iterator[tuple[str, tuple[Position, ...]]]:
        """Yield the path of each argument and nested block, and where its value is written."""
        for name, value in block.arguments.items():
            if name not in _META:
                yield from self._argument(value, scope, f"{path}.{name}".lstrip("."))
        for inner in (each for each in block.blocks if each.kind not in _META):
            repeated = inner.arguments.get("for_each") if inner.kind == "dynamic" else None
            name = inner.labels[0] if inner.kind == "dynamic" and inner.labels else inner.kind
            below = f"{path}.{name}".lstrip(".")
            yield below, (Position(inner.file, inner.line), *(self.value(repeated, scope, ()) if repeated else ()))
            for body in [each for each in inner.blocks if each.kind == "content"] if repeated else [inner]:
                yield from self._body(body, scope, below, name, repeated)

    def _body(
        self, body: HclBlock, scope: _Scope, path: str, name: str, repeated: Expression | None
    ) -> Iterator[tuple[str, tuple[Position, ...]]]:
        for argument, places in self.block(body, scope, path):
            uses = body.arguments.get(argument.rpartition(".")[2]) if repeated else None
            iterated = uses is not None and any(each.parts[0] == name for each in uses.references)
            yield (
                argument,
                _limit_places((*places, *(self.value(repeated, scope, ()) if repeated and iterated else ()))),
            )

    def _argument(self, value: Expression, scope: _Scope, path: str) -> Iterator[tuple[str, tuple[Position, ...]]]:
        yield path, _limit_places(self.value(value, scope, ()))
        for name, inner in value.entries.items():
            yield from self._argument(inner, scope, f"{path}.{name}")

    def value(
        self, value: Expression, scope: _Scope, inside: tuple[str, ...], seen: _Visited | None = None
    ) -> Iterator[Position]:
        """Yield where an expression is written and where what it refers to is. ``inside`` narrows it to an entry."""
        seen = set() if seen is None else seen
        if inside and inside[0] in value.entries:
            yield from self.value(value.entries[inside[0]], scope, inside[1:], seen)
        elif (value, scope.key, inside) not in seen:
            seen.add((value, scope.key, inside))
            yield from (Position(value.file, line) for line in (value.line, *value.document_lines))
            for reference in value.references:
                yield from self._reference(reference, scope, inside, seen)

    def _reference(self, used: Reference, scope: _Scope, inside: tuple[str, ...], seen: _Visited) -> Iterator[Position]:
        kind, *rest = used.parts
        module = self.known.tree.modules[scope.module]
        if kind == "local" and rest and rest[0] in module.local_values:
            yield from self.value(module.local_values[rest[0]], _Scope(scope.module), (*rest[1:], *inside), seen)
        elif kind == "var" and rest:
            yield from self._variable(rest[0], scope.module, (*rest[1:], *inside), seen)
        elif kind == "module" and len(rest) > 1:
            yield from self._output(scope.module, rest[0], (*rest[1:], *inside), seen)
        elif kind == "data" and len(rest) > 1:
            for block in module.resources.get(f"data.{rest[0]}.{rest[1]}", ()):
                yield Position(block.file, block.line)
                yield from self._document(block, _Scope(scope.module), seen)
        elif kind == "each" and rest and scope.repeated and scope.key is not None:
            narrowed = (scope.key, *rest[1:], *inside) if rest[0] == "value" else (scope.key,)
            yield from self.value(scope.repeated, _Scope(scope.module), narrowed, seen)

    def _document(self, block: HclBlock, scope: _Scope, seen: _Visited) -> Iterator[Position]:
        for name, value in block.arguments.items():
            if name not in _META:
                yield from self.value(value, scope, (), seen)
        for inner in block.blocks:
            yield from self._document(inner, scope, seen)

    def _output(self, caller: str, call: str, inside: tuple[str, ...], seen: _Visited) -> Iterator[Position]:
        path = f"{caller}.module.{call}".lstrip(".")
        callee = self.known.tree.modules.get(path)
        if callee and inside[0] in callee.outputs:
            yield from self.value(callee.outputs[inside[0]], _Scope(path), inside[1:], seen)

    def _variable(self, name: str, path: str, inside: tuple[str, ...], seen: _Visited) -> Iterator[Position]:
        """Follow a variable to the call or the variable file that sets it, else to its default."""
        caller, call = split_call(path)
        handed = self.known.tree.modules[caller].calls[call].arguments if path else self.known.assigned
        declared = self.known.tree.modules[path].variables.get(name)
        if name in handed:
            value = handed[name]
            scope = _Scope(caller, self._index(path), _for_each(handed) if path else None)
            yield from self.value(value, scope, inside, seen) if isinstance(value, Expression) else (value,)
        elif declared and (path or not self.known.is_set_by_environment(name)):
            default = declared.arguments.get("default")
            place = Position(declared.file, declared.line)
            yield from self.value(default, _Scope(path), inside, seen) if default else (place,)

    def _index(self, path: str) -> str | None:
        position = len(path.split(".")) // 2 - 1
        return self.indices[position] if 0 <= position < len(self.indices) - 1 else None


def _join_places(traced: Iterable[tuple[str, tuple[Position, ...]]]) -> Mapping[str, tuple[Position, ...]]:
    """Put the places of blocks that are written several times together: their paths have no indices."""
    joined: dict[str, tuple[Position, ...]] = {}
    for path, places in traced:
        joined[path] = _limit_places((*joined.get(path, ()), *places))
    return joined


def _for_each(arguments: Mapping[str, Any]) -> Expression | None:
    found = arguments.get("for_each")
    return found if isinstance(found, Expression) else None


def _limit_places(places: Iterator[Position] | Sequence[Position]) -> tuple[Position, ...]:
    return tuple(dict.fromkeys(places))[:_MOST]


def _list_automatic_files(root: Path) -> Iterator[Path]:
    """Yield the variable files that core reads without being told, in its order."""
    yield from (root / name for name in ("terraform.tfvars", "terraform.tfvars.json") if (root / name).is_file())
    yield from sorted([*root.glob("*.auto.tfvars"), *root.glob("*.auto.tfvars.json")])


def _read_assignments(path: Path, file: str) -> Mapping[str, Expression | Position]:
    try:
        if path.suffix != ".json":
            return parse(path, file).arguments
        lines = path.read_text(encoding="utf-8").splitlines()
        names = json.loads("\n".join(lines))
    except (OSError, ValueError):
        return {}  # core says what is wrong with it
    return {name: Position(file, _find_line(name, lines)) for name in names}


def _find_line(name: str, lines: Sequence[str]) -> int:
    return next((number for number, line in enumerate(lines, 1) if f'"{name}"' in line), 1)
