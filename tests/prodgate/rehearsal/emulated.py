"""Runs emulated accounts for tests."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from prodgate.aws.clients import Clients, rehearsal_clients

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
COMMAND = (sys.executable, "-m", "prodgate.rehearsal.emulator", "--account", ACCOUNT)


@dataclass
class Account:
    """An emulated account: ``account("s3").list_buckets()``."""

    endpoint: str
    clients: Clients = field(init=False)

    def __post_init__(self) -> None:
        self.clients = rehearsal_clients(self.endpoint, REGION)

    def __call__(self, service: str, region: str = "") -> Any:
        return self.clients(service, region)

    @property
    def port(self) -> int:
        return urlsplit(self.endpoint).port or 0

    def admin(self, method: str, what: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.endpoint}/_prodgate/{what}", data, method=method), timeout=30) as answer:
            return json.load(answer)

    def fault(self, **stated: object) -> None:
        self.admin("POST", "faults", stated)

    def heal(self) -> None:
        self.admin("DELETE", "faults")

    def calls(self, operation: str) -> int:
        """How often an operation was called, such as ``iam:ListRoles``."""
        return int(self.admin("GET", "calls").get(operation, 0))


@dataclass
class Zygote(Account):
    """An account that can be copied in a moment."""

    process: subprocess.Popen[str]

    @contextmanager
    def branch(self) -> Iterator[Account]:
        copy = Account(self.begin_copy())
        try:
            yield copy
        finally:
            self.tell(f"end {copy.port}")

    def tell(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def begin_copy(self) -> str:
        """Where a new copy listens, or "" when the process has ended."""
        self.tell("branch 7")
        return self.process.stdout.readline().strip().removeprefix("7 ")


def started(command: Sequence[str] = COMMAND) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@contextmanager
def start_zygote(command: Sequence[str] = COMMAND) -> Iterator[Zygote]:
    with started(command) as process:
        endpoint = process.stdout.readline().strip()
        assert endpoint, process.communicate()[1]
        try:
            yield Zygote(endpoint, process=process)
        finally:
            process.stdin.close()
            process.wait(60)


def refused(call: Callable[..., object], **params: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call(**params)
    return dict(raised.value.response)


def code(call: Callable[..., object], **params: Any) -> str:
    return str(refused(call, **params)["Error"]["Code"])


def closes(port: int) -> bool:
    """Whether the process at a port ends within a minute."""
    with socket.socket() as tried:
        tried.settimeout(60)
        try:
            tried.connect(("127.0.0.1", port))
            return tried.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False
