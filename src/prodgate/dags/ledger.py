"""An account of every slot of a schedule, in which a run that never came shows like one that failed.

Airflow knows only the runs that it made. A scheduler that stood still for half a day leaves no trace there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ..airflow.records import History, Run
from . import cron
from .declared import DeclaredDag, Schedule, Spell
from .traces import Act, Trace, collect_traces


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
    SPOILED = "spoiled"
    """The machine of a rehearsal was not in order around it: it is set aside, whatever became of it."""


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
    begun: tuple[timedelta, timedelta] | None = None
    """The least and the greatest delay that there can have been; None where nothing shows that."""
    tries: int = 0
    """The most tries that a task needed; 0 when none was tried."""
    words: str = ""
    """The reason, where the state alone doesn't say it."""
    completed: bool = False
    """Whether a slot that is set aside had succeeded, for judgements that do not depend on time."""


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
    run, first, between = trace.run, trace.first_task, trace.first_task_between
    if between is None and run.state != "success" and trace.whole and not trace.find_action(Act.CLEARED):
        between = (run.ended or now,) * 2  # no task of it has started until then
    row = Row(
        slot=slot,
        state=SlotState.FAILED,
        runs=(run.run_id,),
        started=run.started,
        ended=run.ended,
        delay=None if first is None else first - slot,
        begun=None if between is None else (between[0] - slot, between[1] - slot),
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
    """Judge a scheduled run by its state before a backfill ran it again, where the log shows that."""
    began = trace.run.queued or trace.run.started
    before = trace.completed_before(began) if began and trace.run.state == "success" else None
    if before is None:
        words = "a backfill ran the scheduled run again, and nothing shows how it had ended"
        return replace(row, state=SlotState.UNKNOWN, delay=None, begun=None, words=words)
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
            return replace(
                row, state=SlotState.FAILED, words=f"succeeded after it was {cleared}; nothing shows that it had before"
            )
        words, (ended, tries) = f"succeeded before it was {cleared}", before
        row = replace(row, started=trace.first_task, ended=ended, tries=tries)
    if trace.other_version:
        return replace(row, state=SlotState.UNKNOWN, words=trace.other_version)
    return _judge_time(row, dag, words)


def _judge_time(row: Row, dag: DeclaredDag, words: str) -> Row:
    """Judge a success by when it came, and by how many tries it took."""
    if row.ended is None or row.ended > row.slot + dag.grace:
        return replace(row, state=SlotState.LATE, words=words)
    return replace(row, state=SlotState.RETRIED if row.tries > 1 else SlotState.ON_TIME, words=words)


def _render_unsound(trace: Trace) -> str:
    names = sorted({f"{task.task_id} is {task.state or 'not run'}" for task in trace.unsound})
    skipped = any(task.state == "skipped" for task in trace.unsound)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more + ("; may_skip doesn't name what was skipped" if skipped else "")


#: How long after a spell Airflow may still lag behind.
_RECOVERY: Final = timedelta(minutes=1)
#: Spells with no more between them are one.
_TOUCHING: Final = timedelta(seconds=1)


class Unaccounted(Exception):
    """Slots or runs do not match the rows of the ledger, which is a bug in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Every slot of a DAG from ``since`` to ``until``, both included."""

    dag_id: str
    since: datetime
    until: datetime
    rows: tuple[Row, ...]
    """One row for each slot, in order."""
    extra: tuple[Run, ...]
    """Scheduled runs for none of these slots: Airflow has another schedule, or another time zone."""

    @property
    def counts(self) -> Mapping[SlotState, int]:
        """The number of slots in each state, including states without any."""
        found = Counter(row.state for row in self.rows)
        return {state: found[state] for state in SlotState}

    @property
    def set_aside(self) -> str:
        """How many slots are set aside, and why the last one is; empty for none."""
        spoiled = [row for row in self.rows if row.state is SlotState.SPOILED]
        return f"{len(spoiled)} of {len(self.rows)} slots are set aside: {spoiled[-1].words}" if spoiled else ""


def build_ledger(dag: DeclaredDag, history: History) -> Ledger:
    """Account for the slots of a DAG in its window, or since the history begins where that is later.

    Raises Unaccounted when a slot or a scheduled run is in no row, or in two, and Unreadable where clocks that change
    leave open which slots there are.
    """
    since, until = window(dag, history)
    end = until + cron.INSTANT
    slots = cron.list_slots(dag.schedule, since, end)
    expected = frozenset(slots)
    found: Mapping[datetime, list[Trace]] = defaultdict(list)
    extra = []
    for trace in collect_traces(dag, history):
        slot = trace.run.slot
        if slot in expected:
            found[slot].append(trace)
        elif trace.run.kind == "scheduled" and (slot is None or since <= slot <= until):
            extra.append(trace.run)
    # where clocks change, one timetable has slots that the other leaves out: whether a run came tells which it is
    unmade = cron.find_doubtful_slots(dag.schedule, since, end) - found.keys()
    slots = [slot for slot in slots if slot not in unmade]
    rows = [judge_slot(slot, found[slot], dag, history.now) for slot in slots]
    spoiled = find_spoiled(dag.schedule, since, end, dag.spells)
    known = tuple(_set_aside(row, spoiled) for row in _leave_open(rows, dag, history))
    made = Ledger(dag_id=dag.dag_id, since=since, until=until, rows=known, extra=tuple(extra))
    _check_conservation(made, slots, history)
    return made


def window(dag: DeclaredDag, history: History) -> tuple[datetime, datetime]:
    """Return from when to when the slots of a DAG are accounted for."""
    begin = max(history.now - dag.window, history.since)
    return min(max(begin, dag.since or begin), history.now), history.now


def _leave_open(rows: Sequence[Row], dag: DeclaredDag, history: History) -> Iterator[Row]:
    """Leave open what became of slots before the first run of a DAG, unless it is stated since when it is there."""
    missed = [row for row in rows if row.state is SlotState.MISSED and not row.runs]
    first = history.oldest.get(dag.dag_id, history.now) if missed and dag.since is None else None
    for row in rows:
        if first is not None and row in missed and row.slot < first:
            yield replace(
                row,
                state=SlotState.UNKNOWN,
                words="Airflow has no run of this DAG from so long ago: it is new, or its record was cleaned",
            )
        else:
            yield row


def _set_aside(row: Row, spoiled: Mapping[datetime, str]) -> Row:
    if row.slot not in spoiled:
        return row
    return replace(row, state=SlotState.SPOILED, words=spoiled[row.slot], completed=row.state in SUCCEEDED)


def find_spoiled(
    schedule: Schedule, since: datetime, until: datetime, spells: Sequence[Spell]
) -> Mapping[datetime, str]:
    """Return the slots from ``since`` to before ``until`` that a spell spoils, with its reason.

    A spell spoils a slot if it falls between the slot before and the slot after: a run must end before the next slot,
    or it keeps that one waiting. A spell counts for twice its length, but at most a minute more, because delayed work
    is made up for afterwards. The result of a run has no part in this, or bad slots would be set aside for being bad.
    """
    slots = cron.list_slots(schedule, since, until) if spells else []
    if not slots:
        return {}
    spoiling: list[Spell] = []
    begun = ended = min(spell.begin for spell in spells)
    for spell in sorted(spells, key=lambda each: each.begin):
        begun, ended = (begun if spell.begin <= ended + _TOUCHING else spell.begin), max(ended, spell.end)
        spoiling.append(replace(spell, end=spell.end + min(spell.end - begun, _RECOVERY)))
    around = (cron.find_slot_before(schedule, slots[0]), *slots, cron.find_next_slot(schedule, slots[-1]))
    return {
        slot: spell.reason
        for before, slot, after in zip(around, slots, around[2:], strict=False)
        for spell in spoiling
        if spell.begin < after and before < spell.end
    }


def count_lacking(
    schedule: Schedule, since: datetime, stated: timedelta, now: datetime, spells: Sequence[Spell]
) -> int:
    """Return how many sound slots there are too few, compared with those of the ``stated`` time; at most 0 for none."""
    wanted, due = (len(cron.list_slots(schedule, since, until)) for until in (since + stated, now))
    return wanted - due + len(find_spoiled(schedule, since, now, spells))


def explain_hurry(spells: Sequence[Spell], now: datetime) -> str:
    """Return why Airflow may still lag behind: a spell that was lately; empty if there was none."""
    return next((spell.reason for spell in spells if spell.end > now - _RECOVERY), "")


def explain_spoiled(ledger: Ledger) -> str:
    """Return why the slots of a ledger say nothing: more than half of them are set aside; empty if they are not."""
    return ledger.set_aside if 2 * ledger.counts[SlotState.SPOILED] > len(ledger.rows) else ""


def _check_conservation(made: Ledger, slots: Sequence[datetime], history: History) -> None:
    """Raise unless every slot has exactly one row, and every scheduled run in the window is in exactly one."""
    if [row.slot for row in made.rows] != slots or sum(made.counts.values()) != len(slots):
        raise Unaccounted(f"{made.dag_id}: {len(slots)} slots, but rows of {len(made.rows)}; this is a bug, report it")
    counted = Counter(run_id for row in made.rows for run_id in row.runs) + Counter(run.run_id for run in made.extra)
    came = Counter(
        run.run_id
        for run in history.runs
        if run.dag_id == made.dag_id
        and run.kind == "scheduled"
        and (run.slot is None or made.since <= run.slot <= made.until)
    )
    if any(counted[run_id] != times for run_id, times in came.items()):
        raise Unaccounted(f"{made.dag_id}: runs of the schedule that no row tells of, or two; this is a bug, report it")
