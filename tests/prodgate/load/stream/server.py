"""A server with scripted responses that records its requests."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-build: blue\r\n\r\nok"


@dataclass(slots=True)
class Asked:
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    connection: int


@dataclass(slots=True)
class ScriptedServer:
    """Answers with what ``script`` returns for the number of a request; None closes the connection."""

    script: Callable[[int], bytes | None]
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    _more: threading.Condition = field(default_factory=threading.Condition)

    def reached(self, requests: int) -> bool:
        """Wait until it has received so many requests."""
        with self._more:
            return self._more.wait_for(lambda: len(self.asked) >= requests, 120)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        own = self.connections
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                fields = (line.partition(": ") for line in lines[1:] if line)
                headers = {name.lower(): value for name, _, value in fields}
                self.asked.append(Asked(*lines[0].split(" ")[:2], headers, own))
                with self._more:
                    self._more.notify_all()
                if (answer := self.script(len(self.asked) - 1)) is None:
                    break
                writer.write(answer)
                if headers.get("connection") == "close" or b"Connection: close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@contextmanager
def scripted_server(script: Callable[[int], bytes | None]) -> Iterator[ScriptedServer]:
    """Serve in a thread while the context is open."""
    made, ready, over = ScriptedServer(script), threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
            made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(120)
    try:
        yield made
    finally:
        loops[0].call_soon_threadsafe(over.set)
        thread.join(120)
