from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.airflow.records import History, Run, Task
from prodgate.aws.answers import Unread
from prodgate.dags import cron
from prodgate.dags import ledger as ledgers
from prodgate.dags.declared import Schedule
from prodgate.dags.ledger import Row, SlotState, Unaccounted, build_ledger

from .histories import (
    DAG,
    HOUR,
    MINUTE,
    NOW,
    SLOTS,
    Change,
    event,
    failed,
    history,
    history_of,
    id_of,
    late,
    missing,
    run_of,
    tasks_of,
    with_run,
    with_task,
)  # fmt: skip

SLOT = SLOTS[50]
ID = id_of(SLOT)
CLEAR = event("clear_dag_run", ID, SLOT + 9 * HOUR, '{"dry_run":false}', owner="ann")


def fifty(change: Change, **fields: Any) -> Row:
    """The row of one slot of a month in which every other slot went well."""
    rows = build_ledger(DAG, history({50: change}, **fields)).rows
    assert [row.state for number, row in enumerate(rows) if number != 50] == [SlotState.ON_TIME] * 119
    return rows[50]


def test_a_good_month_is_120_slots_on_time() -> None:
    account = build_ledger(DAG, history())
    assert account.counts == {state: 120 if state is SlotState.ON_TIME else 0 for state in SlotState}
    assert [row.slot for row in account.rows] == SLOTS
    assert account.rows[0] == Row(
        slot=SLOTS[0], state=SlotState.ON_TIME, runs=(id_of(SLOTS[0]),), started=SLOTS[0] + timedelta(seconds=1),
        ended=SLOTS[0] + 5 * MINUTE, delay=timedelta(seconds=3), tries=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        (missing, SlotState.MISSED, "no scheduled run"),
        (failed, SlotState.FAILED, "fetch is failed, store is upstream_failed"),
        (late, SlotState.LATE, ""),
        (with_run(ended=SLOT + HOUR), SlotState.ON_TIME, ""),
        (with_run(ended=SLOT + HOUR + timedelta(microseconds=1)), SlotState.LATE, ""),
        (with_run(ended=None), SlotState.LATE, ""),
        (with_task(tries=2), SlotState.RETRIED, ""),
        (with_run(state="running", ended=None), SlotState.STUCK, "running since 2026-11-09 03:00:01 UTC"),
        (with_run(state="queued", started=None, ended=None), SlotState.STUCK, "queued since 2026-11-09 03:00:00 UTC"),
        (with_run(state="queued", queued=None, started=None), SlotState.STUCK, "queued since 2026-11-09 03:00:00 UTC"),
        (with_run(state="running", started=NOW - 2 * HOUR), SlotState.RUNNING, "running"),
        (with_run(state="running", started=NOW - 2 * HOUR - MINUTE), SlotState.STUCK, "running since"),
        (with_task(state="failed"), SlotState.FAILED, "Airflow says success, but fetch is failed"),
        (with_task(state=""), SlotState.FAILED, "Airflow says success, but fetch is not run"),
        (with_task(state="skipped"), SlotState.FAILED, "Airflow says success, but fetch is skipped; may_skip doesn't name"),
        (with_run(kind="backfill", run_id="b"), SlotState.BACKFILL, "no scheduled run; a backfill run covers it"),
        (with_run(kind="asset_triggered"), SlotState.MANUAL, "no scheduled run; an asset_triggered run covers it"),
        (with_run(kind="manual"), SlotState.MANUAL, "no scheduled run; a manual run covers it"),
        (with_run(kind="backfill", run_id="b", state="failed"), SlotState.MISSED, "no scheduled run; backfill run: failed"),
    ],
)  # fmt: skip
def test_each_slot_has_one_state(change: Change, state: SlotState, words: str) -> None:
    row = fifty(change)
    assert row.state is state
    assert row.words.startswith(words)
    assert bool(row.words) == bool(words)


@pytest.mark.parametrize(
    ("may_skip", "state"),
    [
        (["fetch"], SlotState.ON_TIME),
        (["fe*"], SlotState.ON_TIME),
        (["store"], SlotState.FAILED),
        (["fetc"], SlotState.FAILED),
        ([], SlotState.FAILED),
    ],
)
def test_what_is_skipped_is_work_that_was_not_done_unless_it_may_be(may_skip: list[str], state: SlotState) -> None:
    dag = replace(DAG, may_skip=tuple(may_skip))
    assert build_ledger(dag, history({50: with_task(state="skipped")})).rows[50].state is state


def test_a_sensor_that_gives_up_softly_and_skips_all_work_is_no_success() -> None:
    def soft(run: Run, tasks: list[Task]) -> tuple[Run, list[Task]]:
        return run, [replace(tasks[0], state="skipped"), replace(tasks[1], state="skipped", host="", pid=0)]

    assert fifty(soft).state is SlotState.FAILED


def test_a_late_success_is_late_though_it_was_retried() -> None:
    row = fifty(lambda run, tasks: (late(run, tasks)[0], tasks_of(run, tries=3)))
    assert (row.state, row.tries) == (SlotState.LATE, 3)


def test_a_scheduler_that_stood_still_is_seen() -> None:
    account = build_ledger(DAG, history(dict.fromkeys(range(0, 120, 2), missing)))
    assert (account.counts[SlotState.MISSED], account.counts[SlotState.ON_TIME]) == (60, 60)


def test_another_zone_is_seen() -> None:
    utc = replace(DAG, schedule=Schedule(cron="0 2 * * *", timezone="UTC"))
    account = build_ledger(
        replace(DAG, schedule=Schedule(cron="0 2 * * *", timezone="Asia/Tokyo")), _served_by(utc.schedule)
    )
    assert account.counts[SlotState.MISSED] == len(account.rows) == 30
    assert len(account.extra) == 30


def _served_by(schedule: Schedule) -> History:
    return history_of(run_of(slot) for slot in cron.list_slots(schedule, NOW - DAG.window, NOW))


def test_a_run_of_no_slot_is_extra_and_one_outside_of_the_window_is_not() -> None:
    strays = [run_of(SLOT, run_id="a", slot=SLOT + MINUTE), run_of(SLOT, run_id="b", slot=None)]
    others = [run_of(SLOTS[0] - 6 * HOUR), run_of(SLOT, run_id="c", kind="manual", slot=SLOT + MINUTE)]
    assert [run.run_id for run in build_ledger(DAG, history_of([*strays, *others])).extra] == ["a", "b"]


def test_nothing_at_all_is_all_missed() -> None:
    account = build_ledger(replace(DAG, since=SLOTS[0]), history_of([], oldest={}))
    assert account.counts[SlotState.MISSED] == 120


@pytest.mark.parametrize(("after", "state"), [(HOUR, SlotState.PENDING), (HOUR + MINUTE, SlotState.MISSED)])
def test_a_slot_is_pending_until_its_grace_is_over(after: timedelta, state: SlotState) -> None:
    record = replace(history({119: missing}), now=SLOTS[119] + after)
    assert build_ledger(DAG, record).rows[-1].state is state


def test_a_slot_that_is_now_is_one_of_them() -> None:
    account = build_ledger(DAG, replace(history(), now=SLOTS[119]))
    assert account.rows[-1].slot == SLOTS[119]
    assert account.extra == ()


def test_within_the_grace_the_scheduled_run_may_still_come() -> None:
    record = replace(history({119: with_run(kind="manual")}), now=SLOTS[119] + MINUTE)
    assert build_ledger(DAG, record).rows[-1].state is SlotState.PENDING


def test_the_window_begins_no_earlier_than_what_was_read() -> None:
    account = build_ledger(DAG, replace(history(), since=SLOTS[100]))
    assert (account.since, len(account.rows)) == (SLOTS[100], 20)


def test_a_backfill_beside_a_failed_run_makes_no_success() -> None:
    failing = history({50: failed})
    again = run_of(SLOT, kind="backfill")
    record = replace(failing, runs=(*failing.runs, again), tasks=(*failing.tasks, *tasks_of(again)))
    row = build_ledger(DAG, record).rows[50]
    assert (row.state, row.runs) == (SlotState.FAILED, (ID, id_of(SLOT, "backfill")))


def test_of_two_scheduled_runs_of_a_slot_the_one_that_failed_decides() -> None:
    record = history()
    other = run_of(SLOT, run_id="another", state="failed")
    row = build_ledger(DAG, replace(record, runs=(*record.runs, other))).rows[50]
    assert (row.state, row.runs) == (SlotState.FAILED, ("another", ID))


@pytest.mark.parametrize(
    ("name", "asked", "state"),
    [
        ("patch_dag_run", '{"state":"success"}', SlotState.FAILED),
        ("patch_dag_run", "", SlotState.FAILED),
        ("patch_dag_run", "{}", SlotState.ON_TIME),  # a note
        ("patch_task_instance", '{"new_state":"success"}', SlotState.FAILED),
        ("clear_dag_run", '{"dry_run":false}', SlotState.UNKNOWN),
        ("clear_dag_run", '{"dry_run":true}', SlotState.ON_TIME),
        ("trigger_dag_run", "", SlotState.ON_TIME),
    ],
)
def test_what_a_person_made_a_success_is_none_of_the_schedule(name: str, asked: str, state: SlotState) -> None:
    record = history(events=(event(name, ID, SLOT + 2 * HOUR, asked, owner="ann"),))
    row = build_ledger(DAG, record).rows[50]
    assert row.state is state
    assert ("by ann at 2026-11-09 05:00:00 UTC" in row.words) == (state is not SlotState.ON_TIME)


AGAIN = with_run(queued=SLOT + 9 * HOUR, started=SLOT + 9 * HOUR, ended=SLOT + 10 * HOUR)
LOGGED = [
    event("running", ID, SLOT + 7 * MINUTE, task_id="fetch"),
    event("success", ID, SLOT + 8 * MINUTE, "{}", task_id="fetch"),
    event("success", ID, SLOT + 9 * MINUTE, task_id="store"),
]


def test_a_run_that_had_succeeded_before_it_was_cleared_is_on_time() -> None:
    row = fifty(AGAIN, events=(CLEAR, *LOGGED))
    assert (row.state, row.ended, row.delay) == (SlotState.ON_TIME, SLOT + 9 * MINUTE, 7 * MINUTE)
    assert row.words == "succeeded before it was cleared by ann at 2026-11-09 12:00:00 UTC (clear_dag_run)"


@pytest.mark.parametrize(
    ("logged", "state"),
    [
        (LOGGED[:2], SlotState.FAILED),  # one of two tasks
        ([], SlotState.UNKNOWN),  # Airflow 3.0 logs nothing of what tasks do
        ([event("failed", ID, SLOT + MINUTE, task_id="store")], SlotState.FAILED),
        ([*LOGGED, event("up_for_retry", ID, SLOT + MINUTE, task_id="store")], SlotState.RETRIED),
        ([replace(each, at=each.at + 2 * HOUR) for each in LOGGED], SlotState.LATE),
        ([replace(each, at=each.at + 9 * HOUR) for each in LOGGED], SlotState.FAILED),  # what came after tells nothing
    ],
)
def test_a_cleared_run_is_what_it_was_before(logged: list[Any], state: SlotState) -> None:
    assert fifty(AGAIN, events=(CLEAR, *logged)).state is state


def test_a_cleared_run_that_runs_again_is_not_undecided() -> None:
    row = fifty(with_run(state="running", started=NOW - MINUTE, ended=None), events=(CLEAR,))
    assert (row.state, row.words[-13:]) == (SlotState.FAILED, "running again")


def test_a_first_try_that_was_overwritten_has_no_known_delay() -> None:
    assert fifty(with_task(tries=2)).delay is None
    assert fifty(with_task(tries=2), events=tuple(LOGGED[:1])).delay == 7 * MINUTE
    assert fifty(AGAIN, events=(CLEAR,)).delay is None
    assert fifty(missing).delay is None


def test_an_audit_log_that_was_not_read_leaves_the_rest() -> None:
    unread: Any = Unread("403 Forbidden")
    assert build_ledger(DAG, history(events=unread)).counts[SlotState.ON_TIME] == 120


def test_another_dags_runs_of_the_same_id_are_not_mixed_in() -> None:
    record = history()
    other = [replace(task, dag_id="other", state="failed", tries=4) for task in record.tasks]
    strange = replace(record, tasks=(*record.tasks, *other), events=(replace(CLEAR, dag_id="other"),))
    assert build_ledger(DAG, strange).counts[SlotState.ON_TIME] == 120


def test_days_in_which_clocks_change_have_their_slots() -> None:
    dag = replace(DAG, schedule=Schedule(cron="30 * * * *", timezone="Europe/London"), window=timedelta(hours=24))
    now = SLOTS[0].replace(month=10, day=25, hour=12, minute=0)
    account = build_ledger(dag, replace(history_of([]), now=now, since=now - 2 * dag.window))
    assert len(account.rows) == 24


def test_a_row_too_few_is_never_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ledgers.judge_slot(SLOT, [], DAG, NOW)
    monkeypatch.setattr(ledgers, "judge_slot", lambda *_: lost)
    with pytest.raises(Unaccounted, match="120 slots, but rows of 120"):
        build_ledger(DAG, history())


def test_a_run_that_no_row_tells_of_is_never_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "judge_slot", lambda slot, *_: Row(slot=slot, state=SlotState.ON_TIME))
    with pytest.raises(Unaccounted, match="runs of the schedule that no row tells of"):
        build_ledger(DAG, history())


kinds = st.sampled_from(["scheduled", "backfill", "manual", "asset_triggered"])
states = st.sampled_from(["success", "failed", "running", "queued"])


@st.composite
def records(draw: st.DrawFn) -> tuple[list[Run], list[Task]]:
    """Any runs of ten slots and of times between them, some of several kinds."""
    runs = {}
    for number in draw(st.lists(st.integers(100, 119), max_size=25)):
        kind, minutes = draw(kinds), draw(st.sampled_from([0, 0, 0, 90]))
        run = run_of(SLOTS[number], kind=kind, state=draw(states), slot=SLOTS[number] + minutes * MINUTE)
        runs[run.run_id] = run
    tasks = [task for run in runs.values() for task in tasks_of(run, tries=draw(st.integers(1, 3)))]
    return list(runs.values()), tasks


@given(made=records(), seed=st.randoms(use_true_random=False))
def test_every_slot_has_one_row_in_whatever_order_runs_are_told(made: tuple[list[Run], list[Task]], seed: Any) -> None:
    runs, tasks = made
    account = build_ledger(DAG, history_of(runs, tasks))
    seed.shuffle(runs)
    seed.shuffle(tasks)
    assert build_ledger(DAG, history_of(runs, tasks)) == account
    counts: Mapping[SlotState, int] = account.counts
    assert sum(counts.values()) == len(account.rows) == 120
    told = [run_id for row in account.rows for run_id in row.runs] + [run.run_id for run in account.extra]
    assert len(told) == len(set(told))
    assert {run.run_id for run in runs if run.kind == "scheduled"} <= set(told)
