"""What visits show, and what they can't."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts import Facts
from prodgate.facts.e2e.builds import ServedBuild, build_facts
from prodgate.facts.e2e.keyboard import KeyboardWalk
from prodgate.facts.e2e.pages import PageLinks, VisitedPage, page_facts, why_pages_unreadable
from prodgate.findings import Undetermined

from .browser_records import WALK, unreachable, visit, visits


def seen(record: dict[str, Any], kind: type) -> Any:
    (found,) = Facts((*page_facts(record), *build_facts(record))).of(kind)
    return found


def page(**changes: Any) -> Any:
    return seen(visits(visit(**changes)), VisitedPage)


def undetermined(fact: Any, field: str) -> str:
    with pytest.raises(Undetermined) as told:
        getattr(fact, field)
    return told.value.conclusion.reason


def test_a_good_page_is_what_it_should_be() -> None:
    found = page()
    assert (found.subject, found.browser, found.complete, found.answered) == (
        "front at 1280 px", "Chromium 156.0.1", True, "as it should be",
    )  # fmt: skip
    assert (str(found.largest_paint), str(found.shift), found.too_wide) == ("312 ms", "0.012", 0)
    assert found.errors == found.failed == found.foreign == found.violations == ()


def test_what_is_wrong_is_told() -> None:
    found = page(
        exceptions=["turnover"],
        console=["bad"],
        failed=[{"url": "/a.css", "why": "HTTP 404"}],
        foreign=[{"url": "https://ads.example/", "why": "GET, stopped by the gate"}],
        violations=[{"id": "label", "help": "Label it", "first": "<input>", "nodes": 3}],
        needed=1300,
        beyond=["<pre>"],
        regions_missing=["main", "search: Search"],
    )
    assert found.errors == ("turnover", "bad")
    assert found.failed == ("/a.css: HTTP 404",)
    assert found.foreign == ("https://ads.example/: GET, stopped by the gate",)
    assert found.violations == ("label: Label it: <input> and 2 more",)
    assert (found.too_wide, found.sticking_out) == (20, ("<pre>",))
    assert (found.complete, found.answered) == (False, "without main, search: Search")


@pytest.mark.parametrize("kind", ["connection", "name", "unasked", "other"])
def test_a_page_that_nobody_answered_is_undetermined(kind: str) -> None:
    record = visits(unreachable(kind, "net::ERR_X"))
    found = seen(record, VisitedPage)
    assert undetermined(found, "complete") == "net::ERR_X"
    for field in ("violations", "largest_paint", "shift", "errors", "failed", "foreign", "too_wide"):
        assert undetermined(found, field) == "the page was not seen: net::ERR_X"
    assert undetermined(seen(record, KeyboardWalk), "missed") == "the page was not seen: net::ERR_X"
    assert undetermined(seen(record, PageLinks), "broken") == "the page was not seen: net::ERR_X"
    assert undetermined(seen(record, ServedBuild), "seen") == "no page was answered"


@pytest.mark.parametrize("kind", ["redirects", "certificate", "timeout", "elsewhere"])
def test_a_page_that_was_answered_badly_is_not_complete(kind: str) -> None:
    found = seen(visits(unreachable(kind, "led astray")), VisitedPage)
    assert (found.complete, found.answered) == (False, "led astray")
    assert undetermined(found, "errors") == "the page was not seen: led astray"


def test_a_page_that_a_partner_shows_is_not_the_sites() -> None:
    record = visits(unreachable("partner", "led to https://login.example/"), visit())
    assert len(Facts(tuple(page_facts(record))).of(VisitedPage)) == 1


def test_an_error_page_is_not_judged_as_the_page() -> None:
    found = page(status=503)
    assert (found.complete, found.answered) == (False, "HTTP 503")
    assert undetermined(found, "violations") == "the page was not seen: HTTP 503"


def test_a_page_that_was_refused_what_it_sends_is_not_blamed_for_it() -> None:
    found = page(
        refused=["POST https://www.shop.example/graphql"], exceptions=["no data"], failed=[{"url": "/b", "why": "x"}]
    )
    assert "the gate refused POST https://www.shop.example/graphql" in undetermined(found, "errors")
    assert "write reads" in undetermined(found, "failed")
    assert page(refused=["POST https://www.shop.example/beacon"]).errors == ()


def test_a_page_on_which_nothing_is_large_has_no_largest_paint() -> None:
    vitals = {"lcp": None, "fcp": None, "cls": 0, "ttfb": 1}
    assert "nothing was painted" in undetermined(page(vitals=vitals), "largest_paint")


CONTRAST = {"id": "color-contrast", "help": "Contrast", "first": "<p>", "nodes": 2}


def test_what_axe_leaves_open_is_undetermined_until_somebody_has_looked() -> None:
    left = visit(undecided=[CONTRAST])
    asked = undetermined(seen(visits(left), VisitedPage), "violations")
    assert "color-contrast: Contrast: <p> and 1 more; look there, and name the rule in [e2e] reviewed" in asked
    assert "color-contrast" in undetermined(seen(visits(left, reviewed=["label"]), VisitedPage), "violations")
    looked_at = seen(visits(left, reviewed=["color-contrast"]), VisitedPage)
    assert (looked_at.violations, looked_at.undecided) == ((), ("color-contrast: Contrast: <p> and 1 more",))
    label = {**CONTRAST, "id": "label"}
    assert page(undecided=[CONTRAST], violations=[label]).violations == ("label: Contrast: <p> and 1 more",)


def test_a_record_that_did_not_keep_what_axe_left_open_does_not_pass() -> None:
    earlier = {key: value for key, value in visit().items() if key != "undecided"}
    assert "was not kept; observe again" in undetermined(seen(visits(earlier), VisitedPage), "violations")


def test_a_page_that_was_left_before_it_was_at_rest_has_no_figures() -> None:
    restless = page(rested=False, waiting=["GET /slow"])
    for field in ("largest_paint", "shift"):
        assert "it still waited for: GET /slow; mend that, or name it in [e2e] lasting" in undetermined(restless, field)
    assert str(page(rested=False).largest_paint) == "312 ms"


def test_what_a_page_asks_for_again_once_it_was_at_rest_leaves_its_figures() -> None:
    assert str(page(rested=True, waiting=["GET /poll"]).largest_paint) == "312 ms"


def test_a_policy_that_only_reports_is_named_apart() -> None:
    found = page(reported=["img-src would refuse /a"])
    assert (found.errors, found.reported) == ((), ("img-src would refuse /a",))


def test_answers_of_which_the_browser_did_not_tell_are_undetermined() -> None:
    walk = seen(visits(visit(keyboard={**WALK, "settled": False})), KeyboardWalk)
    assert "did not tell how long each key took" in undetermined(walk, "slowest")


def test_the_keyboard_is_told_of_once_and_so_are_links() -> None:
    telephone = visit(size="telephone", width=375, keyboard=None)
    facts = Facts(tuple(page_facts(visits(visit(), telephone))))
    assert [len(facts.of(kind)) for kind in (VisitedPage, KeyboardWalk, PageLinks)] == [2, 1, 1]


@pytest.mark.parametrize(("slowest", "told"), [(24, "24 ms"), (None, "16 ms")])
def test_the_slowest_key(slowest: int | None, told: str) -> None:
    assert str(seen(visits(visit(keyboard={**WALK, "slowest": slowest})), KeyboardWalk).slowest) == told


def test_a_walk_that_did_not_end_or_met_no_key_says_nothing() -> None:
    short = seen(visits(visit(keyboard={**WALK, "whole": False, "left": 3, "missed": ["<a>"]})), KeyboardWalk)
    for field in ("missed", "unseen"):
        assert undetermined(short, field).startswith(
            "the walk did not end within 10 keys or a minute, with 3 of 4 elements"
        )
    bare = seen(visits(visit(keyboard={**WALK, "whole": False, "unseen": ["<a>"]})), KeyboardWalk)
    assert bare.unseen == ("<a>",)
    silent = seen(visits(visit(keyboard={**WALK, "interactions": 0})), KeyboardWalk)
    assert undetermined(silent, "slowest") == "no key was answered"


def test_what_is_behind_a_dialog_is_not_known_and_what_is_missed_in_it_is() -> None:
    front = {**WALK, "behind": 3, "dialog": "<dialog>"}
    found = seen(visits(visit(keyboard=front)), KeyboardWalk)
    for field in ("missed", "unseen"):
        assert "3 of 4 elements are behind it: <dialog>" in undetermined(found, field)
    found = seen(visits(visit(keyboard={**front, "missed": ["<i>"], "held": "<b>"})), KeyboardWalk)
    assert found.missed == ("Tab does not leave <b>", "<i>")


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("builds", "expected", "strangers"),
    [
        (["blue", "blue"], "blue", ()),
        (["blue", "green"], "blue", ("green (1 visits)",)),
        (["0123456"], COMMIT, ()),
        (["012"], COMMIT, ("012 (1 visits)",)),
    ],
)
def test_builds(builds: list[str], expected: str, strangers: tuple[str, ...]) -> None:
    about = {"how": "the header x-build", "expected": expected, "unread": ""}
    found = seen_build(visits(*(visit(build=each) for each in builds), build=about))
    assert found.strangers == strangers


def seen_build(record: dict[str, Any]) -> Any:
    (found,) = build_facts(record)
    return found


def test_a_build_that_is_not_said_or_not_known_is_undetermined() -> None:
    silent = seen_build(visits(visit(), visit(build="")))
    assert undetermined(silent, "strangers") == "front said no build; send it in the header x-build"
    unknown = seen_build(visits(visit(), build={"how": "", "expected": "", "unread": "the environment has no RELEASE"}))
    assert undetermined(unknown, "strangers") == "the environment has no RELEASE"


def test_a_record_that_this_version_does_not_know_is_unreadable() -> None:
    assert why_pages_unreadable(visits(format=2)) == "the record has format 2, and this version reads 1; observe again"
    assert why_pages_unreadable(visits()) == "no page is declared; write [e2e.pages]"
    assert why_pages_unreadable(visits(visit())) == ""
