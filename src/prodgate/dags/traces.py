"""Everything known about a run: its tasks, its log events, and manual actions on it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from ..airflow.records import Event, History, Run, Task
from ..aws.answers import Unreadable
from .declared import DeclaredDag
from .manual_actions import Act, ManualAction, list_manual_actions
from .silent_actions import list_silent_actions
from .task_log import is_own

#: States that any task of a successful run may be in.
SOUND: Final = frozenset({"success", "removed"})
_FAILED: Final = frozenset({"failed", "upstream_failed"})
#: States that a task gives itself; one that is skipped by a branch has no process.
_OF_ITS_OWN: Final = frozenset({"success", "skipped"})
_ENDED_BADLY: Final = frozenset({"failed", "up_for_retry"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One run with its tasks, its events and the manual actions on it, each in a fixed order."""

    run: Run
    tasks: tuple[Task, ...]
    events: tuple[Event, ...]
    hands: tuple[ManualAction, ...]
    may_skip: tuple[str, ...] = ()
    """Tasks that may leave their work out."""
    may_fail: frozenset[str] = frozenset()
    """Tasks whose failure says nothing of the work of the run."""
    whole: bool = True
    """Whether the tasks that succeeded are among its tasks; of very many, not all are read."""

    @property
    def unsound(self) -> tuple[Task, ...]:
        """Tasks that did not succeed; a successful run should have none."""
        return tuple(task for task in self.tasks if task.state not in SOUND and not self._may_end_so(task))

    def _may_end_so(self, task: Task) -> bool:
        if task.state == "skipped":
            return any(fnmatchcase(task.task_id, each) for each in self.may_skip)
        return task.task_id in self.may_fail and task.state in _FAILED

    @property
    def tries(self) -> int:
        """The most tries of any task; 0 when none was tried."""
        return max((task.tries for task in self.tasks), default=0)

    @property
    def executed(self) -> bool:
        """Whether any task has a host and a process, and succeeded or decided itself to skip."""
        return any(task.state in _OF_ITS_OWN and task.host and task.pid for task in self.tasks)

    @property
    def tells_ends(self) -> bool:
        """Whether the log says how tasks of the run ended; Airflow 3.0 logs nothing that a task does."""
        return any(event.event in ("success", *_ENDED_BADLY) and event.task_id for event in self.events)

    def find_action(self, act: Act) -> ManualAction | None:
        """Return the first manual action of a kind on the run, if any."""
        return next((hand for hand in self.hands if hand.act is act), None)

    @property
    def first_task(self) -> datetime | None:
        """When its first task started; None when a later try or a clearing overwrote that."""
        logged = [event.at for event in self.events if event.event == "running" and event.task_id]
        if logged:
            return min(logged)
        started = [(task.started, task.tries) for task in self.tasks if task.started is not None]
        at, tries = min(started, default=(None, 0))
        return None if not self.whole or tries > 1 or self.find_action(Act.CLEARED) else at

    def completed_before(self, at: datetime) -> tuple[datetime, int] | None:
        """Return when all tasks had succeeded, if that was before a time, and the least number of tries.

        Events don't say which instance of a mapped task they are about, so successes are counted: each has one.
        """
        events = [event for event in self.events if event.at < at and event.task_id]
        done = Counter(event.task_id for event in events if event.event == "success")
        needed = Counter(task.task_id for task in self.tasks if task.state == "success")
        if not needed or any(done[task] < count for task, count in needed.items()):
            return None
        retried = any(event.event in _ENDED_BADLY for event in events)
        return max(event.at for event in events if event.event == "success"), 1 + retried


def collect_traces(dag: DeclaredDag, history: History) -> tuple[Trace, ...]:
    """Return the runs of a DAG in order of slots, those without a slot last.

    Without a readable audit log they have no events and no manual actions; callers that need those read the log
    themselves, and so raise Unreadable.
    """
    tasks: Mapping[str, list[Task]] = defaultdict(list)
    events: Mapping[str, list[Event]] = defaultdict(list)
    for task in history.tasks:
        if task.dag_id == dag.dag_id:
            tasks[task.run_id].append(task)
    with suppress(Unreadable):
        for event in history.events:
            if event.dag_id == dag.dag_id and (event.event != "success" or is_own(event, history)):
                events[event.run_id].append(event)
    acts = _collect_actions(dag.dag_id, history)
    found = [
        Trace(
            run=run,
            tasks=tuple(sorted(tasks[run.run_id], key=lambda task: (task.task_id, task.map_index))),
            events=tuple(sorted(events[run.run_id], key=lambda event: (event.at, event.event, event.task_id))),
            hands=tuple(acts.get(run.run_id, ())),
            may_skip=dag.may_skip,
            may_fail=dag.may_fail,
            whole=run.run_id in history.sampled.get(dag.dag_id, {run.run_id}),
        )
        for run in history.runs
        if run.dag_id == dag.dag_id
    ]
    return tuple(sorted(found, key=lambda trace: (trace.run.slot is None, trace.run.slot or 0, trace.run.run_id)))


def _collect_actions(dag_id: str, history: History) -> Mapping[str, list[ManualAction]]:
    """Return the manual actions by run; of what the log names, nothing is told a second time."""
    acts: Mapping[str, list[ManualAction]] = defaultdict(list)
    with suppress(Unreadable):
        for hand in list_manual_actions(dag_id, history):
            acts[hand.run_id].append(hand)
    for hand in list_silent_actions(dag_id, history):
        if all(hand.act is not each.act for each in acts[hand.run_id]):
            acts[hand.run_id].append(hand)
    return acts
