"""What real Airflows answered after somebody went through each of their doors; tests/airflow_matrix does it anew.

Each run is named after the door that changed it. Its tasks were tried twice and failed before.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.airflow.records import History
from prodgate.airflow.rows import parse_event, parse_task
from prodgate.dags.manual_actions import list_manual_actions
from prodgate.dags.silent_actions import list_silent_actions
from prodgate.dags.task_log import Origin, read_task_log

from .histories import NOW, history_of, run_of

RECORDED: Mapping[str, Any] = json.loads(gzip.decompress(Path(__file__).with_name("hands.json.gz").read_bytes()))
#: What the log says of each door, where a version has it, and what the tasks show.
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
#: Where a version differs: 2.11 turns the tasks of a run green, too, and logs the setting of several tasks; 3.0 and
#: 3.1 log nothing of what tasks do.
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
    expected = OTHERWISE.get((version, door), SEEN[door])
    assert (by_log, by_tasks) == tuple({act} - {""} for act in expected)


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
