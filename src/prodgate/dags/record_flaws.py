"""Where the record of a DAG's runs can't be trusted.

marked      a run, or a task of it, was set to success or skipped by a person
masked      a run is a success though a task of it isn't, and nobody set it: its last tasks run whatever came before
unexecuted  a run is a success, and nothing shows that any process did it
cleared     something was cleared, and the log doesn't say which runs; a run that was cleared by name is no flaw: its
            new execution is real, and the ledger doesn't credit the schedule with it
deleted     runs were deleted by a person, and their outcome with them
occupied    a run of another kind took the place of a scheduled one; Airflow makes no second run for the same time
cut_off     the record begins later than the window, or than the DAG is stated to be there: it was cleaned. Where
            nothing is stated, the DAG may be new, and nobody can say which
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..airflow.records import History
from ..aws.answers import Unreadable
from . import cron
from .declared import DeclaredDag
from .ledger import build_ledger, window
from .manual_actions import Act, ManualAction, list_manual_actions
from .slot_states import SlotState
from .traces import Trace, collect_traces
from .unseen import explain_unseen

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
            words = f"{hand}; the log doesn't say which runs"
            yield Flaw(kind=str(hand.act), dag_id=dag.dag_id, words=words)


def _find_occupied(dag: DeclaredDag, history: History) -> Iterator[Flaw]:
    scheduled = {run.run_id for run in history.runs if run.dag_id == dag.dag_id and run.kind == "scheduled"}
    for row in build_ledger(dag, history).rows:
        if row.runs and row.state in _UNSCHEDULED and scheduled.isdisjoint(row.runs):
            words = f"{row.slot:%Y-%m-%d %H:%M:%S} UTC: {row.words}"
            yield Flaw(kind="occupied", dag_id=dag.dag_id, run_id=row.runs[0], words=words)


def _find_cut_off(dag: DeclaredDag, history: History) -> Iterator[Flaw]:
    """Compare the oldest run of a DAG with its first slot.

    Airflow does not record when a DAG was deployed, so a new DAG can't be told from a record that was cleaned.
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
