"""The supervisor of processes: it starts and ends them on command, and leaves none behind."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from prodgate.processes.child import read_first_line
from prodgate.rehearsal.airflow.process import SUPERVISOR

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
#: Seconds in which everything must be there, or gone.
LIMIT = 120

#: Processes as Airflow's are: a child in a session of its own, which has one whose parent ends at once.
FAMILY = """
import os, pathlib, signal, sys, time
if sys.argv[1] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        if os.fork() == 0:
            pathlib.Path(sys.argv[2]).write_text(f"{os.getpid()}\\n")
            time.sleep(600)
        os._exit(0)
    time.sleep(600)
print("begun", flush=True)
time.sleep(600)
"""


class Kept:
    """A running supervisor of a family and of a program that ends with 7."""

    def __init__(self, folder: Path) -> None:
        self.orphan, self.log = folder / "orphan", folder / "log"
        script = [sys.executable, "-c", FAMILY]
        plan = {
            "family": {"command": [*script, "", str(self.orphan)], "log": str(self.log)},
            "deaf": {"command": [*script, "deaf", str(self.orphan)], "log": str(self.log)},
            "short": {"command": [sys.executable, "-c", "raise SystemExit(7)"], "log": str(self.log)},
        }
        (folder / "plan").write_text(json.dumps(plan))
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([*SUPERVISOR, str(folder / "plan")], stdin=pipe, stdout=pipe, bufsize=0)

    def told(self, line: str) -> dict[str, Any]:
        self.process.stdin.write(line.encode() + b"\n")
        return dict(json.loads(read_first_line(self.process.stdout.fileno())))

    def family(self, name: str = "family") -> list[int]:
        """Start it, and open a descriptor of each of its processes that last: its own, its child's, the orphan's."""
        first = int(self.told(f"start {name}")[name][0])
        orphan = int(appears(self.orphan))
        (child,) = (pid for pid, parent in pairs() if parent == first)
        return [os.pidfd_open(pid) for pid in (first, child, orphan)]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            stream.close()
        if self.orphan.exists():
            with suppress(ProcessLookupError):
                os.kill(int(self.orphan.read_text()), signal.SIGKILL)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path)
    yield kept
    kept.end()


def pairs() -> Iterator[tuple[int, int]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            yield int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])


def appears(path: Path) -> str:
    """Wait for the line in a file."""
    for _ in range(LIMIT * 20):
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return text
        select.select([], [], [], 0.05)
    raise AssertionError(f"{path.name} never came")


def all_end(descriptors: list[int]) -> bool:
    ended = [bool(select.select([each], [], [], LIMIT)[0]) for each in descriptors]
    for each in descriptors:
        os.close(each)
    return all(ended)


def test_all_of_a_family_ends_when_stdin_is_closed(supervisor: Kept) -> None:
    started = supervisor.family()
    supervisor.process.stdin.close()
    assert supervisor.process.wait(LIMIT) == 0
    assert all_end(started)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_of_a_family_ends_when_the_supervisor_is_told_to(supervisor: Kept, number: signal.Signals) -> None:
    started = supervisor.family()
    supervisor.process.send_signal(number)
    assert supervisor.process.wait(LIMIT) == 0
    assert all_end(started)


def test_one_is_stopped_with_all_below_it_and_started_again(supervisor: Kept) -> None:
    first, child, orphan = supervisor.family()
    assert supervisor.told("stop family")["family"][1] == -signal.SIGTERM
    assert all_end([first, child])
    supervisor.orphan.unlink()
    again = supervisor.family()
    assert supervisor.told("look")["family"][1] is None
    supervisor.process.stdin.close()
    assert all_end([*again, orphan])


@pytest.mark.slow
def test_who_does_not_heed_sigterm_is_killed(supervisor: Kept) -> None:
    started = supervisor.family("deaf")
    assert supervisor.told("stop deaf")["deaf"][1] == -signal.SIGKILL
    supervisor.process.stdin.close()
    assert all_end(started)


def test_what_ends_by_itself_is_known_with_its_code(supervisor: Kept) -> None:
    state = supervisor.told("start short")
    for _ in range(LIMIT * 20):
        if state["short"][1] is not None:
            break
        select.select([], [], [], 0.05)
        state = supervisor.told("look")
    assert state["short"][1] == 7
    assert supervisor.told("stop short")["short"][1] == 7


def test_output_is_in_the_log(supervisor: Kept) -> None:
    supervisor.family()
    assert appears(supervisor.log) == "begun\n"
