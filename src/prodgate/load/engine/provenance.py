"""What the record says of its origin: the host's addresses, and the versions that made the load."""

from __future__ import annotations

import platform
import socket
from importlib.metadata import version
from urllib.parse import urlsplit


def resolve_addresses(host: str) -> list[str]:
    """Return the current addresses of a URL's host, none if it has none."""
    parts = urlsplit(host)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(each[4][0]) for each in found})


def read_versions() -> dict[str, str]:
    """Return the versions of what made the load."""
    named = {name: version(name) for name in ("locust", "gevent", "geventhttpclient")}
    return {**named, "python": platform.python_version()}
