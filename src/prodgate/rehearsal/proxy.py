"""Lets a team's own Terraform and provider apply to the rehearsal account: a proxy that knows only AWS's hosts.

Their tree stays as it is. With ``HTTPS_PROXY`` and ``AWS_CA_BUNDLE`` set to this proxy and its authority, what the
provider sends to AWS ends at the emulator on this machine; any other host is refused, so that nothing leaves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

from .authority import Authority
from .loopback import forward, read_body, serving

_AWS: Final = re.compile(r"([a-z0-9.-]+\.)?(amazonaws\.com(\.cn)?|api\.aws)", re.IGNORECASE)
#: Seconds that the emulator may take for an answer.
_LIMIT: Final = 120.0


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy."""

    endpoint: str
    authority: Path
    """File with the certificate of the authority, in PEM."""
    refused: list[str]
    """Hosts that somebody tried to reach and that are not AWS's."""

    @property
    def environment(self) -> dict[str, str]:
        """What to set for Terraform, the provider, or any tool that speaks to AWS; credentials are made up."""
        return {
            "HTTPS_PROXY": self.endpoint,
            "AWS_CA_BUNDLE": str(self.authority),
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }


@contextmanager
def proxy(emulator: str) -> Iterator[Proxy]:
    """Run a proxy on a free port of the loopback interface, in front of the emulator, while the context is open."""
    with TemporaryDirectory(prefix="prodgate-") as scratch:
        authority = Authority()
        file = Path(scratch) / "authority.pem"
        file.write_bytes(authority.certificate)
        server = _Server(urlsplit(emulator).netloc, authority)
        with serving("rehearsal proxy", server):
            yield Proxy(f"http://127.0.0.1:{server.server_port}", file, server.refused)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, emulator: str, authority: Authority) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.emulator, self.authority = emulator, authority
        self.refused: list[str] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away, or does not trust the authority, is its own affair."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Keep no log: requests hold credentials, made up as they are."""

    def finish(self) -> None:
        """Close the encrypted connection too: the server knows only the plain one it was made of."""
        super().finish()
        self.connection.close()

    def do_CONNECT(self) -> None:
        """Serve as the host that is asked for, when it is AWS's; refuse any other."""
        host, _, port = self.path.rpartition(":")
        if not _AWS.fullmatch(host) or port != "443":
            self.server.refused.append(self.path)
            self.send_error(403, "the rehearsal proxy reaches AWS's hosts only")
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.connection = self.server.authority.context(host.lower()).wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False

    def _hand_on(self) -> None:
        """Send a request to the emulator as it is, its host included: that says which service is meant."""
        host = self.headers.get("Host", "").partition(":")[0]
        if not _AWS.fullmatch(host):
            self.server.refused.append(host)
            self.send_error(403, "the rehearsal proxy reaches AWS's hosts only")
            return
        try:
            answer = forward(self, self.server.emulator, read_body(self), _LIMIT)
        except (HTTPException, OSError, ValueError) as error:
            self.send_error(502, f"the emulator did not answer: {error}")
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", (self.command == "HEAD" and answer.length) or str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _hand_on
