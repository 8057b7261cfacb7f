"""What the record says of its origin: the host's addresses, and the versions that made the load."""

from __future__ import annotations

import platform
import socket
import ssl
from importlib.metadata import version
from typing import Final
from urllib.parse import urlsplit

#: The only version of HTTP that the generator speaks.
PROTOCOL: Final = "HTTP/1.1"
#: Seconds that a host may take to say what it offers.
_PATIENCE: Final = 5.0


def resolve_addresses(host: str) -> list[str]:
    """Return the current addresses of a URL's host, none if it has none."""
    parts = urlsplit(host)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(each[4][0]) for each in found})


def offered_protocol(host: str) -> str:
    """Return the version of HTTP that a host offers to browsers over TLS, "" where it offers none or can't be asked."""
    parts = urlsplit(host)
    if parts.scheme != "https":
        return ""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout=_PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            return {"h2": "HTTP/2", "http/1.1": "HTTP/1.1"}.get(secured.selected_alpn_protocol() or "", "")
    except OSError:
        return ""


def read_versions() -> dict[str, str]:
    """Return the versions of what made the load."""
    named = {name: version(name) for name in ("locust", "gevent", "geventhttpclient")}
    return {**named, "python": platform.python_version()}
