"""The parent's side: children that are started, waited for with a limit, and ended with all that they started."""

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import IO, Any, Final, Self

from .interpreter import drop_settings

#: Seconds that a child has to clean up after a SIGINT.
GRACE: Final = 5.0
#: Seconds in which a child must be gone after a SIGKILL.
KILLED: Final = 30.0
#: Seconds in which a child must have written the first line of its output.
READY: Final = 60.0
#: Seconds between looks at a child, where the system can't tell of its end.
LOOK: Final = 0.05
#: A shell that watches its input beside the program.
_ENDING_WITH_INPUT: Final = (
    'by=$1; shift; exec 3<&0; "$@" <&- 3<&- & child=$!; { read -r _ <&3; kill -"$by" "$child"; } 2>/dev/null & '
    'watching=$!; wait "$child"; ended=$?; kill "$watching" 2>/dev/null; exit "$ended"'
)


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended by itself."""

    code: int
    stdout: str
    stderr: str


class Process:
    """A running child in a process group of its own, with its output in files. Leaving the context ends the group.

    ``grace`` are the seconds that it is given to end by itself after SIGINT, before its group is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
        grace: float = GRACE,
    ) -> None:
        self.command = tuple(command)
        self._grace = grace
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self.child = subprocess.Popen(  # noqa: S603  the command is the engine or our own module
            self.command,
            cwd=cwd,
            env=dict(environment),
            stdin=stdin,
            stdout=self._output if stdout is None else stdout,
            stderr=self._errors,
            start_new_session=True,
        )

    def wait(self, limit: float) -> Completed:
        """Wait up to ``limit`` seconds for the end. Raises subprocess.TimeoutExpired, the group ended, after that."""
        if not ends_within(self.child, limit):
            self.end()
            raise subprocess.TimeoutExpired(self.command, limit)
        return Completed(self.child.wait(), self.output(), self.errors())

    def output(self) -> str:
        """Return what it has written to stdout so far."""
        return _read_written(self._output)

    def errors(self) -> str:
        """Return what it has written to stderr so far."""
        return _read_written(self._errors)

    def describe_failure(self, code: int, during: str = "") -> str:
        """Say how it ended, and what it said last; ``during`` says what it was doing."""
        ended = f"was ended by {name_signal(-code)}" if code < 0 else f"ended with exit code {code}"
        return f"{ended}{during}: {' '.join(self.errors().split())[-500:] or 'it said nothing'}"

    def end(self) -> None:
        """End the process and everything it started: SIGINT first, so that it can clean up, then SIGKILL."""
        end_group(self.child, self._grace)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._output.close()
        self._errors.close()


@contextmanager
def running(command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> Iterator[tuple[Process, int]]:
    """Run a program that listens to its input; yield it and the descriptor that it reads from.

    The program ends when the context is left, and by the end of its input when this process is gone.
    """
    receiving, sending = os.pipe()
    try:
        with Process(command, cwd=cwd, environment=environment, stdin=receiving, grace=0) as process:
            os.close(receiving)
            yield process, sending
    finally:
        os.close(sending)


def ending_with_input(command: Sequence[str], by: signal.Signals) -> tuple[str, ...]:
    """Return a command that runs another one and ends with it, and ends it by a signal when its own input ends.

    That is when whoever holds the other end of the input is gone, by whatever way.
    """
    return ("/bin/sh", "-c", _ENDING_WITH_INPUT, "sh", str(by.value), *command)


def clean_environment(*prefixes: str) -> dict[str, str]:
    """Return the environment for a child, without the variables that begin so and would change what it does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return {**drop_settings(kept), "PYTHONUNBUFFERED": "1"}


def end_group(child: subprocess.Popen[Any], grace: float, first: signal.Signals = signal.SIGINT) -> None:
    """End a child that leads a group, and its group: ``first``, and SIGKILL for what is left after ``grace`` seconds.

    Raises subprocess.TimeoutExpired for a child that not even SIGKILL ends.
    """
    try:
        if child.poll() is None and grace:
            signal_group(child.pid, first)
            ends_within(child, grace)
    finally:  # a second Ctrl-C while waiting must not leave it running
        signal_group(child.pid, signal.SIGKILL)
        child.wait(KILLED)


def end_child(child: subprocess.Popen[Any], grace: float) -> None:
    """Wait ``grace`` seconds for a child to end, kill it if it does not, and close its pipes.

    Raises subprocess.TimeoutExpired, the pipes closed, for a child that not even SIGKILL ends.
    """
    try:
        if not ends_within(child, grace):
            child.kill()
        child.wait(KILLED)
    finally:  # after Ctrl-C, too: it goes on ending by itself, since its input has ended
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()


def name_signal(number: int) -> str:
    """Return the name of a signal; those of real time have none."""
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a group of processes, if there is one."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def ends_within(child: subprocess.Popen[Any], limit: float) -> bool:
    """Whether a child ends within ``limit`` seconds."""
    if hasattr(os, "pidfd_open") and child.poll() is None:
        with suppress(ProcessLookupError):  # another thread is just reaping it, and soon knows how it ended
            return _wait_for_descriptor(child.pid, limit)  # subprocess itself would look up to 50 ms too late
    with suppress(subprocess.TimeoutExpired):
        child.wait(limit)
    return child.returncode is not None


def wait_for_exit(child: int, limit: float) -> bool:
    """Wait up to ``limit`` seconds for a forked process to end, and reap it; return whether it has ended."""
    if hasattr(os, "pidfd_open"):
        _wait_for_descriptor(child, limit)
        return os.waitpid(child, os.WNOHANG)[0] == child
    until = monotonic() + limit
    while os.waitpid(child, os.WNOHANG)[0] != child:
        if monotonic() > until:
            return False
        select.select([], [], [], LOOK)
    return True


def _wait_for_descriptor(child: int, limit: float) -> bool:
    descriptor = os.pidfd_open(child)
    try:
        return bool(select.select([descriptor], [], [], limit)[0])
    finally:
        os.close(descriptor)


def read_first_line(descriptor: int, limit: float = READY) -> str:
    """Return the first line that arrives, or "" when there is none in time or the writer ends before it."""
    until, received = monotonic() + limit, b""
    while b"\n" not in received:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - monotonic()))
        part = os.read(descriptor, 1 << 16) if ready else b""
        if not part:
            return ""
        received += part
    return received.split(b"\n", 1)[0].decode()


def read_lines(descriptor: int, until: float) -> Iterator[str]:
    """Yield the lines that arrive until the writer ends or the time is over."""
    begun = b""
    while select.select([descriptor], [], [], max(0.0, until - monotonic()))[0]:
        part = os.read(descriptor, 1 << 16)
        *whole, begun = (begun + part).split(b"\n") if part else [begun, b""]
        yield from (line.decode("utf-8", errors="replace") for line in whole)
        if not part:
            return


def _read_written(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode("utf-8", errors="replace")
