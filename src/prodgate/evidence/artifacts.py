"""Evidence files: stored once under the digest of their bytes, so that a digest in a finding proves what was seen."""

import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ..processes.regular_files import OF_RUN, read_measured
from ..semantics.json_texts import read_json
from ..semantics.secret_places import REDACTOR

#: Folder of a run directory that holds the evidence.
FOLDER = "evidence"

#: Bytes of the largest evidence that is unpacked: a few hundred times those of the largest plan that was seen.
_UNPACKED: Final = 1 << 29

#: Exceptions that reading unchecked evidence may raise.
UNREADABLE: Final = (
    LookupError, TypeError, ValueError, ArithmeticError, AttributeError, OSError, EOFError, RecursionError, zlib.error,
)  # fmt: skip

#: Variables that have the name of a password and hold a folder.
_FOLDERS: Final = frozenset({"PWD", "OLDPWD"})

# this process never writes down a secret that it was started with
REDACTOR.redact({name: value for name, value in os.environ.items() if name not in _FOLDERS})


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
    """Store a JSON value without its secrets, compressed the same way every time; return the digest of that file."""
    text = json.dumps(REDACTOR.redact(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return store(run, gzip.compress(text.encode("utf-8", "surrogatepass"), compresslevel=6, mtime=0), ".json.gz")


def redact_logs(folder: Path) -> None:
    """Take the secrets out of the texts below a folder, which programs of others wrote."""
    for path in [each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()]:
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:  # no text
            continue
        if path.suffix == ".html":
            clean = REDACTOR.redact_page(text)
        else:
            clean = "".join(map(REDACTOR.redact, text.splitlines(keepends=True)))
        if clean != text:
            path.write_text(clean, "utf-8", newline="")


def describe_flaw(error: Exception) -> str:
    """Say what is wrong with evidence that raised one of UNREADABLE."""
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


def load(run: Path, digest: str) -> bytes:
    """Return the bytes of an evidence file. Raises LookupError when it is missing or not what its name says."""
    matches = sorted((run / FOLDER).glob(f"{digest}.*"))
    if not matches:
        raise LookupError(f"{run}: evidence {digest} is missing")
    data = read_measured(matches[0], OF_RUN)
    if hashlib.sha256(data).hexdigest() != digest:
        raise LookupError(f"{matches[0]}: does not hold what its name says; the evidence was changed")
    return data


def load_json(run: Path, digest: str) -> Any:
    """Return the value that ``store_json`` stored. Raises LookupError as ``load`` does, and for too large a one."""
    unpacking = zlib.decompressobj(wbits=31)
    text = unpacking.decompress(load(run, digest), _UNPACKED)
    if not unpacking.eof:
        raise LookupError(f"{run}: evidence {digest} is cut off, or more than {_UNPACKED:,} bytes when unpacked")
    return read_json(text)


# ── The files in the folder of a run, and the digest of each

#: In the place of a digest, for a link, a pipe and the like, which have no bytes of their own.
NO_FILE: Final = "not a file"
#: The characters of a name that some system refuses: those that NTFS or GitHub's artifact store refuses, a dot that
#: hides it, a dot or blank at its end, which Windows drops, the first letter of a Windows device, and no UTF-8.
_REFUSED: Final = re.compile(
    r'["*:<>?|\\\x00-\x1f\ud800-\udfff]|^\.|[. ]$|^(?=(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³]) *(?:\.|$)).',
    re.IGNORECASE,
)


def list_paths(run: Path, under: Sequence[str] = (".",)) -> Iterator[tuple[str, Path]]:
    """Yield everything below some folders of a run, except the folders, in order of the paths in the run."""
    found = ((path.relative_to(run).as_posix(), path) for folder in under for path in (run / folder).rglob("*"))
    yield from sorted((name, path) for name, path in found if path.is_symlink() or not path.is_dir())


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file; NO_FILE for what is none, such as a pipe that nobody ever writes to."""
    if path.is_symlink() or not path.is_file():
        return NO_FILE
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_portable(name: str) -> bool:
    """Whether every file system and artifact store takes a path in a run."""
    return not any(map(_REFUSED.search, name.split("/")))


def make_portable(name: str) -> str:
    """Return a name that every file system and artifact store takes; ``urllib.parse.unquote`` gives the name back.

    >>> make_portable("run_id=scheduled__2026-12-01T03:14:06+00:00")
    'run_id=scheduled__2026-12-01T03%3A14%3A06+00%3A00'
    """
    return _REFUSED.sub(_escape, name.replace("%", "%25"))


def _escape(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogateescape"))


def rename_portable(folder: Path) -> None:
    """Rename everything below a folder so that every file system and artifact store takes its name.

    A new name is longer than the old one, so with the longest first no new name is in use yet.
    """
    for path in sorted(folder.rglob("*"), key=lambda path: (len(path.parts), len(path.name)), reverse=True):
        path.rename(path.with_name(make_portable(path.name)))
