"""Lets a team's own Terraform and provider apply to the rehearsal account: a proxy that knows only AWS's hosts.

Their tree stays as it is. With ``HTTPS_PROXY`` and ``AWS_CA_BUNDLE`` set to this proxy and its authority, the
provider's requests to AWS end at the emulator on this machine; the proxy refuses any other host, so that nothing leaves
it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from secrets import compare_digest
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

from ..aws.clients import REHEARSAL, make_proxy_authorization, name_proxy
from .certificates import Authority
from .loopback import QuietHandler, QuietServer, forward, read_body, serving

_AWS: Final = re.compile(r"([a-z0-9.-]+\.)?(amazonaws\.com(\.cn)?|api\.aws)", re.IGNORECASE)
#: Seconds that the emulator may take for a response.
_LIMIT: Final = 120.0


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy."""

    endpoint: str
    """Where it listens, and as a password the emulator's token, which it asks for, too."""
    authority: Path
    """File with the certificate of the authority, in PEM."""
    refused: list[str]
    """Hosts outside AWS that a client tried to reach."""

    @property
    def environment(self) -> dict[str, str]:
        """The environment for Terraform, the provider, or any tool for AWS; credentials are made up."""
        return {
            "HTTPS_PROXY": self.endpoint,
            "AWS_CA_BUNDLE": str(self.authority),
            "AWS_ACCESS_KEY_ID": REHEARSAL,
            "AWS_SECRET_ACCESS_KEY": REHEARSAL,
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
        server = _Server(emulator, authority)
        own = urlsplit(emulator)._replace(netloc=f"127.0.0.1:{server.server_port}").geturl()
        with serving("rehearsal proxy", server):
            yield Proxy(name_proxy(own), file, server.refused)


class _Server(QuietServer):
    def __init__(self, emulator: str, authority: Authority) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.emulator, self.authority = urlsplit(emulator).netloc, authority
        self.token = ("Proxy-Authorization", make_proxy_authorization(emulator))
        self.refused: list[str] = []


class _Handler(QuietHandler):
    server: _Server
    tunnelled = False

    def finish(self) -> None:
        """Close the encrypted connection too: the server knows only the plain one it was made of."""
        super().finish()
        self.connection.close()

    def do_CONNECT(self) -> None:
        """Serve as the requested host if it is AWS's; refuse any other, and whoever was not given the token."""
        name, stated = self.server.token
        if not compare_digest(self.headers.get(name, "").encode(), stated.encode()):
            self.send_error(407, "the rehearsal proxy gave you no token")
            return
        host, _, port = self.path.rpartition(":")
        if not _AWS.fullmatch(host) or port != "443":
            self.server.refused.append(self.path)
            self.send_error(403, "the rehearsal proxy reaches AWS's hosts only")
            return
        self.tunnelled = True
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.connection = self.server.authority.context(host.lower()).wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False

    def _hand_on(self) -> None:
        """Forward a request to the emulator unchanged; its host names the service."""
        host = self.headers.get("Host", "").partition(":")[0]
        if not self.tunnelled or not _AWS.fullmatch(host):
            self.server.refused.append(host)
            self.send_error(403, "the rehearsal proxy reaches AWS's hosts only")
            return
        try:
            answer = forward(self, self.server.emulator, read_body(self), _LIMIT, self.server.token)
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
