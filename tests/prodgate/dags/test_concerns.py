"""What concerns a DAG and what does not: files of others, tasks that do no work, teardowns, names of schedules."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from prodgate.airflow.records import History, ImportFailure, Run, Task
from prodgate.dags.cron import find_doubtful_slots, find_mistakes, list_slots
from prodgate.dags.declared import Schedule
from prodgate.dags.ledger import SlotState, build_ledger
from prodgate.dags.record_flaws import find_record_flaws
from prodgate.dags.service_flaws import find_service_flaws
from prodgate.facts.dags.slots import RealRun, slot_facts
from prodgate.facts.dags.structure import DeclaredFile

from .histories import DAG, SLOTS, history, history_of, run_of, tasks_of, with_task

TEARDOWN = replace(DAG, may_fail=frozenset({"fetch"}))


def served(schedule: str = "0 */6 * * *", failing: str = "", **changes: Any) -> list[str]:
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
    assert served(failing=failing, file=file) == []


@pytest.mark.parametrize(
    ("failing", "file"),
    [("/dags/news.py", "/dags/news.py"), ("news.py", "/dags/news.py"), ("b/news.py", "/dags/b/news.py"),
     ("/dags/all.zip", "/dags/all.zip/news.py"), ("all.zip", "/dags/all.zip/news.py"), ("news.py", "news.py")],
)  # fmt: skip
def test_its_own_file_does(failing: str, file: str) -> None:
    assert served(failing=failing, file=file) == [
        f"import_failure: {failing!r}, which makes it, can't be imported: ImportError: x"
    ]


@pytest.mark.parametrize(
    ("failing", "bundle", "concerns"),
    [("news.py", "dags", False), ("team/news.py", "other", False), ("team", "dags", True), ("team/news.py", "dags", True)],
)  # fmt: skip
def test_a_file_of_the_same_name_elsewhere_is_another(failing: str, bundle: str, concerns: bool) -> None:
    """In another folder, or in another bundle: of Airflow 3 both are told, and an archive is named as a whole."""
    good = history()
    own = replace(good.served[0], file="/opt/airflow/dags/team/news.py", bundle="dags", place="team/news.py")
    failure = ImportFailure(file=failing, text="ImportError: x", bundle=bundle)
    found = find_service_flaws(DAG, replace(good, served=(own,), import_failures=(failure,)))
    assert [flaw.kind for flaw in found] == ["import_failure"] * concerns


def test_any_file_may_hold_a_dag_that_is_gone() -> None:
    *_, told = served(failing="/dags/moved.py", file="/dags/news.py", stale=True)
    assert told == "import_failure: '/dags/moved.py' can't be imported, and may be what makes it: ImportError: x"


@pytest.mark.parametrize("schedule", ["0 */6 * * *", "0 0,6,12,18 * * *", "0 */6 * * 0-7", "00 */6 * * *"])
def test_a_schedule_that_is_written_otherwise_is_the_same(schedule: str) -> None:
    assert served(schedule) == []


@pytest.mark.parametrize("kind", ["Asset", "Dataset"])
def test_new_data_may_start_runs_beside_the_clock(kind: str) -> None:
    assert served(f"{kind} or 0 */6 * * *") == served(f"{kind} or 0 0,6,12,18 * * *") == []
    for other in (f"{kind} or 0 */4 * * *", kind, f"{kind} or ", f"{kind} or {kind} or 0 */6 * * *"):
        assert served(other)[0].startswith("schedule: ")


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
    assert served(schedule)[0].startswith("schedule: ")


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
    (found,) = (
        fact for fact in slot_facts((replace(DAG, **changes),), frozenset(), record) if isinstance(fact, RealRun)
    )
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


def test_a_failed_teardown_leaves_the_run_as_good_as_it_is() -> None:
    record = history({5: with_task(state="failed", tries=2)})
    assert build_ledger(DAG, record).rows[5].state is SlotState.FAILED
    assert build_ledger(TEARDOWN, record).rows[5].state is SlotState.RETRIED
    assert [flaw.kind for flaw in find_record_flaws(DAG, record)] == ["masked"]
    assert find_record_flaws(TEARDOWN, record) == ()
    assert real(record, may_fail=TEARDOWN.may_fail) == len(SLOTS)


def test_a_teardown_that_did_not_end_is_no_failed_one() -> None:
    record = history({5: with_task(state="running")})
    assert build_ledger(TEARDOWN, record).rows[5].state is SlotState.FAILED


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
