"""The tasks that really run: for each, a process of a build of the sample site at a port of its own, and its log."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from ...criteria import UsageError, suggest
from ...processes.child import end_child
from ..site.process import bind_port, start_build
from .declared import Service

# ── Builds that a rehearsal deploys: a good one, and those that a deployment must roll back


#: The build that serves before the first deployment.
BLUE: Final = "blue"
GOOD: Final = "green"
#: Faults of the site, as `python -m prodgate.rehearsal.site --help` lists them, by the name of the build: the good one;
#: never healthy; healthy except for the hook's requests; for its migration; for readers' requests.
BUILDS: Final[Mapping[str, tuple[str, ...]]] = {
    GOOD: (),
    "never-healthy": ("never-ready",),
    "failing-hook": ("errors=1",),
    "failing-migration": (),
    "failing-in-public": ("errors-in-public=1",),
}


def check_build(name: str) -> None:
    """Raise UsageError unless there is such a build; a suffix after ``green`` may distinguish good ones."""
    if name not in BUILDS and not name.startswith(GOOD):
        hint = suggest(name, BUILDS) or f"; there are {', '.join(BUILDS)}"
        raise UsageError(f"build {name!r}: none is named so{hint}")


# ── The stderr of the processes, copied into the declared log groups of their tasks

#: The stream in each group.
_STREAM = "rehearsal"


@dataclass(slots=True)
class LogCopies:
    """How far the log of each service has been copied."""

    client: Any
    """Of CloudWatch Logs."""
    folder: Path
    _read: dict[str, int] = field(default_factory=dict)

    def copy(self, service: Service) -> None:
        """Copy the new lines, each with the time that it states."""
        if not service.log_group or not (lines := list(self._new_lines(service))):
            return
        where = {"logGroupName": service.log_group, "logStreamName": _STREAM}
        if service.name not in self._read:
            with suppress(self.client.exceptions.ResourceAlreadyExistsException):
                self.client.create_log_stream(**where)
        timed = sorted((_time_of(line), line) for line in lines)
        self.client.put_log_events(**where, logEvents=[{"timestamp": at, "message": line} for at, line in timed])
        self._read[service.name] = self._read.get(service.name, 0) + sum(len(line.encode()) + 1 for line in lines)

    def _new_lines(self, service: Service) -> Iterator[str]:
        path = log_of(self.folder, service.name)
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._read.get(service.name, 0))
            for line in file:
                if not line.endswith(b"\n"):
                    return  # the rest of it is being written
                yield line[:-1].decode("utf-8", "replace")


def log_of(folder: Path, service: str) -> Path:
    """Return the file to which the tasks of a service write everything but requests."""
    return folder / f"{service}.jsonl"


def _time_of(line: str) -> int:
    """Return the time of a line in ms; now for one that states none."""
    with suppress(ValueError, TypeError, KeyError):
        return int(json.loads(line)["at"] * 1000)
    return int(time.time() * 1000)


# ── Tasks

#: Seconds that a process has to end after the signal, beyond the time for its requests.
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

    def start(self, service: str, build: str, schema: str, more: Sequence[str] = ()) -> RunningTask:
        """Start a task of a build that knows the schema up to a revision; ``more`` are faults beyond the build's."""
        options = ["--build", build, "--database", self.database, "--schema", schema]
        options += ["--access-log", str(self.logs / "access.jsonl")]
        for fault in (*BUILDS.get(build, ()), *more):
            options += ["--fault", fault]
        with bind_port() as place:
            process = start_build(place, options, self._secret, log_of(self.logs, service))
            made = RunningTask(place.getsockname()[1], process)
        self._running.append(made)
        return made

    def end(self, tasks: Sequence[RunningTask], *, at_once: bool = False) -> None:
        """End tasks: they finish open requests first, unless they are killed at once."""
        for task in tasks:
            task.process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
        for task in tasks:
            end_child(task.process, 0 if at_once else _LIMIT)
            if task in self._running:  # it may have been ended before
                self._running.remove(task)


@contextmanager
def running_fleet(database: str, logs: Path) -> Iterator[Fleet]:
    """Yield a fleet without tasks; all its tasks end with the context, and with this process."""
    fleet = Fleet(database, logs)
    try:
        yield fleet
    finally:
        fleet.end([*fleet._running], at_once=True)
