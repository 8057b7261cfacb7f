"""Where a value is written: from a resource's argument through module calls to the line of a variable file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from os import path as os_path
from pathlib import Path
from typing import Final

from ..processes.regular_files import read_measured
from ..semantics.secret_places import REDACTOR
from .addresses import keys, split_call, split_module, without_indices
from .hcl import Expression, HclBlock, Reference, parse_values
from .positions import Origin, Position
from .sources import Tree, is_encrypted, list_automatic_files

#: Arguments and blocks of core itself: they set how often a resource exists, not its contents.
_META: Final = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"})
#: The maximum number of places named for one argument: a long policy document has a line for each of its entries.
_MOST: Final = 64


#: The expressions that a trace has passed, each with the index and the entry it was read at.
_Visited = set[tuple[Expression, str | None, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where an expression is read: a module, the index of the call or resource around it, and its ``for_each``."""

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
        """Return where the resource at ``address`` and its arguments are written; None if unknown."""
        configured, indices = without_indices(address), keys(address)
        if (configured, indices) not in self._origins:
            self._origins[configured, indices] = self._trace_origin(configured, indices)
        return self._origins[configured, indices]

    def _trace_origin(self, configured: str, indices: tuple[str | None, ...]) -> Origin | None:
        module, resource = split_module(configured)
        held = self.tree.modules.get(module)
        blocks = held.resources.get(resource, ()) if held else ()
        if not blocks:
            return None
        trace = _Trace(self, indices)
        arguments: dict[str, tuple[Position, ...]] = {}
        for block in blocks:
            scope = _Scope(module, indices[-1], block.arguments.get("for_each"))
            arguments |= _join_places(trace.block(block, scope, ""))
        return Origin(Position(blocks[0].file, blocks[0].line), arguments)

    @cached_property
    def assigned(self) -> Mapping[str, Expression]:
        """The root's variables that a variable file sets; the last file that does so wins, as in core."""
        found: dict[str, Expression] = {}
        for file in (*_list_automatic_files(self.tree.root.directory), *self._var_files):
            with suppress(OSError):  # core reports the fault
                found |= parse_values(file, os_path.relpath(file, self.tree.base))
        return found

    def stand_for(self, module: str, parts: tuple[str, ...]) -> tuple[Expression, str, tuple[str, ...]] | None:
        """Return the expression behind a local value, a variable or an output of a module.

        Also the module it is written in, and the rest of the name, which leads to an entry of it; None if that is not
        written. A variable stands for the value in the call or a variable file, else for its default.
        """
        kind, name, *rest = (*parts, "", "")
        held = self.tree.modules[module]
        if kind == "module":
            callee = f"{module}.module.{name}".lstrip(".")
            output = self.tree.modules[callee].outputs.get(rest[0]) if callee in self.tree.modules else None
            return (output, callee, parts[3:]) if output else None
        value, place = held.local_values.get(name) if kind == "local" else None, module
        if kind == "var":
            caller, call = split_call(module) if module else ("", "")
            handed = self.tree.modules[caller].calls[call].arguments if module else self.assigned
            declared = held.variables.get(name)
            default = declared.arguments.get("default") if declared else None
            if name in handed:
                value, place = handed[name], caller
            elif module or not self.is_set_by_environment(name):
                value = default
        return (value, place, parts[2:]) if value else None

    def learn_secrets(self) -> None:
        """Register the secrets in the source with this process, so that none is kept in any quote."""
        for file in self.list_variable_files():
            REDACTOR.redact(read_measured(file).decode("utf-8", "replace"))
        for module in self.tree.modules.values():
            for name, block in module.variables.items():
                if default := block.arguments.get("default"):
                    REDACTOR.redact(default.literal or default.text, name)
            for source in module.sources:
                REDACTOR.redact(source.text.decode("utf-8", "replace"))

    def list_variable_files(self) -> tuple[Path, ...]:
        """Return the files of the root's variables, in core's order."""
        return (*_list_automatic_files(self.tree.root.directory), *self._var_files)

    def is_set_by_environment(self, variable: str) -> bool:
        """Whether TF_VAR_… sets a variable, so that its default does not apply."""
        return f"TF_VAR_{variable}" in self._environment


@dataclass(frozen=True, slots=True)
class _Trace:
    """Follows expressions of one resource instance. ``indices`` are those of its module calls and, last, its own."""

    known: Provenance
    indices: tuple[str | None, ...]

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
        for name, inner in (entry for item in value.items for entry in item.entries.items()):
            yield from self._argument(inner, scope, f"{path}.{name}")

    def value(
        self, value: Expression, scope: _Scope, inside: tuple[str, ...], seen: _Visited | None = None
    ) -> Iterator[Position]:
        """Yield where an expression is written and where its references are. ``inside`` narrows it to an entry."""
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
        held = self.known.tree.modules[scope.module]
        declared = held.variables.get(rest[0]) if kind == "var" and rest else None
        if stood := self.known.stand_for(scope.module, used.parts):
            value, module, further = stood
            yield from self.value(value, self._scope(kind, scope.module, module), (*further, *inside), seen)
        elif declared and (scope.module or not self.known.is_set_by_environment(rest[0])):
            yield Position(declared.file, declared.line)
        elif kind == "data" and len(rest) > 1:
            for block in held.resources.get(f"data.{rest[0]}.{rest[1]}", ()):
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

    def _scope(self, kind: str, called: str, module: str) -> _Scope:
        """Return where the value of a name is read: for a variable that is passed in, in the call of its module."""
        if kind != "var" or called == module:
            return _Scope(module)
        arguments = self.known.tree.modules[module].calls[split_call(called)[1]].arguments
        position = len(called.split(".")) // 2 - 1
        index = self.indices[position] if position < len(self.indices) - 1 else None
        return _Scope(module, index, arguments.get("for_each"))


def _join_places(traced: Iterable[tuple[str, tuple[Position, ...]]]) -> Mapping[str, tuple[Position, ...]]:
    """Join the positions of repeated blocks: their paths have no indices."""
    joined: dict[str, tuple[Position, ...]] = {}
    for path, places in traced:
        joined[path] = _limit_places((*joined.get(path, ()), *places))
    return joined


def _limit_places(places: Iterator[Position] | Sequence[Position]) -> tuple[Position, ...]:
    return tuple(dict.fromkeys(places))[:_MOST]


def _list_automatic_files(root: Path) -> Iterator[Path]:
    """Yield the variable files that core reads by default and that are no ciphers, in its order."""
    yield from (each for each in list_automatic_files(root) if not is_encrypted(each))
