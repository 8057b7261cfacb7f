"""How reliably a DAG runs: four shares of the same record, each with its own definition.

slot       slots that the schedule itself served, of all that are settled; late ones count, missed ones and those done
           by hand don't. This is the one that decides.
run        runs that succeeded, of all that ended, of any kind: what Airflow's own pages show.
first_try  slots in which no task needed a second try.
on_time    slots that ended within the grace.

Besides, how long its runs take, compared with before.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from .. import estimates
from ..airflow.records import History
from ..estimates import Estimate
from ..quantities import Bound, Quantity
from ..statistics import chance_of_greater, nearest_rank
from . import cron
from .cron import INSTANT
from .declared import DeclaredDag
from .ledger import OPEN, SUCCEEDED, Ledger, Row, SlotState, find_spoiled, window
from .traces import Act, collect_traces


def leave_open(worst: Estimate, best: Estimate, bound: Bound, unknown: str) -> Estimate:
    """Return an estimate of what is known in part: all that is ``unknown`` was bad at worst, and good at best.

    It keeps a bound that it keeps at worst, and breaks one that it breaks at best.
    """
    detail = "; ".join(filter(None, (worst.detail, unknown)))
    if bound.admits(worst.value):
        return replace(worst, high=best.high, detail=detail, settles=unknown)
    return replace(best, low=worst.low, unfinished=unknown, detail=detail, settles=unknown)


#: Units for long times, the largest first, each used from twice itself on.
_UNITS: Final = (
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)
#: Slots beyond which nobody waits for an answer.
_NEVER: Final = 10**7


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share: so many good ones of a total."""

    name: str
    good: int
    total: int
    of: str
    """What is counted, in the plural."""
    every: timedelta
    """How long it takes until there is one more."""
    unknown: int = 0
    """How many of the total are not known to be good or bad."""
    detail: str = ""
    """Details of the share, in words."""

    def estimate(self, bound: Bound, confidence: Quantity | None = None) -> Estimate:
        """Return the share with its interval. A share of nothing has no samples and decides nothing."""
        found = self._estimate(self.good, bound, confidence)
        if self.unknown:
            best = self._estimate(self.good + self.unknown, bound, confidence)
            return leave_open(found, best, bound, f"nothing shows what became of {self.unknown} {self.of}")
        if not found.settles or not bound.admits(found.value):
            return found
        more = self.count_clean_needed(bound, confidence)
        number = "no number of" if more is None else f"{more:,} more"
        time = "" if more is None else f", {_format_duration(more * self.every)} at this schedule"
        return replace(found, settles=f"{number} {self.of}, all of them good, would settle it{time}")

    def _estimate(self, good: int, bound: Bound, confidence: Quantity | None) -> Estimate:
        value = Quantity.of(Decimal(100 * good) / max(self.total, 1), "%")
        found = estimates.estimate_rate(value, self.total, bound=bound, confidence=confidence, of=self.of)
        return replace(found, detail=self.detail)

    def count_clean_needed(self, bound: Bound, confidence: Quantity | None = None) -> int | None:
        """Return how many more, all good, would bring the whole interval within a bound; None if no number does."""

        def is_settled(more: int) -> bool:
            good, total = self.good + more, self.total + more
            value = Quantity.of(Decimal(100 * good) / max(total, 1), "%")
            return estimates.estimate_rate(value, total, bound=bound, confidence=confidence).is_within(bound)

        short, enough = -1, 0
        while not is_settled(enough):
            short, enough = enough, 2 * enough + 1
            if enough > _NEVER:
                return None
        while enough - short > 1:
            middle = (short + enough) // 2
            short, enough = (short, middle) if is_settled(middle) else (middle, enough)
        return enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The four rates of one DAG; see the module."""

    slot: Rate
    run: Rate
    first_try: Rate
    on_time: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many slots may go wrong, and how many did."""

    slots: int
    """Slots in a whole window."""
    allowed: int
    """How many of them may go wrong."""
    spent: int
    """How many went wrong in the window until now."""

    @property
    def left(self) -> int:
        """How many more may go wrong in this window; below 0 when too many did."""
        return self.allowed - self.spent


def compute_rates(dag: DeclaredDag, history: History, ledger: Ledger) -> Rates:
    """Return the four rates of a DAG over the window of its ledger."""
    settled = [row for row in ledger.rows if row.state not in OPEN | {SlotState.SPOILED}]
    good = [row for row in settled if row.state in SUCCEEDED]
    every = dag.window / max(_count_window_slots(dag, ledger), 1)
    unknown = sum(row.state is SlotState.UNKNOWN for row in settled)
    declared = f"since {dag.since:%Y-%m-%d %H:%M} UTC, as is declared" if dag.since == ledger.since else ""
    late = f"{number} of them late, after their grace" if (number := ledger.counts[SlotState.LATE]) else ""
    detail = "; ".join(filter(None, (declared, late, ledger.set_aside)))

    def of_slots(name: str, held: list[Row]) -> Rate:
        return Rate(
            name=name, good=len(held), total=len(settled), of="slots", every=every, unknown=unknown, detail=detail
        )

    return Rates(
        slot=of_slots("slot", good),
        run=_run_rate(dag, history, ledger, every),
        first_try=of_slots("first_try", [row for row in good if row.tries <= 1]),
        on_time=of_slots("on_time", [row for row in good if row.state is not SlotState.LATE]),
    )


def compute_budget(dag: DeclaredDag, ledger: Ledger, bound: Bound) -> Budget:
    """Return the error budget that a bound on the slot rate leaves, in whole slots: 99 of 100 are not > 99 %."""
    slots, allowed = _count_window_slots(dag, ledger), 0
    while allowed < slots and bound.admits(Quantity.of(Decimal(100 * (slots - allowed - 1)) / slots, "%")):
        allowed += 1
    spent = sum(row.state not in OPEN | SUCCEEDED | {SlotState.UNKNOWN, SlotState.SPOILED} for row in ledger.rows)
    return Budget(slots=slots, allowed=allowed, spent=spent)


def _run_rate(dag: DeclaredDag, history: History, ledger: Ledger, every: timedelta) -> Rate:
    ended = [
        run.state
        for run in history.runs
        if run.dag_id == dag.dag_id
        and run.state in ("success", "failed")
        and (run.slot is None or ledger.since <= run.slot <= ledger.until)
    ]
    return Rate(name="run", good=ended.count("success"), total=len(ended), of="runs", every=every)


def _count_window_slots(dag: DeclaredDag, ledger: Ledger) -> int:
    """Return how many slots a whole window has, even if less of it was read."""
    return len(cron.list_slots(dag.schedule, ledger.until - dag.window, ledger.until))


def _format_duration(time: timedelta) -> str:
    """Return a time in whole units, rounded up."""
    size, unit = next((each for each in _UNITS if time >= 2 * each[0]), _UNITS[-1])
    return f"{-(-time // size):,} {unit}"


#: Fewer runs on either side say too little about a 95th percentile.
MIN_RUNS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowdown:
    """How long runs take now, and took before."""

    before: float
    """95th percentile in seconds."""
    now: float
    p_value: float
    """How likely chance alone would make the later ones so much longer."""
    samples: tuple[int, int]
    """Runs before, and now."""

    @property
    def factor(self) -> float:
        """How many times as long runs take now as before."""
        return self.now / self.before


def list_durations(dag: DeclaredDag, history: History) -> tuple[float, ...]:
    """Return the seconds of every scheduled run that succeeded without manual action, in order of slots.

    A run that was cleared or marked is left out: its times were overwritten.
    """
    since, until = window(dag, history)
    spoiled = find_spoiled(dag.schedule, since, until + INSTANT, dag.spells)
    return tuple(
        (trace.run.ended - trace.run.started).total_seconds()
        for trace in collect_traces(dag, history)
        if (trace.run.kind, trace.run.state) == ("scheduled", "success")
        and trace.run.slot is not None
        and since <= trace.run.slot <= until
        and trace.run.slot not in spoiled
        and trace.run.started is not None
        and trace.run.ended is not None
        and not (trace.unsound or trace.find_action(Act.CLEARED) or trace.find_action(Act.MARKED))
    )


def compare_durations(earlier: Sequence[float], later: Sequence[float]) -> Slowdown | None:
    """Compare the durations of two windows, in seconds; None when either has too few runs."""
    if min(len(earlier), len(later)) < MIN_RUNS:
        return None
    return Slowdown(
        before=_p95(earlier),
        now=_p95(later),
        p_value=chance_of_greater(earlier, later),
        samples=(len(earlier), len(later)),
    )


def _p95(seconds: Sequence[float]) -> float:
    """Return the 95th percentile, of times in whole milliseconds and at least one."""
    found = nearest_rank(Counter(max(round(1000 * each), 1) for each in seconds), 950)
    return (found or 1) / 1000
