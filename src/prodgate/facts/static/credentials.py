"""Credentials in a repository's files, recognised by the formats that issuers give them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from ...semantics.secret_forms import FORMS
from .. import Fact

#: Files larger than this, in bytes, are taken for data and not read.
LARGEST: Final = 2_000_000

#: Seconds in which git must have listed the files.
_GIT_LIMIT: Final = 60.0
_SKIPPED: Final = frozenset({"node_modules", "venv", "__pycache__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPart(Fact):
    """A folder or file at the top of a repository. ``subject`` is its name."""

    files: int
    """Number of files that were read."""
    credentials: tuple[str, ...]
    """Each credential as ``file:line: kind``; never the credential itself."""
    place: str = ""
    """``file:line`` of the first one."""


def observe_credentials(root: Path, exempt: Sequence[str]) -> dict[str, Any]:
    """Read the files below ``root`` that git tracks or would add, except those that match a pattern of ``exempt``.

    Returns ``{top: {"files": n, "credentials": [[file, line, kind], …]}}``.
    """
    found: dict[str, Any] = {}
    for name in _list_files(root):
        if any(fnmatchcase(name, pattern) for pattern in exempt):
            continue
        text = _read_text(root / name)
        if text is not None:
            part = found.setdefault(name.split("/")[0], {"files": 0, "credentials": []})
            part["files"] += 1
            part["credentials"] += [[name, line, kind] for line, kind in _find_credentials(text)]
    return found


def credential_facts(stored: Mapping[str, Any]) -> tuple[RepositoryPart, ...]:
    """Return the facts in what ``observe_credentials`` returned."""
    return tuple(
        RepositoryPart(
            subject=top,
            files=part["files"],
            credentials=tuple(f"{file}:{line}: {kind}" for file, line, kind in part["credentials"]),
            place=f"{part['credentials'][0][0]}:{part['credentials'][0][1]}" if part["credentials"] else "",
        )
        for top, part in sorted(stored.items())
    )


def _find_credentials(text: str) -> Iterator[tuple[int, str]]:
    for kind, form in FORMS.items():
        for match in form.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, kind


def _list_files(root: Path) -> Iterator[str]:
    """Yield paths relative to ``root``: what git tracks or would add, or every file where there is no git."""
    git = shutil.which("git")
    if git:
        command = [git, "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, check=False, timeout=_GIT_LIMIT)  # noqa: S603
        if listed.returncode == 0:
            yield from sorted(filter(None, listed.stdout.decode("utf-8", "surrogateescape").split("\0")))
            return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and name != ".git")
        yield from sorted((Path(folder) / name).relative_to(root).as_posix() for name in files)


def _read_text(path: Path) -> str | None:
    """Return the text of a file; None if it is gone, no regular file, binary or too large."""
    if not path.is_file() or path.stat().st_size > LARGEST:
        return None
    data = path.read_bytes()
    return None if b"\0" in data[:8192] else data.decode("utf-8", "replace")
