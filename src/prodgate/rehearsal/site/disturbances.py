"""What faults do to requests; imported only by a site that was started with faults."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import Random
from typing import Any, Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .application import READY
from .faults import Fault

#: Paths for monitoring, which other faults must not affect.
UNDISTURBED: Final = ("/api/health", *READY)
#: Where applause is given.
APPLAUSE: Final = "/applause"
#: By what a load balancer says to which of its ports a request came, and the one for readers.
PUBLIC: Final = (b"x-forwarded-port", b"443")
#: Lets a request through, perhaps later (None), or names what happens to it.
Disturbance = Callable[[Scope], Awaitable[str | None]]


def with_disturbances(
    inner: ASGIApp, faults: Sequence[Fault], broken: ASGIApp, connections: Callable[[], Any]
) -> ASGIApp:
    """Disturb the requests to an application; ``broken`` answers those that fail."""
    disturbances = [DISTURBANCES[fault.name](*fault.numbers) for fault in faults if fault.name in DISTURBANCES]
    never_ready = any(fault.name == "never-ready" for fault in faults)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        became = "broken" if never_ready and scope["path"] in READY else None
        if scope["path"] not in UNDISTURBED:
            for disturbance in disturbances:
                became = became or await disturbance(scope)
        if became == "dropped":
            _close(scope, connections())
            while (await receive())["type"] != "http.disconnect":
                pass
        elif became == "forgotten":
            await JSONResponse({"given": True}, 201)(scope, receive, send)
        else:
            await (broken if became == "broken" else inner)(scope, receive, send)

    return answer


def _close(scope: Scope, connections: Any) -> None:
    """Close a request's connection: the only way for an application to leave it without an answer."""
    for each in tuple(connections):
        if each.client == tuple(scope["client"]):
            each.transport.close()


def chances(share: float, seed: str) -> Iterator[bool]:
    """Yield True for exactly this share of each block of 1,000 (or 1/share, if that is more), at random places."""
    random, block = Random(seed), max(1000, round(1 / share))  # noqa: S311  not a secret: the same in each run
    while True:
        chosen = set(random.sample(range(block), round(block * share)))
        yield from (place in chosen for place in range(block))


def _latency(seconds: float, share: float) -> Disturbance:
    due = chances(share, "latency")

    async def wait(_scope: Scope) -> None:
        if next(due):
            await asyncio.sleep(seconds)

    return wait


def _stall(seconds: float, period: float) -> Disturbance:
    """Stall at the end of each period; requests that arrive meanwhile wait, as if behind a lock."""
    begin = time.monotonic()

    async def wait(_scope: Scope) -> None:
        left = period - (time.monotonic() - begin) % period
        if left <= seconds:
            await asyncio.sleep(left)

    return wait


def _slow_start(seconds: float) -> Disturbance:
    until = time.monotonic() + seconds

    async def wait(_scope: Scope) -> None:
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    return wait


def _slow_page(seconds: float) -> Disturbance:
    async def wait(scope: Scope) -> None:
        if not scope["path"].startswith(("/api/", "/static/")):
            await asyncio.sleep(seconds)

    return wait


def _outcome(what: str, share: float) -> Disturbance:
    due = chances(share, what)

    async def become(_scope: Scope) -> str | None:
        return what if next(due) else None

    return become


def _errors_in_public(share: float) -> Disturbance:
    due = chances(share, "public")

    async def become(scope: Scope) -> str | None:
        return "broken" if PUBLIC in scope["headers"] and next(due) else None

    return become


def _lost_writes(share: float) -> Disturbance:
    due = chances(share, "lost")

    async def become(scope: Scope) -> str | None:
        return "forgotten" if scope["method"] == "POST" and scope["path"].endswith(APPLAUSE) and next(due) else None

    return become


DISTURBANCES: Final[dict[str, Callable[..., Disturbance]]] = {
    "latency": _latency,
    "stall": _stall,
    "slow-start": _slow_start,
    "slow-page": _slow_page,
    "drop": lambda share: _outcome("dropped", share),
    "errors": lambda share: _outcome("broken", share),
    "errors-in-public": _errors_in_public,
    "lost-writes": _lost_writes,
}
