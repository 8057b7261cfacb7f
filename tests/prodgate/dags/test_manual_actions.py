from __future__ import annotations

import json
from typing import Any

import pytest

from prodgate.airflow.records import Event
from prodgate.dags.manual_actions import Act, list_manual_actions

from .histories import DAG, SLOTS, event, history_of, id_of

ID = id_of(SLOTS[50])
AT = SLOTS[51]


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
    assert acts(event(name, ID, AT, noted)) == ([(act, ID)] if act else [])


@pytest.mark.parametrize(
    ("version", "asked", "found"),
    [("2.11.0", "", []), ("2.11.0", "{}", [("marked", ID)]), ("3.3.2", "{}", []), ("3.0.6", "", [])],
)
def test_success_is_a_task_of_itself_except_where_airflow_2_notes_what_was_asked(
    version: str, asked: str, found: list[tuple[str, str]]
) -> None:
    assert acts(event("success", ID, AT, asked, task_id="fetch"), version=version) == found


def test_the_run_is_found_in_what_was_asked() -> None:
    asked = json.dumps({"dry_run": False, "dag_run_id": ID})
    assert acts(event("api.post_clear_task_instances", "", AT, asked)) == [("cleared", ID)]


def test_several_at_once_are_told_apart() -> None:
    entities = [{"dag_id": DAG.dag_id, "dag_run_id": each, "state": "success"} for each in ("b", "a")]
    many = json.dumps({"actions": [{"action": "update", "entities": entities}]})
    assert acts(event("bulk_dag_runs", "", AT, many)) == [("marked", "a"), ("marked", "b")]
    gone = json.dumps({"actions": [{"action": "delete", "entities": [{"dag_id": DAG.dag_id, "dag_run_id": "a"}]}]})
    assert acts(event("bulk_dag_runs", "", AT, gone)) == [("deleted", "a")]


def test_other_dags_are_left_alone() -> None:
    other = json.dumps({"actions": [{"action": "delete", "entities": [{"dag_id": "other", "dag_run_id": ID}]}]})
    assert acts(event("bulk_dag_runs", "", AT, other, dag_id="")) == []
    assert acts(event("clear_dag_run", ID, AT, dag_id="other")) == []


def test_a_list_that_names_no_run_is_told_of_without_one() -> None:
    assert acts(event("action_clear", "", AT, dag_id="")) == [("cleared", "")]


def test_tasks_of_other_runs_that_were_set_too_are_told_of() -> None:
    asked = json.dumps({"new_state": "success", "include_future": True})
    assert acts(event("patch_task_instance", ID, AT, asked)) == [("marked", ""), ("marked", ID)]


def test_it_reads_as_a_person_would_say_it() -> None:
    by = history_of([], events=(event("clear", ID, AT, owner="ann"), event("delete_dag_run", ID, SLOTS[52])))
    first, second = list_manual_actions(DAG.dag_id, by)
    assert str(first) == "cleared by ann at 2026-11-09 09:00:00 UTC (clear)"
    assert str(second) == "deleted by somebody at 2026-11-09 15:00:00 UTC (delete_dag_run)"
    assert first.act is Act.CLEARED
