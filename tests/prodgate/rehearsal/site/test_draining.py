"""A build that begins to drain answers every client accepted by then."""

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

from prodgate.rehearsal.site.server import _drain


async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello")
    await writer.drain()
    writer.close()


async def drain_while_somebody_connects() -> bytes:
    """Let a server accept a connection in the very round of the loop in which it begins to drain."""
    loop, draining = asyncio.get_running_loop(), list[asyncio.Task[None]]()
    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    drained: Any = SimpleNamespace(servers=[server], server_state=SimpleNamespace(connections=set()))
    with socket.create_connection(server.sockets[0].getsockname()) as client:
        client.setblocking(False)
        loop.call_soon(lambda: draining.append(asyncio.ensure_future(_drain(drained))))
        answer = await asyncio.wait_for(loop.sock_recv(client, 100), 20)
        await draining[0]
    return answer


def test_who_is_accepted_as_the_drain_begins_is_answered() -> None:
    assert asyncio.run(drain_while_somebody_connects()) == b"hello"
