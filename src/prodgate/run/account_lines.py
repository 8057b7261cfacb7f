"""The account of a rehearsal, which a process applies once for a whole run, and the lines on which layers ask it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import SHUT_RD, socket, socketpair
from typing import IO, Final

from ..layers.rehearsal import SHARING
from ..processes.child import end_group, ends_within
from ..processes.interpreter import drop_settings
from ..processes.progress import Progress, hide_tracebacks
from ..sections.project import Project
from .children import log_lines, make_command
from .lanes import GRACE

#: Seconds in which what the process said last is read, once it and its group have ended.
_SAID: Final = 5.0


@dataclass(frozen=True, slots=True)
class AccountLines:
    """The layers' ends of the lines, by layer."""

    _ends: Mapping[str, socket] = field(default_factory=dict)

    @contextmanager
    def take(self, layer: str) -> Iterator[Sequence[int]]:
        """Yield the descriptor that a layer inherits, or none. The end of the context is the end of its copies."""
        if (end := self._ends.get(layer)) is None:
            yield ()
            return
        with end:
            yield (end.fileno(),)


@contextmanager
def sharing_account(project: Project, layers: Sequence[str], logs: Path, progress: Progress) -> Iterator[AccountLines]:
    """Run the process that applies the account for these layers while the context is open; none for no layers.

    It applies when the first of them asks, and ends with this process.
    """
    root, stated = project.stated.applied_root, project.stated
    if not layers or not root:
        yield AccountLines()
        return
    with ExitStack() as stack:
        pairs = {layer: [stack.enter_context(end) for end in socketpair()] for layer in layers}
        theirs = [far for _, far in pairs.values()]
        command = [
            *make_command(SHARING, str(project.root / root)),
            *(f"--var-file={project.root / file}" for file in stated.var_files),
            *(f"--line={far.fileno()}" for far in theirs),
        ]
        log = stack.enter_context((logs / "account.txt").open("wb"))
        stack.enter_context(_running(command, project.root, theirs, log, progress))
        for far in theirs:
            far.close()  # held here as well, it would keep who asks waiting for one that has ended
        yield AccountLines({layer: near for layer, (near, _) in pairs.items()})


@contextmanager
def _running(
    command: Sequence[str], folder: Path, inherited: Sequence[socket], log: IO[bytes], progress: Progress
) -> Iterator[None]:
    """Run the process, and show and log what it says."""
    with (
        _following(log, progress) as saying,
        subprocess.Popen(  # noqa: S603  our own module
            command,
            cwd=folder,
            env=drop_settings(dict(os.environ)),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=saying.fileno(),
            pass_fds=[each.fileno() for each in inherited],
            start_new_session=True,
        ) as process,
    ):
        saying.close()
        try:
            yield
        finally:
            assert process.stdin is not None
            process.stdin.close()  # no signal, which would hit a Python that is still starting
            ends_within(process, GRACE)
            end_group(process, 0)


@contextmanager
def _following(log: IO[bytes], progress: Progress) -> Iterator[socket]:
    """Yield a socket; what is said there is shown and logged, the last of it while the context is left."""
    said, saying = socketpair()
    with said, saying, ThreadPoolExecutor(1, thread_name_prefix="account") as thread:
        following = thread.submit(_follow, said, log, progress)
        try:
            yield saying
        finally:
            saying.close()
            wait([following], _SAID)
            with suppress(OSError):  # some systems refuse it once the other end is closed
                said.shutdown(SHUT_RD)  # what was started in a group of its own may hold that end
            following.result()


def _follow(said: socket, log: IO[bytes], progress: Progress) -> None:
    with said.makefile("rb") as file:
        lines = (line.decode("utf-8", errors="replace").rstrip("\n") for line in file)
        for line in hide_tracebacks(log_lines(lines, log.fileno())):
            progress(line)
