"""Runs a process that drives a browser: its output is shown or logged, and it never outlives us."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from ..processes.child import KILLED, clean_environment
from ..processes.progress import Progress, read_progress
from .redacting.redaction import Redaction
from .settings import BrowserSettings

#: Variables that would change pytest or Playwright behind our back.
_CHANGING: Final = ("PYTEST_", "DEBUG", "PWDEBUG", "PW_")
#: Seconds to wait for the rest of a process's output after its end.
_ENDING: Final = 10.0


def run_process(
    arguments: Sequence[str], settings: BrowserSettings, *, log: Path, cwd: Path, limit: float, progress: Progress
) -> int | None:
    """Run our own interpreter with arguments; return the exit code, None if it did not end within ``limit`` s."""
    log.parent.mkdir(parents=True, exist_ok=True)
    lifeline, held = os.pipe()
    try:
        process = _start(arguments, replace(settings, lifeline=lifeline), cwd)
        clean = Redaction(frozenset(settings.secrets))
        reader = threading.Thread(target=_copy_output, args=(process.stdout, log, clean, progress), daemon=True)
        reader.start()
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:  # also on Ctrl-C
            process.kill()
            process.wait(KILLED)
            reader.join(_ENDING)
    finally:
        os.close(lifeline)
        os.close(held)


def _start(arguments: Sequence[str], settings: BrowserSettings, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own modules
        [sys.executable, "-P", *arguments],
        cwd=cwd,
        env={**clean_environment(*_CHANGING), **settings.to_environment()},
        pass_fds=[settings.lifeline],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _copy_output(stream: IO[bytes], log: Path, clean: Redaction, progress: Progress) -> None:
    with stream, log.open("w", encoding="utf-8") as kept:
        for line in stream:
            text = clean.redact_text(line.decode("utf-8", "replace").rstrip())
            if not read_progress(text, progress):
                kept.write(f"{text}\n")
