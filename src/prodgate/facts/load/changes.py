"""Whether answers became slower: against the last good run, and green against blue in one run that interleaves them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...aws.answers import Unread
from ...criteria import Criterion
from ...estimates import CONFIDENCE, Estimate, difference
from ...quantities import Quantity
from .. import Fact
from .measured import Measured, measured
from .soundness import hurried


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LoadChange(Fact):
    """Two loads of the same form; ``subject`` is such as ``steady at https://… against the run 2026-11-24T…``."""

    before: Measured
    now: Measured

    def p95(self, criterion: Criterion) -> Estimate:
        """Return how much longer the 95th percentile takes now.

        Each side may miss the truth with half of what the confidence leaves, so both together with all of it.
        """
        sure = criterion.confidence or CONFIDENCE
        each = replace(criterion, confidence=Quantity.of((100 + sure.magnitude) / 2, "%"), rate=None, window=None)
        return replace(difference(self.now.p95(each), self.before.p95(each)), confidence=sure)


def against(stored: Mapping[str, Any], earlier: Mapping[str, Any]) -> LoadChange:
    """Compare a run with an earlier one; ``earlier`` is what was stored of it, with the name of its run."""
    return LoadChange(
        subject=f"{stored['record']['profile']['name']} at {stored['place']} against the run {earlier['run']}",
        before=_compared(earlier["record"]),
        now=_compared(stored["record"]),
    )


def _compared(record: Mapping[str, Any]) -> Any:
    """Return what a record holds, or Unread where the generator itself was later than a change may be."""
    found = measured(record)
    if not isinstance(found, Unread) and (reason := hurried(record)):
        return Unread(reason)
    return found


def interleaved(stored: Mapping[str, Any]) -> Iterator[LoadChange]:
    """Compare green with blue, which took turns in one run: what disturbed one of them disturbed the other."""
    record = stored["record"]
    yield LoadChange(
        subject=f"green against blue at {stored['place']}",
        before=measured(record),
        now=measured({**record, **record["other"]}),
    )
