"""Follows the links of pages, each address once: a click must lead somewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import APIRequestContext, APIResponse, Browser, Error

from ...semantics.challenges import HEADERS, find_challenge
from ..settings import BrowserSettings
from .launch import CONTEXT

_SCRIPT: Final = (Path(__file__).parent / "scripts" / "follow.js").read_text("utf-8")
#: Addresses that are requested at most; the rest is counted.
MAX_LINKS: Final = 200
#: Concurrent requests, as many as a browser makes to one host.
_CONCURRENCY: Final = 6
#: Milliseconds that a response may take.
_TIMEOUT: Final = 10_000.0
#: Milliseconds after which no further address is requested.
_BUDGET: Final = 60_000.0
#: Redirects that are followed, as many as a browser follows.
_MAX_HOPS: Final = 20
#: Seconds to wait in all where a site asks for fewer requests, and each time at least: some say 0 for ever.
_MAX_WAIT, _WAIT = 10.0, 1.0
_TOO_MANY: Final = 429
#: Path of the requesting document, which is never sent to the site.
_NOWHERE: Final = "/prod-gate/an-empty-page"


def follow_links(browser: Browser, settings: BrowserSettings, pages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Request what pages link to on the site; return status and reason by address.

    Other sites are left alone: they owe us no answer.
    """
    opened = {page["url"] for page in pages if not page["unreachable"]}
    targets = dict.fromkeys(link["url"] for page in pages for link in page.get("links", ()))
    wanted = [url for url in targets if settings.is_own(url) and url not in opened]
    asked = wanted[:MAX_LINKS]
    context = browser.new_context(base_url=settings.base_url, bypass_csp=True, **CONTEXT)
    try:
        blank = context.new_page()
        blank.route(f"**{_NOWHERE}", lambda route: route.fulfill(body="", content_type="text/html"))
        blank.goto(_NOWHERE)
        here = [url for url in asked if urlsplit(url).netloc == urlsplit(settings.base_url).netloc]
        results = blank.evaluate(_SCRIPT, [here, _CONCURRENCY, _TIMEOUT, _BUDGET, HEADERS])
        # what scripts can't see, as where another host answers, is asked for without a page
        hidden = [url for url in asked if url not in here]
        hidden += [each["url"] for each in results if each.pop("again") or each["status"] == _TOO_MANY]
        answers = {each.pop("url"): _without_marks(each) for each in results}
        answers |= _ask_each(context.request, settings, hidden)
    finally:
        context.close()
    return {"asked": answers, "left_out": len(wanted) - len(answers)}


def _without_marks(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of an answer: not its headers, but what they say of who gave it."""
    kept = {key: value for key, value in answer.items() if key != "marks"}
    return {**kept, "challenged": bool(find_challenge(answer["status"], answer["marks"]))}


def _ask_each(request: APIRequestContext, settings: BrowserSettings, urls: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Ask for addresses one after the other; where that is too fast for the site, after the time that it asks for."""
    answers, waited, until = {}, 0.0, time.monotonic() + _BUDGET / 1000
    for url in (each for each in urls if time.monotonic() < until):
        answers[url], after = _follow(request, settings, url)
        while answers[url]["status"] == _TOO_MANY and waited + after <= _MAX_WAIT:
            time.sleep(after)
            waited += after
            answers[url], after = _follow(request, settings, url)
    return answers


def _follow(request: APIRequestContext, settings: BrowserSettings, url: str) -> tuple[dict[str, Any], float]:
    """Follow an address on the site and its declared hosts; return the answer, and after how many seconds to ask again.

    Each redirect is followed by itself, so that nobody is asked who is not declared; a partner's page is left alone.
    """
    for _ in range(_MAX_HOPS):
        try:
            response = request.get(url, max_redirects=0, timeout=_TIMEOUT)
        except Error as error:
            return {"status": 0, "why": error.message.partition("\n")[0][:200]}, 0.0
        onward = urljoin(url, response.headers.get("location", ""))
        if not (300 <= response.status < 400 and "location" in response.headers):
            challenged = bool(find_challenge(response.status, response.headers))
            return {"status": response.status, "why": "", "challenged": challenged}, _read_wait(response)
        if urlsplit(onward).hostname in settings.partners:
            return {"status": response.status, "why": ""}, 0.0
        if not settings.is_own(onward):
            return {"status": response.status, "why": f"leads to {onward}"[:200]}, 0.0
        url = onward
    return {"status": 0, "why": f"more than {_MAX_HOPS} redirects"}, 0.0


def _read_wait(response: APIResponse) -> float:
    """Return the seconds after which a site wants to be asked again, never none; nobody waits for a date."""
    stated = response.headers.get("retry-after", "")
    return max(float(stated), _WAIT) if stated.isdecimal() else _WAIT
