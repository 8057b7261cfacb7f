"""The slots of a DAG, one row each, whatever ran; and the flaws in a record, in the served DAG and in present
runs, and facts that nobody can see."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from prodgate.airflow.history import parse_event, parse_task
from prodgate.airflow.records import Event, Heartbeat, History, ImportFailure, Run, Task
from prodgate.aws.answers import Unread, Unreadable
from prodgate.criteria import Criterion
from prodgate.dags import cron, ledger as ledgers
from prodgate.dags.cron import find_doubtful_slots, find_mistakes, list_slots
from prodgate.dags.declared import DeclaredDag, Schedule
from prodgate.dags.flaws import explain_unseen, find_record_flaws, find_service_flaws, find_stuck
from prodgate.dags.ledger import Row, SlotState, Unaccounted, build_ledger
from prodgate.dags.rates import (
    Budget,
    Rate,
    Rates,
    Slowdown,
    compare_durations,
    compute_budget,
    compute_rates,
    list_durations,
)
from prodgate.dags.traces import Act, Origin, list_manual_actions, list_silent_actions, read_task_log
from prodgate.estimates import Estimate
from prodgate.facts.dags.files import DeclaredFile
from prodgate.facts.dags.slots import SlotHistory, count_attempts, real_run_facts, slot_facts
from prodgate.findings import NotSatisfied, Undetermined
from prodgate.layers.dags.facts import dag_from_json, dag_to_json
from prodgate.quantities import Bound, Quantity
from prodgate.sections.dags import airflow_mistakes, parse_airflow_section

from ..samples import criterion
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
)

SLOT = SLOTS[50]
ID = id_of(SLOT)
SLOT_OF = {id_of(slot): number for number, slot in enumerate(SLOTS)}
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
    # Airflow 3.0 also turns its tasks green, and leaves their hosts and processes
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
    """Such as one that failed before it began, and was set to success in a list, which 3.2 and later don't log."""
    record = history({50: with_task(**lacking)})
    ((kind, run_id, words),) = found(record)
    assert (kind, run_id) == ("marked", ID)
    assert words.endswith(
        "which no entry of the log says, but fetch has no host and no process, which it has in other runs"
    )
    assert build_ledger(DAG, record).rows[50].state is SlotState.FAILED


@pytest.mark.parametrize("after", ["EmptyOperator", "BranchPythonOperator"])
def test_a_task_that_became_another_is_told_apart_by_its_operator(after: str) -> None:
    """A deploy replaces an empty operator with another one, or the other way round."""
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
    """Its effect shows in the tasks of the affected DAG, or in a slot without a run."""
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
    assert found(replace(record, runs=(*record.runs, run_of(SLOTS[0] - timedelta(days=1))))) == []


def test_without_an_audit_log_none_is_not_known_to_be_none() -> None:
    unread: Any = Unread("403 Forbidden")
    with pytest.raises(Unreadable, match="403"):
        find_record_flaws(DAG, history(events=unread))


GOOD = history()


def found_of(record: History) -> list[tuple[str, str]]:
    return [(flaw.kind, flaw.words) for flaw in find_service_flaws(DAG, record)]


def served(**changes: Any) -> History:
    return replace(GOOD, served=(replace(GOOD.served[0], **changes),))


def test_a_dag_that_runs_as_declared_has_none() -> None:
    assert found_of(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"paused": True}, "paused", "it is paused"),
        ({"stale": True}, "stale", "its file 'nba_news_scraper.py' is gone"),
        ({"broken": True}, "broken", "its file 'nba_news_scraper.py' can't be imported"),
        ({"schedule": "0 */4 * * *"}, "schedule", "Airflow has the schedule '0 */4 * * *', and '0 */6 * * *' is declared"),
        ({"dag_id": "nba_news"}, "unknown", "Airflow has no DAG of this name"),
        ({"next_slot": None}, "next_slot", "Airflow states no next slot"),
        (
            {"next_slot": datetime(2026, 11, 26, 18, tzinfo=UTC)},  # every 6 hours, counted in UTC
            "next_slot",
            "Airflow's next slot 2026-11-26 18:00:00 UTC is none of '0 */6 * * *' in Asia/Tokyo",
        ),
    ],
)  # fmt: skip
def test_a_dag_that_will_not_run_as_declared(changes: dict[str, Any], kind: str, words: str) -> None:
    ((is_kind, says),) = found_of(served(**changes))
    assert is_kind == kind
    assert says.startswith(words)


def test_spaces_make_no_other_schedule() -> None:
    assert found_of(served(schedule="0  */6 * * *")) == []


def test_airflow_2_states_no_next_slot_while_a_run_is_active() -> None:
    active = run_of(NOW - timedelta(minutes=5), state="running")
    assert found_of(replace(served(next_slot=None), runs=(active,))) == []


def test_a_file_that_cannot_be_imported_is_told_of_in_its_last_words() -> None:
    text = "Traceback (most recent call last):\n  File \"x.py\", line 1\nModuleNotFoundError: No module named 'feedparser'\n"
    record = replace(GOOD, import_failures=(ImportFailure(file="x.py", text=text), ImportFailure(file="a.py", text="")))
    assert found_of(record) == []
    assert found_of(replace(record, served=())) == [
        ("unknown", "Airflow has no DAG of this name"),
        ("import_failure", "'a.py' can't be imported, and may be what makes it: no reason is given"),
        (
            "import_failure",
            "'x.py' can't be imported, and may be what makes it: ModuleNotFoundError: No module named 'feedparser'",
        ),
    ]


def test_an_airflow_that_tells_nothing_has_flaws() -> None:
    assert [kind for kind, _ in found_of(replace(history_of([]), served=(), heartbeats=()))] == ["unknown"]


LAST = id_of(SLOTS[119])
LONG = NOW - 2 * HOUR - timedelta(seconds=1)


def stuck_of(change: Change, **fields: Any) -> list[tuple[str, str, str]]:
    return [(flaw.kind, flaw.run_id, flaw.words) for flaw in find_stuck(DAG, history({119: change}, **fields))]


def running(**changes: Any) -> Change:
    def change(run: Any, tasks: list[Any]) -> tuple[Any, list[Any]]:
        return replace(run, state="running", started=NOW - HOUR, ended=None), [replace(tasks[0], **changes), tasks[1]]

    return change


def test_a_good_month_has_nothing_that_hangs() -> None:
    assert find_stuck(DAG, history()) == ()


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (with_run(state="running", started=LONG), "run_stuck", "running since 2026-11-26 11:59:59 UTC; the limit is 7,200 s"),
        (with_run(state="queued", started=None, queued=LONG), "queued", "queued since 2026-11-26 11:59:59 UTC; the limit is"),
        (with_run(state="queued", started=None, queued=None), "queued", "queued since 2026-11-26 09:00:00 UTC"),
        (with_run(state="running", started=None, queued=None, slot=None), "run_stuck", "running since an unknown time"),
        (running(state="queued", queued=LONG), "queued", "fetch queued since 2026-11-26 11:59:59 UTC"),
        (running(state="scheduled", queued=LONG, map_index=2), "queued", "fetch[2] scheduled since 2026-11-26 11:59:59 UTC"),
        (with_task(state="running"), "zombie", "fetch running since 2026-11-26 09:00:03 UTC, in a run that ended as success"),
        (with_task(state="deferred"), "zombie", "fetch deferred since 2026-11-26 09:00:03 UTC, in a run that ended as success"),
        (running(state="deferred"), "zombie", "fetch deferred since 2026-11-26 09:00:03 UTC, and no triggerer lives that would"),
    ],
)  # fmt: skip
def test_what_hangs(change: Change, kind: str, words: str) -> None:
    ((is_kind, run_id, says),) = stuck_of(change)
    assert (is_kind, run_id) == (kind, LAST)
    assert says.startswith(words)


def test_a_run_from_before_the_window_hangs_and_explains_that_no_slot_follows() -> None:
    hung = replace(run_of(SLOTS[0] - 900 * HOUR), state="running", ended=None)
    whole = served(next_slot=None)
    record = replace(whole, unended=(hung, replace(hung, dag_id="other")))
    ((kind, run_id, words),) = [(flaw.kind, flaw.run_id, flaw.words) for flaw in find_stuck(DAG, record)]
    assert (kind, run_id) == ("run_stuck", hung.run_id)
    assert words.endswith("UTC; the limit is 7,200 s")
    assert found_of(whole) != found_of(record) == []


@pytest.mark.parametrize(
    "change",
    [
        with_run(state="running", started=NOW - 2 * HOUR),
        with_run(state="queued", started=None, queued=NOW - 2 * HOUR),
        running(state="queued", queued=NOW - 2 * HOUR),
        running(state="running"),
        running(state="", queued=None),
    ],
)
def test_what_only_takes_its_time(change: Change) -> None:
    assert stuck_of(change) == []


@pytest.mark.parametrize("beats", [(), (Heartbeat(component="scheduler", healthy=False, at=NOW),)])
def test_without_a_scheduler_nobody_notices_that_a_task_died(beats: tuple[Heartbeat, ...]) -> None:
    ((kind, _, words),) = stuck_of(running(state="running"), heartbeats=beats)
    assert kind == "zombie"
    assert words == "fetch running since 2026-11-26 09:00:03 UTC, and no scheduler lives that would notice its end"


def test_runs_of_other_dags_are_theirs() -> None:
    record: History = history({119: with_run(state="running", started=LONG)})
    assert find_stuck(replace(DAG, dag_id="other"), record) == ()


@pytest.mark.parametrize(
    ("own", "overlapping"),
    [
        (None, 1),  # production, or a rehearsal on the declared schedule
        (Schedule(cron="0 0 * * *", timezone="UTC"), 0),
        (Schedule(cron="*/30 * * * *", timezone="UTC"), 1),
    ],
)
def test_a_run_of_a_hurried_rehearsal_may_take_as_long_as_its_own_slots_are_apart(
    own: Schedule | None, overlapping: int
) -> None:
    record = history({100: with_run(ended=SLOTS[101] + timedelta(seconds=1))})
    assert len(slots_of(record, replace(DAG, own_schedule=own)).overlapping) == overlapping


def test_a_run_that_is_stuck_before_its_next_slot_leaves_its_length_open() -> None:
    record = history({119: with_run(state="running", started=LONG)})
    found = slots_of(record, replace(DAG, own_schedule=Schedule(cron="0 0 1 * *", timezone="UTC")))
    assert (found.overlapping, len(found.unended)) == ((), 1)


RATE = criterion("dag-success-rate", bound=Bound.parse("> 99 %"))


def slots(record: History) -> SlotHistory:
    return next(fact for fact in slot_facts((DAG,), frozenset(), record) if isinstance(fact, SlotHistory))


def unseen(record: History) -> str:
    """Why a good month decides nothing, which the rate and the record report alike."""
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
    """By its DAG, or in the middle: each task there logs its end, which the oldest entry does not."""
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
    assert "deleted by ann" in explain_unseen(DAG, history(events=(replace(by, event="delete_dag", asked=""),)))
    said = explain_unseen(DAG, history(events=(by,)))
    assert said.startswith("marked by ann at 2026-11-09 03:00:00 UTC (cli_task_run), and the log doesn't say in which")
    assert explain_unseen(DAG, history(events=(replace(by, at=SLOTS[0] - 40 * HOUR),))) == ""


@pytest.mark.parametrize(
    ("name", "asked"),
    [("cli_task_test", ""), ("cli_task_mend", "{}"), ("run", ""), ("api.patch_all", "{}"), ("mend all runs", "{}")],
)
def test_an_act_that_nobody_knows_may_have_made_any_run_a_success(name: str, asked: str) -> None:
    by = event(name, SLOTS[50].isoformat(), SLOTS[50], asked, owner="ann")
    assert unseen(history(events=(by,))).startswith(
        f"the audit log holds {name!r} by ann at 2026-11-09 03:00:00 UTC, and it is not known what that does to runs"
    )
    assert unseen(history(events=(replace(by, dag_id=""), replace(by, at=SLOTS[0] - 40 * HOUR)))) == ""


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("cli_dag_test", "{}"),
        ("ui.patch_dag", "{}"),
        ("trigger", "{}"),
        ("upstream_failed", ""),
        ("heartbeat timeout", '"not in JSON"'),
        ("task launch failure", ""),
    ],
)
def test_an_act_that_makes_no_run_a_success_leaves_the_rate(name: str, asked: str) -> None:
    assert unseen(history(events=(event(name, "", SLOTS[50], asked, owner="ann"),))) == ""


def test_a_mark_in_a_list_of_airflow_2_is_of_others_where_each_task_says_how_it_ended() -> None:
    whole = told(history(version="2.11.0"))
    marks = (event("action_set_success", "", SLOTS[50], "{}", owner="ann", dag_id=""),)
    own = tuple(replace(each, asked="") for each in whole.events)
    assert unseen(replace(whole, events=own + marks)) == ""
    deferring = tuple(replace(each, event="deferred") if each.event == "success" else each for each in own)
    assert unseen(replace(whole, events=deferring + marks)).startswith(
        "marked by ann at 2026-11-09 03:00:00 UTC (action_set_success), and the log doesn't say in which"
    )


def test_a_rate_that_is_too_low_is_too_low_whatever_was_not_seen() -> None:
    unread: Any = Unread("403")
    bad = slots(history(dict.fromkeys(range(60), failed), events=unread))
    assert bad.unseen
    assert bad.success_rate(RATE).value.base * 2 == 1


# ── Flaws of a DAG

TEARDOWN = replace(DAG, may_fail=frozenset({"fetch"}))


def served_dag(schedule: str = "0 */6 * * *", failing: str = "", **changes: Any) -> list[str]:
    good = history()
    failures = (ImportFailure(file=failing, text="ImportError: x"),) if failing else ()
    record = replace(good, served=(replace(good.served[0], schedule=schedule, **changes),), import_failures=failures)
    return [f"{flaw.kind}: {flaw.words}" for flaw in find_service_flaws(DAG, record)]


@pytest.mark.parametrize(
    ("failing", "file"),
    [("/dags/other.py", "/dags/news.py"), ("other.py", "/dags/news.py"), ("ews.py", "/dags/news.py"),
     ("/dags/new", "/dags/news.py"), ("a/news.py", "/dags/b/news.py"), ("/news.py", "/dags/news.py")],
)  # fmt: skip
def test_a_file_of_others_that_cannot_be_imported_reddens_nothing(failing: str, file: str) -> None:
    assert served_dag(failing=failing, file=file) == []


@pytest.mark.parametrize(
    ("failing", "file"),
    [("/dags/news.py", "/dags/news.py"), ("news.py", "/dags/news.py"), ("b/news.py", "/dags/b/news.py"),
     ("/dags/all.zip", "/dags/all.zip/news.py"), ("all.zip", "/dags/all.zip/news.py"), ("news.py", "news.py")],
)  # fmt: skip
def test_its_own_file_does(failing: str, file: str) -> None:
    assert served_dag(failing=failing, file=file) == [
        f"import_failure: {failing!r}, which makes it, can't be imported: ImportError: x"
    ]


@pytest.mark.parametrize(
    ("failing", "bundle", "concerns"),
    [("news.py", "dags", False), ("team/news.py", "other", False), ("team", "dags", True), ("team/news.py", "dags", True)],
)  # fmt: skip
def test_a_file_of_the_same_name_elsewhere_is_another(failing: str, bundle: str, concerns: bool) -> None:
    """In another folder or another bundle: Airflow 3 states both, and names an archive as a whole."""
    good = history()
    own = replace(good.served[0], file="/opt/airflow/dags/team/news.py", bundle="dags", place="team/news.py")
    failure = ImportFailure(file=failing, text="ImportError: x", bundle=bundle)
    found = find_service_flaws(DAG, replace(good, served=(own,), import_failures=(failure,)))
    assert [flaw.kind for flaw in found] == ["import_failure"] * concerns


def test_any_file_may_hold_a_dag_that_is_gone() -> None:
    *_, told = served_dag(failing="/dags/moved.py", file="/dags/news.py", stale=True)
    assert told == "import_failure: '/dags/moved.py' can't be imported, and may be what makes it: ImportError: x"


@pytest.mark.parametrize("schedule", ["0 */6 * * *", "0 0,6,12,18 * * *", "0 */6 * * 0-7", "00 */6 * * *"])
def test_a_schedule_that_is_written_otherwise_is_the_same(schedule: str) -> None:
    assert served_dag(schedule) == []


@pytest.mark.parametrize("kind", ["Asset", "Dataset"])
def test_new_data_may_start_runs_beside_the_clock(kind: str) -> None:
    assert served_dag(f"{kind} or 0 */6 * * *") == served_dag(f"{kind} or 0 0,6,12,18 * * *") == []
    for other in (f"{kind} or 0 */4 * * *", kind, f"{kind} or ", f"{kind} or {kind} or 0 */6 * * *"):
        assert served_dag(other)[0].startswith("schedule: ")


@pytest.mark.parametrize(
    ("cron", "zone", "states"),
    [
        ("0 */6 * * *", "Asia/Tokyo", (True, True)),
        ("0 0,6,12,18 * * *", "Japan", (True, True)),
        ("0 */4 * * *", "Asia/Seoul", (False, False)),  # which had summer time in 1988
        ("", "+09:00", (False, False)),
        ("0 */6 * * *", "", (True, False)),
    ],
)
def test_a_file_may_write_the_declared_schedule_otherwise(cron: str, zone: str, states: tuple[bool, bool]) -> None:
    file = DeclaredFile(
        subject="dags/a.py: a", cron=cron, timezone=zone, declared_cron="0 */6 * * *", declared_timezone="Asia/Tokyo"
    )
    assert (file.states_cron, file.states_timezone) == states


def test_a_preset_in_a_file_is_what_it_stands_for() -> None:
    file = DeclaredFile(
        subject="a", cron="@daily", timezone="UTC", declared_cron="0 0 * * *", declared_timezone="Etc/UTC"
    )
    assert file.states_cron
    assert file.states_timezone


@pytest.mark.parametrize("schedule", ["@daily", "0 0 * * *", "0 */6 1 * *", "0 */6 * * 1-5", "Dataset", "", "0 */6 * * 6#1"])  # fmt: skip
def test_another_is_not(schedule: str) -> None:
    assert served_dag(schedule)[0].startswith("schedule: ")


@pytest.mark.parametrize(
    ("preset", "cron"),
    [("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@weekly", "0 0 * * 0"), ("@monthly", "0 0 1 * *"),
     ("@quarterly", "0 0 1 */3 *"), ("@yearly", "0 0 1 1 *")],
)  # fmt: skip
def test_the_names_of_airflow_2_are_what_they_stand_for(preset: str, cron: str) -> None:
    dag = replace(DAG, schedule=Schedule(cron=cron, timezone="UTC"))
    good = history()
    record = replace(good, served=(replace(good.served[0], schedule=preset),))
    assert "schedule" not in [flaw.kind for flaw in find_service_flaws(dag, record)]
    assert find_mistakes(Schedule(cron=preset, timezone="UTC")) == (
        f"{preset!r} is a name of Airflow's; write {cron!r}",
    )


def real(record: History, **changes: Any) -> int:
    (found,) = real_run_facts((replace(DAG, **changes),), record)
    return found.done


def empty(run: Run, tasks: list[Task]) -> tuple[Run, list[Task]]:
    """With an EmptyOperator, which no worker executes, and a branch that was not taken."""
    start = replace(tasks[0], task_id="start", host="", pid=0)
    return run, [start, *tasks, replace(tasks[0], task_id="other", state="skipped", host="", pid=0, started=None)]


def unworked(run: Run, tasks: list[Task]) -> tuple[Run, list[Task]]:
    return run, [replace(task, host="", pid=0) for task in tasks]


def test_a_run_with_an_empty_operator_and_an_untaken_branch_is_a_real_one() -> None:
    record = history(dict.fromkeys(range(len(SLOTS)), empty))
    assert real(record, may_skip=("other",)) == len(SLOTS)
    assert real(record) == 0


def test_a_run_whose_work_nobody_did_is_none() -> None:
    assert real(history(dict.fromkeys(range(len(SLOTS)), unworked))) == 0
    assert real(history({4: with_task(host="", pid=0)})) == len(SLOTS) - 1
    assert real(history(), tasks=frozenset({"fetch", "store"})) == len(SLOTS)
    assert real(history(), tasks=frozenset({"fetch", "tidy"})) == 0


def test_a_failed_teardown_leaves_the_run_as_good_as_it_is() -> None:
    record = history({5: with_task(state="failed", tries=2)})
    assert build_ledger(DAG, record).rows[5].state is SlotState.FAILED
    assert build_ledger(TEARDOWN, record).rows[5].state is SlotState.RETRIED
    assert [flaw.kind for flaw in find_record_flaws(DAG, record)] == ["masked"]
    assert find_record_flaws(TEARDOWN, record) == ()
    assert real(record, may_fail=TEARDOWN.may_fail) == len(SLOTS)


def test_a_teardown_that_did_not_end_is_no_failed_one() -> None:
    assert build_ledger(TEARDOWN, history({5: with_task(state="running")})).rows[5].state is SlotState.FAILED


def test_a_first_task_that_skips_all_the_others_was_executed() -> None:
    def holiday(run: Run, tasks: list[Task]) -> tuple[Run, list[Task]]:
        return run, [replace(tasks[0], state="skipped"), replace(tasks[1], state="skipped", host="", pid=0)]

    assert "unexecuted" not in [flaw.kind for flaw in find_record_flaws(DAG, history({3: holiday}))]
    nobody = history(
        {3: lambda run, _: (run, [replace(task, state="skipped", host="", pid=0) for task in tasks_of(run)])}
    )
    assert "unexecuted" in [flaw.kind for flaw in find_record_flaws(DAG, nobody)]


#: Seen on CronDataIntervalTimetable of 2.11: after the hour that is skipped it has one slot of three.
@pytest.mark.parametrize(
    ("cron", "zone", "day", "doubtful"),
    [
        ("*/20 1-3 * * *", "America/New_York", "2026-03-07T18:00Z", ["07:20", "07:40"]),
        ("*/20 0-3 * * *", "Europe/Berlin", "2026-03-28T18:00Z", ["01:20", "01:40"]),
        ("*/20 1-3 * * *", "Europe/London", "2026-03-28T18:00Z", ["01:20", "01:40"]),
        ("*/20 1-3 * * *", "Europe/London", "2026-10-24T18:00Z", []),
        ("*/5 * * * *", "America/New_York", "2026-03-07T18:00Z", []),
        ("30 2 * * *", "America/New_York", "2026-03-07T18:00Z", []),
        ("*/20 1-3 * * *", "Asia/Tokyo", "2026-03-07T18:00Z", []),
    ],
)
def test_slots_that_only_one_timetable_has(cron: str, zone: str, day: str, doubtful: list[str]) -> None:
    since = datetime.fromisoformat(day)
    found = find_doubtful_slots(Schedule(cron=cron, timezone=zone), since, since + timedelta(hours=26))
    assert [f"{slot:%H:%M}" for slot in sorted(found)] == doubtful


@pytest.mark.parametrize("day", ["2026-04-04", "2026-10-03"])
def test_a_timetable_that_comes_back_to_where_it_was_ends_the_search(day: str) -> None:
    """Clocks change by half an hour there, so an hourly expression names the same instant again."""
    since = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    schedule = Schedule(cron="15 * * * *", timezone="Australia/Lord_Howe")
    with pytest.raises(Unreadable, match="'15 .*Lord_Howe: Airflow's timetable of data intervals comes back to"):
        find_doubtful_slots(schedule, since, since + timedelta(hours=26))


def test_such_a_slot_counts_only_where_a_run_came() -> None:
    since = datetime.fromisoformat("2026-03-07T18:00Z")
    now = since + timedelta(hours=26)
    schedule = Schedule(cron="*/20 1-3 * * *", timezone="America/New_York")
    dag = replace(DAG, schedule=schedule, window=now - since)
    slots = list_slots(schedule, since, now)
    doubtful = find_doubtful_slots(schedule, since, now)
    every = history_of([run_of(slot) for slot in slots], now=now, since=since, oldest={DAG.dag_id: since})
    fewer = replace(every, runs=tuple(run for run in every.runs if run.slot not in doubtful))
    without = replace(every, runs=tuple(run for run in every.runs if run.slot not in {*doubtful, slots[0]}))
    assert [len(build_ledger(dag, record).rows) for record in (every, fewer)] == [len(slots), len(slots) - 2]
    assert build_ledger(dag, fewer).counts[SlotState.MISSED] == 0
    assert build_ledger(dag, without).counts[SlotState.MISSED] == 1


# ── Manual changes

DONE_AT = SLOTS[51]


def acts(*events: Event, version: str = "3.0.6") -> list[tuple[str, str]]:
    found = list_manual_actions(DAG.dag_id, history_of([], events=events, version=version))
    return [(hand.act.value, hand.run_id) for hand in found]


@pytest.mark.parametrize(
    ("name", "asked", "act"),
    [
        ("patch_dag_run", {"state": "success", "method": "PATCH"}, "marked"),
        ("patch_dag_run", {"state": "failed"}, None),
        ("patch_dag_run", {"state": "queued"}, "cleared"),
        ("patch_dag_run", {}, None),
        ("patch_dag_run", None, "marked"),
        ("patch_dag_run", "not in JSON", "marked"),
        ("api.update_dag_run_state", {"state": "success"}, "marked"),
        ("ui.clear_dag_run", {}, None),
        ("ui.clear_dag_run", {"dry_run": False}, "cleared"),
        ("clear_dag_run", None, "cleared"),
        ("post_clear_task_instances", {"dry_run": True}, None),
        ("post_clear_task_instances", {}, None),
        ("post_clear_task_instances", {"dry_run": False}, "cleared"),
        ("patch_task_instance", {"new_state": "success"}, "marked"),
        ("patch_task_instance", {"new_state": "skipped"}, "marked"),
        ("patch_task_instance", {"new_state": "failed"}, None),
        ("api.patch_task_instance", {"new_state": "success"}, None),  # a preview unless it says that it is none
        ("api.patch_task_instance", {"new_state": "success", "dry_run": False}, "marked"),
        ("api.post_set_task_instances_state", {"new_state": "success", "dry_run": "false"}, "marked"),
        ("patch_task_instance_dry_run", {"new_state": "success"}, None),
        ("dagrun_success", {"confirmed": "true"}, "marked"),
        ("dagrun_success", {"confirmed": "false"}, None),
        ("dagrun_clear", {"confirmed": "true"}, "cleared"),
        ("dagrun_failed", {"confirmed": "true"}, None),
        ("action_set_success", {}, "marked"),
        ("delete_dag_run", {}, "deleted"),
        ("dagrun.delete", {}, "deleted"),
        ("taskinstance.delete", {}, "deleted"),
        ("dagrun.edit", {}, None),  # its note
        ("clear_dag_runs", {}, None),
        ("clear_dag_runs", {"dry_run": False}, "cleared"),
        ("clear_dag_run_partitions", {"dry_run": False, "clear_task_instances": True}, "cleared"),
        ("clear_dag_run_partitions", {"dry_run": False}, None),  # only their keys
        ("clear_dag_run_partitions", {"clear_task_instances": True}, None),
        ("cli_task_clear", {}, "cleared"),
        ("cli_dag_delete", {}, "deleted"),
        ("cli_dag_backfill", {}, None),
        ("cli_dag_backfill", {"options": ["--reset-dagruns"]}, "cleared"),
        ("cli_task_run", {}, None),  # as the executor of Airflow 2 runs every task
        ("cli_task_run", None, None),
        ("cli_task_run", {"options": ["--mark-success"]}, "marked"),
        ("trigger_dag_run", {}, None),
        ("running", None, None),
    ],
)
def test_what_was_done_and_what_was_only_looked_at(name: str, asked: Any, act: str | None) -> None:
    noted = "" if asked is None else json.dumps(asked)
    assert acts(event(name, ID, DONE_AT, noted)) == ([(act, ID)] if act else [])


@pytest.mark.parametrize(
    ("version", "asked", "found"),
    [("2.11.0", "", []), ("2.11.0", "{}", [("marked", ID)]), ("3.3.2", "{}", []), ("3.0.6", "", [])],
)
def test_success_is_a_task_of_itself_except_where_airflow_2_notes_what_was_asked(
    version: str, asked: str, found: list[tuple[str, str]]
) -> None:
    assert acts(event("success", ID, DONE_AT, asked, task_id="fetch"), version=version) == found


def test_the_run_is_found_in_what_was_asked() -> None:
    asked = json.dumps({"dry_run": False, "dag_run_id": ID})
    assert acts(event("api.post_clear_task_instances", "", DONE_AT, asked)) == [("cleared", ID)]


def test_several_at_once_are_told_apart() -> None:
    entities = [{"dag_id": DAG.dag_id, "dag_run_id": each, "state": "success"} for each in ("b", "a")]
    many = json.dumps({"actions": [{"action": "update", "entities": entities}]})
    assert acts(event("bulk_dag_runs", "", DONE_AT, many)) == [("marked", "a"), ("marked", "b")]
    gone = json.dumps({"actions": [{"action": "delete", "entities": [{"dag_id": DAG.dag_id, "dag_run_id": "a"}]}]})
    assert acts(event("bulk_dag_runs", "", DONE_AT, gone)) == [("deleted", "a")]


def test_other_dags_are_left_alone() -> None:
    other = json.dumps({"actions": [{"action": "delete", "entities": [{"dag_id": "other", "dag_run_id": ID}]}]})
    assert acts(event("bulk_dag_runs", "", DONE_AT, other, dag_id="")) == []
    assert acts(event("clear_dag_run", ID, DONE_AT, dag_id="other")) == []


def test_a_list_that_names_no_run_is_told_of_without_one() -> None:
    assert acts(event("action_clear", "", DONE_AT, dag_id="")) == [("cleared", "")]


def test_tasks_of_other_runs_that_were_set_too_are_told_of() -> None:
    asked = json.dumps({"new_state": "success", "include_future": True})
    assert acts(event("patch_task_instance", ID, DONE_AT, asked)) == [("marked", ""), ("marked", ID)]


def test_it_reads_as_a_person_would_say_it() -> None:
    by = history_of([], events=(event("clear", ID, DONE_AT, owner="ann"), event("delete_dag_run", ID, SLOTS[52])))
    first, second = list_manual_actions(DAG.dag_id, by)
    assert str(first) == "cleared by ann at 2026-11-09 09:00:00 UTC (clear)"
    assert str(second) == "deleted by somebody at 2026-11-09 15:00:00 UTC (delete_dag_run)"
    assert first.act is Act.CLEARED


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
    """A failed task whose DAG has a retry, after it was cleared and succeeded."""
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
    assert "by ann" in build_ledger(DAG, with_retries({50: cleared}, events=(by,))).rows[50].words


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


# ── Responses of real Airflows

RECORDED: Mapping[str, Any] = json.loads(gzip.decompress(Path(__file__).with_name("hands.json.gz").read_bytes()))
#: The log entries of each door, if a version has it, and the resulting tasks.
SEEN = {
    "untouched": ("", ""),
    "set_run": ("marked", ""),
    "set_task": ("marked", "marked"),
    "clear_task": ("cleared", "cleared"),
    "clear_run": ("cleared", "cleared"),
    "command": ("", "cleared"),
    "trigger_again": ("", "cleared"),
    "set_tasks": ("", "marked"),
    "set_tasks_anywhere": ("", "marked"),
    "delete_task": ("", "deleted"),
    "delete_tasks": ("", "deleted"),
    "set_group": ("marked", "marked"),
    "set_runs": ("marked", ""),
    "set_runs_anywhere": ("", ""),  # its tasks stay failed
    "clear_runs": ("cleared", "cleared"),
    "clear_runs_anywhere": ("", "cleared"),
    "clear_partition": ("cleared", "cleared"),
}
#: Differences between versions: 2.11 also turns the tasks of a run green, and logs the setting of several tasks; 3.0
#: and 3.1 log nothing about the work of tasks.
OTHERWISE = {
    ("2.11.0", "set_run"): ("marked", "marked"),
    ("2.11.0", "set_tasks"): ("marked", "marked"),
    **{(version, "set_task"): ("marked", "") for version in ("3.0.6", "3.1.8")},
    **{("3.1.8", door): ("", "") for door in ("set_tasks", "delete_task", "delete_tasks")},
}
CASES = [(version, door) for version, found in sorted(RECORDED.items()) for door in found["runs"]]


def recorded(version: str) -> History:
    found = RECORDED[version]
    runs = [
        run_of(NOW - timedelta(hours=number), dag_id="handled", run_id=door, state=state, kind="manual")
        for number, (door, state) in enumerate(sorted(found["runs"].items()))
    ]
    events = tuple(map(parse_event, found["events"]))
    return history_of(runs, map(parse_task, found["tasks"]), events=events, version=version)


@pytest.mark.parametrize(("version", "door"), CASES)
def test_what_somebody_did_is_seen_as_far_as_this_version_shows_it(version: str, door: str) -> None:
    record = recorded(version)
    by_log = {hand.act.value for hand in list_manual_actions("handled", record) if hand.run_id == door}
    by_tasks = {hand.act.value for hand in list_silent_actions("handled", record) if hand.run_id == door}
    assert (by_log, by_tasks) == tuple({act} - {""} for act in OTHERWISE.get((version, door), SEEN[door]))


@pytest.mark.parametrize("version", sorted(RECORDED))
def test_a_command_is_logged_without_the_run_and_a_deleted_run_by_its_name(version: str) -> None:
    hands = [(hand.act.value, hand.run_id) for hand in list_manual_actions("handled", recorded(version))]
    assert ("deleted", "delete_run") in hands
    assert (("cleared", "") in hands) == ("command" in RECORDED[version]["runs"])


@pytest.mark.parametrize(("version", "origin"), [("2.11.0", "own"), ("3.0.6", "untold"), ("3.1.8", "untold"), ("3.3.2", "own")])  # fmt: skip
def test_which_versions_log_how_a_task_ended(version: str, origin: str) -> None:
    record = recorded(version)
    log = read_task_log("handled", record)
    good = [task for task in record.tasks if task.run_id == "untouched"]
    assert [log.origin(task) for task in good] == [Origin(origin)] * 2


def test_what_is_logged_under_several_dags_is_never_told() -> None:
    assert not any(row["dag_id"] == "~" for found in RECORDED.values() for row in found["events"])
    unnamed = [row["event"] for row in RECORDED["3.3.2"]["events"] if row["run_id"] is None]
    assert sorted(unnamed) == ["bulk_dag_runs", "clear_dag_runs"]


FORMS: Mapping[str, Any] = json.loads(gzip.decompress(Path(__file__).with_name("forms.json.gz").read_bytes()))
#: The log entries of the run that each form was used on, and its resulting tasks.
SEEN_IN_FORMS = {
    "untouched": ("", ""),
    "page_run": ("marked", "marked"),
    "page_task": ("marked", "marked"),
    "page_clear": ("cleared", "cleared"),
    "list_run": ("", "marked"),
    "list_task": ("", "marked"),
    "list_skip": ("", "marked"),
    "list_delete_task": ("", "deleted"),
    "row_delete_task": ("", "deleted"),
}


def recorded_forms() -> History:
    runs = [
        run_of(NOW - timedelta(hours=number), dag_id="handled", run_id=form, state=state, kind="manual")
        for number, (form, state) in enumerate(sorted(FORMS["runs"].items()))
    ]
    events = tuple(map(parse_event, FORMS["events"]))
    return history_of(runs, map(parse_task, FORMS["tasks"]), events=events, version="2.11.0")


@pytest.mark.parametrize("form", sorted(SEEN_IN_FORMS))
def test_what_was_done_with_a_form_is_seen(form: str) -> None:
    record = recorded_forms()
    by_log = {hand.act.value for hand in list_manual_actions("handled", record) if hand.run_id == form}
    by_tasks = {hand.act.value for hand in list_silent_actions("handled", record) if hand.run_id == form}
    assert (by_log, by_tasks) == tuple({act} - {""} for act in SEEN_IN_FORMS[form])


def test_a_list_names_neither_dag_nor_run() -> None:
    unnamed = [
        (hand.event, hand.act.value) for hand in list_manual_actions("handled", recorded_forms()) if not hand.ours
    ]
    assert sorted(unnamed) == [
        ("action_muldelete", "deleted"),
        ("action_set_skipped", "marked"),
        ("action_set_success", "marked"),
        ("action_set_success", "marked"),
        ("taskinstance.delete", "deleted"),
    ]


# ── Every slot has one row, whatever ran; an unobserved one is neither bad nor good

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
        ended=SLOTS[0] + 5 * MINUTE, delay=timedelta(seconds=3), begun=(timedelta(seconds=3),) * 2, tries=1,
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


def without_store(run: Run, tasks: list[Task], **left: Any) -> tuple[Run, list[Task]]:
    return run, [tasks[0], *([replace(tasks[1], **left)] if left else [])]


def taken_out(run: Run, tasks: list[Task]) -> tuple[Run, list[Task]]:
    return without_store(run, tasks, state="removed")


@pytest.mark.parametrize(
    ("lacking", "numbers", "failed", "unknown"),
    [
        (range(50, 52), lambda _: 1, [50, 51], []),  # its version has the task
        (range(100, 120), lambda _: 0, [*range(100, 120)], []),  # the version that is declared
        (range(100, 120), lambda n: n // 100, [*range(100, 120)], []),
        (range(50, 52), lambda _: 0, [], [50, 51]),  # nobody knows what was declared of a version in between
        (range(50, 52), lambda n: 1 + (n >= 50) + (n >= 52), [], [50, 51]),
        ((*range(20), *range(50, 52)), lambda _: 0, [], []),  # rolled back to before the task, and forward again
        ((*range(20), *range(50, 52)), lambda n: 1 + (n >= 20) + (n >= 50) + (n >= 52), [], []),
        ((*range(20), *range(100, 120)), lambda _: 0, [*range(100, 120)], []),  # and not forward again
    ],
)
def test_the_tasks_that_are_declared_are_those_of_the_version_that_is(
    lacking: Sequence[int], numbers: Callable[[int], int], failed: list[int], unknown: list[int]
) -> None:
    dag = replace(DAG, tasks=frozenset({"fetch", "store", "never"}))
    record = history({number: (without_store, taken_out)[number % 2] for number in lacking})
    tasks = tuple(replace(task, version=numbers(SLOT_OF[task.run_id])) for task in record.tasks)
    rows = build_ledger(dag, replace(record, tasks=tasks)).rows
    assert [number for number, row in enumerate(rows) if row.state is SlotState.FAILED] == failed
    assert [number for number, row in enumerate(rows) if row.state is SlotState.UNKNOWN] == unknown
    words = {
        **dict.fromkeys(failed, "Airflow says success, but store is left out"),
        **dict.fromkeys(
            unknown,
            "another version of the DAG made it, without store, which earlier ones had; nothing shows whether that "
            "was declared then",
        ),
    }
    assert {number: row.words for number, row in enumerate(rows) if row.words} == words


def test_a_slot_that_ran_anew_in_a_later_version_leaves_nothing_out() -> None:
    dag = replace(DAG, tasks=frozenset({"fetch", "store"}))
    again = dict.fromkeys(range(1, 20), without_store) | {0: with_run(started=NOW - HOUR)}
    sampled = history({50: without_store}, sampled={DAG.dag_id: frozenset()})
    assert all(build_ledger(dag, record).counts[SlotState.ON_TIME] == 120 for record in (history(again), sampled))


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
    assert build_ledger(replace(DAG, since=SLOTS[0]), history_of([], oldest={})).counts[SlotState.MISSED] == 120


@pytest.mark.parametrize(("after", "state"), [(HOUR, SlotState.PENDING), (HOUR + MINUTE, SlotState.MISSED)])
def test_a_slot_is_pending_until_its_grace_is_over(after: timedelta, state: SlotState) -> None:
    assert build_ledger(DAG, replace(history({119: missing}), now=SLOTS[119] + after)).rows[-1].state is state


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
    row = build_ledger(DAG, history(events=(event(name, ID, SLOT + 2 * HOUR, asked, owner="ann"),))).rows[50]
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


def begun(minutes: int, first: datetime, **changes: Any) -> Change:
    """A run that began so many minutes after its slot, and what is stated of its tasks."""
    return lambda run, _: (
        replace(run, started=SLOT + minutes * MINUTE), tasks_of(replace(run, started=first), **changes),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "limit", "outcome", "said"),
    [
        (with_task(tries=2), "5 min", None, "known only between two times of 1 slots"),
        (with_task(tries=2, started=SLOT + 9 * MINUTE), "1 s", NotSatisfied, ""),
        (begun(1, SLOT + 9 * MINUTE, tries=2), "9 min", Undetermined, "of 1 slots.*at most 54"),
        (begun(6, SLOT + 9 * MINUTE, tries=2), "5 min", NotSatisfied, ""),
        (lambda run, _: (replace(run, state="failed"), tasks_of(run, started=None)[:1]), "4 min", NotSatisfied, ""),
        (AGAIN, "5 min", None, "of 1 slots nothing shows when it started"),
    ],
)
def test_a_delay_that_a_later_try_overwrote_is_left_open_and_never_out(
    change: Change, limit: str, outcome: Any, said: str
) -> None:
    asked = criterion("dag-scheduler-delay", bound=Bound.parse(f"<= {limit}"))
    found = slots_of(history({50: change}, events=(CLEAR,) if change is AGAIN else ())).estimate_delay(asked)
    assert found is not None
    with pytest.raises(outcome, match=said or None) if outcome else nullcontext():
        asked.require(found)
    assert outcome or said in str(found)


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
    assert len(build_ledger(dag, replace(history_of([]), now=now, since=now - 2 * dag.window)).rows) == 24


def test_a_row_too_few_is_never_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ledgers.judge_slot(SLOT, [], DAG, NOW)
    monkeypatch.setattr(ledgers, "judge_slot", lambda *_: lost)
    with pytest.raises(Unaccounted, match="120 slots, but rows of 120"):
        build_ledger(DAG, history())


def test_a_run_that_no_row_tells_of_is_never_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "judge_slot", lambda slot, *_: Row(slot=slot, state=SlotState.ON_TIME))
    with pytest.raises(Unaccounted, match="runs of the schedule that no row tells of"):
        build_ledger(DAG, history())


run_kinds = st.sampled_from(["scheduled", "backfill", "manual", "asset_triggered"])
states = st.sampled_from(["success", "failed", "running", "queued"])


@st.composite
def records(draw: st.DrawFn) -> tuple[list[Run], list[Task]]:
    """Any runs of ten slots and of times between them, some of several kinds."""
    runs = {}
    for number in draw(st.lists(st.integers(100, 119), max_size=25)):
        kind, minutes = draw(run_kinds), draw(st.sampled_from([0, 0, 0, 90]))
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


#: A DAG that came with its slot 100 of 120.
YOUNG = dict.fromkeys(range(100), missing)
BEGIN = {DAG.dag_id: SLOTS[100]}
BOUND, SURE = Bound.parse("> 99 %"), Quantity.parse("95 %")


def slots_of(record: History, dag: DeclaredDag = DAG) -> SlotHistory:
    return next(fact for fact in slot_facts((dag,), frozenset(), record) if isinstance(fact, SlotHistory))


def rate(record: History, dag: DeclaredDag = DAG, bound: str = "> 99 %") -> Estimate:
    return compute_rates(dag, record, build_ledger(dag, record)).slot.estimate(Bound.parse(bound), SURE)


def test_what_was_before_a_new_dag_is_not_known() -> None:
    record = history(YOUNG, oldest=BEGIN)
    account = build_ledger(DAG, record)
    assert (account.counts[SlotState.UNKNOWN], account.counts[SlotState.MISSED]) == (100, 0)
    assert (
        account.rows[0].words == "Airflow has no run of this DAG from so long ago: it is new, or its record was cleaned"
    )
    found = rate(record)
    assert not found.is_outside(BOUND)
    assert found.unfinished == "nothing shows what became of 100 slots"
    assert slots_of(record).settled == 20
    missed = slots_of(record).missed
    assert isinstance(missed, Estimate)
    assert 'write since = "YYYY-MM-DD" in [dags.nba_news_scraper]' in missed.unfinished


def test_a_renamed_dag_has_no_slots_before_its_name() -> None:
    assert build_ledger(replace(DAG, dag_id="renamed"), history()).counts[SlotState.UNKNOWN] == 120


@pytest.mark.parametrize("since", [SLOTS[100], SLOTS[99] + MINUTE])
def test_since_a_stated_day_each_slot_counts_and_none_before(since: datetime) -> None:
    record, dag = history(YOUNG | {110: missing}, oldest=BEGIN), replace(DAG, since=since)
    account = build_ledger(dag, record)
    assert (len(account.rows), account.since, account.counts[SlotState.MISSED]) == (20, since, 1)
    assert rate(record, dag).detail == f"since {since:%Y-%m-%d %H:%M} UTC, as is declared"
    assert slots_of(record, dag).missed == Quantity.of(1)
    assert find_record_flaws(dag, record) == ()


def test_a_day_that_is_stated_too_early_shows_what_was_missed() -> None:
    record, dag = history(YOUNG, oldest=BEGIN), replace(DAG, since=SLOTS[90])
    assert build_ledger(dag, record).counts[SlotState.MISSED] == 10
    assert [flaw.kind for flaw in find_record_flaws(dag, record)] == ["cut_off"]


@pytest.mark.parametrize("since", [NOW - timedelta(days=400), NOW + timedelta(days=1)])
def test_a_day_outside_of_the_window_moves_no_end_beyond_the_other(since: datetime) -> None:
    assert len(build_ledger(replace(DAG, since=since), history()).rows) == (120 if since < NOW else 0)


def test_a_slot_that_an_old_dag_missed_first_is_missed() -> None:
    record = history({0: missing, 1: missing}, oldest={DAG.dag_id: SLOTS[0] - timedelta(days=90)})
    assert build_ledger(DAG, record).counts[SlotState.MISSED] == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20", datetime(2026, 11, 19, 15, tzinfo=UTC)),  # midnight in Tokyo
        ("2026-11-20 09:30", datetime(2026, 11, 20, 0, 30, tzinfo=UTC)),
        ("2026-11-20T09:30:00+00:00", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
    ],
)
def test_since_is_stated_as_a_day_or_a_time_in_the_zone_of_the_dag(text: str, expected: datetime) -> None:
    table = {"cron": "0 */6 * * *", "timezone": "Asia/Tokyo", "since": text}
    dag = parse_airflow_section({"version": "3.0.6", "url": "http://x"}, {"news": table}).dags["news"].declared
    assert dag.since == expected
    assert dag_from_json("news", dag_to_json(dag)) == dag


@pytest.mark.parametrize("stated", ["yesterday", "", 20261120, "2026-13-01", ["2026-11-20"]])
def test_what_is_no_day_is_refused(stated: Any) -> None:
    table = {"cron": "0 */6 * * *", "timezone": "Asia/Tokyo", "since": stated}
    (told,) = airflow_mistakes({"airflow": {"version": "3.0.6", "url": "http://x"}, "dags": {"news": table}})
    assert told.startswith("dags.news.since: is ")
    assert "'2026-11-20'" in told


#: A backfill of Airflow 3 keeps the id of the scheduled run that it runs again.
AGAIN_LATE = with_run(kind="backfill", run_id=ID, queued=NOW - 90 * MINUTE, started=NOW - 89 * MINUTE, ended=NOW)
ENDS = tuple(
    event("success", ID, SLOT + n * MINUTE, task_id=task) for n, task in enumerate(("fetch", "store"), start=3)
)


@pytest.mark.parametrize("state", ["success", "failed", "running", "queued"])
def test_a_backfill_that_runs_a_scheduled_run_again_leaves_no_missed_slot(state: str) -> None:
    record = history({50: lambda run, tasks: AGAIN_LATE(replace(run, state=state), tasks)})
    row = build_ledger(DAG, record).rows[50]
    assert (row.state, row.words.partition(" again")[0]) == (SlotState.UNKNOWN, "a backfill ran the scheduled run")
    assert find_record_flaws(DAG, record) == ()
    assert slots_of(record).missed == Quantity.of(0)


def test_where_the_log_shows_how_it_had_ended_that_decides() -> None:
    row = build_ledger(DAG, history({50: AGAIN_LATE}, events=ENDS)).rows[50]
    assert (row.state, row.ended) == (SlotState.ON_TIME, SLOT + 4 * MINUTE)


@pytest.mark.parametrize(
    ("bad", "bound", "state"),
    [
        (0, "> 99 %", "open"),
        (0, "> 90 %", "kept"),
        (3, "> 99 %", "open"),
        (40, "> 99 %", "broken"),
        (40, "> 50 %", "kept"),
    ],
)
def test_what_is_not_known_decides_nothing_that_it_could_change(bad: int, bound: str, state: str) -> None:
    """Of 120 slots two were cleared, and Airflow 3.0 does not log how they had ended."""
    clears = tuple(event("clear_dag_run", id_of(SLOTS[n]), NOW - MINUTE) for n in (50, 60))
    found = rate(history(dict.fromkeys(range(bad), failed), events=clears), bound=bound)
    assert [found.is_within(Bound.parse(bound)), found.is_outside(Bound.parse(bound))] == [
        state == "kept",
        state == "broken",
    ]
    assert found.detail == "nothing shows what became of 2 slots"


@pytest.mark.parametrize(
    ("events", "ended", "bad", "unknown"),
    [
        ((event("delete_dag_run", "a", NOW - MINUTE),), 241, 1, "deleted by"),
        ((event("cli_task_test", "", NOW - MINUTE),), 241, 1, "not known what that does"),
        ((), 241, 1, 0),  # nobody cleared it: a retry
        ((event("clear_dag_run", ID, NOW - MINUTE),), 241, 0, 1),
        ((event("clear_dag_run", ID, NOW - MINUTE), *ENDS, replace(ENDS[0], at=NOW)), 241, 0, 0),
        ((event("clear_dag_run", ID, NOW - MINUTE), event("failed", ID, SLOT, task_id="fetch")), 241, 1, 0),
    ],
)
def test_a_good_task_that_was_cleared_had_no_failed_try(events: Any, ended: int, bad: int, unknown: int | str) -> None:
    found = count_attempts("here", (DAG,), history({50: with_task(tries=2)}, events=events))
    unseen = unknown if isinstance(unknown, str) else ""
    assert (found.ended, found.failed, found.unknown) == (ended, bad, 0 if unseen else unknown)
    asked = criterion("dag-task-failure-rate", bound=Bound.parse("< 50 %"))
    with pytest.raises(Undetermined, match=unseen) if unseen else nullcontext():
        asked.require(found.failed_share(asked))


# ── Rates

CRITERION = Criterion(
    id="dag-success-rate", wording="s", wording_ja="s", why="w", source="SLO-6", layers=("dags",), bound=BOUND
)


def of(record: History) -> Rates:
    return compute_rates(DAG, record, build_ledger(DAG, record))


def pairs(record: History) -> dict[str, tuple[int, int]]:
    found = of(record)
    return {each.name: (each.good, each.total) for each in (found.slot, found.run, found.first_try, found.on_time)}


def slot_rate(good: int, total: int) -> Rate:
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
    assert "1 of them late" in str(rate(history({2: late})))


def test_runs_before_the_window_count_in_no_rate() -> None:
    record = history()
    old = run_of(SLOTS[0] - timedelta(days=1), state="failed")
    assert pairs(replace(record, runs=(*record.runs, old))) == pairs(record)


@pytest.mark.parametrize(
    ("good", "total", "kept"), [(99, 100, False), (100, 101, True), (119, 120, True), (1, 1, True), (0, 1, False)]
)
def test_99_of_100_are_not_more_than_99_percent(good: int, total: int, kept: bool) -> None:
    estimate = slot_rate(good, total).estimate(BOUND, SURE)
    if kept:
        CRITERION.require(estimate)
    else:
        with pytest.raises(NotSatisfied):
            CRITERION.require(estimate)


def test_nothing_is_never_a_pass() -> None:
    with pytest.raises(Undetermined, match="none of 1 samples"):
        CRITERION.require(slot_rate(0, 0).estimate(BOUND, SURE))
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
    assert slot_rate(good, total).estimate(BOUND, SURE).settles == settles


@pytest.mark.parametrize(("bad", "needed"), [(0, 299), (1, 473), (2, 628), (3, 773)])
def test_how_many_slots_show_99_percent(bad: int, needed: int) -> None:
    assert slot_rate(0, bad).count_clean_needed(BOUND, SURE) == needed - bad


def test_no_number_of_slots_shows_more_than_there_can_be() -> None:
    assert slot_rate(10, 10).count_clean_needed(Bound.parse("> 100 %"), SURE) is None


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


CLEARED = event("clear_dag_run", id_of(SLOTS[5]), SLOTS[6])


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
    found = list_durations(DAG, history(changes, events=(CLEARED,)))
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
