"""Runs a process that drives a browser: what it prints is shown or kept, and it is never left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from .redaction import Redaction
from .settings import BrowserSettings

#: What a line of progress begins with.
PROGRESS_PREFIX: Final = "prodgate: "
#: Seconds that a process may take to end after all was said.
_ENDING: Final = 10.0

Progress = Callable[[str], None]


def run_process(
    arguments: Sequence[str], settings: BrowserSettings, *, log: Path, cwd: Path, limit: float, progress: Progress
) -> int | None:
    """Run our own interpreter with arguments; return its exit code, None when it did not end within ``limit`` s."""
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
            process.wait()
            reader.join(_ENDING)
    finally:
        os.close(lifeline)
        os.close(held)


def _start(arguments: Sequence[str], settings: BrowserSettings, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own modules
        [sys.executable, "-P", *arguments],
        cwd=cwd,
        env={**_clean_environment(), **settings.to_environment()},
        pass_fds=[settings.lifeline],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _clean_environment() -> dict[str, str]:
    """Return the environment without what would change pytest or Playwright behind our back."""
    changing = ("PYTEST_", "DEBUG", "PWDEBUG", "PW_")
    return {name: value for name, value in os.environ.items() if not name.startswith(changing)} | {
        "PYTHONUNBUFFERED": "1"
    }


def _copy_output(stream: IO[bytes], log: Path, clean: Redaction, progress: Progress) -> None:
    with stream, log.open("w", encoding="utf-8") as kept:
        for line in stream:
            text = clean.redact_text(line.decode("utf-8", "replace").rstrip())
            if text.startswith(PROGRESS_PREFIX):
                progress(text.removeprefix(PROGRESS_PREFIX))
            else:
                kept.write(f"{text}\n")
