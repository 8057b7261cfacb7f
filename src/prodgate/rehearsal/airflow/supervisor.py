"""Supervises processes: starts and ends them on command, and leaves none behind when its standard input is closed.

Run as a file, to save the import of the package: ``supervisor.py PLAN``, where PLAN is a JSON file of
{name: {"command": [...], "log": path}}. A line at stdin is ``start NAME``, ``stop NAME`` or ``look``; each is answered
by a line of JSON, {name: [process, exit code or null]} of all that were started.

Airflow's processes have children and grandchildren in sessions of their own; orphans among them become children of
this process, so that none escapes.
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

#: Seconds that a process has to end by itself after SIGTERM.
GRACE: Final = 5.0
#: Seconds between checks of who the parent is, in case the end of stdin goes unnoticed.
LOOK: Final = 1.0
#: Linux's prctl option that makes orphaned descendants of a process its children.
SUBREAPER: Final = 36

#: By name: process id and exit code, None while it runs.
State: TypeAlias = dict[str, list[int | None]]


def main(plan: Mapping[str, Any]) -> None:
    """Carry out commands until stdin is closed, a signal arrives or the parent has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    parent, heard, state = os.getppid(), _handle_signals(), State()
    try:
        for line in _read_commands(parent, heard, state):
            word, _, name = line.partition(" ")
            if word == "start":
                state[name] = [_start(**plan[name]), None]
            elif word == "stop":
                _stop(name, heard, state)
            sys.stdout.write(json.dumps(state) + "\n")
            sys.stdout.flush()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        _end_everything(heard, state)


def _handle_signals() -> int:
    """Return a descriptor that becomes readable when a child ends; let SIGTERM and SIGINT end this process cleanly."""
    heard, telling = os.pipe()
    for end in (heard, telling):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    return heard


def _read_commands(parent: int, heard: int, state: State) -> Iterator[str]:
    """Yield the lines of stdin until it is time to end."""
    rest = b""
    while os.getppid() == parent:
        ready, _, _ = select.select([0, heard], [], [], LOOK)
        _drain(heard)
        _reap(state)
        if 0 in ready:
            read = os.read(0, 1 << 16)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            yield from (line.decode() for line in lines)


def _wait_for_child(heard: int, state: State) -> bool:
    """Wait briefly for a child to end; return whether others are left."""
    select.select([heard], [], [], LOOK)
    _drain(heard)
    return _reap(state)


def _drain(heard: int) -> None:
    with suppress(BlockingIOError):
        os.read(heard, 1 << 16)


def _start(command: list[str], log: str) -> int:
    """Start a process in a group of its own, with its output appended to a file."""
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
    """End a process and its descendants: SIGTERM to the process itself, SIGKILL to what is left after the grace."""
    pid, code = state[name]
    if pid is None or code is not None:
        return
    tree, until = {pid, *_find_descendants(pid)}, monotonic() + GRACE
    _send(pid, signal.SIGTERM)
    while state[name][1] is None and monotonic() < until:
        tree.update(_find_descendants(pid))
        _wait_for_child(heard, state)
    for each in tree & _find_descendants(os.getpid()):  # the ids of those that have ended may be in use again
        _send(each, signal.SIGKILL)
    while state[name][1] is None:
        _wait_for_child(heard, state)


def _end_everything(heard: int, state: State) -> None:
    """Kill all descendants of this process, and what they start meanwhile, until none is left."""
    others = True
    while others:
        for pid in _find_descendants(os.getpid()):
            _send(pid, signal.SIGKILL)
        others = _reap(state) and _wait_for_child(heard, state)


def _reap(state: State) -> bool:
    """Record the exit codes of children that have ended; return whether others are left."""
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
    """Return the descendants of a process."""
    parents, found, added = dict(_list_processes()), set[int](), {ancestor}
    while added:
        added = {pid for pid, parent in parents.items() if parent in added} - found
        found |= added
    return found


def _list_processes() -> Iterator[tuple[int, int]]:
    """Yield every process of this machine with its parent's id."""
    if not Path("/proc/self/stat").exists():
        said = subprocess.run(["/bin/ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
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
