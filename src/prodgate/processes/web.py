"""Reads what a user names by its URL: over TLS or on this machine, within a limit of time and of bytes."""

import socket
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from .deadline import cut_after

_HERE: Final = ("127.0.0.1", "localhost", "::1")
#: How servers say that there is no such file; object stores forbid what may not be listed.
_ABSENT: Final = (403, 404)


def parse_private(url: str) -> SplitResult | None:
    """Return the parts of a URL that nobody on the way can read, https or on this machine; None for any other."""
    with suppress(ValueError):  # a host or a port that is none
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        if host and (parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)):
            return parts
    return None


def find_free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def open_connection(parts: SplitResult, limit: float) -> HTTPConnection:
    """Return a connection, not yet made, whose steps take at most ``limit`` seconds each."""
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=limit)


def fetch(url: str, *, limit: float, most: int) -> bytes | None:
    """Return the bytes of a file at a URL, None where the server has none; a redirect is not followed.

    Raises OSError when no whole answer comes within ``limit`` seconds, or it holds more than ``most`` bytes.
    """
    parts = urlsplit(url)
    try:
        with closing(open_connection(parts, limit)) as connection:
            connection.connect()
            with cut_after(connection.sock, limit):
                connection.request("GET", parts.path or "/")
                with connection.getresponse() as answer:
                    body = answer.read(most + 1) if answer.status == 200 else b""
    except TimeoutError:
        raise OSError(f"gave no whole answer within {limit:g} s") from None
    except (HTTPException, UnicodeError) as error:
        raise OSError(f"does not answer as a web server does: {type(error).__name__}") from None
    if answer.status in _ABSENT:
        return None
    if answer.status != 200:
        raise OSError(f"answered HTTP {answer.status}")
    if len(body) > most or answer.length:
        raise OSError(f"is larger than {most:,} bytes" if len(body) > most else "was cut off")
    return body
