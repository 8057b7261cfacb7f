"""A HAProxy that forwards like the declared listeners; changes by CodeDeploy go through its runtime interface."""

import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from ...aws.answers import Unreadable
from ...engines.programs import HAProxy
from ...processes.child import clean_environment, end_group, ending_with_input
from ..site.process import bind_port
from .declared import Service, TargetGroup
from .fleet import RunningTask

# ── HAProxy's configuration: the declared listeners, rules, target groups and health checks

#: Slots for targets in each target group: those of two sets of tasks.
SLOTS: Final = 8
#: Minimum seconds between checks, and minimum timeout of one, however fast a rehearsal goes: the checked processes run
#: on this machine, which also does other work.
_LEAST_INTERVAL: Final = 0.25
_LEAST_TIMEOUT: Final = 2.0
#: A line of the log: the response time is in milliseconds, -1 if there was none; who ended it is in HAProxy's codes.
_LINE: Final = '{"listener":"%ft","group":"%b","server":"%s","status":%ST,"response":%Tr,"ended":"%ts"}'
#: What holds for all listeners; an AWS load balancer sends no request twice either.
_GENERAL: Final = """global
  stats socket {scratch}/runtime mode 600 level admin
  log {scratch}/log len 4096 format raw local0
  nbthread 1
  maxconn 4096
defaults
  mode http
  log global
  option forwardfor
  retries 0
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  log-format '{line}'"""
#: What holds for a target group: slots for its targets follow.
_GROUP: Final = """backend {group.name}
  balance leastconn
  option httpchk
  http-check send meth GET uri {group.path}
  http-check expect status {group.matcher}
  timeout check {limit}ms
  default-server check inter {interval}ms rise {group.healthy} fall {group.unhealthy} disabled"""


def routes_of(service: Service) -> tuple[str, str]:
    """Return the names of the live and the test route of a service."""
    return f"live.{service.group}", f"test.{service.group}"


def render(services: Sequence[Service], descriptors: Mapping[str, int], scratch: Path, speed: float) -> str:
    """Return the configuration; ``descriptors`` are sockets of the listeners, ``scratch`` holds its files."""
    return "\n".join(
        [
            _GENERAL.format(scratch=scratch, line=_LINE),
            *(line for name, number in descriptors.items() for line in _listener(services, name, number, scratch)),
            *(line for service in services for group in service.groups for line in _group(group, speed)),
            "",
        ]
    )


def _listener(services: Sequence[Service], name: str, descriptor: int, scratch: Path) -> Iterator[str]:
    yield f"frontend {name}"
    yield f"  bind fd@{descriptor}"
    ports = {"live": services[0].live.port, "test": services[0].test.port if services[0].test else 0}
    yield f"  http-request set-header X-Forwarded-Port {ports[name]}"
    for number, service in enumerate(services):
        route, (first, second) = routes_of(service)[name == "test"], service.groups
        # in a path pattern, * is any text and ? any one character
        texts = [re.escape(one).replace(r"\*", ".*").replace(r"\?", ".") for one in service.live.patterns]
        patterns = " ".join(f"'^{one}$'" for one in texts)
        meant = f"is_{number}" if patterns else ""
        if patterns:
            yield f"  acl is_{number} path_reg {patterns}"
        yield f"  http-request set-var(txn.share{number}) str({route}),map_str_int({scratch / 'weights.map'},0)"
        yield f"  use_backend {second.name} if {meant} {{ rand(100),sub(txn.share{number}) lt 0 }}"
        yield f"  use_backend {first.name} if {meant}" if meant else f"  default_backend {first.name}"


def _group(group: TargetGroup, speed: float) -> Iterator[str]:
    interval = round(1000 * max(group.interval / speed, _LEAST_INTERVAL))
    limit = round(1000 * max(group.timeout / speed, _LEAST_TIMEOUT))
    yield _GROUP.format(group=group, limit=limit, interval=interval)
    yield from (f"  server t{slot} 127.0.0.1:9" for slot in range(SLOTS))


#: Seconds in which HAProxy must respond at its runtime interface, and in which it must be up.
LIMIT: Final = 60.0
#: Seconds between checks whether it is up.
_LOOK: Final = 0.02


@dataclass(frozen=True, slots=True)
class TargetState:
    """HAProxy's state of a server."""

    state: str
    """Such as ``UP``, ``DOWN``, ``DRAIN`` or ``MAINT``."""
    check: str
    """The result of the last check, such as ``L7OK``; empty before the first."""
    code: str
    """The HTTP status of the response, if any."""
    requests: int
    """Open requests."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running HAProxy."""

    url: str
    """The address of the live listener."""
    test_url: str
    _runtime: Path
    _weights: Path

    def ask(self, command: str) -> str:
        """Send commands to the runtime interface, joined by ``;``; return the response. Raises Unreadable."""
        try:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(LIMIT)
                asking.connect(str(self._runtime))
                asking.sendall(f"{command}\n".encode())
                return b"".join(iter(lambda: asking.recv(1 << 16), b"")).decode()
        except OSError as error:
            raise Unreadable(f"HAProxy does not answer {command!r}: {error}") from error

    def register(self, group: str, slot: int, port: int) -> None:
        """Add a server; it gets no requests before its checks have passed."""
        server = f"{group}/t{slot}"
        self.ask(f"set server {server} addr 127.0.0.1 port {port}")
        self.ask(f"set server {server} state ready;set server {server} health down")

    def drain(self, group: str, slot: int) -> None:
        """Give a server no new requests."""
        self.ask(f"set server {group}/t{slot} state drain")

    def deregister(self, group: str, slot: int) -> None:
        """Remove a server at once."""
        self.ask(f"set server {group}/t{slot} state maint")

    def shift(self, route: str, percent: int) -> int:
        """Send a percentage of a route's requests to the second of its groups; return HAProxy's weights after that."""
        self.ask(f"set map {self._weights} {route} {percent}")
        return self.read_shares()[route]

    def read_shares(self) -> Mapping[str, int]:
        """Return the percentage of each route's requests that goes to the second of its groups."""
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

    ``speed`` is the number of declared seconds that pass in a real one. Raises Unreadable if it does not start.
    """
    weights, config, told = scratch / "weights.map", scratch / "haproxy.cfg", scratch / "haproxy.txt"
    weights.write_text("".join(f"{route} 0\n" for service in services for route in routes_of(service)), "utf-8")
    with bind_port() as live, bind_port() as test:
        numbers = {name: place.fileno() for name, place in (("live", live), ("test", test))}
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


# ── Maps processes to targets, and HAProxy's health to a load balancer's

#: HAProxy's check results in a load balancer's words.
_REASONS = {
    "L7STS": ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [{code}]"),
    "L7TOUT": ("Target.Timeout", "Request timed out"),
    "L4TOUT": ("Target.Timeout", "Request timed out"),
}
_FAILED = ("Target.FailedHealthChecks", "Health checks failed")
_INITIAL = {
    "State": "initial",
    "Reason": "Elb.InitialHealthChecking",
    "Description": "Initial health checks in progress",
}
_DRAINING = {
    "State": "draining",
    "Reason": "Target.DeregistrationInProgress",
    "Description": "Target deregistration is in progress",
}


@dataclass(slots=True, kw_only=True)
class Target:
    """A process that is registered with a target group."""

    group: TargetGroup
    slot: int
    place: str
    """Address and port of its task in the account."""
    task: RunningTask
    drains: bool = False
    was_well: bool = False
    health: Mapping[str, str] = field(default_factory=lambda: _INITIAL)


@dataclass(slots=True)
class Targets:
    """All registered targets. Methods may be called from several threads."""

    proxy: Proxy
    _all: list[Target] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def register(self, group: TargetGroup, placed: Mapping[str, RunningTask]) -> list[Target]:
        """Add processes to a group, at the addresses of their tasks."""
        with self._lock:
            taken = {one.slot for one in self._all if one.group.arn == group.arn}
            free = [slot for slot in range(SLOTS) if slot not in taken]
            made = [
                Target(group=group, slot=slot, place=place, task=task)
                for slot, (place, task) in zip(free, placed.items(), strict=False)
            ]
            for one in made:
                self.proxy.register(group.name, one.slot, one.task.port)
            self._all += made
            return made

    def drain(self, targets: Sequence[Target]) -> None:
        """Give targets no new requests."""
        with self._lock:
            for one in targets:
                one.drains = True
                self.proxy.drain(one.group.name, one.slot)

    def count_requests(self, targets: Sequence[Target]) -> int:
        """Return the number of open requests at targets."""
        states = self.proxy.read_states()
        return sum(states[one.group.name, one.slot].requests for one in targets)

    def deregister(self, targets: Sequence[Target]) -> None:
        """Remove targets."""
        with self._lock:
            for one in targets:
                self.proxy.deregister(one.group.name, one.slot)
                self._all.remove(one)

    def look(self) -> dict[str, dict[str, Mapping[str, str]]]:
        """Return the health of every target by group and address, as HAProxy sees it now."""
        with self._lock:
            states, found = self.proxy.read_states(), dict[str, dict[str, Mapping[str, str]]]()
            for one in self._all:
                one.health = _describe(one, states[one.group.name, one.slot])
                one.was_well = one.was_well or one.health["State"] == "healthy"
                found.setdefault(one.group.arn, {})[one.place] = one.health
            return found


def _describe(target: Target, seen: TargetState) -> Mapping[str, str]:
    if target.drains:
        return _DRAINING
    if seen.state == "UP":
        return {"State": "healthy"}
    if not target.was_well and seen.check not in _REASONS:
        return _INITIAL
    reason, text = _REASONS.get(seen.check, _FAILED)
    return {"State": "unhealthy", "Reason": reason, "Description": text.format(code=seen.code)}


def count_states(looked: Mapping[str, Mapping[str, Mapping[str, Any]]], group: str) -> tuple[int, int]:
    """Return how many targets of a group are healthy, and how many are not."""
    states = [one["State"] for one in looked.get(group, {}).values()]
    return states.count("healthy"), states.count("unhealthy")
