"""What is stuck now. Airflow shows a run that hangs as running, and for a while also a task whose process died.

run_stuck  a run that has been running for longer than a run may take
queued     a run or a task that has been waiting for longer than that
zombie     a task that is running in a run that has ended, or while there is no scheduler to notice its end
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from ..airflow.records import History
from .declared import DeclaredDag
from .record_flaws import Flaw
from .traces import Trace, collect_traces

_ENDED: Final = ("success", "failed")
_WAITING: Final = ("queued", "scheduled")


def find_stuck(dag: DeclaredDag, history: History) -> tuple[Flaw, ...]:
    """Return what is stuck of a DAG, in runs of every kind, since a stuck run keeps others from starting."""
    lives = any(each.component == "scheduler" and each.healthy for each in history.heartbeats)
    return tuple(
        Flaw(kind=kind, dag_id=dag.dag_id, run_id=trace.run.run_id, words=words)
        for trace in collect_traces(dag, history)
        for kind, words in (*_check_run(trace, dag, history.now), *_check_tasks(trace, dag, history.now, lives=lives))
    )


def _check_run(trace: Trace, dag: DeclaredDag, now: datetime) -> Iterator[tuple[str, str]]:
    run = trace.run
    since = run.started or run.queued or run.slot
    if run.state in _ENDED:
        return
    if since is None or now - since > dag.limit:
        kind = "queued" if run.state == "queued" else "run_stuck"
        yield kind, f"{run.state} {_render_since(since)}; the limit is {_render_seconds(dag.limit)}"


def _check_tasks(trace: Trace, dag: DeclaredDag, now: datetime, *, lives: bool) -> Iterator[tuple[str, str]]:
    for task in trace.tasks:
        name = task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]"
        if task.state in _WAITING and task.queued is not None and now - task.queued > dag.limit:
            yield (
                "queued",
                f"{name} {task.state} {_render_since(task.queued)}; the limit is {_render_seconds(dag.limit)}",
            )
        if task.state == "running" and trace.run.state in _ENDED:
            yield "zombie", f"{name} running {_render_since(task.started)}, in a run that ended as {trace.run.state}"
        elif task.state == "running" and not lives:
            yield (
                "zombie",
                f"{name} running {_render_since(task.started)}, and no scheduler lives that would notice its end",
            )


def _render_since(at: datetime | None) -> str:
    return "since an unknown time" if at is None else f"since {at:%Y-%m-%d %H:%M:%S} UTC"


def _render_seconds(time: timedelta) -> str:
    return f"{time.total_seconds():,.0f} s"
