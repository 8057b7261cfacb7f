"""Finds what belongs to providers of which nothing is known here, so that the rest can be judged without."""

from __future__ import annotations

from collections.abc import Container, Iterator

from .hcl import HclBlock
from .sources import Module, Tree

_BUILT_IN = "terraform"


def leave_out_foreign(tree: Tree, known: Container[str]) -> Tree:
    """Return the tree without the blocks of providers whose source addresses are not ``known``."""
    for module in {each.directory: each for each in tree.modules.values()}.values():
        if any(source.file.endswith(".json") for source in module.sources):
            continue  # nothing is taken out of JSON: core says what it misses
        taken = dict(_find_foreign(module, known))
        tree = tree.without(module.directory, taken) if taken else tree
    return tree


def _find_foreign(module: Module, known: Container[str]) -> Iterator[tuple[str, str]]:
    required = dict(_read_required(module))
    for kind in ("resource", "data", "ephemeral"):
        for block in module.of(kind):
            name = _name_provider(block)
            source = required.get(name, f"hashicorp/{name}")
            if name != _BUILT_IN and not _is_known(source, known):
                yield block.address, f"is of the provider {source!r}, of which nothing is known here"
    for block in module.of("check"):
        names = [_name_provider(each) for each in block.blocks if each.kind == "data" and len(each.labels) > 1]
        if not all(name == _BUILT_IN or _is_known(required.get(name, f"hashicorp/{name}"), known) for name in names):
            yield block.address, ""  # it warns, and declares nothing
    for name, source in required.items():
        if name != _BUILT_IN and not _is_known(source, known):
            yield f"provider.{name}", f"is the provider {source!r}, of which nothing is known here"
    for block in module.of("provider"):
        name = block.labels[0]
        if name != _BUILT_IN and not _is_known(required.get(name, f"hashicorp/{name}"), known):
            yield block.address, ""


def _is_known(source: str, known: Container[str]) -> bool:
    return (source if source.count("/") > 1 else f"registry.terraform.io/{source}") in known


def _name_provider(block: HclBlock) -> str:
    stated = block.arguments.get("provider")
    return stated.text.partition(".")[0].strip('" ') if stated else block.labels[0].partition("_")[0]


def _read_required(module: Module) -> Iterator[tuple[str, str]]:
    for block in (inner for outer in module.of("terraform") for inner in outer.blocks):
        for name, stated in block.arguments.items() if block.kind == "required_providers" else ():
            source = stated.entries.get("source")
            yield name, (source.literal if source else None) or f"hashicorp/{name}"
