"""Facts about DAG files, made of what was stored of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prodgate import Quantity
from prodgate.facts.dags.files import DagFile, DagFolder, dag_file_facts, unread_files
from prodgate.facts.dags.masking import find_masks
from prodgate.findings import Undetermined


def task(name: str, *upstream: str, rule: str = "all_success", mapped: bool = False, teardown: bool = False) -> Any:
    return {
        "task_id": name, "mapped": mapped, "teardown": teardown, "retries": 2, "retry_delay": 1.5, "backoff": True,
        "timeout": None, "failure_callback": True, "trigger_rule": rule, "upstream": list(upstream), "downstream": [],
    }  # fmt: skip


def stored(**changed: Any) -> Any:
    dag = {
        "dag_id": "news", "file": "a/news.py", "timetable": "CronTriggerTimetable", "cron": "0 2 * * *",
        "timezone": "Asia/Tokyo", "start": "2026-01-01T00:00:00+09:00", "catchup": False, "max_active_runs": 1,
        "timeout": 3600.0, "failure_callback": True, "tasks": [task("b", "a"), task("a")], "digest": "1",
    }  # fmt: skip
    bag = {"version": "3.0.6", "import_errors": {}, "reached": [], "unstable": [], "dags": [dag]}
    made = {"folder": "dags", "files": ["a/news.py"], "rules": [], "declared": [], "lint": {"found": []}, "bag": bag}
    return json.loads(json.dumps(made | changed))


def folder(**changed: Any) -> DagFolder:
    (found,) = [fact for fact in dag_file_facts(stored(**changed)) if isinstance(fact, DagFolder)]
    return found


def bag(**changed: Any) -> Any:
    return stored()["bag"] | changed


def test_a_dag_is_a_fact_with_units() -> None:
    (file,) = [fact for fact in dag_file_facts(stored()) if isinstance(fact, DagFile)]
    assert (file.subject, file.cron, file.timezone) == ("dags/a/news.py: news", "0 2 * * *", "Asia/Tokyo")
    assert (file.timeout, file.max_active_runs, file.masks) == (Quantity.parse("3600.0 s"), Quantity.of(1), ())
    assert [each.task_id for each in file.tasks] == ["b", "a"]
    b = file.tasks[0]
    assert (b.upstream, b.retry_delay, b.timeout) == (("a",), Quantity.parse("1.5 s"), None)


def test_a_folder_that_is_well_says_nothing() -> None:
    found = folder()
    assert (found.subject, found.files, found.dags, found.version) == ("dags/", Quantity.of(1), Quantity.of(1), "3.0.6")
    for name in ("import_errors", "reached_out", "duplicates", "rule_findings", "lint_findings", "unstable"):
        assert getattr(found, name) == ()


def test_what_is_wrong_stands_with_its_place() -> None:
    reached = {"file": "news.py", "line": 3, "what": "a database (x)"}
    assert folder(bag=bag(reached=[reached, reached])).reached_out == (
        "dags/news.py:3: asks for a database (x) while it is imported",
    )
    rule = {"rule": "DAG002", "file": "news.py", "line": 3, "text": "it is so"}
    assert folder(rules=[rule]).rule_findings == ("dags/news.py:3: DAG002 it is so",)
    assert folder(lint={"found": [rule]}).lint_findings == ("dags/news.py:3: DAG002 it is so",)
    errors = {"b.py": "", "a.py": "Traceback:\n  File x\nKeyError: 'BUCKET'\n"}
    assert folder(bag=bag(import_errors=errors)).import_errors == (
        "dags/a.py: KeyError: 'BUCKET'",
        "dags/b.py: it can't be imported",
    )


def test_a_dag_that_is_written_and_that_airflow_does_not_find_is_an_error() -> None:
    lost = {"dag_id": "lost", "file": "lost.py", "line": 7}
    assert folder(declared=[lost, {"dag_id": "news", "file": "a/news.py", "line": 1}]).import_errors == (
        "dags/lost.py:7: declares 'lost', and Airflow found no such DAG",
    )
    assert folder(declared=[lost], bag=bag(import_errors={"lost.py": "x"})).import_errors == ("dags/lost.py: x",)


def test_two_files_with_one_id_are_told() -> None:
    places = [{"dag_id": "news", "file": name, "line": 7} for name in ("a.py", "b.py")]
    assert folder(declared=places).duplicates == (
        "dags/a.py:7, dags/b.py:7: all declare 'news', and Airflow runs only one of them",
    )


@pytest.mark.parametrize(
    ("changed", "unread", "known"),
    [
        (
            {"bag": {"unread": "no Airflow"}},
            ("version", "import_errors", "reached_out", "unstable"),
            ("rule_findings", "lint_findings"),
        ),
        ({"lint": {"unread": "no ruff"}}, ("lint_findings",), ("rule_findings", "import_errors")),
        ({"files": []}, ("rule_findings", "lint_findings", "duplicates", "import_errors"), ("files",)),
    ],
)
def test_what_could_not_be_looked_at_is_undetermined(
    changed: Any, unread: tuple[str, ...], known: tuple[str, ...]
) -> None:
    found = folder(**changed)
    for name in unread:
        with pytest.raises(Undetermined):
            getattr(found, name)
    for name in known:
        getattr(found, name)


def test_without_airflow_there_is_no_dag_and_a_reason() -> None:
    (only,) = dag_file_facts(stored(bag={"unread": "no Airflow"}))
    assert isinstance(only, DagFolder)
    assert (unread_files(stored(bag={"unread": "no Airflow"})), unread_files(stored())) == ("no Airflow", "")


@pytest.mark.parametrize(
    ("tasks", "masked"),
    [
        ([task("a"), task("b", "a")], []),
        ([task("a"), task("b", "a", rule="all_done")], ["a"]),
        ([task("a"), task("b", "a"), task("c", "b", rule="all_done")], ["a", "b"]),
        ([task("a"), task("b", "a", rule="all_done"), task("c", "a")], []),
        ([task("a"), task("b", "a", rule="none_failed_min_one_success")], []),
        ([task("a"), task("b", "a", rule="always")], ["a"]),
        ([task("a"), task("b", "a", rule="one_failed")], ["a"]),
        ([task("a"), task("b", "a", rule="a rule of a later version")], ["a"]),
        ([task("a"), task("b"), task("c", "a", "b", rule="one_success")], ["a", "b"]),
        ([task("a"), task("b", "a", rule="one_success")], []),
        ([task("a", mapped=True), task("b", "a", rule="one_success")], ["a"]),
        ([task("a"), task("b", "a", rule="all_done_setup_success", teardown=True)], []),
        ([task("a"), task("b", "a"), task("c", "b", rule="all_done_setup_success", teardown=True)], []),
        ([], []),
    ],
)
def test_a_failure_that_no_last_task_shows_is_masked(tasks: Any, masked: list[str]) -> None:
    assert [text.partition(" ")[0] for text in find_masks(tasks)] == masked


def test_what_masks_a_failure_is_named() -> None:
    assert find_masks([task("a"), task("b", "a"), task("c", "b", rule="all_done")]) == (
        "a may fail in a run that succeeds: c runs with all_done",
        "b may fail in a run that succeeds: c runs with all_done",
    )
