"""CPU contention: how many threads want to run while something is rehearsed on this machine."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Final

#: Seconds between two counts.
_EVERY: Final = 0.5
_STAT: Final = Path("/proc/stat")


@dataclass(slots=True)
class CpuContention:
    """How many threads wanted to run, count by count, those of the rehearsal among them."""

    counts: list[float] = field(default_factory=list)

    @property
    def per_core(self) -> float:
        """Threads that wanted to run for each core, on average; 0 where the system does not tell."""
        return fmean(self.counts) / (os.cpu_count() or 1) if self.counts else 0.0


@contextmanager
def measure_cpu_contention(stat: Path = _STAT) -> Iterator[CpuContention]:
    """Count while the context is open."""
    crowd, ended = CpuContention(), threading.Event()

    def count() -> None:
        while not ended.wait(_EVERY):
            if (running := count_runnable_threads(stat)) is not None:
                crowd.counts.append(running)

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    try:
        yield crowd
    finally:
        ended.set()
        thread.join()


def count_runnable_threads(stat: Path = _STAT) -> float | None:
    """Return how many threads want to run now, or did in the last minute; None where the system tells neither."""
    found = re.search(r"^procs_running (\d+)$", stat.read_text("ascii"), re.MULTILINE) if stat.exists() else None
    try:
        return float(found[1]) if found else os.getloadavg()[0]
    except OSError:
        return None
