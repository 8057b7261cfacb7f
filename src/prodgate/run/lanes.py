"""Which layers of a run go side by side, each in a process of its own, and how they are stopped together."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from ..layers import BUILT
from ..layers.layer import Pace
from ..processes.child import end_group
from ..processes.interpreter import drop_settings

#: Seconds that a layer's process is given to end after an interrupt before it is killed: more than what it started is
#: given by it, so that what was seen is kept.
GRACE: Final = 15.0

#: Layers one after another.
Lane: TypeAlias = tuple[str, ...]


class Stopped(Exception):
    """A layer is not started any more."""


@dataclass(slots=True)
class LayerProcesses:
    """The processes of layers, which several threads start and one may stop."""

    stopped: list[str] = field(default_factory=list)
    """The layers that were running when everything was stopped."""
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _no_more: bool = False
    _lock: Any = field(default_factory=threading.Lock)

    def start(
        self, name: str, command: Sequence[str], folder: Path, log: IO[bytes], inherited: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """Start the process of a layer, in a session of its own. Raises Stopped after `stop`."""
        with self._lock:
            if self._no_more:
                raise Stopped(name)
            process = subprocess.Popen(  # noqa: S603  our own module
                command,
                cwd=folder,
                env=drop_settings(dict(os.environ)),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.PIPE,
                pass_fds=inherited,
                start_new_session=True,
            )
            self._running[name] = process
        return process

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

    def stop(self) -> None:
        """End all that run, at the same time, and start no others."""
        with self._lock:
            self._no_more = True
            running = dict(self._running)
            self.stopped.extend(running)
        with ThreadPoolExecutor(len(running) or 1) as pool:
            list(pool.map(lambda process: end_group(process, GRACE), running.values()))


def plan_rounds(names: Sequence[str], last: str = "") -> list[list[Lane]]:
    """Return rounds, one after another, of lanes that go side by side.

    Layers that measure time come after the others, each with the machine for itself, and ``last`` after all: a site
    that was attacked may answer nothing more.
    """
    if last in names:
        return [*plan_rounds([name for name in names if name != last]), [(last,)]]

    def of(pace: Pace) -> Lane:
        return tuple(name for name in names if BUILT[name].pace is pace)

    beside = [lane for lane in (of(Pace.WORKS), *((name,) for name in of(Pace.WAITS))) if lane]
    measuring: list[list[Lane]] = [[(name,)] for name in of(Pace.MEASURES)]
    return [beside, *measuring] if beside else measuring


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
    try:
        for name in lane:
            run_layer(name)
    except Stopped:
        return
