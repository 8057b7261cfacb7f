"""Connections of one reader to one host that send nothing twice and hide no failure.

``geventhttpclient`` silently repeats an idempotent request when the server closes the connection instead of answering;
with one request in a hundred dropped it reports none. ``disable_retries`` turns that off, and
``check_drops_are_reported`` shows that it is off.
"""

import errno
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from select import POLLIN
from socket import gaierror
from types import SimpleNamespace
from typing import Any, Final

import gevent.ssl
from gevent import monkey
from gevent.server import StreamServer
from geventhttpclient import client as library
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.url import URL
from geventhttpclient.useragent import ConnectionError as RequestError, RetriesExceeded
from locust.contrib.fasthttp import FastHttpSession, LocustBadStatusCode
from locust.exception import CatchResponseError

#: The library's function that decides whether a request is sent again; replaced by one that never does.
_RETRY: Final = "_may_retry_after_send_error"


#: Greenlets that open a connection whose requests are counted.
OPENING: Final[set[Any]] = set()


class ForeignRedirect(RequestError):
    """A redirect leads to a host other than the one under load."""


class ForeignRequest(RequestError):
    """The locustfile itself requests something from a host other than the one under load."""


class UntrustedLibrary(Exception):
    """The HTTP library is not known to report every failure."""


class Connections:
    """The connections of one reader; stands in for the library's pool of clients. ``timeout`` in seconds."""

    def __init__(self, host: str, *, timeout: float) -> None:
        self._host = URL(host)
        self._timeout = timeout
        self._client: library.HTTPClient | None = None
        self._used = self._asking = False
        self.fresh = True
        """Whether the latest request went over a connection opened for it."""
        self.uncounted: Callable[[str], None] = lambda _path: None
        """Called with the path of a request that no session made, as the library's own client makes them."""

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Begin a request, which ends with the context; what it asks after the first is a redirect of it."""
        self._used, self._asking = False, True
        try:
            yield
        finally:
            self._asking = False

    def get_client(self, url: URL) -> library.HTTPClient:
        """Return the client for a request. Raises ForeignRedirect or ForeignRequest for another host."""
        if (url.scheme, url.host, url.port) != (self._host.scheme, self._host.host, self._host.port):
            raise (ForeignRedirect if self._used else ForeignRequest)(
                str(url), f"leads to {url.scheme}://{url.netloc}, under load is {self._host}"
            )
        if not self._asking:
            self.uncounted(str(url.path))
        self.fresh, self._used = False, True
        self._client = self._client or self._open_client()
        return self._client

    def close(self) -> None:
        """Close every connection; the next request opens one."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _open_client(self) -> library.HTTPClient:
        client = library.HTTPClient.from_url(
            self._host,
            concurrency=10,
            connection_timeout=self._timeout,
            network_timeout=self._timeout,
            insecure=False,
            ssl_context_factory=_verifying_context,
        )
        pool: Any = client._connection_pool
        create = pool._create_socket

        def open_one() -> Any:
            self.fresh = True
            OPENING.add(here := gevent.getcurrent())
            try:
                return create()
            finally:
                OPENING.discard(here)

        pool._create_socket = open_one
        pool._is_socket_alive = _is_open
        return client


def disable_retries() -> None:
    """Forbid the library to send a request again. Raises UntrustedLibrary when its function is no longer there."""
    if not callable(getattr(library, _RETRY, None)):
        raise UntrustedLibrary(
            f"geventhttpclient has no {_RETRY}, so its hidden retries can't be turned off; "
            "use the version that prod-gate's lock file names"
        )
    setattr(library, _RETRY, lambda _method: False)


def _is_open(socket: Any) -> bool:
    """Return whether an idle connection is still open; one that is readable was closed, or holds unrequested bytes.

    The library uses select(), which can't handle descriptors from 1,024 on.
    """
    if socket is None or socket.fileno() < 0:
        return False
    poll = monkey.get_original("select", "poll")()
    poll.register(socket.fileno(), POLLIN)
    return not poll.poll(0)


@cache
def _verifying_context(cafile: str | None = None) -> ssl.SSLContext:
    """Return the process's one TLS context, with the system's authorities; making one takes 20 ms."""
    context: ssl.SSLContext = gevent.ssl.create_default_context(cafile=cafile)
    # from Python 3.13 on a default context refuses certificates of authorities that browsers and older Pythons take
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
    return context


# ── Classifies failures, in the words of what a reader would have met

CLOSED: Final = "closed without an answer"
CLOSED_REUSED: Final = "closed on a reused connection"
TIMEOUT: Final = "timeout"
CUT_SHORT: Final = "answer cut short"
WRONG_CONTENT: Final = "wrong content"
#: A task raised something after a request: the locustfile is at fault, or an answer was not what it needs.
TASK: Final = "error in the task"
NO_REQUEST: Final = "nothing was asked"
FOREIGN_REQUEST: Final = "asked of another host"
OTHER_CLIENT: Final = "asked by another client"
NO_SOCKET: Final = "no socket left here"
#: Failures in which nothing reached the system, and which therefore say nothing about it -> what to do about them.
GENERATOR_FAILURES: Final[Mapping[str, str]] = {
    NO_REQUEST: "mend the locustfile",
    FOREIGN_REQUEST: "mend the locustfile",
    OTHER_CLIENT: "send every request by self.client, others are not counted",
    NO_SOCKET: "let a process open more files (ulimit -n), or use more workers",
}
#: This machine has no files, ports or memory left for a connection.
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM)

#: In this order, since some are subclasses of others.
_KINDS: Final = (
    (ForeignRequest, FOREIGN_REQUEST),
    (ForeignRedirect, "redirected to another host"),
    (RetriesExceeded, "redirected without end"),
    (CatchResponseError, WRONG_CONTENT),
    (gaierror, "DNS"),
    ((gevent.Timeout, TimeoutError), TIMEOUT),
    (ssl.SSLError, "TLS"),
    (ConnectionRefusedError, "refused"),
    ((HTTPConnectionClosed, ConnectionResetError, BrokenPipeError), CLOSED),
    (HTTPParseError, CUT_SHORT),
    (OSError, "unreachable"),
)


def classify_failure(error: BaseException, *, reused: bool, begun: bool = False) -> str:
    """Return the class of a failed request; ``begun`` when the head of a response had arrived."""
    error = getattr(error, "original", None) or error
    if isinstance(error, LocustBadStatusCode):
        return f"HTTP {getattr(error, 'code', 0)}"
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        return NO_SOCKET
    kind = next((name for kinds, name in _KINDS if isinstance(error, kinds)), WRONG_CONTENT)
    if kind == CLOSED and begun:
        return CUT_SHORT
    return CLOSED_REUSED if kind == CLOSED and reused else kind


# ── A guard before every run: the client must report a dropped request as often as the server dropped one
# It tests what the HTTP library does rather than its private names: a small server on loopback, in this very process,
# answers one request and drops every later one.

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
            socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

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
