"""A small HTTP server for the self-test that is slow, stalls, drops and fails, and counts every case.

``python -m prodgate.load.fault_server`` prints its port, serves on loopback until its standard input ends, and then
prints what it did as one line of JSON. Paths:

/steady    answers after a time of its own, 30 ms at the median and 80 ms at p95
/dropped   closes the connection instead of answering every 20th request
/stall     answers nothing for one second, a second after the first request
/errors    answers every 30th request with 500
"""

import asyncio
import json
import random
import sys
from time import perf_counter
from typing import Any, Final

#: When /stall answers nothing, in seconds after its first request.
STALL_WINDOW: Final = (1.0, 2.0)


class Server:
    """Answers requests and counts what it did."""

    def __init__(self) -> None:
        self.steady: list[float] = []
        """Seconds from the arrival of a request to its answer."""
        self.stalled: list[float] = []
        self.counts = {"requests": 0, "dropped": 0, "errors": 0}
        self._asked: dict[str, int] = {}
        self._first_stall = 0.0
        self._random = random.Random(7)  # noqa: S311  a load, not a secret

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it is closed or dropped."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                kept = await self._answer(head.split(b" ")[1].decode(), perf_counter(), writer)
                if not kept or b"connection: close" in head.lower():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is done with this connection
        finally:
            writer.close()

    async def _answer(self, path: str, arrived: float, writer: asyncio.StreamWriter) -> bool:
        self.counts["requests"] += 1
        self._asked[path] = self._asked.get(path, 0) + 1
        status = b"200 OK"
        if path == "/steady":
            await asyncio.sleep(self._random.lognormvariate(-3.5, 0.6))
        elif path == "/stall":
            await self._stall(arrived)
        elif path == "/dropped" and self._asked[path] % 20 == 0:
            self.counts["dropped"] += 1
            return False
        elif path == "/errors" and self._asked[path] % 30 == 0:
            self.counts["errors"] += 1
            status = b"500 Internal Server Error"
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nok" % status)
        await writer.drain()
        took = {"/steady": self.steady, "/stall": self.stalled}.get(path)
        if took is not None:
            took.append(perf_counter() - arrived)
        return True

    async def _stall(self, arrived: float) -> None:
        self._first_stall = self._first_stall or arrived
        begin, end = (self._first_stall + seconds for seconds in STALL_WINDOW)
        if begin <= arrived < end:
            await asyncio.sleep(end - perf_counter())

    def truth(self) -> dict[str, Any]:
        """Return what was done, as JSON values."""
        return {**self.counts, "steady": self.steady, "stalled": self.stalled}


async def main() -> None:
    """Serve until standard input ends, then print what was done."""
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024)
    print(listening.sockets[0].getsockname()[1], flush=True)  # noqa: T201  whoever started it reads this
    await asyncio.to_thread(sys.stdin.read)
    listening.close()
    print(json.dumps(server.truth()), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
