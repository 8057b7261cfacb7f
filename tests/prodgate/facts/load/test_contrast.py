"""How much slower one side is than the other: never judged as alike where it is far more, and seldom by chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, hypot, log
from typing import Any

import numpy as np
import pytest

from prodgate.criteria import Criterion
from prodgate.estimates import Estimate
from prodgate.facts.load.changes import LoadChange
from prodgate.facts.load.contrast import APART, estimate_change, estimate_growth
from prodgate.facts.load.measurements import Measurements, read_measurements
from prodgate.findings import Concluded, Outcome
from prodgate.quantities import Bound, Quantity

from ...samples import criterion
from .load_records import cell, record

SURE: dict[str, Any] = {"confidence": Quantity.parse("95 %"), "decides": "bound", "samples": 1000}
SLOWER = criterion("load-p95-regression", bound=Bound.parse("<= 20 ms"), **SURE)
GREATER = criterion("load-p95-growth", bound=Bound.parse("<= 25 %"), **SURE)
Z = 1.6448536


def estimate(low: float, value: float, high: float) -> Estimate:
    least, middle, most = (Quantity.of(str(each), "ms") for each in (low, value, high))
    sure = SURE["confidence"]
    return Estimate(value=middle, low=least, high=most, samples=4000, effective=4000, confidence=sure)


def measured(seconds: Iterable[Sequence[float]]) -> Measurements:
    """What was measured of so many milliseconds in each second."""
    cells = [cell(at, Counter(max(1, round(10 * took)) for took in each)) for at, each in enumerate(seconds)]
    found = read_measurements(record(seconds=cells))
    assert isinstance(found, Measurements)
    return found


def outcome(asked: Criterion, found: Estimate) -> Outcome:
    try:
        asked.require(found)
    except Concluded as ended:
        return ended.conclusion.outcome
    return Outcome.SATISFIED


def slower(before: Measurements, now: Measurements, *, turns: bool = True) -> Outcome:
    change = LoadChange(subject="green against blue", before=before, now=now, turns=turns)
    return outcome(SLOWER, change.p95(SLOWER))


def greater(before: Measurements, now: Measurements, *, turns: bool = True) -> Outcome:
    change = LoadChange(subject="green against blue", before=before, now=now, turns=turns)
    return outcome(GREATER, change.growth(GREATER))


def test_where_errors_are_normal_the_ends_are_those_of_the_difference() -> None:
    """A second way to the same ends: errors of two values that know nothing of each other add as squares."""
    now, before = estimate(110 - Z * 3, 110, 110 + Z * 3), estimate(100 - Z * 4, 100, 100 + Z * 4)
    found = estimate_change(now, before, turns=True)
    assert [float(each.magnitude) for each in (found.low, found.value, found.high)] == pytest.approx(
        [10 - Z * 5, 10, 10 + Z * 5], abs=1e-3
    )
    apart = estimate_change(now, before, turns=False)
    assert float(apart.high.magnitude) == pytest.approx(10 + Z * hypot(5, APART * 110, APART * 100), abs=1e-3)
    assert str(apart.low) == "-Infinity ms", "whatever the difference, two runs at two times convict nobody"


def test_a_growth_is_a_difference_of_logarithms() -> None:
    found = estimate_growth(estimate(90, 120, 150), estimate(80, 100, 125), turns=True)
    low = exp(log(1.2) - hypot(log(120 / 90), log(125 / 100))) - 1
    high = exp(log(1.2) + hypot(log(150 / 120), log(100 / 80))) - 1
    assert [float(each.magnitude) for each in (found.low, found.value, found.high)] == pytest.approx(
        [100 * low, 20, 100 * high], abs=1e-3
    )


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ([10.3, 9.2, 11.8, 8.7, 12.9, 10.1, 9.6], [20.8, 19.1, 22.4, 18.6, 23.5, 20.2, 21.9]),
        ([1.2, 2.1, 1.4, 2.6, 3.1], [21, 23, 20.5, 26, 29]),
        ([1.0] * 5, [10.0] * 5),
        ([0.0] * 5, [10.0] * 5),
        ([0.0] * 5, [54.2, 55.3, 54.9, 55.8, 57.1]),
        ([0.0] * 9 + [1.6], [0.0] * 8 + [1.7, 3.2]),
        ([4.1, 5.3, 4.6, 3.9], [8.4, 10.9, 9.1, 7.6]),
        ([0.0] * 10, [0.1, 0.2, 0.0, 0.1, 0.0, 0.1, 0.2, 0.1, 0.0, 0.1]),
    ],
)
def test_what_is_far_more_than_it_was_is_never_both_near_enough(before: list[float], now: list[float]) -> None:
    """Cases of the kinds that judges of canaries call high: all are within 20 ms or more, and a doubling or more."""
    one, other = (measured([each * (30 // len(each))] * 40) for each in (before, now))
    assert greater(one, other) is Outcome.NOT_SATISFIED
    assert greater(one, other, turns=False) is Outcome.UNDETERMINED
    assert slower(one, other, turns=False) is not Outcome.NOT_SATISFIED


@pytest.mark.once
def test_by_chance_it_is_seldom_wrong_and_mostly_right() -> None:
    """Lognormal times, 5,400 on either side and told to 4 ms: 24 ms more are too many, and none are not."""
    chance, wrong, right = np.random.default_rng(20261127), 0, 0

    def side(more: float = 0) -> Measurements:
        took = chance.lognormal(np.log(100), 0.358, (60, 90)) * (1 + more / 180.2)
        return measured(np.ceil(took / 4) * 4)

    for _ in range(20):
        before, same, more = side(), side(), side(24)
        wrong += slower(before, more) is Outcome.SATISFIED
        right += slower(before, same) is Outcome.SATISFIED
    assert wrong <= 3, "5 % of 20, and three standard errors"
    assert right >= 14


@pytest.mark.parametrize("turns", [True, False])
def test_what_has_no_end_is_never_near_enough(turns: bool) -> None:
    endless = estimate(150, float("inf"), float("inf"))
    for now, before in ((endless, estimate(90, 100, 110)), (endless, endless)):
        for found in (estimate_change(now, before, turns=turns), estimate_growth(now, before, turns=turns)):
            assert not found.high.magnitude.is_finite()
