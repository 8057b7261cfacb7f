"""What a real 2.11.0 answered after somebody used the forms and the lists of its pages, each on the run of its name.

An entry of a list names the row that was chosen last, and neither DAG nor run: what was done shows in the tasks.
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

from .histories import NOW, history_of, run_of

RECORDED: Mapping[str, Any] = json.loads(gzip.decompress(Path(__file__).with_name("forms.json.gz").read_bytes()))
#: What the log says of the run that each form was used on, and what its tasks show.
SEEN = {
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


def recorded() -> History:
    runs = [
        run_of(NOW - timedelta(hours=number), dag_id="handled", run_id=form, state=state, kind="manual")
        for number, (form, state) in enumerate(sorted(RECORDED["runs"].items()))
    ]
    events = tuple(map(parse_event, RECORDED["events"]))
    return history_of(runs, map(parse_task, RECORDED["tasks"]), events=events, version="2.11.0")


@pytest.mark.parametrize("form", sorted(SEEN))
def test_what_was_done_with_a_form_is_seen(form: str) -> None:
    record = recorded()
    by_log = {hand.act.value for hand in list_manual_actions("handled", record) if hand.run_id == form}
    by_tasks = {hand.act.value for hand in list_silent_actions("handled", record) if hand.run_id == form}
    assert (by_log, by_tasks) == tuple({act} - {""} for act in SEEN[form])


def test_a_list_names_neither_dag_nor_run() -> None:
    unnamed = [(hand.event, hand.act.value) for hand in list_manual_actions("handled", recorded()) if not hand.ours]
    assert sorted(unnamed) == [
        ("action_muldelete", "deleted"),
        ("action_set_skipped", "marked"),
        ("action_set_success", "marked"),
        ("action_set_success", "marked"),
        ("taskinstance.delete", "deleted"),
    ]
