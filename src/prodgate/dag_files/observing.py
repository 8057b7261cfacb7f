"""Observes a folder of DAG files by rules, by ruff and by an import; returns JSON values."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from ..aws.answers import Unreadable
from .archives import read_archived, write_archived
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
    files, (archived, unread) = list_deployed(folder), read_archived(folder, list_archives(folder))
    known = sorted((*files, *archived, *unread))
    with ThreadPoolExecutor(1) as thread:
        importing = thread.submit(_attempt, lambda: _import_dags(folder, python, environment, known))
        read = [_check(folder / file, file) for file in files]
        read += [check_file(file, text) for file, text in archived.items()]
        read += [([refuse_file(archive, why)], []) for archive, why in unread.items()]
        lint = _attempt(lambda: {"found": [*_lint(folder, files), *_lint_archived(archived)]})
        bag = importing.result()
    told = [one for complaints, _ in read for one in complaints]
    declared = [one for _, declarations in read for one in declarations]
    seen = {"folder": name, "files": known, "rules": told, "declared": declared, "lint": lint, "bag": bag}
    return keep_concerned(seen)


def list_deployed(folder: Path) -> list[str]:
    """Return the names of the Python files below a folder that a deployment copies, also of what can't be read."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*.py") if not path.is_dir())
    return sorted(filter(_is_deployed, names))


def list_archives(folder: Path) -> list[str]:
    """Return the names of the archives below a folder that a deployment copies."""
    found = (path for path in folder.rglob("*") if path.suffix != ".py" and path.is_file() and zipfile.is_zipfile(path))
    return sorted(filter(_is_deployed, (path.relative_to(folder).as_posix() for path in found)))


def keep_concerned(seen: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is said of files that Airflow ignores and none imports, and of those that are not deployed.

    Where Airflow did not tell which those are, each file is kept.
    """
    bag = seen["bag"]
    if "files" not in bag:
        return dict(seen)
    read = {file for file in seen["files"] if any(f"{file}/".startswith(f"{each}/") for each in bag["files"])}
    lint = {"found": _of(read, seen["lint"]["found"])} if "found" in seen["lint"] else seen["lint"]
    errors = {file: text for file, text in bag["import_errors"].items() if _is_deployed(file)}
    kept = {key: [one for one in bag[key] if _is_deployed(one["file"])] for key in ("reached", "dags")}
    ids = {dag["dag_id"] for dag in bag["dags"]} - {dag["dag_id"] for dag in kept["dags"]}
    unstable = [dag_id for dag_id in bag["unstable"] if dag_id not in ids]
    return {
        **seen,
        "files": sorted(read),
        "rules": _of(read, seen["rules"]),
        "declared": _of(read, seen["declared"]),
        "lint": lint,
        "bag": {**bag, "import_errors": errors, **kept, "unstable": unstable},
    }


def _of(files: set[str], told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in told if one["file"] in files]


def _is_deployed(name: str) -> bool:
    return not _NOT_DEPLOYED.search(name)


def _lint(folder: Path, files: list[str]) -> list[dict[str, Any]]:
    regular = [file for file in files if (folder / file).is_file()]  # ruff would wait for a pipe
    return run_ruff(folder, regular) if regular else []


def _lint_archived(archived: dict[str, str]) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="prodgate-archived-") as scratch:
        write_archived(archived, Path(scratch))
        return run_ruff(Path(scratch), sorted(archived)) if archived else []


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
