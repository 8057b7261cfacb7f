"""What the names of a module stand for, as far as its imports say: nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping


def read_imports(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """Return each imported name of a module with what it stands for; ``*`` where all names of another are taken."""
    names: dict[str, str] = {}
    for node in nodes:
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if isinstance(node, ast.ImportFrom):
                among = "." * node.level + (f"{node.module}." if node.module else "")
                names[alias.asname or alias.name] = f"{among}{alias.name}"
            elif alias.asname:
                names[alias.asname] = alias.name
            else:
                first = alias.name.partition(".")[0]
                names[first] = first
    return names


def list_modules(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield what a module imports, dots and all; of ``from a import b``, which may be a module, ``a.b``."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from read_imports([node]).values()


def resolve(node: ast.AST, imported: Mapping[str, str]) -> str:
    """Return what a name or an attribute stands for; one that is not imported stands for itself, all else for ``?``."""
    if isinstance(node, ast.Attribute):
        return f"{resolve(node.value, imported)}.{node.attr}"
    return imported.get(node.id, node.id) if isinstance(node, ast.Name) else "?"
