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
    "page.request.fetch(url_or_request=sent)",
    "page.request.delete(url='/form')",
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
    "browser.browser_type.connect_over_cdp(other)",
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


def test_other_ways(page: Page, browser: Browser, tmp_path):
    """Sessions of the DevTools protocol, sockets that a test leads on, windows, archives, pages that are made beforehand."""
    page.goto("/")
    for session in (page.context.new_cdp_session(page), browser.new_browser_cdp_session()):
        turned = lambda paused, by=session: by.send("Fetch.continueRequest", {{"requestId": paused["requestId"], "method": "POST"}})
        session.on("Fetch.requestPaused", turned)
        session.send("Fetch.enable", {{"patterns": [{{"urlPattern": "*"}}]}})
        page.evaluate("fetch('/form').then(() => 1, () => 0)")
        session.send("Fetch.disable")
    page.route_web_socket("**/*", lambda socket: socket.connect_to_server())
    page.route_from_har(tmp_path / "kept.har", url="**/own", update=True)
    page.goto("/speculates")
    page.evaluate("new Promise((done) => {{ const s = new WebSocket(location.origin.replace('http', 'ws') + '/socket'); s.onclose = done; }})")
    assert page.evaluate("fetch('/own', {{method: 'PUT'}}).then(() => 1, () => 0)") == 0
    with page.expect_popup():
        page.evaluate("""() => {{
          document.body.insertAdjacentHTML("beforeend", "<form method=post action=/form target=_blank></form>");
          document.forms[0].submit();
        }}""")
    page.evaluate("location.href = 'mailto:somebody@shop.example'")
    with browser.browser_type.launch(args=["-proxy-server=127.0.0.1:9", "--host-resolver-rules=MAP * 127.0.0.1"]) as another:
        there = another.new_page(base_url=page.url)
        there.goto("/")
        assert there.evaluate("fetch('/form', {{method: 'POST'}}).then(() => 1, () => 0)") == 0
        assert there.evaluate("fetch('https://nobody.example/').then(() => 1, () => 0)") == 0


def test_a_route_fetches(page: Page):
    page.goto("/")
    page.route("**/form", lambda route: route.fulfill(response=route.fetch()))
    page.evaluate("fetch('/form', {{method: 'POST'}}).catch(() => 0)")


def test_reads(page: Page, playwright: Playwright):
    """What reads is led on as ever."""
    answer = page.request.fetch(url_or_request="/first")
    assert (answer.status, answer.url.rpartition("/")[2]) == (200, "second")
    assert page.request.get("/first", max_redirects=0).status == 302
    still = playwright.request.new_context(base_url=answer.url, max_redirects=0, fail_on_status_code=True)
    assert (still.get("/first").status, still.get("/first", max_redirects=1).status) == (302, 200)
    with pytest.raises(Error, match="redirects"):
        page.request.get("/circle")
    page.goto("/")
    page.context.unroute_all()
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

#: Rules by which a page is made before anybody goes there, and one that writes then.
SPECULATES = '{"prerender": [{"urls": ["/guessed"], "eagerness": "immediate"}]}'
GUESSED = "<script>fetch('/form', {method: 'POST'}); navigator.sendBeacon('/form')</script>"


def answers(site: Origin) -> Mapping[str, Answer]:
    other = site.url.replace("127.0.0.1", "localhost")
    return {
        "/": html("The news"), "/form": html("Thanks"), "/own": html("Mine"), "/second": html("There"),
        "/first": redirect("/second"), "/circle": redirect("/circle"), "/then": redirect("/form"),
        "/speculates": html(f"<h1>A</h1><script type=speculationrules>{SPECULATES}</script>"), "/guessed": html(GUESSED),
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
def test_no_other_way_leads_past_the_guard(run: tuple[dict[str, Any], Origin]) -> None:
    (found,) = of(run[0], "test_other_ways")
    assert found["outcome"] == "passed", found["why"]
    assert f"WEBSOCKET {run[1].url.rpartition('/')[2]}" in found["refused"]
    assert {f"POST {run[1].url}/form", f"PUT {run[1].url}/own"} <= {*found["refused"]}


@pytest.mark.slow
def test_what_reads_and_what_says_that_it_writes_is_let_through(run: tuple[dict[str, Any], Origin]) -> None:
    (reads,), (writes,) = of(run[0], "test_reads"), of(run[0], "test_writes")
    assert (reads["outcome"], writes["outcome"]) == ("passed", "passed"), (reads["why"], writes["why"])
    arrived = [each for each in run[1].asked if each[0] not in ("GET", "HEAD")]
    assert arrived == [("POST", "/form"), ("POST", "/then"), ("PUT", "/form"), ("UPGRADE", "/socket")]
    assert ("GET", "/form") in run[1].asked
    assert run[1].asked.count(("GET", "/kept")) == 2, "the site answers, and not what the browser kept"
