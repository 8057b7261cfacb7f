"""Finds files that a configuration reads from outside of its repository: another machine has others, or none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from .flow import Flow
from .hcl import HclBlock, SyntaxNode, node_line, node_text
from .positions import Position
from .resources import Gap
from .uses import find_uses
from .working_copy import LEFT_OUT, find_repository, find_top

#: Functions that read a file or look for one; their first argument says where.
READING: Final = frozenset(
    """
    file filebase64 filebase64sha256 filebase64sha512 fileexists filemd5 fileset filesha1 filesha256 filesha512
    templatefile
    """.split()  # noqa: SIM905  one a line is no better to read
)
_IMPURE: Final = re.compile(rf"\b({'|'.join(sorted(READING))}|plantimestamp|abspath|pathexpand)\s*\(")
#: How far above a root without a repository files are taken for a part of it, as ``../../files`` of ``live/prod`` is.
LEVELS: Final = 2
_REASON: Final = "reads what is not in the repository, and may find something else in production"


def find_outside_reads(flow: Flow, variables: Mapping[str, Any]) -> Iterator[Gap]:
    """Yield a gap for each file outside of the repository; ``variables`` are those of the root, by value."""
    root = flow.modules[""].directory
    inside = (find_top(root, flow.tree.own_directories), *flow.tree.folders)
    done: set[tuple[str, int, str]] = set()
    for path, module in flow.modules.items():
        for block in (block for source in module.sources if b"file" in source.text for block in source.blocks):
            for function, argument in find_calls(block.node):
                key = block.file, node_line(argument), node_text(argument)
                named = list(list_paths(flow, path, argument, variables))
                if key not in done and any(_leads_out(each, module.directory, root, inside) for each in named):
                    done.add(key)
                    yield Gap(f"{function}({key[2]})", _REASON, _place(block, argument))
                elif (
                    key not in done
                    and function == "templatefile"
                    and (said := _find_impure(named, module.directory, root))
                ):
                    done.add(key)
                    yield Gap(f"{function}({key[2]})", f"calls {said}() in the template", _place(block, argument))


def _place(block: HclBlock, node: SyntaxNode) -> Position:
    return Position(block.file, 1 if block.file.endswith(".json") else node_line(node))


def find_calls(node: SyntaxNode) -> Iterator[tuple[str, SyntaxNode]]:
    """Yield each call of a function that reads or looks for files, with the argument that says where."""
    for child in node.named_children:
        yield from find_calls(child)
    if node.type == "function_call" and len(node.named_children) > 1:
        name = node_text(node.named_children[0]).removeprefix("core::")
        arguments = node.named_children[1].named_children
        if name in READING and arguments:
            yield name, arguments[0]


def list_paths(flow: Flow, module: str, argument: SyntaxNode, variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts that a path may begin with: what is written, and what the names in front of it stand for."""
    text = node_text(argument).strip()
    yield text.strip('"')
    if not text.startswith('"') or text.startswith(('"${var', '"${local', '"${each', '"${module')):
        for place, use in flow.follow_all(module, find_uses(argument)):
            yield from flow.literals(place, use)
            if not place and use.parts[0] == "var" and len(use.parts) > 1:
                yield from _list_texts(variables.get(use.parts[1]))


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _list_texts(each)


def resolve(text: str, module: Path, root: Path) -> Path:
    """Return where a path leads that is written in a module."""
    text = text.replace("${path.module}", str(module)).replace("${path.root}", str(root))
    return Path(os.path.normpath(root / text))


def _leads_out(text: str, module: Path, root: Path, inside: Sequence[Path]) -> bool:
    """Whether a path leads out of all folders, and of what surrounds a root that is in no repository."""
    if text.startswith("~") or "path.cwd" in text or re.search(r"\b(abspath|pathexpand)\(", text):
        return True
    path = resolve(text, module, root)
    within = next((each for each in inside if path.is_relative_to(each)), None)
    if within is None:
        return text.startswith("/") or not path.is_relative_to(_find_surroundings(root))
    if any(LEFT_OUT.fullmatch(part) for part in path.relative_to(within).parts):
        return True
    try:
        return path.exists() and not any(path.resolve().is_relative_to(each.resolve()) for each in inside)
    except (OSError, ValueError, RuntimeError):
        return False  # a text that is no path


def _find_surroundings(root: Path) -> Path:
    """Return what a root may name files in by relative paths: two levels above it, where no repository says more."""
    near = root if find_repository(root) else (root, *root.parents)[min(LEVELS, len(root.parents))]
    return near if near != Path(near.anchor) else root


def _find_impure(named: list[str], module: Path, root: Path) -> str:
    """Return the first function in a template that answers by where and when it is called, or nothing."""
    for text in named:
        try:
            found = _IMPURE.search(resolve(text, module, root).read_text("utf-8", "replace"))
        except (OSError, ValueError):
            continue
        if found:
            return found[1]
    return ""
