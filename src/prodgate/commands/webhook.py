"""Posting a text to a webhook of Slack's kind, whose URL is a secret: it is read from a variable, and never shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ..criteria import UsageError

#: Seconds that the other side may take.
LIMIT: Final = 10.0
_HERE: Final = ("127.0.0.1", "localhost", "::1")


def post_webhook(named: str, text: str, environment: Mapping[str, str]) -> None:
    """Post ``{"text": …}`` to the URL in the variable that ``env:NAME`` names. Raises UsageError."""
    parts = _read_url(named, environment)
    host = parts.hostname or ""
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(host, parts.port, timeout=LIMIT)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    failed, sent = "was not reached", "nothing was sent"
    try:
        connection.connect()
        failed, sent = "did not answer", "it may have been sent: look there before you send it again"
        body = json.dumps({"text": text}).encode("ascii")
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        status = connection.getresponse().status
    except UnicodeError:  # by another name in each Python
        raise UsageError(f"--webhook {named}: {host} {failed}: HTTP can't carry this URL; {sent}") from None
    except (OSError, HTTPException) as error:
        raise UsageError(f"--webhook {named}: {host} {failed}: {type(error).__name__}; {sent}") from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise UsageError(f"--webhook {named}: {host} answered {status}; is the URL in it still that of the webhook?")


def _read_url(named: str, environment: Mapping[str, str]) -> SplitResult:
    kind, _, name = named.partition(":")
    if kind != "env" or not name:
        raise UsageError(
            "--webhook: is a secret, which no command line may hold; write env:NAME of the variable with it"
        )
    with suppress(ValueError):  # a host or a port that is none
        parts = urlsplit(environment.get(name, ""))
        host, _ = parts.hostname, parts.port
        if host and (parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)):
            return parts
    raise UsageError(f"--webhook {named}: holds no https:// URL; set it to that of the webhook")
