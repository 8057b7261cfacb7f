"""What a number of observations supports: exact bounds of a rate."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, Decimal
from typing import Final

from .quantities import Quantity

#: Halvings of an interval; more than a double can tell apart.
_HALVINGS: Final = 60
_TERMS: Final = 10_000
_TINY: Final = 1e-300


def lower_bound(rate: Quantity, trials: int, confidence: Quantity) -> Quantity:
    """Return the rate that a true rate falls below with no more than the remaining probability, in percent.

    Clopper and Pearson's bound, one-sided: it never promises more than it keeps.

    >>> print(lower_bound(Quantity.parse("100 %"), 299, Quantity.parse("95 %")))
    99.003 %
    """
    hits = float(rate.base) * trials
    if trials <= 0 or hits <= 0:
        return Quantity.of(0, "%")
    wrong, low, high = 1 - float(confidence.base), 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _beta(middle, hits, trials - hits + 1) < wrong:
            low = middle
        else:
            high = middle
    return Quantity.of(Decimal(low * 100).quantize(Decimal("0.001"), ROUND_DOWN), "%")


def _beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function: how likely a Beta(a, b) value is below x."""
    if not 0 < x < 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where the fraction below is slow, its mirror is fast
        return 1 - _beta(1 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(scale) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function, after Lentz."""
    value, upper, lower = 1.0, 1.0, 0.0
    for number in range(1, _TERMS):
        m = number // 2
        if number % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1 / (1 + term * lower or _TINY)
        upper = 1 + term / upper or _TINY
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-12:
            break
    return value
