"""A whole history read from Airflow, complete and of one moment, in both dialects; its requests over HTTP:
authentication by version, limits of time and size, and no secret in any message."""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from email.utils import formatdate
from threading import Lock
from typing import Any

import boto3
import pytest

from prodgate.airflow import history as reading, paging
from prodgate.airflow.direct import MAX_BODY, Access, HttpTransport, HttpWriter, Login, Token
from prodgate.airflow.history import observe_history, read_history, recall_history
from prodgate.airflow.mwaa import MwaaTransport, MwaaWriter
from prodgate.airflow.paging import MAX_PATH, MAX_ROWS
from prodgate.airflow.records import Event, Heartbeat, History, ImportFailure, Run, ServedDag, Task
from prodgate.airflow.transport import extract_request
from prodgate.aws.answers import Absent, Unreadable
from prodgate.aws.clients import Clients, Refused
from prodgate.aws.recording import canonical_json
from prodgate.criteria import UsageError
from prodgate.dags.declared import DeclaredDag, Schedule
from prodgate.dags.flaws import find_record_flaws
from prodgate.dags.ledger import SlotState, build_ledger
from prodgate.facts.dags.slots import count_attempts

from ..aws.stubbed_calls import REGION, Answering, Sent, refused
from .fake import (
    BOTH,
    EVENTS,
    HOUR,
    IDS,
    NEW,
    NOW,
    OLD,
    PARTS,
    PASSWORD,
    RUNS,
    SINCE,
    TASKS,
    TOKEN,
    USER,
    Asking,
    Fake,
    Reply,
    a_dag,
    a_run,
    a_task,
    an_airflow,
    an_event,
    components,
    growing,
    history,
    ids,
    key_of,
    numbered,
    of,
    serving,
    shorter,
    whole_list,
)


@BOTH
def test_every_run_and_task_of_the_window_is_read_and_nothing_else(version: str) -> None:
    found = history(an_airflow(version))
    assert ids(found) == IDS
    assert sorted((task.run_id, task.task_id) for task in found.tasks) == sorted(
        (name, task) for name in IDS for task in ("collect", "settle")
    )
    assert {event.at for event in found.events} == {NOW - n * HOUR for n in range(1, 150)}  # not the one of now
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
            queued=NOW - HOUR if new else None),
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


@BOTH
def test_a_run_from_before_the_window_that_goes_on_is_read_apart(version: str) -> None:
    fake = an_airflow(version)
    rows = [("news", "running", 900), ("news", "queued", 800), ("news", "running", 3), ("news", "success", 700)]
    for name, state, hours in [*rows, ("other", "running", 900)]:
        fake.runs.append(a_run(name, f"{state}-{hours}", NOW - hours * HOUR, state=state, ended=None))
    found = history(fake)
    assert [run.run_id for run in found.unended] == ["queued-800", "running-900"]
    assert {"queued-800", "running-900"}.isdisjoint(run.run_id for run in found.runs)
    evidence = observe_history(Asking(fake), ("news",), since=SINCE, now=NOW)
    assert recall_history(evidence).unended == found.unended
    assert recall_history({key: value for key, value in evidence.items() if key != "unended"}).unended == ()


@pytest.mark.parametrize("version", [OLD, NEW, "3.3.2"])
def test_what_ends_while_it_is_read_had_not_ended(version: str) -> None:
    """The log is read up to now: it lacks the success of a run that ends a second later, as for a manually set one."""
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
    fake = an_airflow(version, slots=0, runs=[a_run("news", "a", NOW - HOUR, data_interval_end=None)])
    assert [found.slot for found in history(fake).runs] == [None if version == OLD else NOW - HOUR]


def test_names_of_airflow_2_are_those_of_airflow_3() -> None:
    fake = an_airflow(OLD, slots=0, runs=[a_run("news", "a", NOW - HOUR, kind="dataset_triggered")])
    assert [run.kind for run in history(fake).runs] == ["asset_triggered"]


@BOTH
def test_a_dag_that_airflow_does_not_know_is_not_served(version: str) -> None:
    found = history(an_airflow(version, slots=2), "renamed", "news", "news")
    assert [dag.dag_id for dag in found.served] == ["news"]
    assert ids(found) == IDS[:2]
    dags = {name: a_dag(name, is_paused=name == "paused") for name in ("news", "paused", "undeclared")}
    assert history(an_airflow(version, slots=2, dags=dags)).active == ("news", "undeclared")


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
    """Airflow 3.3 stores them under "~", and returns none of them to anybody."""
    deeds = [an_event(900, "bulk_dag_runs", NOW - HOUR, "~"), an_event(901, "bulk_dag_runs", NOW - HOUR, "news")]
    fake = an_airflow("3.3.2", slots=0, events=deeds)
    assert [event.dag_id for event in history(fake).events] == ["news"]
    assert fake.answer("GET", "/eventLogs", {"dag_id": "~"}).document["total_entries"] == 0


@BOTH
def test_the_oldest_entry_of_the_log_is_of_any_dag_and_any_time(version: str) -> None:
    old = an_event(9, "cli_scheduler", NOW - 9000 * HOUR, None)
    assert history(an_airflow(version, events=[an_event(8, "running", NOW), old])).log_begins == NOW - 9000 * HOUR
    assert history(an_airflow(version, events=[])).log_begins is None


MONTH_AGO = NOW - 30 * 24 * HOUR
DAG = DeclaredDag(
    dag_id="news", schedule=Schedule(cron="0 * * * *", timezone="UTC"), window=NOW - MONTH_AGO, grace=HOUR, limit=HOUR
)


def busy(version: str) -> Fake:
    """A month of hourly runs, 720 in the window and two tasks of each, with a log that says so."""
    events = [
        an_event(
            n,
            ("running", "success")[n % 2],
            NOW - (720 - n // 2) * HOUR,
            run_id=f"run-{720 - n // 2}",
            task_id="collect",
        )
        for n in range(1440)
    ]
    return an_airflow(version, slots=800, events=events)


def month(fake: Fake) -> Any:
    evidence = json.loads(json.dumps(observe_history(Asking(fake), ["news"], since=MONTH_AGO, now=NOW, patience=0)))
    return recall_history(evidence)


def queries(fake: Fake, path: str) -> list[dict[str, str]]:
    return [query for _, asked, query in fake.asked if asked == path]


@BOTH
def test_a_long_list_is_read_by_days_and_recalled_the_same(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_AT_ONCE", 500)
    found = month(fake := busy(version))
    assert len(found.runs) == len({run.run_id for run in found.runs}) == 721
    assert len(found.tasks) == 2 * 721
    assert len(found.events) == 1440
    assert len(queries(fake, RUNS)) == 1 + 30 + 1 + 2  # the whole, 30 days, the oldest, and older ones in two states
    again = read_history(Asking(busy(version)), ["news"], since=MONTH_AGO, now=NOW)
    assert (found.runs, found.tasks, found.events) == (again.runs, again.tasks, again.events)


@BOTH
def test_a_short_list_is_asked_for_as_ever(version: str) -> None:
    month(fake := busy(version))
    assert len(queries(fake, RUNS)) == 8 + 1 + 2


@pytest.mark.slow
@BOTH
def test_a_day_that_is_not_steady_is_read_by_hours(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow 2 pages tasks without an order: one of two pages may hold a row of the other."""
    monkeypatch.setattr(paging, "MOST_AT_ONCE", 500)
    fake = busy(version)
    several = [a_task(run, f"task-{n}") for run in fake.runs for n in range(8)]

    def unordered(path: str, query: Mapping[str, str], reply: Any) -> Any:
        if path == TASKS and query.get("offset", "0") != "0":
            first = fake._tasks("news", {**query, "offset": "0"}).document["task_instances"]
            rows = reply.document["task_instances"]
            return replace(reply, document=reply.document | {"task_instances": first[: len(rows)]})
        return reply

    fake.tasks, fake.fault = several, unordered
    assert len(month(fake).tasks) == 8 * 721


def test_days_are_read_side_by_side_as_far_as_the_transport_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_AT_ONCE", 500)
    lock = Lock()

    class Several(Asking):
        parallel = 4
        under_way = most = 0

        def get(self, path: str, query: Mapping[str, str]) -> Any:
            with lock:
                self.under_way += 1
                self.most = max(self.most, self.under_way)
            try:
                return super().get(path, query)
            finally:
                with lock:
                    self.under_way -= 1

    several = Several(busy(NEW))
    found, other = (read_history(each, ["news"], since=MONTH_AGO, now=NOW) for each in (several, Asking(busy(NEW))))
    assert (found.runs, found.tasks, found.events) == (other.runs, other.tasks, other.events)
    assert several.most <= 4


@BOTH
def test_of_very_many_tasks_those_that_did_not_succeed_are_read(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_AT_ONCE", 500)
    monkeypatch.setattr(reading, "MOST_TASKS", 1_000)
    monkeypatch.setattr(reading, "_LATEST", 20)
    fake = busy(version)
    ends = ((n, task) for n in range(800) for task in ("collect", "settle"))
    fake.events += [
        an_event(9_000 + i, "success", NOW - n * HOUR, run_id=f"run-{n}", task_id=task)
        for i, (n, task) in enumerate(ends)
    ]
    bad = fake.tasks[600]
    bad["state"] = "failed"
    found = month(fake)
    assert [task.state for task in found.tasks].count("failed") == 1
    assert 8 <= len(found.sampled["news"]) < 20
    account = build_ledger(DAG, found)
    assert (account.counts[SlotState.FAILED], account.counts[SlotState.ON_TIME]) == (1, 719)  # and one runs
    assert [flaw.kind for flaw in find_record_flaws(DAG, found)] == ["masked"]
    assert count_attempts("here", (DAG,), found).ended == 2 * (len(found.sampled["news"]) - 1)
    bad["state"] = "success"
    with pytest.raises(
        Unreadable, match=r"was not read of \d+ successful runs.*state a shorter window in \[dags.news\]"
    ):
        find_record_flaws(DAG, month(fake))


def test_too_many_that_did_not_succeed_are_undetermined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_TASKS", 1_000)
    fake = busy(NEW)
    for task in fake.tasks:
        task["state"] = "skipped"
    with pytest.raises(Unreadable, match=r"lists \d+ tasks that are skipped, and more than 1000 are not read"):
        _ = month(fake).tasks


@BOTH
def test_a_log_of_very_much_leaves_out_that_tasks_began_in_airflow_2(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_EVENTS", 1_000)
    assert {event.event for event in month(busy(version)).events} == {
        "success",
        *(["running"] if version == NEW else []),
    }


@BOTH
@pytest.mark.parametrize("length", [34, 35, 50, 51, 58, 59, 200])
def test_a_name_that_is_too_long_for_a_path_is_read_all_the_same(version: str, length: int) -> None:
    name = "a_dag_with_a_long_name_".ljust(length, "x")
    fake = an_airflow(version, slots=5)
    runs = [a_run(name, f"run-{n}", NOW - n * HOUR) for n in range(3)]
    like = name.replace("_", "-")  # which a pattern matches as well
    fake.dags |= {name: a_dag(name, is_active=False, is_stale=True), like: a_dag(like)}
    fake.runs += runs
    fake.tasks += [a_task(run, "collect") for run in runs]
    found = read_history(Asking(fake), [name, "news"], since=NOW - 150 * HOUR, now=NOW)
    assert [(dag.dag_id, dag.stale) for dag in found.served] == [(name, True), ("news", False)]
    assert sorted(run.run_id for run in found.runs if run.dag_id == name) == ["run-0", "run-1", "run-2"]
    assert sorted(task.run_id for task in found.tasks if task.dag_id == name) == ["run-0", "run-1", "run-2"]
    assert sum(run.dag_id == "news" for run in found.runs) == 5
    assert found.oldest[name] == NOW - 2 * HOUR
    assert max(len(path) for _, path, _ in fake.asked) <= MAX_PATH


def test_evidence_of_tasks_holds_what_is_read_and_no_more() -> None:
    fake = an_airflow(OLD, slots=2)
    fake.tasks[0]["dag_version"] = {"version_number": 7, "bundle_url": "https://user:swordfish@example.com/"}
    evidence = observe_history(Asking(fake), ["news"], since=NOW - timedelta(days=1), now=NOW)
    (page,) = (each["body"] for each in evidence["answers"] if each["path"] == TASKS)
    assert "rendered_fields" not in page["task_instances"][0]
    assert page["task_instances"][0]["dag_version"] == {"version_number": 7}
    assert [task.version for task in recall_history(evidence).tasks] == [7, 0, 0, 0]


def replayed(fake: Fake) -> tuple[History, str]:
    evidence = json.dumps(observe_history(Asking(fake), ["news", "renamed"], since=SINCE, now=NOW))
    return recall_history(json.loads(evidence)), evidence


@BOTH
def test_evidence_gives_the_same_history_without_a_network(version: str) -> None:
    found, _ = replayed(an_airflow(version))
    assert found == history(an_airflow(version), "news", "renamed")


def test_evidence_of_a_list_that_changed_gives_what_was_read_at_last() -> None:
    found, _ = replayed(an_airflow(fault=of(RUNS)(growing(numbered(1)))))
    assert ids(found) == IDS


def test_evidence_holds_no_configuration_no_note_and_no_secret() -> None:
    token = "ghp_" + "a" * 36
    fake = an_airflow(slots=1, events=[
        an_event(1, "trigger_dag_run", NOW - HOUR, extra='{"conf": {"password": "swordfish"}, "dag_run_id": "a"}'),
        an_event(2, "patch_dag_run", NOW - HOUR, extra="state=swordfish"),
    ], import_errors=[{"import_error_id": 1, "filename": "/dags/x.py", "stack_trace": f"KeyError: {token}"}])  # fmt: skip
    found, evidence = replayed(fake)
    assert [word for word in ("swordfish", "555-0100", token) if word in evidence] == []
    assert [event.asked for event in found.events] == ['{"dag_run_id":"a"}', '"not in JSON"']
    assert found.import_failures[0].text == "KeyError: (redacted: a GitHub token)"


def test_what_could_not_be_read_is_evidence_too() -> None:
    def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(500, {"detail": "down"}) if path in (RUNS, "/monitor/health") else reply

    found, _ = replayed(an_airflow(fault=fault))
    for part in ("runs", "heartbeats"):
        with pytest.raises(Unreadable, match="500: down"):
            getattr(found, part)
    dead = observe_history(
        Asking(an_airflow(fault=of("/version")(lambda query, found: []))), ["news"], since=SINCE, now=NOW
    )
    with pytest.raises(Unreadable, match="states none"):
        recall_history(dead)


def test_what_was_not_asked_then_is_not_known_now() -> None:
    evidence = observe_history(Asking(an_airflow()), ["news"], since=SINCE, now=NOW)
    with pytest.raises(Unreadable, match="was not asked in that run; observe again"):
        _ = recall_history(evidence | {"dags": ["other"]}).served


@BOTH
def test_a_component_that_only_paused_is_looked_at_again(version: str) -> None:
    fake, waits = ill(version), list[float]()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            fake.health["dag_processor"]["status"] = "healthy"

    found = recall_history(observe_history(Asking(fake), ["news"], since=SINCE, now=NOW, wait=wait))
    assert all(beat.healthy for beat in found.heartbeats)
    assert len(waits) == 2


@BOTH
def test_a_component_that_stays_ill_is_ill_when_patience_ends(version: str) -> None:
    found = recall_history(observe_history(Asking(ill(version)), ["news"], since=SINCE, now=NOW, patience=0))
    assert [beat.healthy for beat in found.heartbeats] == [True, False]


def ill(version: str) -> Fake:
    fake = an_airflow(version, slots=0)
    fake.health["dag_processor"]["status"] = "unhealthy"
    return fake


#: How the executor of Airflow 2 runs every task.
RUN = ["/usr/bin/airflow", "tasks", "run", "news", "collect", "scheduled__2026-11-24T18:00:00+00:00"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["--local", "--subdir", "DAGS_FOLDER/news-marks.py"], ""),
        (["-l", "-f"], ""),
        (["--mark-success"], "--mark-success"),
        (["--mark"], "--mark-success"),
        (["-m"], "--mark-success"),
        (["-lfm"], "--mark-success"),
        (["-mlf"], "--mark-success"),
        (["--reset-dag"], "--reset-dagruns"),
        (["--rerun"], "--rerun-failed-tasks"),
    ],
)
def test_an_option_is_known_however_it_is_typed(typed: list[str], kept: str) -> None:
    expected = canonical_json({"options": [kept]} if kept else {})
    once = extract_request(canonical_json({"full_command": str([*RUN, *typed])}))
    assert once == expected
    assert extract_request(once) == expected


@BOTH
@pytest.mark.parametrize("filtered", [True, False], ids=["ignored limit", "ignored filters"])
def test_parameters_that_are_ignored_change_nothing(version: str, filtered: bool) -> None:
    fake = an_airflow(version)
    fake.fault = whole_list(fake, filtered=filtered)
    found, expected = history(fake), history(an_airflow(version))
    assert (found.runs, found.tasks, found.events) == (expected.runs, expected.tasks, expected.events)


@BOTH
def test_shorter_pages_than_asked_for_lose_nothing(version: str) -> None:
    found = history(an_airflow(version, fault=of(RUNS, TASKS, EVENTS)(shorter)))
    assert (ids(found), len(found.tasks)) == (IDS, 300)


@BOTH
def test_a_page_that_is_refused_is_asked_for_in_halves_and_recalled_so(version: str) -> None:
    def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(504, {"detail": "too long"}) if path == RUNS and int(query["limit"]) > 30 else reply

    evidence = observe_history(Asking(an_airflow(version, fault=fault)), ["news"], since=SINCE, now=NOW)
    assert ids(recall_history(evidence)) == IDS


@BOTH
@pytest.mark.parametrize("path", PARTS)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda query, found: {key_of(found): [] if int(query.get("offset", 0)) else found[key_of(found)][:1], "total_entries": 130}, "ends after 1 of 130"),
        (lambda query, found: found | {"total_entries": None}, "does not say how many .* but None"),
        (lambda query, found: {k: v for k, v in found.items() if k != "total_entries"}, "does not say how many"),
        (lambda query, found: found | {"total_entries": True}, "does not say how many"),
        (lambda query, found: found | {"total_entries": MAX_ROWS + 1}, "more than 200000 are not read"),
        (lambda query, found: {"total_entries": 0}, "does not list"),
        (lambda query, found: [], "does not list"),
        (lambda query, found: {key_of(found): ["x"], "total_entries": 1}, "does not list"),
        (lambda query, found: {key_of(found): [{}], "total_entries": 1}, "rows without their ids"),
        (lambda query, found: {key_of(found): found[key_of(found)][:1] * 2, "total_entries": 2}, "kept changing.* 2 .* came twice"),
        (lambda query, found: {key_of(found): found[key_of(found)][:1] * 2, "total_entries": 1}, "kept changing.*2 .* of 1"),
    ],
)  # fmt: skip
def test_a_list_that_is_not_whole_is_no_list(version: str, path: str, change: Any, said: str) -> None:
    found = history(an_airflow(version, slots=2, fault=of(path)(change)))
    with pytest.raises(Unreadable, match=f"GET {path}: .*{said}"):
        getattr(found, PARTS[path])
    for other in {"runs", "events", "import_failures"} - {PARTS[path]}:  # tasks and the oldest need the runs
        getattr(found, other)


def twice(path: str, reply: Reply) -> Reply:
    """The list of runs with its first row in place of its last."""
    if path != RUNS:
        return reply
    rows = reply.document["dag_runs"]
    return replace(reply, document=reply.document | {"dag_runs": [*rows[:-1], *rows[:1]]})


@BOTH
def test_a_list_that_changed_is_read_anew_and_not_for_ever(version: str) -> None:
    assert ids(history(an_airflow(version, fault=of(RUNS)(growing(numbered(2)))))) == IDS
    assert ids(history(an_airflow(version, fault=of(RUNS)(growing(numbered(3)))))) == IDS  # by days, of one page each
    found = history(an_airflow(version, slots=100, fault=lambda path, query, reply: twice(path, reply)))
    with pytest.raises(
        Unreadable, match=r"kept changing while it was read, 3 times \(some of 100 dag_runs came twice\)"
    ):
        _ = found.runs
    with pytest.raises(Unreadable, match="kept changing"):
        _ = found.tasks


def test_an_offset_that_is_ignored_is_noticed() -> None:
    first = an_airflow(NEW)._answered(RUNS, {"limit": "100", "run_after_gte": SINCE.isoformat()}).document
    with pytest.raises(Unreadable, match="kept changing"):
        _ = history(an_airflow(NEW, fault=of(RUNS)(lambda query, found: first))).runs


@BOTH
@pytest.mark.parametrize(
    ("path", "field", "value", "said"),
    [
        (RUNS, "data_interval_end run_after", "2026-11-26T12:00:00", "names no time zone"),
        (RUNS, "start_date", "yesterday", "ValueError"),
        (RUNS, "state", None, "state is None"),
        (TASKS, "map_index", None, "TypeError"),
        (EVENTS, "when", None, "an event without its time"),
    ],
)
def test_a_row_that_is_not_as_airflow_writes_it_is_not_guessed_at(
    version: str, path: str, field: str, value: Any, said: str
) -> None:
    def change(query: Mapping[str, str], found: Any) -> Any:
        rows = [row | dict.fromkeys(field.split(), value) for row in found[key_of(found)]]
        return found | {key_of(found): rows}

    with pytest.raises(Unreadable, match=f"a row is not as Airflow writes it.*{said}"):
        getattr(history(an_airflow(version, slots=2, fault=of(path)(change))), PARTS[path])


@BOTH
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_is_forbidden_is_unread_for_who_looks_at_it_alone(version: str, status: int) -> None:
    def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(status, {"detail": "no"}) if path == EVENTS else reply

    found = history(an_airflow(version, fault=fault))
    assert ids(found) == IDS
    with pytest.raises(Unreadable, match=f"GET /eventLogs: {status}"):
        _ = found.events


def test_a_part_of_the_api_that_is_not_there_is_no_empty_part() -> None:
    def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return Reply(404, {"detail": "no"}) if path in (EVENTS, RUNS) else reply

    found = history(an_airflow(fault=fault))
    for part in ("events", "runs", "tasks", "oldest"):
        with pytest.raises(Unreadable, match="is not there"):
            getattr(found, part)


def test_a_dag_of_another_name_is_not_the_one_that_was_asked_for() -> None:
    with pytest.raises(Unreadable, match="speaks of 'other'"):
        _ = history(an_airflow(slots=0, dags={"news": a_dag("other")})).served


def test_an_oldest_run_that_is_not_shown_is_unknown() -> None:
    def change(query: Mapping[str, str], found: Any) -> Any:
        return found | {"dag_runs": []} if query["limit"] == "1" else found

    with pytest.raises(Unreadable, match="shows none of 2 dag_runs"):
        _ = history(an_airflow(slots=2, fault=of(RUNS)(change))).oldest


def test_an_oldest_run_of_another_dag_is_not_ours() -> None:
    older = {"dag_runs": [a_run("other", "old", NOW - 900 * HOUR)], "total_entries": 3}
    fake = an_airflow(slots=2, fault=of(RUNS)(lambda query, found: older if query["limit"] == "1" else found))
    assert history(fake).oldest == {"news": NOW - HOUR}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"version": "1.10.15"}, "'1.10.15' is no version of Airflow that can be read"),
        ({"version": "4.0.0"}, "can be read; 2.x and 3.x can"),
        ({"version": None}, "states none"),
        ([], "states none"),
    ],
)
def test_without_a_version_nothing_is_read(answer: Any, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        history(an_airflow(fault=of("/version")(lambda query, found: answer)))


@pytest.mark.parametrize("name", ["../variables", "a/b", "a?b", "", "..", "a b"])
def test_what_would_be_another_path_is_not_asked_for(name: str) -> None:
    fake = an_airflow()
    with pytest.raises(Unreadable, match="can't be the id of a DAG"):
        history(fake, name)
    assert not fake.asked


# ── Requests to Airflow over HTTP: authentication by version, limits of time and size, and no secret in any message

LOGIN = Login(USER, PASSWORD)


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving(an_airflow(slots=1, open=False)) as listening:
        yield listening


def said(fake: Fake, reply: Reply, path: str = "/dags/news") -> str:
    """Why nothing was read, given this response at a path."""
    fake.fault = lambda asked, query, usual: reply if asked == path else usual
    with HttpTransport(fake.url, LOGIN, limit=5.0) as airflow, pytest.raises(Unreadable) as caught:
        airflow.get("/dags/news", {})
    assert fake.url in caught.value.reason
    for secret in (PASSWORD, TOKEN):
        assert secret not in caught.value.reason
    return caught.value.reason


@BOTH
@pytest.mark.parametrize("access", [LOGIN, None])
def test_it_signs_in_as_the_version_wants_it(version: str, access: Access) -> None:
    with serving(an_airflow(version, slots=1, open=access is None)) as fake, HttpTransport(fake.url, access) as airflow:
        assert airflow.get("/version", {})["version"] == version
        assert airflow.get("/dags/news", {})["dag_id"] == "news"
        assert airflow.get("/dags/news/dagRuns", {"limit": "1", "order_by": "id"})["total_entries"] == 1


def test_a_token_is_shown_as_it_is(fake: Fake) -> None:
    with HttpTransport(f"{fake.url}/", Token(TOKEN)) as airflow:
        assert airflow.get("/dags/news", {})["dag_id"] == "news"


@BOTH
@pytest.mark.parametrize(
    ("access", "words"),
    [
        (Login(USER, "wrong"), "user 'viewer' is not accepted (401)"),
        (Token("wrong"), "this token is not accepted (401)"),
        (None, "it asks who wants to know (401); name a user"),
    ],
)
def test_who_is_not_let_in_reads_nothing(version: str, access: Access, words: str) -> None:
    with (
        serving(an_airflow(version, slots=1, open=False)) as fake,
        HttpTransport(fake.url, access) as airflow,
        pytest.raises(Unreadable) as caught,
    ):
        airflow.get("/dags/news", {})
    assert caught.value.reason.endswith(words)


def test_what_airflow_says_is_not_there_is_absent(fake: Fake) -> None:
    with HttpTransport(fake.url, LOGIN) as airflow, pytest.raises(Absent):
        airflow.get("/dags/renamed", {})


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(403, {"detail": "Forbidden"}), "this is forbidden (403): Forbidden"),
        (Reply(500, {"detail": "down"}), "it answers 500: down"),
        (Reply(503, body=b"<html>"), "it answers 503"),
        (Reply(429, {}), "it answers 429"),
        (Reply(404, {"detail": "Not Found"}), "it answers 404: Not Found"),
        (Reply(404, body=b"<html>no such page</html>"), "it answers 404"),
        (Reply(404, {"error": "API route not found"}), "it answers 404"),
        (Reply(204, body=b""), "it answers 204"),
        (Reply(302, headers={"Location": "https://login.example.com/?x=1"}), "it sends to login.example.com (302), which is not followed; write the address that it sends to"),
        (Reply(307, headers={"Location": "/login"}), "it sends to another path (307), which is not followed; write the address that it sends to"),
        (Reply(200, body=b"<html>blocked by the company</html>"), "35 bytes that are no JSON"),
        (Reply(200, body=b""), "0 bytes that are no JSON"),
        (Reply(200, body=b"[" * 200_000), "200000 bytes that are no JSON"),
        (Reply(200, body=b'"' + b"x" * MAX_BODY + b'"'), "its answer is longer than 6 MB"),
        (Reply(200, {"dag_id": "news"}, length=900), "its answer was cut off after 18 bytes"),
        (Reply(500, {"detail": f"who sends {TOKEN} and {PASSWORD}?"}), "it answers 500: who sends (redacted: what it was signed in with) and (redacted: what it was signed in with)?"),
        (Reply(400, {"detail": "x" * 900}), "it answers 400: " + "x" * 184),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_and_never_guessed_at(fake: Fake, reply: Reply, words: str) -> None:
    assert said(fake, reply).endswith(words)


def test_a_clock_that_is_far_off_spoils_every_time(fake: Fake) -> None:
    reply = Reply(200, {"dag_id": "news"}, headers={"Date": formatdate(0, usegmt=True)})
    assert "minutes from this machine's; set them" in said(fake, reply)


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    over = threading.Event()
    slow = Reply(200, {"dag_id": "news"}, before=over.wait)
    with serving(an_airflow(fault=lambda path, query, reply: slow if path == "/dags/news" else reply)) as fake:
        with (
            HttpTransport(fake.url, limit=0.2) as airflow,
            pytest.raises(Unreadable, match=r"did not answer within 0\.2 s"),
        ):
            airflow.get("/dags/news", {})
        over.set()


def test_a_connection_that_the_server_has_closed_is_opened_again(fake: Fake) -> None:
    def closing(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return replace(reply, length=len(reply.sent))  # and not a word about it

    def telling(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return replace(reply, headers={"Connection": "close"})

    with HttpTransport(fake.url, LOGIN) as airflow:
        for fault in (closing, telling):
            fake.fault = fault
            for _ in range(3):
                assert airflow.get("/dags/news", {})["dag_id"] == "news"
            run: dict[str, Any] = {"dag_run_id": fault.__name__, "conf": {}, "logical_date": None}
            assert HttpWriter(airflow).post("/dags/news/dagRuns", run)["dag_run_id"] == fault.__name__
    assert [path for method, path, _ in fake.asked if method == "POST"] == ["/dags/news/dagRuns"] * 2


def test_what_changes_something_is_never_sent_twice(fake: Fake) -> None:
    fake.fault = lambda path, query, reply: reply if path != "/dags/news/dagRuns" else Reply(0)
    with HttpTransport(fake.url, LOGIN) as airflow:
        airflow.get("/dags/news", {})
        with pytest.raises(Unreadable, match="it can't be reached"):
            HttpWriter(airflow).post("/dags/news/dagRuns", {"dag_run_id": "a", "conf": {}, "logical_date": None})
    assert [path for method, path, _ in fake.asked if method == "POST"] == ["/dags/news/dagRuns"]


def test_nobody_there_is_said() -> None:
    with serving(an_airflow()) as fake:
        url = fake.url
    with pytest.raises(Unreadable, match="GET /api/v2/version: it can't be reached: Connection refused"):
        HttpTransport(url).get("/version", {})


@pytest.mark.parametrize(
    ("path", "reply", "words"),
    [
        ("/version", Reply(200, body=b"<html>"), "neither /api/v2 nor /api/v1 of it answers as Airflow does"),
        ("/version", Reply(200, {"version": 3}), "neither /api/v2 nor /api/v1"),
        ("/version", Reply(404, {}), "neither /api/v2 nor /api/v1"),
        ("/version", Reply(502, {}), "GET /api/v2/version: it answers 502"),
        ("/version", Reply(302, headers={"Location": "https://sso.example.com/"}), "it sends to sso.example.com (302)"),
        ("/auth/token", Reply(201, {}), "POST /auth/token: no token comes of it"),
        ("/auth/token", Reply(201, {"access_token": "a\r\nHost: x"}), "no token comes of it"),
        ("/auth/token", Reply(500, {"detail": PASSWORD}), "POST /auth/token: it answers 500"),
    ],
)
def test_what_does_not_let_in_as_airflow_does_is_none(fake: Fake, path: str, reply: Reply, words: str) -> None:
    assert words in said(fake, reply, path)


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("airflow.example.com", "write https://HOST"),
        ("ftp://airflow.example.com", "is no address of an Airflow"),
        ("file:///etc/passwd", "is no address of an Airflow"),
        ("https://airflow.example.com/?a=1", "is no address of an Airflow"),
        ("https://viewer:hunter2@airflow.example.com", "name them apart"),
        ("https://airflow.example.com:x", "write a port"),
    ],
)
def test_an_address_that_is_none_is_refused_without_showing_a_password(base: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        HttpTransport(base)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value", [LOGIN, Token(PASSWORD), HttpTransport("https://x", LOGIN)], ids=["login", "token", "direct"]
)
def test_nothing_shows_what_it_signs_in_with(value: Any) -> None:
    assert PASSWORD not in repr(value)


def test_only_a_writer_can_post(fake: Fake) -> None:
    with HttpTransport(fake.url, LOGIN) as airflow:
        made = HttpWriter(airflow).post("/dags/news/dagRuns", {"dag_run_id": "a", "conf": {}, "logical_date": None})
        assert made["dag_run_id"] == "a"
        assert not hasattr(airflow, "post")


# ── Through MWAA


def through(fake: Fake, sent: list[dict[str, Any]] | None = None) -> Answering:
    """InvokeRestApi in front of a fake Airflow, as MWAA answers."""

    def answer(request: Any) -> Sent:
        asked = json.loads(request.body)
        if sent is not None:
            sent.append({"url": request.url, **asked})
        reply = fake.answer(asked["Method"], asked["Path"], asked.get("QueryParameters", {}), asked.get("Body"))
        found = {"RestApiStatusCode": reply.status, "RestApiResponse": reply.document}
        if reply.status < 400:
            return Sent(found)
        side = "Client" if reply.status < 500 else "Server"
        return Sent(found, 400, headers={"x-amzn-ErrorType": f"RestApi{side}Exception"})

    return Answering(answer)


def transport(aws: Answering, name: str = "news") -> MwaaTransport:
    aws.client("mwaa")
    return MwaaTransport(aws.calls, name, REGION)


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_history_is_the_same_whichever_way_it_is_read(version: str) -> None:
    sent: list[dict[str, Any]] = []
    found = read_history(
        transport(through(an_airflow(version), sent)), ["news", "renamed"], since=NOW - 120 * HOUR, now=NOW
    )
    assert len(found.runs) == 121
    assert len(found.tasks) == 242
    assert [dag.dag_id for dag in found.served] == ["news"]
    assert sent[0] == {
        "url": f"https://env.airflow.{REGION}.amazonaws.com/restapi/news",
        "Path": "/version",
        "Method": "GET",
    }
    assert {one["Method"] for one in sent} == {"GET"}
    assert all(isinstance(value, str) for one in sent for value in one.get("QueryParameters", {}).values())


def test_a_path_that_would_be_refused_is_not_sent() -> None:
    aws = through(an_airflow())
    long = "/dags/" + "a" * 35 + "/dagRuns/~/taskInstances"
    with pytest.raises(Unreadable, match="is longer than the 64 characters that InvokeRestApi takes"):
        transport(aws).get(long, {})
    assert not aws.requests
    with pytest.raises(Absent):
        transport(aws).get(long.replace("a" * 35, "a" * 34), {}) and transport(aws).get("/dags/" + "a" * 58, {})


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(403, {"detail": "Forbidden"}), r"Airflow answers with an error \(403\): Forbidden"),
        (
            Reply(500, {"title": "Internal Server Error"}),
            r"Airflow answers with an error \(500\): Internal Server Error",
        ),
        (Reply(404, {"detail": "Not Found"}), r"Airflow answers with an error \(404\): Not Found"),
        (Reply(404, None), r"Airflow answers with an error \(404\)"),
    ],
)
def test_an_error_of_airflow_is_no_answer(reply: Reply, words: str) -> None:
    asked = transport(through(an_airflow(fault=lambda path, query, usual: reply)))
    with pytest.raises(Unreadable, match=f"mwaa InvokeRestApi in {REGION}: {words}"):
        asked.get("/dags/news", {})


def test_an_error_of_airflow_spoils_one_answer_and_not_the_next() -> None:
    def fault(path: str, query: Any, usual: Reply) -> Reply:
        return Reply(500, {"detail": "down"}) if path == "/eventLogs" else usual

    asked = transport(through(an_airflow(fault=fault)))
    with pytest.raises(Unreadable, match="down"):
        asked.get("/eventLogs", {})
    assert asked.get("/dags/news", {})["dag_id"] == "news"


def test_what_airflow_says_is_not_there_is_absent_and_an_environment_that_is_not_there_is_no_answer() -> None:
    with pytest.raises(Absent):
        transport(through(an_airflow())).get("/dags/renamed", {})
    gone = Answering(lambda _request: refused("ResourceNotFoundException", status=404))
    with pytest.raises(Unreadable, match="MWAA knows no environment 'old' .*name one that is there"):
        transport(gone, "old").get("/dags/news", {})


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (
            {"RestApiStatusCode": 403, "RestApiResponse": {"detail": "no"}},
            200,
            "GET /dags/news: Airflow answers 403: no",
        ),
        (
            {"RestApiStatusCode": 500, "RestApiResponse": {"detail": "no"}},
            200,
            "GET /dags/news: Airflow answers 500: no",
        ),
        ({}, 200, "Airflow answers 200"),
        ({"RestApiStatusCode": 200}, 200, "Airflow answers 200"),
        ({"__type": "AccessDeniedException", "message": "no"}, 403, "allow airflow:InvokeRestApi: prodgate iam-policy"),
    ],
)
def test_what_mwaa_hands_on_is_no_answer_unless_it_holds_one(body: dict[str, Any], status: int, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        transport(Answering(lambda _request: Sent(body, status))).get("/dags/news", {})


def test_nothing_but_get_is_sent_whichever_way_it_is_called() -> None:
    aws = through(an_airflow())
    for method in ("POST", "PATCH", "DELETE", "PUT", "get"):
        with pytest.raises(Refused, match=f"mwaa.InvokeRestApi: with Method '{method}' may change something"):
            aws.pages("mwaa", "InvokeRestApi", whole=False, Name="news", Path="/dags/news", Method=method)
        with pytest.raises(Refused, match=f"mwaa.InvokeRestApi: with Method '{method}' may change something"):
            aws.client("mwaa").invoke_rest_api(Name="news", Path="/dags/news", Method=method)
    assert not aws.requests


def writer(aws: Answering) -> MwaaWriter:
    clients = Clients(boto3.Session(aws_access_key_id="ASIAX", aws_secret_access_key="x"), REGION, attempts=1)
    clients("mwaa").meta.events.register("before-send", aws._sent)
    return MwaaWriter(clients, "news", REGION)


def test_a_writer_posts_and_says_what_went_wrong() -> None:
    client = writer(through(an_airflow(slots=0)))
    made = client.post("/dags/news/dagRuns", {"dag_run_id": "a", "conf": {"mode": "fail"}, "logical_date": None})
    assert made["dag_run_id"] == "a"
    assert client.get("/dags/news/dagRuns", {"limit": "5"})["total_entries"] == 1
    with pytest.raises(Absent):
        client.post("/dags/renamed/dagRuns", {"dag_run_id": "a", "conf": {}, "logical_date": None})
    with pytest.raises(Unreadable, match=r"Airflow answers with an error \(422\)"):
        client.post("/dags/news/dagRuns", {"dag_run_id": "a", "conf": {}})
    with pytest.raises(Unreadable, match="MWAA knows no environment 'news'"):
        writer(Answering(lambda _request: refused("ResourceNotFoundException", status=404))).get("/version", {})
