"""The provider process never outlives what it is for."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from prodgate.terraform.provider.server import wait_for_end

MODULE = [sys.executable, "-P", "-m", "prodgate.terraform.provider"]
PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*MODULE, str(tmp_path / "p.sock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_first_line_is_how_core_finds_it(provider: subprocess.Popen[str], tmp_path: Path) -> None:
    assert provider.stdout
    found = json.loads(provider.stdout.readline())

    aws = found["registry.terraform.io/hashicorp/aws"]
    assert aws == found["registry.opentofu.org/hashicorp/aws"]
    assert aws["Addr"] == {"Network": "unix", "String": str(tmp_path / "p.sock")}
    assert aws["Pid"] == provider.pid
    assert (tmp_path / "p.sock.random").is_socket()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_on_a_signal(provider: subprocess.Popen[str], tmp_path: Path, number: signal.Signals) -> None:
    assert provider.stdout
    provider.stdout.readline()

    provider.send_signal(number)

    assert provider.wait(60) == 0
    assert list(tmp_path.iterdir()) == []


def test_ends_when_its_input_is_closed(provider: subprocess.Popen[str]) -> None:
    assert provider.stdout
    assert provider.stdin
    provider.stdout.readline()

    provider.stdin.close()

    assert provider.wait(60) == 0


def test_ends_though_a_request_has_only_begun(provider: subprocess.Popen[str], tmp_path: Path) -> None:
    """As when core is killed while it sends one."""
    assert provider.stdout
    assert provider.stdin
    provider.stdout.readline()
    never = threading.Event()
    with grpc.insecure_channel(f"unix://{tmp_path / 'p.sock'}") as channel:
        begun = channel.stream_unary("/tfplugin6.Provider/GetProviderSchema").future(never.wait() for _ in range(1))
        # on the same connection, so that the provider knows of the other when it has answered this
        channel.unary_unary("/tfplugin6.Provider/GetProviderSchema")(b"", timeout=60)

        provider.stdin.close()

        assert provider.wait(60) == 0
        begun.cancel()
        never.set()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells at once that a process has ended")
def test_ends_with_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, *MODULE, str(tmp_path / "p.sock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = os.pidfd_open(int(parent.stdout.readline().split()[0]))
        parent.kill()

    ended, _, _ = select.select([child], [], [], 60)
    os.close(child)
    assert ended


def test_parent_that_ended_before_the_wait_began_is_noticed() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    heard, telling = os.pipe()

    wait_for_end(heard, ended.pid)

    os.close(heard)
    os.close(telling)
