"""What happens beside a judgement and brings no exception to it: threads, processes, what is put aside for later."""

from __future__ import annotations

import gc
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from warnings import catch_warnings, filterwarnings

from ..judgement import WATCHES, Judgement, describe, note


@contextmanager
def _watch_threads(judgement: Judgement) -> Iterator[None]:
    """Note threads that fail, and those that still run when the judgement ends: nobody hears what they compare."""
    before, hook = set(sys._current_frames()), threading.excepthook

    def hear(failed: threading.ExceptHookArgs) -> None:
        judgement.doubt(f"a thread failed: {failed.exc_type.__name__}: {describe(failed.exc_value)}")

    threading.excepthook = hear
    try:
        yield
    finally:
        threading.excepthook = hook
        if set(sys._current_frames()) - before:
            judgement.doubt("left a thread running, whose comparisons don't count; wait for it with join()")


@contextmanager
def _watch_coroutines(judgement: Judgement) -> Iterator[None]:
    """Note coroutines that were made and never awaited: nothing of them ran."""
    with catch_warnings():
        filterwarnings("always", r"coroutine .* was never awaited", RuntimeWarning)
        show = warnings.showwarning

        def hear(message: Warning | str, *place: Any, **more: Any) -> None:
            if "was never awaited" in str(message):
                judgement.doubt(f"{message}: nothing of it ran; await it, or compare in a plain function")
            show(message, *place, **more)

        warnings.showwarning = hear
        yield


@contextmanager
def _watch_criterion(judgement: Judgement) -> Iterator[None]:
    """Note what still holds the judged criterion at the end, such as a coroutine that was put aside.

    It would have compared, and never did. The criterion is of this judgement alone, so that nothing else may hold it.
    """
    held = sys.getrefcount(judgement.criterion)
    yield
    if judgement.criterion is not None and not judgement.doubts and _is_kept(judgement, held):
        judgement.doubt("kept its criterion for later, where comparisons don't count; compare before it ends")


def _is_kept(judgement: Judgement, held: int) -> bool:
    """Whether anything still refers to the criterion when what only refers to itself is gone."""
    for generation in range(3):
        if sys.getrefcount(judgement.criterion) <= held:
            return False
        gc.collect(generation)
    return sys.getrefcount(judgement.criterion) > held


def watch_judgements() -> None:
    """Watch every judgement of this process from here on."""
    if _watch_threads not in WATCHES:
        WATCHES.extend((_watch_criterion, _watch_threads, _watch_coroutines))  # the first looks last
        os.register_at_fork(after_in_parent=_note_fork, after_in_child=_note_fork)  # either may go on as the judge


def _note_fork() -> None:
    note("forked a process, whose comparisons don't count; compare in this one")
