"""One GET request: it carries no credentials, ends in time, and is recorded without secrets."""

import re
import socket
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from time import monotonic
from typing import Any, Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from ..processes.deadline import cut_after
from ..semantics.challenges import HEADERS as CHALLENGES, has_password_field
from .handshake import unverified_context

#: Bytes of a body that are read; the headers are what matters.
MAX_BODY: Final = 65536
#: A firewall may refuse requests without a user agent; a cache may hold an answer for each encoding.
_SENT: Final = {
    "User-Agent": "Mozilla/5.0 (compatible; prod-gate probes)",
    "Accept": "text/html,*/*;q=0.8",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
#: Response headers that are kept; others may hold anything.
_KEPT: Final = frozenset(
    {
        "age", "cache-control", "cache-status", "cdn-cache-control", "cf-cache-status",
        "cloudflare-cdn-cache-control", "content-length", "content-security-policy", "content-type", "date", "expires",
        "location", "netlify-cdn-cache-control", "pragma", "retry-after", "server", "set-cookie",
        "strict-transport-security", "surrogate-control", "vary", "vercel-cdn-cache-control", "via", "x-amz-cf-pop",
        "x-cache", "x-cache-status", "x-content-type-options", "x-frame-options", "x-proxy-cache", "x-vercel-cache",
        *CHALLENGES,
    }
)  # fmt: skip
_COOKIE: Final = re.compile(r"^(?:([^=;]*=)[^;]*|[^;]*)")
#: Characters of an address that are sent as they are; others, such as Japanese, are percent-encoded.
_SAFE: Final = "%/:?#[]@!$&'()*+,;=~"
#: Characters of an error that are kept; it may quote the server.
_MAX_TEXT: Final = 200


class FinalResponse(HTTPResponse):
    """An answer without the interim ones before it, such as 103 Early Hints, which http.client takes for the answer."""

    def begin(self) -> None:
        """Read status and headers, again for as long as they are interim ones."""
        super().begin()
        while HTTPStatus.CONTINUE <= self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            # http.client then knows that it has read none yet
            self.headers = None  # type: ignore[assignment]
            super().begin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its outcome."""

    url: str
    status: int = 0
    headers: Sequence[tuple[str, str]] = ()
    """Those that are kept, with names in lower case."""
    size: int = 0
    """Bytes of the body that were read, MAX_BODY at most."""
    asks: bool = False
    """Whether it has a field for a password."""
    failed: str = ""
    """Why there is no answer: ``refused``, ``silent``, ``closed``, ``unknown host``, ``unreachable``, ``no TLS``,
    ``no HTTP``, ``not asked``.
    """
    detail: str = ""

    @property
    def leads_to(self) -> str:
        """The absolute address of a redirect; empty for any other answer, or for an invalid address."""
        if self.status not in (301, 302, 303, 307, 308):
            return ""
        named = next((value for name, value in self.headers if name == "location"), "")
        try:
            url = urljoin(self.url, quote(named.encode("latin-1"), safe=_SAFE)) if named else ""
            return url if urlsplit(url).port != 0 else ""
        except ValueError:
            return ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, without cookie values, queries of redirects and passwords in addresses."""
        known = {
            "url": strip_userinfo(self.url),
            "status": self.status,
            "headers": [[name, _redact_header(name, value)] for name, value in self.headers],
            "leads_to": _strip_query(self.leads_to),
            "size": self.size,
            **({"asks": True} if self.asks else {}),
        }
        return (
            known
            if not self.failed
            else {"url": strip_userinfo(self.url), "failed": self.failed, "detail": self.detail}
        )


def strip_userinfo(url: str) -> str:
    """Return an address without user name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _strip_query(url: str) -> str:
    parts = urlsplit(strip_userinfo(url))
    return urlunsplit(parts._replace(query="…" if parts.query else "", fragment=""))


def _redact_header(name: str, value: str) -> str:
    if name == "set-cookie":
        return _COOKIE.sub(r"\1(redacted)", value, count=1)
    return _strip_query(value) if name == "location" else value


def fetch(url: str, *, timeout: float, cookies: str = "") -> Exchange:
    """Request an address once, without following redirects; ``timeout`` in seconds covers all of it.

    ``cookies`` are made up, or those that the site set on the way: nobody's.

    The certificate is not verified, since nothing confidential is sent: certificates have a probe of their own, and a
    bad one must not hide everything else.
    """
    begun, sent = monotonic(), {"Cookie": cookies} if cookies else {}
    connection = _new_connection(urlsplit(url), timeout)
    connection.response_class = FinalResponse
    try:
        connection.connect()
        with cut_after(connection.sock, timeout - (monotonic() - begun)):
            connection.request("GET", _request_target(urlsplit(url)), headers={**_SENT, **sent})
            answer = connection.getresponse()
            body = answer.read(MAX_BODY)
        return _exchange_of(url, answer, body)
    except TimeoutError:
        return Exchange(url=url, failed="silent", detail=f"no whole answer within {timeout:g} s")
    except (OSError, HTTPException, ValueError) as error:
        return _failed_exchange(url, error)
    finally:
        connection.close()


def _new_connection(parts: SplitResult, timeout: float) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return HTTPSConnection(host, parts.port, timeout=timeout, context=unverified_context())
    return HTTPConnection(host, parts.port, timeout=timeout)


def _request_target(parts: SplitResult) -> str:
    return quote(urlunsplit(("", "", parts.path or "/", parts.query, "")), safe=_SAFE)


def _exchange_of(url: str, answer: HTTPResponse, body: bytes) -> Exchange:
    kept = keep_headers(answer.getheaders())
    return Exchange(url=url, status=answer.status, headers=kept, size=len(body), asks=has_password_field(body))


def keep_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the headers that are kept, with names in lower case; others may hold anything."""
    return tuple((name.lower(), value) for name, value in headers if name.lower() in _KEPT)


#: Kind of failure by type of error; the first that fits.
_KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (socket.gaierror, "unknown host"),
    (ConnectionRefusedError, "refused"),
    (ssl.SSLError, "no TLS"),
    (ConnectionError, "closed"),
    (HTTPException, "no HTTP"),
)


def _failed_exchange(url: str, error: Exception) -> Exchange:
    kind = next((name for type_, name in _KINDS if isinstance(error, type_)), "unreachable")
    return Exchange(url=url, failed=kind, detail=(str(error) or type(error).__name__)[:_MAX_TEXT])
