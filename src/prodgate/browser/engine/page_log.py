"""What happens in a browser's context during a visit: errors, files, hosts, and requests that are still in flight."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

from ..settings import BrowserSettings
from .network_guard import SOCKET

#: Entries of a kind that are kept, and characters of a text.
SHOWN: Final = 20
_LONGEST: Final = 300
#: Requests that last as long as the page does, or of which the page does not wait for an answer.
_LASTING: Final = ("eventsource", "websocket", "ping", "media", "texttrack", "manifest", "cspviolationreport")
#: What Chromium says when a WebSocket came to nothing.
_SOCKET_FAILED: Final = re.compile(r"WebSocket connection to '(wss?://[^/'][^']*)' failed")


@dataclass  # without slots: Playwright sets an attribute on its listeners
class PageLog:
    """What happens during a visit, in every frame, window and service worker of its context."""

    settings: BrowserSettings
    console: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    """What a policy that only reports would refuse."""
    failed: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """What was refused though the page may wait for an answer, which makes it another page than readers get."""
    answer: Response | None = None
    """The last answer to the page itself."""
    led_to: str = ""
    """Where the last redirect of the page itself led."""
    flying: dict[Request, None] = field(default_factory=dict)
    """Requests that were begun and have not ended."""
    page: Page | None = None
    stirred: float = 0.0
    """When the last request began or ended, by the monotonic clock."""

    def listen_to(self, page: Page) -> None:
        """Listen to the events of the context of the page that is visited."""
        self.page, context = page, page.context
        context.on("console", self._on_console)
        context.on("weberror", lambda thrown: self.exceptions.append(shorten(str(thrown.error))))
        context.on("request", self._on_request)
        context.on("requestfinished", self._on_end)
        context.on("requestfailed", self._on_request_failed)
        context.on("response", self._on_response)

    def record_refusal(self, why: str, method: str, url: str) -> None:
        """Keep what the guard refused."""
        if why == "foreign":
            self.foreign.setdefault(url, f"{method}, stopped by the gate")
            return
        self.refused.append(f"{method} {url}")
        if method == SOCKET:
            self.missed.append(f"{method} {url}")

    def record_policy_violations(self, refused: Iterable[Mapping[str, str]]) -> None:
        """Keep what a policy refused: foreign requests as such, anything else as an error, and reports apart."""
        for each in refused:
            if each["disposition"] == "report":
                self.reported.append(shorten(f"{each['directive']} would refuse {each['url']}"))
            elif each["url"].startswith("http") and not self.settings.is_allowed(each["url"]):
                self.foreign[each["url"]] = f"refused by the page's own {each['directive']}"
            else:
                self.console.append(f"{each['directive']} refused {each['url']}")

    def list_waiting(self) -> list[str]:
        """Return the requests in flight whose answer may still change the page."""
        return [
            shorten(f"{each.method} {each.url}")
            for each in list(self.flying)
            if each.resource_type not in _LASTING
            and not _is_abandoned(each)
            and not self.settings.is_lasting(each.method, each.url)
        ]

    def is_fed(self) -> bool:
        """Whether something may change the page without a request that ends: an event stream, or a worker."""
        streams = any(each.resource_type == "eventsource" for each in list(self.flying))
        return streams or (self.page is not None and bool(self.page.workers))

    def tell(self) -> dict[str, Any]:
        """Return what happened so far, as the record of a visit keeps it."""
        lists = {
            "console": self.console, "exceptions": self.exceptions, "reported": self.reported, "refused": self.refused,
            "missed": self.missed,
        }  # fmt: skip
        pairs = {"failed": self.failed, "foreign": self.foreign}
        return {key: list(dict.fromkeys(each))[:SHOWN] for key, each in lists.items()} | {
            key: [{"url": shorten(url), "why": why} for url, why in each.items()][:SHOWN] for key, each in pairs.items()
        }

    def _on_console(self, message: ConsoleMessage) -> None:
        # missing files and what a policy refuses are recorded elsewhere; a frame without scripts refuses ours
        known = ("Failed to load resource", "Blocked script execution in")
        elsewhere = message.text.startswith(known) or "Content Security Policy" in message.text
        elsewhere = elsewhere or self._is_refused_socket(message.text)
        if message.type == "error" and not elsewhere:
            self.console.append(shorten(message.text))

    def _is_refused_socket(self, text: str) -> bool:
        if not (found := _SOCKET_FAILED.match(text)):
            return False
        parts = urlsplit(found[1])
        port = parts.port or {"ws": 80, "wss": 443}[parts.scheme]
        return f"{SOCKET} {parts.hostname}:{port}" in self.refused

    def _on_request(self, request: Request) -> None:
        self.stirred = time.monotonic()
        self.flying[request] = None
        before = request.redirected_from
        # the guard stops it, too, but not for having been led there
        if before is not None and not self._is_of_the_page(request) and not self.settings.is_allowed(request.url):
            self.foreign[request.url] = f"{request.method}, where {shorten(before.url)} redirects to"

    def _on_end(self, request: Request) -> None:
        self.stirred = time.monotonic()
        self.flying.pop(request, None)

    def _on_request_failed(self, request: Request) -> None:
        self._on_end(request)
        url, failure = request.url, request.failure or "no answer"
        stopped = "ERR_BLOCKED_BY_CLIENT" in failure or "ERR_ABORTED" in failure
        if self._is_missed(request, failure):
            self.missed.append(f"{request.method} {url}")
        if not self._is_of_the_page(request) and not stopped and self.settings.is_allowed(url):
            self.failed[url] = failure

    def _is_missed(self, request: Request, failure: str) -> bool:
        """Whether the gate refused to the site what somebody on the page may wait for."""
        changes = self.settings.may_change(request.method, request.url) and self.settings.is_allowed(request.url)
        refused = changes and "ERR_BLOCKED_BY_CLIENT" in failure
        return refused and request.resource_type not in _LASTING and request.service_worker is None

    def _on_response(self, response: Response) -> None:
        if self._is_of_the_page(response.request):
            self.answer = response
            self.led_to = urljoin(response.url, response.headers.get("location", response.url))
        elif response.status >= 400:
            self.failed[response.url] = f"HTTP {response.status}"

    def _is_of_the_page(self, request: Request) -> bool:
        """Whether a request is for the page itself, and not for a frame within it or a window that it opened."""
        if not request.is_navigation_request():
            return False
        with suppress(Error):  # a window that is only just being opened has no frame yet
            return self.page is not None and request.frame == self.page.main_frame
        return False


def _is_abandoned(request: Request) -> bool:
    """Whether nobody on the page waits for an answer: the frame is gone, or it is a service worker that asks."""
    if request.service_worker is not None:
        return True
    with suppress(Error):  # a window that is only just being opened has no frame yet
        return request.frame.is_detached()
    return False


def shorten(text: str) -> str:
    """Return a text that is not too long for a report."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
