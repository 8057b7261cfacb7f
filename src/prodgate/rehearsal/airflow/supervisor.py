"""Supervises processes: starts and ends them on command, and leaves none behind when its standard input is closed.

``python -m prodgate.rehearsal.airflow.supervisor PLAN [SCRATCH]``, where PLAN is a JSON file of {name: {"command":
[...], "log": path}}. A line at stdin is ``start NAME VARIABLES``, where VARIABLES is a JSON object that is added to the
environment or nothing, ``stop NAME`` or ``look``. Each gets a line of JSON, {name: [process, exit code or null]} for
all that were started. The folder SCRATCH is removed in the end, unless a line was ``keep``: then its writer removes it.

Airflow's processes have children and grandchildren, in sessions of their own; every orphan becomes a child of this
process, so that none escapes.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeAlias

from ...processes.lifeline import ENDING, drain, hear_signals, read_commands

#: Seconds that a process has to end by itself after SIGTERM.
GRACE: Final = 5.0
#: Seconds between looks at a child that is to end.
LOOK: Final = 1.0
#: Linux's option of prctl that makes orphans below a process its children.
SUBREAPER: Final = 36

#: By name: process id and exit code, None while it runs.
State: TypeAlias = dict[str, list[int | None]]


def main(plan: Mapping[str, Any], scratch: str = "") -> None:
    """Obey until stdin is closed, a signal comes or the parent has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    parent, state = os.getppid(), State()
    heard = hear_signals(signal.SIGCHLD)
    for number in ENDING:
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    try:
        for line in read_commands(heard, parent, lambda: _note_ended(state)):
            word, name, told = (*line.split(" ", 2), "", "")[:3]
            if word == "start":
                state[name] = [_start(**plan[name], variables=json.loads(told or "{}")), None]
            elif word == "stop":
                _stop(name, heard, state)
            elif word == "keep":
                scratch = ""
            sys.stdout.write(json.dumps(state) + "\n")
            sys.stdout.flush()
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        _end_everything(heard, state)
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)


def _note_ended(state: State) -> bool:
    """Record the children that have ended, without ending itself."""
    _reap(state)
    return False


def _wait_for_child(heard: int, state: State) -> bool:
    """Wait a moment for a child to end; return whether there are others."""
    select.select([heard], [], [], LOOK)
    drain(heard)
    return _reap(state)


def _start(command: list[str], log: str, variables: Mapping[str, str]) -> int:
    """Start a process in a group of its own, its output at the end of a file."""
    kept = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, kept, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(
        command[0], command, {**os.environ, **variables}, file_actions=actions, setpgroup=0, setsigdef=[signal.SIGPIPE]
    )


def _stop(name: str, heard: int, state: State) -> None:
    """End a process and all below it: SIGTERM to the process itself, SIGKILL to the rest after the grace period."""
    pid, code = state[name]
    if pid is None or code is not None:
        return
    tree, until = {pid, *find_descendants({pid})}, monotonic() + GRACE
    _send(pid, signal.SIGTERM)
    while state[name][1] is None and monotonic() < until:
        tree.update(find_descendants({pid}))
        _wait_for_child(heard, state)
    for each in tree & find_descendants({os.getpid()}):  # the number of an ended process may have passed to a stranger
        _send(each, signal.SIGKILL)
    while state[name][1] is None:
        _wait_for_child(heard, state)


def _end_everything(heard: int, state: State) -> None:
    """Kill all processes below this one, and any started meanwhile, until none is left."""
    others = True
    while others:
        for pid in find_descendants({os.getpid()}):
            _send(pid, signal.SIGKILL)
        others = _reap(state) and _wait_for_child(heard, state)


def _reap(state: State) -> bool:
    """Record all children that have ended; return whether there are others."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        for found in state.values():
            if found[0] == pid:
                found[1] = os.waitstatus_to_exitcode(status)


def find_descendants(ancestors: Set[int]) -> set[int]:
    """Return all processes below others."""
    parents, found, added = dict(_list_processes()), set[int](), set(ancestors)
    while added:
        added = {pid for pid, parent in parents.items() if parent in added} - found
        found |= added
    return found


def _list_processes() -> Iterator[tuple[int, int]]:
    """Yield every process of this machine with its parent."""
    if not Path("/proc/self/stat").exists():
        command = ("/bin/ps", "-axo", "pid=,ppid=")
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=GRACE).stdout  # noqa: S603
        yield from ((int(pid), int(parent)) for pid, parent in map(str.split, said.splitlines()))
        return
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):  # it has ended since
                yield int(place.name), int((place / "stat").read_text().rpartition(")")[2].split()[1])


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")), *sys.argv[2:])
