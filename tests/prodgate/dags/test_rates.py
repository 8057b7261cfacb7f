from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.airflow.records import History
from prodgate.criteria import Criterion
from prodgate.dags.declared import Schedule
from prodgate.dags.ledger import build_ledger
from prodgate.dags.rates import Budget, Rate, Rates, compute_budget, compute_rates
from prodgate.findings import NotSatisfied, Undetermined
from prodgate.quantities import Bound, Quantity

from .histories import (
    DAG,
    NOW,
    SLOTS,
    failed,
    history,
    history_of,
    late,
    missing,
    run_of,
    tasks_of,
    with_run,
    with_task,
)
from .test_ledger import records

BOUND = Bound.parse("> 99 %")
SURE = Quantity.of(95, "%")
CRITERION = Criterion(
    id="dag-success-rate", statement="s", statement_ja="s", why="w", source="SLO-6", layers=("dags",), bound=BOUND
)


def of(record: History) -> Rates:
    return compute_rates(DAG, record, build_ledger(DAG, record))


def pairs(record: History) -> dict[str, tuple[int, int]]:
    found = of(record)
    return {each.name: (each.good, each.total) for each in (found.slot, found.run, found.first_try, found.on_time)}


def slots(good: int, total: int) -> Rate:
    return Rate(name="slot", good=good, total=total, of="slots", every=timedelta(hours=6))


def test_airflow_says_100_percent_while_half_of_the_slots_never_ran() -> None:
    found = pairs(history(dict.fromkeys(range(60), missing)))
    assert (found["slot"], found["run"]) == ((60, 120), (60, 60))


def test_four_rates_of_one_record_differ() -> None:
    running = with_run(state="running", started=NOW, ended=None)
    changes = {0: missing, 1: failed, 2: late, 3: with_task(tries=2), 4: with_run(kind="backfill"), 5: running}
    assert pairs(history(changes)) == {
        "slot": (116, 119), "run": (117, 118), "first_try": (115, 119), "on_time": (115, 119),
    }  # fmt: skip


def test_a_late_slot_that_was_retried_counts_for_the_schedule_alone() -> None:
    found = pairs(history({2: lambda run, tasks: (late(run, tasks)[0], tasks_of(run, tries=2))}))
    assert (found["slot"], found["first_try"], found["on_time"]) == ((120, 120), (119, 120), (119, 120))


def test_runs_before_the_window_count_in_no_rate() -> None:
    record = history()
    old = run_of(SLOTS[0] - timedelta(days=1), state="failed")
    assert pairs(replace(record, runs=(*record.runs, old))) == pairs(record)


@pytest.mark.parametrize(
    ("good", "total", "kept"), [(99, 100, False), (100, 101, True), (119, 120, True), (1, 1, True), (0, 1, False)]
)
def test_99_of_100_are_not_more_than_99_percent(good: int, total: int, kept: bool) -> None:
    estimate = slots(good, total).estimate(BOUND, SURE)
    if kept:
        CRITERION.require(estimate)
    else:
        with pytest.raises(NotSatisfied):
            CRITERION.require(estimate)


def test_nothing_is_never_a_pass() -> None:
    with pytest.raises(Undetermined, match="none of 1 samples"):
        CRITERION.require(slots(0, 0).estimate(BOUND, SURE))
    empty = history_of([], oldest={})
    assert pairs(empty) == {"slot": (0, 120), "run": (0, 0), "first_try": (0, 120), "on_time": (0, 120)}


@pytest.mark.parametrize(
    ("good", "total", "settles"),
    [
        (299, 299, ""),
        (298, 298, "1 more slots, all of them good, would settle it, 6 h at this schedule"),
        (120, 120, "179 more slots, all of them good, would settle it, 45 d at this schedule"),
        (119, 120, "353 more slots, all of them good, would settle it, 89 d at this schedule"),
        (472, 473, ""),
    ],
)
def test_what_would_settle_it_is_said_in_slots_and_in_time(good: int, total: int, settles: str) -> None:
    assert slots(good, total).estimate(BOUND, SURE).settles == settles


@pytest.mark.parametrize(("bad", "needed"), [(0, 299), (1, 473), (2, 628), (3, 773)])
def test_how_many_slots_show_99_percent(bad: int, needed: int) -> None:
    assert slots(0, bad).count_clean_needed(BOUND, SURE) == needed - bad


def test_no_number_of_slots_shows_more_than_there_can_be() -> None:
    assert slots(10, 10).count_clean_needed(Bound.parse("> 100 %"), SURE) is None


def test_30_days_of_6_hours_show_less_than_99_percent() -> None:
    estimate = of(history()).slot.estimate(BOUND, SURE)
    assert str(estimate) == "100 % (95 % each end: 97.53–100 %, 120 slots)"
    with pytest.raises(Undetermined, match="179 more slots"):
        replace(CRITERION, decides="bound", confidence=SURE).require(estimate)


@pytest.mark.parametrize(
    ("bound", "spent", "expected"),
    [
        ("> 99 %", 0, Budget(slots=120, allowed=1, spent=0)),
        ("> 99 %", 3, Budget(slots=120, allowed=1, spent=3)),
        (">= 90 %", 2, Budget(slots=120, allowed=12, spent=2)),
        ("> 90 %", 0, Budget(slots=120, allowed=11, spent=0)),
        (">= 100 %", 0, Budget(slots=120, allowed=0, spent=0)),
    ],
)
def test_the_error_budget_is_counted_in_slots(bound: str, spent: int, expected: Budget) -> None:
    account = build_ledger(DAG, history(dict.fromkeys(range(spent), missing)))
    found = compute_budget(DAG, account, Bound.parse(bound))
    assert found == expected
    assert found.left == expected.allowed - spent


def test_the_budget_is_of_a_whole_window_though_less_was_read() -> None:
    account = build_ledger(DAG, replace(history({118: failed}), since=SLOTS[100]))
    assert compute_budget(DAG, account, BOUND) == Budget(slots=120, allowed=1, spent=1)


def test_one_more_slot_takes_as_long_as_the_schedule_says() -> None:
    assert of(history()).slot.every == timedelta(hours=6)
    daily = replace(DAG, schedule=Schedule(cron="0 2 * * *", timezone="Asia/Tokyo"))
    record = history()
    assert compute_rates(daily, record, build_ledger(daily, record)).slot.every == timedelta(days=1)


@given(made=records(), number=st.integers(100, 119), kind=st.sampled_from(["scheduled", "backfill", "manual"]))
def test_another_failed_run_never_raises_a_rate(made: tuple[list, list], number: int, kind: str) -> None:  # type: ignore[type-arg]
    runs, tasks = made
    before = pairs(history_of(runs, tasks))
    more = run_of(SLOTS[number], kind=kind, state="failed", run_id="one more")
    after = pairs(history_of([*runs, more], tasks))
    for name, (good, total) in before.items():
        assert total == 0 or after[name][0] * total <= good * after[name][1]
