"""How an expression uses what it names: whether it hands a value on, changes it, or decides something by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from .hcl import HclBlock, SyntaxNode, node_text

#: What may become of a value on its way: something is decided by it, it is changed, its length counts, the number of
#: blocks follows from it, a stated part is cut out of it, or it is held by an object or a list with others. Nothing of
#: all this: it is handed on as it is.
DECIDES, CHANGES, COUNTS, REPEATS, CUTS, HELD = "decides", "changes", "counts", "repeats", "cuts", "held"
#: Functions whose value holds their arguments as they are.
_HANDING_ON: Final = frozenset(
    """
    base64encode chomp coalesce coalescelist compact concat distinct element flatten format formatlist join jsonencode
    jsondecode keys list lower map merge nonsensitive one reverse sensitive setunion sort title tobool tolist tomap
    tonumber toset tostring trimspace try upper urlencode values yamlencode zipmap
    """.split()  # noqa: SIM905  one a line is no better to read
)
#: Functions whose value is something else for one argument than for another, or comes from somewhere else.
_DECIDING: Final = frozenset(
    """
    abs alltrue anytrue can contains endswith file filebase64 filebase64sha256 filebase64sha512 fileexists filemd5
    fileset filesha1 filesha256 filesha512 index issensitive lookup matchkeys max min regexall setintersection
    setproduct setsubtract signum startswith strcontains sum timecmp transpose
    """.split()  # noqa: SIM905
)
#: Functions that answer by when and where they are called.
IMPURE: Final = frozenset({"abspath", "pathexpand", "plantimestamp", "timestamp"})
_DECIDING_NODES: Final = frozenset({"binary_operation", "unary_operation", "for_cond", "template_if_intro"})
_ACCESSES: Final = frozenset({"get_attr", "index", "splat"})
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


def find_uses(node: SyntaxNode, how: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Yield what an expression names, also variables of ``for``, in the order of the text."""
    if node.type in ("for_tuple_expr", "for_object_expr"):
        yield from _find_in_loop(node, how)
        return
    if node.type == "function_call" and (name := node_text(node.named_children[0])) in IMPURE:
        yield Use((f"{name}()",), how)
    children = node.named_children
    for position, child in enumerate(children):
        if child.type == "variable_expr":
            accesses = takewhile(lambda each: each.type in _ACCESSES, children[position + 1 :])
            yield Use((node_text(child), *_list_names(accesses)), how)
        else:
            yield from find_uses(child, how | _effect(node, child, position))


def _find_in_loop(node: SyntaxNode, how: frozenset[str]) -> Iterator[Use]:
    """What a loop does with its variables, it does with what they are taken from."""
    intro, *body = [each for each in node.named_children if each.type not in ("object_start", "tuple_start")]
    names = {node_text(each) for each in intro.named_children if each.type == "identifier"}
    used = [use for each in body for use in find_uses(each, how | _effect(node, each, 1))]
    yield from find_uses(intro, how.union({HELD}, *(use.how for use in used if use.parts[0] in names)))
    yield from (use for use in used if use.parts[0] not in names)


def _effect(node: SyntaxNode, child: SyntaxNode, position: int) -> frozenset[str]:
    """What becomes of the value of a child in its node."""
    if node.type in _DECIDING_NODES or child.type in ("index", "for_cond", "template_if_intro"):
        return frozenset({DECIDES})
    if node.type == "conditional":
        return frozenset({DECIDES}) if position == 0 else frozenset()
    if node.type == "object_elem":
        return frozenset({CHANGES} if position == 0 else {HELD})
    if node.type == "function_call" and child.type == "function_arguments":
        return _effect_of_function(node_text(node.named_children[0]))
    return frozenset()


def _effect_of_function(name: str) -> frozenset[str]:
    name = name.removeprefix("core::")
    if name in _HANDING_ON:
        return frozenset()
    if name in _DECIDING:
        return frozenset({DECIDES})
    return frozenset({{"slice": CUTS, "length": COUNTS, "range": COUNTS}.get(name, CHANGES)})


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
    named = block.arguments.get("iterator")
    iterator = named.text.strip() if named else block.labels[0]
    inner = [use for each in block.blocks for use in find_block_uses(each, how)]
    added = frozenset({REPEATS, HELD}).union(*(use.how for use in inner if use.parts[0] == iterator))
    if repeated := block.arguments.get("for_each"):
        yield from (use.further(added | how) for use in find_uses(repeated.node))
    yield from (use for use in inner if use.parts[0] != iterator)


def _list_names(accesses: Iterable[SyntaxNode]) -> Iterator[str]:
    """The attributes that are taken, one after the other; of indices, those that are plain text."""
    for access in accesses:
        text = node_text(access).strip()
        if access.type == "get_attr":
            yield text.lstrip(". ")
        elif access.type == "index" and '"' in text and "$" not in text and text.count('"') == 2:
            yield text.strip('[]" ')
        elif access.type == "splat":
            yield from _list_names(access.named_children[0].named_children)


def list_literals(node: SyntaxNode) -> Iterator[str]:
    """Yield the plain texts anywhere in an expression or a block."""
    if node.type == "template_literal":
        yield node_text(node)
    for child in node.named_children:
        yield from list_literals(child)


def narrow(node: SyntaxNode, fields: Sequence[str]) -> SyntaxNode:
    """Return the part of an expression that a field leads to, as far as it is written out as an object."""
    for field in fields:
        inner = node
        while len(inner.named_children) == 1 and inner.type in ("expression", "collection_value"):
            inner = inner.named_children[0]
        elements = (
            [each for each in inner.named_children if each.type == "object_elem"] if inner.type == "object" else []
        )
        wanted = [each for each in elements if node_text(each.named_children[0]).strip('"') == field]
        if len(wanted) != 1:
            return node
        node = wanted[0].named_children[-1]
    return node
