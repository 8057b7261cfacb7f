"""Django's migrations as their text states them: apps with a folder ``migrations``, and what each depends on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Final

from ..aws.answers import Unreadable
from .revisions import Revision

#: APP/migrations/NAME.py; Django calls the app by the name of its folder, unless it is told otherwise.
_FILE: Final = re.compile(r"(?:^|.*/)(?P<app>\w+)/migrations/(?P<name>\w+)\.py")


def read_django(files: Mapping[str, str]) -> Iterator[Revision]:
    """Yield the migrations among the texts below a project, ``APP.NAME`` each; what other packages bring is left out.

    Raises Unreadable for a file whose dependencies are computed, and for a squashed one, which stands for others.
    """
    found = {name: match for name in files if (match := _FILE.fullmatch(name)) and match["name"] != "__init__"}
    apps = {match["app"] for match in found.values()}
    for name, match in found.items():
        needs = [(app, other) for app, other in _read_dependencies(name, files[name]) if app in apps]
        parents = [f"{app}.{other}" for app, other in needs if app == match["app"]]
        yield Revision(id=f"{match['app']}.{match['name']}", parents=tuple(parents), file=name)


def _read_dependencies(name: str, text: str) -> list[tuple[str, str]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"{name}: can't be parsed: {error}") from None
    made = next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Migration"), None)
    if made is None:
        raise Unreadable(f"{name}: holds no class Migration; move the file elsewhere")
    stated = dict(_list_stated(made))
    if "replaces" in stated:
        raise Unreadable(f"{name}: is squashed, and stands for migrations that may have run one by one; ask Django")
    needs = stated.get("dependencies", ast.List(elts=[]))
    if not isinstance(needs, ast.List | ast.Tuple):
        raise Unreadable(f"{name}: computes its dependencies; write them as constants")
    return [_read_pair(name, each) for each in needs.elts]


def _list_stated(made: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a class assigns to a name of its own."""
    for node in made.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node.value) for target in targets if isinstance(target, ast.Name))


def _read_pair(name: str, value: ast.expr) -> tuple[str, str]:
    """Return the app and the migration of a dependency; a swappable one is of another package."""
    if isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "swappable_dependency":
        return "", ""
    try:
        app, other = ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise Unreadable(f"{name}: computes its dependencies; write them as constants") from None
    return str(app), str(other)
