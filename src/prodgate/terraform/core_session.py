"""The embedded core, which stays for the next command: loading it, and reading the schemas, is done once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from ..processes.child import Completed, Process, read_first_line
from .runner import await_end


@dataclass(slots=True)
class CoreSession:
    """A core that runs one command after the other. It is started for the first, and again after one that ended it."""

    command: Sequence[str]
    environment: Mapping[str, str]
    scratch: Path
    _process: Process | None = None
    _asking: int = -1
    _answers: int = -1

    def run(self, arguments: Sequence[str], *, cwd: Path, limit: float) -> Completed:
        """Run a command to its end. Raises TerraformError, core ended, when it takes longer than ``limit`` seconds."""
        process, until = self._process or self._start(), monotonic() + limit
        written = {name: self.scratch / f"core.{name}" for name in ("stdout", "stderr")}
        asked = {"arguments": list(arguments), "directory": str(cwd), **{n: str(each) for n, each in written.items()}}
        for each in written.values():
            each.unlink(missing_ok=True)
        with suppress(BrokenPipeError):  # it has ended: then it does not answer, either
            os.write(self._asking, f"{json.dumps(asked)}\n".encode())
        answer = read_first_line(self._answers, limit)
        stdout, stderr = (_read(each) for each in written.values())
        if answer:
            return Completed(int(answer), stdout, stderr)
        try:
            ended = await_end(process, until, limit, called=("terraform", *arguments))
        finally:
            self.close()
        return Completed(ended.code, stdout, stderr + ended.stderr)

    def _start(self) -> Process:
        receiving, self._asking = os.pipe()
        self._answers, sending = os.pipe()
        try:
            self._process = Process(
                self.command, cwd=self.scratch, environment=self.environment, stdin=receiving, stdout=sending, grace=0
            )
        finally:
            os.close(receiving)
            os.close(sending)
        return self._process

    def close(self) -> None:
        """End core, if it was started."""
        process, self._process = self._process, None
        if process is not None:
            process.__exit__(None, None, None)
        for descriptor in (self._asking, self._answers):
            with suppress(OSError):
                os.close(descriptor)


def _read(file: Path) -> str:
    return file.read_text("utf-8", "replace") if file.exists() else ""
