"""No wait for a child is without a limit, and whatever is left after it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from unittest.mock import Mock

import pytest

from prodgate.processes.child import Process, end_child, end_group, ends_within, read_first_line, wait_for_exit

#: A child that ignores what asks it to end, and says when it does.
STUBBORN = (
    "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)]\n"
    "print('ready', flush=True); time.sleep(300)"
)


def start_stubborn() -> subprocess.Popen[bytes]:
    child = subprocess.Popen((sys.executable, "-c", STUBBORN), stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout
    assert child.stdout.readline() == b"ready\n"
    child.stdout.close()
    return child


@pytest.mark.parametrize("end", [end_group, end_child])
def test_one_that_ignores_everything_is_killed(end: Callable[[subprocess.Popen[bytes], float], None]) -> None:
    child = start_stubborn()
    end(child, 0.1)
    assert child.returncode == -signal.SIGKILL


@pytest.mark.parametrize("error", [subprocess.TimeoutExpired("child", 30), KeyboardInterrupt()], ids=repr)
def test_pipes_are_closed_however_the_wait_for_a_child_ends(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(("cat",), stdin=pipe, stdout=pipe, stderr=pipe) as child:
        with monkeypatch.context() as patch:
            patch.setattr(child, "wait", Mock(side_effect=error))
            with pytest.raises(type(error)):
                end_child(child, 0)
        assert [each.closed for each in (child.stdin, child.stdout, child.stderr) if each] == [True] * 3


def test_what_a_killed_child_started_is_killed_with_it(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path / 'pid'}; echo ready; wait"
    with subprocess.Popen(("/bin/sh", "-c", script), stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        end_group(child, 0.0)
        assert child.stdout.read() == b""  # returns once nobody holds the other end


def test_a_child_that_takes_too_long_is_ended_and_said(tmp_path: Path) -> None:
    # a run in the background of a shell hands on that SIGINT is ignored; this child takes it as usual
    script = (
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_DFL); print('ready', flush=True); time.sleep(300)"
    )
    environment = {"PATH": os.environ["PATH"]}
    reading, writing = os.pipe()
    with Process((sys.executable, "-c", script), cwd=tmp_path, environment=environment, stdout=writing) as process:
        os.close(writing)
        assert read_first_line(reading) == "ready"
        with pytest.raises(subprocess.TimeoutExpired, match="python"):
            process.wait(0.1)
    os.close(reading)
    assert process.child.returncode == -signal.SIGINT


def test_a_first_line_that_never_comes_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    began = monotonic()
    os.write(writing, b"half a line")
    assert read_first_line(reading, limit=0.2) == ""
    assert monotonic() - began < 50
    os.write(writing, b", the rest\nand more")
    assert read_first_line(reading, limit=60) == ", the rest"
    os.close(writing)
    assert read_first_line(reading, limit=60) == ""
    os.close(reading)


def test_a_forked_process_is_waited_for_no_longer_than_said() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    assert not wait_for_exit(child, 0.1)
    os.close(writing)
    assert wait_for_exit(child, 30)
    os.close(reading)


def test_a_child_that_another_thread_reaps_meanwhile_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(("true",)) as child:
        assert child.wait(30) == 0
        monkeypatch.setattr(child, "poll", lambda: None)  # as long as the other thread holds its lock
        assert ends_within(child, 30)


@pytest.mark.parametrize("known", [True, False], ids=["pidfd", "polling"])
def test_the_end_is_noticed_with_and_without_help_of_the_system(monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    if not known:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    with subprocess.Popen(("true",)) as child:
        assert ends_within(child, 30)
    other = start_stubborn()
    assert not ends_within(other, 0.1)
    end_group(other, 0.0)
    forked = os.fork()
    if forked == 0:
        os._exit(0)
    assert wait_for_exit(forked, 30)
