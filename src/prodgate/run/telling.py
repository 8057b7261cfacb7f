"""How far a run is: what goes since when, what waits for it, and a word about both when nobody has spoken for long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Final

from ..processes.progress import Progress
from .lanes import Lane

#: Seconds after which it is said what goes on, when no layer says so.
SILENCE: Final = 30.0


class Telling:
    """The progress of a run, each line with the time since it began. Several threads speak through it."""

    def __init__(
        self, rounds: Sequence[Sequence[Lane]], progress: Progress, clock: Callable[[], float] = monotonic
    ) -> None:
        self._rounds, self._progress, self._clock = rounds, progress, clock
        self._began = self._spoke = clock()
        self._going: dict[str, float] = {}
        self._over: set[str] = set()
        self._lock = threading.Lock()

    def say(self, line: str) -> None:
        """Say a line now; an empty one, such as pytest ends with, says nothing."""
        if line.strip():
            with self._lock:
                self._say(line)

    def _say(self, line: str) -> None:
        self._spoke = self._clock()
        self._progress(f"{render_seconds(self._spoke - self._began):>6}  {line}")

    @contextmanager
    def during(self, layer: str) -> Iterator[None]:
        """Say that a layer begins, for whom others wait, and how long it took in the end."""
        with self._lock:
            self._going[layer] = began = self._clock()
            self._say(f"{layer}: starting")
        try:
            yield
        finally:
            with self._lock:
                del self._going[layer]
                self._over.add(layer)
                self._say(f"{layer}: took {render_seconds(self._clock() - began)}")

    def describe_order(self) -> str:
        """Return which layers go side by side, and which come after them; nothing where none waits."""
        rounds = [", ".join(" then ".join(lane) for lane in lanes) for lanes in self._rounds]
        return f"layers: {'; after them '.join(rounds)}" if self._waiting() else ""

    def remind(self) -> None:
        """Say what goes, since when, and who waits for it, if nobody has said anything for long."""
        with self._lock:
            now = self._clock()
            if now - self._spoke >= SILENCE and self._going:
                going = [f"{layer} for {render_seconds(now - since)}" for layer, since in self._going.items()]
                waiting = self._waiting()
                rest = f"; {', '.join(waiting)} {'wait' if len(waiting) > 1 else 'waits'}" if waiting else ""
                self._say(f"still at work: {', '.join(going)}{rest}")

    def _waiting(self) -> list[str]:
        """Return the layers that have not begun, in their order, where another one must end first."""
        named = [layer for lanes in self._rounds for lane in lanes for layer in lane]
        first = {lane[0] for lane in self._rounds[0]} if self._rounds else set()
        return [layer for layer in named if layer not in self._going and layer not in self._over | first]


def render_seconds(seconds: float) -> str:
    """Return a time as people read it.

    >>> render_seconds(7.6), render_seconds(94), render_seconds(3720)
    ('8 s', '1 m 34 s', '1 h 2 m')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} m {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} m"


@contextmanager
def reminding(telling: Telling) -> Iterator[None]:
    """Remind as long as the block lasts."""
    over = threading.Event()

    def remind() -> None:
        while not over.wait(SILENCE / 6):
            telling.remind()

    thread = threading.Thread(target=remind, name="reminding", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
