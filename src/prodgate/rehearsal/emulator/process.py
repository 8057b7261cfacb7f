"""The process of an emulated account: it serves until its parent ends, and makes copies of the account by forking."""

from __future__ import annotations

import gc
import os
import signal
import sys
import warnings
from dataclasses import dataclass, field
from socket import socket
from typing import Final, NoReturn

from ...processes.child import KILLED, wait_for_exit
from ...processes.lifeline import ENDING, hear_signals, read_commands
from . import load
from .dispatch import Emulator
from .server import Server, open_listener

#: Seconds that a copy has to end by itself once its lifeline is closed.
GRACE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Branch:
    """A copy of the account. It ends when ``lifeline``, which the parent alone holds, is closed."""

    process: int
    lifeline: int


@dataclass(slots=True)
class Branches:
    """The copies of the account that run, by port."""

    server: Server
    running: dict[int, Branch] = field(default_factory=dict)

    def begin(self) -> str:
        """Fork a copy of the account as it is now; return its endpoint."""
        place, (lifeline, held) = open_listener(), os.pipe()
        # nothing is half done while we hold the lock; threads of the server hold no other
        with self.server.emulator.lock:
            gc.freeze()
            # a signal between the fork and the child's reset of its handlers would be swallowed by the inherited ones
            before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
            child = os.fork()
        if child == 0:
            os.close(held)
            self._serve_copy(place, lifeline, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(lifeline)
        port = place.getsockname()[1]
        place.close()
        self.running[port] = Branch(child, held)
        return f"http://127.0.0.1:{port}"

    def _serve_copy(self, place: socket, lifeline: int, mask: set[int | signal.Signals]) -> NoReturn:
        """Drop what belongs to the parent, and serve the copy until the lifeline is closed or a signal comes."""
        signal.set_wakeup_fd(-1)
        for number in ENDING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for inherited in (self.server.socket, *self.server.connections):
            os.close(inherited.detach())
        for other in self.running.values():
            os.close(other.lifeline)  # held here as well, it would keep that copy alive
        os.close(0)
        Server(self.server.emulator, place).start()
        os.read(lifeline, 1)
        os._exit(0)

    def end(self, port: int) -> None:
        """End a copy; it is killed when it does not end within the grace."""
        branch = self.running.pop(port, None)
        if branch is None:
            return
        os.close(branch.lifeline)
        if not wait_for_exit(branch.process, GRACE):
            os.kill(branch.process, signal.SIGKILL)
            wait_for_exit(branch.process, KILLED)


def serve(account: str) -> None:
    """Serve an account until stdin is closed, a signal comes, or the parent has ended."""
    parent = os.getppid()
    heard = hear_signals(*ENDING)
    # of moto's own ways, and of forks in a process with threads; whoever reads our stderr can mend neither
    warnings.simplefilter("ignore")
    load()
    server = Server(Emulator(account), open_listener())
    server.start()
    branches = Branches(server)
    _write_line(f"http://127.0.0.1:{server.server_port}")
    for line in read_commands(heard, parent):
        _run_command(branches, line)
    for port in tuple(branches.running):
        branches.end(port)
    sys.stdout.flush()
    os._exit(0)


def _run_command(branches: Branches, line: str) -> None:
    """Do what a line at stdin says: ``branch NUMBER``, which is answered with the number, or ``end PORT``."""
    match line.split():
        case ["branch", number]:
            _write_line(f"{number} {branches.begin()}")
        case ["end", port] if port.isdigit():
            branches.end(int(port))
        case _:
            sys.stderr.write(f"emulator: stdin: {line!r} is no command; write branch NUMBER, or end PORT\n")


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
