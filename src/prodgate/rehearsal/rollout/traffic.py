"""What HAProxy's log says, minute by declared minute, as a load balancer reports it to CloudWatch."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final

from .declared import Service
from .targets import count_states

NAMESPACE: Final = "AWS/ApplicationELB"
#: Bytes that may wait to be read; what does not fit would be lost.
_BUFFER: Final = 1 << 23
_SERVER_ERRORS: Final = range(500, 600)
#: Minutes that are kept.
_KEPT: Final = 240

#: A metric: its name, and the target group that it is of, "" for the whole load balancer.
Metric = tuple[str, str]
#: The values of a metric in a minute, each with how often it was met.
Values = Counter[float]


@dataclass(slots=True)
class Traffic:
    """Counts of the requests to readers' listener, by minute of the declared time."""

    speed: float
    began: float = field(default_factory=monotonic)
    minutes: dict[int, dict[Metric, Values]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def minute(self) -> int:
        """Return which declared minute it is."""
        return int((monotonic() - self.began) * self.speed / 60)

    def count(self, line: Mapping[str, Any], groups: Mapping[str, str]) -> None:
        """Count a request; ``groups`` holds the ARNs of target groups by their names here."""
        if line["listener"] != "live" or line["ended"].startswith("C"):
            return  # a client that went away is nobody's error
        group = groups.get(line["group"], "")
        of_target = line["ended"].startswith("-")
        failed = line["status"] in _SERVER_ERRORS
        with self._lock:
            for where in {group, ""} if of_target else {""}:
                if of_target:
                    self._add("RequestCount", where, 1.0)
                    self._add("TargetResponseTime", where, line["response"] / 1000)
                if failed and of_target:
                    self._add("HTTPCode_Target_5XX_Count", where, 1.0)
                if not of_target and (failed or line["status"] < 100):
                    self._add("HTTPCode_ELB_5XX_Count", where, 1.0)

    def count_hosts(self, services: tuple[Service, ...], looked: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Count the healthy and unhealthy targets of groups that have any."""
        with self._lock:
            for group in (group for service in services for group in service.groups if looked.get(group.arn)):
                healthy, unhealthy = count_states(looked, group.arn)
                self._add("HealthyHostCount", group.arn, float(healthy))
                self._add("UnHealthyHostCount", group.arn, float(unhealthy))

    def values(self, minute: int) -> Mapping[Metric, Values]:
        """Return what was counted in a minute."""
        with self._lock:
            return {metric: Counter(found) for metric, found in self.minutes.get(minute, {}).items()}

    def _add(self, name: str, group: str, value: float) -> None:
        now = self.minute()
        self.minutes.setdefault(now, {}).setdefault((name, group), Counter())[value] += 1
        self.minutes.pop(now - _KEPT, None)


@contextmanager
def counting(traffic: Traffic, log: Path, services: tuple[Service, ...]) -> Iterator[None]:
    """Count what is written to a socket while the context is open."""
    groups = {group.name: group.arn for service in services for group in service.groups}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        heard.bind(str(log))

        def listen() -> None:
            while line := heard.recv(1 << 16):
                with suppress(ValueError, KeyError):  # HAProxy also tells of servers that come and go, in plain text
                    traffic.count(json.loads(line), groups)

        thread = threading.Thread(target=listen, name="proxy log", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ending:
                ending.sendto(b"", str(log))
            thread.join(5)
