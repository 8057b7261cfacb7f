"""Tasks that a process did: a success without one, of a task that has one in other runs, was set by somebody.

An EmptyOperator never has one unless it has a callback, and there is no work in it. Of a task that became one, or was
one before, the runs of either kind are told apart by their operator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..airflow.records import Task

_EMPTY: Final = frozenset({"EmptyOperator", "DummyOperator"})


def is_executed(task: Task) -> bool:
    """Whether a process did a task that is a success."""
    return task.state == "success" and bool(task.host) and bool(task.pid)


def list_unexecuted(tasks: Iterable[Task]) -> list[Task]:
    """Return the tasks that are a success without a host or a process, which they have in other runs."""
    known = list(tasks)
    working = {(task.task_id, task.operator) for task in known if is_executed(task)}
    return [
        task
        for task in known
        if task.state == "success"
        and not is_executed(task)
        and task.operator not in _EMPTY
        and (task.task_id, task.operator) in working
    ]
