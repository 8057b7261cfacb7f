from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prodgate.airflow.records import History
from prodgate.aws.answers import Unread, Unreadable
from prodgate.dags.record_flaws import find_record_flaws
from prodgate.dags.unseen import explain_unseen
from prodgate.facts.dags.slots import SlotHistory, slot_facts
from prodgate.findings import Undetermined
from prodgate.quantities import Bound

from ..samples import criterion
from .histories import DAG, HOUR, SLOTS, event, failed, history, history_of, id_of

RATE = criterion("dag-success-rate", bound=Bound.parse("> 99 %"))


def slots(record: History) -> SlotHistory:
    return next(fact for fact in slot_facts((DAG,), frozenset(), record) if isinstance(fact, SlotHistory))


def unseen(record: History) -> str:
    """Why a good month decides nothing, said by the rate and by the record alike."""
    reason = explain_unseen(DAG, record)
    if not reason:
        assert slots(record).success_rate(RATE).value.base == 1
        assert find_record_flaws(DAG, record) == ()
        return ""
    with pytest.raises(Undetermined) as raised:
        slots(record).success_rate(RATE)
    assert raised.value.conclusion.reason == reason
    with pytest.raises(Unreadable):
        find_record_flaws(DAG, record)
    return reason


def test_a_good_month_with_its_log_is_a_success() -> None:
    assert unseen(history()) == ""


def test_who_may_not_read_the_log_does_not_know_the_rate() -> None:
    unread: Any = Unread("GET /eventLogs: this is forbidden (403)")
    said = unseen(history(events=unread))
    assert said.startswith("GET /eventLogs: this is forbidden (403); without the audit log")
    assert "'can read on Audit Logs'" in said


@pytest.mark.parametrize(
    ("begins", "says"),
    [
        (None, "the audit log holds nothing, and the first run was made at 2026-10-27 15:00:00 UTC: it was cleaned"),
        (SLOTS[9], "the audit log begins at 2026-10-29 21:00:00 UTC, and the first run was made at 2026-10-27 15:00"),
    ],
)
def test_a_log_that_was_cleaned_does_not_tell_of_the_runs_before(begins: Any, says: str) -> None:
    assert unseen(history(log_begins=begins)).startswith(says)


def test_a_log_as_old_as_the_first_run_is_whole() -> None:
    assert unseen(history(log_begins=SLOTS[0] - HOUR)) == ""
    assert explain_unseen(DAG, history_of([], log_begins=None)) == ""


def told(record: History, names: tuple[str, ...] = ("running", "success")) -> History:
    """The same where each task logged what it did."""
    entries = [
        event(name, task.run_id, task.started or SLOTS[0], "{}", task_id=task.task_id, tries=1, map_index=-1)
        for task in record.tasks
        for name in names
    ]
    return replace(record, events=tuple(entries))


@pytest.mark.parametrize("version", ["3.1.8", "3.2.2", "3.3.2", "3.4.0"])
def test_where_tasks_are_set_in_silence_each_must_have_logged_its_success(version: str) -> None:
    untold = history(version=version)
    said = unseen(untold)
    assert said.startswith(f"Airflow {version} doesn't log that a person sets several tasks to success at once, and of")
    assert ("3.2 and later versions log it" in said) == version.startswith("3.1")
    assert unseen(told(untold)) == ""


def test_where_every_door_is_logged_a_task_need_not_log() -> None:
    assert unseen(history(version="3.0.6")) == ""


def test_a_log_of_airflow_2_that_lacks_some_tasks_was_cleaned_in_part() -> None:
    """By its DAG, or in the middle: there each task logs how it ended, and the oldest entry says nothing of that."""
    whole = told(history(version="2.11.0"))
    whole = replace(whole, events=tuple(replace(each, asked="") for each in whole.events))
    assert unseen(whole) == ""
    later = replace(whole, events=tuple(each for each in whole.events if each.run_id != id_of(SLOTS[70])))
    assert unseen(later).startswith(
        f"Airflow 2.11.0 logs how each task ended, and of 2 tasks, such as fetch in {id_of(SLOTS[70])}"
    )
    assert "of 240 tasks" in unseen(replace(whole, events=()))


def test_a_task_that_its_trigger_may_have_ended_is_not_known() -> None:
    assert "of 240 tasks" in unseen(told(history(version="3.3.2"), ("running", "deferred")))


def test_a_hand_on_runs_that_the_log_does_not_name_may_be_on_any() -> None:
    by = event("cli_task_run", "", SLOTS[50], '{"options":["--mark-success"]}', owner="ann", task_id="fetch")
    said = explain_unseen(DAG, history(events=(by,)))
    assert said.startswith("marked by ann at 2026-11-09 03:00:00 UTC (cli_task_run), and the log doesn't say in which")
    assert explain_unseen(DAG, history(events=(replace(by, at=SLOTS[0] - 40 * HOUR),))) == ""


def test_a_mark_in_a_list_of_airflow_2_is_of_others_where_each_task_says_how_it_ended() -> None:
    whole = told(history(version="2.11.0"))
    marks = (event("action_set_success", "", SLOTS[50], "{}", owner="ann", dag_id=""),)
    own = tuple(replace(each, asked="") for each in whole.events)
    assert unseen(replace(whole, events=own + marks)) == ""
    deferring = tuple(replace(each, event="deferred") if each.event == "success" else each for each in own)
    said = unseen(replace(whole, events=deferring + marks))
    assert said.startswith(
        "marked by ann at 2026-11-09 03:00:00 UTC (action_set_success), and the log doesn't say in which"
    )


def test_a_rate_that_is_too_low_is_too_low_whatever_was_not_seen() -> None:
    unread: Any = Unread("403")
    bad = slots(history(dict.fromkeys(range(60), failed), events=unread))
    assert bad.unseen
    assert bad.success_rate(RATE).value.base * 2 == 1
