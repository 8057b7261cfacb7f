"""A child ends when its parent does, its input is closed, or it is told to; whatever else is written is a command."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

CHILD = """
import os, sys
from prodgate.processes.lifeline import ENDING, hear_signals, read_commands
{prelude}
parent, heard = os.getppid(), hear_signals(*ENDING)
print("ready", flush=True)
for line in read_commands(heard, parent):
    print("heard", line, flush=True)
print("over", flush=True)
"""


def start(prelude: str = "") -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        (sys.executable, "-c", CHILD.format(prelude=prelude)), stdin=pipe, stdout=pipe, text=True, bufsize=1
    )
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize("how", ["stdin", signal.SIGTERM, signal.SIGINT])
def test_it_reads_commands_until_it_is_told_to_end(how: str | signal.Signals) -> None:
    with start() as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write("one\ntwo\n")
        assert [child.stdout.readline() for _ in range(2)] == ["heard one\n", "heard two\n"]
        if isinstance(how, signal.Signals):
            child.send_signal(how)
        out, _ = child.communicate(timeout=120)
        assert (out, child.returncode) == ("over\n", 0)


@pytest.mark.parametrize("prelude", ["", "del os.pidfd_open"], ids=["pidfd", "looking"])
def test_it_ends_with_its_parent_though_its_input_stays_open(prelude: str) -> None:
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdin=0, stdout=subprocess.PIPE, text=True)\n"
        "print(child.stdout.readline(), end='', flush=True)\n"
    )
    script = CHILD.format(prelude=prelude).replace('print("over", flush=True)', "os.write(2, b'over')")
    pipe = subprocess.PIPE
    with subprocess.Popen((sys.executable, "-c", parent, script), stdin=pipe, stdout=pipe, stderr=pipe) as started:
        assert started.stderr
        assert started.stderr.read() == b"over"  # returns once the child has ended, too
        assert started.wait(120) == 0
