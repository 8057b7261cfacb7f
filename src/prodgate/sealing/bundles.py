"""A sealed run as one file: a tar archive with one folder, which is the same archive whoever makes it.

Only what the gate would have written itself is taken apart: an archive in which a byte differs, a name leads out, or a
link stands is refused before anything of it is believed.
"""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from ..criteria import UsageError
from ..evidence.artifacts import list_paths
from ..processes.regular_files import OF_RUN, read_measured

#: The ending of a bundle's name.
SUFFIX: Final = ".tar"


class BundleError(UsageError):
    """A file is no bundle; the message says why."""


def make_bundle(run: Path, name: str) -> bytes:
    """Return the archive of a run that is called ``name``. Raises BundleError."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for inner, path in list_paths(run):
            if path.is_symlink() or not path.is_file():
                raise BundleError(f"{path}: is a link or no file, which no bundle holds; take it out")
            data = read_measured(path, OF_RUN)
            entry = tarfile.TarInfo(f"{name}/{inner}")
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def open_bundle(bundle: Path, into: Path) -> Path:
    """Take a bundle apart into an empty folder, and return the run in it. Raises BundleError."""
    try:
        data = read_measured(bundle, OF_RUN)
        names = _unpack(data, into)
    except (tarfile.TarError, ValueError, OSError, EOFError, OverflowError) as error:
        raise BundleError(f"{bundle}: CHANGED: is no bundle: {error}") from None
    if len(names) != 1:
        raise BundleError(f"{bundle}: CHANGED: is no bundle: it holds {len(names)} folders")
    (run := into / names.pop()).chmod(0o700)  # as the run that was packed
    if make_bundle(run, run.name) != data:
        raise BundleError(f"{bundle}: CHANGED: is not packed as prodgate bundle packs it")
    return run


@contextmanager
def opened(bundle: Path) -> Iterator[Path]:
    """Hand out the run in a bundle; where the block ends well and changed it, pack it again. Raises BundleError."""
    with TemporaryDirectory(prefix="prodgate-") as folder:
        run = open_bundle(bundle, Path(folder))
        yield run
        if (data := make_bundle(run, run.name)) != read_measured(bundle, OF_RUN):
            (partial := bundle.with_name(f".{bundle.name}")).touch(0o600)  # as the run, for its owner alone
            partial.write_bytes(data)
            partial.replace(bundle)


def take_apart(bundle: Path) -> Path:
    """Take a bundle apart beside itself, and return the run. Raises BundleError."""
    with TemporaryDirectory(prefix=".", dir=bundle.parent) as folder:
        run = open_bundle(bundle, Path(folder))
        if (there := bundle.parent / run.name).exists():
            raise BundleError(f"{there}: is there already; take it or the bundle away")
        return run.rename(there)


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
