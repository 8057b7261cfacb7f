"""The files that core reads of a tree, as far as the source shows: its modules, and arguments of file functions."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..processes.regular_files import read_measured
from .flow import Flow
from .hcl import SyntaxNode, node_line, node_text
from .positions import Position
from .resources import Gap
from .sources import LEFT_OUT, MANIFEST, READ, Tree, find_repository, find_top, is_fetched
from .uses import find_uses

# Finds files outside of the repository that a configuration reads: another machine has others, or none

#: Functions that read a file or look for one; their first argument is the path.
READING: Final = frozenset(
    """
    file filebase64 filebase64sha256 filebase64sha512 fileexists filemd5 fileset filesha1 filesha256 filesha512
    templatefile
    """.split()  # noqa: SIM905  one a line is no better to read
)
_IMPURE: Final = re.compile(rf"\b({'|'.join(sorted(READING))}|plantimestamp|abspath|pathexpand)\s*\(")
#: How far above a root without a repository files count as a part of it, as ``../../files`` of ``live/prod`` does.
LEVELS: Final = 2
_REASON: Final = "reads what is not in the repository, and may find something else in production"


def find_outside_reads(flow: Flow, texts: Mapping[str, Sequence[str]]) -> Iterator[Gap]:
    """Yield a gap for each file outside of the repository; ``texts`` are those in the variables of the root."""
    root = flow.tree.root.directory
    inside = (find_top(root, flow.tree.own_directories), *flow.tree.folders)
    done: set[tuple[Position, str]] = set()
    for function, text, place, directory, named in _list_calls(flow, texts):
        said = ""
        if any(_leads_out(each, directory, root, inside) for each in named):
            said = _REASON
        elif function == "templatefile" and (called := _find_impure(named, directory, root)):
            said = f"calls {called}() in the template"
        if said and (place, text) not in done:
            done.add((place, text))
            yield Gap(f"{function}({text})", said, place)


def _list_calls(
    flow: Flow, variables: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str, Position, Path, list[str]]]:
    """Yield each call that reads or looks for files.

    The function, the path as written, the position of the call, the directory of its module, and the possible
    beginnings of the path.
    """
    for path, module in flow.tree.modules.items():
        for block in (block for source in module.sources if b"file" in source.native for block in source.blocks):
            for function, argument in find_calls(block.node):
                texts = [*list_paths(flow, path, argument, variables)]
                place = Position(block.file, node_line(argument))
                yield function, node_text(argument), place, module.directory, texts


def find_calls(node: SyntaxNode) -> Iterator[tuple[str, SyntaxNode]]:
    """Yield each call of a function that reads or looks for files, with the path argument."""
    for child in node.named_children:
        yield from find_calls(child)
    if node.type == "function_call" and len(node.named_children) > 1:
        name = node_text(node.named_children[0]).removeprefix("core::")
        arguments = node.named_children[1].named_children
        if name in READING and arguments:
            yield name, arguments[0]


def list_paths(flow: Flow, module: str, argument: SyntaxNode, variables: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the possible beginnings of a path: the written text, and the values of the names in front of it."""
    text = node_text(argument).strip()
    yield text.strip('"')
    if not text.startswith('"') or text.startswith(('"${var', '"${local', '"${each', '"${module')):
        for place, use in flow.follow_all(module, find_uses(argument)):
            yield from flow.literals(place, use)
            if not place and use.parts[0] == "var" and len(use.parts) > 1:
                yield from variables.get(use.parts[1], ())


def resolve(text: str, module: Path, root: Path) -> Path:
    """Return the target of a path written in a module."""
    text = text.replace("${path.module}", str(module)).replace("${path.root}", str(root))
    return Path(os.path.normpath(root / text))


def _leads_out(text: str, module: Path, root: Path, inside: Sequence[Path]) -> bool:
    """Whether a path leads out of all folders, and of the surroundings of a root that is in no repository."""
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
    """Return the surroundings that a root may refer to by relative paths: two levels above it without a repository."""
    near = root if find_repository(root) else (root, *root.parents)[min(LEVELS, len(root.parents))]
    return near if near != Path(near.anchor) else root


def _find_impure(named: list[str], module: Path, root: Path) -> str:
    """Return the first function in a template whose result depends on where and when it is called, or nothing."""
    for text in named:
        try:
            found = _IMPURE.search(read_measured(resolve(text, module, root)).decode("utf-8", "replace"))
        except (OSError, ValueError):
            continue
        if found:
            return found[1]
    return ""


#: The beginning of a text that is a path, and no expression.
_BEGINNING: Final = re.compile(r"\$\{path\.(module|root)\}|[\w./-]+(/|\.[\w-]+$)")
_TEMPLATE: Final = re.compile(r"[$%]\{(?!path\.(?:module|root)\})")


@dataclass(frozen=True, slots=True)
class Place:
    """A file, or a folder in which files are read: with ``suffixes`` those of such names right in it, or all below."""

    path: Path
    suffixes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Endings of names that are not read in a folder."""


def list_places(tree: Tree) -> tuple[Place, ...]:
    """Return the files and folders that decide core's result for a tree."""
    modules, root = [Place(each.directory, READ) for each in tree.modules.values()], tree.root.directory
    listing = [Place(root / MANIFEST)] if any(is_fetched(root, each.path) for each in modules) else []
    return tuple(dict.fromkeys([*modules, *listing, *_list_read(Flow(tree))]))


def _list_read(flow: Flow) -> Iterator[Place]:
    root = flow.tree.root.directory
    top = find_top(root, flow.tree.own_directories)
    for _, _, _, directory, texts in _list_calls(flow, {}):
        found = [_find_place(text, directory, root) for text in texts]
        yield from (each for each in found if each and each.path.is_relative_to(top) and each.path != top)
        if found[0] is None:
            yield Place(directory)  # the source does not show where the name of the file begins


def _find_place(text: str, module: Path, root: Path) -> Place | None:
    """Return the file that a text names, or the folder that it begins with; None if neither."""
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
