"""Facts about journeys."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts import Facts
from prodgate.facts.e2e.cookies import Cookie
from prodgate.facts.e2e.journeys import Journey, journey_facts, why_cookies_unseen, why_journeys_unreadable
from prodgate.findings import Undetermined

from .browser_records import journey, journeys


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
