"""Which resources an argument's expression names, as the configuration part of a plan states it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .addresses import split_call, split_module, without_indices
from .sources import Tree

#: First words of references that lead to no resource.
_NO_RESOURCE = frozenset({"count", "path", "self", "terraform"})
#: Stands for a reference that can't be followed, so that the list is not complete.
_LOST = None


class ConfiguredReferences:
    """The ``configuration`` part of a plan. Local values are not in it; they are followed in ``tree`` if given."""

    def __init__(self, stated: Mapping[str, Any], tree: Tree | None = None) -> None:
        self._modules = dict(_list_modules(stated.get("root_module") or {}, ""))
        self._tree = tree
        self._found: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def of(self, address: str) -> Mapping[str, tuple[str, ...]]:
        """Return top-level argument -> addresses (no indices) of the resources and data that its expression names.

        An argument is left out when something it names can't be followed.
        """
        configured = without_indices(address)
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
                    named = self._follow(mentioned, module, frozenset())
                    yield f"{module}.{address}".lstrip("."), tuple(dict.fromkeys(filter(None, named)))

    def _resolve(self, module: str, resource: str) -> Mapping[str, tuple[str, ...]]:
        stated = self._modules[module].resources.get(resource, {}) if module in self._modules else {}
        repeated = tuple(_find_mentions(stated.get("for_each_expression")))
        found = {}
        expressions = {name: tuple(_find_mentions(each)) for name, each in (stated.get("expressions") or {}).items()}
        for argument, mentioned in (expressions | self._read_dynamic_blocks(module, resource)).items():
            if any(each.split(".")[0] == "each" for each in mentioned):
                mentioned += repeated  # noqa: PLW2901  what each.value stands for is mentioned, too
            named = tuple(dict.fromkeys(self._follow(mentioned, module, frozenset())))
            if _LOST not in named:
                found[argument] = tuple(each for each in named if each)
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

    def _follow(
        self, mentioned: tuple[str, ...], module: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[str | None]:
        for reference in map(without_indices, mentioned):
            if (module, reference) not in seen:
                yield from self._follow_reference(reference.split("."), module, seen | {(module, reference)})

    def _follow_reference(
        self, parts: list[str], module: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[str | None]:
        kind = parts[0]
        if kind == "var" and len(parts) > 1:
            yield from self._follow_variable(parts[1], module, seen)
        elif kind == "module":
            yield from self._follow_output(parts, module, seen)
        elif kind == "local" and len(parts) > 1:
            value = self._tree.modules[module].local_values.get(parts[1]) if self._tree else None
            mentioned = tuple(".".join(each.parts) for each in value.references) if value else ()
            yield from self._follow(mentioned, module, seen) if value else (_LOST,)
        elif kind not in _NO_RESOURCE | {"each"} and len(parts) > 1:
            address = ".".join(parts[: 3 if kind == "data" else 2])
            unread = self._tree and self._tree.is_unread(module, address)
            yield _LOST if unread else f"{module}.{address}".lstrip(".")

    def _follow_variable(self, name: str, module: str, seen: frozenset[tuple[str, str]]) -> Iterator[str | None]:
        """Follow a variable to the call that hands it in; the root's variables name no resource."""
        if module:
            caller, call = split_call(module)
            handed = self._modules[caller].calls.get(call, {}).get("expressions", {}).get(name)
            yield from self._follow(tuple(_find_mentions(handed)), caller, seen)

    def _follow_output(self, parts: list[str], module: str, seen: frozenset[tuple[str, str]]) -> Iterator[str | None]:
        callee = ".".join([*([module] if module else []), *parts[:2]])
        if self._tree and self._tree.is_unread(module, ".".join(parts[:2])):
            yield _LOST
        elif callee in self._modules and len(parts) > 2:
            expression = self._modules[callee].outputs.get(parts[2], {}).get("expression")
            yield from self._follow(tuple(_find_mentions(expression)), callee, seen)


class _Module:
    def __init__(self, stated: Mapping[str, Any]) -> None:
        self.resources: dict[str, Any] = {each["address"]: each for each in stated.get("resources") or ()}
        self.calls: Mapping[str, Any] = stated.get("module_calls") or {}
        self.outputs: Mapping[str, Any] = stated.get("outputs") or {}


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
