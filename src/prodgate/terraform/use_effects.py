"""What operators and functions make of the values that they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from .hcl import SyntaxNode, node_text

#: What leads to a part of a value: names of attributes and keys; ``*``, ``#`` and ``@`` as `uses` has them.
Fields = tuple[str, ...]
#: What may become of a value on its way: something is decided by it, it is changed, its length counts, the number of
#: blocks follows from it, its place among others does, a stated part is cut out of it, marks in it are replaced as in
#: every text, or it is asked whether it is null or empty, which neither what AWS sets nor its stand-in is. Nothing of
#: all this: it is handed on as it is.
DECIDES, CHANGES, COUNTS, REPEATS, ORDERS, CUTS, EDITS, NULLS = (
    "decides", "changes", "counts", "repeats", "orders", "cuts", "edits", "nulls",
)  # fmt: skip
#: Functions whose value holds their arguments as they are.
_HANDING_ON: Final = frozenset(
    """
    base64encode chomp coalesce coalescelist compact concat element flatten format formatlist join jsonencode
    jsondecode keys list lower map merge nonsensitive one reverse sensitive setunion title tobool tolist tomap
    tonumber toset tostring trimspace try upper urlencode values yamldecode yamlencode zipmap
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
#: Functions that answer by when and where they are called.
IMPURE: Final = frozenset({"abspath", "pathexpand", "plantimestamp", "timestamp"})
#: What can be replaced in every text alike: no account, region or partition has it in it.
_SAFE_TO_REPLACE: Final = re.compile(r'"(https?://|arn:|:[a-z-]+/|[^\w/$%"\\-]+|/)"')
_DECIDING_NODES: Final = frozenset({"binary_operation", "unary_operation"})
_DECIDING_PARTS: Final = frozenset({"index", "for_cond", "template_if_intro"})


def find_effect(node: SyntaxNode, child: SyntaxNode) -> frozenset[str]:
    """What becomes of the value of a child in its node, an operation or what asks for a condition."""
    if child.type in _DECIDING_PARTS or node.type in _DECIDING_PARTS:
        return frozenset({DECIDES})
    if node.type not in _DECIDING_NODES:
        return frozenset()
    return frozenset({NULLS} if any(node_text(each) == "null" for each in node.named_children) else {DECIDES})


def find_parts(
    function: str, arguments: Sequence[SyntaxNode], fields: Fields
) -> Iterator[tuple[SyntaxNode, frozenset[str], Fields]]:
    """Yield the arguments of a function, what becomes of each, and the part of it that ``fields`` of the value are."""
    effect = _EFFECTS.get(function, frozenset({CHANGES}))
    if function == "replace":
        safe = _SAFE_TO_REPLACE.fullmatch(node_text(arguments[1]) if len(arguments) > 1 else "")
        effect = frozenset({EDITS if safe else DECIDES})
    for place, argument in enumerate(arguments):
        yield from ((argument, added, inner) for added, inner in _find_part(function, place, fields) or [(effect, ())])


def _find_part(function: str, place: int, fields: Fields) -> list[tuple[frozenset[str], Fields]]:
    """Return what becomes of one argument, and which parts of it; nothing when it is the whole, as of others."""
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
    """Return which parts of its arguments ``fields`` of the value of a function are, if that is known."""
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
