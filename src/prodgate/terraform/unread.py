"""Takes blocks that can't be evaluated here out of a copy, so that all the rest can be.

What names such a block names a value instead that core itself calls unknown, of any type, so that nothing that depends
on it is known. That the block was taken out is a gap.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from typing import Any, Final

from .hcl import Expression, HclBlock, Reference, Source

#: The name of the value that stands for what was taken out, and of the resource whose id is as unknown.
UNREAD: Final = "prodgate_unread"
#: What a module needs in which something was taken out: a text that is unknown may hold JSON of any type.
STAND_IN: Final = (
    f'resource "terraform_data" "{UNREAD}" {{}}\nlocals {{\n  {UNREAD} = jsondecode(terraform_data.{UNREAD}.id)\n}}\n'
)
#: (first byte, byte after the last, what stands there instead; None blanks it but keeps its lines)
Edit = tuple[int, int, bytes | None]
#: Blocks that say what becomes of a state, which nobody has here.
_OF_STATE: Final = frozenset({"moved", "removed", "import"})
#: Lists of addresses, in which no value may stand.
_OF_ADDRESSES: Final = ("depends_on", "replace_triggered_by")
#: Functions that read a file, by which a value depends on what is in it.
_READS: Final = re.compile(r"file(base64)?(sha\d+|md5|base64sha\d+)?|filemd5|filebase64|templatefile")
#: What makes files when it is read or created, before which they need not be there.
_MAKES_FILES: Final = frozenset({"data.archive_file", "local_file", "local_sensitive_file"})


def take_out(source: Source, unread: Collection[str]) -> Iterator[Edit]:
    """Yield the edits that take the blocks at the addresses out of a file, and that redirect what names them."""
    for block in source.blocks if unread else ():
        if block.address in unread:
            yield block.start, block.end, None
        elif block.kind == "terraform":
            yield from _drop_requirements(block, unread)
        elif block.kind in _OF_STATE:
            yield from [(block.start, block.end, None)] if _mentions(block.references, unread) else []
        else:
            yield from _redirect(block, unread)


def _drop_requirements(block: HclBlock, unread: Container[str]) -> Iterator[Edit]:
    for inner in (each for each in block.blocks if each.kind == "required_providers"):
        yield from ((*span, None) for name, span in inner.spans.items() if f"provider.{name}" in unread)


def _redirect(block: HclBlock, unread: Container[str]) -> Iterator[Edit]:
    for name, value in block.arguments.items():
        if name in _OF_ADDRESSES:
            yield from [(*block.spans[name], None)] if _mentions(value.references, unread) else []
        else:
            found = (each for each in value.references if each.address in unread)
            yield from ((each.start, each.end, f"local.{UNREAD}".encode()) for each in found)
    for inner in block.blocks:
        yield from _redirect(inner, unread)


def _mentions(references: Any, unread: Container[str]) -> bool:
    return any(each.address in unread for each in references)


def remove_imports(source: Source, declared: Container[str]) -> Iterator[Edit]:
    """Yield the edits that remove imports into what is declared: it is judged as it will be, imported or created."""
    for block in (each for each in source.blocks if each.kind == "import"):
        to = block.arguments.get("to")
        address = re.sub(r"\[[^\]]*\]", "", to.text).strip() if to else ""
        if address in declared or address.startswith("module."):
            yield block.start, block.end, None


def replace_reads_of_made_files(source: Source, local_values: Mapping[str, Expression]) -> Iterator[Edit]:
    """Yield the edits by which what is read of a file that the run makes itself is unknown."""
    for block in source.blocks if b"file" in source.text else ():
        for call in _find_reads(block.node):
            if any(_makes_files(each, local_values) for each in Expression(source.file, 1, call).references):
                yield call.start_byte, call.end_byte, f"local.{UNREAD}".encode()


#: What a value is computed of, where it can be named at its place: no index of a loop around it is in it.
_NAMED: Final = re.compile(
    rb"(?<![\w.])(?:(?:data|ephemeral)\.[\w-]+\.[\w-]+(?:\[(?:\d+|\"[^\"$]*\"|each\.key|count\.index)\])?(?:\.[\w-]+)?"
    rb"|local\.[\w-]+)(?![\w-]*\[[^\d\"])"
)


def replace_uncomputable(source: Source, values: Iterable[tuple[str, int, int]]) -> Iterator[Edit]:
    """Yield the edits by which values at bytes of files are unknown, and come from where they came from.

    An unknown condition makes an unknown value that is as sensitive as what the condition names.
    """
    for file, start, end in values:
        if file == source.file:
            named = b", ".join(dict.fromkeys(_NAMED.findall(source.text, start, end)))
            unknown = f"local.{UNREAD}".encode()
            asked = unknown + b" == jsonencode([" + named + b"]) ? " + unknown + b" : " + unknown
            yield start, end, b"(" + asked + b")" if named else unknown


def _find_reads(node: Any) -> Iterator[Any]:
    for child in node.named_children:
        if child.type == "function_call" and _READS.fullmatch((child.named_children[0].text or b"").decode()):
            yield child
        else:
            yield from _find_reads(child)


def _makes_files(used: Reference, local_values: Mapping[str, Expression]) -> bool:
    if used.parts[0] == "local" and used.parts[1:2] and used.parts[1] in local_values:
        return any(_makes_files(each, {}) for each in local_values[used.parts[1]].references)
    return used.address.rpartition(".")[0] in _MAKES_FILES


def forget_stand_ins(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a plan without the resources that stand for what was taken out."""
    changes = [each for each in plan.get("resource_changes") or () if not _is_stand_in(each)]
    planned = {**plan["planned_values"], "root_module": _forget(plan["planned_values"].get("root_module") or {})}
    return {**plan, "resource_changes": changes, "planned_values": planned}


def _forget(module: Mapping[str, Any]) -> dict[str, Any]:
    kept = {**module, "resources": [each for each in module.get("resources") or () if not _is_stand_in(each)]}
    return kept | {"child_modules": [_forget(each) for each in module.get("child_modules") or ()]}


def _is_stand_in(stated: Mapping[str, Any]) -> bool:
    """Whether a resource is of a kind that makes nothing, and of the name; somebody's own may have that name, too."""
    return stated.get("type") == "terraform_data" and stated.get("name") == UNREAD
