"""What HAProxy is told when it starts: the declared listeners, rules, target groups and health checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from .declared import Service, TargetGroup

#: Slots for targets in each target group: those of two sets of tasks.
SLOTS: Final = 8
#: Seconds between checks at least, and those that one may take at least, however fast a rehearsal goes: what is checked
#: are processes of this machine, which has other things to do.
_LEAST_INTERVAL: Final = 0.25
_LEAST_TIMEOUT: Final = 2.0
#: A line of the log: the response is in milliseconds, -1 where none came; ended by whom, as HAProxy codes it.
_LINE: Final = '{"listener":"%ft","group":"%b","server":"%s","status":%ST,"response":%Tr,"ended":"%ts"}'


def routes_of(service: Service) -> tuple[str, str]:
    """Return what the live and the test route of a service are called here."""
    return f"live.{service.group}", f"test.{service.group}"


def render(services: Sequence[Service], descriptors: Mapping[str, int], scratch: Path, speed: float) -> str:
    """Return the configuration; ``descriptors`` are sockets of the listeners, ``scratch`` holds what belongs to it."""
    return "\n".join(
        [
            *_general(scratch),
            *(line for name, number in descriptors.items() for line in _listener(services, name, number, scratch)),
            *(line for service in services for group in service.groups for line in _group(group, speed)),
            "",
        ]
    )


def _general(scratch: Path) -> Iterator[str]:
    yield "global"
    yield f"  stats socket {scratch / 'runtime'} mode 600 level admin"
    yield f"  log {scratch / 'log'} len 4096 format raw local0"
    yield "  nbthread 1"
    yield "  maxconn 4096"
    yield "defaults"
    yield "  mode http"
    yield "  log global"
    yield "  option forwardfor"
    yield "  retries 0"  # a load balancer of AWS sends no request twice
    yield "  timeout connect 5s"
    yield "  timeout client 60s"
    yield "  timeout server 60s"
    yield f"  log-format '{_LINE}'"


def _listener(services: Sequence[Service], name: str, descriptor: int, scratch: Path) -> Iterator[str]:
    yield f"frontend {name}"
    yield f"  bind fd@{descriptor}"
    ports = {"live": services[0].live.port, "test": services[0].test.port if services[0].test else 0}
    yield f"  http-request set-header X-Forwarded-Port {ports[name]}"
    for number, service in enumerate(services):
        route, (first, second) = routes_of(service)[name == "test"], service.groups
        patterns = " ".join(f"'{_to_regex(one)}'" for one in service.live.patterns)
        meant = f"is_{number}" if patterns else ""
        if patterns:
            yield f"  acl is_{number} path_reg {patterns}"
        yield f"  http-request set-var(txn.share{number}) str({route}),map_str_int({scratch / 'weights.map'},0)"
        yield f"  use_backend {second.name} if {meant} {{ rand(100),sub(txn.share{number}) lt 0 }}"
        yield f"  use_backend {first.name} if {meant}" if meant else f"  default_backend {first.name}"


def _group(group: TargetGroup, speed: float) -> Iterator[str]:
    interval = round(1000 * max(group.interval / speed, _LEAST_INTERVAL))
    limit = round(1000 * max(group.timeout / speed, _LEAST_TIMEOUT))
    yield f"backend {group.name}"
    yield "  balance leastconn"
    yield "  option httpchk"
    yield f"  http-check send meth GET uri {group.path}"
    yield f"  http-check expect status {group.matcher}"
    yield f"  timeout check {limit}ms"
    yield f"  default-server check inter {interval}ms rise {group.healthy} fall {group.unhealthy} disabled"
    yield from (f"  server t{slot} 127.0.0.1:9" for slot in range(SLOTS))


def _to_regex(pattern: str) -> str:
    """Return a regular expression for a path pattern, in which ``*`` is any text and ``?`` any one character."""
    return "^" + re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") + "$"
