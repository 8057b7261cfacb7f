"""The client of one reader: Locust's own fast session, timed from the intended start and counted in the tally."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from secrets import token_hex
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser
from locust.contrib.fasthttp import FastHttpSession
from locust.exception import CatchResponseError

from ...browser.redacting.redaction import Redaction
from ...facts.load.soundness import STAND_IN, UNCACHED
from ...semantics.challenges import find_mark
from ..cacheability import came_from_cache, explain_unshareable
from ..contents import Contents
from ..profile import Profile
from ..tally import Moment, Tally
from . import failures
from .connections import Connections

#: Passed through Locust with a request: by how many seconds it began late.
_LATE: Final = "prodgate-late"
#: Whether the body is left for the task to read.
_STREAMED: Final = "prodgate-streamed"
#: Names of requests that are kept; a locustfile names its requests, or else their addresses do.
_NAMES: Final = 4096


@lru_cache(_NAMES)
def _without_secrets(name: str) -> str:
    """Return the name of a request as the record has it: an address may hold what lets somebody in."""
    return Redaction().redact_text(name)


class Visit:
    """One arrival under way: when its first request was meant to start, and what has happened since."""

    __slots__ = ("begun", "ended", "failed", "intended", "moment", "request", "requests", "since", "tally", "uncached")

    def __init__(self, tally: Tally, intended: float, moment: Moment, *, uncached: bool = False) -> None:
        self.tally, self.intended, self.moment, self.uncached = tally, intended, moment, uncached
        self.requests = 0
        self.failed = self.ended = 0
        self.request = ""
        """The name of the request under way, "" between requests."""
        self.since = self.begun = intended

    def start(self, request: str) -> None:
        """Begin a request: the first is timed from the intended start, later ones from now."""
        self.begun = perf_counter()
        self.since = self.begun if self._count_request() else self.intended
        self.tally.standstills[self.moment.side].come(self.moment, self.since)
        self.tally.silences[self.moment.side].come(self.since)
        self.request = request

    def fail(self, request: str, kind: str, text: str) -> None:
        """Count a failure of a request."""
        self.failed += 1
        self._end()
        self.tally.count_failure(self.moment, request, kind, text)

    def succeed(self, request: str, latency: float, unshareable: str, doubt: str) -> None:
        """Count a success of a request, which took ``latency`` seconds."""
        self._end()
        self.tally.count_success(self.moment, request, latency, unshareable, doubt=doubt)
        self.tally.standstills[self.moment.side].serve(perf_counter())

    def _end(self) -> None:
        self.ended += 1
        self.tally.silences[self.moment.side].end()

    def fail_task(self, task: str, kind: str, text: str) -> None:
        """Count a failure outside any request as a request of its own, under the task's name."""
        self._count_request()
        self.fail(task, kind, text)

    def _count_request(self) -> bool:
        self.requests += 1
        if self.requests > 1:
            self.tally.count_follow_up(self.moment)
        return self.requests > 1


class Client:
    """Gives a user a session that counts every request; ``visit``, set before each task, is its arrival."""

    visit: Visit

    def __init__(self, user: FastHttpUser, host: str, profile: Profile, contents: Contents) -> None:
        self._profile, self._contents = profile, contents
        self._cacheable = cacheable_requests(type(user))
        self._locust: Callable[..., None] = user.environment.events.request.fire
        self._connections = Connections(host, timeout=profile.timeout)
        pool: Any = self._connections
        session: Any = FastHttpSession(
            host, self, user, insecure=False, client_pool=pool, headers=user.default_headers, max_retries=0
        )
        session.client._conversation_str = _read_body
        self._send = session.request
        session.request = self._request
        user.host, user.client = host, session

    def _request(self, method: str, url: str, **given: Any) -> Any:
        """Send one request within its timeout; after one that failed, the next opens a connection of its own."""
        name, past = _without_secrets(given.pop("name", None) or url), self.visit.uncached and method == "GET"
        self.visit.start(f"{method} {name}{UNCACHED * past}")
        url = _pass_caches(url) if past else url
        failed, ended = self.visit.failed, self.visit.ended
        self._connections.begin_request()
        late = self.visit.begun - self.visit.since
        context = {**given.pop("context", {}), _LATE: late, _STREAMED: bool(given.get("stream"))}
        try:
            with gevent.Timeout(max(self._profile.timeout - late, 0.001)):
                answer = self._send(method, url, name=name, context=context, **given)
        except Exception as error:
            if self.visit.ended == ended:  # the library decodes what came, and reports only some of what can be wrong
                self.visit.fail(self.visit.request, failures.WRONG_CONTENT, f"it can't be decoded: {error}")
            raise
        if self.visit.failed > failed or getattr(answer, "error", None):
            self._connections.close()
        self.visit.request = ""
        return answer

    def close(self) -> None:
        """Close the reader's connections."""
        self._connections.close()

    def fire(self, **meta: Any) -> None:
        """Count a request that the session reports, and report it to Locust with the same latency."""
        response, error = meta["response"], _effective_error(meta["response"], meta["exception"])
        latency = meta["context"].pop(_LATE) + meta["response_time"] / 1000
        streamed = meta["context"].pop(_STREAMED)
        request, get_header = f"{meta['request_type']} {meta['name']}", _header_getter(response)
        past = self.visit.uncached and meta["request_type"] == "GET" and not came_from_cache(get_header)
        told = f"{request}{UNCACHED * past}"
        mark = find_mark(response.status_code or 0, get_header)
        fault, doubt = ("", "") if error or streamed else self._examine(request, response, mark)
        if fault:
            kind = STAND_IN if mark else failures.WRONG_CONTENT
            self.visit.fail(told, kind, fault)
            meta["exception"] = CatchResponseError(fault)
        elif error is None:
            reason = explain_unshareable(get_header) if told in self._cacheable else ""
            self.visit.succeed(told, latency, reason, doubt)
        else:
            begun = bool(response.status_code)
            kind = failures.classify_failure(error, reused=not self._connections.fresh, begun=begun)
            kind = STAND_IN if kind.startswith("HTTP ") and mark else kind
            self.visit.fail(told, kind, _failure_text(response, error, kind))
        self._locust(**{**meta, "response_time": latency * 1000})

    def _examine(self, request: str, response: Any, mark: str) -> tuple[str, str]:
        """Return why an answer without an error is no success, and why it may be none; one with a mark is none."""
        if mark:
            return mark, ""
        seen = request, response.status_code, _header_getter(response), response.content or b"", _landed(response)
        fault = self._contents.find_fault(*seen)
        return fault, "" if fault else self._contents.find_doubt(*seen)


def _landed(response: Any) -> str:
    """Return the path that an answer came from where redirects led elsewhere, "" where they did not."""
    return urlsplit(str(response.request.url)).path if getattr(response, "history", None) else ""


def _effective_error(response: Any, reported: BaseException | None) -> Any:
    """Return what went wrong. A task's own verdict on a bad status, or on a missing answer, does not replace it.

    Locust considers a request without any answer ``ok``: its status is 0.
    """
    own = getattr(response, "error", None)
    return own if own and (not response.status_code or isinstance(reported, CatchResponseError)) else reported


def _pass_caches(url: str) -> str:
    """Return an address that no cache has seen, unless it leaves the query out of what it tells requests by."""
    parts = urlsplit(url)
    return parts._replace(query="&".join(filter(None, (parts.query, f"uncached={token_hex(8)}")))).geturl()


def cacheable_requests(readers: type) -> Collection[str]:
    """Return the names of the requests whose responses the readers' class declares cacheable."""
    return frozenset(f"GET {name}" for name in getattr(readers, "cacheable", ()))


def _read_body(_url: str, response: Any, **_given: Any) -> str:
    """Read the body in place of the library's transcript of a bad answer, which fails unless it is UTF-8."""
    assert response.content is not None
    return ""


def _header_getter(response: Any) -> Callable[[str], str | None]:
    def header(name: str) -> str | None:
        values = response.headers.getlist(name) if response.headers is not None else ()
        return ", ".join(values) or None

    return header


def _failure_text(response: Any, error: BaseException, kind: str) -> str:
    """Return the body of an answer with a bad status, else what went wrong."""
    text = response.text if kind.startswith("HTTP ") else None
    return str(text or getattr(error, "original", None) or error or type(error).__name__)
