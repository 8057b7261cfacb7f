"""The processes of a run: which layers go side by side, how all are stopped together, and the one for the account."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import SHUT_RD, socket, socketpair
from typing import IO, Any, Final, TypeAlias

from ..layers import BUILT
from ..layers.layer import Pace
from ..layers.rehearsal import SHARING
from ..processes.child import end_group, ends_within
from ..processes.interpreter import GATE, drop_settings
from ..processes.progress import Progress, hide_tracebacks
from ..sections.project import Project
from .children import log_lines, make_command

#: Seconds between the interrupt of a layer's process and its kill. A layer gives its own children less, so that it can
#: still keep what they saw.
GRACE: Final = 15.0

#: Processors that suffice for one layer to compute while another one waits for the programs that it started.
ENOUGH: Final = 2.0
#: Layers one after another.
Lane: TypeAlias = tuple[str, ...]


class Stopped(Exception):
    """The run is being stopped, and starts no further layer."""


@dataclass(slots=True)
class LayerProcesses:
    """The processes of layers, which several threads start and one may stop."""

    stopped: list[str] = field(default_factory=list)
    """The layers that were running when everything was stopped."""
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _gates: dict[str, int] = field(default_factory=dict)
    """Layer -> the descriptor that lets its waiting process go on."""
    _begun: set[str] = field(default_factory=set)
    _no_more: bool = False
    _lock: Any = field(default_factory=threading.Lock)

    def start(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        log: Path,
        inherited: Sequence[int] = (),
        *,
        gated: bool = False,
    ) -> None:
        """Start the process of a layer in a session of its own, unless it was; ``gated``, it waits until `let_go`.

        Raises Stopped after `stop`.
        """
        with self._lock, log.open("ab") as said, ExitStack() as ends:
            if self._no_more:
                raise Stopped(name)
            if name in self._begun:
                return
            self._begun.add(name)
            if gated:
                gate, self._gates[name] = os.pipe()
                ends.callback(os.close, gate)
                command, inherited = [*command, f"--gate={gate}"], [*inherited, gate]
            self._running[name] = subprocess.Popen(  # noqa: S603  our own module
                command,
                cwd=folder,
                env=drop_settings(dict(os.environ)) | {GATE: str(os.getpid())},
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.PIPE,
                pass_fds=inherited,
                start_new_session=True,
            )

    def let_go(self, name: str) -> subprocess.Popen[bytes]:
        """Let a layer go on that was started, and return its process. Raises Stopped after `stop`."""
        with self._lock:
            if self._no_more:
                raise Stopped(name)
            if (gate := self._gates.pop(name, None)) is not None:
                with suppress(BrokenPipeError), os.fdopen(gate, "wb", 0) as opening:
                    opening.write(b"!")  # a process that has ended says so by its exit code
            return self._running[name]

    @contextmanager
    def ending_early(self) -> Iterator[None]:
        """On leaving, end the processes that still wait at their gates: nobody opens these any more."""
        try:
            yield
        finally:
            for name in tuple(self._gates):
                self.end(name)

    def end(self, name: str) -> None:
        """End the process of a layer, and what it has started."""
        process = self._running[name]
        try:
            end_group(process, GRACE)
        finally:
            for pipe in (process.stdin, process.stderr):
                if pipe is not None:
                    pipe.close()
            with self._lock:
                del self._running[name]
                if (gate := self._gates.pop(name, None)) is not None:
                    os.close(gate)

    def stop(self) -> None:
        """End all that run, at the same time, and start no others."""
        with self._lock:
            self._no_more = True
            running = dict(self._running)
            self.stopped.extend(name for name in running if name not in self._gates)
        with ThreadPoolExecutor(len(running) or 1) as pool:
            list(pool.map(lambda process: end_group(process, GRACE), running.values()))


def plan_rounds(names: Sequence[str], last: str = "", *, processors: float) -> list[list[Lane]]:
    """Return rounds, one after another, of lanes that go side by side.

    Layers that measure time come after the others, each with the machine for itself, and ``last`` at the very end: an
    attacked site may stop answering. Computing layers run beside waiting ones where ``processors`` suffice.
    """
    if last in names:
        return [*plan_rounds([name for name in names if name != last], processors=processors), [(last,)]]

    def of(pace: Pace) -> Lane:
        return tuple(name for name in names if BUILT[name].pace is pace)

    lanes = [lane for lane in ((*of(Pace.WORKS), *of(Pace.LOOKS)), *((name,) for name in of(Pace.WAITS))) if lane]
    measuring: list[list[Lane]] = [[(name,)] for name in of(Pace.MEASURES)]
    together = [lanes] if processors >= ENOUGH else [[lane] for lane in lanes]
    return [*filter(None, together), *measuring]


def describe_order(rounds: Sequence[Sequence[Lane]], processors: float) -> str:
    """Return which layers go side by side, which come after them, and why."""
    said = "; after them ".join(", ".join(" then ".join(lane) for lane in lanes) for lanes in rounds)
    if not any(BUILT[name].pace is Pace.WAITS for lanes in rounds for lane in lanes for name in lane):
        return said
    why = "enough" if processors >= ENOUGH else f"fewer than the {ENOUGH:g}"
    return f"{said} (processors: {processors:g}, {why} to compute beside what waits)"


def list_waited_for(rounds: Sequence[Sequence[Lane]], *, starting: bool) -> Mapping[str, threading.Event]:
    """Return, for each layer that waits while another one computes, the event that it sets once it is at rest.

    There are none unless such layers are ``starting`` here the programs that they wait for.
    """
    beside = [lane for lanes in rounds if starting and len(lanes) > 1 for lane in lanes]
    return {name: threading.Event() for lane in beside for name in lane if BUILT[name].pace is Pace.WAITS}


def run_rounds(rounds: Sequence[Sequence[Lane]], run_layer: Callable[[str], None], processes: LayerProcesses) -> None:
    """Run layers by rounds. When one raises, or on Ctrl-C, the others are ended, and it is raised."""
    for lanes in rounds:
        with ThreadPoolExecutor(len(lanes), thread_name_prefix="lane") as pool:
            running = [pool.submit(_run_lane, lane, run_layer) for lane in lanes]
            try:
                for each in as_completed(running):
                    each.result()
            except BaseException:
                processes.stop()
                raise


def _run_lane(lane: Lane, run_layer: Callable[[str], None]) -> None:
    with suppress(Stopped):
        for name in lane:
            run_layer(name)


# ── The account of a rehearsal: one process applies it for a whole run, and layers ask that process for copies

#: Seconds for reading the last output of the process, once it and its group have ended.
_SAID: Final = 5.0


@dataclass(frozen=True, slots=True)
class AccountLines:
    """The layers' ends of the lines, by layer."""

    _ends: Mapping[str, socket] = field(default_factory=dict)

    def find(self, layer: str) -> Sequence[int]:
        """Return the descriptor that a layer inherits, or none."""
        return (self._ends[layer].fileno(),) if layer in self._ends else ()

    @contextmanager
    def take(self, layer: str) -> Iterator[Sequence[int]]:
        """Yield the same while the layer needs it: the end of the context is the end of its copies."""
        with self._ends.get(layer, nullcontext()):
            yield self.find(layer)


@contextmanager
def sharing_account(project: Project, layers: Sequence[str], logs: Path, progress: Progress) -> Iterator[AccountLines]:
    """Run the process that applies the account for these layers while the context is open; none for no layers.

    It applies at once, and ends with this process.
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
            *([f"--account={stated.account}"] if stated.account else ()),
            *(f"--line={far.fileno()}" for far in theirs),
        ]
        log = stack.enter_context((logs / "account.txt").open("wb"))
        stack.enter_context(_running(command, project.root, theirs, log, progress))
        for far in theirs:
            far.close()  # held here as well, it would keep a layer waiting for a process that has ended
        yield AccountLines({layer: near for layer, (near, _) in pairs.items()})


@contextmanager
def _running(
    command: Sequence[str], folder: Path, inherited: Sequence[socket], log: IO[bytes], progress: Progress
) -> Iterator[None]:
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
    """Yield a socket; its lines are shown and logged, the last ones while the context is left."""
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
