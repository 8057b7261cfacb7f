"""Opens Chromium so that it asks nobody but the site, and changes nothing there."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, BrowserContext, Playwright, Route

from ..settings import BrowserSettings

#: Everything that a page is shown with, unless a test says otherwise. Tokyo is where the readers are.
CONTEXT: Final[dict[str, Any]] = {"locale": "en-US", "timezone_id": "Asia/Tokyo", "service_workers": "block"}

#: Is told of a request that was refused: why ("changes" or "foreign"), method and address.
OnRefused = Callable[[str, str, str], object]


def launch_arguments(settings: BrowserSettings) -> dict[str, Any]:
    """Return what Chromium is launched with.

    A redirect passes the guard of a context unseen; names of other hosts therefore don't resolve at all.
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
    """Let a context make no request that may change something, unless it ``mutates``, and none to hosts of others."""

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
    """Return which browser this is, and what drives it."""
    axe = AXE_FILE_PATH.read_text("utf-8")[:40].split()[2].removeprefix("v")
    return {"name": "Chromium", "version": browser.version, "playwright": version("playwright"), "axe": axe}
