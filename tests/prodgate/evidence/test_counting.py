"""What was judged, counted against what was planned."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.evidence.counting import count_findings

PLANNED = {
    "event": "planned",
    "layer": "static",
    "check": "SHOP_1",
    "criterion": "truth",
    "place": "policies/shop.py:6",
}
AGAIN = {**PLANNED, "place": ""}
STARTED = {"event": "started", "layer": "static", "check": "SHOP_1", "place": "policies/shop.py:6"}
FINDING = {"event": "finding", "layer": "static", "check": "SHOP_1", "criterion": "truth", "subject": "x", "outcome": "satisfied"}  # fmt: skip
FINISHED = {"event": "finished", "layer": "static", "check": "SHOP_1", "findings": 1}


def outcomes(*events: dict[str, Any]) -> list[str]:
    return [f"{each.outcome}: {each.reason}" if each.reason else str(each.outcome) for each in count_findings(events)]


def test_what_was_planned_and_has_ended_counts() -> None:
    assert outcomes(PLANNED, STARTED, FINDING, FINISHED) == ["satisfied"]
    assert outcomes(PLANNED, AGAIN, STARTED, FINDING, FINISHED) == ["satisfied"]


def test_findings_rest_on_the_evidence_with_which_their_check_began() -> None:
    plan, answers = "a" * 64, "b" * 64
    started = {**STARTED, "evidence": [plan, answers]}
    (found,) = count_findings((PLANNED, started, FINDING, FINISHED))
    assert found.evidence == (plan, answers)
    (found,) = count_findings((PLANNED, started, {**FINDING, "evidence": [answers]}, FINISHED))
    assert found.evidence == (answers,), "a finding that says so itself knows better"
    (found,) = count_findings((PLANNED, STARTED, FINDING, FINISHED))
    assert found.evidence == ()


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ((), "is written at policies/shop.py:6, and did not run to its end"),
        ((STARTED,), "is written at policies/shop.py:6, and did not run to its end"),
        ((STARTED, FINISHED), "the journal holds 0 of the 1 findings"),
        ((STARTED, FINDING, FINDING, FINISHED), "the journal holds 2 of the 1 findings"),
        (({**STARTED, "place": "zz.py:1"}, FINDING, FINISHED), "what answered is written at zz.py:1, not at policies/"),
        (({**STARTED, "check": "SHOP_2"}, FINDING, FINISHED), "SHOP_2 was begun when it ended"),
        ((STARTED, {**FINDING, "criterion": "nothing"}, FINISHED), "it answered nothing, and was planned for truth"),
        ((STARTED, {**FINDING, "check": "SHOP_2"}, FINISHED), "its findings are of SHOP_2"),
        ((STARTED, FINDING, {**FINISHED, "check": "SHOP_2"}), "and did not run to its end"),
        ((STARTED, FINDING, {**FINISHED, "layer": "live"}), "the journal holds 0 of the 1 findings"),
    ],
)
def test_what_does_not_fit_the_plan_is_undetermined(events: tuple[dict[str, Any], ...], reason: str) -> None:
    found = outcomes(PLANNED, AGAIN, *events)
    assert any(each.startswith("undetermined") and reason in each for each in found), found
