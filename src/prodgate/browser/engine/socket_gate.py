"""A SOCKS proxy (RFC 1928) on loopback that all WebSockets of a browser go through, and nothing else.

Chromium shows no WebSocket to whoever watches its requests, but asks its proxies for one. TLS stays between the browser
and the server: the gate knows the host and the port, and never what is said.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Final

#: Whether a WebSocket to a host and a port may be opened.
Admits = Callable[[str, int], bool]
#: The name of the gate in Chromium, which takes every name below localhost for this machine.
HOST: Final = "sockets.localhost"
#: Seconds that a greeting, or a connection to a server, may take.
_PATIENCE: Final = 10.0
_VERSION, _CONNECT, _NO_AUTHENTICATION = 5, 1, 0
#: Replies: succeeded, host unreachable, not allowed by ruleset.
_DONE, _UNREACHABLE, _NOT_ALLOWED = 0, 4, 2
#: Type of an address -> its length; a name states its own.
_LENGTHS: Final = {1: 4, 4: 16}
_NAME: Final = 3
_CHUNK: Final = 65536


@contextmanager
def open_socket_gate(admits: Admits) -> Iterator[int]:
    """Yield the port of a gate that is open while the context is."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError, EOFError, ValueError):  # whoever asked is gone, or speaks another protocol
                _serve(self.request, admits)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="sockets", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _serve(client: socket.socket, admits: Admits) -> None:
    """Connect a client with the server that it names, if that is admitted. Raises OSError, EOFError and ValueError."""
    client.settimeout(_PATIENCE)
    host, port = _read_request(client)
    if not admits(host, port):
        client.sendall(_reply(_NOT_ALLOWED))
        return
    try:
        server = socket.create_connection((host, port), _PATIENCE)
    except OSError:
        client.sendall(_reply(_UNREACHABLE))
        return
    with server:
        client.sendall(_reply(_DONE))
        client.settimeout(None)
        server.settimeout(None)
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _read_request(client: socket.socket) -> tuple[str, int]:
    """Read greeting and request; return the host and the port that are asked for."""
    version, methods = _read(client, 2)
    _read(client, methods)
    client.sendall(bytes((_VERSION, _NO_AUTHENTICATION)))
    if version != _VERSION or _read(client, 2) != bytes((_VERSION, _CONNECT)):
        raise ValueError("no request of SOCKS 5 to connect")
    _, kind = _read(client, 2)
    place = _read(client, _read(client, 1)[0] if kind == _NAME else _LENGTHS.get(kind, 0))
    host = place.decode("idna") if kind == _NAME else str(ip_address(place))
    return host, int(struct.unpack("!H", _read(client, 2))[0])


def _read(client: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        if not (more := client.recv(count - len(read))):
            raise EOFError
        read += more
    return read


def _reply(code: int) -> bytes:
    return bytes((_VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0))


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Copy until either side ends, and let the other know."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
