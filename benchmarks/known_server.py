"""A server of known behaviour, in a process of its own, which also reports its true response times.

Responses take a time of their own, 50 ms at the median and 120 ms at p95. Below /stall the server also stalls for a
second every ten: responses that would be ready then, and requests that arrive then, wait for the end. For each line on
its standard input the server prints its activity since the last one, as a line of JSON, and starts over: same times,
same stalls.
"""

import asyncio
import json
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from time import perf_counter

MEDIAN, P95 = 0.050, 0.120
#: Seconds after the first request when the first stall begins, how long one lasts, and from one to the next.
FIRST, STILL, EVERY = 5.0, 1.0, 10.0
STEADY, STALL = "/steady", "/stall"
#: Of the normal distribution.
_Z95 = 1.6449


def times() -> Iterator[float]:
    """Yield how long responses take, in seconds: the same sequence every time."""
    random, spread = Random(7), math.log(P95 / MEDIAN) / _Z95
    while True:
        yield random.lognormvariate(math.log(MEDIAN), spread)


def ready_at(path: str, arrived: float, takes: float) -> float:
    """Return when a response is ready; both times in seconds after the first request."""
    return _awake_at(path, _awake_at(path, arrived) + takes)


def _awake_at(path: str, moment: float) -> float:
    into = (moment - FIRST) % EVERY
    still = path == STALL and moment >= FIRST and into < STILL
    return moment + STILL - into if still else moment


def expected_p95(path: str, arrivals: int, seconds: float) -> float:
    """Return the p95, in seconds, of evenly spread arrivals that do not wait for earlier responses."""
    taken = times()
    moments = ((number + 0.5) * seconds / arrivals for number in range(arrivals))
    return p95([ready_at(path, moment, next(taken)) - moment for moment in moments])


def p95(seconds: Sequence[float]) -> float:
    """Return the smallest value that 95 % of the values do not exceed, or NaN if there are none."""
    return sorted(seconds)[math.ceil(len(seconds) * 0.95) - 1] if seconds else math.nan


class Server:
    """Answers requests, and records the time of each."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self._times = times()
        self._first: float | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until it is closed."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                arrived, taken = perf_counter(), self.taken
                await asyncio.sleep(self._ready(head.split(b" ")[1].decode(), arrived) - perf_counter())
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                taken.append(perf_counter() - arrived)
                if b"connection: close" in head.lower():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is done with this connection
        finally:
            writer.close()

    def _ready(self, path: str, arrived: float) -> float:
        self._first = arrived if self._first is None else self._first
        return self._first + ready_at(path, arrived - self._first, next(self._times))

    def told(self) -> str:
        """Return the recorded times as JSON, and start over."""
        told, self.taken = json.dumps(self.taken), []
        self._times, self._first = times(), None
        return told


@dataclass(frozen=True, slots=True)
class KnownServer:
    """A running server."""

    process: subprocess.Popen[str]
    port: int

    def read_times(self) -> Sequence[float]:
        """Return how long each response took since the last time, in seconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds: list[float] = json.loads(self.process.stdout.readline())
        return seconds


@contextmanager
def running() -> Iterator[KnownServer]:
    """Start a server, and end it."""
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield KnownServer(process, int(process.stdout.readline()))
        finally:
            process.kill()


async def main() -> None:
    """Serve on loopback, on the port that is printed first, until standard input ends."""
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024) as listening:
        print(listening.sockets[0].getsockname()[1], flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(server.told(), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
