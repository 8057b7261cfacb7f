"""What the HTTP servers of a rehearsal share: they serve in threads, read bodies, and forward requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

#: Headers of the connection and not of the request, so that they are not forwarded.
_HOP_BY_HOP: Final = {"connection", "content-length", "expect", "keep-alive", "proxy-connection", "transfer-encoding"}
#: Seconds between looks at whether to end.
_LOOK: Final = 0.05


@dataclass(frozen=True, slots=True)
class Forwarded:
    """An answer to a request that was forwarded."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Without those of the connection."""
    body: bytes
    length: str
    """As stated by the server, which is all that there is of a body that HEAD asks for."""


@contextmanager
def serving(name: str, *servers: ThreadingHTTPServer) -> Iterator[None]:
    """Serve in threads while the context is open."""
    threads = [threading.Thread(target=each.serve_forever, args=(_LOOK,), name=name, daemon=True) for each in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for each in servers:
            each.shutdown()
            each.server_close()
        for thread in threads:
            thread.join()


def read_body(request: BaseHTTPRequestHandler) -> bytes:
    """Read the body of a request, also one in chunks. Raises ValueError when a chunk states no size."""
    if "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    parts = []
    while size := int(request.rfile.readline(1024).partition(b";")[0], 16):
        parts.append(request.rfile.read(size))
        request.rfile.readline(1024)
    while request.rfile.readline(65536).strip():
        pass  # trailers
    return b"".join(parts)


def forward(request: BaseHTTPRequestHandler, to: str, body: bytes, limit: float, *more: tuple[str, str]) -> Forwarded:
    """Send a request on as it is, its host included, with ``more`` headers; ``limit`` is in seconds."""
    upstream = HTTPConnection(to, timeout=limit)
    try:
        upstream.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                upstream.putheader(name, value)
        for name, value in (*more, ("Content-Length", str(len(body)))):
            upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        kept = tuple((name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP)
        return Forwarded(answer.status, kept, answer.read(), answer.getheader("Content-Length") or "")
    finally:
        upstream.close()
