"""Supervises processes: starts and ends them on command, and leaves none behind when its standard input is closed.

``python -m prodgate.rehearsal.airflow.supervisor PLAN``, where PLAN is a JSON file of
{name: {"command": [...], "log": path}}. A line at stdin is ``start NAME``, ``stop NAME`` or ``look``; each is answered
by a line of JSON, {name: [process, exit code or null]} of all that were started.

Airflow's processes have children, and theirs have some, in sessions of their own; whatever becomes an orphan becomes a
child of this process, so that nothing gets away.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
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


def main(plan: Mapping[str, Any]) -> None:
    """Obey until stdin is closed, a signal comes or the parent has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    parent, state = os.getppid(), State()
    heard = hear_signals(signal.SIGCHLD)
    for number in ENDING:
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    try:
        for line in read_commands(heard, parent, lambda: _note_ended(state)):
            word, _, name = line.partition(" ")
            if word == "start":
                state[name] = [_start(**plan[name]), None]
            elif word == "stop":
                _stop(name, heard, state)
            sys.stdout.write(json.dumps(state) + "\n")
            sys.stdout.flush()
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        _end_everything(heard, state)


def _note_ended(state: State) -> bool:
    """Take note of the children that have ended; that is no reason to end."""
    _reap(state)
    return False


def _wait_for_child(heard: int, state: State) -> bool:
    """Wait for a child to end, a moment at most; return whether there are others."""
    select.select([heard], [], [], LOOK)
    drain(heard)
    return _reap(state)


def _start(command: list[str], log: str) -> int:
    """Start a process in a group of its own, its output at the end of a file."""
    kept = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, kept, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(
        command[0], command, os.environ, file_actions=actions, setpgroup=0, setsigdef=[signal.SIGPIPE]
    )


def _stop(name: str, heard: int, state: State) -> None:
    """End a process and all below it: SIGTERM to the process itself, SIGKILL to what is left after the grace."""
    pid, code = state[name]
    if pid is None or code is not None:
        return
    tree, until = {pid, *_find_descendants(pid)}, monotonic() + GRACE
    _send(pid, signal.SIGTERM)
    while state[name][1] is None and monotonic() < until:
        tree.update(_find_descendants(pid))
        _wait_for_child(heard, state)
    for each in tree & _find_descendants(os.getpid()):  # what has ended since may have left its number to a stranger
        _send(each, signal.SIGKILL)
    while state[name][1] is None:
        _wait_for_child(heard, state)


def _end_everything(heard: int, state: State) -> None:
    """Kill all that is below this process, and what is started meanwhile, until there is nothing."""
    others = True
    while others:
        for pid in _find_descendants(os.getpid()):
            _send(pid, signal.SIGKILL)
        others = _reap(state) and _wait_for_child(heard, state)


def _reap(state: State) -> bool:
    """Take note of all children that have ended; return whether there are others."""
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


def _find_descendants(ancestor: int) -> set[int]:
    """Return all processes below one."""
    parents, found, added = dict(_list_processes()), set[int](), {ancestor}
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
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
