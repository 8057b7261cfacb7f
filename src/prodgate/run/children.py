"""Processes of the gate's own modules, in which code of a team may run: how they are started, bounded and spoken of."""

import os
import signal
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..processes.child import Completed, Process, name_signal
from ..processes.interpreter import drop_settings, own_python
from ..semantics.secret_places import REDACTOR

#: Seconds that such a process may take, unless the environment says otherwise.
LIMIT: Final = 3600.0
LIMIT_VARIABLE: Final = "PRODGATE_LAYER_TIMEOUT"


def make_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command of one of our own modules."""
    return own_python("-m", module, *arguments)


def ask_child(module: str, *arguments: str, cwd: Path) -> tuple[Completed | None, str]:
    """Run one of our own modules to its end; return what it said, and how it ended when that was not with 0.

    None is returned for one that did not end in time. All that it started ends with it.
    """
    limit, environment = read_limit(), drop_settings(dict(os.environ))
    with Process(make_command(module, *arguments), cwd=cwd, environment=environment, grace=0) as process:
        try:
            done = process.wait(limit)
        except subprocess.TimeoutExpired:
            return None, describe_limit(limit)
    return done, describe_end(done.code)


def log_lines(lines: Iterable[str], log: int) -> Iterator[str]:
    """Yield lines, each once it is written to a log, without secrets."""
    for line in map(REDACTOR.redact, lines):
        os.write(log, f"{line}\n".encode())
        yield line


def describe_end(code: int) -> str:
    """Say how a process ended by itself; nothing when all went well."""
    if code == -signal.SIGXCPU:
        return "took more processor time than it is given; judge less at once"
    return f"died of {name_signal(-code)}" if code < 0 else f"ended with exit code {code}" if code else ""


def describe_limit(limit: float) -> str:
    """Say that a process did not end, and what to do."""
    return f"did not end within {limit:g} s; set {LIMIT_VARIABLE} to more seconds"


def read_limit() -> float:
    """Return the seconds that such a process may take. Raises UsageError when the environment states no number."""
    stated = os.environ.get(LIMIT_VARIABLE, "")
    try:
        limit = float(stated or LIMIT)
    except ValueError:
        limit = -1.0
    if not 0 < limit < float("inf"):
        raise UsageError(f"{LIMIT_VARIABLE}: {stated!r} is not a number of seconds; write {LIMIT:g}")
    return limit
