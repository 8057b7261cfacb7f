"""Locust's processes: one group, its output in a file, never left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from ..processes.child import KILLED, ends_within, signal_group
from ..processes.progress import Progress, read_progress

#: Seconds that Locust has after an interrupt to write its record, before its processes are killed.
GRACE: Final = 10.0
#: Seconds between looks for progress in the output.
_POLL_INTERVAL: Final = 0.25


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """The processes of one run: the first is the master, or the only one; the others are its workers."""

    processes: tuple[subprocess.Popen[bytes], ...]
    output: Path

    def follow(self, limit: float, progress: Progress) -> int | None:
        """Wait up to ``limit`` seconds for the first to end; return its exit code, None if it was interrupted."""
        until, first = monotonic() + limit, self.processes[0]
        with self.output.open("rb") as printed:
            while first.poll() is None and monotonic() < until:
                ends_within(first, _POLL_INTERVAL)
                for line in printed.read().decode("utf-8", "replace").splitlines():
                    read_progress(line, progress)
        if first.poll() is None:
            self.interrupt()
            return None
        return first.returncode

    def interrupt(self) -> None:
        """Ask the first to write its record and end, and give it time to do so."""
        first = self.processes[0]
        if first.poll() is None:
            first.send_signal(signal.SIGINT)
        ends_within(first, GRACE)


@contextmanager
def process_group(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str], output: Path
) -> Iterator[ProcessGroup]:
    """Start the commands in one process group; whatever happens, none of them outlives the context.

    An exception in the context, Ctrl-C for one, interrupts them first, so that what was measured is written down.
    """
    processes: list[subprocess.Popen[bytes]] = []
    with output.open("wb") as file:
        try:
            for command in commands:
                processes.append(_start(command, environment, file.fileno(), processes))
            running = ProcessGroup(tuple(processes), output)
            try:
                yield running
            except BaseException:
                running.interrupt()
                raise
        finally:  # a second Ctrl-C must not leave them running
            if processes:
                signal_group(processes[0].pid, signal.SIGKILL)
            for process in processes:
                process.wait(KILLED)


def _start(
    command: Sequence[str], environment: Mapping[str, str], output: int, others: Sequence[subprocess.Popen[bytes]]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  Locust, by our own interpreter
        [sys.executable, "-P", "-m", "prodgate.load.engine.launch", *command],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=others[0].pid if others else 0,
    )
