"""Manual actions on runs, from Airflow's audit log.

The log is incomplete. A run or a task that was set to success leaves no other trace in Airflow 3.0, where all its tasks
turn green. Where the request is not logged, the worst is assumed: a note on a run is logged under the same name as a
new state. Previews are logged too, under the name of what they preview.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from ..airflow.records import Event, History
from .task_log import is_own


class Act(StrEnum):
    """What a person did to a run."""

    MARKED = "marked"
    """Set it, or a task of it, to success or skipped."""
    CLEARED = "cleared"
    """Let it, or a task of it, run again, which overwrites when it was queued, started and ended."""
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualAction:
    """An action of a person on a run."""

    at: datetime
    act: Act
    run_id: str
    """Empty when the log doesn't say which run."""
    owner: str
    event: str
    ours: bool = True
    """Whether the log says that it was done to this DAG; a list of Airflow 2 does not say to which it was."""
    shows: str = ""
    """What shows it, where no entry of the log says it; ``at`` is then the latest time that it can have been."""

    def __str__(self) -> str:
        if self.shows:
            return f"{self.act} by somebody, which no entry of the log says, but {self.shows}"
        return f"{self.act} by {self.owner or 'somebody'} at {self.at:%Y-%m-%d %H:%M:%S} UTC ({self.event})"


#: Name of an event -> what it did, where the request is not logged.
_ACTS: Final = {
    "patch_dag_run": Act.MARKED,
    "update_dag_run_state": Act.MARKED,
    "dagrun_success": Act.MARKED,
    "action_set_success": Act.MARKED,
    "action_set_skipped": Act.MARKED,
    "patch_task_instance": Act.MARKED,
    "patch_mapped_task_instance": Act.MARKED,
    "patch_task_group_instances": Act.MARKED,
    "post_set_task_instances_state": Act.MARKED,
    "bulk_task_instances": Act.MARKED,
    "bulk_dag_runs": Act.MARKED,
    "success": Act.MARKED,
    "clear": Act.CLEARED,
    "dagrun_clear": Act.CLEARED,
    "dagrun_queued": Act.CLEARED,
    "clear_dag_run": Act.CLEARED,
    "clear_dag_runs": Act.CLEARED,
    "post_clear_task_instances": Act.CLEARED,
    "action_clear": Act.CLEARED,
    "action_clear_downstream": Act.CLEARED,
    "action_set_queued": Act.CLEARED,
    "action_set_running": Act.CLEARED,
    "action_set_retry": Act.CLEARED,
    "clear_dag_run_partitions": Act.CLEARED,
    "cli_task_clear": Act.CLEARED,
    "cli_task_run": Act.MARKED,
    "cli_dag_backfill": Act.CLEARED,
    "cli_dag_delete": Act.DELETED,
    "delete": Act.DELETED,
    "delete_dag": Act.DELETED,
    "delete_dag_run": Act.DELETED,
    "action_muldelete": Act.DELETED,
    "dagrun.delete": Act.DELETED,
    "taskinstance.delete": Act.DELETED,
}
#: Events whose requested state says what was done; without one it was a note.
_STATING: Final = frozenset(name for name in _ACTS if name.startswith(("patch_", "update_", "post_set_", "bulk_")))
_STATES: Final = {
    "success": Act.MARKED,
    "skipped": Act.MARKED,
    "queued": Act.CLEARED,
    "running": Act.CLEARED,
    "up_for_retry": Act.CLEARED,
}
#: Events that are previews unless ``dry_run`` is false, in Airflow 2 and in Airflow 3.
_PREVIEWS_2: Final = frozenset(
    {"patch_task_instance", "patch_mapped_task_instance", "post_set_task_instances_state"}
    | {"post_clear_task_instances", "clear_dag_run"}
)
_PREVIEWS_3: Final = frozenset(
    {"post_clear_task_instances", "clear_dag_run", "clear_dag_runs", "clear_dag_run_partitions"}
)
#: Commands that change a result only with an option; every task of Airflow 2 logs that it was run by one of them.
_OPTIONAL: Final = frozenset({"cli_task_run", "cli_dag_backfill"})
_OPTIONS: Final = {
    "--mark-success": Act.MARKED,
    "--reset-dagruns": Act.CLEARED,
    "--rerun-failed-tasks": Act.CLEARED,
}
_OTHER_RUNS: Final = ("past", "future", "include_past", "include_future")


def list_manual_actions(dag_id: str, history: History) -> tuple[ManualAction, ...]:
    """Return the manual actions on runs of a DAG, in order of time. Raises Unreadable when no events were read."""
    named = (
        event
        for event in history.events
        if event.dag_id in (dag_id, "") and _event_name(event) in _ACTS and not is_own(event, history)
    )
    found = [hand for event in named for hand in _parse_actions(dag_id, event)]
    return tuple(sorted(found, key=lambda hand: (hand.at, hand.run_id, hand.event)))


def _parse_actions(dag_id: str, event: Event) -> Iterator[ManualAction]:
    request = _parse_request(event.asked)
    others = set(_find_values(request, "dag_id")) - {"~"}
    act = None if others and dag_id not in others else _classify_event(event, request)
    if act is not None:
        runs = [event.run_id] if event.run_id not in ("", "~") else _find_values(request, "dag_run_id")
        # a task can also be set in all earlier or later runs, which are not named
        unnamed = [""] if not runs or any(_is_true(request, key) for key in _OTHER_RUNS) else []
        for run_id in sorted({*runs, *unnamed}):
            ours = bool(event.dag_id or others)
            yield ManualAction(at=event.at, act=act, run_id=run_id, owner=event.owner, event=event.event, ours=ours)


def _event_name(event: Event) -> str:
    """Return the name of an event in every version; Airflow 2 prefixes it with where it came from."""
    return event.event.removeprefix("api.").removeprefix("ui.")


def _classify_event(event: Event, request: Any) -> Act | None:
    """Return what an event did; None for a preview, a note, and anything else that changes no run."""
    name = _event_name(event)
    if _is_preview(event.event, name, request):
        return None
    if name in _OPTIONAL:
        options = request.get("options", []) if isinstance(request, dict) else []
        return next((act for option, act in _OPTIONS.items() if option in options), None)
    if name == "clear_dag_run_partitions" and not _is_true(request, "clear_task_instances"):
        return None
    if name not in _STATING or not isinstance(request, dict):
        return _ACTS[name]
    if "delete" in _find_values(request, "action"):
        return Act.DELETED
    acts = [
        _STATES[state] for key in ("state", "new_state") for state in _find_values(request, key) if state in _STATES
    ]
    return min(acts, key=[Act.MARKED, Act.CLEARED].index, default=None)


def _is_preview(full: str, name: str, request: Any) -> bool:
    if not isinstance(request, dict):
        return False
    if "confirmed" in request:
        return not _is_true(request, "confirmed")
    usual = name in (_PREVIEWS_3 if full == name else _PREVIEWS_2)
    return _is_true(request, "dry_run") if "dry_run" in request else usual


def _is_true(request: Any, key: str) -> bool:
    """Whether an option was requested; a web form sends it as text."""
    return isinstance(request, dict) and str(request.get(key)).lower() == "true"


def _parse_request(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _find_values(request: Any, key: str) -> list[str]:
    """Return the texts under a key, at any depth."""
    if isinstance(request, list):
        return [value for each in request for value in _find_values(each, key)]
    if not isinstance(request, dict):
        return []
    own = [request[key]] if isinstance(request.get(key), str) else []
    return own + [value for each in request.values() for value in _find_values(each, key)]
