"""An edge in front of the rehearsal's site: TLS, redirects, headers, a cache and a firewall, on loopback.

It stands for what CloudFront and AWS WAF do at the site's address, as Terraform declares it: which headers are added,
how long answers are kept, what becomes of plain HTTP, which versions of TLS are spoken, which kinds of attack are
refused. It does not stand for AWS's network, for its certificates, for how well its rules tell attacks from readers,
or for which methods, cookies and headers it passes on: here all of them go through. For which cookies an answer is
kept is as declared.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from .edge_cache import Answer, Cache
from .edge_certificate import CertificateOptions, IssuedCertificate, issue_certificate
from .edge_firewall import is_refused
from .edge_settings import Behaviour, EdgeSettings
from .loopback import forward, serving

#: Seconds that the site may take for an answer, and a client for its request.
_LIMIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Edge:
    """A running edge."""

    url: str
    plain_url: str
    ca_file: Path
    """The authority to trust, in PEM."""
    pin: str
    """By which Chromium can be told to trust it: ``--ignore-certificate-errors-spki-list=<pin>``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFaults:
    """What a proof wants the edge to do wrong, besides what its settings can say."""

    issue: CertificateOptions = field(default_factory=CertificateOptions)
    loops: str = ""
    """A path that redirects to itself."""
    leads_to: str = ""
    """Where a redirect from plain HTTP leads instead of here."""
    keeps: str = ""
    """A path of which every answer is kept, whatever it says."""


#: An edge that does nothing wrong.
_NO_FAULTS: Final = EdgeFaults()


@dataclass(frozen=True, slots=True)
class EdgeState:
    """What every request is answered with."""

    origin: str
    settings: EdgeSettings
    wrongs: EdgeFaults
    cache: Cache = field(default_factory=Cache)

    def behaviour(self, path: str) -> Behaviour:
        """Return what is done with a path."""
        return next(one for one in self.settings.behaviours if fnmatchcase(path, one.paths))


@contextmanager
def edge(origin: str, scratch: Path, settings: EdgeSettings, wrongs: EdgeFaults = _NO_FAULTS) -> Iterator[Edge]:
    """Run an edge in front of a site while the context is open, on two free ports of the loopback interface."""
    shown = issue_certificate(scratch, wrongs.issue, settings.minimum_tls)
    inside = EdgeState(urlsplit(origin).netloc, settings, wrongs)
    secure, plain = _Server(inside, shown), _Server(inside, None)
    plain.secure_port = secure.server_port
    with serving("rehearsal edge", secure, plain):
        places = (f"https://localhost:{secure.server_port}", f"http://localhost:{plain.server_port}")
        yield Edge(*places, shown.authority, shown.pin)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, inside: EdgeState, shown: IssuedCertificate | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.inside, self.shown, self.secure_port = inside, shown, 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away, or does not trust the authority, is its own affair."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _LIMIT
    server: _Server

    def setup(self) -> None:
        """Shake hands in the thread of the connection, so that a slow one holds up nobody."""
        self.request.settimeout(_LIMIT)
        if self.server.shown:
            self.request = self.server.shown.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """Close the encrypted connection too: the server knows only the plain one it was made of."""
        with suppress(OSError):
            super().finish()
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep no log: the site keeps one."""

    def _answer(self) -> None:
        inside, path = self.server.inside, urlsplit(self.path).path
        behaviour = inside.behaviour(path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.shown is None and behaviour.plain != "allow-all":
            self._answer_plain_http(behaviour)
        elif is_refused(self.path, inside.settings.refuses):
            self._send(Answer(403, (("Content-Type", "text/html"),), b"Request blocked."), "Error from edge")
        elif path == inside.wrongs.loops:
            self._send(_redirect(302, self.path), "Miss from edge", behaviour)
        else:
            self._answer_from_origin(behaviour, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer

    def _answer_plain_http(self, behaviour: Behaviour) -> None:
        if behaviour.plain != "redirect-to-https":
            self._send(Answer(403, (), b""), "Error from edge")
            return
        host = (self.headers.get("Host") or "localhost").partition(":")[0]
        place = self.server.inside.wrongs.leads_to or f"https://{host}:{self.server.secure_port}"
        self._send(_redirect(301, place + self.path), "Redirect from edge")

    def _answer_from_origin(self, behaviour: Behaviour, body: bytes) -> None:
        """Answer from the cache, or ask the site and keep what may be kept."""
        cache, always = self.server.inside.cache, self.server.inside.wrongs.keeps
        sent, cookies = self.headers.get("Cookie") or "", behaviour.cookies
        shared, key = self.command == "GET", self.path + cookies.of(sent)
        kept = cache.get(key) if shared else None
        if kept and cookies.serves(sent, kept[0].header("cache-control")):
            answer, age = kept
            self._send(answer, "Hit from edge", behaviour, age=age)
            return
        try:
            answer = self._fetch(body)
        except (HTTPException, OSError) as error:
            self._send(Answer(502, (), f"the site did not answer: {error}".encode()), "Error from edge", behaviour)
            return
        if shared and cookies.serves(sent, answer.header("cache-control")):
            cache.keep(key, answer, behaviour, whatever=urlsplit(self.path).path == always)
        self._send(answer, "Miss from edge", behaviour)

    def _fetch(self, body: bytes) -> Answer:
        scheme, client = "https" if self.server.shown else "http", self.client_address[0]
        more = (("X-Forwarded-For", client), ("X-Forwarded-Proto", scheme))
        answer = forward(self, self.server.inside.origin, body, _LIMIT, *more)
        return Answer(answer.status, answer.headers, answer.body)

    def _send(self, answer: Answer, cache: str, behaviour: Behaviour | None = None, age: int | None = None) -> None:
        self.send_response_only(answer.status)
        for name, value in _apply_header_policy(answer, behaviour):
            self.send_header(name, value)
        self.send_header("X-Cache", cache)
        if age is not None:
            self.send_header("Age", str(age))
        if answer.status not in (204, 304):  # they have no body, and their headers speak of another answer's
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


def _redirect(status: int, where: str) -> Answer:
    return Answer(status, (("Location", where),), b"")


def _apply_header_policy(answer: Answer, behaviour: Behaviour | None) -> Iterator[tuple[str, str]]:
    """Yield the headers of an answer with those of the policy: one that overrides takes the place of the site's."""
    added = behaviour.headers if behaviour else ()
    own = {name.lower() for name, _ in answer.headers}
    gone = {name.lower() for name, _, override in added if override}
    gone |= {name.lower() for name in behaviour.removed} if behaviour else set()
    yield from ((name, value) for name, value in answer.headers if name.lower() not in gone)
    yield from ((name, value) for name, value, override in added if override or name.lower() not in own)
