"""How an expression uses a name: passes its value on, changes it, or decides something by it.

A value may be part of another one. ``fields`` lead to it: names of attributes and keys, EACH for every element, PICK
for one whose key is not literal, KEYS for the keys, INSTANCES for the keys of ``for_each``: those of a map, the
elements of a set. Other parts of an object have no effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from .hcl import HclBlock, SyntaxNode, descendants, node_text

# The effects of operators and functions on their operands and arguments.

#: The path to a part of a value: names of attributes and keys; ``*``, ``#`` and ``@`` as in `uses`.
Fields = tuple[str, ...]
#: The effects on a value: it decides something, it is changed, its length counts, the number of blocks depends on it,
#: its order among others does, a stated part is cut out of it, marks in it are replaced as in every text, or it is
#: compared with null or empty, which neither AWS's value nor its stand-in is. Without any effect it is passed on
#: unchanged.
DECIDES, CHANGES, COUNTS, REPEATS, ORDERS, CUTS, EDITS, NULLS = (
    "decides", "changes", "counts", "repeats", "orders", "cuts", "edits", "nulls",
)  # fmt: skip
#: Functions whose value contains their arguments unchanged.
_HANDING_ON: Final = frozenset(
    """
    base64encode chomp coalesce coalescelist compact concat element flatten format formatlist join jsonencode
    jsondecode keys list lower map merge nonsensitive one reverse sensitive setunion title tobool tolist tomap
    tonumber toset tostring trimspace try upper urlencode values yamldecode yamlencode zipmap
    """.split()  # noqa: SIM905  one a line is no better to read
)
#: Functions whose value changes with an argument, or comes from elsewhere.
_DECIDING: Final = frozenset(
    """
    abs alltrue anytrue can contains endswith file filebase64 filebase64sha256 filebase64sha512 fileexists filemd5
    fileset filesha1 filesha256 filesha512 index issensitive lookup matchkeys max min regexall setintersection
    setproduct setsubtract signum startswith strcontains sum timecmp transpose
    """.split()  # noqa: SIM905
)
_EFFECTS: Final = {
    **dict.fromkeys(_HANDING_ON, frozenset[str]()),
    **dict.fromkeys(_DECIDING, frozenset({DECIDES})),
    "slice": frozenset({CUTS}),
    "length": frozenset({COUNTS}),
    "range": frozenset({COUNTS}),
    "sort": frozenset({ORDERS}),
    "distinct": frozenset({ORDERS}),
}
#: Functions whose value has the fields of each argument, and those whose value has its elements, whatever the key.
_SAME_FIELDS: Final = frozenset(
    """
    coalesce jsondecode jsonencode merge nonsensitive sensitive tomap try yamldecode yamlencode
    """.split()  # noqa: SIM905
)
_SAME_ELEMENTS: Final = frozenset("coalescelist concat list reverse slice sort tolist values".split())  # noqa: SIM905
#: The same, but the number of elements depends on their values.
_SETS: Final = frozenset({"distinct", "setunion", "toset"})
#: Functions whose result depends on when and where they are called.
IMPURE: Final = frozenset({"abspath", "pathexpand", "plantimestamp", "timestamp"})
#: Texts that can be replaced in every text alike: no account, region or partition contains them.
_SAFE_TO_REPLACE: Final = re.compile(r'"(https?://|arn:|:[a-z-]+/|[^\w/$%"\\-]+|/)"')
_DECIDING_NODES: Final = frozenset({"binary_operation", "unary_operation"})
_DECIDING_PARTS: Final = frozenset({"index", "for_cond", "template_if_intro"})


def find_effect(node: SyntaxNode, child: SyntaxNode) -> frozenset[str]:
    """The effect on the value of a child in its node: an operation or a condition."""
    if child.type in _DECIDING_PARTS or node.type in _DECIDING_PARTS:
        return frozenset({DECIDES})
    if node.type not in _DECIDING_NODES:
        return frozenset()
    return frozenset({NULLS} if any(node_text(each) == "null" for each in node.named_children) else {DECIDES})


def find_parts(
    function: str, arguments: Sequence[SyntaxNode], fields: Fields
) -> Iterator[tuple[SyntaxNode, frozenset[str], Fields]]:
    """Yield the arguments of a function, the effect on each, and its part that becomes ``fields`` of the value."""
    effect = _EFFECTS.get(function, frozenset({CHANGES}))
    if function == "replace":
        safe = _SAFE_TO_REPLACE.fullmatch(node_text(arguments[1]) if len(arguments) > 1 else "")
        effect = frozenset({EDITS if safe else DECIDES})
    for place, argument in enumerate(arguments):
        yield from ((argument, added, inner) for added, inner in _find_part(function, place, fields) or [(effect, ())])


def _find_part(function: str, place: int, fields: Fields) -> list[tuple[frozenset[str], Fields]]:
    """Return the effect on one argument, and its parts; no parts for the whole argument."""
    effect, rest = _EFFECTS.get(function, frozenset()), fields[1:]
    key = frozenset({CHANGES if fields[:1] in ((), ("#",), ("@",)) else DECIDES})
    special: Mapping[tuple[str, int], tuple[frozenset[str], Fields]] = {
        ("zipmap", 0): (key, ()),
        ("zipmap", 1): (frozenset(), ("*", *rest) if fields else ()),
        ("one", 0): (frozenset(), ("*", *fields)),
        ("element", 0): (frozenset(), ("*", *fields)),
        ("element", 1): (frozenset({DECIDES}), ()),
        ("lookup", 0): (frozenset(), ("?", *fields)),
        ("lookup", 1): (frozenset({DECIDES}), ()),
        ("lookup", 2): (frozenset(), fields),
        ("keys", 0): (frozenset(), ("#",)),
        ("length", 0): (effect, ("#",)),
        ("slice", 1): (frozenset({DECIDES}), ()),
        ("slice", 2): (frozenset({DECIDES}), ()),
    }
    if (function, place) in special:
        return [special[function, place]]
    return _pass_on(function, fields) if fields else []


def _pass_on(function: str, fields: Fields) -> list[tuple[frozenset[str], Fields]]:
    """Return the parts of its arguments that become ``fields`` of a function's value, if known."""
    effect, first, rest = _EFFECTS.get(function, frozenset()), fields[0], fields[1:]
    if function in _SAME_FIELDS:
        return [(effect, fields)]
    if function in _SAME_ELEMENTS:
        return [(effect, (first if fields == ("#",) else "*", *rest))]
    if function == "compact":
        return [(frozenset({NULLS}) if fields == ("#",) else effect, ("*", *rest))]
    if function in _SETS:
        return [(effect, ("*", *rest))]
    if function == "flatten":
        element = first if fields == ("#",) else "*"
        return [(effect, (element, *rest)), (effect, ("*", element, *rest))]
    return []


EACH, PICK, KEYS, INSTANCES = "*", "?", "#", "@"
_ACCESSES: Final = frozenset({"get_attr", "index", "splat"})
#: Nodes whose value is that of their content.
_WRAPPERS: Final = frozenset({"expression", "collection_value", "for_expr"})
_MARKS: Final = frozenset({"object_start", "object_end", "tuple_start", "tuple_end", "comment"})
#: The beginning of a name, and the number of parts after which it may have instances, each under an index.
_ADDRESSES: Final = {"data": 3, "module": 2, **dict.fromkeys(("local", "var", "each", "count", "path", "self"), 0)}
#: Nested blocks that decide nothing about a resource's arguments.
_APART: Final = frozenset({"provisioner", "connection", "timeouts"})


@dataclass(frozen=True, slots=True)
class Use:
    """A name in an expression, such as ``("data", "aws_region", "here", "name")`` or ``("plantimestamp()",)``."""

    parts: tuple[str, ...]
    how: frozenset[str] = frozenset()

    def further(self, how: Iterable[str]) -> Use:
        """Return the same use by an expression that is used itself."""
        added = frozenset(how)
        return self if added <= self.how else Use(self.parts, self.how | added)


def find_uses(node: SyntaxNode, how: frozenset[str] = frozenset(), fields: Fields = ()) -> Iterator[Use]:
    """Yield the names in the part of an expression that ``fields`` lead to, in the order of the text."""
    match node.type:
        case "for_tuple_expr" | "for_object_expr":
            yield from _find_in_loop(node, how, fields)
        case "template_for":
            intro, *body = node.named_children
            yield from _find_in_intro(intro, [use for each in body for use in find_uses(each, how)], how)
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
    """Yield the names in each operand with its accesses."""
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
    """Yield uses that decide something; a comparison with null decides nothing."""
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
    """The effects of a loop on its variables, as effects on the elements and keys of their source."""
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


def _find_in_intro(intro: SyntaxNode, used: Iterable[Use], how: frozenset[str]) -> Iterator[Use]:
    """Yield the source of a loop, and the names used in it, with elements and keys in place of its variables."""
    names = [node_text(each) for each in intro.named_children if each.type == "identifier"]
    taken = next(each for each in intro.named_children if each.type == "expression")
    yield from find_uses(taken, how, (KEYS,))
    yield from substitute(used, names[-1], names[0] if len(names) > 1 else "", [taken])


def substitute(uses: Iterable[Use], value: str, key: str, taken: Sequence[SyntaxNode]) -> Iterator[Use]:
    """Yield uses, with elements of the source ``taken`` in place of ``value``, and its keys in place of ``key``.

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
        if function == "try" and argument is not arguments[-1]:  # whether a changed value fails depends on the value
            uses = (use.further({DECIDES}) if CHANGES in use.how else use for use in uses)
        yield from _decide(uses) if effect == {DECIDES} else (use.further(effect) for use in uses)


def _list_parts(node: SyntaxNode) -> list[SyntaxNode]:
    return [each for each in node.named_children if each.type not in _MARKS]


def find_block_uses(block: HclBlock, how: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Yield the names in all arguments and nested blocks of a block."""
    for name, value in block.arguments.items():
        if name != "depends_on":
            yield from find_uses(value.node, how)
    for inner in block.blocks:
        if inner.kind == "dynamic" and inner.labels:
            yield from find_dynamic_uses(inner, how)
        elif inner.kind not in _APART:
            yield from find_block_uses(inner, how)


def find_dynamic_uses(block: HclBlock, how: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Yield the names in a dynamic block; its uses of the iterator are uses of its source."""
    repeated = block.arguments.get("for_each")
    yield from (use.further({REPEATS} | how) for use in find_uses(repeated.node, fields=(KEYS,))) if repeated else ()
    yield from fill_in(block, (use for each in block.blocks for use in find_block_uses(each, how)))


def fill_in(block: HclBlock, uses: Iterable[Use]) -> Iterator[Use]:
    """Yield the uses in a dynamic block, with its source in place of the iterator."""
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
    return (node_text(each) for each in descendants(node) if each.type == "template_literal")


# The names in arguments of a resource, a data source or a module call, and the instance that a name means

#: The path to a part of a value: names of arguments, blocks and keys, and indices.
Part = tuple[str | int, ...]


def list_block_uses(block: HclBlock) -> Iterator[tuple[str, Iterator[Use]]]:
    """Yield each top-level argument and nested block with its names; repeated ones come one by one."""
    for name, value in block.arguments.items():
        if name != "depends_on":
            yield name, find_uses(value.node, fields=(INSTANCES,) if name == "for_each" else ())
    for inner in block.blocks:
        enabled = inner.arguments.get("enabled") if inner.kind == "lifecycle" else None
        if enabled:
            yield "enabled", find_uses(enabled.node)
        elif inner.kind == "dynamic" and inner.labels:
            yield inner.labels[0], find_dynamic_uses(inner)
        elif inner.kind != "lifecycle":
            yield inner.kind, find_block_uses(inner)


def find_part_uses(block: HclBlock, path: Part, how: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Yield the names in a block's value at a path of names and indices, such as ``("retry_policy", 0, "most")``."""
    name, inside = str(path[0]), path[1:]
    if name in block.arguments:
        fields = tuple(EACH if isinstance(each, int) else each for each in inside)
        yield from find_uses(block.arguments[name].node, how, fields)
    within = inside[1:] if inside and isinstance(inside[0], int) else inside
    for inner in block.blocks if within else ():
        if inner.kind == name:
            yield from find_part_uses(inner, within, how)
        elif inner.kind == "dynamic" and inner.labels == (name,):
            yield from fill_in(inner, (use for each in inner.blocks for use in find_part_uses(each, within, how)))


def list_repeated(blocks: Iterable[HclBlock]) -> list[SyntaxNode]:
    """The values that ``for_each`` of some blocks iterates over."""
    return [block.arguments["for_each"].node for block in blocks if "for_each" in block.arguments]


def stand_for_each(uses: Iterable[Use], repeated: Sequence[SyntaxNode]) -> Iterator[Use]:
    """Yield uses, with the names in ``for_each`` in place of ``each``."""
    for use in substitute(uses, "each.value", "each.key", repeated):
        if use.parts == ("each",):
            yield from (each for node in repeated for each in find_uses(node, use.how))
        elif use.parts[0] != "each":
            yield use


def drop_instance(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return a name without the instance index of a resource, data source or module."""
    length = {"data": 3, "module": 2, "local": 0, "var": 0}.get(parts[0], 2)
    return (
        (*parts[:length], *parts[length + 1 :])
        if length and parts[length : length + 1] in ((EACH,), (PICK,))
        else parts
    )
