"""The kinds of fact that a module's observers see, read from its syntax: nothing of the module is run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path
from typing import Final

from .imported_names import list_modules, read_imports, resolve
from .plain_modules import is_plain

#: The decorator of an observer, and the base of every kind, by the ends of their names.
_OBSERVES: Final = "observes"
_FACT: Final = "Fact"


class Untold(Exception):
    """Nobody can tell from a file what its observers see."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a file says of its observers."""

    kinds: frozenset[str]
    """The full names of the kinds of other modules that they see. One that is written in the file itself stands for
    those that it is one of: whoever asks for it needs the file."""
    imports: frozenset[str]
    """The full names that it imports, which may register observers themselves."""


def read_observed(path: Path, module: str) -> Observed:
    """Return what the observers in a file see.

    Raises Untold for a file without an observer, and for one that may register others than those that stand there.
    """
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Untold from error
    nodes = list(ast.walk(tree))
    imported = read_imports(nodes)
    declared = [call for node in nodes for call in _list_declarations(node, imported)]
    used = [node for node in nodes if isinstance(node, ast.Name | ast.Attribute) and _is_observes(node, imported)]
    if not declared or len(used) != len(declared) or "*" in imported or not is_plain(tree, imported):
        raise Untold
    classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
    found = [name for call in declared for name in _list_kinds(call.args, imported, classes)]
    package = module.rpartition(".")[0]
    kinds, needed = (frozenset(resolve_name(each, package) for each in names) for names in (found, list_modules(nodes)))
    return Observed(kinds, needed)


def _is_observes(node: ast.AST, imported: Mapping[str, str]) -> bool:
    return resolve(node, imported).rpartition(".")[2] == _OBSERVES


def _list_declarations(node: ast.AST, imported: Mapping[str, str]) -> Iterator[ast.Call]:
    """Yield the calls of ``observes`` that decorate a function. Raises Untold for one without plain kinds."""
    if isinstance(node, ast.FunctionDef):
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and _is_observes(call.func, imported):
                if call.keywords or not call.args:
                    raise Untold
                yield call


def _list_kinds(
    written: Iterable[ast.expr], imported: Mapping[str, str], classes: Mapping[str, ast.ClassDef]
) -> Iterator[str]:
    for node in written:
        name = resolve(node, imported)
        if isinstance(node, ast.Name) and node.id in classes:
            inner = {other: found for other, found in classes.items() if other != node.id}
            bases = [base for base in classes[node.id].bases if resolve(base, imported).rpartition(".")[2] != _FACT]
            yield from _list_kinds(bases, imported, inner)
        elif name.lstrip(".").partition(".")[0] == "?" or (isinstance(node, ast.Name) and node.id not in imported):
            raise Untold
        else:
            yield name
