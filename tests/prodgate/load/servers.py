"""Servers on loopback that misbehave on purpose, in a thread of the test's own process."""

import asyncio
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

#: Given the path and how often it was asked for before this server closes the connection on None.
Answer = Callable[[str, int], Awaitable[bytes | None]]


def answer(body: bytes = b"ok", *, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Server:
    """The requests that a server received, by path; ``end`` closes it and every connection at once."""

    def __init__(self, answering: Answer, context: ssl.SSLContext | None = None) -> None:
        self.asked: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        """How many of them brought a cookie."""
        self.connections = 0
        self._answering, self._context = answering, context
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._handshakes: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        self._ready.wait()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def end(self) -> None:
        if not self._ended.is_set():
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.close()

    def end_from_within(self) -> None:
        """End it as soon as the current response is sent; called from within a response."""
        self._loop.call_soon(self._ended.set)

    async def _serve(self) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener, ExitStack() as accepted:
            listener.setblocking(False)
            self.port = listener.getsockname()[1]
            self._loop.add_reader(listener, self._accept, listener, accepted)
            self._ready.set()
            await self._ended.wait()
            self._loop.remove_reader(listener)
            for writer in self._open:
                writer.transport.abort()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0)  # connections aborted in this round of the loop are closed in the next

    def _accept(self, listener: socket.socket, accepted: ExitStack) -> None:
        """Take a connection; asyncio's own server leaves one open whose client leaves during the handshake."""
        connection = accepted.enter_context(listener.accept()[0])
        self._handshakes.append(self._loop.create_task(self._shake_hands(connection)))

    async def _shake_hands(self, connection: socket.socket) -> None:
        reader = asyncio.StreamReader(loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, self._connection, loop=self._loop)
        with suppress(OSError):
            await self._loop.connect_accepted_socket(lambda: protocol, connection, ssl=self._context)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                path = head.split(" ")[1]
                self.asked[path] += 1
                self.known[path] += "cookie: " in head.lower()
                said = await self._answering(path, self.asked[path])
                if said is None:
                    break
                writer.write(said)
                await writer.drain()
                if b"cut" in said:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()


@contextmanager
def serving(answering: Answer, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(answering, context)
    try:
        yield server
    finally:
        server.end()


async def fine(_path: str, _count: int) -> bytes | None:
    """Answer everything well."""
    return answer()
