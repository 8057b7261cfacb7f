"""A sealed run as one file: a tar archive with one folder, which is the same archive whoever makes it.

Only what the gate would have written itself is taken apart: an archive in which a byte differs, a name leads out, or a
link stands is refused before anything of it is believed.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import Final

from ..criteria import UsageError
from ..evidence.files import list_paths

#: What the name of a bundle ends in.
SUFFIX: Final = ".tar"
_MODE: Final = 0o644


class BundleError(UsageError):
    """A file is no bundle; the message says why."""


def make_bundle(run: Path, name: str) -> bytes:
    """Return the archive of a run that is called ``name``. Raises BundleError."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for inner, path in list_paths(run):
            if path.is_symlink() or not path.is_file():
                raise BundleError(f"{path}: is a link or no file, which no bundle holds; take it out")
            data = path.read_bytes()
            entry = tarfile.TarInfo(f"{name}/{inner}")
            entry.size, entry.mode = len(data), _MODE
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def open_bundle(bundle: Path, into: Path) -> Path:
    """Take a bundle apart into an empty folder, and return the run in it. Raises BundleError."""
    data = bundle.read_bytes()
    try:
        names = _unpack(data, into)
    except (tarfile.TarError, ValueError, OSError, EOFError, OverflowError) as error:
        raise BundleError(f"{bundle}: CHANGED: is no bundle: {error}") from None
    if len(names) != 1:
        raise BundleError(f"{bundle}: CHANGED: is no bundle: it holds {len(names)} folders")
    run = into / names.pop()
    if make_bundle(run, run.name) != data:
        raise BundleError(f"{bundle}: CHANGED: is not packed as prodgate bundle packs it")
    return run


def _unpack(data: bytes, into: Path) -> set[str]:
    names = set()
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for entry in archive:
            parts = PurePosixPath(entry.name).parts
            plain = entry.type == tarfile.REGTYPE and not entry.issparse()
            if not plain or len(parts) < 2 or ".." in parts or entry.name.startswith("/"):
                raise ValueError(f"{entry.name!r} is no file below a folder")
            place = into.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(entry)
            assert content is not None
            with place.open("xb") as file:
                file.write(content.read())
            names.add(parts[0])
    return names
