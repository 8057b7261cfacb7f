"""Programs of this machine, and packages of its system where it is Debian's kind and we are root."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Final

#: Seconds that a download or an installation may take.
LIMIT: Final = 600.0
#: Whoever else installs something meanwhile holds apt's locks: wait for them instead of giving up.
_APT: Final = ("apt-get", "-o", "DPkg::Lock::Timeout=300")

#: Runs a command for so many seconds at most; returns its exit code and its output.
Run = Callable[[Sequence[str], float], "tuple[int, str]"]


def install_commands(
    packages: Sequence[str], environment: Mapping[str, str], root: bool
) -> tuple[tuple[str, ...], ...]:
    """Return the commands that install packages; none where they can't be installed."""
    if not (root and shutil.which("apt-get", path=environment.get("PATH"))):
        return ()
    return (*_APT, "update"), (*_APT, "install", "-y", "--no-install-recommends", *packages)


def last_line(told: str) -> str:
    """Return what a program said last."""
    return (told.strip().splitlines() or ["said nothing"])[-1]


def run_program(command: Sequence[str], limit: float) -> tuple[int, str]:
    """Return the exit code and the output of a program; one that can't run or does not end has failed."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit, check=False)  # noqa: S603  of our own making
    except FileNotFoundError:
        return 127, f"{command[0]} is not there"
    except subprocess.TimeoutExpired:
        return 124, f"did not end within {limit:.0f} s"
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")
