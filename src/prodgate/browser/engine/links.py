"""Follows the links of pages, each address once: a click must lead somewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import APIRequestContext, Browser, Error

from ..settings import BrowserSettings
from .launch import CONTEXT, guard

_SCRIPT: Final = (Path(__file__).parent / "scripts" / "follow.js").read_text("utf-8")
#: Addresses that are requested at most; the rest is counted.
MAX_LINKS: Final = 200
#: Concurrent requests, as many as a browser makes to one host.
_CONCURRENCY: Final = 6
#: Milliseconds that a response may take.
_TIMEOUT: Final = 10_000.0
#: Path of the requesting document, which is never sent to the site.
_NOWHERE: Final = "/prod-gate/an-empty-page"


def follow_links(browser: Browser, settings: BrowserSettings, pages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Request what pages link to on the site; return status and reason by address.

    Other sites are left alone: they owe us no answer.
    """
    opened = {page["url"] for page in pages if not page["unreachable"]}
    targets = dict.fromkeys(link["url"] for page in pages for link in page.get("links", ()))
    wanted = [url for url in targets if settings.is_own(url) and url not in opened]
    context = browser.new_context(base_url=settings.base_url, bypass_csp=True, **CONTEXT)
    try:
        guard(context, settings, lambda *_: None)
        blank = context.new_page()
        blank.route(f"**{_NOWHERE}", lambda route: route.fulfill(body="", content_type="text/html"))
        blank.goto(_NOWHERE)
        here = [url for url in wanted[:MAX_LINKS] if urlsplit(url).netloc == urlsplit(settings.base_url).netloc]
        results = blank.evaluate(_SCRIPT, [here, _CONCURRENCY, _TIMEOUT])
        answers = {url: _link_result(settings, status, led_to, why) for url, status, led_to, why in results}
        answers |= {
            url: _request_other_host(context.request, settings, url) for url in wanted[:MAX_LINKS] if url not in answers
        }
    finally:
        context.close()
    return {"asked": answers, "left_out": len(wanted[MAX_LINKS:])}


def _request_other_host(request: APIRequestContext, settings: BrowserSettings, url: str) -> dict[str, Any]:
    """Request a further host of the site, which need not allow scripts of another origin."""
    try:
        response = request.get(url, max_redirects=5, timeout=_TIMEOUT)
    except Error as error:
        return _link_result(settings, 0, "", error.message.partition("\n")[0])
    return _link_result(settings, response.status, response.url, "")


def _link_result(settings: BrowserSettings, status: int, led_to: str, why: str) -> dict[str, Any]:
    strange = led_to and not (settings.is_own(led_to) or urlsplit(led_to).hostname in settings.partners)
    return {"status": status, "why": f"leads to {led_to}" if strange else why[:200]}
