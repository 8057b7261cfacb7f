"""Long lists, long names: a busy month is read by days, each row once, and what is too much is read in part, and said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import Any

import pytest

from prodgate.airflow import days, history, tasks
from prodgate.airflow.history import read_history
from prodgate.airflow.observing import observe_history, recall_history
from prodgate.airflow.paging import MAX_PATH
from prodgate.aws.answers import Unreadable
from prodgate.dags.declared import DeclaredDag, Schedule
from prodgate.dags.ledger import SlotState, build_ledger
from prodgate.dags.record_flaws import find_record_flaws
from prodgate.facts.dags.slots import count_attempts

from .fake import HOUR, NEW, NOW, OLD, Fake, a_dag, a_run, a_task, an_airflow, an_event
from .wrong_answers import BOTH, Asking

SINCE = NOW - 30 * 24 * HOUR
RUNS, TASKS = "/dags/news/dagRuns", "/dags/news/dagRuns/~/taskInstances"
DAG = DeclaredDag(
    dag_id="news", schedule=Schedule(cron="0 * * * *", timezone="UTC"), window=NOW - SINCE, grace=HOUR, limit=HOUR
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
    evidence = json.loads(json.dumps(observe_history(Asking(fake), ["news"], since=SINCE, now=NOW, patience=0)))
    return recall_history(evidence)


def queries(fake: Fake, path: str) -> list[dict[str, str]]:
    return [query for _, asked, query in fake.asked if asked == path]


@BOTH
def test_a_long_list_is_read_by_days_and_recalled_the_same(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "MOST_AT_ONCE", 500)
    found = month(fake := busy(version))
    assert len(found.runs) == len({run.run_id for run in found.runs}) == 721
    assert len(found.tasks) == 2 * 721
    assert len(found.events) == 1440
    assert len(queries(fake, RUNS)) == 1 + 30 + 1  # the whole, 30 days, and the oldest
    again = read_history(Asking(busy(version)), ["news"], since=SINCE, now=NOW)
    assert (found.runs, found.tasks, found.events) == (again.runs, again.tasks, again.events)


@BOTH
def test_a_short_list_is_asked_for_as_ever(version: str) -> None:
    month(fake := busy(version))
    assert len(queries(fake, RUNS)) == 8 + 1


@pytest.mark.slow
@BOTH
def test_a_day_that_is_not_steady_is_read_by_hours(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow 2 pages tasks without an order: of two pages one may hold a row of the other."""
    monkeypatch.setattr(days, "MOST_AT_ONCE", 500)
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
    monkeypatch.setattr(days, "MOST_AT_ONCE", 500)
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
    found, other = (read_history(each, ["news"], since=SINCE, now=NOW) for each in (several, Asking(busy(NEW))))
    assert (found.runs, found.tasks, found.events) == (other.runs, other.tasks, other.events)
    assert several.most <= 4


@BOTH
def test_of_very_many_tasks_those_that_did_not_succeed_are_read(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "MOST_AT_ONCE", 500)
    monkeypatch.setattr(tasks, "MOST_TASKS", 1_000)
    monkeypatch.setattr(tasks, "_LATEST", 20)
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
    monkeypatch.setattr(tasks, "MOST_TASKS", 1_000)
    fake = busy(NEW)
    for task in fake.tasks:
        task["state"] = "skipped"
    with pytest.raises(Unreadable, match=r"lists \d+ tasks that are skipped, and more than 1000 are not read"):
        _ = month(fake).tasks


@BOTH
def test_a_log_of_very_much_leaves_out_that_tasks_began_in_airflow_2(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_EVENTS", 1_000)
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
    like = name.replace("_", "-")  # which a pattern fits, too
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
    evidence = observe_history(Asking(an_airflow(OLD, slots=2)), ["news"], since=NOW - timedelta(days=1), now=NOW)
    (page,) = (each["body"] for each in evidence["answers"] if each["path"] == TASKS)
    assert "rendered_fields" not in page["task_instances"][0]
