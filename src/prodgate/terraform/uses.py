"""How an expression uses what it names: whether it hands a value on, changes it, or decides something by it.

A value may be part of another one. ``fields`` lead to it: names of attributes and keys, EACH for every element, PICK
for one whose key is not written out, KEYS for the keys, INSTANCES for what ``for_each`` makes keys of: those of a map,
the elements of a set. What an object holds beside the part that is asked for has no say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from .hcl import HclBlock, SyntaxNode, node_text
from .use_effects import CHANGES, DECIDES, IMPURE, NULLS, REPEATS, Fields, find_effect, find_parts

EACH, PICK, KEYS, INSTANCES = "*", "?", "#", "@"
_ACCESSES: Final = frozenset({"get_attr", "index", "splat"})
#: Nodes whose value is that of what they hold.
_WRAPPERS: Final = frozenset({"expression", "collection_value", "for_expr"})
_MARKS: Final = frozenset({"object_start", "object_end", "tuple_start", "tuple_end", "comment"})
#: What begins a name, and after how many parts it names something that may have instances, each under an index.
_ADDRESSES: Final = {"data": 3, "module": 2, **dict.fromkeys(("local", "var", "each", "count", "path", "self"), 0)}
#: Nested blocks that decide nothing about a resource's arguments.
_APART: Final = frozenset({"provisioner", "connection", "timeouts"})


@dataclass(frozen=True, slots=True)
class Use:
    """A name in an expression, such as ``("data", "aws_region", "here", "name")`` or ``("plantimestamp()",)``."""

    parts: tuple[str, ...]
    how: frozenset[str] = frozenset()

    def further(self, how: Iterable[str]) -> Use:
        """Return the same use by something that is used itself."""
        added = frozenset(how)
        return self if added <= self.how else replace(self, how=self.how | added)


def find_uses(node: SyntaxNode, how: frozenset[str] = frozenset(), fields: Fields = ()) -> Iterator[Use]:
    """Yield what an expression names in the part that ``fields`` lead to, in the order of the text."""
    match node.type:
        case "for_tuple_expr" | "for_object_expr":
            yield from _find_in_loop(node, how, fields)
        case "template_for":
            yield from _find_in_template_loop(node, how)
        case "object":
            yield from _find_in_object(node, how, fields)
        case "tuple":
            for each in _list_parts(node) if fields[:1] != (KEYS,) else ():
                yield from find_uses(each, how, fields[1:])
        case "conditional":
            condition, *branches = _list_parts(node)
            yield from _decide(find_uses(condition, how))
            for each in branches:
                yield from find_uses(each, how, fields)
        case "function_call":
            yield from _find_in_call(node, how, fields)
        case _:
            yield from _find_in_operands(node, how, fields if node.type in _WRAPPERS else ())


def _find_in_operands(node: SyntaxNode, how: frozenset[str], fields: Fields) -> Iterator[Use]:
    """Yield what each operand with its accesses names."""
    children = _list_parts(node)
    for position, child in enumerate(children):
        accesses = [*takewhile(lambda each: each.type in _ACCESSES, children[position + 1 :])]
        uses: Iterable[Use]
        if child.type == "variable_expr":
            uses = (Use((*_list_names(node_text(child), accesses), *fields), how),)
        else:
            uses = find_uses(child, how, () if child.type in _ACCESSES else (*_list_fields(accesses), *fields))
        effect = find_effect(node, child)
        yield from _decide(uses) if effect == {DECIDES} else (use.further(effect) for use in uses)


def _decide(uses: Iterable[Use]) -> Iterator[Use]:
    """Yield uses by which something is decided; of which it is asked only whether they are null, nothing is."""
    return (use if NULLS in use.how else use.further({DECIDES}) for use in uses)


def _find_in_object(node: SyntaxNode, how: frozenset[str], fields: Fields) -> Iterator[Use]:
    wanted = fields[0] if fields else ""
    for element in _list_parts(node):
        key, value = _list_parts(element)
        name = node_text(key).strip('"')
        known = key.named_children[0].type in ("variable_expr", "literal_value") and "$" not in name
        if wanted in ("", KEYS, INSTANCES):
            yield from find_uses(key, how | {CHANGES}) if not known else ()
        if wanted in (EACH, PICK, name) or (wanted not in ("", KEYS, INSTANCES) and not known):
            yield from find_uses(value, how, fields[1:])
            yield from _decide(find_uses(key, how)) if not known and wanted != EACH else ()
        elif not wanted:
            yield from find_uses(value, how)


def _find_in_loop(node: SyntaxNode, how: frozenset[str], fields: Fields) -> Iterator[Use]:
    """What a loop does with its variables, it does with the elements and keys of what they are taken from."""
    intro, *body = _list_parts(node)
    conditions = [each for each in body if each.type == "for_cond"]
    *keys, value = (each for each in body if each.type == "expression")
    used = [use for each in conditions for use in _decide(find_uses(each, how))]
    if fields[:1] in ((), (KEYS,), (INSTANCES,)):
        used += (use for each in keys for use in find_uses(each, how | {CHANGES}))
    elif fields[0] != EACH:
        used += (use for each in keys for use in _decide(find_uses(each, how)))
    if fields[:1] != (KEYS,) and not (keys and fields[:1] == (INSTANCES,)):
        used += find_uses(value, how, fields[1:])
    yield from _find_in_intro(intro, used, how)


def _find_in_template_loop(node: SyntaxNode, how: frozenset[str]) -> Iterator[Use]:
    intro, *body = node.named_children
    yield from _find_in_intro(intro, [use for each in body for use in find_uses(each, how)], how)


def _find_in_intro(intro: SyntaxNode, used: Iterable[Use], how: frozenset[str]) -> Iterator[Use]:
    """Yield what a loop goes over, and what is used in it, with elements and keys in place of its variables."""
    names = [node_text(each) for each in intro.named_children if each.type == "identifier"]
    taken = next(each for each in intro.named_children if each.type == "expression")
    yield from find_uses(taken, how, (KEYS,))
    yield from substitute(used, names[-1], names[0] if len(names) > 1 else "", [taken])


def substitute(uses: Iterable[Use], value: str, key: str, taken: Sequence[SyntaxNode]) -> Iterator[Use]:
    """Yield uses, with elements of what ``taken`` names in place of ``value``, and its keys in place of ``key``.

    Either may be a name with a dot in it, such as ``each.value``.
    """
    for use in uses:
        for name, fields in ((value, (EACH,)), (key, (KEYS,))):
            parts = tuple(name.split("."))
            if name and use.parts[: len(parts)] == parts:
                rest = use.parts[len(parts) :] if fields == (EACH,) else ()
                yield from (each for node in taken for each in find_uses(node, use.how, (*fields, *rest)))
                break
        else:
            yield use


def _find_in_call(node: SyntaxNode, how: frozenset[str], fields: Fields) -> Iterator[Use]:
    name, *rest = _list_parts(node)
    function = node_text(name).removeprefix("core::")
    if function in IMPURE:
        yield Use((f"{function}()",), how)
    arguments = [each for part in rest for each in part.named_children if each.type == "expression"]
    for argument, effect, inner in find_parts(function, arguments, fields):
        uses = find_uses(argument, how, inner)
        if function == "try" and argument is not arguments[-1]:  # whether what is changed fails depends on what it is
            uses = (use.further({DECIDES}) if CHANGES in use.how else use for use in uses)
        yield from _decide(uses) if effect == {DECIDES} else (use.further(effect) for use in uses)


def _list_parts(node: SyntaxNode) -> list[SyntaxNode]:
    return [each for each in node.named_children if each.type not in _MARKS]


def find_block_uses(block: HclBlock, how: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Yield what all arguments and nested blocks of a block name."""
    for name, value in block.arguments.items():
        if name != "depends_on":
            yield from find_uses(value.node, how)
    for inner in block.blocks:
        if inner.kind == "dynamic" and inner.labels:
            yield from find_dynamic_uses(inner, how)
        elif inner.kind not in _APART:
            yield from find_block_uses(inner, how)


def find_dynamic_uses(block: HclBlock, how: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Yield what a dynamic block names; what it does with its iterator, it does with what it repeats."""
    repeated = block.arguments.get("for_each")
    yield from (use.further({REPEATS} | how) for use in find_uses(repeated.node, fields=(KEYS,))) if repeated else ()
    yield from fill_in(block, (use for each in block.blocks for use in find_block_uses(each, how)))


def fill_in(block: HclBlock, uses: Iterable[Use]) -> Iterator[Use]:
    """Yield what is used in a dynamic block, with what it repeats in place of its iterator."""
    named, repeated = block.arguments.get("iterator"), block.arguments.get("for_each")
    iterator = named.text.strip() if named else block.labels[0]
    for use in substitute(uses, f"{iterator}.value", f"{iterator}.key", [repeated.node] if repeated else []):
        if use.parts[0] != iterator:
            yield use


def _list_names(first: str, accesses: Sequence[SyntaxNode]) -> Iterator[str]:
    """The parts of a name, without the index of an instance."""
    yield first
    length = _ADDRESSES.get(first, 2)
    written = [each for each in accesses[: length - 1] if each.type == "get_attr"]
    if length and len(written) == length - 1 and len(accesses) >= length and accesses[length - 1].type != "get_attr":
        instance = accesses[length - 1]
        yield from _list_fields(written)
        yield from [*_list_fields([instance])][1:]
        yield from _list_fields(accesses[length:])
    else:
        yield from _list_fields(accesses)


def _list_fields(accesses: Iterable[SyntaxNode]) -> Iterator[str]:
    """The attributes and keys that are taken, one after the other."""
    for access in accesses:
        text = node_text(access).strip()
        if access.type == "get_attr":
            yield text.lstrip(". ")
        elif access.type == "index":
            yield (
                text.strip('[]" ')
                if text.count('"') == 2 and "$" not in text and text.startswith('["')
                else EACH
                if text.strip("[]. ").isdigit()
                else PICK
            )
        elif access.type == "splat":
            yield EACH
            yield from _list_fields(access.named_children[0].named_children)


def list_literals(node: SyntaxNode) -> Iterator[str]:
    """Yield the plain texts anywhere in an expression or a block."""
    if node.type == "template_literal":
        yield node_text(node)
    for child in node.named_children:
        yield from list_literals(child)
