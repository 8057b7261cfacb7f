"""What is in the folder of a run, and the digest of each file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

#: In the place of a digest, for a link, a pipe and the like, which have no bytes of their own.
NO_FILE: Final = "not a file"


def list_paths(run: Path, under: Sequence[str] = (".",)) -> Iterator[tuple[str, Path]]:
    """Yield whatever is below some folders of a run and no folder itself, in order of the paths in the run."""
    found = ((path.relative_to(run).as_posix(), path) for folder in under for path in (run / folder).rglob("*"))
    yield from sorted((name, path) for name, path in found if path.is_symlink() or not path.is_dir())


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file; NO_FILE for what is none, such as a pipe that nobody ever writes to."""
    if path.is_symlink() or not path.is_file():
        return NO_FILE
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
