"""What a visit arrived at: the page that was asked for, or what stands in its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from playwright.sync_api import Error, Page

from ...semantics.challenges import find_challenge
from ...semantics.sign_ins import is_sign_in
from ..settings import BrowserSettings
from .page_log import PageLog, shorten
from .rest import wait_for_rest

_SCRIPT: Final = (Path(__file__).parent / "scripts" / "arrival.js").read_text("utf-8")
#: Times that a page may lead on by its scripts or a <meta>, such as to the language of a visitor.
_MOVES: Final = 3
#: What Playwright says when a page leads on while it is loaded, or looked at.
_MOVED: Final = ("interrupted by another navigation", "Execution context was destroyed", "Cannot find context")
#: Kinds of document that a browser shows as a page.
_PAGES: Final = ("html", "xml")


def arrive(page: Page, address: str, log: PageLog) -> bool:
    """Load a page, follow it where it leads on by itself, and return whether it came to rest. Raises Error."""
    try:
        page.goto(address, wait_until="load")
    except Error as error:
        _follow(page, error)
    for _ in range(_MOVES):
        try:
            return wait_for_rest(page, log)
        except Error as error:
            _follow(page, error)
    raise Error(f"the page leads itself on again and again, last to {page.url}")


def _follow(page: Page, error: Error) -> None:
    """Wait for the page that took the place of another. Raises the error if it is about something else."""
    if not any(sign in error.message for sign in _MOVED):
        raise error
    page.wait_for_load_state("load")


def describe_arrival(page: Page, asked: str, log: PageLog, settings: BrowserSettings) -> dict[str, Any]:
    """Return how a page at rest was answered, and in ``unreachable`` why it is not the one that was asked for."""
    headers = log.answer.all_headers() if log.answer else {}
    status = log.answer.status if log.answer else 0
    found = {"status": status, "url": page.url, "build": headers.get(settings.build_header, "")}
    return {**found, "unreachable": _find_other(page, asked, settings, status, headers)}


def _find_other(
    page: Page, asked: str, settings: BrowserSettings, status: int, headers: Mapping[str, str]
) -> dict[str, str] | None:
    """Return what is there in place of the page, and of which kind it is; None where it is the page."""
    if not settings.is_own(page.url):
        kind = "partner" if urlsplit(page.url).hostname in settings.partners else "elsewhere"
        return {"kind": kind, "text": f"led to {shorten(page.url)}"}
    if how := find_challenge(status, headers):
        return {
            "kind": "challenge",
            "text": f"what is in front of the site answered ({how}); let the gate's address in",
        }
    if not 200 <= status < 300:
        return None
    kind = headers.get("content-type", "html").lower()
    if not any(each in kind for each in _PAGES):
        return {"kind": "no page", "text": f"it was answered with {shorten(kind)}, which is no page"}
    shown = page.evaluate(_SCRIPT)
    if _is_kept_back(urljoin(settings.base_url, asked), page.url, asks=shown["asks"]):
        return {"kind": "sign-in", "text": f"it led to {shorten(page.url)}, where one signs in"}
    return {"kind": "blank", "text": "it shows nothing"} if shown["blank"] else None


def _is_kept_back(asked: str, url: str, *, asks: bool) -> bool:
    """Whether a page that was led to another lets nobody see it who has not signed in.

    That shows by a field for a password there, by the address, or by a parameter that says where to go afterwards.
    """
    wanted, there = urlsplit(asked), urlsplit(url)
    if wanted.path.rstrip("/") == there.path.rstrip("/"):
        return False
    back = (urlsplit(value).path for _, value in parse_qsl(there.query))
    return asks or is_sign_in(there.path) or (len(wanted.path) > 1 and wanted.path in back)
