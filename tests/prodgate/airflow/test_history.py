"""Reading a whole history: complete and of one moment, in both dialects."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prodgate.airflow.records import Event, Heartbeat, ImportFailure, Run, ServedDag, Task

from .fake import HOUR, NEW, NOW, OLD, a_dag, a_run, a_task, an_airflow, an_event, components
from .wrong_answers import (
    BOTH,
    IDS,
    SINCE,
    history,
    ids,
)


@BOTH
def test_every_run_and_task_of_the_window_is_read_and_nothing_else(version: str) -> None:
    found = history(an_airflow(version))
    assert ids(found) == IDS
    assert sorted((task.run_id, task.task_id) for task in found.tasks) == sorted(
        (name, task) for name in IDS for task in ("collect", "settle")
    )
    assert {event.at for event in found.events} == {NOW - n * HOUR for n in range(1, 150)}  # not the one of now itself
    assert (found.version, found.since, found.now) == (version, SINCE, NOW)
    assert found.oldest == {"news": NOW - 249 * HOUR}


@BOTH
def test_what_is_said_becomes_a_record(version: str) -> None:
    run = a_run("news", "a", NOW - HOUR, triggered_by="timetable")
    if version == OLD:
        del run["triggered_by"], run["queued_at"]
    task = a_task(run, "collect", map_index=2, try_number=3, state=None, pid=None, hostname="")
    event = an_event(1, "patch_dag_run", NOW - HOUR, run_id="a", extra='{"state": "success", "note": "555-0100"}')
    found = history(an_airflow(version, slots=0, runs=[run], tasks=[task], events=[event]))
    started, ended, new = NOW - HOUR + timedelta(seconds=1), NOW - HOUR + timedelta(minutes=2), version == NEW
    assert found.runs == (
        Run(dag_id="news", run_id="a", kind="scheduled", state="success", slot=NOW - HOUR, started=started, ended=ended,
            queued=NOW - HOUR if new else None, triggered_by="timetable" if new else ""),
    )  # fmt: skip
    assert found.tasks == (
        Task(dag_id="news", run_id="a", task_id="collect", map_index=2, state="", tries=3, queued=started,
             started=started, ended=ended, host="", pid=0),
    )  # fmt: skip
    assert found.events == (
        Event(
            at=NOW - HOUR,
            event="patch_dag_run",
            dag_id="news",
            run_id="a",
            owner="somebody",
            asked='{"state":"success"}',
        ),
    )
    assert found.served == (
        ServedDag(dag_id="news", file="/dags/news.py", paused=False, stale=False, broken=False, schedule="0 * * * *",
               next_slot=NOW + HOUR, parsed=NOW),
    )  # fmt: skip
    assert found.import_failures == (ImportFailure(file="/dags/broken.py", text="ImportError: nothing"),)


@BOTH
def test_runs_that_have_not_ended_are_read_and_older_ones_are_not(version: str) -> None:
    fake = an_airflow(version, slots=0)
    fake.runs = [
        a_run("news", "running", SINCE + HOUR, state="running", ended=None),
        a_run("news", "queued", SINCE, state="queued", ended=None, start_date=None),
        # ended, and touched, in the window, and yet of a slot before it
        a_run("news", "late", SINCE - HOUR, ended=NOW, _updated=NOW.isoformat()),
        # its interval is not over yet
        a_run("news", "early", NOW + HOUR, state="queued"),
    ]
    assert [run.run_id for run in history(fake).runs] == ["running", "queued"]


@pytest.mark.parametrize("version", [OLD, NEW, "3.3.2"])
def test_what_ends_while_it_is_read_had_not_ended(version: str) -> None:
    """The log is read up to now: of a run that ends a second later it has no success, as of one that was marked."""
    slot, later = NOW - timedelta(minutes=1), NOW + timedelta(seconds=1)
    run = a_run("news", "a", slot, ended=later, start_date=slot.isoformat())
    waiting = a_run("news", "b", NOW, ended=later + timedelta(seconds=1), start_date=later.isoformat())
    rows = [
        (run, "collect", slot, NOW),
        (run, "settle", slot, later),
        (run, "last", later, later + timedelta(seconds=1)),
    ]
    tasks = [
        a_task(of, name, start_date=begun.isoformat(), end_date=ended.isoformat()) for of, name, begun, ended in rows
    ]
    events = [an_event(n, "running", slot, run_id="a", task_id=name) for n, name in enumerate(("collect", "settle"))]
    found = history(an_airflow(version, slots=0, runs=[run, waiting], tasks=tasks, events=events))
    assert [(run.state, run.ended) for run in found.runs] == [("running", None), ("queued", None)]
    states = {task.task_id: (task.state, task.ended) for task in found.tasks}
    assert states == {"collect": ("success", NOW), "settle": ("running", None), "last": ("scheduled", None)}


def test_a_run_whose_interval_began_long_before_the_window_is_in_it_by_its_end() -> None:
    monthly = a_run("news", "monthly", SINCE + HOUR, execution_date=(SINCE - timedelta(days=365)).isoformat())
    assert [run.run_id for run in history(an_airflow(OLD, slots=0, runs=[monthly])).runs] == ["monthly"]


@BOTH
def test_a_run_without_a_slot_is_not_taken_for_an_old_one(version: str) -> None:
    run = a_run("news", "a", NOW - HOUR, data_interval_end=None)
    fake = an_airflow(version, slots=0, runs=[run])
    assert [found.slot for found in history(fake).runs] == [None if version == OLD else NOW - HOUR]


def test_names_of_airflow_2_are_those_of_airflow_3() -> None:
    fake = an_airflow(OLD, slots=0, runs=[a_run("news", "a", NOW - HOUR, kind="dataset_triggered")])
    assert [run.kind for run in history(fake).runs] == ["asset_triggered"]


@BOTH
def test_a_dag_that_airflow_does_not_know_is_not_served(version: str) -> None:
    found = history(an_airflow(version, slots=2), "renamed", "news", "news")
    assert [dag.dag_id for dag in found.served] == ["news"]
    assert ids(found) == IDS[:2]


@BOTH
def test_a_dag_may_be_paused_stale_broken_or_without_a_schedule(version: str) -> None:
    dag = a_dag("news", is_paused=True, is_active=False, is_stale=True, has_import_errors=True, timetable_summary=None,
                schedule_interval=None, next_dagrun_run_after=None, next_dagrun_create_after=None)  # fmt: skip
    (served,) = history(an_airflow(version, slots=0, dags={"news": dag})).served
    assert (served.paused, served.stale, served.broken, served.schedule, served.next_slot) == (
        True,
        True,
        True,
        "",
        None,
    )


@BOTH
def test_a_component_that_never_ran_says_nothing_and_one_that_ended_is_ill(version: str) -> None:
    def beats(triggerer: str | None) -> tuple[Heartbeat, ...]:
        return history(an_airflow(version, slots=0, health=components(triggerer=triggerer))).heartbeats

    assert [beat.component for beat in beats(None)] == ["scheduler", "dag_processor"]
    assert beats("unhealthy")[2] == Heartbeat(component="triggerer", healthy=False, at=NOW)


@BOTH
def test_an_airflow_that_has_run_nothing_has_no_oldest_run(version: str) -> None:
    assert history(an_airflow(version, slots=0, runs=[])).oldest == {}


@BOTH
def test_an_event_of_the_very_beginning_is_read_and_a_later_one_than_now_is_not(version: str) -> None:
    events = [an_event(n, "x", at) for n, at in enumerate((SINCE - timedelta(milliseconds=1), SINCE, NOW, NOW + HOUR))]
    assert [event.at for event in history(an_airflow(version, slots=0, events=events)).events] == [SINCE]


def test_deeds_in_lists_are_read_though_the_log_does_not_say_of_which_dag() -> None:
    deed = an_event(900, "action_set_success", NOW - HOUR, None)
    command = an_event(901, "cli_scheduler", NOW - HOUR, None)
    others = [an_event(902, "action_clear", NOW - HOUR, "news"), an_event(903, "action_clear", NOW - HOUR, "other")]
    found = history(an_airflow(OLD, slots=0, events=[deed, command, *others]))
    assert [(event.event, event.dag_id) for event in found.events] == [
        ("action_clear", "news"), ("action_set_success", "")
    ]  # fmt: skip


def test_deeds_to_several_dags_at_once_are_logged_and_not_told() -> None:
    """Airflow 3.3 keeps them under "~", and returns none of them, whoever asks."""
    deeds = [an_event(900, "bulk_dag_runs", NOW - HOUR, "~"), an_event(901, "bulk_dag_runs", NOW - HOUR, "news")]
    fake = an_airflow("3.3.2", slots=0, events=deeds)
    assert [event.dag_id for event in history(fake).events] == ["news"]
    assert fake.answer("GET", "/eventLogs", {"dag_id": "~"}).document["total_entries"] == 0


@BOTH
def test_the_oldest_entry_of_the_log_is_of_any_dag_and_any_time(version: str) -> None:
    old = an_event(9, "cli_scheduler", NOW - 9000 * HOUR, None)
    assert history(an_airflow(version, events=[an_event(8, "running", NOW), old])).log_begins == NOW - 9000 * HOUR
    assert history(an_airflow(version, events=[])).log_begins is None
