"""Where the values of a configuration come from, followed through the source to what the stand-in provider answered.

Core can't plan with data that nobody read, so it is given stand-ins: an account, a region, zones, the time. A text that
holds one of them may be believed; what is decided by one is another thing in production, and is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from .addresses import split_call, split_module, without_indices
from .block_uses import Path as Part
from .block_uses import drop_instance, find_part_uses, list_block_uses, list_repeated, stand_for_each
from .hcl import HclBlock, Source, parse_text
from .json_syntax import to_native
from .origins import Origin
from .provider.arns import OF_ACCOUNT, OF_REGION, list_fields
from .provider.known_data import UNSTATABLE
from .provider.synthesis import NAMES
from .sources import Module, Tree
from .templates import write_templates
from .use_effects import DECIDES
from .uses import EACH, INSTANCES, KEYS, PICK, Use, find_uses, list_literals

#: Arguments of a resource or a module call that decide how many there are.
REPETITIONS: Final = ("count", "for_each", "enabled")


class Flow:
    """Follows what is written in a tree.

    ``invented`` are types of data sources of which nothing is known; ``stand_ins`` are the others, by the attributes
    that nobody stated; ``assumed`` is what the settings of a provider leave open: account, region.
    """

    def __init__(
        self,
        tree: Tree,
        invented: frozenset[str],
        stand_ins: Mapping[str, frozenset[str]],
        assumed: frozenset[str] = frozenset(),
    ) -> None:
        self.tree, self._invented, self._stand_ins, self._assumed = tree, invented, stand_ins, assumed
        self._origins: dict[tuple[str, str], tuple[Origin, ...]] = {}
        self._steps: dict[tuple[str, tuple[str, ...]], tuple[tuple[str, Use], ...]] = {}
        self._uses: dict[tuple[str, str], Mapping[str, tuple[Use, ...]]] = {}

    @cached_property
    def modules(self) -> Mapping[str, Module]:
        """The modules, with JSON files in native syntax."""
        native = {
            each.directory: Module(each.directory, tuple(map(read_native, each.sources)))
            for each in self.tree.modules.values()
        }
        return {path: native[each.directory] for path, each in self.tree.modules.items()}

    @cached_property
    def _written(self) -> Mapping[str, Module]:
        """The modules, with what templates say in the place of the calls that read them."""
        root, whole = self.modules[""].directory, dict[Path, Module]()
        for each in self.modules.values():
            sources = (write_templates(source, each.directory, root) for source in each.sources)
            whole.setdefault(each.directory, Module(each.directory, tuple(sources)))
        return {path: whole[each.directory] for path, each in self.modules.items()}

    def of_value(self, address: str, argument: str) -> tuple[Origin, ...]:
        """Return where an argument of a resource comes from, as far as nobody stated it."""
        key = without_indices(address), argument
        if key not in self._origins:
            module, resource = split_module(key[0])
            uses = self.list_uses(module, resource).get(argument, ())
            self._origins[key] = tuple(self._find_origins(module, uses)) if uses else ()
        return self._origins[key]

    def of_part(self, address: str, path: Part) -> tuple[Origin, ...]:
        """Return where a part of an argument of a resource comes from, as far as nobody stated it."""
        module, name = split_module(without_indices(address))
        blocks = self._list_blocks(module, name)
        uses = (use for block in blocks for use in find_part_uses(block, path))
        return tuple(self._find_origins(module, stand_for_each(uses, list_repeated(blocks))))

    def states(self, address: str, argument: str) -> bool:
        """Whether an argument of a resource is written."""
        return argument in self.list_uses(*split_module(without_indices(address)))

    def of_repetitions(self) -> Iterator[tuple[str, Origin]]:
        """Yield each resource and module call by address, with what its number depends on."""
        for module, stated in self._written.items():
            for name in (*stated.resources, *(f"module.{name}" for name in self._calls(module))):
                if name.startswith("data."):
                    continue
                uses = self.list_uses(module, name)
                for origin in self._find_origins(module, (use for each in REPETITIONS for use in uses.get(each, ()))):
                    yield f"{module}.{name}".lstrip("."), origin

    def _calls(self, module: str) -> Mapping[str, tuple[HclBlock, ...]]:
        found: dict[str, tuple[HclBlock, ...]] = {}
        for block in self._written[module].of("module"):
            found[block.labels[0]] = (*found.get(block.labels[0], ()), block)
        return found

    def _list_blocks(self, module: str, name: str) -> tuple[HclBlock, ...]:
        """The blocks of a resource or a module call (``module.x``), overriding ones last."""
        kind, _, call = name.partition(".")
        if module not in self._written:
            return ()
        return self._calls(module).get(call, ()) if kind == "module" else self._written[module].resources.get(name, ())

    def list_uses(self, module: str, name: str) -> Mapping[str, tuple[Use, ...]]:
        """What each top-level argument or block of a resource or a module call (``module.x``) names."""
        key = module, name
        if key not in self._uses:
            blocks = self._list_blocks(module, name)
            found: dict[str, tuple[Use, ...]] = {}
            for block in blocks:
                for argument, uses in list_block_uses(block):
                    found[argument] = (*found.get(argument, ()), *uses)
            repeated = list_repeated(blocks)
            self._uses[key] = {argument: tuple(stand_for_each(uses, repeated)) for argument, uses in found.items()}
        return self._uses[key]

    def _find_origins(self, module: str, uses: Iterable[Use]) -> Iterator[Origin]:
        found = (self._find_origin(where, use) for where, use in self.follow_all(module, uses))
        yield from filter(None, found)

    def follow_all(self, module: str, uses: Iterable[Use]) -> Iterator[tuple[str, Use]]:
        """Yield uses and all that they stand for, each with the module in which it is written."""
        waiting, seen = [(module, use) for use in uses], set[tuple[str, Use]]()
        while waiting:
            step = waiting.pop()
            if step in seen:
                continue
            seen.add(step)
            yield step
            where, use = step
            known = where, use.parts
            if known not in self._steps:
                self._steps[known] = tuple(self._follow(where, use.parts))
            waiting += ((place, inner.further(use.how)) for place, inner in self._steps[known])

    def literals(self, module: str, use: Use) -> Iterator[str]:
        """Yield the texts in what a local value, a variable or the argument of a module call is written as."""
        kind, name, *_ = (*use.parts, "")
        stated = self._written[module]
        if kind == "local" and name in stated.local_values:
            yield from list_literals(stated.local_values[name].node)
        elif kind == "var" and name in stated.variables:
            yield from list_literals(stated.variables[name].node)
            caller, call = split_call(module) if module else ("", "")
            for block in self._calls(caller).get(call, ()) if module else ():
                yield from list_literals(block.node)
        elif kind == "module":
            callee = self._written.get(f"{module}.module.{name}".lstrip("."))
            yield from (
                text for each in (callee.outputs.values() if callee else ()) for text in list_literals(each.node)
            )

    def _find_origin(self, module: str, use: Use) -> Origin | None:
        parts = drop_instance(use.parts)
        if parts[-1] in (KEYS, INSTANCES) and len(parts) <= (4 if parts[0] == "data" else 3):
            return None
        if parts[0].endswith("()") or parts == ("path", "cwd"):
            return Origin(".".join(parts), "invented", use.how)
        if parts[0] == "data" and len(parts) > 2:
            return self._find_origin_of_data(module, parts, use.how)
        declared = len(parts) > 2 and ".".join(parts[:2]) in self._written[module].resources
        if not declared or parts[2] in self.list_uses(module, ".".join(parts[:2])):
            return None
        source = ".".join((*filter(None, [module]), *parts[:3]))
        return None if self._is_stated(module, parts) else Origin(source, "computed", use.how)

    def _find_origin_of_data(self, module: str, parts: tuple[str, ...], how: frozenset[str]) -> Origin | None:
        kind, asked = parts[1], parts[3:4]
        doubtful = self._stand_ins.get(kind, frozenset())
        source = ".".join((*filter(None, [module]), *parts[:3]))
        if kind in self._invented or (asked and asked[0] in doubtful & UNSTATABLE.get(kind, frozenset())):
            return Origin(source, "invented", how)
        return Origin(source, "stand-in", how) if doubtful and (not asked or asked[0] in doubtful) else None

    def _is_stated(self, module: str, parts: tuple[str, ...]) -> bool:
        """Whether an attribute that AWS sets follows from what is stated alone."""
        fields, written = list_fields(parts[0], parts[2]), self.list_uses(module, ".".join(parts[:2]))
        if fields is None or ("account" in self._assumed and fields & OF_ACCOUNT):
            return False
        if "region" in self._assumed and fields & OF_REGION and "region" not in written:
            return False
        named = fields - OF_ACCOUNT - OF_REGION - {"path"}
        return all(each in written or (each == "name" and written.keys() & set(NAMES)) for each in named)

    def _list_parts_of(self, module: str, parts: tuple[str, ...]) -> Iterator[Use]:
        """What an attribute that AWS sets has in it of the arguments of its resource."""
        fields, written = list_fields(parts[0], parts[2]), self.list_uses(module, ".".join(parts[:2]))
        for name in sorted({*NAMES, "path", "region", *(fields or ())}):
            yield from written.get(name, ())

    def _follow(self, module: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Use]]:
        """Yield what a name stands for, and the module in which that is written."""
        parts = drop_instance(parts)
        kind, name, rest = parts[0], "".join(parts[1:2]), parts[2:]
        stated = self._written[module]
        if kind == "local" and name in stated.local_values:
            yield from ((module, each) for each in find_uses(stated.local_values[name].node, fields=rest))
        elif kind == "var" and module:
            caller, call = split_call(module)
            blocks = self._calls(caller).get(call, ())
            handed = [block.arguments[name] for block in blocks if name in block.arguments]
            used = (use for value in handed for use in find_uses(value.node, fields=rest))
            yield from ((caller, each) for each in stand_for_each(used, list_repeated(blocks)))
        elif kind == "module":
            yield from self._follow_output(module, name, rest)
        else:
            yield from ((module, each) for each in self._follow_resource(module, parts))

    def _follow_output(self, module: str, name: str, rest: tuple[str, ...]) -> Iterator[tuple[str, Use]]:
        callee = f"{module}.module.{name}".lstrip(".")
        outputs = self._written[callee].outputs if callee in self._written else {}
        if rest[:1] in ((KEYS,), (INSTANCES,), ()):
            repeated = self.list_uses(module, f"module.{name}")
            yield from ((module, use) for each in REPETITIONS for use in repeated.get(each, ()))
        wanted = (
            [outputs[rest[0]]]
            if rest and rest[0] in outputs
            else []
            if rest[:1] in ((KEYS,), (INSTANCES,))
            else outputs.values()
        )
        fields = rest[1:] if rest and (rest[0] in outputs or rest[0] in (EACH, PICK)) else ()
        yield from ((callee, each) for value in wanted for each in find_uses(value.node, fields=fields))

    def _follow_resource(self, module: str, parts: tuple[str, ...]) -> Iterator[Use]:
        """Yield what decides an attribute of a resource, or anything of a data source."""
        if parts[0] == "data" and len(parts) > 2 and parts[3:4] not in ((KEYS,), (INSTANCES,)):
            for argument, uses in self.list_uses(module, ".".join(parts[:3])).items():
                yield from (use.further({DECIDES} if argument in REPETITIONS else ()) for use in uses)
        elif parts[0] != "data" and len(parts) > 2 and parts[2] not in (KEYS, INSTANCES):
            written = self.list_uses(module, ".".join(parts[:2]))
            name = "input" if parts[2] == "output" else parts[2]
            yield from written[name] if name in written else self._list_parts_of(module, parts)
        else:
            written = self.list_uses(module, ".".join(parts[: 3 if parts[0] == "data" else 2]))
            yield from (use for each in REPETITIONS for use in written.get(each, ()))


def read_native(source: Source) -> Source:
    """Return a file in native syntax; positions in one that was JSON mean nothing."""
    return parse_text(to_native(source.text), source.file) if source.file.endswith(".json") else source
