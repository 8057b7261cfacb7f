"""Child processes that end with their parent, and waits for them that end."""

from __future__ import annotations

import os
import select
from time import monotonic
from typing import Final

#: Seconds between looks at a child, where the system can't tell of its end.
LOOK: Final = 0.05


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
