"""Estimates of shares of which a part is not known."""

from __future__ import annotations

from dataclasses import replace

from ..estimates import Estimate
from ..quantities import Bound


def leave_open(worst: Estimate, best: Estimate, bound: Bound, unknown: str) -> Estimate:
    """Return an estimate of what is known in part: all that is ``unknown`` was bad at worst, and good at best.

    It keeps a bound that it keeps at worst, and breaks one that it breaks at best.
    """
    detail = "; ".join(filter(None, (worst.detail, unknown)))
    if bound.admits(worst.value):
        return replace(worst, high=best.high, detail=detail, settles=unknown)
    return replace(best, low=worst.low, unfinished=unknown, detail=detail, settles=unknown)
