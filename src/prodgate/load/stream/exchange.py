"""One request and its answer over a connection, by HTTP/1.1: nothing is repeated, followed or decoded."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

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
