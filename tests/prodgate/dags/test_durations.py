from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.dags.durations import Slowdown, compare_durations, list_durations

from .a_history import DAG, HOUR, SLOTS, event, failed, history, id_of, missing, with_run, with_task

CLEAR = event("clear_dag_run", id_of(SLOTS[5]), SLOTS[6])


def around(middle: float, count: int) -> list[float]:
    random = Random(7)
    return [random.uniform(0.9, 1.1) * middle for _ in range(count)]


def compared(earlier: Sequence[float], later: Sequence[float]) -> Slowdown:
    found = compare_durations(earlier, later)
    assert found is not None
    return found


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
    assert slower.is_regression(1.25, 0.05)
    assert not slower.is_regression(1.5, 0.05)
    assert not compared(before, before).is_regression(1.0, 0.05)


def test_a_few_slow_runs_are_no_trend() -> None:
    found = compared(around(100, 60), [*around(100, 57), 400, 400, 400, 400])
    assert found.factor > 3
    assert not found.is_regression(1.25, 0.05)


def test_a_difference_that_nobody_minds_is_no_regression_however_sure_it_is() -> None:
    found = compared(around(100, 2000), around(103, 2000))
    assert found.p_value < 0.001
    assert not found.is_regression(1.25, 0.05)


@pytest.mark.parametrize(("before", "after"), [(19, 60), (60, 19), (0, 0)])
def test_too_few_runs_tell_nothing(before: int, after: int) -> None:
    assert compare_durations(around(100, before), around(100, after)) is None


def test_how_few_are_too_few_can_be_said() -> None:
    assert compare_durations(around(100, 5), around(100, 5), least=5) is not None
    assert compare_durations([], [], least=0) is None


@given(seconds=st.lists(st.floats(0, 1e6), min_size=20, max_size=40))
def test_nothing_regressed_against_itself(seconds: list[float]) -> None:
    found = compared(seconds, seconds)
    assert found.factor == 1
    assert not found.is_regression(1.0, 0.05)
