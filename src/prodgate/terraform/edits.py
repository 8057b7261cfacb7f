"""Edits to a copied file so that one plan decides everything. Each keeps every line where it was.

Core puts off reading a data source until apply when it names a managed resource directly, or depends on one. An
evaluation applies nothing, and the stand-in provider knows the values while planning; so a data source names the
resource through a local value instead, and its ``depends_on`` is removed, as is that of a module call. Provisioners are
removed from every copy, so that none can run by mistake, and imports, since there is nothing to import from. So are
actions and what sets them off: they run something, and declare nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from .hcl import Expression, HclBlock, Source
from .unread import Edit, remove_imports, replace_reads_of_made_files, replace_uncomputable, take_out

#: A reference as edited; the number is its place in the list of addresses.
REFERENCE: Final = re.compile(r"local\.prodgate_reference_(\d+)\b")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What edits of a file depend on: what its module declares, and what of it is not as it is written.

    ``unread`` are blocks to take out, and ``sources`` other sources of module calls, by name.
    """

    declared: Container[str]
    local_values: Mapping[str, Expression] = field(default_factory=dict)
    unread: Collection[str] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    uncomputable: Iterable[tuple[str, int, int]] = ()


def edit_source(
    source: Source,
    around: Surroundings,
    references: list[str],
    *,
    conditions: bool = True,
    applied: bool = False,
) -> bytes:
    """Return the edited text of a file; the address behind each new local value is appended to ``references``.

    Without ``conditions`` the preconditions and postconditions of resources are removed, too. A file that will be
    ``applied`` loses nothing else but its provisioners, actions and imports.
    """
    text = source.text
    if source.broken:
        return text  # core refuses it anyway, and should see what the user wrote
    edits = [*_remove_provisioners(source), *_remove_actions(source), *remove_imports(source, around.declared)]
    edits += [*_name_sources(source, around.sources), *take_out(source, around.unread)]
    edits += replace_uncomputable(source, around.uncomputable)
    edits += [] if applied else replace_reads_of_made_files(source, around.local_values)
    edits += [] if applied else _undo_deferrals(source, around, references)
    edits += [] if conditions else _remove_conditions(source.blocks)
    for start, end, instead in sorted(_keep_outermost(edits), reverse=True):
        kept = instead if instead is not None else re.sub(rb"[^\n]", b" ", text[start:end])
        text = text[:start] + kept + text[end:]
    return text


def _keep_outermost(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Yield the edits that lie in no other one, from the front; of several of one place, the first."""
    last = -1
    for edit in sorted(edits, key=lambda each: (each[0], -each[1])):
        if edit[0] >= last:
            last = edit[1]
            yield edit


def _name_sources(source: Source, sources: Mapping[str, str]) -> Iterator[Edit]:
    for block in source.blocks:
        if block.kind == "module" and block.labels and block.labels[0] in sources:
            start, end = block.spans["source"]
            yield start, end, f"source = {json.dumps(sources[block.labels[0]])}".encode()
            yield from [(*block.spans["version"], None)] if "version" in block.spans else []


def _undo_deferrals(source: Source, around: Surroundings, references: list[str]) -> Iterator[Edit]:
    for block in source.blocks:
        if block.kind in ("data", "module") and "depends_on" in block.spans:
            yield (*block.spans["depends_on"], None)
        if block.kind == "data":
            yield from _detour_references(block, around, references)


def _remove_provisioners(source: Source) -> Iterator[Edit]:
    inner = (each for block in source.blocks if block.kind == "resource" for each in block.blocks)
    return ((each.start, each.end, None) for each in inner if each.kind == "provisioner")


def _remove_actions(source: Source) -> Iterator[Edit]:
    yield from ((block.start, block.end, None) for block in source.blocks if block.kind == "action")
    inner = (each for block in source.blocks if block.kind == "resource" for each in block.blocks)
    for settings in (each for each in inner if each.kind == "lifecycle"):
        yield from ((each.start, each.end, None) for each in settings.blocks if each.kind == "action_trigger")


def _remove_conditions(blocks: Iterable[HclBlock]) -> Iterator[Edit]:
    for block in blocks:
        if block.kind in ("precondition", "postcondition"):
            yield block.start, block.end, None
        elif block.kind in ("resource", "data", "output", "lifecycle"):
            yield from _remove_conditions(block.blocks)


def _detour_references(block: HclBlock, around: Surroundings, references: list[str]) -> Iterator[Edit]:
    for reference in block.references:
        address = ".".join(reference.parts[:2])
        if address in around.declared and address not in around.unread:
            yield reference.start, reference.end, f"local.prodgate_reference_{len(references)}".encode()
            references.append(address)
