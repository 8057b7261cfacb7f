"""Files that somebody names, opened without waiting for whoever writes into a pipe or listens at a socket."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO, Final

#: How a system refuses to open a socket: Linux, others.
_OF_SOCKETS: Final = (errno.ENXIO, errno.EOPNOTSUPP)


class NotRegularError(OSError):
    """In the place of a file is a pipe, a socket or a device, which nobody can read again; ``strerror`` says so."""


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file to read its bytes. Raises NotRegularError, and OSError when it can't be read.

    What was opened is asked, not its path, in whose place something else may stand a moment later.
    """
    try:
        file = open(path, "rb", opener=_open_at_once)  # noqa: SIM115  the caller's; a Path has no opener
    except OSError as error:
        raise _make_refusal(path) if error.errno in _OF_SOCKETS else error from None
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise _make_refusal(path)


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe must not keep the gate waiting


def _make_refusal(path: Path) -> NotRegularError:
    return NotRegularError(errno.EINVAL, "is no regular file", str(path))
