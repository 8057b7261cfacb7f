"""Pages as sites of others are: parts that come late, frames, service workers, polls, slow answers of each kind."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from prodgate.layers.e2e.kinds import VISITS
from prodgate.testing import Outcome

from .origin import Answer, Origin, html, origin, plain, redirect
from .stage import Findings, judged, page, results, settings, visited

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]

LATE = "<p style='margin:0'>short</p><p>The news</p>"
FILL = "document.querySelector('main').insertAdjacentHTML('afterbegin', '<h1 style=\"font-size:120px;margin:0\">Late and large</h1>')"
REPEATED = "let n = 0; const each = setInterval(() => { n += 1; if (n === 6) { FILL; clearInterval(each); } }, 100);"
#: Spends time without giving it back, once or each time.
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
REPORTS = {"Content-Security-Policy-Report-Only": "img-src 'none'"}
PAGES = [
    page(name, f"/{name}", "main") for name in ("late", "timed", "streamed", "repeated", "slow", "frames", "links")
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
        "/tracked": redirect("https://tracker.example/pixel.gif"),
        "/worker.js": plain(WORKER, "text/javascript"),
        "/links": html(f"<h1>Links</h1>{links}"),
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
    outcomes = told(found, criterion, "polling")
    assert [outcome for outcome, _ in outcomes] == [Outcome.UNDETERMINED] * 2
    assert all("/updates; mend that, or name it in [e2e] lasting" in said for _, said in outcomes)


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
