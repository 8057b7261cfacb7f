"""A proof leaves Ctrl-C as it was: whatever waits afterwards can be interrupted."""

from __future__ import annotations

import os
import signal
import threading

import pytest
import z3

from prodgate.iam.formulas import find_model


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


class Handler:
    """Raises once, however often it is pressed."""

    def __init__(self) -> None:
        self.heard = threading.Event()

    def __call__(self, _number: int, _frame: object) -> None:
        if not self.heard.is_set():
            self.heard.set()
            raise Interrupted


def test_who_waits_after_a_proof_can_be_interrupted() -> None:
    handler, proven, over = Handler(), threading.Event(), threading.Event()

    def press() -> None:
        proven.wait()
        for _ in range(400):
            if handler.heard.wait(0.05):
                return
            os.kill(os.getpid(), signal.SIGINT)
        over.set()

    def wait() -> None:
        proven.set()
        over.wait()  # without a limit, since a wait that has one is interrupted in any case

    pressing = threading.Thread(target=press)
    pressing.start()
    before = signal.signal(signal.SIGINT, handler)
    try:
        assert find_model(z3.Int("number") > 3) is not None
        with pytest.raises(Interrupted):
            wait()
    finally:
        signal.signal(signal.SIGINT, before)
        pressing.join()
    assert not over.is_set()
