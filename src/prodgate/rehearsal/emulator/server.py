"""Serves the emulated account at a port of this machine, as the HTTP proxy that its clients use."""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import asdict
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from ..loopback import read_body
from ..scenario import seed_account
from .calls import IncomingRequest
from .conducted import conduct, read_told
from .dispatch import Emulator
from .faults import Fault
from .replies import Reply

#: Below it is what concerns the rehearsal and not AWS, of which no host has such a path.
ADMIN: Final = "/_prodgate/"


class Server(ThreadingHTTPServer):
    """Serves one account; knows its open connections, so that a forked copy can drop them."""

    daemon_threads = True
    request_queue_size = 256
    block_on_close = False

    def __init__(self, emulator: Emulator, listening: socket.socket) -> None:
        super().__init__(listening.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.emulator = listening, emulator
        self.server_name, self.server_port = "127.0.0.1", listening.getsockname()[1]
        self.connections: set[socket.socket] = set()

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        accepted, address = super().get_request()
        self.connections.add(accepted)
        return accepted, address

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is no event."""


class Handler(BaseHTTPRequestHandler):
    """Reads requests off a connection and writes answers, each in one piece."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Keep no log of requests."""

    def handle_expect_100(self) -> bool:
        """Tell a client at once that its body is welcome; it would wait for a second."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def answer(self) -> None:
        """Answer one request."""
        sent = IncomingRequest(
            method=self.command, url=self._url(), headers=dict(self.headers.items()), body=read_body(self)
        )
        if self.path.startswith(ADMIN):
            self._write(answer_admin(self.server.emulator, sent, self.path.removeprefix(ADMIN)), [])
            return
        reply, faults = self.server.emulator.answer(sent)
        time.sleep(sum(fault.delay for fault in faults))
        self._write(reply, faults)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = answer

    def _url(self) -> str:
        """Return the URL asked for; a proxy gets it whole."""
        return self.path if self.path.startswith("http") else f"http://{self.headers.get('Host', '')}{self.path}"

    def _write(self, reply: Reply, faults: list[Fault]) -> None:
        told = {name.lower(): value for name, value in reply.headers.items()}
        length = told.pop("content-length", "") if self.command == "HEAD" else ""
        self.send_response_only(reply.status)
        self.send_header("Date", formatdate(time.time() + sum(each.clock_skew for each in faults), usegmt=True))
        self.send_header("Content-Length", length or str(len(reply.body)))
        for name in told.keys() - {"content-length", "date", "transfer-encoding"}:
            self.send_header(name, told[name].replace("\r", " ").replace("\n", " "))
        self.end_headers()
        cut = min((each.truncate for each in faults if each.truncate >= 0), default=len(reply.body))
        self.close_connection = self.close_connection or cut < len(reply.body)
        self.wfile.write(b"" if self.command == "HEAD" else reply.body[:cut])
        self.wfile.flush()


def answer_admin(emulator: Emulator, sent: IncomingRequest, what: str) -> Reply:
    """Answer a request about the rehearsal itself: faults, past, Airflow, deployments, how often it was called."""
    with emulator.lock:
        try:
            held = _administer(emulator, sent, what)
        except (TypeError, ValueError) as error:
            return Reply(status=400, body=str(error).encode())
    if held is None:
        return Reply(status=404, body=b"")
    return Reply(status=200, body=json.dumps(held).encode(), headers={"Content-Type": "application/json"})


def _administer(emulator: Emulator, sent: IncomingRequest, what: str) -> Any:
    match sent.method, what:
        case "POST", "seed":
            return seed_account(json.loads(sent.body), emulator)
        case "POST", "airflow":
            return emulator.store_everywhere("mwaa", "airflow", json.loads(sent.body))
        case "POST", "conduct":
            service, region, kinds = read_told(sent.body)
            conduct(emulator.ledger(service, region), kinds)
        case "POST", "faults":
            emulator.faults.add(json.loads(sent.body))
        case "DELETE", "faults":
            emulator.faults.all.clear()
        case "DELETE", "calls":
            emulator.calls.clear()
        case "GET", "faults" | "calls":
            pass
        case _:
            return None
    return dict(emulator.calls) if what == "calls" else [asdict(each) for each in emulator.faults.all]


def open_listener() -> socket.socket:
    """Return a socket that listens at a free port of this machine alone."""
    return socket.create_server(("127.0.0.1", 0), backlog=Server.request_queue_size)
