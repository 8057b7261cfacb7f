"""A journey has many ways out of Playwright: none of them sends what it does not say, or asks a host that is not declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from .origin import Answer, Origin, html, origin, redirect
from .stage import results, settings, travelled

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("browser")]

#: Each way that a journey tries, with ``page``, ``browser``, ``playwright`` and ``other``, a host that is not declared.
WAYS = (
    "page.request.post('/form')",
    "page.request.fetch('/form', method='delete')",
    "page.context.request.put('/form')",
    "page.request.fetch(sent)",
    "page.request.get(other)",
    "page.request.get('/away')",
    "page.context.request.head('/far')",
    "playwright.request.new_context(base_url=other)",
    "playwright.request.new_context().get(other)",
    "playwright.request.new_context(base_url=page.url).patch('form')",
    "playwright.request.new_context(proxy={'server': other})",
    "browser.new_context(base_url=other)",
    "browser.new_context(proxy={'server': other})",
    "browser.browser_type.launch_persistent_context('profile')",
    "browser.browser_type.connect(other)",
    "browser.browser_type.launch(proxy={'server': other})",
    "playwright.firefox.launch()",
    "async_api.BrowserType.launch(None)",
)
TESTS = f'''
import pytest
from playwright import async_api
from playwright.sync_api import Browser, Error, Page, Playwright

WAYS = {WAYS!r}
OTHER = "OTHER"


def test_ways(page: Page, browser: Browser, playwright: Playwright):
    page.goto("/")
    with page.expect_request("**/form") as info:
        page.evaluate("fetch('/form', {{method: 'POST'}}).catch(() => 0)")
    sent = info.value
    known = {{**globals(), **locals(), "other": OTHER}}
    for way in WAYS:
        with pytest.raises(pytest.fail.Exception):
            print(way, eval(way, known))


def test_routes(page: Page, browser: Browser):
    """Routes of a test, pages and browsers that it opens itself."""
    page.context.route("**/form", lambda route: route.continue_(method="POST"))
    page.route("**/own", lambda route: route.continue_())
    with browser.browser_type.launch() as another:
        for each in (page, browser.new_page(), another.new_page(base_url=page.url)):
            each.goto(page.url if page.url.startswith("http") else "/")
            for path in ("/own", "/form"):
                assert each.evaluate("path => fetch(path, {{method: 'POST'}}).then(() => 1, () => 0)", path) == 0
        assert page.evaluate("fetch('/form').then(() => 1, () => 0)") == 0
        assert page.evaluate("fetch('/away', {{mode: 'no-cors'}}).then(() => 1, () => 0)") == 0


def test_a_route_fetches(page: Page):
    page.goto("/")
    page.route("**/form", lambda route: route.fulfill(response=route.fetch()))
    page.evaluate("fetch('/form', {{method: 'POST'}}).catch(() => 0)")


def test_reads(page: Page):
    """What reads is led on as ever."""
    answer = page.request.get("/first")
    assert (answer.status, answer.url.rpartition("/")[2]) == (200, "second")
    assert page.request.get("/first", max_redirects=0).status == 302
    with pytest.raises(Error, match="redirects"):
        page.request.get("/circle")
    page.goto("/")
    page.evaluate("fetch('/kept').then((one) => one.text()).then(() => fetch('/kept')).then((one) => one.text())")


@pytest.mark.mutates
def test_writes(page: Page):
    page.goto("/")
    assert page.evaluate("fetch('/form', {{method: 'POST'}}).then(() => 1, () => 0)") == 1
    assert page.request.post("/then", data="x").ok
    assert page.request.put("/form").ok
    sockets = "new Promise((done) => {{ const s = new WebSocket(location.origin.replace('http', 'ws') + '/socket');"
    page.evaluate(sockets + " s.onerror = done; s.onopen = done }})")
'''


def answers(site: Origin) -> Mapping[str, Answer]:
    other = site.url.replace("127.0.0.1", "localhost")
    return {
        "/": html("The news"), "/form": html("Thanks"), "/own": html("Mine"), "/second": html("There"),
        "/first": redirect("/second"), "/circle": redirect("/circle"), "/then": redirect("/form"),
        "/kept": html("Kept", headers={"Cache-Control": "max-age=600"}),
        "/away": redirect(f"{other}/form"), "/far": redirect("/away"),
    }  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], Origin]]:
    """The record of these journeys, and the server."""
    folder = tmp_path_factory.mktemp("doors")
    with results() as place, origin(answers) as site:
        other = site.url.replace("127.0.0.1", "localhost")
        (folder / "test_them.py").write_text(TESTS.replace('OTHER = "OTHER"', f"OTHER = {other!r}"), "utf-8")
        told = settings(site.url, place, mutates=True, patience=5)
        yield {each["id"].partition("::")[2]: each for each in travelled(folder, told)["journeys"]}, site


def of(record: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [each for key, each in record.items() if key.startswith(name)]


@pytest.mark.slow
def test_each_way_is_refused(run: tuple[dict[str, Any], Origin]) -> None:
    (found,) = of(run[0], "test_ways")
    assert found["outcome"] == "passed", found["why"]


def test_routes_and_browsers_of_a_test_make_no_difference(run: tuple[dict[str, Any], Origin]) -> None:
    (found,) = of(run[0], "test_routes")
    assert found["outcome"] == "passed", found["why"]
    assert found["refused"].count(f"POST {run[1].url}/form") == 4
    (fetching,) = of(run[0], "test_a_route_fetches")
    assert fetching["refused"] == [f"POST {run[1].url}/form"]


@pytest.mark.slow
def test_what_reads_and_what_says_that_it_writes_is_let_through(run: tuple[dict[str, Any], Origin]) -> None:
    (reads,), (writes,) = of(run[0], "test_reads"), of(run[0], "test_writes")
    assert (reads["outcome"], writes["outcome"]) == ("passed", "passed"), (reads["why"], writes["why"])
    arrived = [each for each in run[1].asked if each[0] not in ("GET", "HEAD")]
    assert arrived == [("POST", "/form"), ("POST", "/then"), ("PUT", "/form"), ("UPGRADE", "/socket")]
    assert ("GET", "/form") in run[1].asked
    assert run[1].asked.count(("GET", "/kept")) == 2, "the site answers, and not what the browser kept"
