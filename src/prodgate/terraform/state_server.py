"""Terraform's HTTP backend on this machine: core writes its state once, and not after every resource as to a file."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

BACKEND = 'terraform {{\n  backend "http" {{\n    address = "{address}"\n  }}\n}}\n'


class StateServer(HTTPServer):
    """Serves one state."""

    kept = b""

    @property
    def backend(self) -> str:
        """The configuration that makes core keep its state here."""
        return BACKEND.format(address=f"http://127.0.0.1:{self.server_port}")

    @property
    def state(self) -> Mapping[str, Any]:
        """The state as core wrote it last."""
        found: Mapping[str, Any] = json.loads(self.kept or b"{}")
        return found


class _Handler(BaseHTTPRequestHandler):
    server: StateServer

    def do_GET(self) -> None:
        """Return the state, if there is one."""
        self._answer(200 if self.server.kept else 404, self.server.kept)

    def do_POST(self) -> None:
        """Take a new state."""
        self.server.kept = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def state_server() -> Iterator[StateServer]:
    """Serve an empty state while the context is open."""
    with StateServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
