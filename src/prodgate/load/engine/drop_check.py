"""A guard before every run: the client must report a dropped request as often as the server dropped one.

It tests what the HTTP library does rather than its private names: a small server on loopback, in this very process,
answers one request and drops every later one.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

import gevent
from gevent.server import StreamServer
from locust.contrib.fasthttp import FastHttpSession

from .connections import Connections, UntrustedLibrary

_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#: Seconds for a handful of requests on loopback; only a library that retries for ever needs them.
_TIMEOUT: Final = 5.0


def check_drops_are_reported() -> None:
    """Raise UntrustedLibrary when a dropped request is sent again or not reported."""
    received: list[bytes] = []

    def serve(socket: Any, _address: Any) -> None:
        while request := socket.recv(65536):
            received.append(request)
            if len(received) > 1:
                return
            socket.sendall(_ANSWER)

    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    try:
        reported = _send_three_requests(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.stop()
    if (len(received), reported) != (3, ["", "HTTPConnectionClosed", "HTTPConnectionClosed"]):
        raise UntrustedLibrary(
            f"geventhttpclient sent 3 requests as {len(received)} and said {reported} of one answered and two dropped; "
            "its hidden retries can't be turned off, use the version that prod-gate's lock file names"
        )


def _send_three_requests(host: str) -> list[str]:
    reported: list[str] = []

    def report(*, exception: Exception | None, **_meta: Any) -> None:
        reported.append(type(exception).__name__ if exception else "")

    connections: Any = Connections(host, timeout=_TIMEOUT)
    session = FastHttpSession(host, SimpleNamespace(fire=report), None, insecure=False, client_pool=connections)
    with gevent.Timeout(_TIMEOUT, False):
        for _ in range(3):
            session.get("/")
    return reported
