"""Child processes: what they are started with, the progress they print, and how they end."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

#: Called with a line that says what is being done.
Progress = Callable[[str], None]

#: What a line of progress begins with; whatever else a child prints goes to its log.
PROGRESS_PREFIX: Final = "prodgate: "

#: Seconds between looks at a child, where the system can't tell of its end.
LOOK: Final = 0.05


def print_progress(text: str) -> None:
    """Print a line that the parent shows as progress."""
    print(f"{PROGRESS_PREFIX}{text}", flush=True)  # noqa: T201


def read_progress(line: str, progress: Progress) -> bool:
    """Pass on what a child printed if it is progress; return whether it was."""
    if line.startswith(PROGRESS_PREFIX):
        progress(line.removeprefix(PROGRESS_PREFIX))
        return True
    return False


def clean_environment(*prefixes: str) -> dict[str, str]:
    """Return the environment for a child, without the variables that begin so and would change what it does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def end_with_parent(lifeline: int, end: Callable[[], object]) -> None:
    """Call ``end`` when the parent is gone, which holds the other end of this pipe open as long as it lives."""

    def watch() -> None:
        os.read(lifeline, 1)
        end()

    threading.Thread(target=watch, daemon=True).start()


def wait_for_exit(child: int, limit: float) -> bool:
    """Wait up to ``limit`` seconds for a child process to end, and reap it; return whether it has ended."""
    if hasattr(os, "pidfd_open"):
        descriptor = os.pidfd_open(child)
        try:
            select.select([descriptor], [], [], limit)
        finally:
            os.close(descriptor)
        return os.waitpid(child, os.WNOHANG)[0] == child
    until = monotonic() + limit
    while os.waitpid(child, os.WNOHANG)[0] != child:
        if monotonic() > until:
            return False
        select.select([], [], [], LOOK)
    return True
