"""What a page announces while it loads, and is waited for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from prodgate.browser import engine
from prodgate.engines.chromium import ensure_chromium

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]

WATCH, REST = (Path(engine.__file__).with_name("scripts") / f"{name}.js" for name in ("watch", "rest"))
#: Name -> (what a page does, whether it is at rest afterwards).
PAGES: Mapping[str, tuple[str, bool]] = {
    "nothing": ("", True),
    "a timer": ("<script>setTimeout(() => 0, 2900)</script>", False),
    "a timer that is taken back": ("<script>clearTimeout(setTimeout(() => 0, 2900))</script>", True),
    "a timer of long": ("<script>setTimeout(() => 0, 60000)</script>", True),
    "a task": ("<script>scheduler.postTask(() => 0, {delay: 2900})</script>", False),
    "a task that is taken back": (
        "<script>const c = new TaskController(); scheduler.postTask(() => 0, {delay: 2900, signal: c.signal}).catch(() => 0); c.abort()</script>",
        True,
    ),
    "a task of long": ("<script>scheduler.postTask(() => 0, {delay: 60000})</script>", True),
    "something that fades in": ("<style>@keyframes k { from { opacity: 0 } } i { animation: k 2.9s }</style><i>in</i>", False),
    "something that turns for ever": ("<style>@keyframes k { to { rotate: 1turn } } i { display: inline-block; animation: k 1s infinite }</style><i>o</i>", True),
    "a way on": ("<meta http-equiv=refresh content='2; url=/next'>", False),
    "a way on in a minute": ("<meta http-equiv=refresh content='60; url=/next'>", True),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=ensure_chromium(print).program or None)
        yield found
        found.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_at_rest_once_nothing_is_to_come(browser: Browser, name: str) -> None:
    does, rests = PAGES[name]
    page = browser.new_page()
    page.add_init_script(WATCH.read_text("utf-8"))
    page.route(
        "**/*", lambda route: route.fulfill(body=f"<!doctype html><p>The news</p>{does}", content_type="text/html")
    )
    page.goto("http://page.example/")
    assert page.evaluate(REST.read_text("utf-8"), [50, 700 if not rests else 10_000])["still"] is rests
    page.close()
