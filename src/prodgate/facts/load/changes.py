"""Whether answers became slower: than in the last good run, or in green than in blue within one interleaved run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ...aws.answers import Unread
from ...criteria import Criterion
from ...estimates import Estimate
from ...quantities import Bound
from .. import Fact
from .contrast import estimate_change, estimate_growth
from .measurements import Measurements, read_stored
from .soundness import run_name, why_not_comparable

#: A bound on a latency that everything keeps: what is asked for is the interval.
_ANY: Final = Bound.parse(">= 0 ms")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LoadChange(Fact):
    """Two runs of the same profile; ``subject`` is such as ``steady at https://… against the run 2026-11-24T…``."""

    before: Measurements
    now: Measurements
    turns: bool
    """Whether both took turns in one run; only then does a comparison convict."""

    def p95(self, criterion: Criterion) -> Estimate:
        """Return how many milliseconds longer the 95th percentile takes now."""
        return estimate_change(*self._sides(criterion), turns=self.turns)

    def growth(self, criterion: Criterion) -> Estimate:
        """Return how many percent longer the 95th percentile takes now."""
        return estimate_growth(*self._sides(criterion), turns=self.turns)

    def _sides(self, criterion: Criterion) -> tuple[Estimate, Estimate]:
        """Estimate the percentile of both; the ends are those of a latency, whatever the bound on the change is."""
        each = replace(criterion, bound=_ANY, rate=None, window=None, disturbances=None)
        return self.now.p95(each), replace(self.before, attempt=self.now.attempt).p95(each)


def compare_with_earlier(stored: Mapping[str, Any], earlier: Mapping[str, Any]) -> LoadChange:
    """Compare a run with an earlier one; ``earlier`` is what was stored of it, with the name of its run."""
    return LoadChange(
        subject=f"{run_name(stored)} against the run {earlier['run']}",
        before=_comparable(earlier),
        now=_comparable(stored),
        turns=False,
    )


def _comparable(stored: Mapping[str, Any]) -> Any:
    """Return the measurements of a run, or Unread if the generator was later than a change that matters."""
    found = read_stored(stored)
    if not isinstance(found, Unread) and (reason := why_not_comparable(stored["record"])):
        return Unread(reason)
    return found


def compare_interleaved(stored: Mapping[str, Any]) -> Iterator[LoadChange]:
    """Compare green with blue, which took turns in one run, so that disturbances hit both alike."""
    record = stored["record"]
    yield LoadChange(
        subject=f"green against blue at {stored['place']}",
        before=read_stored(stored),
        now=read_stored({**stored, "record": {**record, **record["other"]}}),
        turns=True,
    )
