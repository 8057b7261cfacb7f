"""Threads share the heaps of a process: what one frees, another takes."""

from __future__ import annotations

import ctypes
import platform
import re
import subprocess
import sys

import pytest

from prodgate.processes.memory import ARENAS, share_heaps

#: Sixteen threads hold memory at the same time; glibc says on stderr how many heaps there are.
SCRIPT = """
import ctypes, sys, threading
from prodgate.processes.memory import share_heaps
if sys.argv[1] == "shared":
    share_heaps()
together = threading.Barrier(16)
def hold():
    kept = [bytes(1000) for _ in range(100)]
    together.wait(60)
threads = [threading.Thread(target=hold) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
print("apart" if any(thread.is_alive() for thread in threads) else "together")
getattr(ctypes.CDLL(None), "malloc_stats", lambda: None)()
"""


@pytest.mark.parametrize("how", ["shared", "apart"])
def test_threads_share_two_heaps(how: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "together\n"
    heaps = len(re.findall(r"^Arena \d+:", done.stderr, re.MULTILINE))
    if platform.libc_ver()[0] == "glibc":
        assert (heaps <= ARENAS) is (how == "shared"), done.stderr
        assert heaps
    else:
        assert not heaps, "what is said here of other libraries is not so; count their heaps, too"


def test_a_library_without_the_setting_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda name: asked.append(name) or object())
    share_heaps()
    assert asked == [None]
