"""HTTP to one host: one connection, with limits on time and size, and without redirects."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ..aws.answers import Unreadable
from ..criteria import UsageError
from ..processes.deadline import cut_after

#: Seconds for one answer to its last byte, and bytes of the longest; InvokeRestApi has the same limits.
LIMIT: Final = 10.0
MAX_BODY: Final = 6 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in lower case."""


@dataclass(slots=True)
class HttpConnection:
    """A connection to the host of a base URL, opened with the first request."""

    base: str
    """Such as ``https://airflow.example.com/team``."""
    limit: float = LIMIT
    _connection: http.client.HTTPConnection | None = None

    def __post_init__(self) -> None:
        _parse_base(self.base)

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Return the answer. Raises Unreadable when there is none, or an incomplete one."""
        if method != "GET":
            self.close()  # a request that changes something must not be lost on a stale connection
        stale = self._connection is not None and self._connection.sock is not None
        with _explaining_errors(self.limit):
            try:
                return self._request(method, path, headers, body)
            except ConnectionError:
                self.close()
                if not stale:
                    raise
            return self._request(method, path, headers, body)

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        place = _parse_base(self.base)
        if self._connection is None:
            kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(place.hostname or "", place.port, timeout=self.limit)
        connection = self._connection
        if connection.sock is None:
            connection.connect()
        try:
            with cut_after(connection.sock, self.limit):
                connection.request(method, place.path.rstrip("/") + path, body, dict(headers))
                return _read_reply(connection.getresponse())
        except BaseException:
            self.close()  # the rest of this answer must not be taken for the next one
            raise


def _read_reply(answer: http.client.HTTPResponse) -> Reply:
    with answer:
        body = answer.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise Unreadable(f"its answer is longer than {MAX_BODY // 1024**2} MB")
        if answer.length:
            raise Unreadable(f"its answer was cut off after {len(body)} bytes")
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(status=answer.status, body=body, headers=headers)


@contextmanager
def _explaining_errors(limit: float) -> Iterator[None]:
    """Turn errors of the connection into Unreadable with a reason."""
    try:
        yield
    except TimeoutError:
        raise Unreadable(f"it did not answer within {limit:g} s") from None
    except ssl.SSLError as error:
        raise Unreadable(f"it can't be trusted: {error.reason or error}") from None
    except OSError as error:
        raise Unreadable(f"it can't be reached: {error.strerror or error}") from None
    except http.client.HTTPException as error:
        raise Unreadable(f"it does not answer as a web server does: {type(error).__name__}") from None


def _parse_base(base: str) -> SplitResult:
    """Return the parts of a base URL. Raises UsageError without showing a password."""
    place = urlsplit(base)
    shown = f"{place.scheme}://{place.hostname or ''}"
    if place.scheme not in ("http", "https") or not place.hostname or place.query or place.fragment:
        raise UsageError(f"{shown}: is no address of an Airflow; write https://HOST or https://HOST/PATH")
    if place.username is not None or place.password is not None:
        raise UsageError(f"{shown}: comes with a user or a password; name them apart from the address")
    try:
        _ = place.port
    except ValueError as error:
        raise UsageError(f"{shown}: {error}; write a port from 1 to 65535") from None
    return place
