"""The emulator's process: copies are private, and nothing outlives whoever started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.prodgate.rehearsal.emulated import COMMAND, Account, Zygote, started, zygote

pytestmark = pytest.mark.xdist_group("emulator")


@pytest.fixture
def origin() -> Iterator[Zygote]:
    with zygote() as running:
        yield running


def roles(account: Account) -> list[str]:
    return sorted(each["RoleName"] for each in account("iam").list_roles()["Roles"])


def make(account: Account, name: str) -> None:
    account("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")


def refused(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0


def test_a_branch_is_a_private_copy(origin: Zygote) -> None:
    make(origin, "both")
    with origin.branch() as one, origin.branch() as other:
        make(one, "one")
        make(other, "other")
        make(origin, "origin")
        assert roles(one) == ["both", "one"]
        assert roles(other) == ["both", "other"]
        assert roles(origin) == ["both", "origin"]
        one.fault(kind="deny")
        assert roles(other) == ["both", "other"]
        ended = one.port
    assert origin.told("branch") not in (one.endpoint, "")
    assert refused(ended)


def test_a_branch_begun_while_calls_are_made_answers(origin: Zygote) -> None:
    make(origin, "both")
    script = (
        "import sys; from tests.prodgate.rehearsal.emulated import Account\n"
        "iam = Account(sys.argv[1])('iam'); print('calling', flush=True)\n"
        "while True: iam.list_roles()"
    )
    with subprocess.Popen(
        (sys.executable, "-c", script, origin.endpoint), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as caller:
        assert caller.stdout
        assert caller.stdout.readline() == "calling\n"
        try:
            for _ in range(5):
                with origin.branch() as copy:
                    assert roles(copy) == ["both"]
        finally:
            caller.terminate()


def test_branches_end_with_their_parent(origin: Zygote) -> None:
    copy = Account(origin.told("branch"))
    make(copy, "alive")
    origin.process.kill()
    origin.process.wait(10)
    # the end of all that held its stdout: the branch, too
    assert origin.process.stdout
    assert origin.process.stdout.read() == ""
    assert refused(copy.port)


@pytest.mark.parametrize("how", ["stdin", signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_silence(how: str | signal.Signals) -> None:
    with started() as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        if isinstance(how, signal.Signals):
            process.send_signal(how)
        out, err = process.communicate(timeout=10)
        assert (out, err, process.returncode) == ("", "", 0)


def test_it_ends_with_a_parent_that_leaves_its_stdin_open() -> None:
    reading, writing = os.pipe()
    script = (
        "import subprocess, sys\n"
        f"process = subprocess.Popen({COMMAND!r}, stdin=int(sys.argv[1]), stdout=subprocess.PIPE, text=True)\n"
        "print(process.pid, process.stdout.readline(), flush=True)"
    )
    told = subprocess.run(
        (sys.executable, "-c", script, str(reading)), pass_fds=[reading], capture_output=True, text=True, check=True
    )
    os.close(reading)
    port = int(told.stdout.strip().rpartition(":")[2])
    # the reading end is closed once the emulator has ended
    with os.fdopen(writing, "wb", buffering=0), socket.socket() as tried:
        tried.settimeout(10)
        if tried.connect_ex(("127.0.0.1", port)) == 0:
            assert tried.recv(1) == b""


def test_a_line_that_is_no_command_is_told() -> None:
    with started() as process:
        out, err = process.communicate("brunch\n", timeout=30)
    assert out.count("\n") == 1
    assert "'brunch' is no command; write branch, or end PORT" in err
