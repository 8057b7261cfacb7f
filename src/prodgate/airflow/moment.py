"""Runs and tasks as they were at one moment: the log that is read ends there, and has no entry of what ended later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from .records import Run, Task


def show_run_at(run: Run, now: datetime) -> Run:
    """Return a run as it was; one that ended later was still running, or waiting."""
    if run.ended is None or run.ended <= now:
        return run
    if run.started is None or run.started > now:
        return replace(run, state="queued", started=None, ended=None)
    return replace(run, state="running", ended=None)


def show_task_at(task: Task, now: datetime) -> Task:
    """Return a task as it was; what it was before a try that began later is not told, and it waits for that."""
    if task.ended is None or task.ended <= now:
        return task
    if task.started is None or task.started > now:
        return replace(task, state="scheduled", started=None, ended=None)
    return replace(task, state="running", ended=None)
