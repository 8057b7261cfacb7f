"""Removes whatever a drill made, also after a failure and after Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

#: How often each removal is tried; an impatient second Ctrl-C uses up one try.
_TRIES: Final = 3


@dataclass(slots=True)
class Cleanup:
    """Steps to undo, the last first. Add a step before doing what it undoes: an interrupt may come in between."""

    left: list[str] = field(default_factory=list)
    """What could not be undone, and why."""
    _steps: list[tuple[str, Callable[[], object]]] = field(default_factory=list)

    def add(self, what: str, undo: Callable[[], object]) -> None:
        """Undo something at the end; ``undo`` must cope with its never having been done."""
        self._steps.append((what, undo))

    def run(self) -> None:
        """Undo everything. Raises KeyboardInterrupt, but only after every step was tried."""
        interrupted = False
        for what, undo in reversed(self._steps):
            why = ""
            for _ in range(_TRIES):
                try:
                    undo()
                except KeyboardInterrupt:
                    interrupted, why = True, "interrupted"
                except Exception as error:  # noqa: BLE001  the other steps must still run
                    why = str(error)
                else:
                    break
            else:
                self.left.append(f"{what}: {why}")
        self._steps.clear()
        if interrupted:
            raise KeyboardInterrupt


@contextmanager
def cleanup(tell: Callable[[str], None]) -> Iterator[Cleanup]:
    """Undo everything when the context ends, however it ends, and tell what could not be undone."""
    steps = Cleanup()
    try:
        yield steps
    finally:
        try:
            steps.run()
        finally:
            for each in steps.left:
                tell(f"left behind, mend it by hand: {each}")
