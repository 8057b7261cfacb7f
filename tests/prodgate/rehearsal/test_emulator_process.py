"""The emulator's process: copies are private, and nothing outlives its parent."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import psutil
import pytest

from prodgate.rehearsal import emulator_process
from prodgate.rehearsal.emulator_process import EmulatorProcess, RunningEmulator
from prodgate.terraform.diagnostics import TerraformError
from tests.prodgate.rehearsal.emulated import ACCOUNT, COMMAND, Account, Zygote, closes, start_zygote, started

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("emulator")]


@pytest.fixture
def origin() -> Iterator[Zygote]:
    with start_zygote() as running:
        yield running


def roles(account: Account) -> list[str]:
    return sorted(each["RoleName"] for each in account("iam").list_roles()["Roles"])


def make(account: Account, name: str) -> None:
    account("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")


def signalled_at_fork() -> tuple[str, ...]:
    """The command of an emulator whose copies get SIGTERM as the first thing after the fork."""
    script = (
        "import os, signal\n"
        "from prodgate.rehearsal.emulator.process import serve\n"
        "os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))\n"
        f"serve({ACCOUNT!r})"
    )
    return (sys.executable, "-c", script)


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
    assert origin.begin_copy() not in (one.endpoint, "")
    assert refused(ended)


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/_prodgate/faults", {}), ("/_prodgate/calls", {"Host": "s3.amazonaws.com"}), ("/", {}),
     ("http://s3.amazonaws.com/", {}), ("//_prodgate/faults", {}), ("/", {"Origin": "https://news.example"}),
     ("http://s3.amazonaws.com/", {"Proxy-Authorization": "Basic cmVoZWFyc2FsOg=="}),
     ("http://iam.amazonaws.com/?Action=ListRoles&Version=2010-05-08", {})],
)  # fmt: skip
def test_who_was_not_given_the_account_is_refused(path: str, headers: dict[str, str], origin: Zygote) -> None:
    """Each process of the machine, and each page in a browser on it, can connect."""
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20261201/us-east-1/s3/aws4_request"}
    with origin.branch() as copy:
        for port in (origin.port, copy.port):
            with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as stranger:
                stranger.request("GET", path, headers=signed | headers)
                assert stranger.getresponse().status == 403
        assert copy.endpoint.rpartition("/")[2] != origin.endpoint.rpartition("/")[2]
    everybody = [" ".join(psutil.Process(each).cmdline()) for each in (os.getpid(), origin.process.pid)]
    assert not any(origin.endpoint.rpartition("/")[2] in said for said in everybody)


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
        assert caller.stdout.readline() == "calling\n"
        try:
            for _ in range(5):
                with origin.branch() as copy:
                    assert roles(copy) == ["both"]
        finally:
            caller.terminate()


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    (taken, commands), (answers, said) = os.pipe(), os.pipe()
    with os.fdopen(taken), os.fdopen(commands, "w"), os.fdopen(answers), os.fdopen(said, "w"):
        process = EmulatorProcess(RunningEmulator("http://127.0.0.1:1"), commands, answers)
        with monkeypatch.context() as patch:
            patch.setattr(emulator_process, "READY", 0)
            with pytest.raises(TerraformError, match="its process did not answer"), process.branch():
                pass
        os.write(said, b"0 http://127.0.0.1:2\n1 http://127.0.0.1:3\n")
        with process.branch() as copy:
            assert copy.endpoint == "http://127.0.0.1:3"
        assert os.read(taken, 1 << 10) == b"branch 0\nbranch 1\nend 2\nend 3\n"


def test_a_signal_between_the_fork_and_the_reset_of_handlers_is_not_swallowed() -> None:
    with start_zygote(signalled_at_fork()) as running:
        copy = Account(running.begin_copy())
        assert closes(copy.port)
        running.tell(f"end {copy.port}")
        assert running.begin_copy().startswith("http://127.0.0.1:")


def test_a_copy_that_does_not_end_is_killed(origin: Zygote) -> None:
    copy = Account(origin.begin_copy())
    (process,) = psutil.Process(origin.process.pid).children()
    process.suspend()
    origin.tell(f"end {copy.port}")
    assert origin.begin_copy() not in (copy.endpoint, "")
    assert refused(copy.port)


def test_a_copy_ends_though_another_was_begun_after_it(origin: Zygote) -> None:
    first, second = (Account(origin.begin_copy()) for _ in range(2))
    pids = [each.pid for each in psutil.Process(origin.process.pid).children()]
    origin.tell(f"end {first.port}")
    assert roles(second) == []
    assert [each.pid for each in psutil.Process(origin.process.pid).children()] == pids[1:]


def test_branches_end_with_their_parent(origin: Zygote) -> None:
    copy = Account(origin.begin_copy())
    make(copy, "alive")
    origin.process.kill()
    origin.process.wait(60)
    # the end of all that held its stdout, including the branch
    assert origin.process.stdout.read() == ""
    assert refused(copy.port)


@pytest.mark.parametrize("how", ["stdin", signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_silence(how: str | signal.Signals) -> None:
    with started() as process:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        if isinstance(how, signal.Signals):
            process.send_signal(how)
        out, err = process.communicate(timeout=60)
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
    port = urlsplit(told.stdout.split()[1]).port
    # the reading end is closed once the emulator has ended
    with os.fdopen(writing, "wb", buffering=0), socket.socket() as tried:
        tried.settimeout(60)
        if tried.connect_ex(("127.0.0.1", port)) == 0:
            assert tried.recv(1) == b""


def test_a_line_that_is_no_command_is_told() -> None:
    with started() as process:
        out, err = process.communicate("brunch\n", timeout=60)
    assert out.count("\n") == 1
    assert "'brunch' is no command; write branch NUMBER, or end PORT" in err
