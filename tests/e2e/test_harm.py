"""Nothing that a visit or a journey opens changes a site: a server counts what arrives, from each way in which a page writes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import playwright as playwright_package
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from prodgate.browser.engine.launch import DISABLED, UNWATCHED, WITHOUT_PEERS, launch_arguments
from prodgate.browser.engine.network_guard import NetworkGuard
from prodgate.browser.engine.socket_gate import open_socket_gate
from prodgate.engines.chromium import ensure_chromium

from .stage import settings
from .ways_to_write import DATAGRAMS, SOCKETS, WAYS, WHOLE, Counting, counting_site

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("browser")]

#: Reports that a whole Chromium sends by itself, and its headless shell does not.
REPORTS = {"report", "nel"}
#: Makes Chromium send them within a second and not a minute.
SOON = "--short-reporting-delay"


#: Whether the page has been told that neither way without HTTP leads anywhere.
ENDED = "['transport', 'peer', 'tcp-peer'].every((each) => ended.includes(each) || lacking.includes(each))"
#: What a page does when it is left.
LEAVING = {"pagehide", "last-fetch", "hidden", "at-last"}


def open_all(
    browser: Browser, site: Counting, known: set[str], seen: Callable[[], set[str]], *, guarded: bool
) -> set[str]:
    """Open the page that writes, and leave it once it is known what became of the ways until then; then of all.

    Return the ways that this browser lacks. A way that is never seen ends the wait after a minute.
    """
    context, until = browser.new_context(service_workers="allow"), time.monotonic() + 60
    context.add_init_script(WITHOUT_PEERS if guarded else "")
    page = context.new_page()
    page.goto(f"{site.url}/all")
    page.wait_for_function(ENDED if guarded else "true")
    lacking = set(page.evaluate("lacking"))
    for expected, left in ((known - LEAVING, "/"), (known, "")):
        while not expected - lacking <= seen() and time.monotonic() < until:
            page.wait_for_timeout(100)
            lacking |= set(page.evaluate("window.lacking || []"))
        if left:
            page.goto(site.url + left)
    context.close()
    return lacking


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


def test_without_a_guard_each_way_arrives(playwright: Playwright, tmp_path: Path) -> None:
    with counting_site(tmp_path) as site:
        arguments = [f"--ignore-certificate-errors-spki-list={site.pin}", SOON]
        browser = playwright.chromium.launch(executable_path=ensure_chromium(print).program or None, args=arguments)
        known = {*WAYS, *SOCKETS, *DATAGRAMS} - WHOLE
        lacking = open_all(browser, site, known, lambda: site.ways, guarded=False)
        browser.close()
        assert known - site.ways == lacking - WHOLE
        assert site.ways - known <= REPORTS | WHOLE
        assert len(site.ways) >= 30


@pytest.mark.slow
def test_nothing_arrives_from_any_page_worker_or_context(playwright: Playwright, tmp_path: Path) -> None:
    refused: list[str] = []
    with counting_site(tmp_path) as site:
        guard = NetworkGuard(settings(site.url, tmp_path, pin=site.pin))
        guard.refused = lambda why, method, url: refused.append(f"{why} {method} {url.rpartition('/')[2]}")
        sockets = f"changes WEBSOCKET {site.url.partition('//')[2]}"

        def seen() -> set[str]:
            """The ways that were refused; of its WebSockets the guard knows the number."""
            enough = refused.count(sockets) >= len(SOCKETS)
            return {each.rpartition(" ")[2] for each in refused} | (SOCKETS if enough else set())

        with open_socket_gate(guard.admits_socket) as gate:
            ours = launch_arguments(guard.settings, gate)
            browser = playwright.chromium.launch(**{**ours, "args": [*ours["args"], SOON]})
            guard.attach(browser)
            known = {*WAYS, *SOCKETS}
            lacking = open_all(browser, site, known, seen, guarded=True)
            browser.close()
        assert known - seen() == lacking - {*DATAGRAMS} >= WHOLE
        assert site.arrived == []


def test_the_features_that_playwright_turns_off_stay_off() -> None:
    driver = Path(next(iter(playwright_package.__path__)), "driver", "package", "lib", "coreBundle.js").read_text(
        "utf-8"
    )
    stated = re.search(r"disabledFeatures = \[(.*?)\]", driver, re.DOTALL)
    assert stated, "the driver of this Playwright is written otherwise; look where it states what it disables"
    assert set(re.findall(r'^\s*"(\w+)"', stated[1], re.MULTILINE)) == {*DISABLED} - {*UNWATCHED}
