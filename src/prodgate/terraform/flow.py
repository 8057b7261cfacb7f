"""Values that can't be read here, and all that depends on them: the stand-in provider's answers in the source.

Core can't plan with data that it has not read, so the provider answers every data source with something: with an
invention, or with a stand-in for the account, the region, the zones, the time. Such an answer must never decide a
verdict. A text that contains a stand-in is reliable; any other value that depends on one differs in production, and is
unknown, and a number of instances that depends on one is a gap.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from ..processes.regular_files import read_measured
from ..semantics.unresolved import Assumed, Unknown
from .addresses import split_call, split_module, without_indices
from .hcl import HclBlock, Source, SyntaxNode, descendants, node_text, parse_text
from .positions import Position
from .provider import MARK
from .provider.datasources import BY_ACCOUNT, BY_REGION, UNSTATABLE
from .provider.synthesis import ACCOUNT, NAMES, OF_ACCOUNT, OF_REGION, REGION, list_fields
from .resources import UNKNOWN, Gap, Resource, find_unknown, list_texts
from .sources import UNCOUNTED, Module, Tree
from .uses import (
    CHANGES,
    COUNTS,
    CUTS,
    DECIDES,
    EACH,
    EDITS,
    INSTANCES,
    KEYS,
    NULLS,
    ORDERS,
    PICK,
    REPEATS,
    Part,
    Use,
    drop_instance,
    find_part_uses,
    find_uses,
    list_block_uses,
    list_literals,
    list_repeated,
    stand_for_each,
)

# Sources of values that nobody stated, and whether they decide anything.

#: Effects that a stand-in must not have on an argument; a number of zones that was cut out is stated.
_DECISIONS: Final = frozenset({DECIDES, CHANGES, COUNTS, REPEATS, ORDERS})
_DECISIONS_BY_ZONES: Final = frozenset({DECIDES, CHANGES})
_ZONES: Final = "aws_availability_zones"


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of a value that nobody stated, and the effects on its way."""

    source: str
    kind: str
    """``invented`` (nothing is known of it), ``stand-in`` (one of its kind), or ``computed`` (AWS sets it)."""
    how: frozenset[str]
    why: str = ""
    """Why nothing is known of it, if it was taken out."""

    def __str__(self) -> str:
        return f"{self.source}, {f'which {self.why}' if self.why else 'for which there is only a stand-in offline'}"

    def decides(self, value: object) -> bool:
        """Whether an argument's value from this source may differ in production.

        A container may stay as it is although an element differs. A number can't merely contain a stand-in.
        """
        if isinstance(value, int | float):
            return self._decides_text or self._makes_number
        return self._decides_whole if isinstance(value, list | Mapping) else self._decides_text

    @property
    def decides_parts(self) -> bool:
        """Whether something in an argument from this source may differ in production."""
        return self._decides_text or self._makes_number

    @property
    def _decides_whole(self) -> bool:
        """Whether it is more than passed on, so that the number of parts may depend on it."""
        return self._decides_text if self.kind != "invented" else bool(self.how & {*_DECISIONS, CUTS, EDITS})

    @property
    def _decides_text(self) -> bool:
        if self.kind == "stand-in":
            return bool(self.how & (_DECISIONS_BY_ZONES if self._is_cut else _DECISIONS))
        return self.kind == "invented" or bool(self.how & {DECIDES, CHANGES})

    @property
    def _makes_number(self) -> bool:
        if self.kind == "stand-in":
            return not self._is_cut and (NULLS not in self.how or bool(self.how & _DECISIONS))
        return bool(self.how & {CHANGES, EDITS})

    @property
    def decides_number(self) -> bool:
        """Whether the number of instances may differ in production."""
        if self.kind == "stand-in":
            return not self._is_cut or bool(self.how & _DECISIONS_BY_ZONES)
        return self.kind == "invented" or bool(self.how & {DECIDES, CHANGES, EDITS})

    @property
    def decides_null(self) -> bool:
        """Whether a condition tests it, so that its value may be null in production."""
        return DECIDES in self.how or (self.kind == "invented" and NULLS in self.how)

    @property
    def _is_cut(self) -> bool:
        return CUTS in self.how and f"data.{_ZONES}." in self.source


#: Data sources whose answers may be part of a text: account, region or zones must only not decide anything.
PLAUSIBLE: Final = frozenset(
    {
        "aws_availability_zones", "aws_caller_identity", "aws_elb_service_account", "aws_partition", "aws_region",
        "aws_service_principal",
    }
)  # fmt: skip


Decided = Callable[[Part, Any], str | None]


@dataclass(frozen=True, slots=True)
class Inventions:
    """The types of data sources of which nothing is known, and so were invented.

    ``stand_ins`` are the others, with a plausible answer, by the attributes that nobody stated.
    """

    types: frozenset[str] = frozenset()
    stand_ins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()
    """The settings that a provider leaves open: ``account``, ``region``."""
    unset: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """Null arguments, by the type of the resource and its invented id or ARN: their dotted paths."""

    def find_invented(self, references: tuple[str, ...]) -> str | None:
        """Return the first address of such a data source, or None."""
        return next((each for each in references if self._is_invented(split_module(each)[1])), None)

    def _is_invented(self, resource: str) -> bool:
        kind, _, rest = resource.partition(".")
        return kind == "data" and rest.partition(".")[0] in self.types

    def hide(
        self,
        values: Mapping[str, Any],
        references: Mapping[str, tuple[str, ...]],
        decided: Decided = lambda _, __: None,
    ) -> dict[str, Any]:
        """Return the values of a resource, with unknown for invented values and those computed from them.

        ``decided`` names the stand-in that decides the value at a path: empty if it decides only a part, None if there
        is none.
        """
        hidden = {name: self._hide_marked(value) for name, value in values.items()}
        for name, named in references.items():
            source = self.find_invented(named)
            if source and name in hidden and find_unknown(hidden[name]) is None:
                hidden[name] = _unread_value(source)
        return {name: _hide_decided(value, (name,), decided) for name, value in hidden.items()}

    def hide_answers(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a data source, with unknown for stand-ins."""
        doubtful = self.stand_ins.get(kind, frozenset())
        said = _decided_value("AWS, for which there is only a stand-in offline")
        return {name: said if name in doubtful else value for name, value in values.items()}

    def _hide_marked(self, value: Any) -> Any:
        if isinstance(value, str):
            return _unread_value("a data source") if MARK in value else value
        if isinstance(value, list):
            return [self._hide_marked(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self._hide_marked(item) for key, item in value.items()}
        return value


def read_inventions(sidecar: Path) -> Inventions:
    """Return the inventions that the provider wrote down."""
    lines = sidecar.read_text(encoding="utf-8").splitlines() if sidecar.exists() else []
    unstated: dict[str, frozenset[str]] = {}
    assumed: set[str] = set()
    unset: dict[tuple[str, str], frozenset[str]] = {}
    for said in map(json.loads, lines):
        assumed |= set(said.get("assumed", ()))
        if "planned" in said:
            key = said["planned"], said["id"]  # if two have the same name, an argument that is null in both is not set
            unset[key] = frozenset(said["unset"]) & unset.get(key, frozenset(said["unset"]))
        if "type" in said:
            unstated[said["type"]] = unstated.get(said["type"], frozenset()) | frozenset(said["invented"])
    types = frozenset(unstated) - PLAUSIBLE
    stand_ins = {kind: names for kind, names in unstated.items() if kind in PLAUSIBLE}
    return Inventions(types, stand_ins, frozenset(assumed), unset)


# Templates in files, inlined into the expressions that fill them in.
#
# ``templatefile("t.tftpl", { zone = local.zone })`` is the text of the file with ``zone`` in it: the template applies
# its effects on a name to the name's value. So a heredoc of that text replaces the call, inside of a loop over one
# element for each name, and following values through expressions also follows them through templates.

_MARK: Final = "PRODGATE_TEMPLATE"
#: The size of a template, in bytes, beyond which it is not followed, and all its inputs count as changed.
_LARGEST: Final = 1_000_000
#: How deep templates may be nested in the inputs of others.
_DEEPEST: Final = 5


def write_templates(source: Source, module: Path, root: Path) -> Source:
    """Return a file with the text of each template in place of the call that reads it, if the path is known.

    Positions in the result mean nothing.
    """
    for _ in range(_DEEPEST):
        if b"templatefile" not in source.native or not (
            calls := [call for block in source.blocks for call in _find_calls(block.node, module, root)]
        ):
            break
        text = source.native
        for start, end, written in reversed(calls):
            text = text[:start] + written + text[end:]
        whole = parse_text(source.text, source.file, text)
        if whole.broken and source.is_json:
            break  # it would be unreadable; unchanged, all the call's inputs are named
        source = whole
    return source


def _find_calls(node: SyntaxNode, module: Path, root: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield the bytes of each outermost call that can be followed, and its replacement."""
    written = _write_call(node, module, root) if node.type == "function_call" else None
    if written is not None:
        yield node.start_byte, node.end_byte, written
        return
    for child in node.named_children:
        yield from _find_calls(child, module, root)


def _write_call(node: SyntaxNode, module: Path, root: Path) -> bytes | None:
    name, *rest = node.named_children
    arguments = [each for part in rest for each in part.named_children if each.type == "expression"]
    if node_text(name).removeprefix("core::") != "templatefile" or len(arguments) != 2:
        return None
    text = _read_template(node_text(arguments[0]).strip(), module, root)
    if text is None:
        return None
    loop = f"<<{_MARK}\n{text}\n{_MARK}\n"
    parsed = parse_text(f"x = {loop}".encode(), "")
    inside = (each for value in parsed.arguments.values() for each in descendants(value.node))
    named = {node_text(each) for each in inside if each.type == "variable_expr"}  # also by loops of its own
    for given in sorted(named):
        loop = f"[for {given} in [({node_text(arguments[1])}).{given}] : {loop}][0]"
    return loop.encode()


def _read_template(path: str, module: Path, root: Path) -> str | None:
    """Return the text of a template with a literal path; None for any other."""
    written = path.strip('"').replace("${path.module}", str(module)).replace("${path.root}", str(root))
    if not path.startswith('"') or path.count('"') != 2 or "${" in written:
        return None
    try:
        data = read_measured(root / written, _LARGEST)
        text = data.decode()
    except (OSError, ValueError):
        return None
    return text if _MARK not in text and "templatefile" not in text else None


#: Arguments of a resource or a module call that decide how many there are.
REPETITIONS: Final = ("count", "for_each", "enabled")


class Flow:
    """Follows the expressions of a tree to what was invented."""

    def __init__(self, tree: Tree, inventions: Inventions = Inventions()) -> None:
        self.tree, self.inventions = tree, inventions
        self._origins: dict[tuple[str, str], tuple[Origin, ...]] = {}
        self._steps: dict[tuple[str, tuple[str, ...]], tuple[tuple[str, Use], ...]] = {}
        self._uses: dict[tuple[str, str], Mapping[str, tuple[Use, ...]]] = {}

    @cached_property
    def _written(self) -> Mapping[str, Module]:
        """The modules, with templates inlined in place of the calls that read them."""
        root, whole = self.tree.root.directory, dict[Path, Module]()
        for each in self.tree.distinct:
            sources = (write_templates(source, each.directory, root) for source in each.sources)
            whole[each.directory] = Module(each.directory, tuple(sources))
        return {path: whole[each.directory] for path, each in self.tree.modules.items()}

    def of_value(self, address: str, argument: str) -> tuple[Origin, ...]:
        """Return the unstated sources of a resource's argument."""
        key = without_indices(address), argument
        if key not in self._origins:
            module, resource = split_module(key[0])
            uses = self.list_uses(module, resource).get(argument, ())
            self._origins[key] = tuple(self._find_origins(module, uses)) if uses else ()
        return self._origins[key]

    def of_part(self, address: str, path: Part) -> tuple[Origin, ...]:
        """Return the unstated sources of a part of a resource's argument."""
        module, name = split_module(without_indices(address))
        return tuple(self._find_origins(module, self._list_part_uses(module, name, path)))

    def find_decider(self, address: str, path: Part, value: Any) -> str | None:
        """Return what decides the value at a path of a resource, and why, for `Inventions.hide`."""
        origins = self.of_value(address, str(path[0])) if len(path) == 1 else self.of_part(address, path)
        wrong = next((str(each) for each in origins if each.decides(value)), None)
        return wrong or ("" if any(each.decides_parts for each in origins) else None)

    def states(self, address: str, argument: str) -> bool:
        """Whether an argument of a resource is written."""
        return argument in self.list_uses(*split_module(without_indices(address)))

    def of_repetitions(self) -> Iterator[tuple[str, Origin]]:
        """Yield each resource and module call by address, with what its number depends on."""
        for module, stated in self._written.items():
            declared = (each for each in stated.declared if not self.tree.is_unread(module, each))
            for name in (each for each in declared if not each.startswith("data.")):
                uses = self.list_uses(module, name)
                for origin in self._find_origins(module, (use for each in REPETITIONS for use in uses.get(each, ()))):
                    yield f"{module}.{name}".lstrip("."), origin

    def _list_blocks(self, module: str, name: str) -> tuple[HclBlock, ...]:
        """The blocks of a resource or a module call (``module.x``), overriding ones last."""
        return self._written[module].declared.get(name, ()) if module in self._written else ()

    def _list_part_uses(self, module: str, name: str, path: Part) -> Iterator[Use]:
        blocks = self._list_blocks(module, name)
        uses = (use for block in blocks for use in find_part_uses(block, path))
        return stand_for_each(uses, list_repeated(blocks))

    def list_uses(self, module: str, name: str) -> Mapping[str, tuple[Use, ...]]:
        """The references of each top-level argument or block of a resource or a module call (``module.x``)."""
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
        """Yield uses and everything that they stand for, each with the module in which it is written."""
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

    def find_named(self, module: str, name: str) -> set[str]:
        """Return the addresses of the resources that a block of a module names, also through what it names."""
        uses = (use for each in self.list_uses(module, name).values() for use in each)
        found = ((where, ".".join(use.parts[:2])) for where, use in self.follow_all(module, uses))
        return {f"{where}.{each}".lstrip(".") for where, each in found if each in self._written[where].resources}

    def find_cause(self, module: str, name: str, path: Part) -> tuple[str, str] | None:
        """Return the removed part, by address, that decides something of a resource or module call, and the reason."""
        whole = self.list_uses(module, name).get(str(path[0]), ())
        for where, use in self.follow_all(module, self._list_part_uses(module, name, path) if path[1:] else whole):
            if found := self.tree.explain(where, use.parts):
                return found
        return None

    def literals(self, module: str, use: Use) -> Iterator[str]:
        """Yield the texts in the written expression of a local value, a variable or a module call's argument."""
        kind, name, *_ = (*use.parts, "")
        stated = self._written[module]
        if kind == "local" and name in stated.local_values:
            yield from list_literals(stated.local_values[name].node)
        elif kind == "var" and name in stated.variables:
            yield from list_literals(stated.variables[name].node)
            caller, call = split_call(module) if module else ("", "")
            for block in self._list_blocks(caller, f"module.{call}") if module else ():
                yield from list_literals(block.node)
        elif kind == "module":
            callee = self._written.get(f"{module}.module.{name}".lstrip("."))
            yield from (
                text for each in (callee.outputs.values() if callee else ()) for text in list_literals(each.node)
            )

    def _find_origin(self, module: str, use: Use) -> Origin | None:
        parts = drop_instance(use.parts)
        counted = parts[-1] in (KEYS, INSTANCES) and len(parts) <= (4 if parts[0] == "data" else 3)
        taken = self.tree.explain(module, parts)
        if taken and (counted or taken[1] is not UNCOUNTED):
            return Origin(taken[0], "invented", use.how, taken[1])
        if counted:
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
        doubtful = self.inventions.stand_ins.get(kind, frozenset())
        source = ".".join((*filter(None, [module]), *parts[:3]))
        if kind in self.inventions.types or (asked and asked[0] in doubtful & UNSTATABLE.get(kind, frozenset())):
            return Origin(source, "invented", how)
        return Origin(source, "stand-in", how) if doubtful and (not asked or asked[0] in doubtful) else None

    def _is_stated(self, module: str, parts: tuple[str, ...]) -> bool:
        """Whether an attribute that AWS sets follows from stated values alone."""
        fields, written = list_fields(parts[0], parts[2]), self.list_uses(module, ".".join(parts[:2]))
        if fields is None or ("account" in self.inventions.assumed and fields & OF_ACCOUNT):
            return False
        if "region" in self.inventions.assumed and fields & OF_REGION and "region" not in written:
            return False
        named = fields - OF_ACCOUNT - OF_REGION - {"path"}
        return all(each in written or (each == "name" and written.keys() & set(NAMES)) for each in named)

    def _list_parts_of(self, module: str, parts: tuple[str, ...]) -> Iterator[Use]:
        """The arguments of a resource that an attribute set by AWS contains."""
        fields, written = list_fields(parts[0], parts[2]), self.list_uses(module, ".".join(parts[:2]))
        for name in sorted({*NAMES, "path", "region", *(fields or ())}):
            yield from written.get(name, ())

    def _follow(self, module: str, parts: tuple[str, ...]) -> Iterator[tuple[str, Use]]:
        """Yield the things that a name stands for, and the module in which that is written."""
        parts = drop_instance(parts)
        kind, name, rest = parts[0], "".join(parts[1:2]), parts[2:]
        stated = self._written[module]
        if kind == "local" and name in stated.local_values:
            yield from ((module, each) for each in find_uses(stated.local_values[name].node, fields=rest))
        elif kind == "var" and module:
            caller, call = split_call(module)
            blocks = self._list_blocks(caller, f"module.{call}")
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
        """Yield the sources of a resource's attribute, or of anything in a data source."""
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


# What depends on an invention or a stand-in.


def find_repetitions(repetitions: Iterable[tuple[str, tuple[str, ...]]], flow: Flow) -> Iterator[Gap]:
    """Yield a gap for each resource or module call whose number depends on invented data or a stand-in.

    Invented data may be in its ``count`` or ``for_each``.
    """
    read = {address: flow.inventions.find_invented(named) for address, named in repetitions}
    reasons = {address: f"depends on {each}, which can't be read offline" for address, each in read.items() if each}
    decided = {address: str(each) for address, each in flow.of_repetitions() if each.decides_number}
    for address, source in decided.items():
        reasons.setdefault(address, f"is decided by {source}")
    for path in flow.tree.modules:
        for address in (each for each in flow.tree.modules[path].declared if flow.tree.is_uncounted(path, each)):
            if not address.startswith("data."):
                reasons.setdefault(f"{path}.{address}".lstrip("."), "is decided by what can't be read here")
    for address, reason in reasons.items():
        yield Gap(address, f"how many there are {reason}", _find_position(address, flow.tree))


def _find_position(address: str, tree: Tree) -> Position | None:
    module, resource = split_module(address)
    caller, name = (module, resource) if resource else split_call(module)
    stated = name if resource else f"module.{name}"
    return tree.modules[caller].find_position(stated) if caller in tree.modules else None


def _hide_decided(value: Any, path: Part, decided: Decided) -> Any:
    """Return a value with unknown for the parts that a stand-in decides."""
    if value is None or isinstance(value, Unknown):
        return value
    whole = decided(path, value) if len(path) == 1 or not isinstance(value, list | Mapping) else ""
    if whole:
        return _decided_value(whole)
    if whole is None or not isinstance(value, list | Mapping):
        return value
    if isinstance(value, Mapping):
        return {name: _hide_decided(each, (*path, name), decided) for name, each in value.items()}
    return [_hide_decided(each, (*path, index), decided) for index, each in enumerate(value)]


def _decided_value(source: str) -> Unknown:
    return Unknown(f"is decided by {source}")


def hide_derived(address: str, values: Mapping[str, Any], hidden: Mapping[str, Any], flow: Flow) -> dict[str, Any]:
    """Return the values of a resource, with unknown for AWS's derivations from a hidden name or hidden tags."""
    names = [name for name in NAMES if isinstance(hidden.get(name), Unknown) and isinstance(values.get(name), str)]
    found = dict(hidden)
    for name in names:
        for other, value in hidden.items():
            if isinstance(value, str) and values[name] in value and not flow.states(address, other):
                found[other] = hidden[name]
    tags, all_tags = hidden.get("tags"), hidden.get("tags_all")
    if isinstance(all_tags, Mapping) and not flow.states(address, "tags_all"):
        unknown = (
            {name: each for name, each in tags.items() if isinstance(each, Unknown)}
            if isinstance(tags, Mapping)
            else {}
        )
        found["tags_all"] = tags if isinstance(tags, Unknown) else {**all_tags, **unknown}
    return found


def _unread_value(source: str) -> Unknown:
    return Unknown(f"comes from {source}, which can't be read offline")


# Texts with an account or a region that nobody stated: the stand-in differs from production.
#
# Most judgements of a name such as ``logs-${account}`` have nothing to do with the account, so the text is known; the
# stand-in for the account is reported once for the whole configuration.

#: The stand-ins, the things they replace, and how these are stated.
_STAND_INS: Final = {
    "account": (ACCOUNT, BY_ACCOUNT, "allowed_account_ids in the provider, or [account] id in criteria.toml"),
    "region": (REGION, BY_REGION, "region in the provider"),
}
_MOST_NAMED: Final = 3


def mark_assumed(address: str, values: Mapping[str, Any], flow: Flow) -> dict[str, Any]:
    """Return values, with a mark on AWS's values that contain an account or a region nobody stated."""
    found = dict(values)
    for name, value in values.items() if flow.inventions.assumed else ():
        if isinstance(value, str) and not flow.states(address, name):
            held = [what for what in sorted(flow.inventions.assumed) if _STAND_INS[what][0] in value]
            how = " and ".join(_STAND_INS[what][2] for what in held)
            reason = f"holds the {' and the '.join(held)}, for which there is only a stand-in offline; write {how}"
            found[name] = Assumed(value, held, reason) if held else value
    return found


def find_assumptions(resources: Iterable[Resource], flow: Flow) -> Iterator[Gap]:
    """Yield a gap for each unstated thing in the arguments of resources."""
    managed = [each for each in resources if each.mode == "managed"] if flow.inventions.assumed else []
    for what in sorted(flow.inventions.assumed):
        text, _, how = _STAND_INS[what]
        held = [(each, name) for each in managed for name in each.values if _holds(each, name, what, flow)]
        if held:
            names = ", ".join(f"{each.address}.{name}" for each, name in held[:_MOST_NAMED])
            more = f" and {len(held) - _MOST_NAMED} more" if len(held) > _MOST_NAMED else ""
            reason = f"is not stated, and {text} stands in for it in {names}{more}; write {how}"
            origin = held[0][0].origin
            yield Gap(f"the {what}", reason, origin.block if origin else None)


def _holds(resource: Resource, name: str, what: str, flow: Flow) -> bool:
    value = resource.search()[name]
    if value is None or find_unknown(value) is value:
        return False
    origins = flow.of_value(resource.address, name)
    stands_in = bool(origins) and any(_STAND_INS[what][0] in text for text in list_texts(value))
    return stands_in or any(_is_of(origin, what) for origin in origins)


def _is_of(origin: Origin, what: str) -> bool:
    """Whether an origin is the named data source, used for more than a comparison with null."""
    kind = origin.source.rpartition("data.")[2].partition(".")[0]
    return origin.kind == "stand-in" and kind in _STAND_INS[what][1] and NULLS not in origin.how


# Explains unknown values by the parts that were taken out here


def explain_unread(address: str, values: Mapping[str, Any], flow: Flow) -> dict[str, Any]:
    """Return the values of a resource, with a removed part as the reason of unknown ones that name it."""
    if not flow.tree.unread and not flow.tree.once:
        return dict(values)
    place = split_module(without_indices(address))
    return {name: _explain(value, (name,), partial(flow.find_cause, *place)) for name, value in values.items()}


def _explain(value: Any, path: Part, find_cause: Callable[[Part], tuple[str, str] | None]) -> Any:
    if value is UNKNOWN:
        cause = find_cause(path)
        return Unknown(f"is decided by {cause[0]}, which {cause[1]}") if cause else value
    if isinstance(value, Unknown) or find_unknown(value) is None:
        return value
    if isinstance(value, Mapping):
        return {name: _explain(each, (*path, name), find_cause) for name, each in value.items()}
    return [_explain(each, (*path, index), find_cause) for index, each in enumerate(value)]
