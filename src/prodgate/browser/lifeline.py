"""Ends a process with its parent, which holds the other end of a pipe open as long as it lives."""

from __future__ import annotations

import os
import signal
import threading


def end_with_parent(lifeline: int) -> None:
    """End this process when nobody holds the other end of a pipe any more.

    The browser goes with it, since it ends when nobody drives it.
    """

    def watch() -> None:
        os.read(lifeline, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
