"""What Airflow itself logged of tasks: when each try began and how it ended.

Airflow 2 logs it, and so does Airflow 3 from 3.2 on. Of what 3.0 and 3.1 ran, there is none after an upgrade either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ..airflow.records import Event, History, Task

#: Names under which a task's own changes are logged.
_OWN: Final = frozenset(
    {"running", "success", "failed", "skipped", "up_for_retry", "up_for_reschedule", "deferred", "restarting"}
)
#: After one of these as the last entry of its last try, a task is neither a success nor skipped by itself.
_UNFINISHED: Final = frozenset({"running", "failed", "up_for_retry", "up_for_reschedule", "restarting"})
#: A try has ended with one of these.
_ENDS: Final = frozenset({"success", "failed", "skipped", "up_for_retry"})


class Origin(StrEnum):
    """Where the success of a task comes from, or that it was skipped."""

    OWN = "own"
    """The task itself logged it, or no process runs such tasks."""
    HAND = "hand"
    """What it logged of its last try does not end in it."""
    UNTOLD = "untold"
    """Its version does not log it, or its last try waited for a trigger, which may end it without an entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLog:
    """The log of the tasks of one DAG."""

    entries: Mapping[tuple[str, str], Sequence[Event]]
    """By run and task, in order of time."""

    def origin(self, task: Task) -> Origin:
        """Return where the state of a task comes from that is a success, or skipped."""
        if not (task.host and task.pid):
            return Origin.OWN
        last = [each for each in self.entries_of(task) if each.tries in (0, task.tries)]
        if task.state == "skipped":  # by itself, or by one before it, which is not logged
            return Origin.HAND if last and last[-1].event in _UNFINISHED else Origin.OWN
        if last:
            return {"success": Origin.OWN, "deferred": Origin.UNTOLD}.get(last[-1].event, Origin.HAND)
        # 3.0 and 3.1 log failures that the scheduler notices, and no start
        before = any(each.event == "running" for each in self.entries_of(task))
        return Origin.HAND if before else Origin.UNTOLD

    def entries_of(self, task: Task) -> list[Event]:
        """Return what is logged of a task, and where the log doesn't tell instances of a mapped one apart, of all."""
        found = self.entries.get((task.run_id, task.task_id), ())
        return [each for each in found if each.map_index in (None, task.map_index)]

    def find_new_beginning(self, task: Task) -> Event | None:
        """Return the first start of a try that had ended before: the task's record was deleted, and made anew."""
        ended = 0
        for each in self.entries_of(task):
            if each.event == "running" and 0 < each.tries <= ended:
                return each
            if each.event in _ENDS and each.map_index is not None:
                ended = max(ended, each.tries)
        return None


def is_own(event: Event, history: History) -> bool:
    """Whether a task itself logged this; in Airflow 2 a person who sets a state logs the same name.

    There, only the person's event comes with a request; later versions log the task's host instead.
    """
    return event.event in _OWN and not (history.version.startswith("2.") and event.asked)


def read_task_log(dag_id: str, history: History) -> TaskLog:
    """Return what is logged of the tasks of a DAG. Raises Unreadable when no events were read."""
    found: Mapping[tuple[str, str], list[Event]] = defaultdict(list)
    for event in sorted(history.events, key=lambda each: each.at):
        if event.dag_id == dag_id and event.task_id and event.run_id and is_own(event, history):
            found[event.run_id, event.task_id].append(event)
    return TaskLog(entries=dict(found))
