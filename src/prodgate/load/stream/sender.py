"""Sends the requests of a plan when they are due, whether or not earlier ones have been answered."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from .exchange import Answer, Closed, Connection, CutShort, connect, exchange
from .outcomes import Outcomes
from .plan import Plan, Request, plan_request
from .written import read_back

#: Requests under way at once; one that would come on top of them fails as "not sent".
MOST_OPEN: Final = 2_000
#: A status from here on is a failure.
_FAILED: Final = 400
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM)
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(slots=True)
class Sender:
    """Carries out a plan."""

    plan: Plan
    outcomes: Outcomes
    _kept: dict[int, Connection] = field(default_factory=dict)
    _open: set[asyncio.Task[None]] = field(default_factory=set)
    _context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if urlsplit(self.plan.url).scheme == "https":
            self._context = ssl.create_default_context()

    async def run(self, stop: asyncio.Event) -> float:
        """Send until told to stop or the limit is over, and wait for the last answers.

        Returns when the first request was due, in seconds since 1970.
        """
        loop = asyncio.get_running_loop()
        began, begin = time.time(), loop.time()
        for number in range(int(self.plan.rate * self.plan.limit)):
            due = begin + number / self.plan.rate
            if due > loop.time() and await _wait(stop, due - loop.time()):
                break
            if stop.is_set():
                break
            self._begin(plan_request(self.plan, number), due, loop.time() - due)
        if self._open:
            await asyncio.wait(self._open, timeout=self.plan.timeout + 1)
        if self.plan.written:
            self.outcomes.read_back = await read_back(self.plan, self.outcomes.acknowledged, self._carry)
        for connection in self._kept.values():
            connection.close()
        return began

    def _begin(self, request: Request, due: float, late: float) -> None:
        self.outcomes.count_due(request, late)
        if len(self._open) >= MOST_OPEN:
            self.outcomes.count_failure(request, "not sent", f"{MOST_OPEN} were under way", reused=False)
            return
        task = asyncio.create_task(self._perform(request, due))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _perform(self, request: Request, due: float) -> None:
        kept = self._kept.pop(request.slot, None)
        if kept is not None and not kept.idle:
            kept.close()
            kept = None
        reused = kept is not None
        try:
            async with asyncio.timeout_at(due + self.plan.timeout):
                answer = await self._exchange(request, kept)
        except Exception as error:  # noqa: BLE001  however it fails, it is a failure of the request
            self.outcomes.count_failure(request, classify_failure(error, reused=reused), str(error), reused=reused)
            return
        if answer.status >= _FAILED:
            kind = f"HTTP {answer.status}"
            self.outcomes.count_failure(request, kind, "", reused=reused)
        else:
            took = asyncio.get_running_loop().time() - due
            build = answer.headers.get(self.plan.build_header, "") if self.plan.build_header else ""
            self.outcomes.count_success(request, took, build)

    async def _exchange(self, request: Request, connection: Connection | None) -> Answer:
        """Carry one request, and keep its connection unless it is one of its own."""
        if connection is None:
            connection = await self._connect()
        keep = False
        try:
            answer = await exchange(connection, self._write_head(request))
            keep = request.slot >= 0 and not answer.closes and request.slot not in self._kept
        finally:
            if keep:
                self._kept[request.slot] = connection
            else:
                connection.close()
        return answer

    async def _connect(self) -> Connection:
        place = urlsplit(self.plan.url)
        return await connect(place.hostname or "", place.port or _PORTS[place.scheme], self._context)

    async def _carry(self, request: Request, connection: Connection | None) -> tuple[Answer, Connection | None]:
        """Carry one request over a connection that is open still, or else over a new one."""
        if connection is None or not connection.idle:
            connection = await self._connect()
        try:
            answer = await exchange(connection, self._write_head(request))
        except BaseException:
            connection.close()
            raise
        if not answer.closes:
            return answer, connection
        connection.close()
        return answer, None

    def _write_head(self, request: Request) -> bytes:
        fields = {"Host": urlsplit(self.plan.url).netloc, "User-Agent": "prod-gate", "Accept": "*/*"}
        if request.slot < 0:
            fields["Connection"] = "close"
        if request.key:
            fields |= {"Idempotency-Key": request.key, "Content-Length": "0"}
        lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _wait(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for a time, and return whether it is to stop."""
    try:
        async with asyncio.timeout(seconds):
            return await stop.wait()
    except TimeoutError:
        return False


def classify_failure(error: BaseException, *, reused: bool) -> str:
    """Return the class of a failure, in the words of what a reader would have met."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, Closed):
        return "closed on a reused connection" if reused else "closed without an answer"
    if isinstance(error, CutShort):
        return "answer cut short"
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        return "no socket left here"
    kinds = ((ssl.SSLError, "TLS"), (socket.gaierror, "DNS"), (ConnectionRefusedError, "refused"))
    return next((name for kind, name in kinds if isinstance(error, kind)), "unreachable")
