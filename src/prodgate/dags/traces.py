"""Runs with their tasks and events, and what people did to them by hand.

The log is incomplete. A run or a task that was set to success leaves no other trace in Airflow 3.0, where all its tasks
turn green. Where the request is not logged, the worst is assumed: a note on a run is logged under the same name as a
new state. Previews are logged too, under the name of what they preview. Airflow 2 and Airflow 3 from 3.2 on log how
each try of a task began and ended; of what 3.0 and 3.1 ran, there is none after an upgrade either.

Signs of acts without an entry (docs/dags.md lists the ways of each version):

marked   a task is a success, or skipped, and what it logged of its last try ends otherwise; or it is a success that no
         process did, as of one that failed before it began. An EmptyOperator never has a process unless it has a
         callback, and there is no work in it; of a task that became one, the runs are told apart by their operator
cleared  a task may be tried more often than its neighbours, because each clearing adds the tries that there were
deleted  a task began anew with a try that had ended, or logged something and is not there
"""

import json
import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from ..airflow.records import Event, History, Run, Task
from ..aws.answers import Unreadable
from .declared import DeclaredDag

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


class Act(StrEnum):
    """A person's act on a run."""

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
    """Other proof of the act, if the log has no entry for it; ``at`` is then the latest time that it can have been."""

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
    "cli_dag_clear": Act.CLEARED,
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
#: Events after which no run is a success that was none: they show something, make other runs or stop them, or can only
#: make a result worse. All that 2.3 to 3.3 log of a DAG, by their source; another version, or a plugin, may log more.
_HARMLESS: Final = frozenset(
    """
    action_set_failed audit_log calendar cancel_backfill cli_asset_details cli_asset_list cli_asset_materialize
    cli_create_backfill cli_dag_details cli_dag_list_dag_runs cli_dag_list_dags cli_dag_list_import_errors
    cli_dag_list_jobs cli_dag_next_execution cli_dag_pause cli_dag_report cli_dag_reserialize cli_dag_show
    cli_dag_state cli_dag_test cli_dag_trigger cli_dag_unpause cli_generate_pod_yaml cli_task_failed_deps
    cli_task_list cli_task_render cli_task_state cli_task_states_for_dag_run code confirm create_asset_event
    create_backfill create_dataset_event create_xcom_entry dag dag_details dag_run.create dagrun_details
    dagrun_failed deferred delete_asset_queued_events delete_dag_asset_queued_event delete_dag_asset_queued_events
    delete_dag_dataset_queued_event delete_dag_dataset_queued_events delete_dataset_queued_events delete_xcom_entry
    details duration extra_links failed favorite_dag gantt get_logs_with_metadata get_task_instances_batch graph
    graph_data grid history landing_times legacy_calendar legacy_duration legacy_gantt legacy_graph
    legacy_landing_times legacy_tree legacy_tries list log materialize_asset none patch_dag patch_dags
    pause_backfill paused post_dag_run queued redirect_to_external_log removed rendered_k8s rendered_templates
    reparse_dag_file scheduled set_dag_run_note set_task_instance_note task task_instances tree tries trigger
    trigger_dag_run unfavorite_dag unpause_backfill update_hitl_detail update_xcom_entry upstream_failed xcom
    """.split()  # noqa: SIM905  one a line is no better to read
)
_KNOWN: Final = _HARMLESS | _ACTS.keys()
#: Commands and requests have a name like this, or a request in JSON. The scheduler logs words of its own, such as
#: "heartbeat timeout", and no JSON.
_NAME_OF_ACT: Final = re.compile(r"[\w.]+")


def find_unknown_act(dag_id: str, history: History, since: datetime) -> Event | None:
    """Return the first act on a DAG since an instant whose effect on runs is not known.

    Raises Unreadable when no events were read.
    """
    unknown = (
        event
        for event in history.events
        if event.dag_id == dag_id
        and event.at >= since
        and not is_own(event, history)
        and (_NAME_OF_ACT.fullmatch(event.event) or event.asked.startswith("{"))
        and _event_name(event) not in _KNOWN
    )
    return min(unknown, key=lambda event: (event.at, event.event), default=None)


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
    """Yield cleared tasks: clearing sets the allowed tries of a task to its past tries plus its retries.

    The nearest runs in which it succeeded at the first try show its retries at that time.
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


#: Stands for the state of a declared task that a run has not.
_LEFT_OUT: Final = "left out"
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
    other_version: str = ""
    """Why it is not known which tasks it was to have; empty where that is known."""

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

    @property
    def first_task_between(self) -> tuple[datetime, datetime] | None:
        """The earliest and the latest time that its first task can have started, as far as that is known.

        A later try overwrites when a task started, which was then after its run did, and before what is stated.
        """
        if (at := self.first_task) is not None:
            return at, at
        started = [task.started for task in self.tasks if task.started is not None]
        if not (started and self.whole and self.run.started) or self.find_action(Act.CLEARED):
            return None
        return self.run.started, min(started)

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
    other_versions = {}
    for run_id, names, required in _find_lacking(dag, history, tasks):
        if required:
            tasks[run_id] += (Task(dag_id=dag.dag_id, run_id=run_id, task_id=name, state=_LEFT_OUT) for name in names)
        else:
            left = ", ".join(names)
            other_versions[run_id] = (
                f"another version of the DAG made it, without {left}, which earlier ones had; nothing shows whether "
                "that was declared then"
            )
    found = [
        Trace(
            run=run,
            tasks=tuple(sorted(tasks[run.run_id], key=lambda task: (task.task_id, task.map_index))),
            events=tuple(sorted(events[run.run_id], key=lambda event: (event.at, event.event, event.task_id))),
            hands=tuple(acts.get(run.run_id, ())),
            may_skip=dag.may_skip,
            may_fail=dag.may_fail,
            whole=run.run_id in history.sampled.get(dag.dag_id, {run.run_id}),
            other_version=other_versions.get(run.run_id, ""),
        )
        for run in history.runs
        if run.dag_id == dag.dag_id
    ]
    return tuple(sorted(found, key=lambda trace: (trace.run.slot is None, trace.run.slot or 0, trace.run.run_id)))


def _find_lacking(
    dag: DeclaredDag, history: History, tasks: Mapping[str, Sequence[Task]]
) -> Iterator[tuple[str, list[str], bool]]:
    """Yield each run that has not all declared tasks that runs before it had: its id, these tasks, whether it must.

    What is declared is declared of the latest version. A task that only later versions have is new, and a version with
    the tasks of one from before is that one again. Where Airflow numbers no versions, other tasks are another version.
    """
    runs = [(run.started, run.run_id) for run in history.runs if run.dag_id == dag.dag_id and run.started is not None]
    has = {id_: frozenset(task.task_id for task in tasks.get(id_, ()) if task.state != "removed") for _, id_ in runs}
    # a run that is cleared may run again in its old version
    number = {id_: max((task.version for task in tasks.get(id_, ())), default=0) for _, id_ in runs}
    order = [id_ for _, id_ in sorted(runs, key=lambda run: (number[run[1]], run))]
    version = {id_: number[id_] or has[id_] for id_ in order}
    own: dict[int | frozenset[str], frozenset[str]] = {}
    for id_ in order:
        own[version[id_]] = own.get(version[id_], frozenset()) | has[id_]
    before: list[frozenset[str]] = []
    for id_ in order:
        lacking = sorted(name for name in dag.tasks - has[id_] if any(name in each for each in before))
        required = version[id_] == version[order[-1]] or not own[version[id_]].isdisjoint(lacking)
        first = next((at for at, each in enumerate(before) if not each.isdisjoint(lacking)), 0)
        known = id_ in history.sampled.get(dag.dag_id, {id_})
        if lacking and known and (required or has[id_] not in before[:first]):
            yield id_, lacking, required
        if has[id_] not in before:
            before.append(has[id_])


def _collect_actions(dag_id: str, history: History) -> Mapping[str, list[ManualAction]]:
    """Return the manual actions by run, without those that the log already names."""
    acts: Mapping[str, list[ManualAction]] = defaultdict(list)
    with suppress(Unreadable):
        for hand in list_manual_actions(dag_id, history):
            acts[hand.run_id].append(hand)
    for hand in list_silent_actions(dag_id, history):
        if all(hand.act is not each.act for each in acts[hand.run_id]):
            acts[hand.run_id].append(hand)
    return acts
