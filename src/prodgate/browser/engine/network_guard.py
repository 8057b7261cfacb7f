"""Refuses, where requests leave Chromium, what could change a site: of every page, worker and context.

A route of Playwright's is not asked where a test has one of its own, and never for shared workers, service workers,
beacons of a page that closes, ``fetchLater`` and redirects. A session of the browser itself is closest to the network:
it sees each of these, each hop of a redirect, and what a test's own route made of a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Error

from ..settings import BrowserSettings

#: Called for a refused request with the reason ("changes" or "foreign"), method and address.
OnRefused = Callable[[str, str, str], object]
#: Called with the address of a request that a test itself sends without a page, and what it is given for it.
OnAsked = Callable[[str, Mapping[str, Any]], object]
#: What stands for the method where a WebSocket was refused; its path is not known.
SOCKET: Final = "WEBSOCKET"


def record_nothing(_why: str, _method: str, _url: str) -> None:
    """Keep nothing of a refusal."""


def forget_request(_url: str, _given: Mapping[str, Any]) -> None:
    """Keep nothing of what a test sends."""


@dataclass
class NetworkGuard:
    """Decides on each request of a browser, and on each WebSocket. What it allows changes with who uses the browser."""

    settings: BrowserSettings
    mutates: bool = False
    """Whether requests that change something are allowed at the moment."""
    refused: OnRefused = record_nothing
    asked: OnAsked = forget_request

    def attach(self, browser: Browser) -> None:
        """Ask this guard for every request of a browser from now on."""
        session = browser.new_browser_cdp_session()
        session.on("Fetch.requestPaused", partial(self._answer, session))
        session.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})

    def find_objection(self, method: str, url: str) -> str:
        """Return why a request is refused, "foreign" or "changes"; empty when it may be sent."""
        try:
            if not self.settings.is_allowed(url):
                return "foreign"
        except ValueError:  # no address that anything could be asked of
            return "foreign"
        return "changes" if self.settings.may_change(method, url) and not self.mutates else ""

    def admits_socket(self, host: str, port: int) -> bool:
        """Whether a WebSocket to a host may be opened; one that may not is recorded."""
        if self.settings.allows_socket(host, port, mutates=self.mutates):
            return True
        self.refused("changes", SOCKET, f"{host}:{port}")
        return False

    def _answer(self, session: CDPSession, event: Mapping[str, Any]) -> None:
        method, url = event["request"]["method"], event["request"]["url"]
        why = self.find_objection(method, url)
        with suppress(Error):  # a request, or a browser, that is gone meanwhile
            if not why:
                session.send("Fetch.continueRequest", {"requestId": event["requestId"]})
                return
            self.refused(why, method, url)
            session.send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "BlockedByClient"})
