"""Sends the requests of a plan when they are due, whether or not earlier ones have been answered."""

import asyncio
import errno
import json
import socket
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlsplit

from ...redaction import Redaction
from ...statistics import nearest_rank
from ..health import WINDOW, Limits, Vitals, Window, describe_aside, find_problems
from ..monitor import INTERVAL, Monitor
from ..record import STREAM_FORMAT, tenths_of_ms
from .process import AGAIN, ATTEMPTS, KEPT, Plan, Request, key_of, plan_request

# ── The outcome of every request of a stream, and the record

#: Failures that are kept one by one; of more, only their number.
MOST_KEPT: Final = 2_000
#: Characters of a failure's text.
_TEXT: Final = 160
_NAMELESS: Final = Redaction()
_UNKNOWN, _GOOD, _BAD = 0, 1, 2


@dataclass(slots=True)
class Cell:
    """Counts of the requests that were due in one second."""

    latency: Counter[int] = field(default_factory=Counter)
    """Tenths of a millisecond from when a request was due to the end of its answer -> how many succeeded."""
    failed: Counter[str] = field(default_factory=Counter)
    builds: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Return the cell as the record has it."""
        latency = {str(took): count for took, count in sorted(self.latency.items())}
        return {"latency": latency, "failed": dict(self.failed), "builds": dict(self.builds)}


class Outcomes:
    """Counts what became of the requests of a plan."""

    def __init__(self, plan: Plan, tell: Callable[[str], object] = lambda _line: None) -> None:
        self._plan, self._tell = plan, tell
        self.monitor = Monitor(plan.own)
        self._limits = Limits.of(plan.profile)
        self._windows: list[Window] = []
        self._each = bytearray()
        self._cells: dict[int, Cell] = {}
        self._failures: list[dict[str, Any]] = []
        self._lag: Counter[int] = Counter()
        self._kinds: Counter[str] = Counter()
        self.acknowledged: dict[int, str] = {}
        """Number of each write that was answered with success -> the build that did."""
        self.read_back: dict[str, Any] | None = None
        """The fate of those writes, as they were read back."""

    @property
    def failed(self) -> int:
        """How many failed so far."""
        return sum(cell.failed.total() for cell in self._cells.values())

    @property
    def due(self) -> int:
        """How many were due so far."""
        return len(self._each)

    def count_due(self, request: Request, late: float) -> None:
        """Count a request that is due, and by how many seconds it is late."""
        self._each.append(_UNKNOWN)
        self._lag[tenths_of_ms(late)] += 1
        second = self._time(request.number)
        self.monitor.count_send_lag(int(second), late)
        self.monitor.reached = second
        self._kinds[request.method] += 1
        self._kinds["new connection" if request.slot < 0 else "kept connection"] += 1

    def take_windows(self) -> None:
        """Take the windows that are over, and tell of each as a line of JSON."""
        for told in self.monitor.take():
            vitals = Vitals.from_json(told.pop("vitals"))
            sick = find_problems(vitals, self._limits, told["seconds"])
            self._windows.append(Window(**{**told, "sick": sick}))
            self._tell(json.dumps(self._windows[-1].to_json()))

    def count_success(self, request: Request, seconds: float, build: str) -> None:
        """Count an answer, which took so many seconds from when the request was due."""
        self._each[request.number] = _GOOD
        cell = self._cell(request)
        cell.latency[tenths_of_ms(seconds)] += 1
        if request.key:
            self.acknowledged[request.number] = build
        if build:
            cell.builds[build] += 1

    def count_failure(self, request: Request, kind: str, text: str, *, reused: bool) -> None:
        """Count a failure of a request, over a connection that was used before or not."""
        self._each[request.number] = _BAD
        self._cell(request).failed[kind] += 1
        if len(self._failures) < MOST_KEPT:
            said = _NAMELESS.redact_text(text)[:_TEXT]
            about = {"method": request.method, "path": request.path, "class": kind, "text": said, "reused": reused}
            self._failures.append({"number": request.number, "at": round(self._time(request.number), 4), **about})

    def _cell(self, request: Request) -> Cell:
        return self._cells.setdefault(int(self._time(request.number)), Cell())

    def _time(self, number: int) -> float:
        """Return the seconds after the first request at which one was due."""
        return number / self._plan.rate

    def to_record(self, began: float, why: str) -> dict[str, Any]:
        """Return the record; ``began`` is when the first request was due, seconds since 1970, ``why`` why it ended."""
        return {
            "format": STREAM_FORMAT,
            "plan": self._plan.to_json(),
            "began": began,
            "ended": began + self._time(len(self._each)),
            "why": why,
            "due": len(self._each),
            "unknown": self._each.count(_UNKNOWN),
            "kinds": dict(self._kinds),
            "lag": {
                "p99": (nearest_rank(self._lag, 990) or 0) / 10_000,
                "max": (nearest_rank(self._lag, 1000) or 0) / 10_000,
            },
            "windows": [window.to_json() for window in self._windows],
            "disturbed": describe_aside(self._windows, self._limits),
            "seconds": [{"second": at, **cell.to_json()} for at, cell in sorted(self._cells.items())],
            "failures": self._failures,
            "outages": list(self._list_outages()),
            "writes": self.read_back,
        }

    def _list_outages(self) -> Iterator[dict[str, Any]]:
        """Yield each spell of failures between two successes: its first and last request, and when they were due."""
        first = last = -1
        failed = 0
        for number, outcome in enumerate(self._each):
            if outcome == _BAD:
                first, last, failed = (number if first < 0 else first), number, failed + 1
            elif outcome == _GOOD and first >= 0:
                yield self._outage(first, last, failed)
                first, failed = -1, 0
        if first >= 0:
            yield self._outage(first, last, failed)

    def _outage(self, first: int, last: int, failed: int) -> dict[str, Any]:
        return {"began": round(self._time(first), 4), "ended": round(self._time(last), 4), "failed": failed}


# ── One request and its answer over a connection, by HTTP/1.1: nothing is repeated, followed or decoded

#: Bytes of a line or a head; a longer one is no answer of a site.
LIMIT: Final = 65_536
_NO_BODY: Final = (204, 304)
_LAST_INFORMATIONAL: Final = 199


class CutShort(Exception):
    """The answer had begun, and was not whole."""


class Closed(Exception):
    """The connection ended before any answer."""


@dataclass(slots=True)
class Connection:
    """An open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: int = 0
    """How many requests it has carried."""

    @property
    def idle(self) -> bool:
        """Whether it may carry another: its other end has not closed it."""
        return not self.reader.at_eof() and not self.writer.is_closing()

    def close(self) -> None:
        """Close it at once."""
        self.writer.transport.abort()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read to its end."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""

    @property
    def closes(self) -> bool:
        """Whether the connection can carry no further request."""
        length = "content-length" in self.headers or "transfer-encoding" in self.headers
        framed = length or self.status in _NO_BODY
        return "close" in self.headers.get("connection", "").lower() or not framed


async def connect(host: str, port: int, context: ssl.SSLContext | None) -> Connection:
    """Open a connection, with TLS where a context is given. Raises OSError."""
    reader, writer = await asyncio.open_connection(host, port, ssl=context, limit=LIMIT)
    return Connection(reader, writer)


async def exchange(connection: Connection, head: bytes) -> Answer:
    """Send a request and read its answer. Raises Closed, CutShort and OSError."""
    connection.used += 1
    try:
        connection.writer.write(head)
        await connection.writer.drain()
        first = await connection.reader.read(1)
    except (ConnectionError, ssl.SSLError) as error:
        raise Closed(str(error)) from error
    if not first:
        raise Closed("the connection was closed")
    try:
        return await _read_answer(connection.reader, first)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ssl.SSLError, ValueError) as error:
        raise CutShort(str(error)) from error


async def _read_answer(reader: asyncio.StreamReader, first: bytes) -> Answer:
    status = 0
    while status <= _LAST_INFORMATIONAL:
        head = first + await reader.readuntil(b"\r\n\r\n")
        first = b""
        answer = _parse_head(head)
        status = answer.status
    return replace(answer, body=await _read_body(reader, answer))


def _parse_head(head: bytes) -> Answer:
    """Return the answer that a head announces. Raises ValueError for what is none."""
    lines = head.decode("latin-1").split("\r\n")
    protocol, _, rest = lines[0].partition(" ")
    if not protocol.startswith("HTTP/1."):
        raise ValueError(f"{lines[0][:40]!r} is no status line")
    fields = (line.partition(":") for line in lines[1:] if line)
    return Answer(int(rest[:3]), {name.strip().lower(): value.strip() for name, _, value in fields})


async def _read_body(reader: asyncio.StreamReader, answer: Answer) -> bytes:
    if answer.status in _NO_BODY:
        return b""
    if "chunked" in answer.headers.get("transfer-encoding", "").lower():
        return b"".join([chunk async for chunk in _read_chunks(reader)])
    if (length := answer.headers.get("content-length")) is not None:
        return await reader.readexactly(int(length))
    return await reader.read(-1)


async def _read_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        yield (await reader.readexactly(size + 2))[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass


# ── Whether acknowledged writes are there when all is over, once each: they are read back, some sent again

#: Writes that are kept one by one when something is wrong with them; of more, only their number.
_SHOWN: Final = 20
_MISSING: Final = 404
_OK: Final = 200
#: Key of a site's answer about a write that it knows: how often it took effect.
_TIMES: Final = "times"

#: Carries one request over a connection that may be kept, and returns its answer with the connection, None once closed.
Carry = Callable[[Request, Connection | None], Awaitable[tuple[Answer, Connection | None]]]


class _NotTold(Exception):
    """The site did not say how often a write took effect."""


@dataclass(slots=True)
class _Found:
    times: dict[int, int] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)


async def read_back(plan: Plan, acknowledged: Mapping[int, str], carry: Carry) -> dict[str, Any]:
    """Send some writes again, spread evenly over all, then read every one, at the plan's pace for that.

    Returns ``{"acknowledged", "again", "lost", "doubled", "unread", "why", "first": [{"number", "at", "build",
    "times"}, …]}``: how many of each there are, why one could not be read, and the first that were lost or doubled.
    """
    numbers = sorted(acknowledged)
    again = numbers[:: max(1, len(numbers) // AGAIN)][:AGAIN]
    found = _Found()
    steps = [(number, True) for number in again] + [(number, False) for number in numbers]
    begin = asyncio.get_running_loop().time()
    # the repeated writes end before anything is read: otherwise a double could come after its count
    await _take(plan, steps[: len(again)], begin, carry, found)
    await _take(plan, steps[len(again) :], begin + len(again) / plan.pace_back, carry, found)
    wrong = [number for number in numbers if found.times.get(number, 1) != 1]
    return {
        "acknowledged": len(numbers),
        "again": len(again),
        "lost": sum(times == 0 for times in found.times.values()),
        "doubled": sum(times > 1 for times in found.times.values()),
        "unread": len(found.unread),
        "why": next(iter(found.unread.values()), ""),
        "first": [
            {"number": number, "at": round(number / plan.rate, 4), "build": acknowledged[number]}
            | {"times": found.times[number]}
            for number in wrong[:_SHOWN]
        ],
    }


async def _take(plan: Plan, steps: list[tuple[int, bool]], begin: float, carry: Carry, found: _Found) -> None:
    """Take all steps, over as many connections as are kept, each at its time or later."""
    due = [(begin + at / plan.pace_back, number, write) for at, (number, write) in enumerate(steps)]
    await asyncio.gather(*(_work(plan, iter(due[worker::KEPT]), carry, found) for worker in range(KEPT)))


async def _work(plan: Plan, steps: Iterator[tuple[float, int, bool]], carry: Carry, found: _Found) -> None:
    connection: Connection | None = None
    for due, number, write in steps:
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        for _ in range(ATTEMPTS):
            try:
                async with asyncio.timeout(plan.timeout):
                    answer, connection = await carry(_make_request(plan, number, write=write), connection)
                if not write:
                    found.times[number] = _read_times(answer)
            except Exception as error:  # noqa: BLE001  however it fails, nothing was learned of the write
                connection = None
                found.unread[number] = str(error) or type(error).__name__
            else:
                found.unread.pop(number, None)
                break
    if connection is not None:
        connection.close()


def _make_request(plan: Plan, number: int, *, write: bool) -> Request:
    key = key_of(plan, number)
    if write:
        return Request(number, "POST", plan.write, 0, key)
    return Request(number, "GET", plan.written.replace("{key}", key), 0)


def _read_times(answer: Answer) -> int:
    """Return how often a write took effect. Raises _NotTold."""
    if answer.status == _MISSING:
        return 0
    if answer.status != _OK:
        raise _NotTold(f"answered {answer.status}")
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    times = told.get(_TIMES) if isinstance(told, dict) else None
    if type(times) is not int:
        raise _NotTold(f"the answer is no JSON object with a whole number under {_TIMES!r}")
    return times


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
        watching = asyncio.create_task(self._watch(perf_counter()))
        for number in range(int(self.plan.rate * self.plan.limit)):
            due = begin + number / self.plan.rate
            if due > loop.time() and await _wait(stop, due - loop.time()):
                break
            if stop.is_set():
                break
            self._begin(plan_request(self.plan, number), due, loop.time() - due)
        watching.cancel()
        self.outcomes.monitor.stop()
        self.outcomes.monitor.reached = inf
        self.outcomes.take_windows()
        if self._open:
            await asyncio.wait(self._open, timeout=self.plan.timeout + 1)
        if self.plan.written:
            self.outcomes.read_back = await read_back(self.plan, self.outcomes.acknowledged, self._carry)
        for connection in self._kept.values():
            connection.close()
        return began

    async def _watch(self, begin: float) -> None:
        """Measure how well this process and its machine are, and tell of each window when it is over."""
        monitor, whole = self.outcomes.monitor, int(self.plan.limit / WINDOW)
        windows = (Window(place=at, second=at * WINDOW, seconds=WINDOW) for at in range(whole))
        monitor.expect(windows, begin)
        while True:
            slept = perf_counter()
            await asyncio.sleep(INTERVAL)
            monitor.note(slept)
            self.outcomes.take_windows()

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
            self.outcomes.count_failure(request, f"HTTP {answer.status}", "", reused=reused)
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
