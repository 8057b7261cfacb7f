"""Why nobody can say that no result of a DAG was set by hand.

unread    the audit log may not be read
cut off   the audit log begins later than the runs: it was cleaned
unnamed   somebody set results, and the log doesn't say of which runs, nor do the tasks
unlogged  the version lets people set results without a line in the log, and did not log what the tasks themselves did
in part   the version logs what each task did, and of some there is nothing: what was cleaned was not only of old times
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from ..airflow.records import History, Run, Task
from ..aws.answers import Unreadable
from .declared import DeclaredDag
from .manual_actions import Act, ManualAction, list_manual_actions
from .task_log import Origin, read_task_log

#: The first version in which the API sets and deletes several tasks, in a request that is not logged.
_UNLOGGED: Final = (3, 1)
#: The first version that logs nothing of what tasks do.
_SILENT: Final = (3, 0)
#: The first version after it that logs how each task ended.
_TOLD: Final = (3, 2)


def explain_unseen(dag: DeclaredDag, history: History) -> str:
    """Return why results that were set by hand can't be seen, empty when they can.

    Raises Unreadable when runs or tasks were not read.
    """
    runs = [run for run in history.runs if run.dag_id == dag.dag_id and _is_within(run, dag, history)]
    try:
        _, begins = history.events, history.log_begins
        return (
            _explain_cut_off(runs, begins)
            or _explain_unnamed(dag, runs, history)
            or _explain_unlogged(runs, dag.dag_id, history)
        )
    except Unreadable as error:
        return (
            f"{error.reason}; without the audit log a result that was set by hand can't be told from a task's own: "
            "let the user of the gate read it, by a role like Viewer with 'can read on Audit Logs'"
        )


def _is_within(run: Run, dag: DeclaredDag, history: History) -> bool:
    return run.slot is None or max(history.now - dag.window, history.since) <= run.slot


def _explain_cut_off(runs: list[Run], begins: datetime | None) -> str:
    made = min((at for run in runs if (at := run.queued or run.started or run.slot)), default=None)
    if made is None or (begins is not None and begins <= made):
        return ""
    holds = "holds nothing" if begins is None else f"begins at {begins:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"the audit log {holds}, and the first run was made at {made:%Y-%m-%d %H:%M:%S} UTC: it was cleaned, and what "
        "people did to these runs can't be seen; let 'airflow db clean' keep the log for as long as the window"
    )


def _explain_unnamed(dag: DeclaredDag, runs: list[Run], history: History) -> str:
    # where each task says itself how it ended, one that was set in a list of any DAG says otherwise
    told = _parse_version(history.version) < _SILENT and dag.dag_id not in history.sampled
    settled = told and not any(_find_untold(runs, dag.dag_id, history))
    since = max(history.now - dag.window, history.since)
    hands = (hand for hand in list_manual_actions(dag.dag_id, history) if hand.at >= since)
    found = next((hand for hand in hands if _is_unnamed(hand) and (hand.ours or not settled)), None)
    return f"{found}, and the log doesn't say in which runs; any of them may be one" if found else ""


def _is_unnamed(hand: ManualAction) -> bool:
    return hand.act is Act.MARKED and not hand.run_id


def _explain_unlogged(runs: list[Run], dag_id: str, history: History) -> str:
    version = _parse_version(history.version)
    if version < _UNLOGGED:
        return _explain_cleaned_in_part(runs, dag_id, history) if version < _SILENT else ""
    if dag_id in history.sampled:
        return (
            f"Airflow {history.version} doesn't log that a person sets several tasks to success at once, and their "
            f"tasks are too many to read each; state a shorter window in [dags.{dag_id}]"
        )
    untold = list(_find_untold(runs, dag_id, history))
    if not untold:
        return ""
    settles = (
        "they must leave the window" if version >= _TOLD else "3.2 and later versions log it, and this one never does"
    )
    return (
        f"Airflow {history.version} doesn't log that a person sets several tasks to success at once, and of "
        f"{len(untold)} tasks, such as {untold[0].task_id} in {untold[0].run_id}, it did not log either that they "
        f"succeeded themselves; {settles}"
    )


def _explain_cleaned_in_part(runs: list[Run], dag_id: str, history: History) -> str:
    log = read_task_log(dag_id, history)
    lost = [task for task in _find_untold(runs, dag_id, history) if not log.entries_of(task)]
    if not lost:
        return ""
    return (
        f"Airflow {history.version} logs how each task ended, and of {len(lost)} tasks, such as {lost[0].task_id} in "
        f"{lost[0].run_id}, the audit log holds nothing: it was cleaned in part, and what people did to their runs "
        "can't be seen; they must leave the window"
    )


def _find_untold(runs: list[Run], dag_id: str, history: History) -> Iterator[Task]:
    log = read_task_log(dag_id, history)
    good = {run.run_id for run in runs if run.kind == "scheduled" and run.state == "success"}
    for task in history.tasks:
        own = task.dag_id == dag_id and task.run_id in good
        if own and task.state == "success" and log.origin(task) is Origin.UNTOLD:
            yield task


def _parse_version(version: str) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else _TOLD
