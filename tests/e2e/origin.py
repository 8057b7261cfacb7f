"""A small server that answers each path as a test states."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


def html(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    text = f'<!doctype html><html lang="en"><head><title>A page</title></head><body><main>{body}</main></body></html>'
    return plain(text, "text/html", status, headers)


def plain(text: str, kind: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    data = text.encode()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(data)

    return answer


def redirect(where: str) -> Answer:
    return html("", 302, {"Location": where})


class Origin:
    """The server; it records requests as (method, path), a WebSocket's as (UPGRADE, path)."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.asked: list[tuple[str, str]] = []
        self.released = threading.Event()
        """Set when answers that hang are let go."""

    def hang(self, _request: BaseHTTPRequestHandler) -> None:
        self.released.wait(60)


@contextmanager
def origin(answers: Callable[[Origin], Mapping[str, Answer]]) -> Iterator[Origin]:
    """Serve while the context is open; a path that is not among the answers is not found."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.asked.append(("UPGRADE" if self.headers.get("Upgrade") else self.command, path))
            told.get(path, html("nothing here", 404))(self)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Origin(server)
    told = answers(made)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
