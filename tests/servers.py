"""Servers that tests run on this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prodgate.rehearsal import loopback


class Handler(BaseHTTPRequestHandler):
    """Answers in one call, and keeps no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port while the context is open; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with loopback.serving("tests", server):
        yield f"http://127.0.0.1:{server.server_port}"
