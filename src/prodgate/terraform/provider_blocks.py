"""Keys in provider blocks, by what each comes from: the source, a resource that makes it, or whoever runs Terraform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ..semantics.secret_forms import HANDED_IN, WRITTEN, find_secret
from ..semantics.unresolved import Unknown
from .addresses import split_call
from .hcl import Expression, HclBlock
from .positions import Origin, Position
from .provenance import Provenance
from .resources import Resource

#: Resources that make a key which stays good until somebody deletes it.
_MAKERS: Final = ("aws_iam_access_key", "aws_iam_service_specific_credential")
_LOST: Final = "comes from where nothing of it can be read"
#: Hosts of emulators, whose keys open nothing.
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_EMULATOR: Final = ".localstack.cloud"
#: The worst first: of several origins, the first of these decides.
_ORDER: Final = (WRITTEN, "is made by", _LOST, HANDED_IN)


def find_provider_blocks(plan: Mapping[str, Any], provenance: Provenance | None) -> Iterator[Resource]:
    """Yield each provider block that has keys: each argument says what it comes from, and never what it is.

    Without the source, that of a plan is read, in which local values are left out.
    """
    if provenance is None:
        yield from _PlannedBlocks(plan).list_blocks()
        return
    for module, held in provenance.tree.modules.items():
        for block in held.of("provider"):
            keys = {name: value for name, value in block.arguments.items() if _is_key(name)}
            if keys and not _is_of_emulator(block):
                reader = _Reader(provenance, plan)
                found = {name: reader.explain(value, module) for name, value in keys.items()}
                yield _make(_name(block, module), module, found, Origin(Position(block.file, block.line), _place(keys)))


def _is_key(name: str) -> bool:
    return bool(find_secret(name, "x"))


def _make(address: str, module: str, found: Mapping[str, str], origin: Origin | None) -> Resource:
    values = {name: Unknown(said) if said == _LOST else said for name, said in found.items()}
    return Resource(
        address=address,
        type="provider_block",
        name=address,
        values=values,
        mode="provider",
        module=module,
        origin=origin,
    )


def _name(block: HclBlock, module: str) -> str:
    alias = block.arguments.get("alias")
    own = (f"provider.{block.labels[0]}", alias.literal or "" if alias else "")
    return ".".join(filter(None, (module, *own)))


def _place(keys: Mapping[str, Expression]) -> Mapping[str, tuple[Position, ...]]:
    return {name: (Position(value.file, value.line),) for name, value in keys.items()}


def _is_of_emulator(block: HclBlock) -> bool:
    """Whether all endpoints that a block names are of this machine, or of a container beside it."""
    stated = [value.literal or "" for inner in block.blocks if inner.kind == "endpoints"
              for value in inner.arguments.values()]  # fmt: skip
    return bool(stated) and all(map(_is_local, stated))


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in _LOCAL or host.endswith(_EMULATOR) or (bool(host) and "." not in host)


def _explain_text(value: Any) -> str:
    return WRITTEN if isinstance(value, str) and find_secret("password", value) else HANDED_IN


def _choose(found: list[str]) -> str:
    return min(found, key=lambda said: next(n for n, each in enumerate(_ORDER) if said.startswith(each)))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Follows the expressions of the source."""

    known: Provenance
    plan: Mapping[str, Any]

    def explain(self, value: Expression, module: str, seen: frozenset[tuple[str, str]] = frozenset()) -> str:
        """Return what the value of an argument in a module comes from."""
        if value.literal is not None:
            return _explain_text(value.literal)
        named = {(module, ".".join(each.parts)): each.parts for each in value.references}
        followed = [self._follow(parts, module, seen | set(named)) for key, parts in named.items() if key not in seen]
        return _choose(followed or [HANDED_IN])

    def _follow(self, parts: tuple[str, ...], module: str, seen: frozenset[tuple[str, str]]) -> str:
        kind, *rest = parts
        held = self.known.tree.modules[module]
        if kind == "var" and rest:
            return self._explain_variable(rest[0], module, seen)
        if kind == "local" and rest and rest[0] in held.local_values:
            value = held.local_values[rest[0]]
            return self.explain(value.entries.get(rest[1], value) if len(rest) > 1 else value, module, seen)
        if kind == "module" and len(rest) > 1:
            callee = self.known.tree.modules.get(path := f"{module}.module.{rest[0]}".lstrip("."))
            made = callee.outputs.get(rest[1]) if callee else None
            return self.explain(made, path, seen) if made else _LOST
        return f"is made by {'.'.join(parts[:2])}" if kind in _MAKERS else HANDED_IN

    def _explain_variable(self, name: str, module: str, seen: frozenset[tuple[str, str]]) -> str:
        caller, call = split_call(module) if module else ("", "")
        handed = self.known.tree.modules[caller].calls[call].arguments if module else self.known.assigned
        if (value := handed.get(name)) is not None:
            if isinstance(value, Expression):
                return self.explain(value, caller, seen)
            return _explain_text(((self.plan.get("variables") or {}).get(name) or {}).get("value"))
        declared = self.known.tree.modules[module].variables.get(name)
        default = declared.arguments.get("default") if declared else None
        if default is None or (not module and self.known.is_set_by_environment(name)):
            return HANDED_IN
        return self.explain(default, module, seen)


@dataclass(frozen=True, slots=True)
class _PlannedBlocks:
    """The provider blocks as a plan states them."""

    plan: Mapping[str, Any]

    def list_blocks(self) -> Iterator[Resource]:
        """Yield those that have keys."""
        stated = (self.plan.get("configuration") or {}).get("provider_config") or {}
        for each in stated.values():
            written = each.get("expressions") or {}
            keys = {name: value for name, value in written.items() if _is_key(name)}
            if keys and not self._is_of_emulator(written):
                alias = (each.get("module_address"), f"provider.{each.get('name')}", each.get("alias"))
                found = {name: self._explain(value, bool(alias[0])) for name, value in keys.items()}
                yield _make(".".join(filter(None, alias)), alias[0] or "", found, None)

    def _is_of_emulator(self, written: Mapping[str, Any]) -> bool:
        blocks = written.get("endpoints") or []
        urls = [url.get("constant_value") for block in blocks for url in block.values()]
        return bool(urls) and all(isinstance(url, str) and _is_local(url) for url in urls)

    def _explain(self, value: Any, in_module: bool) -> str:
        if not isinstance(value, Mapping):
            return _LOST
        if "constant_value" in value:
            return _explain_text(value["constant_value"])
        return _choose([self._follow(each.split("."), in_module) for each in value.get("references") or ()] or [_LOST])

    def _follow(self, parts: list[str], in_module: bool) -> str:
        if parts[0] in ("local", "module") or (parts[0] == "var" and in_module):
            return _LOST
        if parts[0] == "var":
            declared = (self.plan["configuration"].get("root_module") or {}).get("variables") or {}
            given = (self.plan.get("variables") or {}).get(parts[1]) or {}
            default = (declared.get(parts[1]) or {}).get("default")
            return _explain_text(default) if default == given.get("value", default) else HANDED_IN
        return f"is made by {'.'.join(parts[:2])}" if parts[0] in _MAKERS else HANDED_IN
