"""What people did through doors that are not logged, as runs on Airflow 3.3 showed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from prodgate.airflow.records import Event, History
from prodgate.aws.answers import Unread
from prodgate.dags.ledger import SlotState, build_ledger
from prodgate.dags.record_flaws import find_record_flaws
from prodgate.dags.silent_actions import list_silent_actions

from .histories import DAG, HOUR, MINUTE, SLOTS, Change, event, history, id_of, tasks_of, with_task

SLOT = SLOTS[50]
ID = id_of(SLOT)
SECOND = timedelta(seconds=1)


def logged(*names: str, tries: int = 1, task: str = "fetch", begin: int = 0, index: int = -1) -> list[Event]:
    """Entries of one try of a task, a second apart; 3.2 and later note the host of the task with each."""
    return [
        event(name, ID, SLOT + (begin + number) * SECOND, "{}", task_id=task, tries=tries, map_index=index)
        for number, name in enumerate(names)
    ]


STORED = logged("running", "success", task="store")


def record(change: Change = lambda run, tasks: (run, tasks), *events: Event, version: str = "3.3.2") -> History:
    return history({50: change}, events=events, version=version)


def shown(found: History) -> list[tuple[str, str]]:
    return [(hand.act.value, hand.shows) for hand in list_silent_actions(DAG.dag_id, found)]


@pytest.mark.parametrize(
    ("tries", "entries", "shows"),
    [
        (1, logged("running", "success"), []),
        (1, logged("running", "failed"), ["fetch logged failed last"]),
        (1, logged("running"), ["fetch logged running last"]),  # a task that hung
        (1, logged("running", "up_for_retry"), ["fetch logged up_for_retry last"]),
        (1, logged("running", "skipped"), ["fetch logged skipped last"]),
        (2, logged("running", "up_for_retry"), ["fetch logged up_for_retry last"]),  # before its second try began
        (2, [*logged("running", "up_for_retry"), *logged("running", "success", tries=2, begin=5)], []),
        (1, logged("running", "up_for_reschedule", "running", "success"), []),  # a sensor
        (1, logged("running", "deferred", "running", "success"), []),
        (1, logged("running", "deferred"), []),  # its trigger may have ended it
        (1, logged("running", "success", index=3), []),  # of another instance
        (1, [], []),
    ],
)
def test_a_success_that_the_task_did_not_log_last_was_set(tries: int, entries: list[Event], shows: list[str]) -> None:
    found = record(with_task(tries=tries), *entries, *STORED)
    assert shown(found) == [("marked", each) for each in shows]
    assert (build_ledger(DAG, found).rows[50].state is SlotState.FAILED) == bool(shows)
    kinds = [flaw.kind for flaw in find_record_flaws(DAG, replace(found, version="3.0.6"))]
    assert kinds == ["marked"] * len(shows)


@pytest.mark.parametrize(
    ("entries", "shows"),
    [
        (logged("running", "skipped"), []),
        (logged("running", "failed"), [("marked", "fetch logged failed last")]),
        ([], []),  # by a branch
    ],
)
def test_a_failed_task_may_be_set_to_skipped_as_well(entries: list[Event], shows: list[tuple[str, str]]) -> None:
    assert shown(record(with_task(state="skipped"), *entries)) == shows


def test_failures_that_3_0_logs_alone_are_no_proof() -> None:
    """Its scheduler logs a killed task as failed, and nothing logs the success of the next try."""
    assert shown(record(with_task(tries=2), *logged("failed"), version="3.0.6")) == []
    assert shown(record(with_task(tries=1), *logged("failed"), version="3.0.6")) == [
        ("marked", "fetch logged failed last")
    ]


def test_in_airflow_2_what_a_person_set_is_not_what_the_task_logged() -> None:
    person = event("success", ID, SLOT + MINUTE, '{"confirmed":"true"}', task_id="fetch", tries=1)
    failing = [replace(each, asked="") for each in logged("running", "failed")]
    found = record(with_task(), *failing, person, version="2.11.0")
    assert shown(found) == [("marked", "fetch logged failed last")]


def test_an_empty_operator_logs_nothing_of_itself() -> None:
    bare = with_task(host="", pid=0, operator="EmptyOperator")
    assert shown(record(bare, *logged("running", "failed"))) == []


def cleared(run: Any, tasks: list[Any]) -> tuple[Any, list[Any]]:
    """What a failed task whose DAG has a retry looks like after it was cleared and succeeded."""
    return run, [replace(tasks[0], tries=3, max_tries=3, started=SLOT + HOUR), replace(tasks[1], max_tries=1)]


def with_retries(changes: dict[int, Change], retries: int = 1, **fields: Any) -> History:
    """A month of runs whose tasks have retries."""

    def made(change: Change | None) -> Change:
        return lambda run, tasks: (
            change(run, tasks) if change else (run, [replace(task, max_tries=retries) for task in tasks])
        )

    return history({number: made(changes.get(number)) for number in range(120)}, **fields)


WORDS = "fetch may be tried 4 times, and 2 times in other runs"


def test_a_task_that_may_be_tried_more_often_than_elsewhere_was_cleared() -> None:
    found = with_retries({50: cleared})
    assert shown(found) == [("cleared", WORDS)]
    row = build_ledger(DAG, found).rows[50]
    assert row.state is SlotState.UNKNOWN
    assert row.words.startswith("cleared by somebody, which no entry of the log says, but fetch may be tried 4 times")
    entries = [*logged("running", "failed", tries=2), *logged("running", "success", tries=3, begin=4000), *STORED]
    assert build_ledger(DAG, replace(found, events=tuple(entries))).rows[50].state is SlotState.FAILED
    unread: Any = Unread("403 Forbidden")
    assert shown(replace(found, events=unread)) == [("cleared", WORDS)]


def test_what_had_succeeded_before_it_was_cleared_is_a_success() -> None:
    again = logged("running", "success", tries=3, begin=4000)
    entries = [*logged("running", "success", tries=2), *again, *STORED]
    assert build_ledger(DAG, with_retries({50: cleared}, events=tuple(entries))).rows[50].state is SlotState.ON_TIME


def test_a_deploy_that_changes_retries_clears_nothing() -> None:
    for before, after in ((1, 3), (3, 1)):
        changes = {number: with_task(max_tries=before) for number in range(60)}
        retried = {50: with_task(max_tries=before, tries=2), 60: with_task(max_tries=after, tries=2)}
        late = {number: with_task(max_tries=after) for number in range(60, 120)}
        assert shown(with_retries(changes | late | retried)) == []


def test_a_log_that_names_the_clearing_is_what_is_shown() -> None:
    by = event("clear_dag_run", ID, SLOT + HOUR, '{"dry_run":false}', owner="ann")
    row = build_ledger(DAG, with_retries({50: cleared}, events=(by,))).rows[50]
    assert "by ann" in row.words


def test_a_task_whose_tries_begin_anew_was_deleted() -> None:
    entries = [*logged("running", "failed"), *logged("running", "success", begin=5), *STORED]
    found = record(with_task(), *entries)
    assert shown(found) == [("deleted", "fetch began anew with try 1")]
    assert build_ledger(DAG, found).rows[50].state is SlotState.FAILED


def test_a_task_that_logged_something_and_is_gone_was_deleted() -> None:
    found = record(lambda run, tasks: (run, tasks[1:]), *logged("running", "failed"), *STORED)
    assert shown(found) == [("deleted", "fetch logged failed, and is not there")]
    assert [(flaw.kind, flaw.run_id) for flaw in find_record_flaws(DAG, replace(found, version="3.0.6"))] == [
        ("deleted", ID)
    ]
    assert build_ledger(DAG, found).rows[50].state is SlotState.FAILED


def test_instances_of_a_mapped_task_are_told_apart() -> None:
    both = [tasks_of_map for number in (0, 1) for tasks_of_map in logged("running", "failed", index=number)]

    def mapped(run: Any, tasks: list[Any]) -> tuple[Any, list[Any]]:
        return run, [replace(tasks_of(run)[0], map_index=number) for number in (0, 1)]

    good = logged("running", "success", index=0, begin=9, tries=1)[1:]
    assert shown(record(mapped, *both, *good)) == [("marked", "fetch logged failed last")]
