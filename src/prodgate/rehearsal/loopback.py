"""The common part of a rehearsal's HTTP servers: threads, bodies, and forwarding."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

#: Headers of the connection and not of the request, which are not forwarded.
_HOP_BY_HOP: Final = {"connection", "content-length", "expect", "keep-alive", "proxy-connection", "transfer-encoding"}
#: Seconds between checks whether to end.
_LOOK: Final = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's response to a forwarded request."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Without those of the connection."""
    body: bytes
    length: str = ""
    """The length that the server states, since a response to HEAD has no body."""

    def header(self, name: str) -> str:
        """Return the values of a header, named in lower case, as one."""
        return ", ".join(value for header, value in self.headers if header.lower() == name)


class QuietServer(ThreadingHTTPServer):
    """A server whose connections end with the process."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: it is no error here if a client disconnects, or does not trust the authority."""


class QuietHandler(BaseHTTPRequestHandler):
    """Answers on a connection that is kept open."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Keep no log of requests: they hold credentials, even if made up."""


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
    """Read the body of a request, including a chunked one. Raises ValueError if a chunk states no size."""
    if "chunked" not in request.headers.get("Transfer-Encoding", "").lower():
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    parts = []
    while size := int(request.rfile.readline(1024).partition(b";")[0], 16):
        parts.append(request.rfile.read(size))
        request.rfile.readline(1024)
    while request.rfile.readline(65536).strip():
        pass  # trailers
    return b"".join(parts)


def forward(request: BaseHTTPRequestHandler, to: str, body: bytes, limit: float, *more: tuple[str, str]) -> Answer:
    """Forward a request unchanged, its host included, with ``more`` headers; ``limit`` is in seconds."""
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
        return Answer(answer.status, kept, answer.read(), answer.getheader("Content-Length") or "")
    finally:
        upstream.close()
