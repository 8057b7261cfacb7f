"""What the declared verifier asks of a new version before readers reach it, by the listener for tests."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlsplit

from .builds import Build
from .colours import Stage
from .declared import Hook

#: Seconds that an answer may take.
_LIMIT: Final = 20.0
_OK: Final = 200


def find_failure(stage: Stage, hook: Hook, build: Build) -> str:
    """Return what is wrong with the new version, "" if nothing is."""
    for path in hook.paths:
        try:
            status, served = _ask(stage.proxy.test_url, path)
        except (OSError, HTTPException) as error:
            return f"{path} is not answered: {error}"
        if status != _OK:
            return f"{path} is answered with {status}"
        if served != build.name:
            return f"{path} is answered by build {served!r}, not by {build.name!r}"
    return ""


def _ask(url: str, path: str) -> tuple[int, str]:
    """Return the status of the answer, and which build gave it. Redirects are not followed."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=_LIMIT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("x-build", "")
    finally:
        connection.close()
