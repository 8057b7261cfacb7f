"""Terraform source as text: the positions of blocks and arguments, and the references of each expression.

Core evaluates; this only records lines. It never decides a value.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Final

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser

from ..processes.regular_files import read_measured

#: Tokens that may follow the first word of a reference.
_ACCESSES: Final = frozenset({"get_attr", "index", "splat"})
#: How many parts of a name form an address, if not two.
_ADDRESS_PARTS: Final = {"data": 3, "ephemeral": 3}
#: A part of the text, as the parser represents it.
SyntaxNode = Node
_EXPONENT: Final = re.compile(rb"(?<![\w.])\d+[eE][+-]?\d+")
_PARSER: Final = Parser(Language(tree_sitter_hcl.language()))


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of an expression: ``("var", "x")``, ``("each", "value", "limit")``, ``("aws_sns_topic", "alarms")``.

    ``start`` and ``end`` are the bytes of its first two parts, or three where the first is ``data``: of an address.
    """

    parts: tuple[str, ...]
    line: int
    start: int
    end: int

    @property
    def address(self) -> str:
        """Its target in the module: ``aws_x.y``, ``data.aws_x.y``, ``module.x``."""
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
        """The expression as written."""
        return node_text(self.node)

    @cached_property
    def literal(self) -> str | None:
        """The text, if it is a plain quoted text."""
        node = _only_child(self.node, "literal_value")
        node = _only_child(node, "string_lit") if node else None
        return node_text(node).strip('"') if node else None

    @property
    def members(self) -> Iterator[tuple[str, Expression]]:
        """The entries of an object, if written as one, including repeated names."""
        node = _only_child(self.node, "collection_value")
        node = _only_child(node, "object") if node else None
        for each in (child for child in (node.named_children if node else ()) if child.type == "object_elem"):
            name = node_text(each.named_children[0]).strip('"')
            yield name, Expression(self.file, node_line(each), each.named_children[-1])

    @cached_property
    def entries(self) -> Mapping[str, Expression]:
        """The last entry of each name of an object."""
        return dict(self.members)

    def find_entry(self, path: Iterable[str]) -> Expression:
        """Return the entry at a path of names, as far as it is written as an object; else its container."""
        found = self
        for name in path:
            if name not in found.entries:
                break
            found = found.entries[name]
        return found

    @cached_property
    def items(self) -> tuple[Expression, ...]:
        """The items of a list, if written as one; else itself alone."""
        node = _only_child(self.node, "collection_value")
        node = _only_child(node, "tuple") if node else None
        every = (each for each in node.named_children if each.type == "expression") if node else ()  # but not [ and ]
        return tuple(Expression(self.file, node_line(each), each) for each in every) if node else (self,)

    @cached_property
    def document_lines(self) -> tuple[int, ...]:
        """The lines of a document's entries at every depth, if the value is ``jsonencode({ … })``."""
        call = _only_child(self.node, "function_call")
        if call is None or node_text(call.named_children[0]) != "jsonencode":
            return ()
        return tuple(dict.fromkeys(node_line(each) for each in descendants(call) if each.type == "object_elem"))


@dataclass(frozen=True, eq=False)
class HclBlock:
    """A block: ``resource "aws_x" "y" { … }`` has kind "resource" and labels ("aws_x", "y").

    In JSON it is the object below these names, at the line of the last of them.
    """

    kind: str
    labels: tuple[str, ...]
    file: str
    line: int
    node: Node

    @cached_property
    def _content(self) -> tuple[Mapping[str, Expression], tuple[HclBlock, ...]]:
        if self.file.endswith(".json"):
            return _read_object(self.kind, Expression(self.file, self.line, self.node))
        return _arguments(self.node, self.file), _blocks(self.node, self.file)

    @property
    def arguments(self) -> Mapping[str, Expression]:
        """The arguments directly in the block."""
        return self._content[0]

    @property
    def blocks(self) -> tuple[HclBlock, ...]:
        """The blocks nested directly in it."""
        return self._content[1]

    @property
    def references(self) -> Iterator[Reference]:
        """Every name that its arguments and nested blocks refer to, except those in ``depends_on``."""
        for name, value in self.arguments.items():
            if name != "depends_on":
                yield from value.references
        for inner in self.blocks:
            yield from inner.references

    @property
    def address(self) -> str:
        """Its address in the module: ``aws_x.y``, ``data.aws_x.y``, ``module.x``, ``var.x``."""
        return make_address(self.kind, self.labels)

    @property
    def last_line(self) -> int:
        """The line that it ends on."""
        return int(self.node.end_point.row) + 1

    @property
    def span(self) -> tuple[int, int]:
        """Its bytes in a file of native syntax."""
        return self.node.start_byte, self.node.end_byte

    @property
    def spans(self) -> Mapping[str, tuple[int, int]]:
        """The bytes of each argument there, including its name."""
        children = _children(self.node, "attribute")
        return {node_text(child.named_children[0]): (child.start_byte, child.end_byte) for child in children}


def make_address(kind: str, labels: Iterable[str]) -> str:
    """Return the address of a block in its module, by its kind and labels."""
    return ".".join(labels if kind == "resource" else ({"variable": "var"}.get(kind, kind), *labels))


#: How the names of files end that OpenTofu reads in the place of those that are called .tf, or beside them.
TOFU: Final = {".tofu": ".tf", ".tofu.json": ".tf.json"}


def name_for_core(name: str) -> str:
    """Return the name by which every core reads a file: that of ``x.tofu`` is ``x.tf``."""
    ending = next((each for each in TOFU if name.endswith(each)), "")
    return name.removesuffix(ending) + TOFU[ending] if ending else name


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file. ``arguments`` are those outside of any block, as in a variable file."""

    file: str
    text: bytes
    native: bytes
    """Its content in native syntax, on the same lines: the text itself, or the parsed part of JSON."""
    broken: bool
    blocks: tuple[HclBlock, ...]
    arguments: Mapping[str, Expression]

    @property
    def core_file(self) -> str:
        """The name by which every core reads it."""
        return name_for_core(self.file)

    @property
    def is_json(self) -> bool:
        """Whether it is in Terraform's JSON syntax, where bytes of nodes are not those of the file."""
        return self.file.endswith(".json")


def parse(path: Path, file: str) -> Source:
    """Parse a file; ``file`` is the name in positions. Invalid HCL yields the recognisable parts."""
    return parse_text(read_measured(path), file)


def parse_values(path: Path, file: str) -> Mapping[str, Expression]:
    """Parse a file of variable values, whose JSON syntax has no templates: ``${`` is literal."""
    text = read_measured(path)
    return parse_text(text, file, _write_native(text, literal=True) if file.endswith(".json") else None).arguments


def parse_text(text: bytes, file: str, native: bytes | None = None) -> Source:
    """Parse a file's content, like ``parse``; ``native`` is its replacement in native syntax, if any."""
    if native is None:
        native = _write_native(text) if file.endswith(".json") else text
    root = _PARSER.parse(native).root_node
    if root.has_error:  # the grammar lacks 1e5
        root = _PARSER.parse(_EXPONENT.sub(lambda found: b"1" * len(found[0]), native)).root_node
    arguments: Mapping[str, Expression] = _arguments(root, file)
    if not file.endswith(".json"):
        return Source(file, text, native, root.has_error, _blocks(root, file), arguments)
    if root.has_error or _NAME not in arguments:
        return Source(file, text, native, True, (), {})
    stated = arguments[_NAME]
    return Source(file, text, native, False, tuple(_list_blocks(stated)), stated.entries)


def _parse_block(node: Node, file: str) -> HclBlock:
    words = [child for child in node.named_children if child.type in ("identifier", "string_lit")]
    kind, *labels = (node_text(word).strip('"') for word in words)
    return HclBlock(kind, tuple(labels), file, node_line(node), node)


def _blocks(node: Node, file: str) -> tuple[HclBlock, ...]:
    return tuple(_parse_block(child, file) for child in _children(node, "block"))


def _arguments(node: Node, file: str) -> dict[str, Expression]:
    return {
        node_text(child.named_children[0]): Expression(file, node_line(child), child.named_children[-1])
        for child in _children(node, "attribute")
    }


def _children(node: Node, kind: str) -> Iterator[Node]:
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
    """Return a node as written."""
    return (node.text or b"").decode("utf-8", errors="replace")


def node_line(node: Node) -> int:
    """Return the line a node begins on."""
    return int(node.start_point.row) + 1


# Terraform's JSON syntax, which is one expression of the native one: its objects are blocks at their own lines

#: Kinds of blocks -> how many labels they have.
LABELS: Final = {
    "resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1, "provider": 1, "locals": 0,
    "terraform": 0, "check": 1, "moved": 0, "import": 0, "removed": 0, "dynamic": 1,
}  # fmt: skip
#: Keys that are always blocks; for anything else in JSON only the provider's schema tells.
_NESTED: Final = frozenset({"dynamic", "lifecycle", "provisioner", "connection", "required_providers"})
#: Blocks whose arguments are values, of any name -> the blocks in them nevertheless.
_OF_VALUES: Final = {"locals": (), "module": ("lifecycle",), "variable": (), "output": ()}
#: Starts the line of the file's first brace, so that lines stay as they are.
_NAME: Final = "stated"
TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
#: Characters that the native syntax escapes differently from JSON.
_CONTROLS: Final = {"\b": r"\u0008", "\f": r"\u000c"}


def _write_native(text: bytes, *, literal: bool = False) -> bytes:
    try:
        return _NAME.encode() + b" = " + TEXT.sub(_to_literal if literal else _to_native, text)
    except (ValueError, RecursionError):
        return b""


def _to_native(text: re.Match[bytes]) -> bytes:
    """Return a text in native syntax, on its single line."""
    return write_text(json.loads(text[0])).replace("\n", " ").encode("utf-8", "replace")


def _to_literal(text: re.Match[bytes]) -> bytes:
    return write_text(re.sub(r"[$%](?=\{)", r"\g<0>\g<0>", json.loads(text[0]))).encode("utf-8", "replace")


def _list_blocks(stated: Expression) -> Iterator[HclBlock]:
    return (block for item in stated.items for kind, value in item.members for block in _blocks_of(kind, value))


def _blocks_of(kind: str, value: Expression, labelled: int | None = None) -> Iterator[HclBlock]:
    for labels, body in list_bodies(value, LABELS.get(kind, 0) if labelled is None else labelled):
        yield from (HclBlock(kind, labels, body.file, body.line, item.node) for item in body.items)


def _read_object(kind: str, body: Expression) -> tuple[Mapping[str, Expression], tuple[HclBlock, ...]]:
    """Return the arguments and the blocks in an object; only blocks may be repeated, or hold a dynamic one.

    Objects whose keys the team chooses hold no blocks but core's.
    """
    members = [each for each in body.members if each[0] != "//"]
    counted = Counter(name for name, _ in members)
    arguments: dict[str, Expression] = {}
    blocks: list[HclBlock] = []
    for name, value in members:
        if kind in _OF_VALUES:
            is_block = name in _OF_VALUES[kind]
        else:
            is_block = name in _NESTED or (kind, name) == ("dynamic", "content")
            is_block = is_block or counted[name] > 1 or _holds_dynamic(value)
        if is_block:
            blocks += _blocks_of(name, value, int(name == "dynamic"))
        else:
            arguments[name] = value
    return arguments, tuple(blocks)


def _holds_dynamic(value: Expression) -> bool:
    stated = (item.entries["dynamic"] for item in value.items if "dynamic" in item.entries)
    return any(each.entries for one in stated for each in one.items)  # otherwise it is a key of a map


def write_text(text: str) -> str:
    """Return a template in native syntax: quotes are bare inside ``${ }``, and escaped with a backslash outside."""
    written, ends, position = [], [""], 0  # ends: of the template, of the code in it, of the text in that, …
    while position < len(text):
        one, two, before = text[position], text[position : position + 2], text[position - 1 : position]
        said = one
        if ends[-1] == "}" and (one == "#" or two == "//"):  # a comment would end the one line that this is written on
            position += len(text[position:].partition("\n")[0])
            continue
        if one == ends[-1]:
            ends.pop()
        elif ends[-1] == "}":
            ends += [{"{": "}", '"': '"'}[one]] if one in '{"' else []
        elif two in ("${", "%{") and before != two[0]:
            ends.append("}")
            said = two
        elif ends[-1]:
            said = two if one == "\\" else one
        written.append(said if len(ends) > 1 else _CONTROLS.get(said) or json.dumps(said, ensure_ascii=False)[1:-1])
        position += len(said)
    return f'"{"".join(written)}"'


def read_in_place(source: Source) -> Expression | None:
    """Read a file whose positions count: its texts are blank except for names. None if it is no JSON."""
    text = TEXT.sub(lambda found: re.sub(rb"[^\w\"-]|(?<!^)\"(?!$)", b"_", found[0]), source.text)
    read = parse_text(_NAME.encode() + b" = " + text, "")
    return None if read.broken else read.arguments.get(_NAME)


def place_of(value: Expression) -> tuple[int, int]:
    """Return the position in the file of something that ``read_in_place`` returned."""
    return value.node.start_byte - len(_NAME) - 3, value.node.end_byte - len(_NAME) - 3


def list_bodies(value: Expression, labels: int) -> Iterator[tuple[tuple[str, ...], Expression]]:
    """Yield the values below so many names, and the names."""
    if not labels:
        yield (), value
        return
    for item in value.items:
        for name, inner in item.members:
            yield from (((name, *rest), body) for rest, body in list_bodies(inner, labels - 1))
