from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.dags.durations import Slowdown, compare_durations, list_durations

from .histories import DAG, HOUR, SLOTS, event, failed, history, id_of, missing, with_run, with_task

CLEAR = event("clear_dag_run", id_of(SLOTS[5]), SLOTS[6])


def around(middle: float, count: int) -> list[float]:
    random = Random(7)
    return [random.uniform(0.9, 1.1) * middle for _ in range(count)]


def compared(earlier: Sequence[float], later: Sequence[float]) -> Slowdown:
    found = compare_durations(earlier, later)
    assert found is not None
    return found


def is_regression(found: Slowdown, factor: float) -> bool:
    return found.factor > factor and found.p_value < 0.05


def test_only_runs_that_the_schedule_brought_to_success_by_itself_are_timed() -> None:
    changes = {
        0: missing, 1: failed, 2: with_run(kind="manual"), 3: with_run(state="running"), 4: with_task(state="failed"),
        6: with_run(started=None), 7: with_run(ended=SLOTS[7] + HOUR), 8: with_run(ended=None),
    }  # fmt: skip
    found = list_durations(DAG, history(changes, events=(CLEAR,)))
    assert len(found) == 120 - 8
    assert (found[0], found[1]) == (3599, 299)  # the slots 7 and 9


def test_longer_runs_are_a_regression_and_the_same_are_none() -> None:
    before = around(100, 60)
    slower = compared(before, around(140, 40))
    assert slower.factor == pytest.approx(1.4, abs=0.03)
    assert slower.samples == (60, 40)
    assert is_regression(slower, 1.25)
    assert not is_regression(slower, 1.5)
    assert not is_regression(compared(before, before), 1.0)


def test_a_few_slow_runs_are_no_trend() -> None:
    found = compared(around(100, 60), [*around(100, 57), 400, 400, 400, 400])
    assert found.factor > 3
    assert not is_regression(found, 1.25)


def test_a_difference_that_nobody_minds_is_no_regression_however_sure_it_is() -> None:
    found = compared(around(100, 2000), around(103, 2000))
    assert found.p_value < 0.001
    assert not is_regression(found, 1.25)


@pytest.mark.parametrize(("before", "after"), [(19, 60), (60, 19), (0, 0)])
def test_too_few_runs_tell_nothing(before: int, after: int) -> None:
    assert compare_durations(around(100, before), around(100, after)) is None


@given(seconds=st.lists(st.floats(0, 1e6), min_size=20, max_size=40))
def test_nothing_regressed_against_itself(seconds: list[float]) -> None:
    found = compared(seconds, seconds)
    assert found.factor == 1
    assert not is_regression(found, 1.0)
