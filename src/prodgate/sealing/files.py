"""The files of a sealed run, and those that seal it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..evidence.files import NO_FILE, digest_file, list_paths

#: The envelope with the statement over every other file of the run.
SEAL: Final = "seal.dsse.json"
#: The envelope with the verification summary of a run that allows a promotion.
SUMMARY: Final = "summary.dsse.json"
#: What an authority says of when the seal was there, as RFC 3161 has it.
TIME_STAMP: Final = "seal.tsr"
#: Who signed the seal without a key, as Sigstore has it.
BUNDLE: Final = "seal.sigstore.json"
#: The same of the summary.
SUMMARY_BUNDLE: Final = "summary.sigstore.json"
#: Files that stand for others and that no statement covers.
SEALING: Final = frozenset({SEAL, SUMMARY, TIME_STAMP, BUNDLE, SUMMARY_BUNDLE})
#: The verifier of another hand: whether the run is what was signed, and whether that follows from it.
VERIFIERS: Final = ("verify.py", "derive.py")


@dataclass(frozen=True, slots=True)
class FileDigest:
    """What a file holds."""

    sha256: str
    size: int
    """Bytes."""


def digest_files(run: Path) -> Mapping[str, FileDigest]:
    """Return every file of a run but those that seal it, by its path in the run."""
    return {name: _digest(path) for name, path in list_paths(run) if name not in SEALING}


def _digest(path: Path) -> FileDigest:
    sha256 = digest_file(path)
    return FileDigest(sha256, 0 if sha256 == NO_FILE else path.stat().st_size)
