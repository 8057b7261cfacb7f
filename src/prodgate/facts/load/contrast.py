"""How much one estimate is above another: as a difference and as a growth, with the interval of both together.

The interval is made by square-and-add (MOVER, after Zou and Donner): each end is as far from the value as the root of
the squares of how far the two that matter are from theirs. Subtracting the ends, in its place, takes both for as wrong
as they may be at once, so that it tells of nothing; for values of which errors are normal, square-and-add is exact.

Two runs at two times differ by more than their requests tell: by other work on machines and networks, by what is
cached. So the upper end of such a comparison allows for what runs differ by (APART), and its lower end is not known: it
can show that nothing became much slower, and convicts nobody. Only builds that take turns are told from each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from math import exp, hypot, inf, isfinite, log
from statistics import NormalDist
from typing import Final

from ...estimates import UNBOUNDED, Estimate
from ...quantities import Quantity

#: Standard deviation of a percentile from run to run, as a share of it, where nothing but the time is another.
APART: Final = 0.05
_TURNS: Final = "two runs at two times convict nobody; state [load.compare], in which both builds take turns"
#: Decimals of a difference in milliseconds and of a growth in percent.
_FINE: Final = Decimal("0.0001")
#: Logarithm of the greatest growth that is told.
_MOST: Final = 30.0


def estimate_change(now: Estimate, before: Estimate, *, turns: bool) -> Estimate:
    """Return by how many milliseconds a value is greater than another, which was measured in ``turns`` or before."""
    one, other = float(now.value.magnitude), float(before.value.magnitude)
    spread = 0.0 if turns else _quantile(now) * APART * hypot(one, other)
    return _combine(now, before, _identity, lambda difference: difference, spread=spread, unit="ms", turns=turns)


def estimate_growth(now: Estimate, before: Estimate, *, turns: bool) -> Estimate:
    """Return by how many percent a value is greater than another; by no end of them than one that is nothing."""
    spread = 0.0 if turns else _quantile(now) * APART * 2**0.5
    back: Callable[[float], float] = lambda ratio: (exp(min(ratio, _MOST)) - 1) * 100  # noqa: E731
    return _combine(now, before, _log, back, spread=spread, unit="%", turns=turns)


def _combine(
    now: Estimate,
    before: Estimate,
    scale: Callable[[Quantity], float],
    back: Callable[[float], float],
    *,
    spread: float,
    unit: str,
    turns: bool,
) -> Estimate:
    """Square and add on a scale on which differences are what is asked for."""
    one, other = ({end: scale(getattr(each, end)) for end in ("low", "value", "high")} for each in (now, before))
    centre = _less(one["value"], other["value"])
    if isfinite(one["value"]) and isfinite(other["value"]):
        low = centre - hypot(centre - _less(one["low"], other["value"]), other["high"] - other["value"], spread)
        high = centre + hypot(one["high"] - one["value"], other["value"] - other["low"], spread)
    else:
        low, high = _less(one["low"], other["high"]), inf
    return replace(
        now,
        value=_quantity(centre, back, unit),
        low=_quantity(low if turns else -inf, back, unit),
        high=_quantity(high, back, unit),
        samples=min(now.samples, before.samples),
        effective=min(now.samples, before.samples),
        settles="" if turns else _TURNS,
        unfinished=now.unfinished or before.unfinished,
        detail=f"{before.value} before, {now.value} now",
        spell=0.0,
    )


def _less(one: float, other: float) -> float:
    """Return a difference; of two that are both without end, or both nothing, none is greater."""
    return 0.0 if one == other else one - other


def _identity(value: Quantity) -> float:
    return float(value.magnitude)


def _log(value: Quantity) -> float:
    found = float(value.magnitude)
    return -inf if found <= 0 else inf if found == inf else log(found)


def _quantity(end: float, back: Callable[[float], float], unit: str) -> Quantity:
    if not isfinite(end):
        return Quantity.of(UNBOUNDED if end > 0 else -UNBOUNDED, unit)
    return Quantity.of(Decimal(back(end)).quantize(_FINE), unit)


def _quantile(now: Estimate) -> float:
    return NormalDist().inv_cdf(float(now.confidence.base))
