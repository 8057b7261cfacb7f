"""What stands in the place of a page is not judged as the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.facts import Facts
from prodgate.facts.e2e.keyboard import KeyboardWalk
from prodgate.facts.e2e.pages import PageLinks, VisitedPage, page_facts
from prodgate.findings import Undetermined

from .browser_records import unreachable, visit, visits

REFUSED = "POST https://www.shop.example/graphql"
JUDGED = ("violations", "largest_paint", "shift", "errors", "failed", "foreign", "too_wide")


def seen(record: Mapping[str, Any], kind: type = VisitedPage) -> Any:
    (found,) = Facts(tuple(page_facts(record))).of(kind)
    return found


def reason_of(fact: Any, field: str) -> str:
    with pytest.raises(Undetermined) as told:
        getattr(fact, field)
    return told.value.conclusion.reason


def test_a_page_to_which_the_gate_refused_something_is_not_what_readers_get() -> None:
    record = visits(visit(refused=[REFUSED], missed=[REFUSED]))
    about = [*((VisitedPage, field) for field in JUDGED), (KeyboardWalk, "missed"), (PageLinks, "broken")]
    for kind, field in about:
        assert f"the gate refused {REFUSED}" in reason_of(seen(record, kind), field)
    assert seen(record).complete


def test_it_is_not_blamed_for_what_is_missing_there_and_is_for_whom_it_tells() -> None:
    bare = visit(refused=[REFUSED], missed=[REFUSED], regions_missing=["main"])
    assert "the gate refused" in reason_of(seen(visits(bare)), "complete")
    blank = {**unreachable("blank", "it shows nothing"), "missed": [REFUSED]}
    assert "the gate refused" in reason_of(seen(visits(blank)), "complete")
    told = visit(missed=[REFUSED], foreign=[{"url": "https://ads.example/", "why": "GET"}])
    assert seen(visits(told)).foreign == ("https://ads.example/: GET",)


@pytest.mark.parametrize("kind", ["challenge", "sign-in"])
def test_who_is_shown_something_else_knows_nothing_of_the_page(kind: str) -> None:
    found = seen(visits(unreachable(kind, "it led to /enter")))
    assert "it led to /enter" in reason_of(found, "complete")
    assert "it led to /enter" in reason_of(found, "violations")


@pytest.mark.parametrize("kind", ["blank", "no page"])
def test_what_is_no_page_is_not_complete(kind: str) -> None:
    found = seen(visits(unreachable(kind, "it shows nothing")))
    assert (found.complete, found.answered) == (False, "it shows nothing")


def test_a_page_that_is_forbidden_may_be_there() -> None:
    assert "let the gate in" in reason_of(seen(visits(visit(status=403))), "complete")
    assert not seen(visits(visit(status=401))).complete


@pytest.mark.parametrize("page", [unreachable("sign-in", "led on"), visit(status=401), visit(status=403)])
def test_a_private_page_is_left_to_journeys(page: Mapping[str, Any]) -> None:
    assert list(page_facts(visits(page, private=["/"]))) == []
    assert len(list(page_facts(visits(page)))) == 3
    assert list(page_facts(visits(visit(status=404), private=["/"])))
