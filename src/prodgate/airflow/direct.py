"""Reaches Airflow over HTTP: signs in as its version requires, and never shows its credentials."""

import base64
import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any, Final, Self
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from ..aws.answers import Absent, Unreadable
from ..aws.clock import minutes_apart
from ..aws.failures import SHOWN, Kind, classify_airflow_reply
from ..criteria import UsageError
from ..processes.deadline import cut_after
from ..semantics.json_texts import read_json
from ..semantics.secret_forms import redact_credentials, redaction

#: Seconds for one answer to its last byte, and bytes of the longest; InvokeRestApi has the same limits.
LIMIT: Final = 10.0
MAX_BODY: Final = 6 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A server's answer."""

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


_NEW, _OLD = "/api/v2", "/api/v1"
_WELL: Final = frozenset({200, 201})


@dataclass(frozen=True, slots=True)
class Login:
    """A user of Airflow: exchanged for a token in Airflow 3, sent as basic authentication in Airflow 2."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token."""

    value: str = field(repr=False)


#: How to sign in; None for an Airflow that asks for nothing.
Access = Login | Token | None


@dataclass(slots=True, repr=False)
class HttpTransport:
    """A transport to the Airflow at a base URL, without ``/api``. Raises UsageError for a bad URL."""

    base: str
    access: Access = None
    limit: float = 10.0
    """Seconds that an answer may take."""
    parallel: int = 4
    """How many threads may ask at once; each has a connection of its own."""
    _connections: dict[int, HttpConnection] = field(default_factory=dict)
    _prefix: str = ""
    _authorization: str = ""

    def __post_init__(self) -> None:
        self._connect()
        if isinstance(self.access, Token):
            self._authorization = f"Bearer {self.access.value}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for connection in [*self._connections.values()]:
            connection.close()

    def _connect(self) -> HttpConnection:
        """Return the connection of this thread. Raises UsageError for a bad URL."""
        own = get_ident()
        if own not in self._connections:
            self._connections[own] = HttpConnection(self.base, self.limit)
        return self._connections[own]

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Ask for something. Raises Absent and Unreadable."""
        return self._exchange("GET", path, f"?{urlencode(query)}" if query else "")

    def send(self, path: str, document: Mapping[str, Any]) -> Any:
        """Change something; readers are not handed this. Raises Absent and Unreadable."""
        return self._exchange("POST", path, "", document)

    def _exchange(self, method: str, path: str, suffix: str, document: Mapping[str, Any] | None = None) -> Any:
        address = f"{self.sign_in()}{quote(path, safe='/~')}{suffix}"
        return self.read_reply(f"{method} {path}", self.send_request(method, address, document))

    def read_reply(self, what: str, reply: Reply) -> Any:
        """Return what an answer says. Raises Absent and Unreadable."""
        document = _decode_json(reply.body)
        if reply.status in _WELL:
            if document is None:
                raise self._unreadable(what, f"{len(reply.body)} bytes that are no JSON")
            return document
        failure = classify_airflow_reply(reply.status, document)
        if failure.kind is Kind.ABSENT:
            raise Absent(failure.code)
        raise self._unreadable(what, self._explain_refusal(reply, failure.words))

    def send_request(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Reply:
        """Send a request with the credentials of the sign-in. Raises Unreadable."""
        headers = {"Accept": "application/json", "User-Agent": "prod-gate"}
        if self._authorization:
            headers["Authorization"] = self._authorization
        if document is not None:
            headers["Content-Type"] = "application/json"
        body = None if document is None else json.dumps(document).encode()
        try:
            reply = self._connect().request(method, path, headers, body)
        except Unreadable as error:
            raise self._unreadable(f"{method} {path.partition('?')[0]}", error.reason) from None
        _check_clock(self.base, reply)
        return reply

    def sign_in(self) -> str:
        """Return the prefix of the API; the first time, find out which it is and sign in."""
        if self._prefix:
            return self._prefix
        prefix = next((each for each in (_NEW, _OLD) if self._is_served(each)), "")
        if not prefix:
            raise self._unreadable("GET /version", f"neither {_NEW} nor {_OLD} of it answers as Airflow does")
        if isinstance(self.access, Login):
            self._authorization = self._request_token(self.access) if prefix == _NEW else _basic_header(self.access)
        self._prefix = prefix
        return prefix

    def _is_served(self, prefix: str) -> bool:
        """Whether this API answers. One that refuses is an error, so that the other is not tried in its place."""
        reply = self.send_request("GET", f"{prefix}/version")
        document = _decode_json(reply.body)
        if reply.status in (401, 403, 429) or reply.status // 100 in (3, 5):
            raise self._unreadable(f"GET {prefix}/version", self._explain_refusal(reply, ""))
        return reply.status in _WELL and isinstance(document, dict) and isinstance(document.get("version"), str)

    def _request_token(self, login: Login) -> str:
        reply = self.send_request("POST", "/auth/token", {"username": login.user, "password": login.password})
        if reply.status not in _WELL:
            raise self._unreadable("POST /auth/token", self._explain_refusal(reply, ""))
        document = _decode_json(reply.body)
        token = document.get("access_token") if isinstance(document, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise self._unreadable("POST /auth/token", "no token comes of it")
        return f"Bearer {token}"

    def _explain_refusal(self, reply: Reply, words: str) -> str:
        if reply.status == 401:
            who = f"user {self.access.user!r}" if isinstance(self.access, Login) else "this token"
            return f"{who} is not accepted (401)" if self.access else "it asks who wants to know (401); name a user"
        if reply.status == 403:
            return f"this is forbidden (403){': ' if words else ''}{words}"
        if 300 <= reply.status < 400:
            host = urlsplit(reply.headers.get("location", "")).hostname or "another path"
            return f"it sends to {host} ({reply.status}), which is not followed; write the address that it sends to"
        return f"it answers {reply.status}{': ' if words else ''}{words}"

    def _unreadable(self, what: str, why: str) -> Unreadable:
        """Return why nothing was read, without our credentials, even where the server repeats them."""
        text = " ".join(redact_credentials(why).split())
        for secret in self._secrets():
            text = text.replace(secret, redaction("what it was signed in with"))
        return Unreadable(f"Airflow at {self.base}: {what}: {text[:SHOWN]}")

    def _secrets(self) -> list[str]:
        held = self._authorization.rpartition(" ")[2]
        own = self.access.password if isinstance(self.access, Login) else ""
        return [each for each in (held, own) if each]


@dataclass(frozen=True, slots=True)
class HttpWriter:
    """The same Airflow with the right to change something, for drills."""

    reader: HttpTransport

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Ask for something. Raises Absent and Unreadable."""
        return self.reader.get(path, query)

    def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Change something. Raises Absent and Unreadable."""
        return self.reader.send(path, document)


def _basic_header(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode("ascii")


def _decode_json(body: bytes) -> Any:
    """Return the decoded JSON of a body, None if it is no JSON."""
    try:
        return read_json(body)
    except (ValueError, RecursionError):
        return None


def _check_clock(base: str, reply: Reply) -> None:
    """Raise Unreadable when the server's clock and this machine's are too far apart to tell early from late."""
    if minutes := minutes_apart(reply.headers.get("date")):
        raise Unreadable(f"Airflow at {base}: its clock is {minutes} minutes from this machine's; set them")
