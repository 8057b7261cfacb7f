"""Which build was under load: what the site says itself, beside the one that was meant."""

from __future__ import annotations

import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

from ..layer import LayerContext
from .target import LoadTarget

#: Seconds that the site may take to say it.
_PATIENCE: Final = 5.0


def read_build(target: LoadTarget, context: LayerContext) -> dict[str, Any]:
    """Return ``{"served", "expected", "unread"}``: which build answers and which should, or why one is not known."""
    mark = context.stated.e2e.build if context.stated.e2e else None
    header = mark.header if mark else ""
    served, why = _ask_for_build(target, header) if header else ("", "[e2e] build names no header that says it")
    return {"served": served, "expected": target.build, "unread": target.no_build or why}


def _ask_for_build(target: LoadTarget, header: str) -> tuple[str, str]:
    url, parts = target.url, urlsplit(target.url)
    connection: HTTPConnection = (
        HTTPSConnection(parts.netloc, timeout=_PATIENCE, context=_trusting(target.ca_file))
        if parts.scheme == "https"
        else HTTPConnection(parts.netloc, timeout=_PATIENCE)
    )
    try:
        with closing(connection):
            connection.request("GET", "/")
            found = connection.getresponse().getheader(header) or ""
    except (OSError, HTTPException) as error:
        return "", f"{url} did not answer: {error}"
    return found, "" if found else f"{url} sends no header {header}"


def _trusting(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT  # as the load itself, on every version of Python
    return context
