"""Policy documents of which a part is not known before the apply: what is known of them, with the rest unknown.

A text is known whole or not at all, so one unknown ARN hides a whole document. Core knows more: a data source that it
reads later keeps its known arguments, and so does a resource that stands beside ``jsonencode(X)`` and takes ``X``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ..semantics.unresolved import Unknown
from .addresses import split_call, split_module, without_indices
from .hcl import Expression, HclBlock, Source, descendants, node_text, parse_text
from .provider import MARK
from .provider.datasources import VERSION, build_statement
from .resources import Resource
from .sources import Module, Tree

#: How the names of the resources begin that take the values of documents.
OUTLINE: Final = "prodgate_outline"
_INDEX: Final = r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]'
_SEGMENTS: Final = re.compile(rf"(?<![\w-])(?:data\.)?[\w-]+\.[\w-]+(?:{_INDEX})?")
_PASSED_ON: Final = re.compile(r"(local|var)\.([\w-]+)")
_DATA: Final = re.compile(
    rf"(data\.aws_iam_policy_document\.[\w-]+)({_INDEX}|\[(?:each\.key|count\.index)\])?\.(?:minified_)?json"
)
_REPEATED: Final = ("count", "for_each")
#: The path of a module, the address there of the block whose argument holds an expression, and the argument.
_Place = tuple[str, str, str]


def write_outlines(plan: Mapping[str, Any], tree: Tree) -> Tree:
    """Return the tree with a resource for each document of a plan that is not known and written by ``jsonencode``."""
    added: dict[str, dict[str, str]] = {}
    for each in plan.get("resource_changes") or ():
        path, address = split_module(without_indices(each["address"]))
        values = {**(each["change"].get("after") or {}), **(each["change"].get("after_unknown") or {})}
        named = [name for name, value in values.items() if value is True or _may_be_hidden(value, tree)]
        for name in named if each["mode"] == "managed" else ():
            place, value = _find_expression(tree, (path, address, name))
            held = _read_document(value) if value else ""
            block = _find_block(tree, place) if held else None
            if block and (tree.modules[place[0]].directory, place[1]) not in tree.once:
                added.setdefault(block.file, {})[_name(place)] = _write(block, place, held)
    return _append(tree, added) if added else tree


def _may_be_hidden(value: Any, tree: Tree) -> bool:
    """Whether core knows a document by what stands in for something, so that it is not known here."""
    return isinstance(value, str) and value.startswith("{") and (MARK in value or bool(tree.unread))


def _append(tree: Tree, added: Mapping[str, Mapping[str, str]]) -> Tree:
    def extend(source: Source) -> Source:
        texts = "\n".join(added.get(source.file, {}).values())
        return parse_text(source.text + f"\n{texts}".encode(), source.file) if texts else source

    extended = {each.directory: Module(each.directory, tuple(map(extend, each.sources))) for each in tree.distinct}
    return replace(tree, modules={path: extended[each.directory] for path, each in tree.modules.items()})


def _write(block: HclBlock, place: _Place, held: str) -> str:
    stated = [f"{name} = {block.arguments[name].text}\n" for name in _REPEATED if name in block.arguments]
    return f'resource "terraform_data" "{_name(place)}" {{\n{"".join(stated)}input = {held}\n}}\n'


def _name(place: _Place) -> str:
    return "-".join((OUTLINE, *place[1].split("."), place[2]))


def _read_document(value: Expression) -> str:
    """Return what is encoded, if an expression is ``jsonencode`` of a policy document that names something."""
    call = value.node.named_children[0] if len(value.node.named_children) == 1 else None
    if not call or call.type != "function_call" or value.file.endswith(".json"):
        return ""
    name, *rest = call.named_children
    arguments = [each for part in rest for each in part.named_children if each.type == "expression"]
    words = {node_text(each) for each in descendants(call)} if len(arguments) == 1 else set()
    policy = node_text(name) == "jsonencode" and {"Statement", '"Statement"'} & words
    return node_text(arguments[0]) if policy and value.references else ""


def _find_expression(tree: Tree, place: _Place) -> tuple[_Place, Expression | None]:
    """Return where an argument's value is written in the end, through local values and the calls of modules."""
    value, seen = _find_value(tree, place), set[tuple[_Place, str]]()
    while value and (passed := _PASSED_ON.fullmatch(value.text.strip())) and (place, value.text) not in seen:
        seen.add((place, value.text))
        path, kind, name = place[0], *passed.groups()
        if kind == "local":
            value = tree.modules[path].local_values.get(name)
        elif path:
            caller, call = split_call(path)
            place = caller, f"module.{call}", name
            value = _find_value(tree, place)
    return place, value


def _find_block(tree: Tree, place: _Place) -> HclBlock | None:
    blocks = tree.modules[place[0]].declared.get(place[1], ()) if place[0] in tree.modules else ()
    return blocks[0] if len(blocks) == 1 else None


def _find_value(tree: Tree, place: _Place) -> Expression | None:
    block = _find_block(tree, place)
    return block.arguments.get(place[2]) if block else None


def add_outlines(resources: Iterable[Resource], tree: Tree) -> Iterator[Resource]:
    """Yield the configured resources, with the outlines of their documents where these are not known."""
    found = {each.address: each for each in resources}
    for address, each in found.items():
        for name, value in each.search().items() if each.mode == "managed" else ():
            if isinstance(value, Unknown):
                document = _find_outline(address, name, tree, found)
                each.outlines = {**each.outlines, **({} if document is None else {name: document})}
        if not is_beside(address):
            yield each


def is_outline(address: str) -> bool:
    """Whether an address is of what states the parts of a document: a resource beside it, or its data source."""
    return is_beside(address) or "data.aws_iam_policy_document." in address


def is_beside(address: str) -> bool:
    """Whether an address is of a resource that stands beside a document."""
    return f"terraform_data.{OUTLINE}-" in address


def _find_outline(address: str, name: str, tree: Tree, found: Mapping[str, Resource]) -> Any:
    segments = _SEGMENTS.findall(address)
    place, value = _find_expression(tree, (*split_module(without_indices(address)), name))
    depth = len(_SEGMENTS.findall(place[0]))
    index = segments[depth].removeprefix(without_indices(segments[depth]))
    data = _DATA.fullmatch(value.text.strip()) if value else None
    if data:
        own = data[2] if data[2] and data[2][1] in '"0123456789' else index if data[2] else ""
        holder = found.get(".".join((*segments[:depth], data[1] + own)))
        return _write_document(holder.search()) if holder else None
    holder = found.get(".".join((*segments[:depth], f"terraform_data.{_name(place)}{index}")))
    held = holder.search().get("input") if holder else None
    return held if isinstance(held, Mapping) else None


# A policy document from the arguments of its data source

_OVERRIDING: Final = ("override_policy_documents", "override_json")
_TAKING_IN: Final = ("source_policy_documents", "source_json")
_BLOCKS: Final = {"principals": "Principal", "not_principals": "NotPrincipal", "condition": "Condition"}


def _write_document(values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the document of a data source; None where another document may replace its statements."""
    if any(_is_set(values.get(name)) for name in _OVERRIDING):
        return None
    stated = values.get("statement")
    statements = [_write_statement(each) for each in (stated if isinstance(stated, list) else [stated])]
    others = [Unknown("is part of another document") for name in _TAKING_IN if _is_set(values.get(name))]
    return {"Statement": [*statements, *others]}


def _is_set(value: Any) -> bool:
    return isinstance(value, Unknown) or bool(value)


def _write_statement(block: Any) -> Any:
    """Return a statement as the provider writes it, with what is unknown in its place."""
    stated = {} if isinstance(block, Unknown) else block
    unknown = {name: value for name, value in stated.items() if isinstance(value, Unknown)}
    if open_ := [value for name, value in unknown.items() if name.startswith("not_")]:
        return open_[0]  # it may be empty, and then something else decides
    if not stated:
        return block
    marks: list[Unknown] = []
    known = {name: _mark(value, marks) for name, value in stated.items() if name not in _BLOCKS or name not in unknown}
    written = _restore(build_statement(known, VERSION), marks)
    return written | {_BLOCKS[name]: value for name, value in unknown.items() if name in _BLOCKS}


def _mark(value: Any, marks: list[Unknown]) -> Any:
    """Return a value with a text for each unknown in it, by its place among ``marks``."""
    if isinstance(value, Unknown):
        marks.append(value)
        return f"{OUTLINE}-{len(marks) - 1}"
    if isinstance(value, Mapping):
        return {key: _mark(each, marks) for key, each in value.items()}
    return [_mark(each, marks) for each in value] if isinstance(value, list) else value


def _restore(value: Any, marks: list[Unknown]) -> Any:
    """Return a value with its unknowns again; what stands under an unknown key is unknown as a whole."""
    if isinstance(value, Mapping):
        held = {key: (_restore(key, marks), _restore(each, marks)) for key, each in value.items()}
        unknown = next((key for key, _ in held.values() if isinstance(key, Unknown)), None)
        return {key: each for key, (_, each) in held.items()} if unknown is None else unknown
    if isinstance(value, list):
        return [_restore(each, marks) for each in value]
    found = re.fullmatch(rf"{OUTLINE}-(\d+)", value)
    return marks[int(found[1])] if found else value
