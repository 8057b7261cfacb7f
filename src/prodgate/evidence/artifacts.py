"""Evidence files: stored once under the digest of their bytes, so that a digest in a finding proves what was seen."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Any, Final

from ..semantics.json_texts import read_json

#: Folder of a run directory that holds the evidence.
FOLDER = "evidence"

#: What evidence that nobody has checked may raise when it is read.
UNREADABLE: Final = (
    LookupError, TypeError, ValueError, ArithmeticError, AttributeError, OSError, EOFError, RecursionError, zlib.error,
)  # fmt: skip


def store(run: Path, data: bytes, suffix: str) -> str:
    """Write ``data`` into the run's evidence and return its SHA-256 in hex; the same bytes are stored once."""
    digest = hashlib.sha256(data).hexdigest()
    path = run / FOLDER / f"{digest}{suffix}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(data)
        partial.replace(path)
    return digest


def store_json(run: Path, value: Any) -> str:
    """Store a JSON value, compressed the same way every time, and return the digest of the compressed file."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return store(run, gzip.compress(text.encode("utf-8", "surrogatepass"), compresslevel=6, mtime=0), ".json.gz")


def describe_flaw(error: Exception) -> str:
    """Say what is wrong with evidence that raised one of UNREADABLE."""
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


def load(run: Path, digest: str) -> bytes:
    """Return the bytes of an evidence file. Raises LookupError when it is missing or not what its name says."""
    matches = sorted((run / FOLDER).glob(f"{digest}.*"))
    if not matches:
        raise LookupError(f"{run}: evidence {digest} is missing")
    data = matches[0].read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise LookupError(f"{matches[0]}: does not hold what its name says; the evidence was changed")
    return data


def load_json(run: Path, digest: str) -> Any:
    """Return the value that ``store_json`` stored. Raises LookupError as ``load`` does."""
    return read_json(gzip.decompress(load(run, digest)))
