"""Terraform source as text: which blocks and arguments are written where, and what each expression refers to.

Core evaluates; this only remembers lines. It never decides a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Final

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser

#: What may follow the first word of a reference.
_ACCESSES: Final = frozenset({"get_attr", "index", "splat"})
#: How many parts of a name are an address, where these are not two.
_ADDRESS_PARTS: Final = {"data": 3, "ephemeral": 3}
#: A part of the text, as the parser has it.
SyntaxNode = Node
_PARSER: Final = Parser(Language(tree_sitter_hcl.language()))


@dataclass(frozen=True, slots=True)
class Reference:
    """What an expression refers to: ``("var", "x")``, ``("each", "value", "limit")``, ``("aws_sns_topic", "alarms")``.

    ``start`` and ``end`` are the bytes of its first two parts, or three where the first is ``data``: of an address.
    """

    parts: tuple[str, ...]
    line: int
    start: int
    end: int

    @property
    def address(self) -> str:
        """What it names in its module: ``aws_x.y``, ``data.aws_x.y``, ``module.x``."""
        return ".".join(self.parts[: _ADDRESS_PARTS.get(self.parts[0], 2)])


class Expression:
    """An argument's value, or a part of it."""

    def __init__(self, file: str, line: int, node: Node) -> None:
        self.file, self.line, self.node = file, line, node

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every name in it that leads out of the expression, in the order of the text."""
        return tuple(_references(self.node))

    @property
    def last_line(self) -> int:
        """The line that it ends on."""
        return int(self.node.end_point.row) + 1

    @property
    def text(self) -> str:
        """The expression as it is written."""
        return node_text(self.node)

    @cached_property
    def literal(self) -> str | None:
        """The text, when it is a plain quoted text."""
        node = _only_child(self.node, "literal_value")
        node = _only_child(node, "string_lit") if node else None
        return node_text(node).strip('"') if node else None

    @cached_property
    def entries(self) -> Mapping[str, Expression]:
        """The entries of an object, when it is written as one."""
        node = _only_child(self.node, "collection_value")
        node = _only_child(node, "object") if node else None
        elements = [each for each in node.named_children if each.type == "object_elem"] if node else []
        return {
            node_text(each.named_children[0]).strip('"'): Expression(
                self.file, node_line(each), each.named_children[-1]
            )
            for each in elements
        }

    @cached_property
    def items(self) -> tuple[Expression, ...]:
        """The items of a list, when it is written as one; else itself alone."""
        node = _only_child(self.node, "collection_value")
        node = _only_child(node, "tuple") if node else None
        return tuple(Expression(self.file, node_line(each), each) for each in node.named_children) if node else (self,)

    @cached_property
    def document_lines(self) -> tuple[int, ...]:
        """The lines of a document's entries at every depth, when the value is ``jsonencode({ … })``."""
        call = _only_child(self.node, "function_call")
        if call is None or node_text(call.named_children[0]) != "jsonencode":
            return ()
        return tuple(dict.fromkeys(node_line(each) for each in descendants(call) if each.type == "object_elem"))


@dataclass(frozen=True, eq=False)
class HclBlock:
    """A block: ``resource "aws_x" "y" { … }`` has kind "resource" and labels ("aws_x", "y").

    ``start`` and ``end`` are its bytes in the file.
    """

    kind: str
    labels: tuple[str, ...]
    file: str
    line: int
    start: int
    end: int
    node: Node

    @cached_property
    def arguments(self) -> Mapping[str, Expression]:
        """The arguments that stand directly in the block."""
        return _arguments(self.node, self.file)

    @property
    def references(self) -> Iterator[Reference]:
        """Every name that its arguments and nested blocks refer to, but for those in ``depends_on``."""
        for name, value in self.arguments.items():
            if name != "depends_on":
                yield from value.references
        for inner in self.blocks:
            yield from inner.references

    @property
    def address(self) -> str:
        """What the module calls it: ``aws_x.y``, ``data.aws_x.y``, ``module.x``."""
        return ".".join(self.labels if self.kind == "resource" else (self.kind, *self.labels))

    @property
    def last_line(self) -> int:
        """The line that it ends on."""
        return int(self.node.end_point.row) + 1

    @property
    def spans(self) -> Mapping[str, tuple[int, int]]:
        """The bytes of each argument, name included."""
        children = _children(self.node, "attribute")
        return {node_text(child.named_children[0]): (child.start_byte, child.end_byte) for child in children}

    @cached_property
    def blocks(self) -> tuple[HclBlock, ...]:
        """The blocks nested directly in it."""
        return _blocks(self.node, self.file)


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file. ``arguments`` are those outside of any block, as in a variable file."""

    file: str
    text: bytes
    broken: bool
    blocks: tuple[HclBlock, ...]
    arguments: Mapping[str, Expression]

    @property
    def is_json(self) -> bool:
        """Whether it is in Terraform's JSON syntax, of which the blocks are not read here."""
        return self.file.endswith(".json")


def parse(path: Path, file: str) -> Source:
    """Parse a file; ``file`` is the name that positions carry. Text that is not HCL gives what could be made out."""
    return parse_text(path.read_bytes(), file)


def parse_text(text: bytes, file: str) -> Source:
    """Parse what a file holds, like ``parse``."""
    root = _PARSER.parse(text).root_node
    return Source(file, text, root.has_error, _blocks(root, file), _arguments(root, file))


def _parse_block(node: Node, file: str) -> HclBlock:
    words = [child for child in node.named_children if child.type in ("identifier", "string_lit")]
    kind, *labels = (node_text(word).strip('"') for word in words)
    return HclBlock(kind, tuple(labels), file, node_line(node), node.start_byte, node.end_byte, node)


def _blocks(node: Node, file: str) -> tuple[HclBlock, ...]:
    return tuple(_parse_block(child, file) for child in _children(node, "block"))


def _arguments(node: Node, file: str) -> dict[str, Expression]:
    return {
        node_text(child.named_children[0]): Expression(file, node_line(child), child.named_children[-1])
        for child in _children(node, "attribute")
    }


def _children(node: Node, kind: str) -> Iterator[Node]:
    """Yield what stands directly in a block or a file."""
    bodies = (each for each in node.named_children if each.type == "body")
    return (child for body in bodies for child in body.named_children if child.type == kind)


def descendants(node: Node) -> Iterator[Node]:
    """Yield all that stands in a node, at every depth."""
    waiting = node.named_children[::-1]
    while waiting:
        child = waiting.pop()
        yield child
        waiting += child.named_children[::-1]


def _references(node: Node) -> Iterator[Reference]:
    children = node.named_children
    for position, child in enumerate(children):
        if child.type != "variable_expr":
            yield from _references(child)
        elif accesses := list(takewhile(lambda each: each.type in _ACCESSES, children[position + 1 :])):
            yield _reference(child, accesses)


def _reference(root: Node, accesses: list[Node]) -> Reference:
    """Follow ``.name`` and ``["name"]``; indices that are not plain text are left out."""
    parts, end = [node_text(root)], root.end_byte
    for access in accesses:
        name = node_text(access).strip()
        if access.type == "get_attr":
            parts.append(name.lstrip(". "))
        elif access.type == "index" and '"' in name and "$" not in name:
            parts.append(name.strip('[]" '))
        if len(parts) == _ADDRESS_PARTS.get(parts[0], 2) and end == root.end_byte:
            end = access.end_byte
    return Reference(tuple(parts), node_line(root), root.start_byte, end)


def _only_child(node: Node, kind: str) -> Node | None:
    children = node.named_children
    return children[0] if len(children) == 1 and children[0].type == kind else None


def node_text(node: Node) -> str:
    """Return a node as it is written."""
    return (node.text or b"").decode("utf-8", errors="replace")


def node_line(node: Node) -> int:
    """Return the line a node begins on."""
    return int(node.start_point.row) + 1
