"""Connections of one reader to one host that send nothing twice and hide no failure.

``geventhttpclient`` silently repeats an idempotent request when the server closes the connection instead of answering;
with one request in a hundred dropped it reports none. ``disable_retries`` turns that off, and ``drop_check``
shows that it is off.
"""

from __future__ import annotations

import ssl
from functools import cache
from select import POLLIN
from typing import Any, Final

import gevent.ssl
from gevent import monkey
from geventhttpclient import client as library
from geventhttpclient.url import URL
from geventhttpclient.useragent import ConnectionError as RequestError

#: The library's function that decides whether a request is sent again; replaced by one that never does.
_RETRY: Final = "_may_retry_after_send_error"


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
        self._used = False
        self.fresh = True
        """Whether the latest request went over a connection opened for it."""

    def begin_request(self) -> None:
        """Begin a request; what follows until the next is a redirect of it."""
        self._used = False

    def get_client(self, url: URL) -> library.HTTPClient:
        """Return the client for a request. Raises ForeignRedirect or ForeignRequest for another host."""
        if (url.scheme, url.host, url.port) != (self._host.scheme, self._host.host, self._host.port):
            raise (ForeignRedirect if self._used else ForeignRequest)(
                str(url), f"leads to {url.scheme}://{url.netloc}, under load is {self._host}"
            )
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
            return create()

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
