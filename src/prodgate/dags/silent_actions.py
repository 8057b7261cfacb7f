"""What people did to runs without an entry in the audit log that says so.

Which doors a version leaves unlogged is in docs/dags.md. What is done through them shows in the tasks:

marked   a task is a success, or skipped, and what it logged of its last try ends otherwise; or it is a success that no
         process did, as of one that failed before it began
cleared  a task may be tried more often than its neighbours, because each clearing adds the tries that there were
deleted  a task began anew with a try that had ended, or logged something and is not there
"""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from ..airflow.records import Event, History, Run, Task
from ..aws.answers import Unreadable
from .executed import list_unexecuted
from .manual_actions import Act, ManualAction
from .task_log import Origin, TaskLog, read_task_log


def list_silent_actions(dag_id: str, history: History) -> tuple[ManualAction, ...]:
    """Return what people did to the runs of a DAG in silence, at most one of each kind for a run.

    Without a readable audit log only what the tasks show.
    """
    runs = {run.run_id: run for run in history.runs if run.dag_id == dag_id}
    tasks = [task for task in history.tasks if task.dag_id == dag_id and task.run_id in runs]
    found = [*_find_cleared(tasks, runs, history.now), *_find_unexecuted(tasks, runs, history.now)]
    try:
        log = read_task_log(dag_id, history)
    except Unreadable:
        log = None
    if log is not None:
        read = {run_id: run for run_id, run in runs.items() if run_id in history.sampled.get(dag_id, runs)}
        whole = [task for task in tasks if task.run_id in read]
        found += [*_find_marked(tasks, runs, log, history.now), *_find_deleted(whole, read, log)]
    first: dict[tuple[str, Act], ManualAction] = {}
    for hand in sorted(found, key=lambda each: (each.at, each.run_id, each.shows)):
        first.setdefault((hand.run_id, hand.act), hand)
    return tuple(first.values())


def _find_cleared(tasks: Iterable[Task], runs: Mapping[str, Run], now: datetime) -> Iterator[ManualAction]:
    """Yield what was cleared: that sets how often a task may be tried to the tries that there were and its retries.

    What its retries were at the time is told by the nearest runs in which it succeeded at its first try.
    """
    usual: Mapping[str, list[tuple[datetime, int]]] = defaultdict(list)
    for task in tasks:
        if task.state == "success" and task.tries == 1:
            usual[task.task_id].append((_made(runs[task.run_id], now), task.max_tries))
    for each in usual.values():
        each.sort()
    for task in tasks:
        near, run = usual[task.task_id], runs[task.run_id]
        place = bisect(near, (_made(run, now), task.max_tries))
        retries = max((most for _, most in near[max(place - 1, 0) : place + 1]), default=task.max_tries)
        if task.tries and task.max_tries > retries:
            shows = f"{task.task_id} may be tried {task.max_tries + 1} times, and {retries + 1} times in other runs"
            yield _silent(Act.CLEARED, run, task.started or now, shows)


def _find_unexecuted(tasks: Iterable[Task], runs: Mapping[str, Run], now: datetime) -> Iterator[ManualAction]:
    for task in list_unexecuted(tasks):
        shows = f"{task.task_id} has no host and no process, which it has in other runs"
        yield _silent(Act.MARKED, runs[task.run_id], runs[task.run_id].ended or now, shows)


def _find_marked(tasks: Iterable[Task], runs: Mapping[str, Run], log: TaskLog, now: datetime) -> Iterator[ManualAction]:
    for task in tasks:
        if task.state in ("success", "skipped") and log.origin(task) is Origin.HAND:
            last = log.entries_of(task)[-1:]
            shows = f"{task.task_id} logged {last[0].event if last else 'nothing'} last"
            yield _silent(Act.MARKED, runs[task.run_id], runs[task.run_id].ended or now, shows)


def _find_deleted(tasks: Iterable[Task], runs: Mapping[str, Run], log: TaskLog) -> Iterator[ManualAction]:
    there = set()
    for task in tasks:
        there.add((task.run_id, task.task_id))
        if anew := log.find_new_beginning(task):
            yield _silent(Act.DELETED, runs[task.run_id], anew.at, f"{task.task_id} began anew with try {anew.tries}")
    for (run_id, task_id), entries in log.entries.items():
        if run_id in runs and (run_id, task_id) not in there:
            shows = f"{task_id} logged {_last(entries).event}, and is not there"
            yield _silent(Act.DELETED, runs[run_id], _last(entries).at, shows)


def _last(entries: Iterable[Event]) -> Event:
    return max(entries, key=lambda each: each.at)


def _made(run: Run, now: datetime) -> datetime:
    return run.slot or run.queued or run.started or now


def _silent(act: Act, run: Run, at: datetime, shows: str) -> ManualAction:
    return ManualAction(at=at, act=act, run_id=run.run_id, owner="", event="", shows=shows)
