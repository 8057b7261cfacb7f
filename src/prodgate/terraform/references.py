"""Which resources an argument's expression names, as the configuration part of a plan states it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .addresses import split_call, split_module, without_indices
from .sources import Tree

#: First words of references that lead to no resource.
_NO_RESOURCE = frozenset({"count", "path", "self", "terraform"})
#: Stands for a reference that can't be followed, so that the list is not complete.
_LOST = None
#: What a reference names, and the references that it stands for, each with the module that it is written in.
_Step = tuple[tuple[str | None, ...], tuple[tuple[str, str], ...]]


class ConfiguredReferences:
    """The ``configuration`` part of a plan. Local values are not in it; they are followed in ``tree`` if given."""

    def __init__(self, stated: Mapping[str, Any], tree: Tree | None = None) -> None:
        self._modules = dict(_list_modules(stated.get("root_module") or {}, ""))
        self._tree = tree
        self._found: dict[str, Mapping[str, tuple[str | None, ...]]] = {}
        self._steps: dict[tuple[str, str], _Step] = {}
        self._addresses: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def of(self, address: str) -> Mapping[str, tuple[str, ...]]:
        """Return top-level argument -> addresses (no indices) of the resources and data that its expression names.

        An argument is left out when something it names can't be followed.
        """
        configured = without_indices(address)
        if configured not in self._addresses:
            self._addresses[configured] = {
                name: tuple(dict.fromkeys(_cut_to_address(each) for each in named if each))
                for name, named in self._list_named(configured).items()
                if _LOST not in named
            }
        return self._addresses[configured]

    def attributes_of(self, address: str) -> Mapping[str, tuple[str, ...]]:
        """Return the same as `of` with what of each resource is named, also where something else can't be followed."""
        named = self._list_named(without_indices(address))
        return {name: tuple(each for each in found if each) for name, found in named.items()}

    def _list_named(self, configured: str) -> Mapping[str, tuple[str | None, ...]]:
        if configured not in self._found:
            self._found[configured] = self._resolve(*split_module(configured))
        return self._found[configured]

    def provider_of(self, address: str) -> str:
        """Return the provider block that makes a resource, as the root knows it; nothing where that is not stated."""
        module, resource = split_module(without_indices(address))
        stated = self._modules[module].resources.get(resource, {}) if module in self._modules else {}
        return str(stated.get("provider_config_key") or "")

    def repetitions(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what has a ``count`` or ``for_each``, and what that names: resources and module calls by address."""
        for module, stated in self._modules.items():
            calls = {f"module.{name}": call for name, call in stated.calls.items()}
            for address, each in (stated.resources | calls).items():
                repeated = (each.get("for_each_expression"), each.get("count_expression"))
                mentioned = tuple(_find_mentions(list(repeated)))
                if mentioned:
                    named = self._follow(mentioned, module)
                    found = (_cut_to_address(one) for one in named if one)
                    yield f"{module}.{address}".lstrip("."), tuple(dict.fromkeys(found))

    def _resolve(self, module: str, resource: str) -> Mapping[str, tuple[str | None, ...]]:
        stated = self._modules[module].resources.get(resource, {}) if module in self._modules else {}
        repeated = tuple(_find_mentions(stated.get("for_each_expression")))
        found = {}
        expressions = {name: tuple(_find_mentions(each)) for name, each in (stated.get("expressions") or {}).items()}
        for argument, mentioned in (expressions | self._read_dynamic_blocks(module, resource)).items():
            if any(each.split(".")[0] == "each" for each in mentioned):
                mentioned += repeated  # noqa: PLW2901  what each.value stands for is mentioned, too
            found[argument] = tuple(dict.fromkeys(self._follow(mentioned, module)))
        return found

    def _read_dynamic_blocks(self, module: str, resource: str) -> dict[str, tuple[str, ...]]:
        """What dynamic blocks mention: the plan leaves them out, so they are read from the source."""
        written = self._tree.modules[module].resources.get(resource, ()) if self._tree else ()
        return {
            each.labels[0]: tuple(".".join(name.parts) for name in each.references if name.parts[0] != each.labels[0])
            for block in written
            for each in block.blocks
            if each.kind == "dynamic" and each.labels
        }

    def _follow(self, mentioned: Iterable[str], module: str) -> Iterator[str | None]:
        """Yield what is named, each once: modules hand values on by so many ways that no way is gone twice."""
        waiting, seen = [(module, each) for each in reversed([*mentioned])], set[tuple[str, str]]()
        while waiting:
            where, reference = waiting.pop()
            step = where, without_indices(reference)
            if step in seen:
                continue
            seen.add(step)
            if step not in self._steps:
                self._steps[step] = self._step(*step)
            found, further = self._steps[step]
            yield from found
            waiting += reversed(further)

    def _step(self, module: str, reference: str) -> _Step:
        """Return what a reference names by itself, and the references that it stands for."""
        kind, *rest = parts = reference.split(".")
        if kind == "var" and rest:
            return (), self._follow_variable(rest[0], module)
        if kind == "module":
            return self._follow_output(parts, module)
        if kind == "local" and rest:
            value = self._tree.modules[module].local_values.get(rest[0]) if self._tree else None
            mentioned = [(module, ".".join(each.parts)) for each in value.references] if value else ()
            return (() if value else (_LOST,)), tuple(mentioned)
        if kind in _NO_RESOURCE | {"each"} or not rest:
            return (), ()
        named = ".".join(filter(None, (module, *parts)))
        unread = self._tree and self._tree.is_unread(module, split_module(_cut_to_address(named))[1])
        return (_LOST if unread else named,), ()

    def _follow_variable(self, name: str, module: str) -> tuple[tuple[str, str], ...]:
        """Follow a variable to the call that hands it in; the root's variables name no resource."""
        if not module:
            return ()
        caller, call = split_call(module)
        handed = self._modules[caller].calls.get(call, {}).get("expressions", {}).get(name)
        return tuple((caller, each) for each in _find_mentions(handed))

    def _follow_output(self, parts: list[str], module: str) -> _Step:
        callee = ".".join([*([module] if module else []), *parts[:2]])
        if self._tree and self._tree.is_unread(module, ".".join(parts[:2])):
            return (_LOST,), ()
        if callee not in self._modules or len(parts) < 3:
            return (), ()
        expression = self._modules[callee].outputs.get(parts[2], {}).get("expression")
        return (), tuple((callee, each) for each in _find_mentions(expression))


class _Module:
    def __init__(self, stated: Mapping[str, Any]) -> None:
        self.resources: dict[str, Any] = {each["address"]: each for each in stated.get("resources") or ()}
        self.calls: Mapping[str, Any] = stated.get("module_calls") or {}
        self.outputs: Mapping[str, Any] = stated.get("outputs") or {}


def _cut_to_address(named: str) -> str:
    """Return the address of the resource or data of which an attribute is named."""
    module, name = split_module(named)
    parts = name.split(".")
    return ".".join(filter(None, (module, *parts[: 3 if parts[0] in ("data", "ephemeral") else 2])))


def _list_modules(stated: Mapping[str, Any], path: str) -> Iterator[tuple[str, _Module]]:
    yield path, _Module(stated)
    for name, call in (stated.get("module_calls") or {}).items():
        yield from _list_modules(call.get("module") or {}, f"{path}.module.{name}".lstrip("."))


def _find_mentions(expression: Any) -> Iterator[str]:
    """Yield the references anywhere in an expression or in nested blocks of expressions."""
    if isinstance(expression, list):
        for each in expression:
            yield from _find_mentions(each)
    elif isinstance(expression, Mapping):
        named = expression.get("references")
        if isinstance(named, list) and all(isinstance(each, str) for each in named):
            yield from named
        else:
            for each in expression.values():
                yield from _find_mentions(each)
