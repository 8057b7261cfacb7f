"""The migrations of a repository, by the tool that runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from ..aws.answers import Unreadable
from .alembic_files import read_alembic
from .django_files import read_django
from .numbered_files import read_flyway, read_prisma, read_rails
from .revisions import Revision, order_revisions

#: Bytes of all migrations together beyond which a folder can't be meant.
MAX_BYTES: Final = 64 * 2**20
_SKIPPED: Final = frozenset({"__pycache__", "node_modules", ".git", ".venv"})
_READERS: Final[Mapping[str, Callable[[Mapping[str, str]], Iterable[Revision]]]] = {
    "alembic": read_alembic,
    "django": read_django,
    "flyway": read_flyway,
    "prisma": read_prisma,
    "rails": read_rails,
}
#: Tools whose migrations are SQL files, which can be read as they are.
PLAIN_SQL: Final = ("flyway", "prisma")


def read_texts(folder: Path) -> dict[str, str]:
    """Return the text of every file below a folder by its path from there. Raises Unreadable when there is none."""
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

    Raises Unreadable with the reason when they are not known for certain.
    """
    if tool not in _READERS:
        raise Unreadable(f"{tool}: only {tool} itself can say which of its changes have run; compare its own status")
    found = order_revisions(_READERS[tool](texts))
    if not found:
        raise Unreadable(f"there is no migration of {tool} in the folder; write [rollout.migrations] folder and tool")
    return found
