"""The state of one slot, and how its runs decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ..airflow.records import Run
from .declared import DeclaredDag
from .manual_actions import Act, ManualAction
from .traces import Trace


class SlotState(StrEnum):
    """The state of a slot."""

    ON_TIME = "on_time"
    LATE = "late"
    """Succeeded, after the grace."""
    RETRIED = "retried"
    """Succeeded within the grace, with a task that needed more than one try."""
    FAILED = "failed"
    """The scheduled run failed, or succeeded only because a person marked it."""
    RUNNING = "running"
    """Queued or running, for less than the limit."""
    STUCK = "stuck"
    """Queued or running, for more than the limit."""
    MISSED = "missed"
    """No run, and the grace is over."""
    BACKFILL = "backfill"
    """No scheduled run, and a backfill succeeded."""
    MANUAL = "manual"
    """No scheduled run, and a run of another origin succeeded."""
    PENDING = "pending"
    """No run yet, and within the grace."""
    UNKNOWN = "unknown"
    """Nothing shows what became of it: what there was ran again, or the record does not reach back so far."""


#: The schedule did its work.
SUCCEEDED: Final = frozenset({SlotState.ON_TIME, SlotState.LATE, SlotState.RETRIED})
#: The outcome is still open.
OPEN: Final = frozenset({SlotState.RUNNING, SlotState.PENDING})
#: Of several scheduled runs of one slot, the worst decides: another run can't make up for one that failed.
_WORST: Final = (
    SlotState.FAILED,
    SlotState.STUCK,
    SlotState.UNKNOWN,
    SlotState.RUNNING,
    SlotState.LATE,
    SlotState.RETRIED,
    SlotState.ON_TIME,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One slot of a schedule and its outcome."""

    slot: datetime
    state: SlotState
    runs: tuple[str, ...] = ()
    """Ids of all runs of the slot; the first one decides."""
    started: datetime | None = None
    ended: datetime | None = None
    delay: timedelta | None = None
    """From the slot to the start of the first task; None when none started, or the time was overwritten."""
    tries: int = 0
    """The most tries that a task needed; 0 when none was tried."""
    words: str = ""
    """The reason, where the state alone doesn't say it."""


def judge_slot(slot: datetime, found: Sequence[Trace], dag: DeclaredDag, now: datetime) -> Row:
    """Return the row of a slot, from all of its runs.

    A scheduled run decides, whatever else ran: a backfill beside a failed run doesn't make the schedule reliable.
    """
    scheduled = [
        _judge_run(slot, trace, dag, now)
        for trace in found
        if trace.run.kind == "scheduled" or _was_taken_over(trace.run)
    ]
    if scheduled:
        worst = min(scheduled, key=lambda row: (_WORST.index(row.state), row.runs))
        rest = sorted({trace.run.run_id for trace in found} - set(worst.runs))
        return replace(worst, runs=(*worst.runs, *rest))
    return _judge_unscheduled(slot, found, dag, now)


def _judge_unscheduled(slot: datetime, found: Sequence[Trace], dag: DeclaredDag, now: datetime) -> Row:
    """Judge a slot without a run of the schedule.

    Within the grace one may still come. Afterwards, a successful run of another kind covers the slot, which is no
    success of the schedule. One that didn't succeed leaves the slot missed.
    """
    ids = tuple(sorted(trace.run.run_id for trace in found))
    if now <= slot + dag.grace:
        return Row(slot=slot, state=SlotState.PENDING, runs=ids)
    covering = [trace for trace in found if trace.run.state == "success" and not trace.unsound]
    if not covering:
        kinds = ", ".join(sorted({f"{trace.run.kind} run: {trace.run.state}" for trace in found}))
        return Row(slot=slot, state=SlotState.MISSED, runs=ids, words=f"no scheduled run{kinds and f'; {kinds}'}")
    first = min(covering, key=lambda trace: (trace.run.kind != "backfill", trace.run.run_id))
    kind, run = first.run.kind, first.run
    state = SlotState.BACKFILL if kind == "backfill" else SlotState.MANUAL
    return Row(
        slot=slot,
        state=state,
        runs=(run.run_id, *(each for each in ids if each != run.run_id)),
        started=run.started,
        ended=run.ended,
        tries=first.tries,
        words=f"no scheduled run; {'an' if kind[:1] in 'aeiou' else 'a'} {kind} run covers it",
    )


def _judge_run(slot: datetime, trace: Trace, dag: DeclaredDag, now: datetime) -> Row:
    """Judge a slot by one run of the schedule."""
    run, first = trace.run, trace.first_task
    row = Row(
        slot=slot,
        state=SlotState.FAILED,
        runs=(run.run_id,),
        started=run.started,
        ended=run.ended,
        delay=None if first is None else first - slot,
        tries=trace.tries,
    )
    if _was_taken_over(run):
        return _judge_taken_over(row, trace, dag)
    if run.state == "failed":
        return replace(row, state=SlotState.FAILED, words=_render_unsound(trace))
    if run.state == "success" and trace.unsound:
        # Airflow judges by the last tasks only, or a person marked it; the work of the slot was not done
        return replace(row, state=SlotState.FAILED, words=f"Airflow says success, but {_render_unsound(trace)}")
    if run.state != "success":
        return _judge_unfinished(row, trace, dag, now)
    return _judge_success(row, trace, dag)


def _was_taken_over(run: Run) -> bool:
    """Whether a backfill ran a scheduled run again, which keeps its id and loses its kind and its times."""
    return run.kind == "backfill" and run.run_id.startswith("scheduled__")


def _judge_taken_over(row: Row, trace: Trace, dag: DeclaredDag) -> Row:
    """Judge a scheduled run by what it was before a backfill ran it again, where the log shows it."""
    began = trace.run.queued or trace.run.started
    before = trace.completed_before(began) if began and trace.run.state == "success" else None
    if before is None:
        words = "a backfill ran the scheduled run again, and nothing shows how it had ended"
        return replace(row, state=SlotState.UNKNOWN, delay=None, words=words)
    ended, tries = before
    row = replace(row, started=trace.first_task, ended=ended, tries=tries)
    return _judge_time(row, dag, "succeeded before a backfill ran it again")


def _judge_unfinished(row: Row, trace: Trace, dag: DeclaredDag, now: datetime) -> Row:
    run = trace.run
    began = run.started or run.queued or row.slot
    if now - began > dag.limit:
        return replace(row, state=SlotState.STUCK, words=f"{run.state} since {began:%Y-%m-%d %H:%M:%S} UTC")
    if cleared := trace.find_action(Act.CLEARED):
        # otherwise clearing a failed run again and again would keep it undecided
        return replace(row, state=SlotState.FAILED, words=f"{cleared}; {run.state} again")
    return replace(row, state=SlotState.RUNNING, words=run.state)


def _judge_success(row: Row, trace: Trace, dag: DeclaredDag) -> Row:
    """Judge a run that succeeded in all of its tasks.

    Clearing a run overwrites when it started and ended, so it is judged by its state before that: late or on time if
    the log shows that every task had succeeded, failed if it shows that one had not. Some versions log neither, and
    then nobody knows whether a person repaired it or let what was good run again.
    """
    if marked := trace.find_action(Act.MARKED):
        return replace(row, state=SlotState.FAILED, words=f"Airflow says success, {marked}")
    if deleted := trace.find_action(Act.DELETED):
        return replace(row, state=SlotState.FAILED, words=f"Airflow says success, and what failed may be {deleted}")
    words = ""
    if cleared := trace.find_action(Act.CLEARED):
        before = trace.completed_before(cleared.at)
        if before is None and not (trace.whole and trace.tells_ends):
            return replace(row, state=SlotState.UNKNOWN, words=f"{cleared}; nothing shows how it had ended before")
        if before is None:
            return replace(row, state=SlotState.FAILED, words=_repaired(cleared))
        words, (ended, tries) = f"succeeded before it was {cleared}", before
        row = replace(row, started=trace.first_task, ended=ended, tries=tries)
    return _judge_time(row, dag, words)


def _judge_time(row: Row, dag: DeclaredDag, words: str) -> Row:
    """Judge a success by when it came, and by how many tries it took."""
    if row.ended is None or row.ended > row.slot + dag.grace:
        return replace(row, state=SlotState.LATE, words=words)
    return replace(row, state=SlotState.RETRIED if row.tries > 1 else SlotState.ON_TIME, words=words)


def _repaired(cleared: ManualAction) -> str:
    return f"succeeded after it was {cleared}; nothing shows that it had before"


def _render_unsound(trace: Trace) -> str:
    names = sorted({f"{task.task_id} is {task.state or 'not run'}" for task in trace.unsound})
    skipped = any(task.state == "skipped" for task in trace.unsound)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more + ("; may_skip doesn't name what was skipped" if skipped else "")
