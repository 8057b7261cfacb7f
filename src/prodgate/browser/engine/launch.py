"""Launches Chromium so that it reaches nothing but the site, and changes nothing there."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, BrowserContext, Playwright, Route

from ..settings import BrowserSettings

#: Options of every context, unless a test sets others. The readers are in Tokyo.
CONTEXT: Final[dict[str, Any]] = {"locale": "en-US", "timezone_id": "Asia/Tokyo", "service_workers": "block"}

#: Called for a refused request with the reason ("changes" or "foreign"), method and address.
OnRefused = Callable[[str, str, str], object]


def launch_arguments(settings: BrowserSettings) -> dict[str, Any]:
    """Return the launch arguments of Chromium.

    Redirects bypass the guard of a context; names of other hosts therefore don't resolve at all.
    """
    known = {*settings.hosts, *settings.third_parties, *settings.partners, settings.host}
    rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in sorted(known))])
    arguments = [f"--host-resolver-rules={rules}", "--disable-dev-shm-usage"]
    arguments += [f"--ignore-certificate-errors-spki-list={settings.pin}"] if settings.pin else []
    return {"args": arguments, **({"executable_path": settings.program} if settings.program else {})}


def launch(playwright: Playwright, settings: BrowserSettings) -> Browser:
    """Start Chromium."""
    return playwright.chromium.launch(**launch_arguments(settings))


def guard(context: BrowserContext, settings: BrowserSettings, refused: OnRefused, *, mutates: bool = False) -> None:
    """Refuse a context's requests to foreign hosts, and those that may change something unless it ``mutates``."""

    def decide(route: Route) -> None:
        request = route.request
        if not settings.is_allowed(request.url):
            refused("foreign", request.method, request.url)
        elif settings.may_change(request.method, request.url) and not mutates:
            refused("changes", request.method, request.url)
        else:
            route.continue_()
            return
        route.abort("blockedbyclient")

    context.route("**/*", decide)


def describe_browser(browser: Browser) -> dict[str, str]:
    """Return the versions of the browser and of what drives it."""
    axe = AXE_FILE_PATH.read_text("utf-8")[:40].split()[2].removeprefix("v")
    return {"name": "Chromium", "version": browser.version, "playwright": version("playwright"), "axe": axe}
