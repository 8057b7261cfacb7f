"""The ``configuration`` of a plan: the references of expressions, and the arguments that are omitted or null."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from .addresses import split_attribute, split_call, split_module, without_indices
from .hcl import Expression
from .provider.schema import Schemas, aws_schemas
from .provider.utility_providers import TYPES, utility_schemas
from .sources import Tree

#: First words of references that lead to no resource.
_NO_RESOURCE: Final = frozenset({"count", "each", "path", "self", "terraform"})
#: Stands for a reference that can't be followed, so that the list is not complete.
_LOST: Final = None
#: Keys of what has any number of instances.
_REPEATED: Final = frozenset({"count_expression", "for_each_expression"})
#: The same arguments as they are written.
_REPETITIONS: Final = ("count", "for_each")
#: Names that exist in what is repeated alone.
_OF_INSTANCES: Final = ("count.", "each.")
#: The target of a reference, and the references that it stands for, each with the module that it is written in.
_Step = tuple[tuple[str | None, ...], tuple[tuple[str, str], ...]]


class PlannedConfiguration:
    """The configuration in a plan. It lacks local values, which are followed in ``tree`` if given."""

    def __init__(self, plan: Mapping[str, Any], tree: Tree | None = None) -> None:
        self.plan = plan
        stated = plan.get("configuration") or {}
        self.providers: Mapping[str, Any] = stated.get("provider_config") or {}
        self._modules = dict(_list_modules(stated.get("root_module") or {}, ""))
        self._tree = tree
        self._found: dict[str, Mapping[str, tuple[str | None, ...]]] = {}
        self._steps: dict[tuple[str, str], _Step] = {}
        self._addresses: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def of(self, address: str) -> Mapping[str, tuple[str, ...]]:
        """Return top-level argument -> addresses (no indices) of the resources and data that its expression names.

        Omits an argument if something it names can't be followed.
        """
        configured = without_indices(address)
        if configured not in self._addresses:
            self._addresses[configured] = {
                name: tuple(dict.fromkeys(split_attribute(each)[0] for each in named if each))
                for name, named in self._list_named(configured).items()
                if _LOST not in named
            }
        return self._addresses[configured]

    def attributes_of(self, address: str) -> Mapping[str, tuple[str, ...]]:
        """Return the same as `of` with the named attributes of each resource, even if others can't be followed."""
        named = self._list_named(without_indices(address))
        return {name: tuple(each for each in found if each) for name, found in named.items()}

    def _list_named(self, configured: str) -> Mapping[str, tuple[str | None, ...]]:
        if configured not in self._found:
            self._found[configured] = self._resolve(*split_module(configured))
        return self._found[configured]

    def _find(self, configured: str) -> Mapping[str, Any]:
        """The statements on a resource, by its address without indices."""
        module, resource = split_module(configured)
        found: Mapping[str, Any] = self._modules[module].resources.get(resource, {}) if module in self._modules else {}
        return found

    def provider_of(self, address: str) -> str:
        """Return the provider block that makes a resource, as the root knows it; nothing if that is not stated."""
        return str(self._find(without_indices(address)).get("provider_config_key") or "")

    def repetitions(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield everything with a ``count`` or ``for_each``, and the names there: resources and module calls by
        address.
        """
        for module, stated in self._modules.items():
            calls = {f"module.{name}": call for name, call in stated.calls.items()}
            for address, each in (stated.resources | calls).items():
                repeated = (each.get("for_each_expression"), each.get("count_expression"))
                mentioned = tuple(_find_mentions(list(repeated)))
                if mentioned:
                    named = self._follow(mentioned, module)
                    found = (split_attribute(one)[0] for one in named if one)
                    yield f"{module}.{address}".lstrip("."), tuple(dict.fromkeys(found))

    def list_managed(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Yield each configured resource: its module, its address without indices, and what is stated of it."""
        for module, stated in self._modules.items():
            for address, each in stated.resources.items():
                if each.get("mode") == "managed":
                    yield module, f"{module}.{address}".lstrip("."), each

    def list_written(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the address of each variable, output and provisioner, and the constants in it by name."""
        for module, stated in self._modules.items():
            path = f"{module}.".lstrip(".")
            for name, each in stated.variables.items():
                yield f"{path}var.{name}", _list_constants({name: {"constant_value": each.get("default")}})
            for name, each in stated.outputs.items():
                yield f"{path}output.{name}", _list_constants({name: each.get("expression")})
            for address, each in stated.resources.items():
                for inner in each.get("provisioners") or ():
                    yield (
                        f"{path}{address}.provisioner.{inner['type']}",
                        _list_constants(inner.get("expressions") or {}),
                    )

    def find_unplanned(self, instances: Collection[str]) -> Iterator[str]:
        """Yield each resource that must have an instance and is not among those of the plan, without indices.

        What is repeated may have none, and so may what a repeated module holds, unless something of it is planned.
        """
        planned = {split_module(each)[0] for each in instances}
        for module, address, stated in self.list_managed():
            there = module in planned or not self._is_repeated(module)
            if there and address not in instances:
                blocks = self._tree.modules[module].resources if self._tree and module in self._tree.modules else {}
                written = blocks.get(split_module(address)[1], ())
                if not _may_repeat(stated, [block.arguments for block in written]):
                    yield address

    def _is_repeated(self, module: str) -> bool:
        while module:
            module, name = split_call(module)
            known = self._tree.modules[module].calls if self._tree and module in self._tree.modules else {}
            if _may_repeat(self._modules[module].calls[name], [known[name].arguments] if name in known else []):
                return True
        return False

    def _resolve(self, module: str, resource: str) -> Mapping[str, tuple[str | None, ...]]:
        stated = self._find(f"{module}.{resource}".lstrip("."))
        repeated = tuple(_find_mentions(stated.get("for_each_expression")))
        found = {}
        expressions = {name: tuple(_find_mentions(each)) for name, each in (stated.get("expressions") or {}).items()}
        for argument, mentioned in (expressions | self._read_dynamic_blocks(module, resource)).items():
            if any(each.split(".")[0] == "each" for each in mentioned):
                mentioned += repeated  # noqa: PLW2901  what each.value stands for is mentioned, too
            found[argument] = tuple(dict.fromkeys(self._follow(mentioned, module)))
        return found

    def _read_dynamic_blocks(self, module: str, resource: str) -> dict[str, tuple[str, ...]]:
        """The references of dynamic blocks, read from the source because the plan omits them."""
        written = self._tree.modules[module].resources.get(resource, ()) if self._tree else ()
        return {
            each.labels[0]: tuple(".".join(name.parts) for name in each.references if name.parts[0] != each.labels[0])
            for block in written
            for each in block.blocks
            if each.kind == "dynamic" and each.labels
        }

    def _follow(self, mentioned: Iterable[str], module: str) -> Iterator[str | None]:
        """Yield each named thing once: modules pass values on by so many routes that none may be followed twice."""
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
        """Return the target of a reference itself, and the references that it stands for."""
        kind, *rest = parts = reference.split(".")
        if kind == "module" and self._tree and self._tree.is_unread(module, ".".join(parts[:2])):
            return (_LOST,), ()
        if kind == "local" and rest:
            value = self._tree.modules[module].local_values.get(rest[0]) if self._tree else None
            mentioned = [(module, ".".join(each.parts)) for each in value.references] if value else ()
            return (() if value else (_LOST,)), tuple(mentioned)
        if stood := self.stand_for(module, reference):
            expression, place = stood
            return (), tuple((place, each) for each in _find_mentions(expression))
        if kind in _NO_RESOURCE | {"var", "module"} or not rest:
            return (), ()
        named = ".".join(filter(None, (module, *parts)))
        unread = self._tree and self._tree.is_unread(module, split_module(split_attribute(named)[0])[1])
        return (_LOST if unread else named,), ()

    def stand_for(self, module: str, reference: str) -> tuple[Any, str] | None:
        """Return the expression behind a variable or an output of a module, and the module it is written in.

        A variable of the root stands for its value. None for anything else, or if it is not in a plan.
        """
        kind, name, *rest = (*reference.split("."), "", "")
        if kind == "module":
            callee = f"{module}.module.{name}".lstrip(".")
            output = self._modules[callee].outputs.get(rest[0]) if callee in self._modules else None
            return (output.get("expression"), callee) if output else None
        if kind != "var" or module not in self._modules:
            return None
        if not module:
            given = (self.plan.get("variables") or {}).get(name) or {}
            return ({"constant_value": given["value"]}, "") if "value" in given else None
        caller, call = split_call(module)
        handed = (self._modules[caller].calls[call].get("expressions") or {}).get(name)
        declared = self._modules[module].variables.get(name)
        default = None if declared is None else ({"constant_value": declared.get("default")}, module)
        return default if handed is None else (handed, caller)

    def find_default(self, name: str) -> object:
        """Return the default of a variable of the root; None if it has none."""
        return (self._modules[""].variables.get(name) or {}).get("default")

    def leaves_out(self, address: str, kind: str, path: tuple[str, ...], values: Mapping[str, Any]) -> bool:
        """Whether an argument of a resource is not written, or null.

        Blocks may be written as dynamic ones, which a plan does not list: nothing is said of these, nor of others of
        their name. The planned ``values`` reveal that they exist, because they have more blocks than are written.
        """
        configured = without_indices(address)
        stated, module = self._find(configured), split_module(configured)[0]
        if not stated or not _is_argument(kind, path):
            return False
        written, planned = [stated.get("expressions") or {}], [values]
        for name in path[:-1]:
            written, planned = _list_blocks(written, name), _list_blocks(planned, name)
            if not written or len(written) != len(planned):
                return False
        return all(path[-1] not in each or self._is_null(each[path[-1]], module) for each in written)

    def _is_null(self, expression: Any, module: str) -> bool:
        if not isinstance(expression, Mapping):
            return False
        if "constant_value" in expression:
            return expression["constant_value"] is None
        named: Sequence[str] = expression.get("references") or ()
        stood = self.stand_for(module, named[0]) if len(named) == 1 and named[0].startswith("var.") else None
        return stood is not None and self._is_null(*stood)


def _may_repeat(stated: Mapping[str, Any], written: Iterable[Mapping[str, Expression]]) -> bool:
    """Whether a plan or its source gives something a number of instances.

    A plan omits what names nothing and is no constant, such as ``toset([])``: then names in it tell, or the source.
    """
    if _REPEATED & stated.keys() or any(
        each.startswith(_OF_INSTANCES) for each in _find_mentions(stated.get("expressions"))
    ):
        return True
    return any(name in arguments and not arguments[name].references for arguments in written for name in _REPETITIONS)


def _list_constants(expressions: Mapping[str, Any]) -> dict[str, Any]:
    return {name: (each or {}).get("constant_value") for name, each in expressions.items()}


class _Module:
    def __init__(self, stated: Mapping[str, Any]) -> None:
        self.resources: dict[str, Any] = {each["address"]: each for each in stated.get("resources") or ()}
        self.calls: Mapping[str, Any] = stated.get("module_calls") or {}
        self.outputs: Mapping[str, Any] = stated.get("outputs") or {}
        self.variables: Mapping[str, Any] = stated.get("variables") or {}


def _list_modules(stated: Mapping[str, Any], path: str) -> Iterator[tuple[str, _Module]]:
    yield path, _Module(stated)
    for name, call in (stated.get("module_calls") or {}).items():
        yield from _list_modules(call.get("module") or {}, f"{path}.module.{name}".lstrip("."))


def _find_mentions(expression: Any) -> Iterator[str]:
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


def _list_blocks(blocks: Sequence[Any], name: str) -> list[Any]:
    held = [each.get(name) for each in blocks if isinstance(each, Mapping)]
    return [one for each in held if each is not None for one in (each if isinstance(each, list) else [each])]


def _is_argument(kind: str, path: tuple[str, ...]) -> bool:
    """Whether AWS decides an argument only if it is omitted; a list of objects can also be written as blocks."""
    if kind not in aws_schemas().names("resource"):
        return False
    block = aws_schemas().block("resource", kind)
    for name in path[:-1]:
        nested = block["block_types"].get(name)
        if nested is None:
            return False
        block = nested["block"]
    stated = block["attributes"].get(path[-1]) or {}
    return bool(stated.get("optional") and stated.get("computed")) and "object" not in str(stated["type"])


# The credentials passed to an argument: attributes that it names, and that their provider marks as sensitive


def find_credentials(named: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the sensitive attributes that arguments name; ``named`` is as from `attributes_of`."""
    found = {argument: tuple(_pick(names)) for argument, names in named.items()}
    return {argument: names for argument, names in found.items() if names}


def _pick(names: tuple[str, ...]) -> Iterator[str]:
    """Yield the sensitive attributes among names. A whole resource, without an attribute, stands for all.

    A plan lists a resource beside each of its attributes in an expression; then it stands for nothing more.
    """
    picked = dict.fromkeys(
        ".".join((address, attribute))
        for address, attributes in map(split_attribute, names)
        for attribute in sorted(_list_sensitive(address))
        if attributes[:1] == [attribute]
        or (not attributes and not any(other.startswith(f"{address}.") for other in names))
    )
    yield from picked


def _list_sensitive(address: str) -> frozenset[str]:
    kind, *rest = split_module(address)[1].split(".")
    return _read_sensitive(kind, rest[0]) if kind in ("data", "ephemeral") else _read_sensitive("resource", kind)


@cache
def _read_sensitive(kind: str, type_: str) -> frozenset[str]:
    """The sensitive attributes of a type; none of an unknown one."""
    schemas = _schemas(type_.partition("_")[0])
    if schemas is None or type_ not in schemas.names(kind):
        return frozenset()
    attributes = schemas.block(kind, type_)["attributes"]
    return frozenset(name for name, attribute in attributes.items() if attribute.get("sensitive"))


@cache
def _schemas(provider: str) -> Schemas | None:
    return aws_schemas() if provider == "aws" else utility_schemas(provider) if provider in TYPES else None
