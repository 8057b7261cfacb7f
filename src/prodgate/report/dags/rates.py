"""The four rates of a DAG side by side, each with what it counts and its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from ...criteria import Criterion
from ...dags.rates import Budget, Rate
from ...estimates import CONFIDENCE, Estimate
from ...facts.dags.slots import SlotHistory
from ...quantities import Bound, Quantity

#: Criteria that may judge a DAG's slots; the first that is stated and can be answered does.
JUDGED_BY: Final = ("dag-success-rate", "dag-success-rate-rehearsed")

#: A bound that every share keeps, for the interval of a rate that no criterion limits.
_ANY: Final = Bound(">=", Quantity.of(0, "%"))
_FINE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """One rate."""

    name: str
    """slot, run, first_try or on_time, as the catalogue defines it."""
    good: str
    total: str
    share: str
    """Empty when there is nothing to take a share of."""
    ends: str
    """The interval."""
    decides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """The rates of a DAG, and what its objective makes of them."""

    rows: tuple[RateRow, ...]
    confidence: str
    """Of each end of an interval by itself."""
    criterion: str
    """Which one judges the slot rate; empty when none does."""
    limit: str
    by: str
    """What is compared with the limit: ``point`` or ``bound``."""
    budget: Budget | None
    settles: str
    """What would put the whole interval on one side of the limit; empty when it is there, or nothing was seen."""


def find_deciding_criterion(criteria: Sequence[Criterion], *, rehearsal: bool) -> Criterion | None:
    """Return the criterion that decides about slot rates."""
    stated = {criterion.id: criterion for criterion in criteria}
    found = (stated[id_] for id_ in JUDGED_BY if id_ in stated)
    shares = (each for each in found if each.bound is not None and each.bound.dimension == "ratio")
    return next((each for each in shares if not (rehearsal and each.needs_production)), None)


def reliability(history: SlotHistory, criterion: Criterion | None) -> Reliability:
    """Return the rates of a DAG, the one that decides first."""
    rows = tuple(_rows(history, criterion))
    sure = str((criterion and criterion.confidence) or CONFIDENCE)
    if criterion is None:
        return Reliability(rows=rows, confidence=sure, criterion="", limit="", by="", budget=None, settles="")
    return Reliability(
        rows=rows,
        confidence=sure,
        criterion=criterion.id,
        limit=str(criterion.bound),
        by=criterion.decides,
        budget=history.budget(criterion),
        settles=history.unseen or history.estimate_success_rate(criterion).settles,
    )


def _rows(history: SlotHistory, criterion: Criterion | None) -> Iterator[RateRow]:
    bound = criterion.bound if criterion and criterion.bound else _ANY
    found = history.rates
    for rate in (found.slot, found.run, found.first_try, found.on_time):
        estimate = rate.estimate(bound, criterion.confidence if criterion else None)
        yield _row(rate, estimate, decides=criterion is not None and rate is found.slot)


def _row(rate: Rate, estimate: Estimate, *, decides: bool) -> RateRow:
    low, high = _percent(estimate.low, ROUND_FLOOR), _percent(estimate.high, ROUND_CEILING)
    return RateRow(
        name=rate.name,
        good=f"{rate.good:,}",
        total=f"{rate.total:,}",
        share=f"{_percent(estimate.value, ROUND_HALF_EVEN)} %" if rate.total else "",
        ends=f"{low}–{high} %" if rate.total else "",
        decides=decides,
    )


def _percent(quantity: Quantity, rounding: str) -> str:
    """Return a share in percent, rounded so that an interval never looks narrower than it is."""
    return f"{quantity.magnitude.quantize(_FINE, rounding).normalize():f}"
