"""The facts of visits and of probes, and their limits: a substitute is not judged as the page."""

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from prodgate.facts import Facts
from prodgate.facts.e2e.answers import is_from_cache
from prodgate.facts.e2e.caching import PrivatePage, PublicPage
from prodgate.facts.e2e.cookies import BALANCER, DOUBLE_SUBMIT, Cookie, browser_cookies
from prodgate.facts.e2e.headers import (
    ANYWHERE,
    EVAL,
    GUESSABLE,
    INLINE,
    KEPT,
    REBASED,
    REPEATED,
    ContentPolicy,
    SecurityHeaders,
    find_dangers,
    find_nonces,
    frame_sources,
    split_policies,
)
from prodgate.facts.e2e.journeys import Journey, journey_facts, why_cookies_unseen, why_journeys_unreadable
from prodgate.facts.e2e.pages import (
    KeyboardWalk,
    PageLinks,
    ServedBuild,
    VisitedPage,
    build_facts,
    page_facts,
    why_pages_unreadable,
)
from prodgate.facts.e2e.probes import (
    PROBE_KINDS,
    AttackAnswered,
    HealthEndpoint,
    MissingPage,
    OrdinaryAnswered,
    PlainHttp,
    Redirects,
    ServedCertificate,
    ServedTls,
    list_pins,
    probe_facts,
)  # fmt: skip
from prodgate.findings import Undetermined
from prodgate.layers.e2e.facts import JOURNEYS, PROBES, facts_of

from .browser_records import WALK, journey, journeys, unreachable, visit, visits
from .probe_records import BASE, Why, answered, certificate, expect, failed, page, record

JUDGED = ("violations", "largest_paint", "shift", "errors", "failed", "foreign", "too_wide")
REFUSED = "POST https://www.shop.example/graphql"
MISSED = {"refused": [REFUSED], "missed": [REFUSED]}
SENT, UNSEEN = Why(f"the gate refused {REFUSED}"), Why("the page was not seen: ")
ENTER = unreachable("sign-in", "it led to /enter")
CONTRAST = {"id": "color-contrast", "help": "Contrast", "first": "<p>", "nodes": 2}
LABEL = {**CONTRAST, "id": "label"}
SAID = "color-contrast: Contrast: <p> and 1 more"
GOES = "what goes on may change the figure: {}; mend that, or name it in [e2e] lasting"
TIMER, LOOP = "timers: a timer of 5 s", "frames: a function that runs in each frame"
FRONT = {**WALK, "behind": 3, "dialog": "<dialog>"}
SHORT = {**WALK, "whole": False, "left": 3, "missed": ["<a>"]}
ENDED = Why("the walk did not end within 10 keys or a minute, with 3 of 4 elements")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
A = {"url": "https://www.shop.example/a", "text": "A"}
ROUTE = {"url": "https://www.shop.example/#/b", "text": "B", "fragment": "route"}
LIKE = {"url": "https://www.shop.example/like", "text": "Like", "untouched": "its name says like"}
LIKED = "'Like' to https://www.shop.example/like: its name says like"


def walked(**changes: Any) -> dict[str, Any]:
    return visits(visit(keyboard={**WALK, **changes}))


def built(*builds: str, expected: str = "blue", **unread: Any) -> dict[str, Any]:
    about = {"how": "the header x-build", "expected": expected, "unread": "", **unread}
    return visits(*(visit(build=each) for each in builds), build=about)


def linked(answer: Mapping[str, Any], links: tuple[Mapping[str, str], ...] = (A,), **changes: Any) -> dict[str, Any]:
    asked = {"asked": {A["url"]: {"why": "", **answer}}, "left_out": 0}
    return visits(visit(links=links), **{"links": asked, **changes})


#: A record, a kind of fact, and fields of it.
SHOWN: list[tuple[dict[str, Any], type[Any], dict[str, object]]] = [
    (visits(visit()), VisitedPage, {
        "subject": "front at 1280 px", "browser": "Chromium 156.0.1", "complete": True, "answered": "as it should be",
        "too_wide": 0, "errors": (), "failed": (), "foreign": (), "violations": (),
    }),
    (visits(visit(
        exceptions=["turnover"], console=["bad"], failed=[{"url": "/a.css", "why": "HTTP 404"}],
        foreign=[{"url": "https://ads.example/", "why": "GET, stopped by the gate"}],
        violations=[{"id": "label", "help": "Label it", "first": "<input>", "nodes": 3}],
        needed=1300, beyond=["<pre>"], regions_missing=["main", "search: Search"],
    )), VisitedPage, {
        "errors": ("turnover", "bad"), "failed": ("/a.css: HTTP 404",),
        "foreign": ("https://ads.example/: GET, stopped by the gate",),
        "violations": ("label: Label it: <input> and 2 more",), "too_wide": 20, "sticking_out": ("<pre>",),
        "complete": False, "answered": "without main, search: Search",
    }),
    *((visits(unreachable(kind, "net::ERR_X")), fact, fields)
      for kind in ("connection", "name", "unasked", "other")
      for fact, fields in (
          (VisitedPage, {"complete": Why("net::ERR_X"), **dict.fromkeys(JUDGED, UNSEEN)}), (KeyboardWalk, {"missed": UNSEEN}),
          (PageLinks, {"broken": UNSEEN}), (ServedBuild, {"seen": Why("no page was answered")}),
      )),
    *((visits(unreachable(kind, "led astray")), VisitedPage, {"complete": False, "answered": "led astray", "errors": UNSEEN})
      for kind in ("redirects", "certificate", "timeout", "elsewhere", "blank", "no page")),
    *((visits(unreachable(kind, "it led to /enter")), VisitedPage, dict.fromkeys(("complete", "violations"), Why("it led to /enter")))
      for kind in ("challenge", "sign-in")),
    (visits(visit(status=503)), VisitedPage, {"complete": False, "answered": "HTTP 503", "violations": Why("not seen: HTTP 503")}),
    (visits(visit(status=403)), VisitedPage, {"complete": Why("let the gate in")}),
    (visits(visit(status=401)), VisitedPage, {"complete": False}),
    # a block by the gate is not the page's fault, and no reader gets such a page
    (visits(visit(refused=[REFUSED], exceptions=["no data"], failed=[{"url": "/b", "why": "x"}])), VisitedPage,
     {"errors": SENT, "failed": Why("write reads")}),
    (visits(visit(refused=["POST https://www.shop.example/beacon"])), VisitedPage, {"errors": ()}),
    (visits(visit(**MISSED)), VisitedPage, {"complete": True, **dict.fromkeys(JUDGED, SENT)}),
    (visits(visit(**MISSED)), KeyboardWalk, {"missed": SENT}),
    (visits(visit(**MISSED)), PageLinks, {"broken": SENT}),
    (visits(visit(**MISSED, regions_missing=["main"])), VisitedPage, {"complete": SENT}),
    (visits({**unreachable("blank", "it shows nothing"), "missed": [REFUSED]}), VisitedPage, {"complete": SENT}),
    (visits(visit(missed=[REFUSED], foreign=[{"url": "https://ads.example/", "why": "GET"}])), VisitedPage,
     {"foreign": ("https://ads.example/: GET",)}),
    (visits(visit(vitals={"lcp": None, "fcp": None, "cls": 0, "ttfb": 1})), VisitedPage, {"largest_paint": Why("nothing was painted")}),
    # axe's undecided results stay open until somebody has looked
    (visits(visit(undecided=[CONTRAST])), VisitedPage, {"violations": Why(f"{SAID}; look there, and name the rule in [e2e] reviewed")}),
    (visits(visit(undecided=[CONTRAST]), reviewed=["label"]), VisitedPage, {"violations": Why("color-contrast")}),
    (visits(visit(undecided=[CONTRAST]), reviewed=["color-contrast"]), VisitedPage, {"violations": (), "undecided": (SAID,)}),
    (visits(visit(undecided=[CONTRAST], violations=[LABEL])), VisitedPage, {"violations": ("label: Contrast: <p> and 1 more",)}),
    (visits({key: value for key, value in visit().items() if key != "undecided"}), VisitedPage,
     {"violations": Why("was not kept; observe again")}),
    (visits(visit(rested=False, waiting=["GET /slow"])), VisitedPage, {"errors": Why(GOES.format("GET /slow"))}),
    (visits(visit(going={"page": [TIMER], "frames": [LOOP]})), VisitedPage, {"errors": Why(GOES.format(f"{TIMER}; {LOOP}")), "failed": ()}),
    (visits(visit(going={"page": [TIMER], "frames": []}, console=["bad"])), VisitedPage, {"errors": ("bad",)}),
    (visits({key: value for key, value in visit().items() if key != "going"}), VisitedPage, {"errors": Why("nobody looked; observe again")}),
    (visits(visit(reported=["img-src would refuse /a"])), VisitedPage, {"errors": (), "reported": ("img-src would refuse /a",)}),
    (walked(settled=False), KeyboardWalk, {"slowest": Why("did not tell how long each key took")}),
    (walked(**SHORT), KeyboardWalk, {"missed": ENDED, "unseen": ENDED}),
    (walked(whole=False, unseen=["<a>"]), KeyboardWalk, {"unseen": ("<a>",)}),
    (walked(interactions=0), KeyboardWalk, {"slowest": Why("no key was answered")}),
    (walked(**FRONT), KeyboardWalk, dict.fromkeys(("missed", "unseen"), Why("3 of 4 elements are behind it: <dialog>"))),
    (visits(visit(keyboard={**FRONT, "missed": ["<i>"], "held": "<b>"})), KeyboardWalk, {"missed": ("Tab does not leave <b>", "<i>")}),
    (walked(untouched=["<b>: its name says like"], unasked=["pressed"]), KeyboardWalk,
     {"untouched": ("<b>: its name says like",), "slowest": Why("left untouched: <b>: its name says like")}),
    (built("blue", "blue"), ServedBuild, {"strangers": ()}),
    (built("blue", "green"), ServedBuild, {"strangers": ("green (1 visits)",)}),
    (built("0123456", expected=COMMIT), ServedBuild, {"strangers": ()}),
    (built("012", expected=COMMIT), ServedBuild, {"strangers": ("012 (1 visits)",)}),
    (built("blue", ""), ServedBuild, {"strangers": Why("front said no build; send it in the header x-build")}),
    (built("blue", unread="the environment has no RELEASE"), ServedBuild, {"strangers": Why("the environment has no RELEASE")}),
    (linked({"status": 200}), PageLinks, {"followed": 1, "broken": ()}),
    (linked({"status": 404}), PageLinks, {"followed": 1, "broken": ("'A' to https://www.shop.example/a: HTTP 404",)}),
    (linked({"status": 0, "why": "refused"}), PageLinks, {"followed": 1, "broken": ("'A' to https://www.shop.example/a: refused",)}),
    (linked({"status": 200, "why": "leads to https://b.example/"}), PageLinks,
     {"followed": 1, "broken": ("'A' to https://www.shop.example/a: leads to https://b.example/",)}),
    # a link that refuses us is not broken
    *((linked({"status": status}, private=private), PageLinks, {"broken": (), "asking": (f"'A' to https://www.shop.example/a: HTTP {status}",)})
      for status, private in ((401, []), (403, ["/a"]))),
    *((linked({"status": status}, private=private), PageLinks,
       {"broken": Why(f"it was not shown what is at 'A' to https://www.shop.example/a: HTTP {status}; declare")})
      for status, private in ((403, []), (403, ["/"]), (429, ["/a"]))),
    *((linked({"status": status, "challenged": True}, private=["/a"]), PageLinks,
       {"broken": Why(f"it was not shown what is at 'A' to https://www.shop.example/a: HTTP {status}")})
      for status in (202, 403, 405)),
    (visits(visit(), links={"asked": {}, "left_out": 0, "unread": "it ended early"}), PageLinks,
     {"broken": Why("it ended early"), "plain_forms": ()}),
    (visits(visit(forms=["POST http://www.shop.example/in"])), PageLinks, {"plain_forms": ("POST http://www.shop.example/in",)}),
    (visits({key: value for key, value in visit().items() if key != "forms"}), PageLinks, {"plain_forms": Why("observe again")}),
    (visits(visit(), links={"asked": {A["url"]: {"status": 200, "why": ""}}, "left_out": 3}), PageLinks,
     {"broken": Why("3 links of all pages were not followed")}),
    (visits(visit(workers=["https://www.shop.example/w.js"])), VisitedPage,
     {"complete": True, "answered": "as it should be on a first visit; what readers who come back get of the service worker https://www.shop.example/w.js was not watched"}),
    # a route of a script is judged where it is visited, and what names no element leads nowhere
    (linked({"status": 200}, links=(ROUTE, A)), PageLinks,
     {"broken": Why("'B' to https://www.shop.example/#/b: a route of a script, which was not visited; declare each")}),
    (visits(visit(links=(ROUTE, A)), visit(size="telephone", url=ROUTE["url"])), PageLinks, {"followed": 1, "broken": ()}),
    (visits(visit(links=(ROUTE, A)), unreachable("timeout", "no answer")), PageLinks, {"broken": Why("which was not visited")}),
    (linked({"status": 200}, links=({**ROUTE, "fragment": "lost"}, ROUTE)), PageLinks,
     {"broken": ("'B' to https://www.shop.example/#/b: no element of the page has this name",)}),
    (linked({"status": 200}, links=({**ROUTE, "fragment": "handled"}, A)), PageLinks, {"followed": 1, "broken": Why("a script may handle the press")}),
    (linked({"status": 404}, links=({**ROUTE, "fragment": "handled"}, A)), PageLinks, {"broken": ("'A' to https://www.shop.example/a: HTTP 404",)}),
    *((visits(visit(links=({**ROUTE, "fragment": "elsewhere"}, A)), links={**visits()["links"], "within": {ROUTE["url"]: there}}), PageLinks, {"broken": broken})
      for there, broken in (("there", ()), ("unseen", Why("it was not looked up")), ("handled", Why("a script may handle")),
                            ("lost", ("'B' to https://www.shop.example/#/b: no element of the page has this name",)))),
    (linked({"status": 200}, links=({**ROUTE, "untouched": "its name says like"}, A)), PageLinks, {"broken": ()}),
    # a link that announces a change is named, and never enough
    (linked({"status": 200}, links=(LIKE, A)), PageLinks, {"followed": 1, "broken": (), "untouched": (LIKED,)}),
    (linked({"status": 200}, links=(LIKE,)), PageLinks, {"followed": 0, "broken": Why(LIKED), "untouched": (LIKED,)}),
    (linked({"status": 302, "untouched": "it leads to /logout"}), PageLinks,
     {"followed": 0, "broken": Why("'A' to https://www.shop.example/a: it leads to /logout")}),
]  # fmt: skip


@pytest.mark.parametrize(("stored", "kind", "fields"), SHOWN)
def test_what_a_record_shows(stored: dict[str, Any], kind: type[Any], fields: Mapping[str, object]) -> None:
    found, *_ = Facts((*page_facts(stored), *build_facts(stored))).of(kind)
    for field, expected in fields.items():
        expect(found, field, expected)


@pytest.mark.parametrize(
    ("stored", "kind", "field", "said"),
    [
        (visits(visit()), VisitedPage, "largest_paint", "312.4 ms"),
        (visits(visit()), VisitedPage, "shift", "0.01234"),
        (visits(visit(rested=False)), VisitedPage, "largest_paint", "312.4 ms"),
        (visits(visit(rested=True, waiting=["GET /poll"])), VisitedPage, "largest_paint", "312.4 ms"),
        (visits(visit(going={"page": [], "frames": [LOOP]})), VisitedPage, "shift", "0.01234"),
        (walked(slowest=24), KeyboardWalk, "slowest", "24 ms"),
        (walked(slowest=None), KeyboardWalk, "slowest", "16 ms"),
    ],
)
def test_figures(stored: dict[str, Any], kind: type[Any], field: str, said: str) -> None:
    (found,) = Facts(tuple(page_facts(stored))).of(kind)
    assert str(getattr(found, field)) == said


@pytest.mark.parametrize(
    "page", [visit(rested=False, waiting=["GET /slow"]), visit(going={"page": [TIMER], "frames": []})]
)
@pytest.mark.parametrize("field", ["largest_paint", "shift"])
def test_a_figure_is_the_least_that_it_can_be_where_something_goes_on(page: dict[str, Any], field: str) -> None:
    (found,) = Facts(tuple(page_facts(visits(page)))).of(VisitedPage)
    estimate = getattr(found, field)
    assert (estimate.low, estimate.high.base) == (estimate.value, Decimal("Infinity"))
    assert estimate.unfinished.startswith("the page was not at rest")


@pytest.mark.parametrize(
    ("stored", "counts"),
    [
        (visits(visit(), visit(size="telephone", width=375, keyboard=None)), [2, 1, 1]),
        (visits(unreachable("partner", "led to https://login.example/"), visit()), [1, 1, 1]),
        *((visits(page, private=["/"]), [0, 0, 0]) for page in (ENTER, visit(status=401), visit(status=403))),
        *((visits(page), [1, 1, 1]) for page in (ENTER, visit(status=401), visit(status=403))),
        (visits(visit(status=404), private=["/"]), [1, 1, 1]),
    ],
)
def test_what_is_told_of_how_often(stored: dict[str, Any], counts: list[int]) -> None:
    facts = Facts(tuple(page_facts(stored)))
    assert [len(facts.of(kind)) for kind in (VisitedPage, KeyboardWalk, PageLinks)] == counts


def test_a_record_that_this_version_does_not_know_is_unreadable() -> None:
    assert why_pages_unreadable(visits(format=2)) == "the record has format 2, and this version reads 1; observe again"
    assert why_pages_unreadable(visits()) == "no page is declared; write [e2e.pages]"
    assert why_pages_unreadable(visits(visit())) == ""


# ── Journeys


def one(**changes: Any) -> Any:
    (found,) = Facts(tuple(journey_facts(journeys(journey(**changes))))).of(Journey)
    return found


def test_a_journey_that_succeeded() -> None:
    found = one()
    assert (found.subject, found.succeeded, found.told) == ("Somebody buys (test_buys)", True, "success")
    assert (found.browser, found.place) == ("Chromium 156.0.1", "j/test_buy.py:7")


@pytest.mark.parametrize(
    ("again", "told"),
    [
        ("failed", "failed, twice; no button"),
        ("passed", "flaky: failed, then succeeded when tried again; no button"),
        ("unfinished", "failed; no button"),
        ("", "failed; no button"),
    ],
)
def test_a_second_try_tells_more_and_saves_nothing(again: str, told: str) -> None:
    found = one(outcome="failed", again=again, why="no button\nCall log:\n  - waiting")
    assert (found.succeeded, found.told) == (False, told)


def test_one_that_failed_is_placed_where_it_did() -> None:
    assert one(outcome="failed", why="no", failed_at=12).place == "j/test_buy.py:12"
    assert one(outcome="failed", why="no", failed_at=0).place == "j/test_buy.py:7"


def test_what_was_refused_and_where_the_evidence_is() -> None:
    found = one(outcome="failed", why="no\nbutton", refused=["POST /a"], evidence=["evidence/1.png", "evidence/2.zip"])
    assert found.told == "failed; the gate refused POST /a; no button; evidence/1.png; evidence/2.zip"


@pytest.mark.parametrize(
    ("outcome", "why", "reason"),
    [
        ("skipped", "nobody signs in", "it was not carried out: nobody signs in"),
        ("", "", "it was begun or planned, and did not"),
    ],
)
def test_one_that_was_not_carried_out_is_undetermined(outcome: str, why: str, reason: str) -> None:
    with pytest.raises(Undetermined, match=reason):
        _ = one(outcome=outcome, why=why).succeeded


@pytest.mark.parametrize(
    ("id_", "subject"),
    [
        ("t.py::test_a[chromium-/ja/x-told]", "Somebody buys (test_a[/ja/x-told])"),
        ("t.py::test_a[chromium]", "Somebody buys (test_a)"),
        ("t.py::test_a", "Somebody buys (test_a)"),
        ("t.py::TestShop::test_a[chromium]", "Somebody buys (TestShop::test_a)"),
    ],
)
def test_a_journey_is_called_by_what_somebody_does(id_: str, subject: str) -> None:
    assert one(id=id_).subject == subject


def test_a_cookie_of_several_journeys_is_one() -> None:
    cookie = {"name": "s", "domain": "a", "path": "/", "secure": True, "httpOnly": True, "sameSite": "Lax"}
    bare = {**cookie, "secure": False}
    record = journeys(journey(cookies=[cookie]), journey(cookies=[cookie, bare]))
    assert [each.secure for each in Facts(tuple(journey_facts(record))).of(Cookie)] == [True, False]


def test_what_was_not_run_makes_the_rest_unreadable() -> None:
    assert (
        why_journeys_unreadable(journeys(broken=["t.py: SyntaxError", "exit code 3"]))
        == "t.py: SyntaxError; exit code 3"
    )
    assert why_journeys_unreadable(journeys(format=7)).startswith("the record has format 7")
    assert why_journeys_unreadable(journeys()) == ""


@pytest.mark.parametrize(("outcome", "unseen"), [("passed", False), ("failed", True), ("skipped", True), ("", True)])
def test_cookies_of_somebody_who_could_not_sign_in_were_not_seen(outcome: str, unseen: bool) -> None:
    assert (
        bool(why_cookies_unseen(journeys(journey(mutates=True, outcome=outcome), journey(outcome="failed")))) is unseen
    )


# ── Responses to signed-in readers

AWAY = page(
    answered("/mine", status=303, leads_to=f"{BASE}/sign-in", cache_control="no-store"),
    answered("/sign-in", cache_control="no-store"),
    kind="private",
)


def met(path: str = "/mine", sent: tuple[str, ...] = ("session",), **headers: str) -> dict[str, Any]:
    return {**answered(path, **{"cache_control": "private, no-store", **headers}), "sent": list(sent)}


def judged(*answers: dict[str, Any], probed: dict[str, Any] = AWAY) -> Facts:
    journey = {
        "id": "a.py::test_a", "name": "A.", "file": "a.py", "line": 1, "mutates": True, "outcome": "passed", "again": "",
        "why": "", "refused": [], "cookies": [], "evidence": [], "answers": list(answers),
    }  # fmt: skip
    journeys = {"format": 1, "browser": None, "journeys": [journey], "broken": []}
    return facts_of([(PROBES, record(probed)), (JOURNEYS, journeys)], {})


def undetermined(one: PrivatePage) -> str:
    with pytest.raises(Undetermined) as caught:
        _ = one.keepable
    return caught.value.conclusion.reason


def test_a_private_page_that_is_kept_for_everybody_is_found_by_whoever_signed_in() -> None:
    out, signed_in = judged(met(cache_control="public, s-maxage=60")).of(PrivatePage)
    assert (out.keepable, signed_in.keepable) == ((), ("Cache-Control: public, s-maxage=60",))
    assert signed_in.subject == f"/mine of {BASE}, signed in"
    assert judged(met()).of(PrivatePage)[1].keepable == ()


@pytest.mark.parametrize(
    "answers", [(), (met(sent=()),), (met(sent=("AWSALB", "__cf_bm")),), (met("/other"),), (met() | {"status": 403},)]
)
def test_a_page_that_nobody_was_seen_at_who_had_signed_in_is_open(answers: tuple[dict[str, Any], ...]) -> None:
    out, signed_in = judged(*answers).of(PrivatePage)
    assert out.keepable == ()
    assert "write a journey" in undetermined(signed_in)


def test_a_page_that_is_served_to_anybody_needs_nobody_to_sign_in() -> None:
    anybody = page(answered("/mine", cache_control="no-store"), kind="private")
    assert len(judged(probed=anybody).of(PrivatePage)) == 1


def test_a_sign_in_in_the_place_of_a_page_is_not_the_page() -> None:
    wall = page(answered("/mine", cache_control="no-store") | {"asks": True}, kind="private")
    assert "write a journey" in undetermined(judged(probed=wall).of(PrivatePage)[1])
    assert judged(met(), probed=wall).of(PrivatePage)[1].keepable == ()


@pytest.mark.parametrize("path", ["/sign-in", "/account/login.php", "/join", "/users/sign_up", "/reset-password/new"])
def test_a_page_for_who_has_not_signed_in_asks_for_a_password_as_it_should(path: str) -> None:
    there = page(answered(path, cache_control="no-store") | {"asks": True}, kind="private")
    assert len(judged(probed=there).of(PrivatePage)) == 1


def test_headers_and_policies_of_journeys_count() -> None:
    found = judged(met(), met(x_content_type_options="", content_security_policy="script-src 'unsafe-inline'"))
    (headers,) = (one for one in found.of(SecurityHeaders) if "on a journey" in one.subject)
    (policy,) = (one for one in found.of(ContentPolicy) if "on a journey" in one.subject)
    assert (headers.subject, headers.nosniff) == (f"/mine of {BASE} on a journey", False)
    assert (policy.stated, policy.dangers) == (True, ("inline scripts",))


@pytest.mark.parametrize(
    ("nonces", "headers", "dangers"),
    [("01", {}, ()), ("00", {}, (REPEATED,)), ("01", {"cache_control": "public, max-age=9"}, (KEPT,))],
)
def test_nonces_of_journeys_are_compared(nonces: str, headers: dict[str, str], dangers: tuple[str, ...]) -> None:
    answers = [
        met(f"/{number}", content_security_policy=f"script-src 'nonce-{nonce}'; base-uri 'none'", **headers)
        for number, nonce in enumerate(nonces)
    ]
    found = [one.dangers for one in judged(*answers).of(ContentPolicy) if "on a journey" in one.subject]
    assert found == [dangers, dangers]


# ── Facts from records of probes, where real requests would need a site for each case

PLAIN = "http://www.example.com"
#: Nothing that a sound site sends.
BARE = {
    "strict_transport_security": "",
    "x_content_type_options": "",
    "x_frame_options": "",
    "content_security_policy": "",
}
FRONT_ANSWER, ASKED, AGAIN = Why("in front of the site"), Why("let the gate in"), Why("ask again later")
CHALLENGES = [
    answered(status=403, cf_mitigated="challenge", **BARE),
    answered(status=202, x_amzn_waf_action="challenge", **BARE),
    answered(status=405, x_amzn_waf_action="captcha", **BARE),
    answered(status=429, **BARE),
]


def at_http(**changes: Any) -> dict[str, Any]:
    return answered(base=PLAIN, **changes)


def test_a_sound_record_makes_every_kind_there_is() -> None:
    facts = probe_facts(record(page(kind="public"), page(answered(set_cookie="a=(redacted)"), kind="private")))
    assert {type(fact) for fact in facts.known} == set(PROBE_KINDS)
    assert not facts.unreadable


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"strict_transport_security": "max-age=63072000; includeSubDomains"}, 63072000),
        ({"strict_transport_security": 'includeSubDomains; Max-Age="7"'}, 7),
        ({"strict_transport_security": "includeSubDomains; max-age"}, 0),
        ({"strict_transport_security": "max-age=31536000; max-age=0"}, 0),
        ({"strict_transport_security": "max-age=31536000; includeSubDomains=1"}, 0),
        ({"strict_transport_security": 'max-age="31536000'}, 0),
        ({"strict_transport_security": "max-age=31536000; includeSubDomains, max-age=31536000; includeSubDomains"}, 0),
        ({"strict_transport_security": 'max-age = "31536000" ;; preload'}, 31536000),
        ({"strict_transport_security": "max-age=31536000; preload; preload; later=1;"}, 31536000),
        ({"strict_transport_security": ""}, 0),
    ],
)
def test_how_long_a_browser_asks_over_tls_only(headers: dict[str, str], seconds: int) -> None:
    expect(probe_facts(record(page(answered(**headers)))).of(SecurityHeaders)[0], "hsts_seconds", seconds)


@pytest.mark.parametrize(
    ("headers", "banned"),
    [
        ({}, True),
        ({"x_frame_options": "sameorigin"}, True),
        ({"x_frame_options": "DENY, SAMEORIGIN"}, True),
        ({"x_frame_options": "SAMEORIGIN, SAMEORIGIN"}, True),
        ({"x_frame_options": "DENY, ALLOW-FROM https://a.example"}, True),
        ({"x_frame_options": "ALLOW-FROM https://a.example"}, False),
        ({"x_frame_options": ""}, False),
        ({"x_frame_options": "", "content_security_policy": "frame-ancestors 'self'"}, True),
        ({"content_security_policy": "frame-ancestors *"}, False),
        ({"content_security_policy": "frame-ancestors https://www.example.com"}, True),
        ({"content_security_policy": "frame-ancestors www.example.com 'none'"}, True),
        ({"content_security_policy": "frame-ancestors https://stranger.example"}, False),
        ({"content_security_policy": "frame-ancestors https://[stranger"}, False),
        ({"content_security_policy": "frame-ancestors https://a.example, frame-ancestors 'self' https://www.example.com"}, True),
    ],
)  # fmt: skip
def test_who_is_kept_from_framing(headers: dict[str, str], banned: bool) -> None:
    expect(probe_facts(record(page(answered(**headers)))).of(SecurityHeaders)[0], "frames_banned", banned)


@pytest.mark.parametrize(
    ("headers", "hit"),
    [
        ({"x_cache": "Hit from cloudfront"}, True),
        ({"x_cache": "RefreshHit from cloudfront"}, True),
        ({"x_cache": "TCP_HIT"}, True),
        ({"cf_cache_status": "HIT"}, True),
        ({"cf_cache_status": "REVALIDATED"}, True),
        ({"x_cache_status": "STALE"}, True),
        ({"x_proxy_cache": "UPDATING"}, True),
        ({"x_vercel_cache": "HIT"}, True),
        ({"x_cache_status": "EXPIRED"}, False),
        ({"cache_status": "edge; fwd=stale; stored"}, False),
        ({"cache_status": "edge; hit; ttl=9"}, True),
        ({"age": "7"}, True),
        ({"age": "0"}, False),
        ({"age": "old"}, False),
        ({"x_cache": "Miss from cloudfront"}, False),
        ({"x_cache": "Error from cloudfront"}, False),
        ({"x_cache": "White, not a whit"}, False),
        ({}, False),
    ],
)
def test_how_a_cache_says_that_it_answered(headers: dict[str, str], hit: bool) -> None:
    assert is_from_cache(answered(**headers)) is hit


@pytest.mark.parametrize(
    ("answer", "keepable"),
    [
        (answered(cache_control="private, max-age=60"), ()),
        (answered(cache_control="no-store"), ()),
        (
            answered(cache_control='private="set-cookie", max-age=9'),
            ('Cache-Control: private="set-cookie", max-age=9',),
        ),
        (answered(cache_control="private", cdn_cache_control="max-age=9"), ("cdn-cache-control: max-age=9",)),
        (
            answered(cache_control="no-store", surrogate_control='max-age=9, content="ESI/1.0"'),
            ('surrogate-control: max-age=9, content="ESI/1.0"',),
        ),
        (answered(cache_control="private", cdn_cache_control="no-store, max-age=9"), ()),
        (answered(cache_control="private", cdn_cache_control="max-age=0"), ()),
        (answered(cache_control="No-Store"), ()),
        (answered(), ("no Cache-Control",)),
        (answered(cache_control="max-age=60"), ("Cache-Control: max-age=60",)),
        (answered(cache_control="no-cache"), ("Cache-Control: no-cache",)),
        (answered(status=303), ()),
        (answered(status=303, cache_control="max-age=9"), ("Cache-Control: max-age=9",)),
        (answered(status=403), ()),
        (answered(cache_control="no-store", x_cache="Hit"), ("came from a cache (x-cache: Hit)",)),
        (answered(status=502), Why(f"{BASE}/ was answered 502")),
    ],
)
def test_what_a_shared_cache_may_keep(answer: dict[str, Any], keepable: object) -> None:
    expect(probe_facts(record(page(answer, kind="private"))).of(PrivatePage)[0], "keepable", keepable)


@pytest.mark.parametrize(
    ("names", "covered"),
    [
        (["www.example.com"], True),
        (["WWW.example.com"], True),
        (["*.example.com"], True),
        (["example.com"], False),
        (["*.com"], False),
        (["*"], False),
        ([], False),
    ],
)
def test_which_names_a_certificate_proves(names: list[str], covered: bool) -> None:
    stored = record(certificates={"www.example.com": certificate(names=names)})
    expect(probe_facts(stored).of(ServedCertificate)[0], "covered", covered)


@pytest.mark.parametrize(
    ("chain", "spared"),
    [
        ([at_http(status=308, leads_to=f"{BASE}/"), answered()], True),
        ([at_http(status=403)], True),
        ([at_http(status=426)], True),
        ([failed(base=PLAIN, why="refused")], True),
        ([failed(base=PLAIN, why="closed")], True),
        ([at_http()], False),
        ([at_http(status=404)], False),
        ([at_http(status=302, leads_to=f"{PLAIN}/a"), at_http(status=302, leads_to=f"{BASE}/a")], False),
        ([failed(base=PLAIN)], Why("silent")),
    ],
)
def test_what_plain_http_shows(chain: list[dict[str, Any]], spared: object) -> None:
    stored = record(page(plain={"chain": chain, "ended": "answer"}))
    expect(probe_facts(stored).of(PlainHttp)[0], "encrypted", spared)


LED = answered(status=302, leads_to=f"{BASE}/a")
STRANGE = answered(status=302, leads_to="https://sign-in.example/a")


@pytest.mark.parametrize(
    ("way", "flaw"),
    [
        (page(LED, answered("/a")), ""),
        (page(LED, answered("/a", status=403)), ""),
        (page(LED, answered("/a", status=404)), "no page"),
        (page(LED, answered("/a", status=500)), "no page"),
        (page(answered(status=302)), "no page"),
        (page(answered(status=404), kind="further host"), ""),
        (page(answered(status=503), kind="further host"), "no page"),
        (page(LED, LED, ended="loop"), "a loop"),
        (page(*[LED] * 11, ended="too long"), "more than 10 steps"),
        (page(STRANGE, ended="elsewhere"), "to https://sign-in.example/a"),
        (page(answered(status=302, leads_to=f"{PLAIN}/a"), at_http()), f"from HTTPS to {PLAIN}/a"),
        (page(failed(), ended="no answer"), Why("silent")),
    ],
)
def test_where_redirects_lead(way: dict[str, Any], flaw: object) -> None:
    expect(probe_facts(record(way)).of(Redirects)[0], "flaw", flaw)


def test_partners_are_no_strangers_over_tls() -> None:
    led = at_http(status=302, leads_to="http://sign-in.example/a")
    stored = record(
        {**page(STRANGE, ended="elsewhere"), "plain": {"chain": [led], "ended": "elsewhere"}},
        partners=["sign-in.example"],
    )
    assert [each.flaw for each in probe_facts(stored).of(Redirects)] == ["", "to http://sign-in.example/a"]


@pytest.mark.parametrize(
    ("partner", "flaw"), [("localhost:9000", ""), ("localhost", ""), ("localhost:9001", "to http://localhost:9000/a")]
)
def test_a_partner_may_be_on_this_machine_and_on_a_port(partner: str, flaw: str) -> None:
    led = at_http(status=302, leads_to="http://localhost:9000/a")
    stored = record({**page(STRANGE, ended="elsewhere"), "chain": [led]}, partners=[partner])
    assert probe_facts(stored).of(Redirects)[0].flaw == flaw


@pytest.mark.parametrize(
    ("answer", "changes", "refused"),
    [
        (failed(), {}, Why("silent")),
        (answered(status=429), {}, Why("ask again later")),
        (answered(status=503), {}, Why("ask again later")),
        (answered(status=403), {"ordinary": [answered(), answered(status=403)]}, Why("ordinary requests are refused")),
        (answered(status=403), {"ordinary": [answered(), failed()]}, Why("silent")),
        (failed(why="closed"), {"ordinary": [answered(), failed(why="closed")]}, Why("closed")),
        (answered(status=403), {"chain": [answered(status=403)]}, Why("ordinary requests are refused")),
        (answered(status=403), {}, True),
        (failed(why="closed"), {}, True),
        (CHALLENGES[1], {}, True),
        (answered(), {}, False),
        (answered(status=404), {}, False),
        (answered(status=500), {}, False),
    ],
)
def test_an_attack_is_refused_by_who_looked_at_it(
    answer: dict[str, Any], changes: dict[str, Any], refused: object
) -> None:
    stored = record(page(attacked={"a script": answer}, **changes))
    expect(probe_facts(stored).of(AttackAnswered)[0], "refused", refused)


MISS, HIT = answered(x_cache="Miss"), answered(x_cache="Hit")
BARE_LED = answered(status=302, leads_to=f"{BASE}/a", **BARE)
SEE_OTHER = answered(status=303, leads_to=f"{BASE}/a")
GIVEN, TAKEN = "session=(redacted); Secure", "session=(redacted); Max-Age=0"
GIVING = answered(x_cache="Miss", set_cookie=GIVEN)
TWICE = {**answered(), "headers": [["strict-transport-security", "max-age=5"], *answered()["headers"]]}
WITHOUT_TLS = record(base_url=PLAIN, certificates={}, tls={})
NO_STORE = {key: value for key, value in certificate(unvouched="no store").items() if key != "vouched"}
UNKNOWN = {"www.example.com": {"TLS 1.0": {"became": "unknown", "detail": "silence"}}}


Case = tuple[dict[str, Any], type[Any], str, object]
#: A record, a kind of fact, and the value of a field.
PROBED: list[Case] = [
    (record(page(TWICE)), SecurityHeaders, "hsts_seconds", 5),  # of two such headers the first counts
    (record(page(BARE_LED, answered("/a"))), SecurityHeaders, "nosniff", False),  # of two answers the worse
    (record(page(BARE_LED, answered("/a"))), SecurityHeaders, "hsts_seconds", 0),
    (record(page(at_http()), base_url=PLAIN, place=PLAIN), SecurityHeaders, "hsts_seconds", 0),  # only over TLS
    (record(page(MISS, kind="public", again=[MISS, HIT])), PublicPage, "hit", True),
    (record(page(MISS, kind="public", again=[MISS, MISS])), PublicPage, "hit", False),
    (record(page(kind="public")), PublicPage, "said", ()),
    # a cached cookie is everybody's
    (record(page(GIVING, kind="public", again=[answered(x_cache="Hit", set_cookie=GIVEN)])), PublicPage, "given", ("session",)),
    (record(page(GIVING, kind="public", again=[answered(x_cache="Hit", set_cookie=TAKEN)])), PublicPage, "given", ()),
    (record(hosts=["WWW.Ex.com"], certificates={"WWW.Ex.com": certificate(names=["www.ex.com"])}), ServedCertificate, "covered", True),
    (record(), ServedCertificate, "in_date", True),
    (record(at="2027-03-01T00:00:00+00:00"), ServedCertificate, "in_date", False),
    (record(certificates={"www.example.com": {"failed": "closed"}}), ServedCertificate, "covered", Why("closed")),
    (record(certificates={"www.example.com": NO_STORE}), ServedCertificate, "mistrusted", Why("no store")),
    (record(certificates={"www.example.com": NO_STORE}), ServedCertificate, "covered", True),
    (record(tls=UNKNOWN), ServedTls, "accepts", Why("TLS 1.0: silence")),
    (WITHOUT_TLS, ServedCertificate, "in_date", Why("https://")),
    (WITHOUT_TLS, ServedTls, "accepts", Why("https://")),
    (record(page(plain=None)), PlainHttp, "encrypted", Why("name the address")),
    (record(), OrdinaryAnswered, "served", True),
    (record(page(ordinary=[answered(), answered(status=403)])), OrdinaryAnswered, "served", False),
    (record(page(SEE_OTHER, answered("/a"), ordinary=[SEE_OTHER, SEE_OTHER])), OrdinaryAnswered, "served", True),
    # something in front of the site reveals nothing about it
    *((record(page(one, kind="public"), missing=one, health=one), kind, field, FRONT_ANSWER)
      for one in CHALLENGES
      for kind, field in (
          (SecurityHeaders, "nosniff"), (ContentPolicy, "stated"), (Redirects, "flaw"), (HealthEndpoint, "status"),
          (MissingPage, "status"), (PublicPage, "hit"),
      )),
    *((record(page(one, kind="private")), kind, field, FRONT_ANSWER)
      for one in CHALLENGES
      for kind, field in (
          (SecurityHeaders, "nosniff"), (ContentPolicy, "stated"), (Redirects, "flaw"), (PrivatePage, "keepable"),
      )),
    # a header that only a refusal lacks, or has, need not be so on the page
    *((record(page(answered(status=status, **BARE))), SecurityHeaders, "nosniff", ASKED) for status in (403, 503)),
    *((record(page(BARE_LED, answered("/a", status=status, **BARE))), SecurityHeaders, "nosniff", False) for status in (403, 503)),
    *((record(page(answered(status=status))), SecurityHeaders, field, ASKED)
      for status in (403, 503) for field in ("nosniff", "hsts_seconds", "frames_banned")),
    # a header of an error need not be on the page, and one that it lacks counts as missing
    *((record(page(answered(status=status))), kind, field, Why(str(status)))
      for status in (401, 403, 404, 410, 500, 503)
      for kind, field in (
          (SecurityHeaders, "nosniff"), (SecurityHeaders, "frames_banned"), (SecurityHeaders, "hsts_seconds"),
          (ContentPolicy, "stated"),
      )),
    *((record(page(answered(status=status, **BARE))), SecurityHeaders, "nosniff", False) for status in (404, 500)),
    (record(page(answered(status=401), kind="private")), SecurityHeaders, "nosniff", True),
    (record(page(answered(x_content_type_options="nosniff, nosniff"))), SecurityHeaders, "nosniff", True),
    (record(page(answered(x_content_type_options="NoSniff"))), SecurityHeaders, "nosniff", True),
    (record(page(answered(x_content_type_options="whimsy, nosniff"))), SecurityHeaders, "nosniff", False),
    (record(page(answered(x_datadome="protected"))), SecurityHeaders, "nosniff", True),  # its name is on each answer
    (record(page(answered(status=403, x_datadome="protected", **BARE))), SecurityHeaders, "nosniff", FRONT_ANSWER),
    (record(page(answered(status=401, x_dd_b="1", **BARE))), SecurityHeaders, "nosniff", FRONT_ANSWER),
]  # fmt: skip


@pytest.mark.parametrize(("stored", "kind", "field", "expected"), PROBED)
def test_what_a_record_of_probes_shows(stored: dict[str, Any], kind: type[Any], field: str, expected: object) -> None:
    expect(probe_facts(stored).of(kind)[0], field, expected)


def test_a_missing_page_below_others_must_be_missing_and_a_closed_part_says_nothing() -> None:
    below = [
        answered("/a/none"), answered("/b/none", status=302, leads_to=f"{BASE}/"), answered("/c/none", status=404),
        answered("/d/none", status=403), {**answered("/e/none"), "asks": True},
        answered("/f/none", status=302, leads_to=f"{BASE}/sign-in?next=/f"), failed("/g/none"),
    ]  # fmt: skip
    found = probe_facts(record(missing_below=below)).of(MissingPage)
    assert {each.subject.partition(" ")[0]: str(each.peek("status")) for each in found if each.subject[1] != "g"} == {
        "/none": "404", "/a/none": "200", "/b/none": "302", "/c/none": "404",
    }  # fmt: skip
    expect(found[-1], "status", Why("silent"))


def test_dates_are_judged_by_when_the_certificate_was_seen() -> None:
    stored = (record(), record(at="2027-03-01T00:00:00+00:00"))
    assert [str(probe_facts(each).of(ServedCertificate)[0].remaining) for each in stored] == ["89.9259 d", "-4.5741 d"]


def test_a_page_that_is_missing_carries_them_too() -> None:
    bare = answered("/none", status=404, x_content_type_options="")
    found = {fact.subject: fact.nosniff for fact in probe_facts(record(missing=bare)).of(SecurityHeaders)}
    assert found == {f"/ of {BASE}": True, f"/none of {BASE}": False}


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 502, 503])
def test_an_error_says_nothing_of_cookies_and_leaves_the_missing_page(status: int) -> None:
    facts = probe_facts(record(page(answered(status=status))))
    assert str(status) in facts.unreadable[Cookie]
    assert facts.of(SecurityHeaders)[-1].nosniff, "an address without a page is one"


# ── Content-Security-Policy

ALL = (EVAL, INLINE, ANYWHERE)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("default-src 'self'", ()),
        ("script-src 'self'", ()),
        ("script-src 'none'", ()),
        ("script-src", ()),
        ("default-src 'unsafe-inline' *; script-src 'self'", ()),
        ("img-src *; style-src 'unsafe-inline'; script-src 'self' https://cdn.example.com", ()),
        ("img-src 'self'", ALL),
        ("", ALL),
        ("script-src 'self' 'unsafe-inline'", (INLINE,)),
        ("SCRIPT-SRC 'self' 'Unsafe-Inline'", (INLINE,)),
        ("script-src 'self'; script-src 'unsafe-inline'", ()),
        ("script-src 'unsafe-inline' 'nonce-r4nd0m'; base-uri 'self'", ()),
        ("script-src 'unsafe-inline' 'sha256-abc='", ()),
        ("script-src 'unsafe-inline' https: 'strict-dynamic' 'nonce-r4nd0m'; base-uri 'none'", ()),
        ("script-src 'unsafe-inline' 'sha256-abc=''sha256-abd='", (INLINE,)),
        ("script-src 'unsafe-inline' 'nonce-{{nonce}}'", (INLINE,)),
        ("script-src 'unsafe-inline' 'nonce-' 'sha256-a=b' 'sha256-$hash'", (INLINE,)),
        ("script-src 'strict-dynamic'", ()),
        ("script-src 'self' http://cdn.example.com ftp://cdn.example.com", ()),
        ("object-src *; script-src 'self'", ()),
        ("script-src http:, script-src https:", (ANYWHERE,)),
        ("script-src https://www.example.com/a/, script-src https://www.example.com/b/", ()),
        ("script-src 'self' 'unsafe-eval'", (EVAL,)),
        ("script-src *", (ANYWHERE,)),
        ("script-src https:", (ANYWHERE,)),
        ("script-src 'self' data:", (ANYWHERE,)),
        ("script-src 'self'; script-src-attr 'unsafe-inline'", (INLINE,)),
        ("script-src 'self'; script-src-elem 'self' *", (ANYWHERE,)),
        ("script-src 'unsafe-inline', script-src 'self'", ()),
        ("script-src 'unsafe-inline', default-src 'unsafe-inline'", (INLINE,)),
    ],
)
def test_what_a_policy_lets_run(header: str, expected: tuple[str, ...]) -> None:
    assert find_dangers(split_policies([header])) == tuple(sorted(expected))


@pytest.mark.parametrize(
    "source",
    [
        "https://*:*",
        "*:*",
        "*:8443",
        "https://*",
        "https://*/",
        "https://*/lib/",
        "https://*/x.js",
        "http:",
        "wss:",
        "blob:",
    ],
)
def test_what_is_written_in_other_ways_is_anywhere_all_the_same(source: str) -> None:
    assert find_dangers([f"script-src 'self' {source}"]) == (ANYWHERE,)
    assert find_dangers([f"script-src 'self' {source}", "script-src 'self'"]) == ()


@pytest.mark.parametrize(
    "source",
    [
        "https://*.com", "*.co.uk", "*.jp", "*.com:*", "*.amazonaws.com", "*.s3.eu-west-1.amazonaws.com", "*.cloudfront.net",
        "*.azureedge.net", "*.github.io", "s3.amazonaws.com", "s3.ap-northeast-1.amazonaws.com", "s3-us-west-2.amazonaws.com",
        "https://storage.googleapis.com", "CDN.jsdelivr.net", "http://cdn.jsdelivr.net:80", "cdn.jsdelivr.net/npm/", "https://unpkg.com",
        "*.jsdelivr.net", "cdnjs.cloudflare.com", "cdnjs.cloudflare.com/ajax/libs/", "ajax.googleapis.com", "*.googleapis.com",
        "accounts.google.com", "*.google.com", "www.youtube.com", "code.angularjs.org",
    ],
)  # fmt: skip
def test_a_host_where_others_have_a_say_lets_their_scripts_run(source: str) -> None:
    assert find_dangers([f"script-src 'self' {source}"]) == (f"scripts that others write, by way of {source}",)
    assert find_dangers([f"script-src 'self' {source}", "script-src 'self' https://www.example.com"]) == ()
    assert find_dangers([f"script-src 'strict-dynamic' 'sha256-abc=' {source}; base-uri 'none'"]) == ()


@pytest.mark.parametrize(
    "source",
    [
        "https://cdn.example.com", "*.example.com", "*.example.co.jp", "d111111abcdef8.cloudfront.net", "mine.s3.amazonaws.com",
        "s3.amazonaws.com/mine/", "cdn.jsdelivr.net/npm/jquery@3.7.1/", "https://unpkg.com/react@18/", "https://www.google.com/recaptcha/",
        "cdnjs.cloudflare.com/ajax/libs/jquery/3.7.1/jquery.min.js", "ftp:", "https://*.*", "https://", "'report-sample'",
    ],
)  # fmt: skip
def test_a_host_of_ones_own_and_what_browsers_ignore_let_no_stranger_in(source: str) -> None:
    assert find_dangers([f"script-src 'self' {source}"]) == ()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("script-src 'nonce-r4nd0mr4nd0m'", (REBASED,)),
        ("default-src 'nonce-r4nd0mr4nd0m'; base-uri *", (REBASED,)),
        ("script-src 'nonce-r4nd0mr4nd0m'; base-uri https:", (REBASED,)),
        ("script-src 'sha256-abc=' 'strict-dynamic'", (REBASED,)),
        ("script-src 'sha256-abc='", ()),
        ("script-src 'nonce-r4nd0mr4nd0m'; base-uri https://www.example.com", ()),
        ("script-src 'nonce-r4nd0mr4nd0m', base-uri 'none'", ()),
        ("script-src 'nonce-r4nd0mr4nd0m', script-src 'self'", ()),
        ("script-src 'nonce-r4nd0mr4nd0m', script-src 'nonce-r4nd0mr4nd0m'", (REBASED,)),
    ],
)
def test_a_base_may_not_lead_trusted_scripts_away(header: str, expected: tuple[str, ...]) -> None:
    assert find_dangers(split_policies([header])) == expected


def test_the_nonces_are_those_of_elements() -> None:
    assert find_nonces(["script-src 'self' 'Nonce-aB1=' 'sha256-x='; style-src 'nonce-other'"]) == {"aB1="}


def test_several_headers_hold_together() -> None:
    assert find_dangers(split_policies(["script-src 'unsafe-inline'", "script-src 'self'"])) == ()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], ()),
        (["default-src 'self'"], ()),
        (["frame-ancestors 'none'"], (("'none'",),)),
        (
            ["frame-ancestors 'self' https://a.example", "frame-ancestors 'none'"],
            (("'self'", "https://a.example"), ("'none'",)),
        ),
        (["frame-ancestors"], ((),)),
    ],
)
def test_who_may_frame_a_page(headers: list[str], expected: tuple[tuple[str, ...], ...]) -> None:
    assert frame_sources(split_policies(headers)) == expected


# ── Cookies


def only(stored: Mapping[str, Any]) -> Cookie:
    (found,) = probe_facts(stored).of(Cookie)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=(redacted); Secure; HttpOnly; SameSite=Lax", (True, True, "lax")),
        ("a=(redacted); path=/; secure;httponly; samesite = Strict", (True, True, "strict")),
        ("a=(redacted); SameSite=None", (False, False, "none")),
        ("a=(redacted)", (False, False, "unstated")),
    ],
)
def test_what_is_said_of_a_cookie(text: str, expected: tuple[bool, bool, str]) -> None:
    cookie = only(record(page(answered("/mine", set_cookie=text))))
    assert (cookie.secure, cookie.http_only, cookie.same_site) == expected
    assert cookie.subject == f"cookie 'a' set by /mine of {BASE}"


@pytest.mark.parametrize(
    "text",
    [
        "a=(redacted); Max-Age=0",
        "a=(redacted); max-age=-1; Secure",
        "a=(redacted); Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "a=(redacted); expires=Thu, 26-Nov-2026 11:59:59 GMT",
        "a=(redacted); Domain=.tracker.example",
        "a=(redacted); Domain=sub.www.example.com",
    ],
)
def test_what_sets_no_cookie_of_the_site_is_not_judged(text: str) -> None:
    assert not probe_facts(record(page(answered(set_cookie=text)))).of(Cookie)
    challenge = answered(status=403, cf_mitigated="challenge", set_cookie="a=(redacted)")
    assert not probe_facts(record(page(challenge))).of(Cookie)


@pytest.mark.parametrize(
    "more",
    [
        "Domain=example.com",
        "Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "Expires=never",
        "Max-Age=soon",
        "Expires=Thu, 01 Jan 99999999999999999999 00:00:00 GMT",
    ],
)
def test_what_sets_one_is(more: str) -> None:
    assert only(record(page(answered(set_cookie=f"a=(redacted); {more}")))).secure is False


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("AWSALB", BALANCER),
        ("AWSALBCORS", BALANCER),
        ("AWSALBTG", BALANCER),
        ("__cf_bm", BALANCER),
        ("aws-waf-token", BALANCER),
        ("visid_incap_42", BALANCER),
        ("XSRF-TOKEN", DOUBLE_SUBMIT),
        ("__Host-csrftoken", DOUBLE_SUBMIT),
        ("AWSALBUM", ""),
        ("session", ""),
        ("my__cf_bm", ""),
    ],
)
def test_what_a_cookie_is_by_its_name(name: str, role: str) -> None:
    assert only(record(page(answered(set_cookie=f"{name}=(redacted)")))).role == role


def test_of_a_browser_only_the_cookies_of_the_site_are_judged() -> None:
    given = {"secure": True, "httpOnly": True, "sameSite": "Lax"}
    cookies = [
        {"name": domain, "domain": domain, **given} for domain in (".example.com", "www.example.com", "ads.example")
    ]
    assert [each.subject for each in browser_cookies("on a journey", cookies, ["www.example.com"])] == [
        "cookie '.example.com' on a journey",
        "cookie 'www.example.com' on a journey",
    ]
    assert len(browser_cookies("on a journey", cookies)) == 3


def test_a_cookie_of_every_page_is_one() -> None:
    same, other = answered(set_cookie="a=(redacted); Secure"), answered("/b", set_cookie="a=(redacted)")
    assert len(probe_facts(record(page(same), page(same), page(other))).of(Cookie)) == 2


def test_cookies_of_a_browser_are_judged_alike() -> None:
    (cookie,) = browser_cookies(
        "after sign-in", [{"name": "reader", "secure": True, "httpOnly": False, "sameSite": "Lax"}]
    )
    assert (cookie.subject, cookie.secure, cookie.http_only, cookie.same_site) == (
        "cookie 'reader' after sign-in",
        True,
        False,
        "lax",
    )


# ── Nonces


def marked(word: str, path: str = "/", **headers: str) -> dict[str, Any]:
    """An answer with a nonce that is made of a word."""
    return with_nonce(sha256(word.encode()).hexdigest(), path, **headers)


def with_nonce(nonce: str, path: str = "/", **headers: str) -> dict[str, Any]:
    named = {"cache_control": "private, no-store", **headers}
    return answered(path, content_security_policy=f"script-src 'nonce-{nonce}'; base-uri 'self'", **named)


def policies(*pages: dict[str, Any]) -> list[ContentPolicy]:
    return list(probe_facts(record(*pages)).of(ContentPolicy))


def test_a_nonce_that_changes_and_is_kept_nowhere_protects() -> None:
    first, second = policies(
        page(marked("one1"), again=[marked("two2")]), page(marked("three3"), again=[marked("four4")])
    )
    assert (first.dangers, second.dangers) == ((), ())


@pytest.mark.parametrize("again", [marked("one1"), marked("one1", x_cache="Miss")])
def test_a_nonce_that_comes_again_is_known(again: dict[str, Any]) -> None:
    assert policies(page(marked("one1"), again=[again]))[0].dangers == (REPEATED,)


@pytest.mark.parametrize(
    ("first", "second", "guessable"),
    [
        ("1", "2", True),
        ("8f3a", "91c0", True),
        ("00000000000000000000000000000041", "00000000000000000000000000000042", True),
        ("MTc2NDY0MDAwMDEyMw==", "MTc2NDY0MDAwMDE0NQ==", True),
        ("abcdefg", "hijklmn", True),
        ("k3J9xQ2v", "Zp0Lw7Ty", False),
        ("9f86d081884c7d65", "9a8bd7c0a3f1e265", False),
        ("rAnd0mNoncE123456789ab", "Zq8vT1xYkLw4s0PoJd2h3f", False),
    ],
)
def test_a_nonce_that_can_be_guessed_protects_nobody(first: str, second: str, guessable: bool) -> None:
    (found,) = policies(page(with_nonce(first), again=[with_nonce(second)]))
    assert found.dangers == ((GUESSABLE,) if guessable else ())


def test_a_nonce_of_another_page_is_no_new_one() -> None:
    pages = page(marked("one1"), again=[marked("two2")]), page(marked("two2", "/b"), again=[marked("four4", "/b")])
    assert [one.dangers for one in policies(*pages)] == [(REPEATED,), (REPEATED,)]


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"cache_control": "public, s-maxage=60"}, True),
        ({"cache_control": "max-age=60"}, True),
        ({"cache_control": "public"}, True),
        ({"cache_control": "", "expires": "Thu, 01 Dec 2033 16:00:00 GMT"}, True),
        (
            {"cache_control": "", "expires": "Thu, 01 Dec 2033 16:00:00 GMT", "date": "Sat, 28 Nov 2026 12:00:00 GMT"},
            True,
        ),
        (
            {"cache_control": "", "expires": "Thu, 19 Nov 1981 08:52:00 GMT", "date": "Sat, 28 Nov 2026 12:00:00 GMT"},
            False,
        ),
        ({"cache_control": "", "expires": "0"}, False),
        ({"x_cache": "Hit from cloudfront"}, True),
        ({"cache_control": "max-age=0"}, False),
        ({"cache_control": "public, max-age=60, s-maxage=0"}, False),
        ({"cache_control": "no-cache"}, False),
        ({"cache_control": "private, max-age=60"}, False),
        ({"cache_control": 'no-cache="set-cookie", max-age=60'}, True),
        ({"cache_control": "private", "cdn_cache_control": "max-age=60"}, True),
        ({"cache_control": ""}, False),
    ],
)
def test_a_nonce_that_caches_keep_is_everybodys(headers: dict[str, str], kept: bool) -> None:
    (found,) = policies(page(marked("one1", **headers), again=[marked("two2")]))
    assert found.dangers == ((KEPT,) if kept else ())


def test_of_one_answer_nobody_knows_whether_its_nonce_changes() -> None:
    (found,) = policies(page(marked("one1")))
    with pytest.raises(Undetermined) as caught:
        _ = found.dangers
    assert "no second answer" in caught.value.conclusion.reason


# ── Certificates

DAY = 86400
#: When the record was made.
AT = 1795694400


def lasting(begun: float, left: float, **changes: Any) -> dict[str, Any]:
    dates = {"begins": int(AT - begun * DAY), "ends": int(AT + left * DAY)}
    return certificate(address="192.0.2.1", key="RSA", **dates, **changes)


def served(*shown: dict[str, Any], **absent: str) -> ServedCertificate:
    stored = record(certificates={"www.example.com": {"shown": list(shown), "absent": absent}})
    return probe_facts(stored).of(ServedCertificate)[0]


GOOD = lasting(30, 60)
SILENT = {"address": "192.0.2.2", "key": "ECDSA", "failed": "nothing was answered in time", "kind": "silent"}


@pytest.mark.parametrize(
    ("bad", "field", "expected"),
    [
        (lasting(30, 60, names=["other.example"]), "covered", False),
        (
            lasting(30, 60, vouched="self-signed certificate"),
            "mistrusted",
            "self-signed certificate at 192.0.2.1 for RSA",
        ),
        (lasting(90, -1), "in_date", False),
    ],
)
def test_one_that_is_bad_decides(bad: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(served(GOOD, bad), field) == expected
    assert getattr(served(SILENT, bad, GOOD), field) == expected
    assert getattr(served(GOOD), field) != expected


@pytest.mark.parametrize("field", ["covered", "mistrusted", "in_date"])
def test_one_that_was_not_seen_leaves_it_open(field: str) -> None:
    with pytest.raises(Undetermined) as caught:
        getattr(served(GOOD, SILENT), field)
    assert "at 192.0.2.2 for ECDSA: nothing was answered in time" in caught.value.conclusion.reason
    assert served(GOOD, SILENT).unseen


@pytest.mark.parametrize(
    ("begun", "left", "ending"),
    [
        (4, 2, False),
        (4.1, 1.9, True),
        (31.3, 15.7, False),
        (32, 15, True),
        (60, 30, False),
        (338, 60, True),
        (0, 6, False),
    ],
)
def test_how_long_one_must_last_goes_by_how_long_it_is_issued_for(begun: float, left: float, ending: bool) -> None:
    assert bool(served(GOOD, lasting(begun, left)).ending) is ending


def test_where_nobody_listens_nobody_is_shown_a_certificate() -> None:
    found = served(GOOD, **{"2001:db8::1": "Network is unreachable"})
    assert (found.covered, found.unseen) == (True, "")
    assert found.seen == "RSA at 1 address; none at 2001:db8::1: Network is unreachable"


def test_the_browser_is_told_to_trust_only_what_it_would_trust_of_its_own() -> None:
    shown = [
        GOOD | {"pin": "good"},
        GOOD | {"pin": "good"},
        lasting(30, 60, vouched="self-signed certificate", pin="untrusted"),
        lasting(90, -1, pin="late"),
        lasting(30, 60, names=["other.example"], pin="strange"),
        SILENT,
    ]
    assert list_pins({"shown": shown}, "www.example.com", AT) == ("good",)
    assert list_pins({"failed": "refused"}, "www.example.com", AT) == ()
