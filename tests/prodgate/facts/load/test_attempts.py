"""Trying again until it passes: all attempts together err no more than one may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from prodgate.facts.load.measurements import Measurements, read_measurements, read_stored
from prodgate.quantities import Bound, Quantity
from prodgate.statistics import exact_interval

from ...samples import criterion
from .load_records import record, stored

SURE: dict[str, Any] = {"confidence": Quantity.parse("95 %"), "decides": "bound"}
P95 = criterion("latency-p95", bound=Bound.parse("< 200 ms"), **SURE)


def attempt(number: int) -> Measurements:
    found = read_measurements(record())
    assert isinstance(found, Measurements)
    return replace(found, attempt=number)


def test_each_attempt_is_decided_at_a_greater_confidence() -> None:
    assert [str(attempt(number).confidence(P95)) for number in range(4)] == ["95 %", "97.5 %", "99.1667 %", "99.5834 %"]
    estimates = [attempt(number).p95(P95) for number in (1, 3)]
    assert [str(each.confidence) for each in estimates] == ["97.5 %", "99.5834 %"]
    assert estimates[1].detail == "attempt 3 on this commit, holds for disturbances up to 360 ms"
    assert estimates[0].spell > estimates[1].spell
    assert attempt(1).confidence(criterion("latency-p95", bound=P95.bound)) is None


def test_however_many_there_are_no_more_is_spent_than_is_allowed() -> None:
    spent = 0.0
    for number in range(1, 2000):
        sure = attempt(number).confidence(P95) if number < 30 else None
        spent += float(1 - sure.base) if sure else 0.05 / (number * (number + 1))
    assert 0.0499 < spent <= 0.05


def test_trying_twenty_times_seldom_passes_what_must_not_pass() -> None:
    """A share of 5.01 % in each of twenty runs of 3,240: at 95 % each, more than half of those who try would pass."""
    chance = np.random.default_rng(20261127)
    levels = [float(each.base) for number in range(1, 21) if (each := attempt(number).confidence(P95))]
    tries = [[int(each) for each in chance.binomial(3240, 0.0501, 20)] for _ in range(300)]

    def passing(sure: list[float]) -> float:
        return sum(any(exact_interval(k, 3240, c)[1] < 0.05 for k, c in zip(t, sure, strict=True)) for t in tries) / 300

    assert passing([0.95] * 20) > 0.3
    assert passing(levels) < 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5


@pytest.mark.parametrize(("about", "expected"), [({}, (0, False)), ({"attempt": 2, "screen": True}, (2, True))])
def test_what_is_stored_of_a_run_says_which_attempt_it_was(about: dict[str, Any], expected: tuple[int, bool]) -> None:
    found = read_stored(stored(record(), **about))
    assert (found.attempt, found.screen) == expected
