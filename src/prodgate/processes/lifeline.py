"""The child's side: how a process learns that it is time to end."""

import fcntl
import os
import select
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


def end_group_with_parent(lifeline: int) -> None:
    """Send SIGTERM to the group of this process when the parent is gone, which holds the other end of this pipe open.

    On Linux the system itself does so: a pattern of regular expressions that takes long lets no thread run.
    """
    with suppress(AttributeError, OSError):  # another system, or a sandbox that refuses it
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGTERM)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    end_with_parent(lifeline, lambda: os.killpg(os.getpgrp(), signal.SIGTERM))


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


@contextmanager
def interrupted_once() -> Iterator[Callable[[], None]]:
    """Let only the first signal that ends a process raise KeyboardInterrupt, so that the cleanup can finish.

    Yields a function that holds back the first as well. A signal that is ignored, as by nohup, stays so.
    """
    heard = False

    def hold() -> None:
        nonlocal heard
        heard = True

    def interrupt(_number: int, _frame: object) -> None:
        if not heard:
            hold()
            raise KeyboardInterrupt

    numbers = [one for one in (*ENDING, signal.SIGHUP) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.getsignal(number) for number in numbers}
    outer = signal.set_wakeup_fd(-1)
    heard_at = hear_signals(*numbers, handler=interrupt)
    thread = threading.Thread(target=_repeat_first, args=(heard_at, threading.get_ident()), daemon=True)
    thread.start()
    try:
        yield hold
    finally:
        os.close(signal.set_wakeup_fd(outer))
        thread.join()
        os.close(heard_at)
        for number, handler in before.items():
            signal.signal(number, handler)


def _repeat_first(heard: int, main: int) -> None:
    """Send the first signal once more, to the main thread, which runs the handlers.

    Of two at once, the system may hand both to another thread; then a main thread that waits would not wake.
    """
    select.select([heard], [], [])
    if first := os.read(heard, 1):
        signal.pthread_kill(main, first[0])


def drain(descriptor: int) -> None:
    """Take from a pipe what is there, so that it is readable for what comes next alone."""
    with suppress(BlockingIOError):
        os.read(descriptor, 1 << 16)


def read_commands(heard: int, parent: int, ends: Callable[[], bool] = lambda: True) -> Iterator[str]:
    """Yield the lines that the parent writes to stdin, until it is time to end.

    That is when stdin is closed, when ``parent`` is not the parent process any more, or when a signal arrived and
    ``ends`` returns true. A stdin that is no pipe has no lines.
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
