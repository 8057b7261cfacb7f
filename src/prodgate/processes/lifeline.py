"""The child's side: how a process learns that it is time to end."""

from __future__ import annotations

import os
import select
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

#: Signals that end a process in order.
ENDING: Final = (signal.SIGTERM, signal.SIGINT)
#: Seconds between looks at who the parent is, where the system can't tell of its end.
LOOK: Final = 1.0


def end_with_parent(lifeline: int, end: Callable[[], object]) -> None:
    """Call ``end`` when the parent is gone, which holds the other end of this pipe open as long as it lives."""

    def watch() -> None:
        os.read(lifeline, 1)
        end()

    threading.Thread(target=watch, daemon=True).start()


def hear_signals(
    *numbers: signal.Signals, handler: Callable[[int, object], object] = lambda _number, _frame: None
) -> int:
    """Return a descriptor that becomes readable on any of these signals; each calls ``handler`` besides."""
    heard, telling = os.pipe()
    for end in (heard, telling):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    for number in numbers:
        signal.signal(number, handler)
    return heard


def drain(descriptor: int) -> None:
    """Take from a pipe what is there, so that it is readable for what comes next alone."""
    with suppress(BlockingIOError):
        os.read(descriptor, 1 << 16)


def read_commands(heard: int, parent: int, ends: Callable[[], bool] = lambda: True) -> Iterator[str]:
    """Yield the lines that the parent writes to stdin, until it is time to end.

    That is when stdin is closed, when ``parent`` is not the parent process any more, or when a signal was heard and
    ``ends`` says so. A stdin that is no pipe has no lines.
    """
    watched = [heard, *_open_parent(parent)]
    limit = LOOK if len(watched) == 1 else None
    if stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode):
        watched.append(0)
    rest = b""
    while os.getppid() == parent:
        ready, _, _ = select.select(watched, [], [], limit)
        if heard in ready:
            drain(heard)
            if ends():
                return
        if 0 in ready:
            read = os.read(0, 1 << 16)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            yield from (line.decode() for line in lines)


def wait_for_end(heard: int, parent: int) -> None:
    """Wait until it is time to end, whatever is written to stdin."""
    for _ in read_commands(heard, parent):
        pass


def _open_parent(parent: int) -> list[int]:
    """Return a descriptor that becomes readable when the parent ends, where the system has such."""
    if not hasattr(os, "pidfd_open"):
        return []
    with suppress(ProcessLookupError):  # it has ended, and getppid() says so
        return [os.pidfd_open(parent)]
    return []
