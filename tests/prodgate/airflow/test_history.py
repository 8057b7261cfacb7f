"""Reading a whole history: complete and of one moment in both dialects, or not at all, and the same again offline."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from prodgate.airflow.history import observed, read, recalled
from prodgate.airflow.paging import MOST
from prodgate.airflow.records import Event, Heartbeat, History, ImportFailure, Run, Served, Task
from prodgate.aws.answers import Absent, Unreadable

from .fake import HOUR, NEW, NOW, OLD, Fake, Reply, a_dag, a_run, a_task, an_airflow, an_event, components

SINCE = NOW - 149.5 * HOUR
IDS = [f"run-{n}" for n in range(150)]
BOTH = pytest.mark.parametrize("version", [OLD, NEW])
RUNS, TASKS, EVENTS = "/dags/news/dagRuns", "/dags/news/dagRuns/~/taskInstances", "/eventLogs"
PARTS = {RUNS: "runs", TASKS: "tasks", EVENTS: "events", "/importErrors": "import_failures"}


class Asking:
    """A transport that asks a fake without a network."""

    def __init__(self, fake: Fake) -> None:
        self.fake = fake

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        reply = self.fake.answer("GET", path, dict(query))
        if reply.status == 404:
            raise Absent("404")
        if reply.status != 200:
            raise Unreadable(f"GET {path}: {reply.status}: {reply.document['detail']}")
        return json.loads(reply.sent)


def history(fake: Fake, *dag_ids: str) -> History:
    return read(Asking(fake), dag_ids or ("news",), since=SINCE, now=NOW)


def ids(found: History) -> list[str]:
    return sorted((run.run_id for run in found.runs), key=lambda name: int(name.rpartition("-")[2]))


@BOTH
def test_every_run_and_task_of_the_window_is_read_and_nothing_else(version: str) -> None:
    found = history(an_airflow(version))
    assert ids(found) == IDS
    assert sorted((task.run_id, task.task_id) for task in found.tasks) == sorted(
        (name, task) for name in IDS for task in ("collect", "settle")
    )
    assert {event.at for event in found.events} == {NOW - n * HOUR for n in range(1, 150)}  # not the one of now itself
    assert (found.version, found.since, found.now) == (version, SINCE, NOW)
    assert found.oldest == NOW - 249 * HOUR


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
        Served(dag_id="news", file="/dags/news.py", paused=False, stale=False, broken=False, schedule="0 * * * *",
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
    assert history(an_airflow(version, slots=0, runs=[])).oldest is None


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


def test_deeds_to_several_dags_at_once_are_read() -> None:
    fake = an_airflow(NEW, slots=0, events=[an_event(900, "bulk_dag_runs", NOW - HOUR, "~")])
    assert [event.event for event in history(fake).events] == ["bulk_dag_runs"]


# --- answers that are not what they seem: each ends in the same history or in none


def of(*paths: str) -> Callable[[Callable[[Mapping[str, str], Any], Any]], Callable[..., Reply]]:
    """Change what is answered at paths."""

    def made(change: Callable[[Mapping[str, str], Any], Any]) -> Callable[..., Reply]:
        def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
            return Reply(200, change(query, reply.document)) if path in paths else reply

        return fault

    return made


def key_of(document: Mapping[str, Any]) -> str:
    return next(name for name in document if name != "total_entries")


def numbered(times: int) -> Callable[[], bool]:
    """Whether it was called as often, or less."""
    calls = iter(range(10_000))
    return lambda: next(calls) < times


def shorter(query: Mapping[str, str], document: Any) -> Any:
    return document | {key_of(document): document[key_of(document)][:30]}


def whole_list(fake: Fake, *, filtered: bool) -> Callable[..., Reply]:
    """Ignore limit and offset, and filters too."""

    def fault(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        if path not in (RUNS, TASKS, EVENTS) or query.get("limit") == "1":
            return reply
        kept = {} if not filtered else {k: v for k, v in query.items() if k not in ("limit", "offset")}
        first = int(query["offset"]) if not filtered else 0
        every = {RUNS: fake.runs, TASKS: fake.tasks, EVENTS: fake.events}[path]
        rows = every if not filtered else _filtered(fake, path, kept)
        shown = rows[first : first + 100] if not filtered else rows
        return Reply(200, {key_of(reply.document): shown, "total_entries": len(rows)})

    return fault


def _filtered(fake: Fake, path: str, query: dict[str, str]) -> list[Any]:
    if path == EVENTS:
        rows = [row for row in fake.events if row["dag_id"] == query.get("dag_id", row["dag_id"])]
        return rows if "included_events" not in query else []
    return fake._windowed([row for row in {RUNS: fake.runs, TASKS: fake.tasks}[path] if row["dag_id"] == "news"], query)


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
@pytest.mark.parametrize("path", PARTS)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda query, found: {key_of(found): [] if int(query.get("offset", 0)) else found[key_of(found)][:1], "total_entries": 130}, "ends after 1 of 130"),
        (lambda query, found: found | {"total_entries": None}, "does not say how many .* but None"),
        (lambda query, found: {k: v for k, v in found.items() if k != "total_entries"}, "does not say how many"),
        (lambda query, found: found | {"total_entries": True}, "does not say how many"),
        (lambda query, found: found | {"total_entries": MOST + 1}, "more than 200000 are not read"),
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


def growing(now: Callable[[], bool]) -> Callable[[Mapping[str, str], Any], Any]:
    def change(query: Mapping[str, str], found: Any) -> Any:
        more = int(query.get("offset", 0)) > 0 and now()
        return found | {"total_entries": found["total_entries"] + more}

    return change


@BOTH
def test_a_list_that_changed_is_read_anew_and_not_for_ever(version: str) -> None:
    assert ids(history(an_airflow(version, fault=of(RUNS)(growing(numbered(2)))))) == IDS
    found = history(an_airflow(version, fault=of(RUNS)(growing(numbered(3)))))
    with pytest.raises(Unreadable, match=r"kept changing while it was read, 3 times \(150 dag_runs, then 151\)"):
        _ = found.runs
    with pytest.raises(Unreadable, match="kept changing"):
        _ = found.tasks


def test_an_offset_that_is_ignored_is_noticed() -> None:
    fake = an_airflow(NEW)
    first = fake._answered(RUNS, {"limit": "100", "run_after_gte": SINCE.isoformat()}).document
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

    with pytest.raises(Unreadable, match="shows none of 2 runs"):
        _ = history(an_airflow(slots=2, fault=of(RUNS)(change))).oldest


def test_an_oldest_run_of_another_dag_is_not_ours() -> None:
    older = {"dag_runs": [a_run("other", "old", NOW - 900 * HOUR)], "total_entries": 3}
    fake = an_airflow(slots=2, fault=of(RUNS)(lambda query, found: older if query["limit"] == "1" else found))
    assert history(fake).oldest == NOW - HOUR


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


# --- the same again, offline


def replayed(fake: Fake) -> tuple[History, str]:
    evidence = json.dumps(observed(Asking(fake), ["news", "renamed"], since=SINCE, now=NOW))
    return recalled(json.loads(evidence)), evidence


@BOTH
def test_evidence_gives_the_same_history_without_a_network(version: str) -> None:
    fake = an_airflow(version)
    found, _ = replayed(fake)
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
    dead = observed(Asking(an_airflow(fault=of("/version")(lambda query, found: []))), ["news"], since=SINCE, now=NOW)
    with pytest.raises(Unreadable, match="states none"):
        recalled(dead)


def test_what_was_not_asked_then_is_not_known_now() -> None:
    evidence = observed(Asking(an_airflow()), ["news"], since=SINCE, now=NOW)
    with pytest.raises(Unreadable, match="was not asked in that run; observe again"):
        _ = recalled(evidence | {"dags": ["other"]}).served


@BOTH
def test_a_component_that_only_paused_is_looked_at_again(version: str) -> None:
    fake, waits = ill(version), list[float]()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            fake.health["dag_processor"]["status"] = "healthy"

    found = recalled(observed(Asking(fake), ["news"], since=SINCE, now=NOW, wait=wait))
    assert all(beat.healthy for beat in found.heartbeats)
    assert len(waits) == 2


@BOTH
def test_a_component_that_stays_ill_is_ill_when_patience_ends(version: str) -> None:
    found = recalled(observed(Asking(ill(version)), ["news"], since=SINCE, now=NOW, patience=0))
    assert [beat.healthy for beat in found.heartbeats] == [True, False]


def ill(version: str) -> Fake:
    fake = an_airflow(version, slots=0)
    fake.health["dag_processor"]["status"] = "unhealthy"
    return fake
