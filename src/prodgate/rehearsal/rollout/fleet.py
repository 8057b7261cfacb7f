"""The tasks that really run: a process of the sample site for each, at a port of its own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Final

from ...processes.child import end_child
from ..site.process import bind_port, start_build
from .builds import Build
from .service_logs import log_of

#: Seconds in which a process must end when told to, beyond the time that its requests are given.
_LIMIT: Final = 10.0


@dataclass(frozen=True, slots=True)
class RunningTask:
    """A process that serves as a task."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None


@dataclass(slots=True)
class Fleet:
    """All processes of a rehearsal."""

    database: str
    logs: Path
    _secret: str = field(default_factory=lambda: token_hex(32))
    _running: list[RunningTask] = field(default_factory=list)

    def start(self, service: str, build: Build, schema: str, more: Sequence[str] = ()) -> RunningTask:
        """Start a task of a build that knows the schema up to a revision; ``more`` are faults beyond the build's."""
        options = ["--build", build.name, "--database", self.database, "--schema", schema]
        options += ["--access-log", str(self.logs / "access.jsonl")]
        for fault in (*build.faults, *more):
            options += ["--fault", fault]
        with bind_port() as place:
            process = start_build(place, options, self._secret, log_of(self.logs, service))
            made = RunningTask(place.getsockname()[1], process)
        self._running.append(made)
        return made

    def end(self, tasks: Sequence[RunningTask], *, at_once: bool = False) -> None:
        """End tasks: they answer what is under way first, unless they are killed at once."""
        for task in tasks:
            task.process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
        for task in tasks:
            end_child(task.process, 0 if at_once else _LIMIT)
            if task in self._running:  # it may have been ended before
                self._running.remove(task)

    def end_all(self) -> None:
        """End whatever runs."""
        self.end([*self._running], at_once=True)


@contextmanager
def running_fleet(database: str, logs: Path) -> Iterator[Fleet]:
    """Yield a fleet without tasks; whatever it runs ends with the context, and with this process."""
    fleet = Fleet(database, logs)
    try:
        yield fleet
    finally:
        fleet.end_all()
