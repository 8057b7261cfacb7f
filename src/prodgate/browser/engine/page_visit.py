"""One visit to one page: what a person would meet there at one window size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Response

from ..settings import BrowserSettings
from .keyboard_walk import walk_keyboard
from .launch import CONTEXT, guard

_SCRIPTS: Final = {path.stem: path.read_text("utf-8") for path in (Path(__file__).parent / "scripts").glob("*.js")}
#: Window sizes by name: a desktop, and a telephone of 375 px.
SIZES: Final[Mapping[str, Mapping[str, Any]]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "telephone": {"viewport": {"width": 375, "height": 812}, "is_mobile": True, "has_touch": True},
}
#: Milliseconds of quiet after which a page is at rest, and the most to wait for that.
_QUIET, _MOST = 150, 5000
#: Milliseconds that a region may take to appear once the page is at rest.
_REGION: Final = 1000
#: Entries of a kind that are kept, and characters of a text.
_SHOWN, _LONGEST = 20, 300
_AXE: Final = (
    "async (tags) => await axe.run(document, {resultTypes: ['violations'], runOnly: {type: 'tag', values: tags}})"
)
_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
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


@dataclass  # without slots: Playwright sets an attribute on its listeners
class PageLog:
    """What happens on a page during a visit."""

    settings: BrowserSettings
    console: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    led_to: str = ""
    """Where the last redirect of the page itself led."""

    def listen_to(self, page: Page) -> None:
        """Listen to a page's events."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.exceptions.append(_shorten(str(error))))
        page.on("requestfailed", self._on_request_failed)
        page.on("response", self._on_response)

    def record_refusal(self, why: str, method: str, url: str) -> None:
        """Keep what the guard refused."""
        if why == "foreign":
            self.foreign[url] = f"{method}, stopped by the gate"
        else:
            self.refused.append(f"{method} {url}")

    def record_policy_violations(self, refused: list[Mapping[str, str]]) -> None:
        """Keep what the page's own policy refused: foreign requests as such, anything else as an error of the page."""
        for each in refused:
            if each["url"].startswith("http") and not self.settings.is_allowed(each["url"]):
                self.foreign[each["url"]] = f"refused by the page's own {each['directive']}"
            else:
                self.console.append(f"{each['directive']} refused {each['url']}")

    def _on_console(self, message: ConsoleMessage) -> None:
        # missing files and refusals by the policy are recorded elsewhere
        elsewhere = message.text.startswith("Failed to load resource") or "Content Security Policy" in message.text
        if message.type == "error" and not elsewhere:
            self.console.append(_shorten(message.text))

    def _on_request_failed(self, request: Request) -> None:
        url = request.url
        stopped = "ERR_BLOCKED_BY_CLIENT" in (request.failure or "") or "ERR_ABORTED" in (request.failure or "")
        if not request.is_navigation_request() and not stopped and self.settings.is_allowed(url):
            self.failed[url] = request.failure or "no answer"

    def _on_response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.led_to = urljoin(response.url, response.headers.get("location", response.url))
        elif response.status >= 400:
            self.failed[response.url] = f"HTTP {response.status}"


def visit(browser: Browser, settings: BrowserSettings, page: Mapping[str, Any], size: str) -> dict[str, Any]:
    """Open a page as a first-time visitor, and return the record of the visit."""
    log = PageLog(settings)
    context = browser.new_context(base_url=settings.base_url, **CONTEXT, **SIZES[size])
    context.set_default_timeout(settings.patience * 1000)
    record = blank_result(page, size)
    try:
        guard(context, settings, log.record_refusal)
        context.add_init_script(_SCRIPTS["watch"])
        tab = context.new_page()
        log.listen_to(tab)
        record |= _open_page(tab, page["address"], settings)
        if not record["unreachable"]:
            record |= _inspect_page(tab, settings, page, size, log)
    except Error as error:
        led = log.led_to and not settings.is_own(log.led_to)
        record["unreachable"] = {"kind": "elsewhere", "text": f"led to {log.led_to}"} if led else classify_error(error)
    finally:
        context.close()
    return {**record, "refused": log.refused[:_SHOWN]}


def blank_result(page: Mapping[str, Any], size: str) -> dict[str, Any]:
    """Return the record of a visit before anything is known."""
    return {"name": page["name"], "path": page["path"], "size": size, "width": _width(size), "refused": []}


def find_address(browser: Browser, settings: BrowserSettings, page: Mapping[str, Any]) -> str:
    """Return the path of a page, or where the first link of its first region leads. Raises Error when none is found."""
    if not page["follow"]:
        return str(page["path"])
    context = browser.new_context(base_url=settings.base_url, **CONTEXT)
    try:
        context.set_default_timeout(settings.patience * 1000)
        guard(context, settings, lambda *_: None)
        tab = context.new_page()
        tab.goto(page["path"], wait_until="domcontentloaded")
        link = tab.get_by_role(page["follow"]).first.get_by_role("link").first
        return urljoin(tab.url, link.get_attribute("href", timeout=_MOST) or "")
    finally:
        context.close()


def _open_page(page: Page, address: str, settings: BrowserSettings) -> dict[str, Any]:
    """Load a page; return the response, or why there is none."""
    response = page.goto(address, wait_until="load")
    headers = response.all_headers() if response else {}
    status = response.status if response else 0
    kind = "partner" if urlsplit(page.url).hostname in settings.partners else "elsewhere"
    unreachable = None if settings.is_own(page.url) else {"kind": kind, "text": f"led to {_shorten(page.url)}"}
    return {
        "status": status,
        "url": page.url,
        "unreachable": unreachable,
        "build": headers.get(settings.build_header, ""),
    }


def _inspect_page(
    page: Page, settings: BrowserSettings, about: Mapping[str, Any], size: str, log: PageLog
) -> dict[str, Any]:
    rest = page.evaluate(_SCRIPTS["rest"], [_QUIET, _MOST])
    missing = [name for role, text in about["regions"] if (name := _find_missing_region(page, role, text))]
    measured = page.evaluate(_SCRIPTS["look"], [_width(size), settings.build_meta])
    log.record_policy_violations(rest.pop("refused"))
    found = {
        "vitals": {key: rest[key] for key in ("lcp", "fcp", "cls", "ttfb")},
        "rested": rest["rested"],
        "regions_missing": missing,
        "violations": _run_axe(page),
        "keyboard": walk_keyboard(page, _SCRIPTS["keyboard"]) if size == "desktop" else None,
        **{key: measured[key] for key in ("needed", "beyond", "title", "language")},
        "links": measured["links"] if size == "desktop" else [],
    }
    if settings.build_meta:
        found["build"] = measured["build"]
    found |= {"console": log.console[:_SHOWN], "exceptions": log.exceptions[:_SHOWN]}
    pairs = {"failed": log.failed, "foreign": log.foreign}
    return found | {
        key: [{"url": _shorten(url), "why": why} for url, why in each.items()][:_SHOWN] for key, each in pairs.items()
    }


def _find_missing_region(page: Page, role: Any, name: str) -> str:
    """Return the name of a region that does not appear, "" if it does."""
    wanted = page.get_by_role(role, name=name, exact=True) if name else page.get_by_role(role)
    try:
        wanted.first.wait_for(timeout=_REGION)
    except Error:
        return f"{role}: {name}" if name else str(role)
    return ""


def _run_axe(page: Page) -> list[dict[str, Any]]:
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_AXE, _TAGS)["violations"]
    return [
        {
            "id": each["id"], "impact": each["impact"], "help": each["help"],
            "tags": [tag for tag in each["tags"] if tag in _TAGS], "nodes": len(each["nodes"]),
            "first": _shorten(each["nodes"][0]["html"]),
        }
        for each in found
    ]  # fmt: skip


def _width(size: str) -> int:
    return int(SIZES[size]["viewport"]["width"])


def classify_error(error: Error) -> dict[str, str]:
    """Return why there is no page: its kind, and Chromium's message."""
    text = re.sub(r"^.*?: (?=net::)", "", error.message.partition("\n")[0])
    return {"kind": next((kind for sign, kind in _FAILURES.items() if sign in text), "other"), "text": _shorten(text)}


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
