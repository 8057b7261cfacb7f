"""One visit to one page: what a person would meet there at one window size."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright

from ..settings import BrowserSettings
from .accessibility import run_axe
from .answers import measure_answers
from .arrival import arrive, describe_arrival
from .before_visits import press_stated
from .keyboard_walk import walk_keyboard
from .launch import CONTEXT, WITHOUT_PEERS
from .network_guard import NetworkGuard, record_nothing
from .page_log import SHOWN, PageLog, shorten
from .rest import read_vitals, wait_for_rest

_SCRIPTS: Final = {path.stem: path.read_text("utf-8") for path in (Path(__file__).parent / "scripts").glob("*.js")}
#: Window sizes: of a desktop, and of a telephone that Playwright knows, with its user agent, its pixels and touch.
SIZES: Final = ("desktop", "telephone")
_DESKTOP: Final = {"viewport": {"width": 1280, "height": 800}}
_TELEPHONE: Final = "Galaxy S24"
#: Milliseconds that a region may take to appear once the page is at rest, and a link to follow.
_REGION, _LINK = 1000, 5000
#: Screens of a page that are scrolled through, and seconds for what then begins to load.
_SCREENS, _UNFOLDED = 20, 2.0
#: Visits at most, and the milliseconds of answer to a key or a press beyond which there is another: a slow page is slow
#: on each first visit, a busy machine is not.
_TRIES, _SLOW = 3, 100
#: Kinds of failure that leave open whether there is a site at all.
NO_ANSWER: Final = ("connection", "timeout", "name")
#: Chromium's errors when there is no page, and what kind of failure each is.
_FAILURES: Final[Mapping[str, str]] = {
    "ERR_TOO_MANY_REDIRECTS": "redirects",
    "ERR_NAME_NOT_RESOLVED": "name",
    "ERR_CERT": "certificate",
    "ERR_SSL": "certificate",
    "ERR_CONNECTION": "connection",
    "ERR_EMPTY_RESPONSE": "connection",
    "ERR_ADDRESS": "connection",
    "ERR_TIMED_OUT": "timeout",
    "Timeout": "timeout",
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser, what guards the site from it, and the options of a context for each size of the window."""

    browser: Browser
    guard: NetworkGuard
    sizes: Mapping[str, Mapping[str, Any]]

    @property
    def settings(self) -> BrowserSettings:
        """What the browser's process was told."""
        return self.guard.settings

    def open_context(self, size: str) -> BrowserContext:
        """Open a context as of somebody who was never there. Service workers are part of what people get."""
        given = {**CONTEXT, "service_workers": "allow", **self.sizes[size]}
        context = self.browser.new_context(base_url=self.settings.base_url, **given)
        context.set_default_timeout(self.settings.patience * 1000)
        context.add_init_script(WITHOUT_PEERS)
        brought = self.settings.cookies.items()
        context.add_cookies([{"name": name, "value": text, "url": self.settings.base_url} for name, text in brought])
        if self.settings.headers:
            context.set_extra_http_headers(dict(self.settings.headers))
        return context

    def width_of(self, size: str) -> int:
        """Return the width of a window in CSS pixels."""
        return int(self.sizes[size]["viewport"]["width"])


def describe_sizes(playwright: Playwright) -> dict[str, Mapping[str, Any]]:
    """Return the options of a context for each size."""
    telephone = {k: v for k, v in playwright.devices[_TELEPHONE].items() if k != "default_browser_type"}
    return dict(zip(SIZES, (_DESKTOP, telephone), strict=True))


def visit(visitor: Visitor, page: Mapping[str, Any], size: str) -> dict[str, Any]:
    """Open a page as a first-time visitor, and return the record of the visit."""
    record, tries = _visit_once(visitor, page, size), 1
    while (best := record.get("keyboard")) and (best["slowest"] or 0) > _SLOW and tries < _TRIES:
        tries += 1
        again = _visit_once(visitor, page, size, only_keyboard=True).get("keyboard")
        if again and again["settled"] and (again["slowest"] or 0) < best["slowest"]:
            best |= {key: again[key] for key in ("answers", "slowest")}
    return record


def _visit_once(visitor: Visitor, page: Mapping[str, Any], size: str, *, only_keyboard: bool = False) -> dict[str, Any]:
    settings, log = visitor.settings, PageLog(visitor.settings)
    record, context = blank_result(visitor, page, size), visitor.open_context(size)
    visitor.guard.refused = log.record_refusal
    try:
        context.add_init_script(_SCRIPTS["watch"])
        tab = context.new_page()
        log.listen_to(tab)
        rested = arrive(tab, page["address"], log)
        record |= describe_arrival(tab, page["address"], log, settings)
        if record["unreachable"]:
            record["missed"] = log.missed
        else:
            rested = wait_for_rest(tab, log) if press_stated(tab, settings) else rested
            record |= {} if only_keyboard else _inspect_page(tab, visitor, page, size, log, rested=rested)
            record |= _use_keyboard(tab, log) if size == "desktop" else {"keyboard": None, **log.tell()}
    except Error as error:
        led = log.led_to and not settings.is_own(log.led_to)
        record["unreachable"] = {"kind": "elsewhere", "text": f"led to {log.led_to}"} if led else classify_error(error)
    finally:
        visitor.guard.refused = record_nothing  # what a page sends when it closes can't have disturbed it
        context.close()
    return record


def blank_result(visitor: Visitor, page: Mapping[str, Any], size: str) -> dict[str, Any]:
    """Return the record of a visit before anything is known."""
    width = visitor.width_of(size)
    return {"name": page["name"], "path": page["path"], "size": size, "width": width, "refused": []}


def find_address(visitor: Visitor, page: Mapping[str, Any]) -> str:
    """Return the path of a page, or where the first link of its first region leads. Raises Error when none is found."""
    if not page["follow"]:
        return str(page["path"])
    context = visitor.open_context("desktop")
    try:
        tab = context.new_page()
        tab.goto(page["path"], wait_until="domcontentloaded")
        link = tab.get_by_role(page["follow"]).first.get_by_role("link").first
        return urljoin(tab.url, link.get_attribute("href", timeout=_LINK) or "")
    finally:
        context.close()


def _inspect_page(
    page: Page, visitor: Visitor, about: Mapping[str, Any], size: str, log: PageLog, *, rested: bool
) -> dict[str, Any]:
    """Look at a page at rest. Its figures are read last, so that what came late is in them."""
    settings = visitor.settings
    missing = [name for role, text in about["regions"] if (name := _find_missing_region(page, role, text))]
    measured = page.evaluate(_SCRIPTS["look"], [visitor.width_of(size), settings.build_meta])
    found = {
        "regions_missing": missing,
        **run_axe(page),
        **{key: measured[key] for key in ("needed", "beyond", "title", "language")},
        "links": _list_links(page, settings) if size == "desktop" else [],
    }
    if settings.build_meta:
        found["build"] = measured["build"]
    rested = rested and wait_for_rest(page, log, least=True)
    log.record_policy_violations(_list_refused(page))
    found |= {"vitals": read_vitals(page), "rested": rested, "waiting": log.list_waiting()[:SHOWN]}
    _unfold(page, log, _SCREENS if size == "desktop" else 0)
    return found


def _list_links(page: Page, settings: BrowserSettings) -> list[Mapping[str, str]]:
    """Return the links of a page, and of the frames of the site within it."""
    links: dict[str, Mapping[str, str]] = {}
    for frame in page.frames:
        own = frame.url.startswith("about:") or settings.is_own(frame.url)
        with suppress(Error):  # it is about to go, or runs no script
            links |= {each["url"]: each for each in (frame.evaluate(_SCRIPTS["links"]) if own else ())}
    return list(links.values())


def _unfold(page: Page, log: PageLog, screens: int) -> None:
    """Let load what waits until somebody scrolls to it, so that what does not arrive of that is seen, too."""
    page.evaluate(_SCRIPTS["unfold"], screens)
    until = time.monotonic() + _UNFOLDED
    while log.list_waiting() and time.monotonic() < until:
        page.wait_for_timeout(25)


def _list_refused(page: Page) -> list[Mapping[str, str]]:
    """Return what policies refused in every frame."""
    refused: list[Mapping[str, str]] = []
    for frame in page.frames:
        with suppress(Error):  # it is about to go, or is an error of the browser's own
            refused += frame.evaluate("() => window.__prodgate?.refused ?? []")
    return refused


def _use_keyboard(page: Page, log: PageLog) -> dict[str, Any]:
    """Walk through the page and use it; what it did by then is told before anything is pressed on it."""
    walk = walk_keyboard(page, _SCRIPTS["keyboard"])
    told = log.tell()
    try:
        return {**told, "keyboard": {**walk, **measure_answers(page)}}
    except Error:  # the page went away, or fell over
        return {**told, "keyboard": {**walk, "settled": False, "interactions": 0, "slowest": None, "answers": {}}}


def _find_missing_region(page: Page, role: Any, name: str) -> str:
    """Return the name of a region that does not appear, "" if it does."""
    wanted = page.get_by_role(role, name=name, exact=True) if name else page.get_by_role(role)
    try:
        wanted.first.wait_for(timeout=_REGION)
    except Error:
        return f"{role}: {name}" if name else str(role)
    return ""


def classify_error(error: Error) -> dict[str, str]:
    """Return why there is no page: its kind, and Chromium's message."""
    text = re.sub(r"^.*?: (?=net::)", "", error.message.partition("\n")[0])
    return {"kind": next((kind for sign, kind in _FAILURES.items() if sign in text), "other"), "text": shorten(text)}
