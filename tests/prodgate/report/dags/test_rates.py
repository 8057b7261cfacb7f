"""The four rates side by side, the criterion that judges one of them, and the error budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.criteria import Criterion
from prodgate.evidence.artifacts import load_json
from prodgate.facts.dags.slots import SlotHistory
from prodgate.layers.dags.facts import facts_of
from prodgate.quantities import Quantity
from prodgate.report.dags.rates import Reliability, find_deciding_criterion, reliability

from ..samples import criterion
from .samples import SIX_HOURS, Change, by_hand, dag, failed, late, missed, open_, retried, scheduled, success_rate

REAL, REHEARSED = success_rate(), success_rate("dag-success-rate-rehearsed")
MIXED: dict[int, Change] = {3: failed, 20: missed, 40: late, 41: retried, 60: by_hand, 119: open_}


def history(directory: Path, changes: dict[int, Change]) -> SlotHistory:
    made = scheduled(directory, {dag("news", SIX_HOURS): changes})
    kept = [(str(each["kind"]), load_json(directory, each["digest"])) for each in made.facts]
    (found,) = facts_of(kept, {}).of(SlotHistory)
    assert isinstance(found, SlotHistory)
    return found


def of(directory: Path, changes: dict[int, Change], judged_by: Criterion | None = REAL) -> Reliability:
    return reliability(history(directory, changes), judged_by)


def test_rates_differ_by_what_they_count(tmp_path: Path) -> None:
    found = of(tmp_path, MIXED)
    assert [(each.name, each.good, each.total, each.share) for each in found.rows] == [
        ("slot", "116", "120", "96.67 %"),
        ("run", "117", "118", "99.15 %"),
        ("first_try", "115", "120", "95.83 %"),
        ("on_time", "115", "120", "95.83 %"),
    ]


def test_only_the_slot_rate_decides_and_only_by_a_criterion(tmp_path: Path) -> None:
    assert [each.name for each in of(tmp_path, {}).rows if each.decides] == ["slot"]
    found = of(tmp_path, {3: failed}, None)
    assert [each for each in found.rows if each.decides] == []
    assert (found.criterion, found.limit, found.budget, found.settles) == ("", "", None, "")
    assert found.rows[0].ends == of(tmp_path, {3: failed}).rows[0].ends


def test_ends_are_exact_and_rounded_outwards(tmp_path: Path) -> None:
    assert of(tmp_path, {}).rows[0].ends == "97.53–100 %"
    assert of(tmp_path, {3: failed}).rows[0].ends == "96.1–99.96 %"


def test_a_wider_interval_comes_with_more_confidence(tmp_path: Path) -> None:
    sure = success_rate(confidence=Quantity.parse("99 %"))
    found = of(tmp_path, {}, sure)
    assert (found.confidence, found.rows[0].ends) == ("99 %", "96.23–100 %")
    assert of(tmp_path, {}).confidence == "95 %"


def test_the_budget_is_what_the_limit_leaves_of_a_whole_window(tmp_path: Path) -> None:
    budget = of(tmp_path, {3: failed, 20: missed, 40: late}).budget
    assert budget is not None
    assert (budget.slots, budget.allowed, budget.spent, budget.left) == (120, 1, 2, -1)


def test_says_what_would_settle_it(tmp_path: Path) -> None:
    assert of(tmp_path, {}).settles == "179 more slots, all of them good, would settle it, 45 d at this schedule"
    assert of(tmp_path, dict.fromkeys(range(60), failed)).settles == ""


def test_of_nothing_there_is_no_share(tmp_path: Path) -> None:
    found = of(tmp_path, dict.fromkeys(range(120), open_), None)
    assert [(each.total, each.share, each.ends) for each in found.rows if each.name == "run"] == [("0", "", "")]


@pytest.mark.parametrize(
    ("stated", "rehearsal", "judged_by"),
    [
        ([REHEARSED, REAL], False, REAL),
        ([REHEARSED, REAL], True, REHEARSED),
        ([REAL], True, None),
        ([REHEARSED], False, REHEARSED),
        ([criterion("dag-success-rate", require=">= 3"), REHEARSED], False, REHEARSED),
        ([criterion("dag-success-rate")], False, None),
        ([criterion("backup-retention", require="> 99 %")], False, None),
    ],
)
def test_the_criterion_that_can_be_answered_judges(
    stated: list[Criterion], rehearsal: bool, judged_by: Criterion | None
) -> None:
    assert find_deciding_criterion(stated, rehearsal=rehearsal) is judged_by
