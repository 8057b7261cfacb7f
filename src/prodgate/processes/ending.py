"""The end of a command: what it says about its failure, and an exit code that stays, whatever becomes of its output."""

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

#: Errors of the machine that are no bug of the gate: full, read-only, closed or forbidden places, limits, no IPv4.
_REFUSALS: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EPIPE, errno.EFBIG, errno.EIO,
     errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENAMETOOLONG, errno.ELOOP,
     errno.EADDRNOTAVAIL}
)  # fmt: skip
#: Packages that only an extra brings; `prodgate check` does not need them.
_OF_EXTRAS: Final = ("boto3", "botocore")


def print_failure(lines: list[str]) -> None:
    """Say on stderr why there is no verdict; where it can't be written, the exit code says it."""
    with suppress(OSError, ValueError):
        sys.stderr.writelines(f"prodgate: {line}\n" for line in lines)
        sys.stderr.flush()


def print_bug() -> None:
    """Print the traceback of the exception that is handled."""
    with suppress(OSError, ValueError):
        traceback.print_exc()


def describe_refusal(error: OSError) -> str:
    """Say what could not be read or written; a traceback is printed first when that is a bug of the gate."""
    if error.errno == errno.EPIPE:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at its end
    if error.errno not in _REFUSALS:
        print_bug()
    if error.errno == errno.EADDRNOTAVAIL:
        return f"127.0.0.1, which the gate needs: {error.strerror or error}; no verdict"
    return f"{error.filename or 'output'}: {error.strerror or error}; no verdict"


def describe_missing(error: ModuleNotFoundError) -> str:
    """Say which extra brings what could not be imported; nothing where no extra does, which is a bug of the gate."""
    name = str(error.name).partition(".")[0]
    return f"{name} is not installed, which asks AWS; pip install 'prod-gate[core]'" if name in _OF_EXTRAS else ""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let what is refused in this block name the file: a failing write does not by itself."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def end_with(command: Callable[[], int], *, broken: int, usage: int) -> NoReturn:
    """Run a command and end the process at once with its code, as Python's own end may exchange it.

    Without its output 0 becomes ``broken``; a SystemExit without a number becomes ``usage``.
    """
    code = broken
    if sys.stdout is not None and sys.stderr is not None:  # closed: nobody would see what is said
        try:
            code = command()
        except SystemExit as left:  # of argparse: --help, --version, a usage error
            code = left.code if isinstance(left.code, int) else usage
        except OSError as error:  # of argparse, too
            print_failure([describe_refusal(error)])
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError) as error:
            if not code and isinstance(error, OSError):  # with another code it was said already
                print_failure([describe_refusal(error)])
            code = code or broken
    os._exit(code)
