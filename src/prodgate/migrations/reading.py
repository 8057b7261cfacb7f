"""The migrations of a repository, by the tool that runs them."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from ..aws.answers import Unreadable
from ..semantics.syntax_trees import parse_module


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One migration of a repository."""

    id: str
    parents: tuple[str, ...]
    """Ids of the migrations right before it; empty for a first one."""
    file: str
    """Path from the folder of the migrations."""


def order_revisions(revisions: Iterable[Revision]) -> tuple[Revision, ...]:
    """Return migrations in an order in which they can run.

    Raises Unreadable if two share an id, if a parent is missing, or if they form a circle.
    """
    known: dict[str, Revision] = {}
    for each in revisions:
        if each.id in known:
            raise Unreadable(f"{each.file}: has the id {each.id!r} of {known[each.id].file}; give one of them another")
        known[each.id] = each
    for each in known.values():
        if lost := [parent for parent in each.parents if parent not in known]:
            raise Unreadable(f"{each.file}: comes after {lost[0]!r}, which no file is; commit the file that is missing")
    try:
        order = TopologicalSorter({each.id: sorted(each.parents) for each in known.values()}).static_order()
        return tuple(known[id_] for id_ in order)
    except CycleError as error:
        raise Unreadable(f"migrations come after each other in a circle: {' → '.join(error.args[1])}") from None


def find_heads(revisions: Sequence[Revision]) -> tuple[str, ...]:
    """Return the ids that nothing comes after."""
    followed = {parent for each in revisions for parent in each.parents}
    return tuple(sorted(each.id for each in revisions if each.id not in followed))


def find_ancestors(revisions: Iterable[Revision], ids: Iterable[str]) -> frozenset[str]:
    """Return the known ones among ``ids``, with all their ancestors."""
    parents: Mapping[str, tuple[str, ...]] = {each.id: each.parents for each in revisions}
    found: set[str] = set()
    left = [id_ for id_ in ids if id_ in parents]
    while left:
        id_ = left.pop()
        if id_ not in found:
            found.add(id_)
            left += parents[id_]
    return frozenset(found)


def chain(entries: Iterable[tuple[str, str]]) -> tuple[Revision, ...]:
    """Return migrations that are given as (id, file) in the order in which they run, each after the one before it."""
    made: list[Revision] = []
    for id_, file in entries:
        made.append(Revision(id=id_, parents=(made[-1].id,) if made else (), file=file))
    return tuple(made)


#: Python files of a script location that are no migrations, besides ``__init__.py``.
_OTHERS: Final = ("env.py",)


def read_alembic(files: Mapping[str, str]) -> Iterator[Revision]:
    """Yield the migrations of Alembic; ``files`` maps the paths of its script location to their texts.

    Raises Unreadable if a file states no ids, or computes them.
    """
    for name, text in files.items():
        if name.endswith(".py") and name not in _OTHERS and not name.endswith("__init__.py"):
            yield _read_file(name, text)


def _parse(name: str, text: str) -> ast.Module:
    try:
        return parse_module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"{name}: can't be parsed: {error}") from None


def _list_assigned(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node.value) for target in targets if isinstance(target, ast.Name))


def _read_file(name: str, text: str) -> Revision:
    stated = {key: _evaluate(value) for key, value in _list_assigned(_parse(name, text).body)}
    for key in ("revision", "down_revision"):
        if key not in stated:
            raise Unreadable(f"{name}: states no {key}; write {key} = … as a constant, or move the file elsewhere")
    id_, parents = stated["revision"], _list_ids(stated["down_revision"])
    if not isinstance(id_, str) or parents is None:
        raise Unreadable(f"{name}: computes revision or down_revision; write them as constants")
    return Revision(id=id_, parents=parents, file=name)


def _evaluate(value: ast.expr) -> Any:
    """Return the value of a constant; ``...`` if it is computed."""
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return ...


def _list_ids(value: Any) -> tuple[str, ...] | None:
    """Return the ids in a ``down_revision``: () if it is None, and None if it is computed or holds anything but ids."""
    ids = () if value is None else (value,) if isinstance(value, str) else value
    return tuple(ids) if isinstance(ids, tuple | list) and all(isinstance(each, str) for each in ids) else None


#: APP/migrations/NAME.py; Django names an app after its folder. A ``label`` that differs is not read.
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
    made = next((n for n in _parse(name, text).body if isinstance(n, ast.ClassDef) and n.name == "Migration"), None)
    if made is None:
        raise Unreadable(f"{name}: holds no class Migration; move the file elsewhere")
    stated = dict(_list_assigned(made.body))
    if "replaces" in stated:
        raise Unreadable(f"{name}: is squashed, and stands for migrations that may have run one by one; ask Django")
    needs = stated.get("dependencies", ast.List(elts=[]))
    if not isinstance(needs, ast.List | ast.Tuple):
        raise Unreadable(f"{name}: computes its dependencies; write them as constants")
    return [_read_pair(name, each) for each in needs.elts]


def _read_pair(name: str, value: ast.expr) -> tuple[str, str]:
    """Return the app and the migration of a dependency; a swappable one is of another package."""
    if isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "swappable_dependency":
        return "", ""
    try:
        app, other = ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise Unreadable(f"{name}: computes its dependencies; write them as constants") from None
    return str(app), str(other)


#: V1.2__what.sql; R__ (repeated on each change) and U (undo) have no place in the order.
_FLYWAY: Final = re.compile(r"(?:.*/)?V(?P<version>\d+(?:[._]\d+)*)__\S.*\.sql")
_RAILS: Final = re.compile(r"(?:.*/)?(?P<version>\d+)_\w+\.rb")
#: More digits than any timestamp has, even with fractions of a second.
_MOST_DIGITS: Final = 40
_PRISMA: Final = re.compile(r"(?:.*/)?(?P<version>\d\w*)/migration\.sql")


def read_flyway(files: Mapping[str, str]) -> tuple[Revision, ...]:
    """Return Flyway's versioned migrations. Raises Unreadable for one in Java, whose version only a build knows."""
    if java := [name for name in files if name.endswith((".java", ".kt", ".class"))]:
        raise Unreadable(f"{java[0]}: is a migration in code; only SQL files can be read here")
    return _in_order(_FLYWAY, files, lambda text: tuple(_read_number(part) for part in re.split(r"[._]", text)))


def _in_order(
    pattern: re.Pattern[str], files: Mapping[str, str], order: Callable[[str], tuple[int, ...]]
) -> tuple[Revision, ...]:
    found = sorted(((order(match["version"]), name) for name, match in _match(pattern, files)), key=lambda e: e[0])
    for (first, one), (second, other) in pairwise(found):
        if first == second:
            raise Unreadable(f"{other}: has the version of {one}; give one of them another")
    return chain((".".join(map(str, version)), name) for version, name in found)


def _read_number(digits: str) -> int:
    """Return a part of a version as a number. Raises Unreadable if it has more digits than any tool writes."""
    if len(digits) > _MOST_DIGITS:
        raise Unreadable(f"{digits[:_MOST_DIGITS]}…: is a version of {len(digits):,} digits; number migrations shorter")
    return int(digits)


def _match(pattern: re.Pattern[str], files: Mapping[str, str]) -> Iterator[tuple[str, re.Match[str]]]:
    yield from ((name, match) for name in sorted(files) if (match := pattern.fullmatch(name)))


#: Most bytes that are read; a larger folder surely holds more than the migrations.
MAX_BYTES: Final = 64 * 2**20
_SKIPPED: Final = frozenset({"__pycache__", "node_modules", ".git", ".venv"})
_READERS: Final[Mapping[str, Callable[[Mapping[str, str]], Iterable[Revision]]]] = {
    "alembic": read_alembic,
    "django": read_django,
    "flyway": read_flyway,
    "prisma": lambda files: chain(sorted((found["version"], name) for name, found in _match(_PRISMA, files))),
    "rails": lambda files: _in_order(_RAILS, files, lambda text: (_read_number(text),)),  # named by their timestamps
}
#: Tools whose migrations are SQL files, which can be read as they are.
PLAIN_SQL: Final = ("flyway", "prisma")


def read_texts(folder: Path) -> dict[str, str]:
    """Return the text of every file below a folder by its path from there; {} if there is no file.

    Raises Unreadable if the folder is missing, or if its files have more than MAX_BYTES together.
    """
    if not folder.is_dir():
        raise Unreadable(f"{folder}: there is no such folder; write [rollout.migrations] folder = where they are")
    texts: dict[str, str] = {}
    left = MAX_BYTES
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if not _SKIPPED & set(name.parts) and path.is_file() and path.suffix != ".pyc":
            left -= path.stat().st_size
            if left < 0:
                raise Unreadable(f"{folder}: holds more than {MAX_BYTES:,} bytes; name the folder of the migrations")
            texts[name.as_posix()] = path.read_text("utf-8", "replace")
    return texts


def read_revisions(tool: str, texts: Mapping[str, str]) -> tuple[Revision, ...]:
    """Return the migrations among these texts, in an order in which they can run.

    Raises Unreadable if they are not known for certain, or if there are none.
    """
    if tool not in _READERS:
        raise Unreadable(f"{tool}: only {tool} itself can say which of its changes have run; compare its own status")
    found = order_revisions(_READERS[tool](texts))
    if not found:
        raise Unreadable(f"there is no migration of {tool} in the folder; write [rollout.migrations] folder and tool")
    return found
