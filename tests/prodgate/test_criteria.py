"""A criterion is the only place where a value meets its bound, and a check that compared nothing met none."""

from __future__ import annotations

import pytest

from prodgate.faults import conclude
from prodgate.findings import NotSatisfied, Outcome, Undetermined
from prodgate.judgement import Judgement, open_judgement
from prodgate.quantities import Bound, Quantity

from .samples import criterion

SHARE = criterion("error-rate", bound=Bound.parse("< 1 %"), samples=299)


@pytest.mark.parametrize(("samples", "reason"), [(298, "only 298 of 299 samples"), (None, "an unstated number of 299")])
def test_a_share_that_rests_on_too_few_or_unstated_samples_is_undetermined(samples: int | None, reason: str) -> None:
    with pytest.raises(Undetermined, match=reason):
        SHARE.require(Quantity.of(0, "%"), samples=samples)


def test_enough_samples_decide() -> None:
    SHARE.require(Quantity.of(0, "%"), samples=299)
    with pytest.raises(NotSatisfied):
        SHARE.require(Quantity.of(2, "%"), samples=299)


def test_a_comparison_that_broke_the_bound_counts_although_it_was_caught() -> None:
    backups = criterion()
    with open_judgement() as judgement:
        with pytest.raises(NotSatisfied):
            backups.require(Quantity.days(7))
        backups.require(Quantity.days(30))
    found = conclude(judgement, backups)
    assert (found.outcome, found.observed) == (Outcome.NOT_SATISFIED, "7 d")


@pytest.mark.parametrize(
    ("bound", "looked", "outcome"),
    [
        (Bound.parse(">= 30 d"), True, Outcome.UNDETERMINED),
        (None, False, Outcome.UNDETERMINED),
        (None, True, Outcome.SATISFIED),
    ],
)
def test_comparing_nothing_holds_only_for_who_looked_for_what_a_statement_forbids(
    bound: Bound | None, looked: bool, outcome: Outcome
) -> None:
    assert conclude(Judgement(), criterion(bound=bound), looked=looked).outcome is outcome
