"""Flaws of a DAG, of its record, and of the Airflow that runs it.

Reasons not to trust the record of its runs:

marked      a run, or a task of it, was set to success or skipped by a person
masked      a run is a success though a task of it isn't, and nobody set it: its last tasks run whatever came before
unexecuted  a run is a success, and nothing shows that any process did it
cleared     something was cleared, and the log doesn't say which runs; a run that was cleared by name is no flaw: its
            new execution is real, and the ledger doesn't credit the schedule with it
deleted     runs were deleted by a person, and their outcome with them
occupied    a run of another kind took the place of a scheduled one; Airflow makes no second run for the same time
cut_off     the record begins later than the window, or than the DAG is stated to be there: it was cleaned. Where
            nothing is stated, the DAG may be new, and nobody can say which

Reasons why results may have been set by hand unseen:

unread    the audit log may not be read
cut off   the audit log begins later than the runs: it was cleaned
unnamed   somebody set results, and the log doesn't say of which runs, nor do the tasks
unlogged  the version lets people set results without a line in the log, and did not log what the tasks themselves did
in part   the version logs what each task did, and of some there is nothing: what was cleaned was not only of old times

Reasons why it may not run as declared from now on:

unknown         Airflow has no DAG of this name
paused, stale   it makes no more runs of it
broken          its file can't be imported any more, and what was parsed last runs on
import_failure  its file can't be imported; of a DAG that is not there, any file that can't, since it may be its own
schedule        Airflow has another cron expression
next_slot       what Airflow says comes next is no slot of the declared schedule: often another time zone

Runs and tasks that are stuck now (Airflow shows a hanging run, and for a while a task whose process died, as running):

run_stuck  a run that has been running for longer than a run may take
queued     a run or a task that has been waiting for longer than that
zombie     a task that is running in a run that has ended, or while there is no scheduler to notice its end; or one that
           waits for a trigger while no triggerer lives
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ..airflow.records import ACTIVE, History, ImportFailure, Run, ServedDag, Task
from ..aws.answers import Unreadable
from . import cron
from .declared import DeclaredDag
from .ledger import SlotState, build_ledger, window
from .traces import (
    Act,
    ManualAction,
    Origin,
    Trace,
    collect_traces,
    find_unknown_act,
    list_manual_actions,
    list_silent_actions,
    read_task_log,
)

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
    runs = [
        run
        for run in history.runs
        if run.dag_id == dag.dag_id and (run.slot is None or max(history.now - dag.window, history.since) <= run.slot)
    ]
    try:
        _, begins = history.events, history.log_begins
        return (
            _explain_cut_off(runs, begins)
            or _explain_unnamed(dag, runs, history)
            or _explain_unknown(dag, history)
            or _explain_unlogged(runs, dag.dag_id, history)
        )
    except Unreadable as error:
        return (
            f"{error.reason}; without the audit log a result that was set by hand can't be told from a task's own: "
            "let the user of the gate read it, by a role like Viewer with 'can read on Audit Logs'"
        )


def explain_deleted(dag: DeclaredDag, history: History) -> str:
    """Return which act since the window began deleted runs or tasks of a DAG; empty if no such act is known.

    Raises Unreadable when runs or tasks were not read.
    """
    hands = [*list_silent_actions(dag.dag_id, history)]
    with suppress(Unreadable):
        hands += list_manual_actions(dag.dag_id, history)
    since = max(history.now - dag.window, history.since)
    found = next((hand for hand in hands if hand.act is Act.DELETED and hand.ours and hand.at >= since), None)
    return f"{found}; what is gone may have failed, started late or taken too long" if found else ""


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
    # where each task logs how it ended, the log of one whose result was set contradicts the result
    told = _parse_version(history.version) < _SILENT and dag.dag_id not in history.sampled
    settled = told and not any(_find_untold(runs, dag.dag_id, history))
    since = max(history.now - dag.window, history.since)
    hands = (hand for hand in list_manual_actions(dag.dag_id, history) if hand.at >= since)
    # a deleted run may be made anew; in lists of any DAG, the tasks show that
    acts = ((Act.MARKED, Act.DELETED), () if settled else (Act.MARKED,))
    found = next((hand for hand in hands if not hand.run_id and hand.act in acts[not hand.ours]), None)
    return f"{found}, and the log doesn't say in which runs; any of them may be one" if found else ""


def _explain_unknown(dag: DeclaredDag, history: History) -> str:
    act = find_unknown_act(dag.dag_id, history, max(history.now - dag.window, history.since))
    if act is None:
        return ""
    return (
        f"the audit log holds {act.event!r} by {act.owner or 'somebody'} at {act.at:%Y-%m-%d %H:%M:%S} UTC, and it is "
        "not known what that does to runs: any of them may be a success by it; it must leave the window"
    )


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


#: States of slots without a run of the schedule.
_UNSCHEDULED: Final = (SlotState.MISSED, SlotState.BACKFILL, SlotState.MANUAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something wrong with a DAG, its record, or the Airflow that runs it."""

    kind: str
    dag_id: str
    run_id: str = ""
    """Empty when the flaw is not about one run."""
    words: str


def find_record_flaws(dag: DeclaredDag, history: History) -> tuple[Flaw, ...]:
    """Return where the record of a DAG within its window can't be trusted.

    Raises Unreadable when runs, tasks or the audit log were not read, or when none is found and the log does not show
    everything: then no flaw can be ruled out.
    """
    found, cut_off = tuple(_find_flaws(dag, history)), tuple(_find_cut_off(dag, history))
    if not found and cut_off and dag.since is None:
        raise Unreadable(f'{cut_off[0].words}; write since = "YYYY-MM-DD" in [dags.{dag.dag_id}] if it is newer')
    if not found and not cut_off and (unseen := explain_unseen(dag, history) or _explain_unread(dag, history)):
        raise Unreadable(unseen)
    return (*found, *cut_off)


def _find_flaws(dag: DeclaredDag, history: History) -> Iterator[Flaw]:
    since, until = window(dag, history)
    found = [
        trace for trace in collect_traces(dag, history) if trace.run.slot is None or since <= trace.run.slot <= until
    ]
    acts = [hand for hand in list_manual_actions(dag.dag_id, history) if since <= hand.at <= until]
    for trace in found:
        yield from _find_run_flaws(trace)
        yield from (
            _run_flaw(trace, "deleted", str(hand)) for hand in trace.hands if hand.shows and hand.act is Act.DELETED
        )
    yield from _find_action_flaws(dag, acts)
    yield from _find_occupied(dag, history)


def _explain_unread(dag: DeclaredDag, history: History) -> str:
    """Say of how many runs not each task was read, which may have succeeded without being executed."""
    unread = sum(not trace.whole and trace.run.state == "success" for trace in collect_traces(dag, history))
    if not unread:
        return ""
    return (
        f"whether their tasks were executed was not read of {unread} successful runs, whose tasks are too many; "
        f"state a shorter window in [dags.{dag.dag_id}]"
    )


def _find_run_flaws(trace: Trace) -> Iterator[Flaw]:
    """Check a successful run; a failed one claims nothing."""
    run, marked = trace.run, trace.find_action(Act.MARKED)
    if run.state != "success":
        return
    unsound = [task for task in trace.unsound if task.state != "skipped"]  # which is no secret; the ledger counts it
    left = ", ".join(sorted({f"{task.task_id} is {task.state or 'not run'}" for task in unsound}))
    if marked:
        yield _run_flaw(trace, "marked", f"success, {marked}{left and f'; {left}'}")
    elif left:
        yield _run_flaw(
            trace, "masked", f"success, though {left}; nobody set it, so that its last tasks ran in spite of that"
        )
    if not left and not marked and trace.whole and not trace.executed:
        yield _run_flaw(trace, "unexecuted", "success, and no task of it has a host and a process")


def _find_action_flaws(dag: DeclaredDag, acts: Sequence[ManualAction]) -> Iterator[Flaw]:
    """Yield what was done to the DAG and names no run of it; what may have been done to any DAG is no flaw of each."""
    for hand in acts:
        if not hand.ours:
            continue
        if hand.act is Act.DELETED:
            which = "" if hand.run_id else "; the log doesn't say which runs"
            yield Flaw(kind="deleted", dag_id=dag.dag_id, run_id=hand.run_id, words=f"{hand}{which}")
        elif not hand.run_id:
            yield Flaw(kind=str(hand.act), dag_id=dag.dag_id, words=f"{hand}; the log doesn't say which runs")


def _find_occupied(dag: DeclaredDag, history: History) -> Iterator[Flaw]:
    scheduled = {run.run_id for run in history.runs if run.dag_id == dag.dag_id and run.kind == "scheduled"}
    for row in build_ledger(dag, history).rows:
        if row.runs and row.state in _UNSCHEDULED and scheduled.isdisjoint(row.runs):
            words = f"{row.slot:%Y-%m-%d %H:%M:%S} UTC: {row.words}"
            yield Flaw(kind="occupied", dag_id=dag.dag_id, run_id=row.runs[0], words=words)


def _find_cut_off(dag: DeclaredDag, history: History) -> Iterator[Flaw]:
    """Compare the oldest run of a DAG with its first slot.

    Airflow does not record when a DAG was deployed, so a new DAG looks like one whose record was cleaned.
    """
    since, until = window(dag, history)
    first = next(iter(cron.list_slots(dag.schedule, since, until)), until)
    oldest = history.oldest.get(dag.dag_id)
    if oldest is not None and oldest <= first:
        return
    begins = "has no run" if oldest is None else f"begins at {oldest:%Y-%m-%d %H:%M:%S} UTC"
    words = (
        f"the record {begins}, and the first slot is at {first:%Y-%m-%d %H:%M:%S} UTC: it was cleaned, or the DAG "
        "is newer, and nothing shows what became of slots before it"
    )
    yield Flaw(kind="cut_off", dag_id=dag.dag_id, words=words)


def _run_flaw(trace: Trace, kind: str, words: str) -> Flaw:
    return Flaw(kind=kind, dag_id=trace.run.dag_id, run_id=trace.run.run_id, words=words)


#: What Airflow writes before the schedule of a DAG that new data start as well, which are no slots.
_BESIDE: Final = re.compile(r"(Asset|Dataset) or (?=\S)")


def find_service_flaws(dag: DeclaredDag, history: History) -> tuple[Flaw, ...]:
    """Return why a DAG may not run as declared."""
    served = next((each for each in history.served if each.dag_id == dag.dag_id), None)
    found = (
        [("unknown", "Airflow has no DAG of this name")] if served is None else _find_dag_flaws(dag, served, history)
    )
    failures = _find_import_failures(served, history)
    return tuple(Flaw(kind=kind, dag_id=dag.dag_id, words=words) for kind, words in (*found, *failures))


def _find_dag_flaws(dag: DeclaredDag, served: ServedDag, history: History) -> Iterator[tuple[str, str]]:
    differs = not cron.is_same_cron(_BESIDE.sub("", served.schedule, count=1), dag.schedule.cron)
    rows = (
        (served.paused, "paused", "it is paused, and Airflow makes no runs of it"),
        (served.stale, "stale", f"its file {served.file!r} is gone, and Airflow makes no runs of it"),
        (served.broken, "broken", f"its file {served.file!r} can't be imported, and what was parsed last runs on"),
        (differs, "schedule", f"Airflow has the schedule {served.schedule!r}, and {dag.schedule.cron!r} is declared"),
    )
    yield from ((kind, words) for wrong, kind, words in rows if wrong)
    yield from _check_next_slot(dag, served, history)


def _check_next_slot(dag: DeclaredDag, served: ServedDag, history: History) -> Iterator[tuple[str, str]]:
    coming = served.next_slot
    if coming is not None and not cron.list_slots(dag.schedule, coming, coming + cron.INSTANT):
        wanted = f"{dag.schedule.cron!r} in {dag.schedule.timezone}"
        yield "next_slot", f"Airflow's next slot {coming:%Y-%m-%d %H:%M:%S} UTC is none of {wanted}"
    # while the maximum of runs is active, Airflow 2 states none
    active = any(run.dag_id == dag.dag_id and run.state in ACTIVE for run in (*history.runs, *history.unended))
    if coming is None and not active:
        yield "next_slot", "Airflow states no next slot, as of a DAG that has no schedule, or whose end_date is over"


def _find_import_failures(served: ServedDag | None, history: History) -> Iterator[tuple[str, str]]:
    """Find the failing files that concern a DAG; it runs although files of others fail."""
    for failure in sorted(history.import_failures, key=lambda each: each.file):
        last = (failure.text.strip().splitlines() or ["no reason is given"])[-1]
        if served is not None and _concerns(failure, served):
            yield "import_failure", f"{failure.file!r}, which makes it, can't be imported: {last}"
        elif served is None or served.stale:
            yield "import_failure", f"{failure.file!r} can't be imported, and may be what makes it: {last}"


def _concerns(failure: ImportFailure, served: ServedDag) -> bool:
    """Whether a file that fails is that of a DAG; one of the same name in another bundle or folder is not."""
    if failure.bundle and served.bundle and served.place:
        return failure.bundle == served.bundle and f"{served.place}/".startswith(f"{failure.file}/")
    return _holds(failure.file, served.file)


def _holds(failing: str, file: str) -> bool:
    """Whether a failing file is the DAG's, if no bundle is known: its path may be relative to a bundle or archive."""
    whole, part = f"/{file}/".replace("//", "/"), f"/{failing}/".replace("//", "/")
    return whole.startswith(part) if failing.startswith("/") else part in whole


_ENDED: Final = ("success", "failed")
_WAITING: Final = ("queued", "scheduled")
#: State of a task -> the component without which it stays in it.
_ENDED_BY: Final = {"running": "scheduler", "deferred": "triggerer"}


def find_stuck(dag: DeclaredDag, history: History) -> tuple[Flaw, ...]:
    """Return what is stuck of a DAG, in runs of every kind and age, since a stuck run keeps others from starting.

    Raises Unreadable when runs, tasks or components were not read.
    """
    live = frozenset(each.component for each in history.heartbeats if each.healthy)
    traces = collect_traces(dag, history)
    runs = [*(trace.run for trace in traces), *(run for run in history.unended if run.dag_id == dag.dag_id)]
    found = [(run, *flaw) for run in runs for flaw in _check_run(run, dag, history.now)]
    found += [(trace.run, *flaw) for trace in traces for flaw in _check_tasks(trace, dag, history.now, live)]
    return tuple(Flaw(kind=kind, dag_id=dag.dag_id, run_id=run.run_id, words=words) for run, kind, words in found)


def _check_run(run: Run, dag: DeclaredDag, now: datetime) -> Iterator[tuple[str, str]]:
    since = run.started or run.queued or run.slot
    if run.state in _ENDED:
        return
    if since is None or now - since > dag.limit:
        kind = "queued" if run.state == "queued" else "run_stuck"
        yield kind, f"{run.state} {_render_since(since)}; the limit is {_render_seconds(dag.limit)}"


def _check_tasks(trace: Trace, dag: DeclaredDag, now: datetime, live: frozenset[str]) -> Iterator[tuple[str, str]]:
    for task in trace.tasks:
        name = task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]"
        if task.state in _WAITING and task.queued is not None and now - task.queued > dag.limit:
            yield (
                "queued",
                f"{name} {task.state} {_render_since(task.queued)}; the limit is {_render_seconds(dag.limit)}",
            )
        component = _ENDED_BY.get(task.state, "")
        if component and trace.run.state in _ENDED:
            yield (
                "zombie",
                f"{name} {task.state} {_render_since(task.started)}, in a run that ended as {trace.run.state}",
            )
        elif component and component not in live:
            said = f"no {component} lives that would notice its end"
            yield "zombie", f"{name} {task.state} {_render_since(task.started)}, and {said}"


def _render_since(at: datetime | None) -> str:
    return "since an unknown time" if at is None else f"since {at:%Y-%m-%d %H:%M:%S} UTC"


def _render_seconds(time: timedelta) -> str:
    return f"{time.total_seconds():,.0f} s"
