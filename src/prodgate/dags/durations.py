"""Whether runs take longer than before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..airflow.records import History
from ..statistics import chance_of_greater, nearest_rank
from .declared import DeclaredDag
from .ledger import window
from .manual_actions import Act
from .traces import collect_traces

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
    return tuple(
        (trace.run.ended - trace.run.started).total_seconds()
        for trace in collect_traces(dag, history)
        if (trace.run.kind, trace.run.state) == ("scheduled", "success")
        and trace.run.slot is not None
        and since <= trace.run.slot <= until
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
