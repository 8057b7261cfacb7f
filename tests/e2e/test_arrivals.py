"""What stands in the place of a page is never judged as the page: a sign-in, a puzzle, nothing at all, what the gate kept from it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from prodgate.layers.e2e.kinds import KINDS, VISITS
from prodgate.testing import Outcome

from .origin import Answer, Origin, html, origin, plain, redirect
from .stage import WORST, Findings, checks, judged, page, results, settings, visited

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.xdist_group("browser")]

BUILD = {"x-build": "blue"}
GOOD, BAD, OPEN = Outcome.SATISFIED, Outcome.NOT_SATISFIED, Outcome.UNDETERMINED
#: Puts what it was told into the page, in place of what says that one has to wait.
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

#: Name -> (what it answers, the outcome for whether it is complete, what is said of that, whether the page was seen).
PAGES: Mapping[str, tuple[Answer, Outcome, str, bool]] = {
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
#: What a private page may answer to whoever has not signed in.
PRIVATE: Mapping[str, Answer] = {
    "private": redirect("/enter"), "private too": html("Who?", 401), "private as well": html("No", 403),
}  # fmt: skip
LATE = {"lazy": html(f"{SCREEN}<img loading=lazy alt=x src=/lost.png>"), "scrolled": html(SCREEN + SCROLLED)}


def path(name: str) -> str:
    return f"/{name.replace(' ', '-')}"


def answers(_site: Origin) -> Mapping[str, Answer]:
    told = {**{name: answer for name, (answer, *_) in PAGES.items()}, **PRIVATE, **LATE}
    return {path(name): answer for name, answer in told.items()} | {
        "/enter": html(SIGN_IN), "/sign_in": html("<h1>Who are you</h1>"), "/sessions/new": html("<h1>Who are you</h1>"),
        "/en": html("<h1>The news</h1><p>All of it</p>"), "/links": html(LINKS), "/inner": html("<a href=/lost-in-a-frame>e</a>"),
    }  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Findings:
    pages = [
        page(name.replace(" ", "-"), path(name), "main") for name in PAGES if name not in ("blank", "hollow", "data")
    ]
    pages += [
        page(name.replace(" ", "-"), path(name)) for name in ("blank", "hollow", "data", *PRIVATE, *LATE, "links")
    ]
    with results() as place, origin(answers) as site:
        record = visited(settings(site.url, place, pages=pages, patience=20.0))
    return judged(VISITS, {**record, "private": [path(name) for name in PRIVATE]})


def of(found: Findings, name: str) -> Mapping[str, tuple[Outcome, str]]:
    """The worst outcome for each criterion, and what is said there."""
    about = {
        criterion: [(each.outcome, str(each.observed or each.reason)) for each in findings if each.subject.partition(" ")[0] == name]
        for criterion, findings in found.items()
    }  # fmt: skip
    return {key: min(each, key=lambda one: WORST.index(one[0])) for key, each in about.items() if each}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_judged_only_where_it_was_seen(found: Findings, name: str) -> None:
    _, outcome, words, seen = PAGES[name]
    told = dict(of(found, name.replace(" ", "-")))
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
def test_what_the_gate_kept_from_a_page_is_named(found: Findings, name: str) -> None:
    reason = of(found, name)["pages-accessible"][1]
    assert "the gate refused" in reason
    assert "reads = […], or for a WebSocket sockets = […]" in reason


@pytest.mark.parametrize("name", PRIVATE)
def test_a_private_page_that_is_kept_from_strangers_is_not_blamed(found: Findings, name: str) -> None:
    assert of(found, name.replace(" ", "-")) == {}


@pytest.mark.parametrize(("name", "lost"), [("lazy", "/lost.png"), ("scrolled", "/lost-by-script.png")])
def test_what_loads_when_somebody_scrolls_there_must_arrive(found: Findings, name: str, lost: str) -> None:
    outcome, said = of(found, name)["page-files-arrive"]
    assert outcome is BAD
    assert f"{lost}: HTTP 404" in said


def test_links_are_followed_wherever_they_are(found: Findings) -> None:
    outcome, said = of(found, "links")["links-lead-somewhere"]
    assert outcome is BAD
    assert [
        place for place in ("in-a-shadow", "on-a-map", "in-a-drawing", "in-a-frame") if f"/lost-{place}" not in said
    ] == []
