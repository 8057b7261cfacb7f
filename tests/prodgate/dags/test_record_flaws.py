from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from prodgate.airflow.records import History
from prodgate.aws.answers import Unread, Unreadable
from prodgate.dags.ledger import SlotState, build_ledger
from prodgate.dags.record_flaws import find_record_flaws

from .histories import (
    DAG,
    HOUR,
    SLOTS,
    Change,
    event,
    failed,
    history,
    history_of,
    id_of,
    missing,
    run_of,
    tasks_of,
    with_task,
)

SLOT = SLOTS[50]
ID = id_of(SLOT)
AT = SLOT + 2 * HOUR
MARK = event("patch_dag_run", ID, AT, '{"state":"success"}', owner="ann")


def found(record: History) -> list[tuple[str, str, str]]:
    return [(flaw.kind, flaw.run_id, flaw.words) for flaw in find_record_flaws(DAG, record)]


def kinds(record: History) -> list[tuple[str, str]]:
    return [(kind, run_id) for kind, run_id, _ in found(record)]


def test_a_good_month_has_none() -> None:
    assert found(history()) == []


def test_a_failed_run_that_was_set_to_success_is_marked() -> None:
    words = "success, marked by ann at 2026-11-09 05:00:00 UTC (patch_dag_run)"
    changed = history({50: lambda run, tasks: (run, failed(run, tasks)[1])}, events=(MARK,))
    assert found(changed) == [("marked", ID, f"{words}; fetch is failed, store is upstream_failed")]
    # Airflow 3.0 turns its tasks green, too, and leaves their hosts and processes
    assert found(history(events=(MARK,))) == [("marked", ID, words)]


def test_a_failure_under_a_green_leaf_is_masked() -> None:
    ((kind, run_id, words),) = found(history({50: with_task(state="failed")}))
    assert (kind, run_id) == ("masked", ID)
    assert words.startswith("success, though fetch is failed; nobody set it")


@pytest.mark.parametrize("state", ["failed", "running", "queued"])
def test_a_run_that_is_no_success_claims_nothing(state: str) -> None:
    assert found(history({50: lambda run, tasks: (replace(run, state=state), failed(run, tasks)[1])})) == []


def unexecuted(run: Any, tasks: list[Any]) -> tuple[Any, list[Any]]:
    return run, [replace(task, host="", pid=0) for task in tasks]


def without_tasks(run: Any, tasks: list[Any]) -> tuple[Any, list[Any]]:
    return run, []


def skipped(run: Any, tasks: list[Any]) -> tuple[Any, list[Any]]:
    return run, [replace(task, state="skipped", host="", pid=0) for task in tasks]


@pytest.mark.parametrize("change", [without_tasks, skipped])
def test_a_run_that_nothing_executed_is_no_proof(change: Change) -> None:
    assert kinds(history({50: change})) == [("unexecuted", ID)]


def test_a_dag_of_which_nothing_was_ever_executed_is_no_proof() -> None:
    assert set(kinds(history(dict.fromkeys(range(120), unexecuted)))) == {("unexecuted", id_of(slot)) for slot in SLOTS}


@pytest.mark.parametrize("lacking", [{"host": ""}, {"pid": 0}])
def test_a_task_that_leaves_traces_elsewhere_must_here(lacking: dict[str, Any]) -> None:
    """As of one that failed before it began, and was set to success in a list, which 3.2 and later don't log."""
    record = history({50: with_task(**lacking)})
    ((kind, run_id, words),) = found(record)
    assert (kind, run_id) == ("marked", ID)
    assert words.endswith(
        "which no entry of the log says, but fetch has no host and no process, which it has in other runs"
    )
    assert build_ledger(DAG, record).rows[50].state is SlotState.FAILED


@pytest.mark.parametrize("after", ["EmptyOperator", "BranchPythonOperator"])
def test_a_task_that_became_another_is_told_apart_by_its_operator(after: str) -> None:
    """A deploy puts an operator in the place of an empty one, or the other way round."""
    before = dict.fromkeys(range(60), with_task(host="", pid=0, operator="EmptyOperator"))
    assert found(history(before | dict.fromkeys(range(60, 120), with_task(operator=after)))) == []


def test_an_empty_operator_leaves_traces_nowhere() -> None:
    assert found(history(dict.fromkeys(range(120), with_task(host="", pid=0)))) == []


def test_a_run_that_was_cleared_by_name_is_the_ledgers_and_one_without_a_name_a_flaw() -> None:
    assert found(history(events=(event("clear_dag_run", ID, AT),))) == []
    assert kinds(history(events=(event("cli_task_clear", "", AT),))) == [("cleared", "")]
    assert kinds(history(events=(event("clear", "", AT),))) == [("cleared", "")]


@pytest.mark.parametrize("name", ["action_clear", "action_muldelete", "dagrun.delete", "taskinstance.delete"])
def test_what_was_done_in_a_list_of_runs_of_any_dag_is_no_flaw_of_each(name: str) -> None:
    """What it did shows in the tasks of the DAG that it was done to, or in a slot without a run."""
    assert found(history(events=(event(name, "", AT, dag_id=""),))) == []
    assert kinds(history({50: missing}, events=(event(name, "", AT),)))[0][1] == ""


def test_a_deleted_run_is_told_of() -> None:
    words = "deleted by ann at 2026-11-09 05:00:00 UTC (delete_dag_run)"
    assert found(history({50: missing}, events=(event("delete_dag_run", ID, AT, owner="ann"),))) == [
        ("deleted", ID, words)
    ]


def test_a_backfill_in_the_place_of_a_scheduled_run_is_told_of() -> None:
    assert found(
        history(
            {
                50: lambda run, tasks: (
                    replace(run, kind="backfill", run_id="b"),
                    [replace(t, run_id="b") for t in tasks],
                )
            }
        )
    ) == [("occupied", "b", "2026-11-09 03:00:00 UTC: no scheduled run; a backfill run covers it")]
    beside = history()
    more = run_of(SLOT, kind="manual")
    assert found(replace(beside, runs=(*beside.runs, more), tasks=(*beside.tasks, *tasks_of(more)))) == []


@pytest.mark.parametrize(
    ("oldest", "words"),
    [
        ({}, "the record has no run, and the first slot is at 2026-10-27 15:00:00 UTC"),
        (
            {DAG.dag_id: SLOTS[1]},
            "the record begins at 2026-10-27 21:00:00 UTC, and the first slot is at 2026-10-27 15:00:00 UTC",
        ),
    ],
)
def test_a_record_that_begins_too_late_is_cut_off(oldest: Any, words: str) -> None:
    since = replace(DAG, since=SLOTS[0])
    ((kind, said),) = ((flaw.kind, flaw.words) for flaw in find_record_flaws(since, history(oldest=oldest)))
    assert kind == "cut_off"
    assert said.startswith(words)
    with pytest.raises(Unreadable, match="it was cleaned, or the DAG is newer.*write since"):
        find_record_flaws(DAG, history(oldest=oldest))


def test_an_empty_history_is_cut_off() -> None:
    with pytest.raises(Unreadable, match="the record has no run"):
        find_record_flaws(DAG, history_of([], oldest={}))


def test_a_record_that_reaches_back_further_is_whole() -> None:
    assert found(history(oldest={DAG.dag_id: SLOTS[0] - timedelta(days=90)})) == []


def test_what_lies_before_the_window_is_not_asked() -> None:
    record = history(events=(event("action_clear", "", SLOTS[0] - timedelta(days=2), dag_id=""),))
    old = run_of(SLOTS[0] - timedelta(days=1))
    assert found(replace(record, runs=(*record.runs, old))) == []


def test_without_an_audit_log_none_is_not_known_to_be_none() -> None:
    unread: Any = Unread("403 Forbidden")
    with pytest.raises(Unreadable, match="403"):
        find_record_flaws(DAG, history(events=unread))
