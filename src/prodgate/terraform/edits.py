"""Edits to a copied file so that one plan decides everything. Each keeps every line where it was.

Core puts off reading a data source until apply when it names a managed resource directly, or depends on one. An
evaluation applies nothing, and the stand-in provider knows the values while planning; so a data source names the
resource through a local value instead, and its ``depends_on`` is removed, as is that of a module call. Provisioners are
removed from every copy, so that none can run by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import Final

from .hcl import HclBlock, Source

#: A reference as edited; the number is its place in the list of addresses.
REFERENCE: Final = re.compile(r"local\.prodgate_reference_(\d+)\b")

#: (first byte, byte after the last, what stands there instead; None blanks it but keeps its lines)
Edit = tuple[int, int, bytes | None]


def edit_source(
    source: Source,
    declared: Container[str],
    references: list[str],
    *,
    conditions: bool = True,
    applied: bool = False,
) -> bytes:
    """Return the edited text of a file.

    ``declared`` are the resources of its module; the address behind each new local value is appended to ``references``.
    Without ``conditions`` the preconditions and postconditions of resources are removed, too. A file that will be
    ``applied`` loses nothing else but its provisioners.
    """
    text = source.text
    if source.broken:
        return text  # core refuses it anyway, and should see what the user wrote
    edits = [*_remove_provisioners(source)]
    edits += [] if applied else _undo_deferrals(source, declared, references)
    edits += [] if conditions else _remove_conditions(source.blocks)
    for start, end, instead in sorted(edits, reverse=True):
        kept = instead if instead is not None else re.sub(rb"[^\n]", b" ", text[start:end])
        text = text[:start] + kept + text[end:]
    return text


def _undo_deferrals(source: Source, declared: Container[str], references: list[str]) -> Iterator[Edit]:
    for block in source.blocks:
        if block.kind in ("data", "module") and "depends_on" in block.spans:
            yield (*block.spans["depends_on"], None)
        if block.kind == "data":
            yield from _detour_references(block, declared, references)


def _remove_provisioners(source: Source) -> Iterator[Edit]:
    inner = (each for block in source.blocks if block.kind == "resource" for each in block.blocks)
    return ((each.start, each.end, None) for each in inner if each.kind == "provisioner")


def _remove_conditions(blocks: Iterable[HclBlock]) -> Iterator[Edit]:
    for block in blocks:
        if block.kind in ("precondition", "postcondition"):
            yield block.start, block.end, None
        elif block.kind in ("resource", "data", "output", "lifecycle"):
            yield from _remove_conditions(block.blocks)


def _detour_references(block: HclBlock, declared: Container[str], references: list[str]) -> Iterator[Edit]:
    for reference in block.references:
        address = ".".join(reference.parts[:2])
        if address in declared:
            yield reference.start, reference.end, f"local.prodgate_reference_{len(references)}".encode()
            references.append(address)
