"""A HAProxy that forwards as the declared listeners do; what CodeDeploy changes, its runtime interface is told."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from ...aws.answers import Unreadable
from ...engines.haproxy import HAProxy
from ...processes.child import clean_environment, end_group, ending_with_input
from ..site.process import bind_port
from .declared import Service
from .proxy_config import render, routes_of

#: Seconds in which HAProxy must answer at its runtime interface, and in which it must be up.
LIMIT: Final = 60.0
#: Seconds between looks at whether it is up.
_LOOK: Final = 0.02


@dataclass(frozen=True, slots=True)
class TargetState:
    """What HAProxy says of a server."""

    state: str
    """Such as ``UP``, ``DOWN``, ``DRAIN`` or ``MAINT``."""
    check: str
    """How the last check went, such as ``L7OK``; empty before the first."""
    code: str
    """The status that was answered, if any."""
    requests: int
    """Requests that are under way."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running HAProxy."""

    url: str
    """Of the live listener."""
    test_url: str
    _runtime: Path
    _weights: Path

    def ask(self, command: str) -> str:
        """Send commands to the runtime interface, joined by ``;``; return the answer. Raises Unreadable."""
        try:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(LIMIT)
                asking.connect(str(self._runtime))
                asking.sendall(f"{command}\n".encode())
                return b"".join(iter(lambda: asking.recv(1 << 16), b"")).decode()
        except OSError as error:
            raise Unreadable(f"HAProxy does not answer {command!r}: {error}") from error

    def register(self, group: str, slot: int, port: int) -> None:
        """Let a server take part; it takes no requests before its checks have passed."""
        server = f"{group}/t{slot}"
        self.ask(f"set server {server} addr 127.0.0.1 port {port}")
        self.ask(f"set server {server} state ready;set server {server} health down")

    def drain(self, group: str, slot: int) -> None:
        """Give a server no new requests."""
        self.ask(f"set server {group}/t{slot} state drain")

    def deregister(self, group: str, slot: int) -> None:
        """Let a server take part no more, at once."""
        self.ask(f"set server {group}/t{slot} state maint")

    def shift(self, route: str, percent: int) -> int:
        """Send so much of a route's requests to the second of its groups; return what HAProxy then does."""
        self.ask(f"set map {self._weights} {route} {percent}")
        return self.read_shares()[route]

    def read_shares(self) -> Mapping[str, int]:
        """Return which percentage of the requests of each route goes to the second of its groups."""
        rows = (line.split() for line in self.ask(f"show map {self._weights}").splitlines() if line.strip())
        return {route: int(percent) for _, route, percent in rows}

    def read_states(self) -> Mapping[tuple[str, int], TargetState]:
        """Return the state of every server, by group and slot."""
        head, *rows = (line.split(",") for line in self.ask("show stat -1 4 -1").splitlines() if line.strip())
        place = {name.strip("# "): number for number, name in enumerate(head)}
        found = {}
        for row in rows:
            cell = {name: row[number] for name, number in place.items() if number < len(row)}
            found[cell["pxname"], int(cell["svname"][1:])] = TargetState(
                cell["status"].split()[0], cell["check_status"].strip("* "), cell["check_code"], int(cell["scur"] or 0)
            )
        return found


@contextmanager
def running_proxy(engine: HAProxy, services: Sequence[Service], scratch: Path, speed: float) -> Iterator[Proxy]:
    """Run HAProxy for the listeners of services while the context is open; it logs to the socket ``scratch/log``.

    ``speed`` is how many declared seconds pass in a real one. Raises Unreadable when it does not start.
    """
    weights, config, told = scratch / "weights.map", scratch / "haproxy.cfg", scratch / "haproxy.txt"
    weights.write_text("".join(f"{route} 0\n" for service in services for route in routes_of(service)), "utf-8")
    with bind_port() as live, bind_port() as test:
        places = {"live": live, "test": test}
        numbers = {name: place.fileno() for name, place in places.items()}
        config.write_text(render(services, numbers, scratch, speed), "utf-8")
        url, test_url = (f"http://127.0.0.1:{place.getsockname()[1]}" for place in (live, test))
        proxy = Proxy(url, test_url, scratch / "runtime", weights)
        child = _start((engine.program, "-db", "-f", str(config)), told, [*numbers.values()])
    try:
        _await_start(proxy, told)
        yield proxy
    finally:
        end_group(child, 0)
        if child.stdin:
            child.stdin.close()


def _start(command: Sequence[str], told: Path, descriptors: Sequence[int]) -> subprocess.Popen[bytes]:
    with told.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  an engine that was found, with a file of ours
            ending_with_input(command, signal.SIGTERM),
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=descriptors,
            start_new_session=True,
        )


def _await_start(proxy: Proxy, told: Path) -> None:
    until = monotonic() + LIMIT
    while monotonic() < until:
        with suppress(Unreadable):
            proxy.ask("show version")
            return
        sleep(_LOOK)
    said = told.read_text("utf-8", "replace").strip().splitlines()
    raise Unreadable(f"HAProxy did not start within {LIMIT:.0f} s: {said[-1] if said else 'it said nothing'}")
