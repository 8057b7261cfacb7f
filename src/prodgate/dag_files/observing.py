"""Observes a folder of DAG files by rules, by ruff and by an import; returns JSON values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from ..aws.answers import Unreadable
from .bag import import_dags
from .lint import run_ruff
from .rules import check_file, refuse_file

#: What a deployment of DAGs leaves out.
_NOT_DEPLOYED: Final = re.compile(r"^tests/|(^|/)(__pycache__|\.[^/]+)/")


def observe(
    folder: Path, name: str, python: Path | str, *, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Look at the DAG files below a folder, which messages call ``name``.

    ``python`` is that of an Airflow environment, or the reason why there is none; ``environment`` holds variables that
    the files may read. Returns ``folder``, ``files``, ``rules``, ``declared``, ``lint`` and ``bag``; each of the last
    two is ``{"unread": reason}`` when it could not look.
    """
    files = list_deployed(folder)
    with ThreadPoolExecutor(1) as thread:
        importing = thread.submit(_attempt, lambda: _import_dags(folder, python, environment, files))
        read = [_check(folder / file, file) for file in files]
        regular = [file for file in files if (folder / file).is_file()]  # ruff would wait for a pipe
        lint = _attempt(lambda: {"found": run_ruff(folder, regular) if regular else []})
        bag = importing.result()
    told = [one for complaints, _ in read for one in complaints]
    declared = [one for _, declarations in read for one in declarations]
    return {"folder": name, "files": files, "rules": told, "declared": declared, "lint": lint, "bag": bag}


def list_deployed(folder: Path) -> list[str]:
    """Return the names of the Python files below a folder that a deployment copies, also of what can't be read."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*.py") if not path.is_dir())
    return sorted(name for name in names if not _NOT_DEPLOYED.search(name))


def _check(path: Path, name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Check a file; a pipe is never waited for, and a link to nothing is said."""
    try:
        if not path.is_file():
            return [refuse_file(name, "is no regular file; a deployment can't copy it")], []
        return check_file(name, path.read_text("utf-8", "replace"))
    except OSError as error:
        return [refuse_file(name, f"can't be read: {error.strerror}")], []


def _import_dags(
    folder: Path, python: Path | str, environment: Mapping[str, str] | None, files: list[str]
) -> dict[str, Any]:
    if isinstance(python, str):
        raise Unreadable(python)
    if not files:
        raise Unreadable(f"there is no DAG file below {folder.name}/")
    return import_dags(folder, python, environment=environment)


def _attempt(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return look()
    except Unreadable as error:
        return {"unread": error.reason}
