"""Opens files that a user names, without ever waiting for the other end of a pipe or a socket."""

import errno
import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

#: How a system refuses to open a socket: Linux, others.
_OF_SOCKETS: Final = (errno.ENXIO, errno.EOPNOTSUPP)


#: Bytes of the largest file that people write which is read: a thousand times what they write.
MOST: Final = 16 * 1024 * 1024
#: Bytes of the largest file of a run, or of one that holds a run.
OF_RUN: Final = 2 * 1024**3
#: Bytes of a file that are read at a time where its size is not known.
_PART: Final = 1024 * 1024


class NotRegularError(OSError):
    """A pipe, a socket or a device lies in place of a file, and can't be read again; ``strerror`` says so."""


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file to read its bytes. Raises NotRegularError, and OSError when it can't be read.

    The opened file is checked, not its path, which something else may replace a moment later.
    """
    try:
        file = open(path, "rb", opener=_open_at_once)  # noqa: SIM115  the caller's; a Path has no opener
    except OSError as error:
        raise _make_refusal(path) if error.errno in _OF_SOCKETS else error from None
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise _make_refusal(path)


def read_measured(path: Path, most: int = MOST, *, piped: bool = False) -> bytes:
    """Return the bytes of a regular file. Raises OSError when it can't be read, or holds more than ``most`` bytes.

    No more than that is ever in memory, whatever the size of a sparse or growing file. A file
    from the command line may be ``piped``: it is read to its end.
    """
    with path.open("rb") if piped and path.is_fifo() else open_measured(path, most) as file:
        parts = [file.read(os.fstat(file.fileno()).st_size + 1)]  # asking for more than there is takes memory for it
        while sum(map(len, parts)) <= most and parts[-1]:
            parts.append(file.read(_PART))
    if len(data := b"".join(parts)) > most:
        raise _make_too_large(path, most)
    return data


def open_measured(path: Path, most: int) -> BufferedReader:
    """Open a regular file of at most ``most`` bytes. Raises OSError when it can't be read, or holds more."""
    file = open_regular(path)
    if os.fstat(file.fileno()).st_size <= most:
        return file
    file.close()
    raise _make_too_large(path, most)


def _make_too_large(path: Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"is larger than {most:,} bytes", str(path))


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a regular file, of whatever size. Raises OSError when it can't be read."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe must not keep the gate waiting


def _make_refusal(path: Path) -> NotRegularError:
    return NotRegularError(errno.EINVAL, "is no regular file", str(path))
