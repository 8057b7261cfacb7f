"""The slots of each DAG: their runs, the results, and the rates that follow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ...airflow.records import History, Task
from ...aws.answers import Unreadable
from ...criteria import Criterion
from ...dags.cron import INSTANT, find_next_slot, find_shortest_period
from ...dags.declared import DeclaredDag
from ...dags.flaws import explain_deleted, explain_unseen
from ...dags.ledger import SUCCEEDED, Ledger, SlotState, build_ledger, explain_spoiled, find_spoiled, window
from ...dags.rates import Budget, Rates, compute_budget, compute_rates, leave_open
from ...dags.traces import Act, Trace, collect_traces
from ...estimates import Estimate, estimate_rate, exact_count
from ...quantities import Bound, Quantity
from .. import Fact

#: States of tasks whose last attempt failed.
_FAILED = frozenset({"failed", "up_for_retry"})
#: States of tasks whose last attempt has not ended.
_OPEN = frozenset({"", "none", "scheduled", "queued", "running", "restarting", "deferred", "up_for_reschedule"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SlotHistory(Fact):
    """Every slot of a DAG in the observed time; ``subject`` is the DAG's id."""

    ledger: Ledger
    rates: Rates
    declared: DeclaredDag
    overlapping: tuple[str, ...]
    """Scheduled runs that had not ended at the next slot; a rehearsal that hurries counts by the DAG's own slots."""
    unended: tuple[str, ...]
    """Scheduled runs that still go on after their limit, before the next slot; and what deleted others."""
    own_period: timedelta | None
    """The shortest time between two slots of its own schedule, where a rehearsal runs it on another one."""
    unseen: str
    """Why results that were set by hand can't be detected; empty if they can."""
    deleted: str
    """Which act deleted runs or tasks, of which nothing is known; empty if no such act is known."""

    @property
    def observed(self) -> Quantity:
        """How long the slots were observed."""
        return _seconds(self.ledger.until.timestamp() - self.ledger.since.timestamp())

    @property
    def settled(self) -> int:
        """How many slots are decided, one way or the other."""
        return self.rates.slot.total - self.rates.slot.unknown

    @property
    def ended_in_time(self) -> str:
        """The slots whose runs all ended before the next one, in words."""
        if self.own_period is None:
            return f"all of {self.settled} slots"
        return f"all of {self.settled} slots of the rehearsal; by its schedule they are {self.own_period} apart"

    @property
    def missed(self) -> Quantity | Estimate:
        """How many slots have no run made by the scheduler; an Estimate if the record is incomplete."""
        counts = self.ledger.counts
        number = sum(counts[state] for state in (SlotState.MISSED, SlotState.BACKFILL, SlotState.MANUAL))
        unknown = [row for row in self.ledger.rows if row.state is SlotState.UNKNOWN and not row.runs]
        if not unknown:
            return Quantity.of(number)
        since = f'write since = "YYYY-MM-DD" in [dags.{self.subject}] if it is newer than they are'
        reason = f"of {len(unknown)} slots: {unknown[0].words}; {since}"
        return exact_count(number, samples=self.settled, unfinished=reason, of="slots")

    def estimate_delay(self, criterion: Criterion) -> Estimate | None:
        """Return the longest time from a slot to the start of its first task; None if nothing started.

        Of a task that was tried again only the times are known between which it first started. Raises TypeError.
        """
        if criterion.bound is None:
            raise TypeError(f"criterion {criterion.id!r} has no bound to estimate against")
        rows = [row for row in self.ledger.rows if row.state is not SlotState.SPOILED and (row.started or row.begun)]
        known = [row.begun for row in rows if row.begun]
        if not known:
            return None
        least, most = (_seconds(max(each[end] for each in known).total_seconds()) for end in (0, 1))
        again, lost = sum(low != high for low, high in known), len(rows) - len(known)
        said = f"when the first task started is known only between two times of {again} slots, where it was tried again"
        lacking = f"of {lost} slots nothing shows when it started, since they ran again or have too many tasks"
        return Estimate(
            value=least,
            low=least,
            high=most,
            samples=self.settled,
            effective=self.settled,
            confidence=Quantity.of(100, "%"),
            of="slots",
            unfinished=self.deleted if criterion.bound.admits(most) else f"{said}: at most {most}",
            detail="; ".join(words for words, number in ((said, again), (lacking, lost)) if number),
        )

    def success_rate(self, criterion: Criterion) -> Estimate:
        """Return the share of slots that succeeded, where a slot without a run counts as a failure.

        Raises Undetermined if it is good enough, but manual changes can't be detected: they can only make it look
        better. Raises TypeError.
        """
        found = self.estimate_success_rate(criterion)
        if self.unseen and criterion.bound and criterion.bound.admits(found.value):
            raise criterion.undetermined(self.unseen, observed=found)
        return found

    def estimate_success_rate(self, criterion: Criterion) -> Estimate:
        """Return the same share as recorded, whether or not the record can be trusted. Raises TypeError."""
        if criterion.bound is None:
            raise TypeError(f"criterion {criterion.id!r} has no bound to estimate against")
        return self.rates.slot.estimate(criterion.bound, criterion.confidence)

    def budget(self, criterion: Criterion) -> Budget | None:
        """Return how many failures the objective still allows; None if it states no limit."""
        return compute_budget(self.declared, self.ledger, criterion.bound) if criterion.bound else None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CollectionSlots(Fact):
    """The slots of a DAG that collects data; ``subject`` is the DAG's id."""

    history: SlotHistory


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TaskAttempts(Fact):
    """All task attempts of the declared DAGs; ``subject`` is the place of Airflow."""

    ended: int
    failed: int
    unknown: int = 0
    """How many more may have failed: attempts before somebody cleared their task."""
    unseen: str = ""
    """Why further attempts may have failed unseen: they were deleted, or their results may be set by hand."""

    def failed_share(self, criterion: Criterion) -> Estimate:
        """Return the share of attempts that failed.

        Raises Undetermined if it is good enough, but failures may be unseen. Raises TypeError.
        """
        if criterion.bound is None:
            raise TypeError(f"criterion {criterion.id!r} has no bound to estimate against")
        best = self._estimate(self.failed, criterion.bound, criterion.confidence)
        if self.unseen and criterion.bound.admits(best.value):
            raise criterion.undetermined(self.unseen, observed=best)
        if not self.unknown:
            return best
        worst = self._estimate(self.failed + self.unknown, criterion.bound, criterion.confidence)
        words = f"nothing shows how {self.unknown} tries had ended before somebody cleared their tasks"
        return leave_open(worst, best, criterion.bound, words)

    def _estimate(self, failed: int, bound: Bound, confidence: Quantity | None) -> Estimate:
        part = Quantity.of(100 * Decimal(failed) / max(self.ended, 1), "%")
        return estimate_rate(part, self.ended, bound=bound, confidence=confidence, of="tries")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RealRun(Fact):
    """Whether a DAG ran to its end on a real scheduler; ``subject`` is the DAG's id."""

    done: int
    """Successful runs made by the scheduler in which a worker executed each task that has work to do."""
    example: str
    """The last of them; empty if there is none."""


def slot_facts(dags: tuple[DeclaredDag, ...], collecting: frozenset[str], history: History) -> Iterator[Fact]:
    """Yield the facts about the slots of each DAG.

    Raises Unreadable if runs or tasks could not be read, or more than half of the slots of a DAG are set aside.
    """
    for dag in dags:
        known = build_ledger(dag, history)
        if spoiled := explain_spoiled(known):
            raise Unreadable(f"{dag.dag_id}: {spoiled}")
        own_period = find_shortest_period(dag.own_schedule, known.until) if dag.own_schedule else None
        deleted = explain_deleted(dag, history)
        ends = tuple(_find_overlaps(dag, known, own_period))
        slots = SlotHistory(
            subject=dag.dag_id,
            ledger=known,
            rates=compute_rates(dag, history, known),
            declared=dag,
            overlapping=tuple(words for words, is_over in ends if is_over),
            unended=(*(words for words, is_over in ends if not is_over), *filter(None, (deleted,))),
            own_period=own_period,
            unseen=explain_unseen(dag, history),
            deleted=deleted,
        )
        yield slots
        if dag.dag_id in collecting:
            yield CollectionSlots(subject=dag.dag_id, history=slots)


def count_attempts(place: str, dags: tuple[DeclaredDag, ...], history: History) -> TaskAttempts:
    """Count the task attempts in sound slots. Raises Unreadable if tasks could not be read."""
    counted = [_count_tries(trace) for dag in dags for trace in _list_sound(dag, history) if trace.whole]
    ended, failed, unknown = (sum(each[place] for each in counted) for place in range(3))
    unseen = filter(None, (explain_deleted(dag, history) or explain_unseen(dag, history) for dag in dags))
    return TaskAttempts(subject=place, ended=ended, failed=failed, unknown=unknown, unseen=next(unseen, ""))


def _list_sound(dag: DeclaredDag, history: History) -> Iterator[Trace]:
    since, until = window(dag, history)
    spoiled = find_spoiled(dag.schedule, since, until + INSTANT, dag.spells)
    yield from (trace for trace in collect_traces(dag, history) if trace.run.slot not in spoiled)


def _count_tries(trace: Trace) -> tuple[int, int, int]:
    """Return how many attempts of a run ended, how many failed, and how many may have.

    Airflow keeps counting when a task is cleared: only a log of successes tells of the attempts before.
    """
    own = [task for task in trace.tasks if task.tries]
    ended = sum(task.tries - (task.state in _OPEN) for task in own)
    good = sum(task.state not in _OPEN | _FAILED for task in own)
    if not trace.find_action(Act.CLEARED):
        return ended, ended - good, 0
    if not trace.tells_ends:
        return ended, 0, ended - good
    logged = sum(event.event == "success" and bool(event.task_id) for event in trace.events)
    return ended, ended - min(ended, max(good, logged)), 0


def _find_overlaps(dag: DeclaredDag, known: Ledger, own_period: timedelta | None) -> Iterator[tuple[str, bool]]:
    """Yield each scheduled run that had not ended at the next slot, or that is stuck before it, and which it is.

    Slots that a rehearsal hurries come sooner than the work of a DAG allows for, and a first run loads everything:
    there the next slot is as far away as the DAG's own slots are.
    """
    following = [
        *(row.slot for row in known.rows[1:]),
        *(find_next_slot(dag.schedule, row.slot) for row in known.rows[-1:]),
    ]
    for row, after in zip(known.rows, following, strict=True):
        ended: datetime = row.ended or known.until
        due = row.slot + own_period if own_period else after
        if not row.runs or row.started is None or row.state is SlotState.SPOILED:
            continue
        if ended > due:
            yield f"{row.runs[0]} ended {ended - due} after the next slot" if row.ended else f"{row.runs[0]} runs", True
        elif row.state is SlotState.STUCK:
            yield f"{row.runs[0]} has not ended since {row.started:%Y-%m-%d %H:%M:%S} UTC", False


def real_run_facts(dags: tuple[DeclaredDag, ...], history: History) -> Iterator[RealRun]:
    """Yield whether each DAG ran, which a busy machine does not put in doubt. Raises Unreadable."""
    for dag in dags:
        known = build_ledger(dag, history)
        found = _real_run(known, history, dag.tasks)
        if not found.done and (spoiled := explain_spoiled(known)):
            raise Unreadable(f"{dag.dag_id}: {spoiled}")
        yield found


def _real_run(known: Ledger, history: History, declared: frozenset[str]) -> RealRun:
    tasks: dict[str, list[Task]] = {}
    for task in history.tasks:
        if task.dag_id == known.dag_id:
            tasks.setdefault(task.run_id, []).append(task)
    working = frozenset(task.task_id for own in tasks.values() for task in own if _is_executed(task))
    # a slot that a person marked as a success does not count
    runs = [row.runs[0] for row in known.rows if row.state in SUCCEEDED or row.completed]
    whole = [run for run in runs if _is_whole(tasks.get(run, ()), working, declared)]
    return RealRun(subject=known.dag_id, done=len(whole), example=max(whole, default=""))


def _is_executed(task: Task) -> bool:
    return task.state == "success" and task.started is not None and bool(task.host)


def _is_whole(tasks: Sequence[Task], working: frozenset[str], declared: frozenset[str]) -> bool:
    """Whether a successful run has all declared tasks, and a worker executed each that had work to do.

    An EmptyOperator is never executed, in no run; a branch that was not taken has nothing to do.
    """
    idle = [task for task in tasks if task.state == "success" and not _is_executed(task)]
    has = declared <= {task.task_id for task in tasks if task.state != "removed"}
    return has and any(map(_is_executed, tasks)) and working.isdisjoint(task.task_id for task in idle)


def _seconds(number: float) -> Quantity:
    return Quantity.seconds(round(Decimal(number), 3))
