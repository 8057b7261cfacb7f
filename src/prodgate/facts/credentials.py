"""Credentials that stand in the files of a repository, by the forms that issuers give them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from . import Fact

#: Things that are secrets wherever they stand.
FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an AWS access key id": re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}\b"),
    "a Slack token": re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{10,}|https://hooks\.slack\.com/services/T\w+/B\w+/\w+"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[0-9A-Za-z]{16,}\b"),
    "a password in a URL": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@$<{]*:[^\s/@$<{]+@[\w.\[-]"),
}

#: Files larger than this, in bytes, are data and not read.
LARGEST: Final = 2_000_000

_SKIPPED: Final = frozenset({"node_modules", "venv", "__pycache__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPart(Fact):
    """A folder or file at the top of a repository. ``subject`` is its name."""

    files: int
    """Number of files that were read."""
    credentials: tuple[str, ...]
    """``file:line: what it is`` of each credential; never the credential itself."""
    place: str = ""
    """``file:line`` of the first one."""


def credential_form(value: str) -> str:
    """Return what kind of credential a text holds; nothing when it holds none."""
    return next((kind for kind, form in FORMS.items() if form.search(value)), "")


def observe_credentials(root: Path, exempt: Sequence[str]) -> dict[str, Any]:
    """Read the files that git knows below ``root``, but for those whose path matches a pattern of ``exempt``.

    Returns ``{top: {"files": n, "credentials": [[file, line, kind], …]}}``.
    """
    found: dict[str, Any] = {}
    for name in _files(root):
        if any(fnmatchcase(name, pattern) for pattern in exempt):
            continue
        text = _text(root / name)
        if text is not None:
            part = found.setdefault(name.split("/")[0], {"files": 0, "credentials": []})
            part["files"] += 1
            part["credentials"] += [[name, line, kind] for line, kind in _credentials(text)]
    return found


def credential_facts(stored: Mapping[str, Any]) -> tuple[RepositoryPart, ...]:
    """Return the facts of what ``observe_credentials`` returned."""
    return tuple(
        RepositoryPart(
            subject=top,
            files=part["files"],
            credentials=tuple(f"{file}:{line}: {kind}" for file, line, kind in part["credentials"]),
            place=f"{part['credentials'][0][0]}:{part['credentials'][0][1]}" if part["credentials"] else "",
        )
        for top, part in sorted(stored.items())
    )


def _credentials(text: str) -> Iterator[tuple[int, str]]:
    for kind, form in FORMS.items():
        for match in form.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, kind


def _files(root: Path) -> Iterator[str]:
    """Yield paths relative to ``root``: what git tracks or would add, or every file where there is no git."""
    git = shutil.which("git")
    if git:
        command = [git, "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
        if listed.returncode == 0:
            yield from sorted(filter(None, listed.stdout.decode("utf-8", "surrogateescape").split("\0")))
            return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and name != ".git")
        yield from sorted((Path(folder) / name).relative_to(root).as_posix() for name in files)


def _text(path: Path) -> str | None:
    """Return the text of a file; None for one that is gone, is no file, is binary or is data."""
    if not path.is_file() or path.stat().st_size > LARGEST:
        return None
    data = path.read_bytes()
    return None if b"\0" in data[:8192] else data.decode("utf-8", "replace")
