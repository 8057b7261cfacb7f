"""The slots of each DAG: which have a run, how it ended, and the rates that follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ...airflow.records import History, Task
from ...criteria import Criterion
from ...dags.cron import find_next_slot
from ...dags.declared import DeclaredDag
from ...dags.ledger import Ledger, SlotState, build_ledger
from ...dags.manual_actions import Act
from ...dags.partly_known import leave_open
from ...dags.rates import Budget, Rates, compute_budget, compute_rates
from ...dags.slot_states import SUCCEEDED
from ...dags.traces import Trace, collect_traces
from ...dags.unseen import explain_unseen
from ...estimates import Estimate, estimate_rate, exact_count
from ...quantities import Bound, Quantity
from .. import Fact

#: States of tasks in which the last try failed.
_FAILED = frozenset({"failed", "up_for_retry"})
#: States of tasks in which the last try has not ended.
_OPEN = frozenset({"", "none", "scheduled", "queued", "running", "restarting", "deferred", "up_for_reschedule"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SlotHistory(Fact):
    """Every slot of a DAG in the observed time; ``subject`` is the DAG's id."""

    ledger: Ledger
    rates: Rates
    declared: DeclaredDag
    overlapping: tuple[str, ...]
    """Scheduled runs that had not ended at the next slot."""
    unseen: str
    """Why results that were set by hand can't be seen; empty when they can."""

    @property
    def observed(self) -> Quantity:
        """How long the slots were observed."""
        return _seconds(self.ledger.until.timestamp() - self.ledger.since.timestamp())

    @property
    def settled(self) -> int:
        """How many slots are decided, one way or the other."""
        return self.rates.slot.total - self.rates.slot.unknown

    @property
    def missed(self) -> Quantity | Estimate:
        """How many slots have no run that the scheduler made; an Estimate where the record does not tell of all."""
        counts = self.ledger.counts
        number = sum(counts[state] for state in (SlotState.MISSED, SlotState.BACKFILL, SlotState.MANUAL))
        unknown = [row for row in self.ledger.rows if row.state is SlotState.UNKNOWN and not row.runs]
        if not unknown:
            return Quantity.of(number)
        since = f'write since = "YYYY-MM-DD" in [dags.{self.subject}] if it is newer than they are'
        reason = f"of {len(unknown)} slots: {unknown[0].words}; {since}"
        return exact_count(number, samples=self.settled, unfinished=reason, of="slots")

    @property
    def longest_delay(self) -> Quantity | None:
        """The longest time from a slot to the start of its first task; None when nothing started."""
        delays = [row.delay.total_seconds() for row in self.ledger.rows if row.delay is not None]
        return _seconds(max(delays)) if delays else None

    def success_rate(self, criterion: Criterion) -> Estimate:
        """Return the share of slots that succeeded, a slot without a run being a failure.

        Raises Undetermined when it is good enough, and what people did can't be seen: it can only make it look better.
        Raises TypeError.
        """
        found = self.estimate_success_rate(criterion)
        if self.unseen and criterion.bound and criterion.bound.admits(found.value):
            raise criterion.undetermined(self.unseen, observed=found)
        return found

    def estimate_success_rate(self, criterion: Criterion) -> Estimate:
        """Return the same share as the record has it, whether or not it can be believed. Raises TypeError."""
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
    """All tries of tasks of the declared DAGs; ``subject`` is the place of Airflow."""

    ended: int
    failed: int
    unknown: int = 0
    """How many more may have failed: tries before somebody cleared their task."""

    def failed_share(self, criterion: Criterion) -> Estimate:
        """Return the share of tries that failed. Raises TypeError."""
        if criterion.bound is None:
            raise TypeError(f"criterion {criterion.id!r} has no bound to estimate against")
        best = self._estimate(self.failed, criterion.bound, criterion.confidence)
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
    """Successful runs that the scheduler made, and of which a worker executed each task that has work to do."""
    example: str
    """The last of them; empty when there is none."""


def slot_facts(dags: tuple[DeclaredDag, ...], collecting: frozenset[str], history: History) -> Iterator[Fact]:
    """Yield what is known of the slots of each DAG. Raises Unreadable when runs or tasks could not be read."""
    for dag in dags:
        known = build_ledger(dag, history)
        slots = SlotHistory(
            subject=dag.dag_id,
            ledger=known,
            rates=compute_rates(dag, history, known),
            declared=dag,
            overlapping=tuple(_find_overlaps(dag, known)),
            unseen=explain_unseen(dag, history),
        )
        yield slots
        if dag.dag_id in collecting:
            yield CollectionSlots(subject=dag.dag_id, history=slots)
        yield _real_run(known, history)


def count_attempts(place: str, dags: tuple[DeclaredDag, ...], history: History) -> TaskAttempts:
    """Count the tries of tasks. Raises Unreadable when tasks could not be read."""
    counted = [_count_tries(trace) for dag in dags for trace in collect_traces(dag, history) if trace.whole]
    ended, failed, unknown = (sum(each[place] for each in counted) for place in range(3))
    return TaskAttempts(subject=place, ended=ended, failed=failed, unknown=unknown)


def _count_tries(trace: Trace) -> tuple[int, int, int]:
    """Return how many tries of a run ended, how many failed, and how many may have.

    Airflow counts on when a task is cleared: of its tries before, only a log of successes tells.
    """
    own = [task for task in trace.tasks if task.tries]
    ended = sum(_count_ended_tries(task) for task in own)
    good = sum(task.state not in _OPEN | _FAILED for task in own)
    if not trace.find_action(Act.CLEARED):
        return ended, ended - good, 0
    if not trace.tells_ends:
        return ended, 0, ended - good
    logged = sum(event.event == "success" and bool(event.task_id) for event in trace.events)
    return ended, ended - min(ended, max(good, logged)), 0


def _count_ended_tries(task: Task) -> int:
    """Return how many tries of a task have ended."""
    return task.tries - (task.state in _OPEN)


def _find_overlaps(dag: DeclaredDag, known: Ledger) -> Iterator[str]:
    following = [
        *(row.slot for row in known.rows[1:]),
        *(find_next_slot(dag.schedule, row.slot) for row in known.rows[-1:]),
    ]
    for row, after in zip(known.rows, following, strict=True):
        ended: datetime = row.ended or known.until
        if row.runs and row.started is not None and ended > after:
            yield f"{row.runs[0]} ended {ended - after} after the next slot" if row.ended else f"{row.runs[0]} runs"


def _real_run(known: Ledger, history: History) -> RealRun:
    tasks: dict[str, list[Task]] = {}
    for task in history.tasks:
        if task.dag_id == known.dag_id:
            tasks.setdefault(task.run_id, []).append(task)
    working = frozenset(task.task_id for own in tasks.values() for task in own if _is_executed(task))
    # a slot that a person marked as a success does not count
    runs = [row.runs[0] for row in known.rows if row.state in SUCCEEDED]
    whole = [run for run in runs if _is_whole(tasks.get(run, ()), working)]
    return RealRun(subject=known.dag_id, done=len(whole), example=max(whole, default=""))


def _is_executed(task: Task) -> bool:
    return task.state == "success" and task.started is not None and bool(task.host)


def _is_whole(tasks: Sequence[Task], working: frozenset[str]) -> bool:
    """Whether a worker executed each task of a successful run that there was work in.

    An EmptyOperator is never executed, in no run; a branch that was not taken has nothing to do.
    """
    idle = [task for task in tasks if task.state == "success" and not _is_executed(task)]
    return any(map(_is_executed, tasks)) and working.isdisjoint(task.task_id for task in idle)


def _seconds(number: float) -> Quantity:
    return Quantity.seconds(round(Decimal(number), 3))
