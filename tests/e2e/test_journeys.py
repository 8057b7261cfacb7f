"""Journeys are read-only, are never saved by a second try, leave evidence without secrets, and reach nothing
undeclared by any way out of Playwright."""

import io
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.facts import Facts
from prodgate.facts.e2e import Journey
from prodgate.facts.e2e.journeys import journey_facts
from prodgate.layers.e2e.facts import JOURNEYS
from prodgate.testing import Outcome

from .stage import ROOT, Answer, Origin, html, judged, origin, redirect, results, settings, travelled

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("browser")]

PASSWORD = "canary-of-a-password/1"
SESSION = "canary-of-a-session-1234"
TOKEN = "canary-of-a-token-5678"
TYPED = "canary-that-was-typed-9"
TESTS = f'''
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

TRIES = Path(os.environ["TRIES"])


def test_good(page: Page):
    """Somebody reads."""
    page.goto("/")
    expect(page.get_by_text("The news")).to_be_visible()


def test_states_nothing(page: Page):
    page.goto("/")


def state(page):
    assert page.title()


def test_states_it_elsewhere(page: Page):
    page.goto("/")
    state(page)


def test_meets_no_page(page: Page):
    page.goto("/gone")
    expect(page.get_by_role("main")).to_be_visible()


def test_expects_no_page(page: Page):
    response = page.goto("/gone")
    assert response.status == 404


def test_meets_an_exception(page: Page):
    page.goto("/throws")
    page.get_by_label("Password").fill("{TYPED}")
    page.get_by_role("button", name="Throw").click()
    expect(page.get_by_role("main")).to_be_visible()


def test_flaky(page: Page):
    page.goto("/")
    TRIES.write_text(TRIES.read_text() + "x" if TRIES.exists() else "x")
    assert len(TRIES.read_text()) > 1


def test_sends(page: Page):
    page.goto("/")
    page.get_by_role("button", name="Send").click(no_wait_after=True)
    expect(page.get_by_text("Thanks")).to_be_visible(timeout=300)


def test_sends_without_a_page(page: Page):
    page.request.post("/form")


def test_sends_by_playwright(playwright: Playwright, base_url: str):
    playwright.request.new_context(base_url=base_url).post("/form")


def test_sends_in_a_context_of_its_own(browser: Browser, base_url: str):
    page = browser.new_page()
    page.goto(base_url)
    page.get_by_role("button", name="Send").click(no_wait_after=True)
    expect(page.get_by_text("Thanks")).to_be_visible(timeout=300)


@pytest.mark.mutates
def test_signs_in(page: Page, credentials):
    """Somebody signs in, and it fails."""
    reader = credentials("reader")
    page.goto("/sign-in?token={TOKEN}")
    page.get_by_label("Password").fill(reader.password)
    page.get_by_role("button", name="Send").click()
    page.goto("/sign-in?token={TOKEN}")
    page.get_by_label("Password").fill("{TYPED}")
    print(reader)
    page.context.request.get("/", headers={{"Authorization": "Bearer {TOKEN}"}})
    expect(page.get_by_text("Hello " + reader.password)).to_be_visible(timeout=300)


def test_of_nobody(page: Page, credentials):
    credentials("editor")
'''
ALONE = """
import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def context(browser):
    context = browser.new_context()
    yield context
    context.close()


def test_reads(page: Page, base_url: str):
    page.goto(base_url)
    expect(page.get_by_text("The news")).to_be_visible()


def test_sends(page: Page, base_url: str):
    page.goto(base_url)
    page.get_by_role("button", name="Send").click(no_wait_after=True)
    expect(page.get_by_text("Thanks")).to_be_visible(timeout=300)
"""
FORM = f"""<p>The news</p><form method="post" action="/form"><label>Password <input type="password" name="password"></label>
<button>Send</button></form><script>localStorage.setItem("token", "{TOKEN}")</script>"""


def answers(_site: Origin) -> Mapping[str, Answer]:
    signed = {"Set-Cookie": f"session={SESSION}; HttpOnly; SameSite=Lax; Path=/"}
    throws = html(
        FORM + """<button onclick="throw new TypeError(document.querySelector('input').value)">Throw</button>"""
    )
    return {
        "/": html(FORM),
        "/throws": throws,
        "/sign-in": html(FORM),
        "/form": html(FORM + "<p>Thanks</p>" + SESSION, headers=signed),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mapping[str, Any], Path, Origin]]:
    """The record of these journeys, the folder with everything they left behind, and the server."""
    folder = tmp_path_factory.mktemp("journeys")
    (folder / "test_them.py").write_text(TESTS, "utf-8")
    with pytest.MonkeyPatch.context() as patch, results() as place, origin(answers) as site:
        patch.setenv("TRIES", str(folder / "tries"))
        reader = {"user": "reader@example.com", "password": PASSWORD}
        told = settings(site.url, place, mutates=True, credentials={"reader": reader}, patience=5)
        yield {**travelled(folder, told), "place": "the site"}, place, site


def of(run: tuple[Mapping[str, Any], Path, Origin], test: str) -> Mapping[str, Any]:
    (found,) = [each for each in run[0]["journeys"] if each["id"].partition("::")[2].partition("[")[0] == test]
    return found


def test_what_became_of_each(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    found = judged(JOURNEYS, run[0])["journeys-succeed"]
    told = {
        re.sub(r".*\((test_\w+).*", r"\1", each.subject): (each.outcome, each.observed or each.reason) for each in found
    }
    assert told["test_good"] == (Outcome.SATISFIED, "success")
    assert told["test_flaky"][0] is Outcome.NOT_SATISFIED
    assert told["test_flaky"][1].startswith("flaky: failed, then succeeded when tried again")
    assert told["test_of_nobody"] == (
        Outcome.UNDETERMINED,
        "it was not carried out: [e2e.credentials] names no 'editor'",
    )
    unstated = {name for name, (_, said) in told.items() if said.startswith("it states nothing that must hold")}
    assert unstated == {"test_states_nothing"}
    assert told["test_states_it_elsewhere"] == told["test_expects_no_page"] == told["test_good"]
    met = {
        name: said for name, (outcome, said) in told.items() if outcome is Outcome.NOT_SATISFIED and "_meets_" in name
    }
    assert met["test_meets_no_page"].startswith("it came to its end, but on the way; HTTP 404 of the page /gone; ")
    assert "a script of /throws threw TypeError" in met["test_meets_an_exception"]
    failed = {
        name for name, (outcome, said) in told.items() if outcome is Outcome.NOT_SATISFIED and name != "test_flaky"
    } - met.keys()
    assert failed == {name for name in told if name.startswith(("test_sends", "test_signs"))}


def test_what_failed_says_what_it_waited_for_and_on_which_line(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    journeys = Facts(tuple(journey_facts(run[0]))).of(Journey)
    (found,) = [each for each in journeys if each.subject.endswith("(test_sends)")]
    assert 'waited for get_by_text("Thanks")' in found.told
    assert found.subject == "sends (test_sends)"
    line = TESTS.splitlines()[int(found.place.rpartition(":")[2]) - 1]
    assert line == '    expect(page.get_by_text("Thanks")).to_be_visible(timeout=300)'


@pytest.mark.parametrize("test", ["test_sends", "test_sends_in_a_context_of_its_own"])
def test_a_journey_that_does_not_say_so_changes_nothing(run: tuple[Mapping[str, Any], Path, Origin], test: str) -> None:
    assert of(run, test)["refused"] == [f"POST {run[2].url}/form"]


def test_only_the_journey_that_says_so_sent_something_and_it_was_not_run_again(
    run: tuple[Mapping[str, Any], Path, Origin],
) -> None:
    assert [each for each in run[2].asked if each[0] != "GET"] == [("POST", "/form")]
    assert of(run, "test_signs_in")["again"] == ""
    assert of(run, "test_sends_without_a_page")["again"] == "failed"
    assert "is not marked" in of(run, "test_sends_by_playwright")["why"]


@pytest.mark.slow
def test_no_file_holds_a_secret(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    record, place, _ = run
    trace = next(name for name in of(run, "test_signs_in")["evidence"] if name.endswith(".zip"))
    texts = {
        "record": repr(record).encode(),
        **{str(each): each.read_bytes() for each in place.rglob("*") if each.is_file()},
    }
    for name, data in list(texts.items()):
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                texts |= {f"{name}/{inner}": archive.read(inner) for inner in archive.namelist()}
    kept = b"".join(texts[each] for each in texts if f"{trace}/" in each)
    assert b"session=" in kept or b"Set-Cookie" in kept, "the trace does not hold what was to be taken out"
    for canary in (PASSWORD, SESSION, TOKEN, TYPED, "canary-of-a-password%2F1"):
        assert [name for name, data in texts.items() if canary.encode() in data] == [], canary


@pytest.mark.slow
def test_a_failure_leaves_a_picture_and_a_trace_that_can_be_played(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    picture, trace = of(run, "test_sends")["evidence"]
    assert (run[1] / picture).read_bytes().startswith(b"\x89PNG")
    with zipfile.ZipFile(run[1] / trace) as archive:
        assert {"trace.trace", "trace.network"} <= set(archive.namelist())
        played = archive.read("trace.trace")
    assert played.startswith(b'{"version":')
    assert of(run, "test_good")["evidence"] == []


def test_cookies_are_kept_without_their_values(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    (cookie,) = of(run, "test_signs_in")["cookies"]
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"], cookie["sameSite"].lower()) == (
        "session",
        False,
        True,
        "lax",
    )
    assert "value" not in cookie


def test_what_the_site_answered_is_kept_with_the_names_of_what_was_sent(
    run: tuple[Mapping[str, Any], Path, Origin],
) -> None:
    answers = of(run, "test_signs_in")["answers"]
    assert {answer["status"] for answer in answers} <= {200, 302, 303}
    assert ["session"] in [answer["sent"] for answer in answers]
    assert not any("?" in answer["url"] for answer in answers)


def test_the_browser_is_told(run: tuple[Mapping[str, Any], Path, Origin]) -> None:
    assert re.fullmatch(r"\d+\.[\d.]+", run[0]["browser"]["version"])


@pytest.mark.slow
def test_whoever_runs_journeys_by_themselves_has_the_same_guard(tmp_path: Path) -> None:
    shutil.copy(ROOT / "e2e" / "journeys" / "pytest.ini", tmp_path)
    (tmp_path / "test_them.py").write_text(ALONE, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    with origin(answers) as site:
        done = subprocess.run(
            [*command, "--base-url", site.url], cwd=tmp_path, check=False, capture_output=True, text=True
        )
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert {method for method, _ in site.asked} == {"GET"}
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == [
        "pytest.ini",
        "test_them.py",
    ]


# ── A journey has many ways out of Playwright: none sends an undeclared change, or reaches an undeclared host

#: Each way that a journey tries, with ``page``, ``browser``, ``playwright`` and ``other``, a host that is not declared.
WAYS_OUT = (
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
TESTS_OF_WAYS = f'''
import pytest
from playwright import async_api
from playwright.sync_api import Browser, Error, Page, Playwright

WAYS = {WAYS_OUT!r}
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
    """A request that only reads is redirected as usual."""
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


def ways_answered(site: Origin) -> Mapping[str, Answer]:
    other = site.url.replace("127.0.0.1", "localhost")
    return {
        "/": html("The news"), "/form": html("Thanks"), "/own": html("Mine"), "/second": html("There"),
        "/first": redirect("/second"), "/circle": redirect("/circle"), "/then": redirect("/form"),
        "/speculates": html(f"<h1>A</h1><script type=speculationrules>{SPECULATES}</script>"), "/guessed": html(GUESSED),
        "/kept": html("Kept", headers={"Cache-Control": "max-age=600"}),
        "/away": redirect(f"{other}/form"), "/far": redirect("/away"),
    }  # fmt: skip


@pytest.fixture(scope="module")
def ways_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], Origin]]:
    """The record of these journeys, and the server."""
    folder = tmp_path_factory.mktemp("doors")
    with results() as place, origin(ways_answered) as site:
        other = site.url.replace("127.0.0.1", "localhost")
        (folder / "test_them.py").write_text(TESTS_OF_WAYS.replace('OTHER = "OTHER"', f"OTHER = {other!r}"), "utf-8")
        told = settings(site.url, place, mutates=True, patience=5)
        yield {each["id"].partition("::")[2]: each for each in travelled(folder, told)["journeys"]}, site


def ways_of(record: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [each for key, each in record.items() if key.startswith(name)]


@pytest.mark.slow
def test_each_way_is_refused(ways_run: tuple[dict[str, Any], Origin]) -> None:
    (found,) = ways_of(ways_run[0], "test_ways")
    assert found["outcome"] == "passed", found["why"]


def test_routes_and_browsers_of_a_test_make_no_difference(ways_run: tuple[dict[str, Any], Origin]) -> None:
    (found,) = ways_of(ways_run[0], "test_routes")
    assert found["outcome"] == "passed", found["why"]
    assert found["refused"].count(f"POST {ways_run[1].url}/form") == 4
    (fetching,) = ways_of(ways_run[0], "test_a_route_fetches")
    assert fetching["refused"] == [f"POST {ways_run[1].url}/form"]


@pytest.mark.slow
def test_no_other_way_leads_past_the_guard(ways_run: tuple[dict[str, Any], Origin]) -> None:
    (found,) = ways_of(ways_run[0], "test_other_ways")
    assert found["outcome"] == "passed", found["why"]
    assert f"WEBSOCKET {ways_run[1].url.rpartition('/')[2]}" in found["refused"]
    assert {f"POST {ways_run[1].url}/form", f"PUT {ways_run[1].url}/own"} <= {*found["refused"]}


@pytest.mark.slow
def test_what_reads_and_what_says_that_it_writes_is_let_through(ways_run: tuple[dict[str, Any], Origin]) -> None:
    (reads,), (writes,) = ways_of(ways_run[0], "test_reads"), ways_of(ways_run[0], "test_writes")
    assert (reads["outcome"], writes["outcome"]) == ("passed", "passed"), (reads["why"], writes["why"])
    arrived = [each for each in ways_run[1].asked if each[0] not in ("GET", "HEAD")]
    assert arrived == [("POST", "/form"), ("POST", "/then"), ("PUT", "/form"), ("UPGRADE", "/socket")]
    assert ("GET", "/form") in ways_run[1].asked
    assert ways_run[1].asked.count(("GET", "/kept")) == 2, "the site answers, and not what the browser kept"
