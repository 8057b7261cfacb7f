"""The files of a sealed run, and those that seal it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: The envelope with the statement over every other file of the run.
SEAL: Final = "seal.dsse.json"
#: The envelope with the verification summary of a run that allows a promotion.
SUMMARY: Final = "summary.dsse.json"
#: Files that stand for others and that no statement covers.
SEALING: Final = frozenset({SEAL, SUMMARY})
#: The verifier of another hand.
VERIFIER: Final = "verify.py"
#: In the place of a digest, for a link, a pipe and the like, which have no bytes of their own.
NO_FILE: Final = "not a file"


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What a file holds."""

    sha256: str
    size: int
    """Bytes."""


def digest_files(run: Path) -> Mapping[str, FileDigest]:
    """Return every file of a run but those that seal it, by its path in the run."""
    return {name: _digest(path) for name, path in list_paths(run) if name not in SEALING}


def list_paths(run: Path) -> Iterator[tuple[str, Path]]:
    """Yield whatever is in the folder of a run and no folder, in order of the paths in the run."""
    found = ((path.relative_to(run).as_posix(), path) for path in run.rglob("*"))
    yield from sorted((name, path) for name, path in found if path.is_symlink() or not path.is_dir())


def _digest(path: Path) -> FileDigest:
    if path.is_symlink() or not path.is_file():
        return FileDigest(NO_FILE, 0)
    with path.open("rb") as file:
        return FileDigest(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)
