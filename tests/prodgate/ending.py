"""Whether processes that a test did not start itself end."""

import os
import select


def ended(*pids: int) -> bool:
    """Whether the processes end within a minute; one that has ended and waits to be reaped has."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        gone, _, _ = select.select([descriptor], [], [], 60)
        os.close(descriptor)
        if not gone:
            return False
    return True
