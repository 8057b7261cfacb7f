"""Which files core reads of a tree, as far as the source says: those of its modules, and what their functions name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .flow import Flow
from .outside import find_calls, list_paths, resolve
from .sources import Tree
from .working_copy import find_top

#: How the names of files end that core, or OpenTofu in its place, reads in the folder of a module.
SUFFIXES: Final = (".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json")
#: How a text begins that is a path, and no expression.
_BEGINNING: Final = re.compile(r"\$\{path\.(module|root)\}|[\w./-]+(/|\.[\w-]+$)")
_TEMPLATE: Final = re.compile(r"[$%]\{(?!path\.(?:module|root)\})")


@dataclass(frozen=True, slots=True)
class Place:
    """A file, or a folder in which files are read: with ``suffixes`` those of such names right in it, or all below."""

    path: Path
    suffixes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Endings of names that are not read in a folder."""


def list_places(tree: Tree, variables: Mapping[str, Any]) -> tuple[Place, ...]:
    """Return the files and folders that decide what core makes of a tree; ``variables`` are values of the root's."""
    flow = Flow(tree, frozenset(), {})
    modules = [Place(each.directory, SUFFIXES) for each in tree.modules.values()]
    return tuple(dict.fromkeys([*modules, *_list_read(flow, variables)]))


def _list_read(flow: Flow, variables: Mapping[str, Any]) -> Iterator[Place]:
    root = flow.modules[""].directory
    top = find_top(root, flow.tree.own_directories)
    for path, module in flow.modules.items():
        for block in (block for source in module.sources if b"file" in source.text for block in source.blocks):
            for _, argument in find_calls(block.node):
                texts = [*list_paths(flow, path, argument, variables)]
                found = (_find_place(text, module.directory, root) for text in texts)
                yield from (each for each in found if each and each.path.is_relative_to(top) and each.path != top)
                if _find_place(texts[0], module.directory, root) is None:
                    yield Place(module.directory)  # the source does not say where the name of the file begins


def _find_place(text: str, module: Path, root: Path) -> Place | None:
    """Return the file that a text names, or the folder that it begins with; None where it begins with neither."""
    written = f"${{{text}}}" if text in ("path.module", "path.root") else text
    template = _TEMPLATE.search(written)
    stated = written[: template.start()] if template else written
    if not stated or not _BEGINNING.match(stated):
        return None
    try:
        path = resolve(stated, module, root)
        return Place(path.parent if template and not stated.endswith("/") else path)
    except (OSError, ValueError, RuntimeError):
        return None  # a text that is no path
