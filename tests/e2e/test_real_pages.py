"""Pages like other sites': late parts, frames, slow responses, defects, substitutes that are never judged as the
page, and a walk with the Tab key."""

import json
import shutil
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, sync_playwright

from prodgate.browser import engine
from prodgate.browser.engine.page_visit import PageLog, press_dead
from prodgate.browser.processes import run_process
from prodgate.browser.settings import BrowserSettings
from prodgate.engines.programs import require_chromium
from prodgate.layers.e2e.facts import JOURNEYS, KINDS, VISITS
from prodgate.rehearsal.edge import EdgeSettings, edge
from prodgate.rehearsal.site.process import running
from prodgate.testing import Outcome
from tests.prodgate.facts.e2e.browser_records import WALK, visit, visits
from tests.suites.judging import WORST

from .stage import (
    ROOT as PROJECT,
    SEARCH,
    Answer,
    Findings,
    Origin,
    checks,
    html,
    join,
    journeys_judged,
    judged,
    origin,
    page,
    pages_judged,
    plain,
    redirect,
    results,
    settings,
    visited,
)

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]

LATE = "<p style='margin:0'>short</p><p>The news</p>"
FILL = "document.querySelector('main').insertAdjacentHTML('afterbegin', '<h1 style=\"font-size:120px;margin:0\">Late and large</h1>')"
REPEATED = "let n = 0; const each = setInterval(() => { n += 1; if (n === 6) { FILL; clearInterval(each); } }, 100);"
#: Uses time without yielding, once or each time.
BUSY = "const busy = (ms) => { for (const until = performance.now() + ms; performance.now() < until;); };"
SLOW = f"""<h1>Slow</h1><a href="#main" style="position:absolute;left:-999px">Skip</a>
<input type="password" aria-label="Password"><x-press></x-press>
<script>{BUSY}
addEventListener("keydown", () => busy(700), {{ once: true }});
document.querySelector("input").addEventListener("input", () => busy(400));
const inner = document.querySelector("x-press").attachShadow({{ mode: "open" }});
inner.innerHTML = '<button type="button">Press</button>';
inner.firstChild.addEventListener("click", () => busy(500));
</script>"""
FRAMES = """<h1>Frames</h1><div id="telephone"></div>
<iframe title="one of another origin" src="{other}/inside"></iframe>
<iframe title="one that is gone" src="/gone"></iframe>
<iframe title="one without scripts" sandbox srcdoc="<p>Nothing runs here</p>"></iframe>
<img alt="a pixel" src="/tracked">
<p style="background:linear-gradient(#000,#fff);color:#888">Who knows</p>
<script>
const real = navigator.userAgentData?.mobile && /Mobile/.test(navigator.userAgent) && devicePixelRatio === 3;
addEventListener("load", () => {
  const passing = document.createElement("iframe");
  Object.assign(passing, { title: "passing", src: "{other}/holding", onload: () => passing.remove() });
  document.body.append(passing);
});
if (innerWidth < 500 && !(real && navigator.maxTouchPoints > 0)) console.error("no telephone");
</script>"""
INSTALLED = """<h1>The news</h1><script>
navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then(() => {
  document.querySelector("main").insertAdjacentHTML("beforeend", "<nav>It runs</nav>");
});
fetch("/updates");
</script>"""
WORKER = """self.addEventListener("install", (event) => event.waitUntil(Promise.allSettled([
  fetch("/change", { method: "POST", body: "1" }), fetch("https://spy.example/seen"),
])));"""
#: Sends within the site, over TLS, nowhere, and by each way over plain HTTP.
FORMS = """<form method=post></form><form action="/in"></form><form action="https://a.example/"></form>
<form action="http://b.example/in?key=1" method=post></form><form><button formaction="http://c.example/">c</button></form>
<form action="http://d.example/" method=dialog></form>"""
#: Links within a page: to elements and to the top, to routes, to nothing, and what is pressed rather than followed.
WITHIN = "<p id='here'>Here</p><a name='é'>e</a>" + "".join(
    f"<a href='{where}'>{name}</a> "
    for where, name in {
        "#here": "here", "#%C3%A9": "e", "#": "none", "#top": "top", "#!": "nothing", "#/": "home", "#:~:text=Here": "text",
        "#/about": "about", "#tab=2": "state", "#gone": "lost", "#menu' role='button": "menu", "https://a.example/#/b": "away",
    }.items()
)  # fmt: skip
REPORTS = {"Content-Security-Policy-Report-Only": "img-src 'none'"}
PAGES = [
    page(name, f"/{name}", "main")
    for name in ("late", "later", "timed", "streamed", "repeated", "slow", "frames", "links", "within", "routed")
]
PAGES += [page("polling", "/polling", "navigation")]


def delayed(answer: Answer, seconds: float) -> Answer:
    def wait(request: BaseHTTPRequestHandler) -> None:
        threading.Event().wait(seconds)
        answer(request)

    return wait


def answers(site: Origin) -> Mapping[str, Answer]:
    other = site.url.replace("127.0.0.1", "localhost")
    links = "".join(
        f"<a href='{where}'>{name}</a> "
        for name, where in {
            each: f"/{each}" for each in ("moved", "member", "wrong", "busy", "puzzle", "strange")
        }.items()
    )
    return {
        "/late": html(f"{LATE}<script>fetch('/data').then((told) => told.text()).then(() => {FILL});</script>"),
        "/later": html(f"{LATE}<script>setTimeout(() => {{ {FILL}; throw new Error('late'); }}, 5000);</script>"),
        "/data": delayed(html("data"), 0.6),
        "/timed": html(f"{LATE}<script>setTimeout(() => {FILL}, 600);</script>"),
        "/slow": html(SLOW),
        "/polling": html(INSTALLED),
        "/updates": site.hang,
        "/streamed": html(f"{LATE}<script>new EventSource('/stream').onmessage = () => {FILL};</script>"),
        "/stream": delayed(plain("data: now\n\n", "text/event-stream"), 0.6),
        "/repeated": html(f"{LATE}<script>{REPEATED.replace('FILL', FILL)}</script>"),
        "/holding": html("<script>fetch('/updates');</script>"),
        "/frames": html(FRAMES.replace("{other}", other), headers=REPORTS),
        "/inside": html("<h2>Inside</h2><button></button>"),
        "/within": html(f"<h1>Within</h1>{WITHIN}"),
        "/routed": html("<h1>Routed</h1><a href='/links#/shop'>shop</a> <a href='/links#there'>there</a>"),
        "/tracked": redirect("https://tracker.example/pixel.gif"),
        "/worker.js": plain(WORKER, "text/javascript"),
        "/links": html(f"<h1>Links</h1>{links}{FORMS}"),
        "/moved": redirect(f"{other}/inside"),
        "/member": html("who are you", 401),
        "/puzzle": html("are you a person", 405, {"x-amzn-waf-action": "captcha"}),
        "/strange": redirect("https://strange.example/"),
        "/busy": html("slower", 429, {"Retry-After": "3600"}),
    }


@pytest.fixture(scope="module")
def seen() -> tuple[Mapping[str, Any], Origin]:
    """The record of the visits, and the server."""
    with results() as place, origin(answers) as site:
        return visited(settings(site.url, place, pages=PAGES, hosts=["localhost"], patience=10.0)), site


@pytest.fixture(scope="module")
def found(seen: tuple[Mapping[str, Any], Origin]) -> Findings:
    return judged(VISITS, seen[0])


def of(seen: tuple[Mapping[str, Any], Origin], name: str, size: str = "desktop") -> Mapping[str, Any]:
    (one,) = [each for each in seen[0]["pages"] if (each["name"], each["size"]) == (name, size)]
    return one


def told(found: Findings, criterion: str, name: str) -> list[tuple[Outcome, str]]:
    about = [each for each in found[criterion] if each.subject.partition(" ")[0] == name]
    return [(each.outcome, str(each.observed or each.reason)) for each in about]


@pytest.mark.parametrize("size", ["desktop", "telephone"])
@pytest.mark.parametrize("name", ["late", "timed", "streamed", "repeated"])
def test_what_comes_late_is_part_of_the_page(seen: tuple[Mapping[str, Any], Origin], name: str, size: str) -> None:
    one = of(seen, name, size)
    assert one["vitals"]["lcp"] >= 600
    assert one["vitals"]["cls"] > 0.002
    assert (one["rested"], one["waiting"]) == (True, [])


@pytest.mark.parametrize("criterion", ["page-largest-paint", "page-layout-stable"])
def test_a_page_that_still_waits_is_undetermined(found: Findings, criterion: str) -> None:
    assert [outcome for outcome, _ in told(found, criterion, "polling")] == [Outcome.UNDETERMINED] * 2
    reasons = [str(each.reason) for each in found[criterion] if each.subject.startswith("polling ")]
    assert all("/updates; mend that, or name it in [e2e] lasting" in reason for reason in reasons)


@pytest.mark.parametrize("criterion", ["page-layout-stable", "pages-without-errors"])
def test_what_comes_after_five_seconds_is_never_called_good(found: Findings, criterion: str) -> None:
    outcomes = [outcome for outcome, _ in told(found, criterion, "later")]
    assert len(outcomes) == 2
    assert Outcome.SATISFIED not in outcomes


def test_slow_answers_of_each_kind_are_seen_and_the_first_key_is_kept(
    seen: tuple[Mapping[str, Any], Origin], found: Findings
) -> None:
    keyboard = of(seen, "slow")["keyboard"]
    assert keyboard["settled"]
    assert keyboard["answers"]["walked"] >= 700
    assert keyboard["answers"]["typed"] >= 400
    assert keyboard["answers"]["pressed"] >= 500
    assert [outcome for outcome, _ in told(found, "keyboard-answered-fast", "slow")] == [Outcome.NOT_SATISFIED]


def test_frames_are_examined_whatever_their_origin(found: Findings) -> None:
    assert all(
        outcome is Outcome.NOT_SATISFIED and "button-name" in said
        for outcome, said in told(found, "pages-accessible", "frames")
    )


def test_what_axe_leaves_open_is_kept(seen: tuple[Mapping[str, Any], Origin]) -> None:
    assert "color-contrast" in [each["id"] for each in of(seen, "frames")["undecided"]]


def test_a_frame_that_is_missing_is_a_failure(found: Findings) -> None:
    assert all(
        outcome is Outcome.NOT_SATISFIED and "/gone: HTTP 404" in said
        for outcome, said in told(found, "page-files-arrive", "frames")
    )


def test_a_frame_that_has_gone_waits_for_nothing(seen: tuple[Mapping[str, Any], Origin]) -> None:
    assert ("GET", "/holding") in seen[1].asked
    assert [of(seen, "frames", size)["waiting"] for size in ("desktop", "telephone")] == [[], []]


def test_hosts_that_redirects_and_service_workers_ask_are_seen(found: Findings) -> None:
    assert all(
        "https://tracker.example/pixel.gif" in said for _, said in told(found, "third-parties-declared", "frames")
    )
    assert all("https://spy.example/seen" in said for _, said in told(found, "third-parties-declared", "polling"))


def test_a_telephone_is_one_and_reports_are_no_errors(found: Findings) -> None:
    outcomes = told(found, "pages-without-errors", "frames")
    assert [outcome for outcome, _ in outcomes] == [Outcome.SATISFIED] * 2
    assert all("a policy that only reports says: img-src would refuse" in said for _, said in outcomes)


def test_service_workers_run_and_change_nothing(seen: tuple[Mapping[str, Any], Origin], found: Findings) -> None:
    assert [outcome for outcome, _ in told(found, "pages-complete", "polling")] == [Outcome.SATISFIED] * 2
    assert all("/worker.js was not watched" in said for _, said in told(found, "pages-complete", "polling"))
    assert ("GET", "/worker.js") in seen[1].asked
    assert {method for method, _ in seen[1].asked} == {"GET"}


def test_links_are_told_apart(seen: tuple[Mapping[str, Any], Origin], found: Findings) -> None:
    ((outcome, said),) = told(found, "links-lead-somewhere", "links")
    assert outcome is Outcome.NOT_SATISFIED
    assert [each.partition(" to ")[0] for each in said.split("; ")] == ["'wrong'", "'strange'"]
    assert "leads to https://strange.example/" in said
    asked = {url.rpartition("/")[2]: each for url, each in seen[0]["links"]["asked"].items()}
    statuses = {"moved": 200, "member": 401, "wrong": 404, "busy": 429, "puzzle": 405, "strange": 302}
    assert {name: each["status"] for name, each in asked.items()} == statuses
    assert {name for name, each in asked.items() if each.get("challenged")} == {"busy", "puzzle"}


def test_routes_of_scripts_are_open_and_what_names_no_element_is_broken(
    seen: tuple[Mapping[str, Any], Origin], found: Findings
) -> None:
    links = {each["text"]: each["fragment"] for each in of(seen, "within")["links"] if "fragment" in each}
    assert links == {"about": "route", "state": "route", "lost": "lost"}
    ((outcome, said),) = told(found, "links-lead-somewhere", "within")
    assert (outcome, said.partition(" to ")[0]) == (Outcome.NOT_SATISFIED, "'lost'")
    ((outcome, said),) = told(found, "links-lead-somewhere", "routed")
    assert (outcome, said.partition(" to ")[0]) == (Outcome.NOT_SATISFIED, "'there'")
    assert ("GET", "/links") in seen[1].asked


def test_forms_that_send_over_plain_http_are_named(found: Findings) -> None:
    assert told(found, "https-only", "links") == [
        (Outcome.NOT_SATISFIED, "POST http://b.example/in; GET http://c.example/")
    ]
    assert told(found, "https-only", "late") == [(Outcome.SATISFIED, "every form")]


# ── Announcements of a page while it loads

WATCH, REST = (Path(engine.__file__).with_name("scripts") / f"{name}.js" for name in ("watch", "rest"))
#: Name -> (the page's behaviour, whether it is at rest afterwards, what then goes on).
LOADING: Mapping[str, tuple[str, bool, list[str]]] = {
    "nothing": ("", True, []),
    "a timer": ("<script>setTimeout(() => 0, 2900)</script>", False, ["timers: a timer of 2.9 s"]),
    "a timer that is taken back": ("<script>clearTimeout(setTimeout(() => 0, 2900))</script>", True, []),
    "a timer that is over": ("<script>setTimeout(() => 0, 1); setTimeout('0', 1)</script>", True, []),
    "a timer of long": ("<script>setTimeout(() => 0, 60000)</script>", True, ["timers: a timer of 60 s"]),
    "a timer of long in text": ("<script>setTimeout('0', 60000)</script>", True, ["timers: a timer of 60 s"]),
    "a timer that sets itself again": (
        "<script>const wait = () => setTimeout(wait, 4000); wait()</script>", True, ["timers: a timer of 4 s"],
    ),
    "an interval": ("<script>setInterval(() => 0, 5000)</script>", True, ["timers: an interval of 5 s"]),
    "an interval that is taken back": ("<script>clearInterval(setInterval(() => 0, 5000))</script>", True, []),
    "a task": ("<script>scheduler.postTask(() => 0, {delay: 2900})</script>", False, ["timers: a task of 2.9 s"]),
    "a task that is taken back": (
        "<script>const c = new TaskController(); scheduler.postTask(() => 0, {delay: 2900, signal: c.signal}).catch(() => 0); c.abort()</script>",
        True, [],
    ),
    "a task of long": ("<script>scheduler.postTask(() => 0, {delay: 60000})</script>", True, ["timers: a task of 60 s"]),
    "a function in a few frames": (
        "<script>let n = 0; const each = () => { if (++n < 9) requestAnimationFrame(each); }; requestAnimationFrame(each)</script>", True, [],
    ),
    "a function in each frame": (
        "<script>const each = () => requestAnimationFrame(each); each()</script>", True, ["frames: a function that runs in each frame"],
    ),
    "a promise in each frame": (
        "<script>(async () => { for (;;) await new Promise(requestAnimationFrame); })()</script>", True,
        ["frames: a function that runs in each frame"],
    ),
    "a function in idle time": (
        "<script>const each = () => requestIdleCallback(each); each()</script>", True,
        ["idle: a function that runs whenever nothing else does"],
    ),
    "something that fades in": ("<style>@keyframes k { from { opacity: 0 } } i { animation: k 2.9s }</style><i>in</i>", False, []),
    "something that turns for ever": ("<style>@keyframes k { to { rotate: 1turn } } i { display: inline-block; animation: k 1s infinite }</style><i>o</i>", True, []),
    "something that grows in a while": (
        "<style>@keyframes k { to { height: 90px } } i { display: block; height: 9px; animation: k 1s 9s }</style><i>o</i>", True,
        ["animations: an animation that moves other elements"],
    ),
    "a way on": ("<meta http-equiv=refresh content='2; url=/next'>", False, []),
    "a way on in a minute": ("<meta http-equiv=refresh content='60; url=/next'>", True, []),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=require_chromium().program or None)
        yield found
        found.close()


@pytest.mark.parametrize("name", LOADING)
def test_a_page_is_at_rest_once_nothing_is_to_come(browser: Browser, name: str) -> None:
    does, rests, goes = LOADING[name]
    page = browser.new_page()
    page.add_init_script(WATCH.read_text("utf-8"))
    page.route(
        "**/*", lambda route: route.fulfill(body=f"<!doctype html><p>The news</p>{does}", content_type="text/html")
    )
    page.goto("http://page.example/")
    assert page.evaluate(REST.read_text("utf-8"), [50, 700 if not rests else 10_000])["still"] is rests
    log = PageLog(BrowserSettings(base_url="http://page.example"))
    if goes and not goes[0].startswith("timers"):  # it has to be seen some times before it is known
        page.wait_for_function("kind => __prodgate.goes()[kind].length", arg=goes[0].partition(":")[0], polling=50)
    assert log.list_going(page.main_frame) == goes
    lasting = PageLog(
        BrowserSettings(base_url="http://page.example", lasting=[each.partition(":")[0] for each in goes])
    )
    assert lasting.list_going(page.main_frame) == []
    page.close()


#: Shows a text, and an element that listens to each press on the page, as frameworks do.
SHOWS, ROOT = "p.textContent = 'b'", "<p id=p>a</p><a id=own href='#x'>x</a>"
DELEGATES = f"{ROOT}<script>document.addEventListener('click', (event) => {{ if (event.target.closest('DO')) {{ WHAT }} }})</script>"
#: Name -> (the body of a page with a link to what it does not have, what a press does).
PRESSED: Mapping[str, tuple[str, str]] = {
    "nothing": (ROOT, "lost"),
    "a listener that does nothing": (f"{ROOT}<script>document.addEventListener('click', () => 0)</script>", "lost"),
    "a root that handles others": (DELEGATES.replace("DO", "button").replace("WHAT", f"event.preventDefault(); {SHOWS}"), "lost"),
    "a root that handles it": (DELEGATES.replace("DO", "a").replace("WHAT", f"event.preventDefault(); {SHOWS}"), "acts"),
    "a root that shows nothing": (DELEGATES.replace("DO", "a").replace("WHAT", "event.preventDefault()"), "handled"),
    "a root that leads on": (DELEGATES.replace("DO", "a").replace("WHAT", "event.preventDefault(); location = '/next'"), "acts"),
    "a root that routes": (DELEGATES.replace("DO", "a").replace("WHAT", "event.preventDefault(); history.pushState(0, '', '/next')"), "acts"),
    "a root that scrolls": (DELEGATES.replace("DO", "a").replace("WHAT", "scrollTo(0, 500)").replace("<p ", "<p style='height:4000px' "), "acts"),
    "a root that focuses": (DELEGATES.replace("DO", "a").replace("WHAT", "p.tabIndex = 0; p.focus()"), "acts"),
    "a root that fills a field": (DELEGATES.replace("DO", "a").replace("WHAT", "p.value = 'b'").replace("<p id=p>a</p>", "<input id=p>"), "acts"),
    "a root that asks": (DELEGATES.replace("DO", "a").replace("WHAT", "alert('b')"), "acts"),
    "a root that counts": (DELEGATES.replace("DO", "a").replace("WHAT", "document.head.append(document.createElement('script')); event.target.dataset.n = 1"), "handled"),
    "a root that shows each press": (DELEGATES.replace("DO", "*").replace("WHAT", "p.textContent += 'b'"), "handled"),
    "an answer by a timer": (f"{ROOT}<script>own.onclick = () => setTimeout(() => {{ {SHOWS} }}, 900)</script>", "acts"),
    "a press of the pointer": (f"{ROOT}<script>own.onpointerdown = () => {{ {SHOWS} }}</script>", "acts"),
    "an answer that comes later": (f"{ROOT}<script>own.onclick = async () => {{ await fetch('/slow'); {SHOWS} }}</script>", "acts"),
    "an answer that the gate refuses": (f"{ROOT}<script>own.onclick = async () => {{ await fetch('/vote', {{method: 'POST'}}); {SHOWS} }}</script>", "handled"),
    "a change of the address": (f"{ROOT}<script>onhashchange = () => {{ {SHOWS} }}</script>", "acts"),
    "a clock": (f"{ROOT}<i id=i></i><script>setInterval(() => {{ i.textContent += '.' }}, 30)</script>", "lost"),
    "a clock beside a root that handles it": (f"{DELEGATES.replace('DO', 'a').replace('WHAT', SHOWS)}<i id=i></i><script>setInterval(() => {{ i.textContent += '.' }}, 900)</script>", "acts"),
    "a menu that each press closes": (
        "<p id=p hidden>a</p><a href='#m'>m</a><a href='#x'>x</a><script>document.onclick = ({target}) => { p.hidden = !target.matches('[href=\"#m\"]') }</script>", "lost",
    ),
    "two, of which one acts": (f"{ROOT}<a href='#x'>y</a><script>own.onclick = () => {{ {SHOWS} }}</script>", "lost"),
    "a shadow": (
        "<p id=host><template shadowrootmode=open><a href='#x'>x</a><b></b></template></p>"
        "<script>host.onclick = () => { host.shadowRoot.querySelector('b').textContent = 'b' }</script>", "acts",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRESSED)
def test_a_link_to_nothing_is_judged_by_what_a_press_does(browser: Browser, name: str) -> None:
    body, does = PRESSED[name]
    page = browser.new_page()
    page.add_init_script(WATCH.read_text("utf-8"))

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            route.abort("blockedbyclient")
            return
        threading.Event().wait(0.6 if route.request.url.endswith("/slow") else 0)
        route.fulfill(body=f"<!doctype html><body>{body}", content_type="text/html")

    page.route("**/*", answer)
    log = PageLog(BrowserSettings(base_url="http://page.example"))
    log.listen_to(page)
    page.goto("http://page.example/")
    listed = json.loads(page.evaluate(WATCH.with_name("links.js").read_text("utf-8")))["links"]
    assert {each["url"][-2:]: each["fragment"] for each in listed if "fragment" in each}["#x"] == "handled"
    found = press_dead(page, log, [each["url"] for each in listed if "fragment" in each])
    assert found["http://page.example/#x"] == does
    page.close()


#: Name -> (the body of another page, what is known of a fragment of it).
OTHERS: Mapping[str, tuple[str, str]] = {
    "sent": ("<p id=x>x</p>", "there"),
    "named": ("<a name=x>x</a>", "there"),
    "made": ("<p id=p>a</p><script>p.id = 'x'</script>", "there"),
    "gone": ("<p>a</p>", "lost"),
    "scripted": ("<p id=p>a</p><script>addEventListener('click', () => 0)</script>", "lost"),
    "read": ("<p id=p>a</p><script>p.textContent = location.hash</script>", "handled"),
    "slow": ("<p>a</p><script>fetch('/updates')</script>", "unseen"),
}


def test_fragments_of_other_pages_are_looked_up_there() -> None:
    links = "".join(f"<a href='/{name}#x'>{name}</a> " for name in (*OTHERS, "wrong"))
    pages = {f"/{name}": html(body) for name, (body, _) in OTHERS.items()}
    with results() as place, origin(lambda site: {**pages, "/": html(links), "/updates": site.hang}) as site:
        record = visited(settings(site.url, place, pages=[page("front", "/", "main")]))
        assert record["links"]["within"] == {f"{site.url}/{name}#x": there for name, (_, there) in OTHERS.items()}
    ((outcome, said),) = told(judged(VISITS, record), "links-lead-somewhere", "front")
    assert outcome is Outcome.NOT_SATISFIED
    assert [each.partition(" to ")[0] for each in said.split("; ")] == ["'gone'", "'scripted'", "'wrong'"]


# ── A substitute is never judged as the page: a sign-in, a puzzle, nothing at all, or a page that the gate blocked

BUILD = {"x-build": "blue"}
GOOD, BAD, OPEN = Outcome.SATISFIED, Outcome.NOT_SATISFIED, Outcome.UNDETERMINED
#: Puts its input into the page, in place of the notice to wait.
SHOW = "(told) => { document.querySelector('main').innerHTML = '<h1>' + told + '</h1><i role=button>No</i>'; }"
WAIT = "<h1>The news</h1><p>One moment</p>"
SIGN_IN = '<h1>Sign in</h1><form><label>Word <input type="password"></label><button>Go</button></form>'
SCREEN = "<h1>Long</h1><div style='height:4000px'></div>"
SCROLLED = (
    "<p id=end>.</p><script>new IntersectionObserver(([one], all) => { if (one.isIntersecting) { all.disconnect();"
    "end.innerHTML = '<img alt=x src=/lost-by-script.png>'; } }).observe(end)</script>"
)
LINKS = """<h1>Links</h1><nav-bar><template shadowrootmode="open"><a href="/lost-in-a-shadow">a</a></template></nav-bar>
<map name="m"><area href="/lost-on-a-map" shape="rect" coords="0,0,9,9" alt="b"></map>
<img usemap="#m" width="9" height="9" alt="c" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<svg width="9" height="9"><title>d</title><a href="/lost-in-a-drawing"><text y="9">d</text></a></svg>
<iframe title="e" src="/inner"></iframe>"""

#: Name -> (the response, the outcome for completeness, its message, whether the page was seen).
ARRIVALS: Mapping[str, tuple[Answer, Outcome, str, bool]] = {
    "asks": (html(f"{WAIT}<script>fetch('/rpc', {{method: 'POST'}}).then((one) => one.text()).then({SHOW}).catch(() => 0)</script>"), GOOD, "", False),
    "listens": (html(f"{WAIT}<script>new WebSocket(location.origin.replace('http', 'ws')).onmessage = {SHOW}</script>"), GOOD, "", False),
    "needs": (html("<h1>A</h1><script>fetch('/rpc', {method: 'PUT'}).catch(() => document.querySelector('main').remove())</script>"), OPEN, "PUT", False),
    "counts": (html("<h1>A</h1><p>All of it</p><script>navigator.sendBeacon('/rpc')</script>"), GOOD, "", True),
    "blank": (plain("", "text/html"), BAD, "it shows nothing", False),
    "hollow": (plain("<!doctype html><title>A page</title><div id=root></div>", "text/html"), BAD, "it shows nothing", False),
    "drawn": (html("<svg width=99 height=99><title>a</title><rect width=99 height=99 /></svg>"), GOOD, "", True),
    "data": (plain('{"error": "no"}', "application/json"), BAD, "application/json, which is no page", False),
    "members": (redirect("/enter"), OPEN, "where one signs in", False),
    "by a script": (html("<script>setTimeout(() => location.replace('/sign_in?next=x'), 300)</script>"), OPEN, "where one signs in", False),
    "by a meta": (html("<meta http-equiv=refresh content='1; url=/sessions/new'><p>Wait</p>"), OPEN, "where one signs in", False),
    "home": (html("<script>location.replace('/en')</script>"), GOOD, "as it should be", True),
    "circle": (html("<script>setTimeout(() => location.reload(), 50)</script>"), OPEN, "again and again", False),
    "closed": (html("No", 403), OPEN, "let the gate in", False),
    "puzzle": (html("<h1>Who?</h1>", 202, {"x-amzn-waf-action": "challenge"}), OPEN, "x-amzn-waf-action", False),
    "moment": (html("<h1>Who?</h1>", 403, {"cf-mitigated": "challenge"}), OPEN, "cf-mitigated", False),
    "guarded": (html("<h1>The news</h1>", 200, {"x-datadome": "protected", **BUILD}), GOOD, "", True),
    "refused": (html("<h1>Who?</h1>", 403, {"x-datadome": "protected"}), OPEN, "x-datadome", False),
    "busy": (html("<h1>Later</h1>", 429), OPEN, "429", False),
}  # fmt: skip
#: Possible responses of a private page to a visitor who has not signed in.
PRIVATE: Mapping[str, Answer] = {
    "private": redirect("/enter"), "private too": html("Who?", 401), "private as well": html("No", 403),
}  # fmt: skip
LATE_PARTS = {"lazy": html(f"{SCREEN}<img loading=lazy alt=x src=/lost.png>"), "scrolled": html(SCREEN + SCROLLED)}


def path(name: str) -> str:
    return f"/{name.replace(' ', '-')}"


def arrivals_answered(_site: Origin) -> Mapping[str, Answer]:
    told = {**{name: answer for name, (answer, *_) in ARRIVALS.items()}, **PRIVATE, **LATE_PARTS}
    return {path(name): answer for name, answer in told.items()} | {
        "/enter": html(SIGN_IN), "/sign_in": html("<h1>Who are you</h1>"), "/sessions/new": html("<h1>Who are you</h1>"),
        "/en": html("<h1>The news</h1><p>All of it</p>"), "/links": html(LINKS), "/inner": html("<a href=/lost-in-a-frame>e</a>"),
    }  # fmt: skip


@pytest.fixture(scope="module")
def arrived() -> Findings:
    pages = [
        page(name.replace(" ", "-"), path(name), "main") for name in ARRIVALS if name not in ("blank", "hollow", "data")
    ]
    pages += [
        page(name.replace(" ", "-"), path(name)) for name in ("blank", "hollow", "data", *PRIVATE, *LATE_PARTS, "links")
    ]
    with results() as place, origin(arrivals_answered) as site:
        record = visited(settings(site.url, place, pages=pages, patience=20.0))
    return judged(VISITS, {**record, "private": [path(name) for name in PRIVATE]})


def worst_of(arrived: Findings, name: str) -> Mapping[str, tuple[Outcome, str]]:
    """The worst outcome for each criterion, and its message."""
    about = {
        criterion: [(each.outcome, str(each.observed or each.reason)) for each in findings if each.subject.partition(" ")[0] == name]
        for criterion, findings in arrived.items()
    }  # fmt: skip
    return {key: min(each, key=lambda one: WORST.index(one[0])) for key, each in about.items() if each}


@pytest.mark.parametrize("name", ARRIVALS)
def test_a_page_is_judged_only_where_it_was_seen(arrived: Findings, name: str) -> None:
    _, outcome, words, seen = ARRIVALS[name]
    told = dict(worst_of(arrived, name.replace(" ", "-")))
    complete = told.pop("pages-complete")
    assert complete[0] is outcome, complete
    assert words in complete[1]
    about = {each.criterion for each in checks() if each.kind in KINDS[VISITS]} - {
        "pages-complete",
        "build-under-test-served",
    }
    assert told.keys() == about
    if seen:
        assert told["pages-without-errors"] == (GOOD, "none"), told
    else:
        assert {one for one, _ in told.values()} == {OPEN}, told


@pytest.mark.parametrize("name", ["asks", "listens", "needs"])
def test_what_the_gate_kept_from_a_page_is_named(arrived: Findings, name: str) -> None:
    reason = worst_of(arrived, name)["pages-accessible"][1]
    assert "the gate refused" in reason
    assert "reads = […], or for a WebSocket sockets = […]" in reason


@pytest.mark.parametrize("name", PRIVATE)
def test_a_private_page_that_is_kept_from_strangers_is_not_blamed(arrived: Findings, name: str) -> None:
    assert worst_of(arrived, name.replace(" ", "-")) == {}


@pytest.mark.parametrize(("name", "lost"), [("lazy", "/lost.png"), ("scrolled", "/lost-by-script.png")])
def test_what_loads_when_somebody_scrolls_there_must_arrive(arrived: Findings, name: str, lost: str) -> None:
    outcome, said = worst_of(arrived, name)["page-files-arrive"]
    assert outcome is BAD
    assert f"{lost}: HTTP 404" in said


def test_links_are_followed_wherever_they_are(arrived: Findings) -> None:
    outcome, said = worst_of(arrived, "links")["links-lead-somewhere"]
    assert outcome is BAD
    assert [
        place for place in ("in-a-shadow", "on-a-map", "in-a-drawing", "in-a-frame") if f"/lost-{place}" not in said
    ] == []


# ── Questions to a first visitor

TWO_LINKS = '<a href="#a">one</a> <a href="#b">two</a>'
ASKED = f"{TWO_LINKS}<dialog id=d>May we? <button onclick='this.parentElement.close()'>Accept all</button></dialog><script>d.showModal()</script>"
AWAY = f"{TWO_LINKS}<button onclick='location = \"/by-header\"'>Accept all</button>"


def unless(wanted: str, header: str) -> Answer:
    """Respond with a question unless a request states something in a header."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        html(
            TWO_LINKS if wanted in (request.headers.get(header) or "") else ASKED.replace("Accept all", "Yes"),
            headers=BUILD,
        )(request)

    return answer


def asking(_site: Origin) -> Mapping[str, Answer]:
    return {
        "/by-click": html(ASKED, headers=BUILD),
        "/by-cookie": unless("consent=all", "Cookie"),
        "/by-header": unless("all", "X-Consent"),
        "/away": html(AWAY, headers=BUILD),
    }


def test_the_page_behind_a_question_is_looked_at() -> None:
    pages = [page(name, f"/{name}") for name in ("by-click", "by-cookie", "by-header", "away")]
    stated = {"cookies": {"consent": "all"}, "headers": {"X-Consent": "all"}, "clicks": [("button", "Accept all")]}
    with results() as place, origin(asking) as site:
        arrived = judged(VISITS, visited(settings(site.url, place, pages=pages, patience=30.0, **stated)))
    told = {each.subject: each for each in arrived["keyboard-reaches-all"]}
    assert {name: each.outcome for name, each in told.items()} == {
        **dict.fromkeys(("by-click", "by-cookie", "by-header"), Outcome.SATISFIED), "away": Outcome.UNDETERMINED,
    }, told  # fmt: skip
    assert told["by-click"].observed == "all 2"
    assert "[e2e.before]" in told["away"].reason


# ── A walk with the Tab key, in real Chromium: through shadow roots, frames and dialogs, with the focus shown

REACHED, SEEN = "keyboard-reaches-all", "keyboard-focus-visible"
WALKED_LINKS = '<a href="#a">one</a> <a href="#b">two</a>'
#: Only an added rule shows the focus.
BARE = "a, button, input { outline: none !important } "


def styled(rules: str, body: str = WALKED_LINKS) -> str:
    return f"<style>{BARE}{rules}</style>{body}"


def shadow(inner: str) -> str:
    return f"<div><template shadowrootmode='open'>{inner}</template></div>"


#: Name -> (a page, the outcome for reachability, the outcome for the focus, the message).
WALKED: Mapping[str, tuple[str, Outcome, Outcome, str]] = {
    "plain": (WALKED_LINKS, GOOD, GOOD, ""),
    "hidden": (styled(""), GOOD, BAD, "<a href="),
    "after": (styled("a:focus::after { content: '<' }"), GOOD, GOOD, ""),
    "before": (styled("a::before { content: ''; border: 2px solid transparent } a:focus::before { border-color: #000 }"), GOOD, GOOD, ""),
    "side": (styled("a { border-left: 3px solid transparent } a:focus { border-left-color: #00f }"), GOOD, GOOD, ""),
    "underlined": (styled("a:focus { border-bottom: 1px solid }"), GOOD, GOOD, ""),
    "transparent": (styled("a:focus { outline: 2px solid transparent !important }"), GOOD, BAD, "<a href="),
    "faint": (styled("a:focus { outline: 2px solid rgba(0, 0, 0, .02) !important }"), GOOD, BAD, "<a href="),
    "white on white": (styled("a:focus { outline: 2px solid #fff !important }"), GOOD, BAD, "<a href="),
    "no shadow": (styled("a:focus { box-shadow: 0 0 0 2px transparent }"), GOOD, BAD, "<a href="),
    "shadow": (styled("a:focus { box-shadow: 0 0 0 2px #00f }"), GOOD, GOOD, ""),
    "box": (styled("p:focus-within { background: #ff0 }", f"<p>{WALKED_LINKS}</p>"), GOOD, BAD, "<a href="),
    "own box": (styled("p:focus-within { background: #ff0 }", "<p><a href='#a'>a</a></p><p><a href='#b'>b</a></p>"), GOOD, GOOD, ""),
    "later": (
        styled(".here { background: #ff0 }", f"{WALKED_LINKS}<script>onfocus = null; for (const a of document.links) {{"
               "a.onfocus = () => setTimeout(() => a.classList.add('here'), 20); a.onblur = () => setTimeout(() => a.classList.remove('here'));"
               "}</script>"), GOOD, GOOD, "",
    ),
    "clear": (styled("input { opacity: 0 } input:focus { outline: 2px solid #000 !important }", "<input type=checkbox aria-label=x>"), GOOD, BAD, "<input"),
    "label": (styled("input { opacity: 0 } input:focus + label { color: red }", "<input type=checkbox id=x><label for=x>x</label>"), GOOD, GOOD, ""),
    "in a shadow": (shadow(f"{WALKED_LINKS}<button>three</button>"), GOOD, GOOD, ""),
    "hidden in a shadow": (shadow(styled("", "<button>three</button>")), GOOD, BAD, "<button>three"),
    "mouse only in a shadow": (WALKED_LINKS + shadow('<span role="button">four</span>'), BAD, GOOD, "four"),
    "through slots": ("<div><template shadowrootmode='open'><section><slot></slot></section></template><button>x</button></div>", GOOD, GOOD, ""),
    "in a frame": (f'{WALKED_LINKS}<iframe title="f" srcdoc="<button>in</button><span role=button>not</span>"></iframe>', BAD, GOOD, "not"),
    "modal": (f"{WALKED_LINKS}<dialog id=d><button>Accept</button></dialog><script>d.showModal()</script>", OPEN, OPEN, "2 of 3 elements are behind it: <dialog"),
    "bad modal": (f"{WALKED_LINKS}<dialog id=d><button>Accept</button><i role=button>No</i></dialog><script>d.showModal()</script>", BAD, OPEN, "No"),
    "held by a script": (
        f"{WALKED_LINKS}<div role=dialog aria-modal=true><button id=b>Accept</button></div><script>"
        "b.focus(); onkeydown = (e) => { if (e.key === 'Tab') { e.preventDefault(); b.focus(); } }</script>", OPEN, OPEN, "behind it",
    ),
    "banner": (f"{WALKED_LINKS}<div role=dialog aria-modal=true><button>Accept</button></div>", GOOD, GOOD, ""),
    "trap": (f"<button id=b>b</button>{WALKED_LINKS}<script>b.onkeydown = (e) => e.key === 'Tab' && e.preventDefault()</script>", BAD, GOOD, "Tab does not leave <button"),
    "editor": (
        "<button id=b>b</button><a href='#a'>a</a><script>let free = false; b.onkeydown = (e) => {"
        "if (e.key === 'Escape') free = true; else if (e.key === 'Tab' && !free) e.preventDefault(); }</script>", GOOD, GOOD, "",
    ),
    "many": ("".join(f'<a href="#{number}">{number}</a> ' for number in range(450)), GOOD, GOOD, ""),
}  # fmt: skip


def walks_answered(_site: Origin) -> Mapping[str, Answer]:
    return {f"/{number}": html(text, headers={"x-build": "blue"}) for number, (text, *_) in enumerate(WALKED.values())}


#: Opens each page of the settings once and walks through it, without the rest of a visit.
WALKS = """
import json
from pathlib import Path

from playwright.sync_api import sync_playwright

from prodgate.browser.engine.page_visit import walk_keyboard
from prodgate.browser.engine.page_visit import _SCRIPTS
from prodgate.browser.settings import BrowserSettings

told = BrowserSettings.from_environment()
with sync_playwright() as playwright:
    browser, walks = playwright.chromium.launch(**{"executable_path": told.program} if told.program else {}), {}
    for each in told.pages:
        page = browser.new_page()
        page.goto(told.base_url + each["path"])
        walks[each["name"]] = walk_keyboard(page, _SCRIPTS["keyboard"])
        page.close()
    browser.close()
Path(told.results, "walks.json").write_text(json.dumps(walks))
"""


@pytest.fixture(scope="module")
def walks() -> Mapping[str, Any]:
    pages = [page(name, f"/{number}") for number, name in enumerate(WALKED)]
    with results() as place, origin(walks_answered) as site:
        log, told = place / "log", settings(site.url, place, pages=pages)
        code = run_process(("-c", WALKS), told, log=log, cwd=place, limit=200, progress=lambda _: None)
        assert code == 0, log.read_text()
        found: Mapping[str, Any] = json.loads((place / "walks.json").read_text())
        return found


@pytest.mark.parametrize("name", WALKED)
def test_what_is_said_of_a_page(walks: Mapping[str, Any], name: str) -> None:
    _, reached, seen, words = WALKED[name]
    found = judged(VISITS, visits(visit(keyboard={**WALK, **walks[name]})))
    told = {key: found[key][0] for key in (REACHED, SEEN)}
    assert (told[REACHED].outcome, told[SEEN].outcome) == (reached, seen), walks[name]
    assert words in "".join(f"{each.observed} {each.reason}" for each in told.values())


def test_a_long_page_is_walked_through_to_its_end(walks: Mapping[str, Any]) -> None:
    assert (walks["many"]["offered"], walks["many"]["left"], walks["many"]["whole"]) == (450, 0, True)


# ── Each defect of the sample site turns exactly its own criteria red, in real Chromium

READER = {"user": "reader@rehearsal.example", "password": "ten points a night"}


@dataclass(frozen=True)
class Defective:
    """Faults of a site, and the required observation of each criterion that they break."""

    name: str
    faults: tuple[str, ...]
    signs: Mapping[str, tuple[str, ...]]
    page: Mapping[str, Any] = field(default_factory=lambda: SEARCH)

    def __str__(self) -> str:
        return self.name


DEFECTIVE = (
    Defective(
        "broken",
        ("overflow", "script-error", "broken-image", "broken-link", "wrong-build", "hidden-focus", "plain-form"),
        {
            "https-only": ("POST http://polls.example/vote",),
            "pages-fit-window": ("<pre>overtime",),
            "pages-without-errors": ("turnover",),
            "page-files-arrive": ("missing.svg", "HTTP 404"),
            "links-lead-somewhere": ("'Teams'", "/benches", "HTTP 404"),
            "build-under-test-served": ("stale (2 visits)",),
            "keyboard-focus-visible": ("<a ", "<input"),
        },
    ),
    Defective(
        "not for everybody",
        ("unlabeled-button", "unlabeled-field", "no-language", "no-alternative", "low-contrast", "third-party"),
        {
            "pages-accessible": ("button-name", "label", "html-has-lang", "image-alt", "color-contrast"),
            "third-parties-declared": ("https://ads.example/count.js", "refused by the page's own script-src"),
        },
    ),
    Defective(
        "open to others, restless, and for the mouse alone",
        ("third-party", "no-csp", "mouse-only", "shifting"),
        {
            "third-parties-declared": ("stopped by the gate",),
            "keyboard-reaches-all": ('<span role="button">More</span>',),
            "page-layout-stable": ("at 360 px", "at 1280 px"),
        },
    ),
    Defective(
        "slow",
        ("slow-page=2.6", "slow-keys"),
        {"page-largest-paint": ("at 360 px", "at 1280 px"), "keyboard-answered-fast": ("ms",)},
        page("sign-in", "/sign-in", "main"),  # it has few links, each of which is as slow
    ),
)


def test_every_criterion_that_one_page_can_break_is_broken_by_a_defect() -> None:
    elsewhere = {"journeys-succeed", "pages-complete", "cookies-protected"}  # by journeys, outages and a session, below
    about = {each.criterion for each in checks() if each.kind in (*KINDS[VISITS], *KINDS[JOURNEYS])}
    assert about - elsewhere == {criterion for each in DEFECTIVE for criterion in each.signs}


def looked(*faults: str, at: Mapping[str, Any] = SEARCH) -> Findings:
    """Judge the visits to one page; those that a busy machine spoiled are made again, twice at most."""
    for _ in range(3):
        with results() as place, running(place, build="blue", faults=faults) as site:
            found = pages_judged(settings(site.url, place, pages=[at]))
        if not any("set aside" in found.told(criterion) for criterion in found.undetermined):
            break
    return found


def test_a_site_without_a_defect_satisfies_all() -> None:
    found = looked()
    about = {each.criterion for each in checks() if each.kind in KINDS[VISITS]}
    assert about == found.with_outcome(Outcome.SATISFIED), found
    assert SEARCH["name"] in found.told("links-lead-somewhere")


@pytest.mark.parametrize("defective", DEFECTIVE, ids=str)
def test_a_defect_breaks_what_is_about_it(defective: Defective) -> None:
    found = looked(*defective.faults, at=defective.page)
    assert found.broken == set(defective.signs), found
    assert found.undetermined == set(), found
    for criterion, signs in defective.signs.items():
        assert [sign for sign in signs if sign not in found.told(criterion)] == [], found.told(criterion)


def travelled(folder: Path, *faults: str) -> Findings:
    """The record of journeys at the site behind an edge, as in a rehearsal."""
    with (
        results() as place,
        running(place, faults=faults) as site,
        edge(site.url, place, EdgeSettings()) as front,
    ):
        join(site.url, READER)
        trusted = {"pin": front.pin, "ca_file": str(front.ca_file)}
        told = settings(front.url, place, mutates=True, credentials={"reader": READER}, **trusted)
        return journeys_judged(folder, told)


def test_every_journey_of_the_project_succeeds_on_the_site() -> None:
    found = travelled(PROJECT / "e2e" / "journeys")
    assert found.with_outcome(Outcome.SATISFIED) == {"journeys-succeed", "cookies-protected"}, found
    assert len(found["journeys-succeed"]) >= 11
    assert "cookie 'reader'" in found.told("cookies-protected")


def test_a_session_that_anybody_can_take_is_seen_when_somebody_signs_in(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "e2e" / "journeys" / "test_accounts.py", tmp_path)
    found = travelled(tmp_path, "insecure-cookie")
    assert found.broken == {"cookies-protected"}, found
    assert "without Secure" in found.told("cookies-protected")


# ── Outages


def defects_answered(site: Origin) -> Mapping[str, Answer]:
    return {
        "/fine": html('<p>The news</p><a href="/fine">all</a>', headers={"x-build": "blue"}),
        "/circle": redirect("/circle"),
        "/elsewhere": redirect("http://elsewhere.example/"),
        "/port": redirect("http://127.0.0.1:9/"),
        "/broken": html("Oh", 500),
        "/empty": html("<p>Nothing</p>", headers={"x-build": "blue"}),
        "/hang": site.hang,
    }


DEFECTS = [page(name, f"/{name}", "main") for name in ("fine", "circle", "elsewhere", "port", "broken", "hang")]
DEFECTS += [page("empty", "/empty", "navigation")]


@pytest.fixture(scope="module")
def outcomes() -> Mapping[str, tuple[Outcome, str]]:
    """The worst outcome for the completeness of each page, and its reason."""
    with results() as place, origin(defects_answered) as site:
        found = judged(VISITS, visited(settings(site.url, place, pages=DEFECTS, patience=5.0)))
    told: dict[str, tuple[Outcome, str]] = {}
    for each in found["pages-complete"]:
        name = each.subject.partition(" ")[0]
        said = (each.outcome, each.observed or each.reason)
        told[name] = min(told.get(name, said), said, key=lambda one: WORST.index(one[0]))
    return told


@pytest.mark.parametrize(
    ("name", "outcome", "words"),
    [
        ("fine", Outcome.SATISFIED, "as it should be"),
        ("circle", Outcome.NOT_SATISFIED, "ERR_TOO_MANY_REDIRECTS"),
        ("elsewhere", Outcome.NOT_SATISFIED, "led to http://elsewhere.example/"),
        ("port", Outcome.NOT_SATISFIED, "led to http://127.0.0.1:9/"),
        ("broken", Outcome.NOT_SATISFIED, "HTTP 500"),
        ("hang", Outcome.NOT_SATISFIED, "Timeout 5000ms exceeded"),
        ("empty", Outcome.NOT_SATISFIED, "without navigation"),
    ],
)
def test_what_is_said_of_a_defect(
    outcomes: Mapping[str, tuple[Outcome, str]], name: str, outcome: Outcome, words: str
) -> None:
    assert outcomes[name][0] is outcome
    assert words in outcomes[name][1]


def test_a_site_that_is_down_is_undetermined_and_soon_given_up() -> None:
    with socket.socket() as held, results() as place:
        held.bind(("127.0.0.1", 0))  # nobody listens there
        pages = [page(str(number), "/") for number in range(4)]
        found = pages_judged(settings(f"http://127.0.0.1:{held.getsockname()[1]}", place, pages=pages))
    assert set(found) == found.undetermined
    assert "ERR_CONNECTION_REFUSED" in found.told("pages-complete")
    assert "not opened: 3 visits before met no answer" in found.told("pages-complete")
