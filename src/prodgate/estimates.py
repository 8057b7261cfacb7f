"""A value that rests on a number of observations: its interval, and what would settle it."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from . import statistics
from .quantities import UNITS, Bound, Quantity, UnitError, figure

#: Confidence where a criterion states none: intervals are shown, and the point value decides.
CONFIDENCE: Final = Quantity.of(95, "%")
#: The end of an interval that nothing limits.
UNBOUNDED: Final = Decimal("Infinity")
#: Decimals of a share in percent; the ends are rounded outwards.
_FINE: Final = Decimal("0.000000001")
#: Digits of a number that is shown.
_DIGITS: Final = 4
#: Tenths of a millisecond in a second.
_TENTHS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A measured value with its interval; each end holds by itself at the confidence."""

    value: Quantity
    low: Quantity
    high: Quantity
    samples: int
    effective: int
    """How many independent samples these are worth."""
    confidence: Quantity
    of: str = "requests"
    """The name of the samples, in the plural."""
    settles: str = ""
    """What more would decide a bound that lies between the ends."""
    unfinished: str = ""
    """Why this can show that a bound is broken but not that it is kept; empty when it can do both."""
    at_most: str = ""
    """What can only have made it larger, so that this can show that a limit is kept but not that it is broken."""
    detail: str = ""
    """The parts of the value, in words."""
    spell: float = 0.0
    """How long, in seconds, a disturbance may be for this to show that a bound is kept; 0 when it does not show it."""

    def __str__(self) -> str:
        return self.beside(None)

    def beside(self, bound: Bound | None) -> str:
        """Return the estimate in words; no figure is rounded onto a bound or beyond it, or to 0 % or 100 %."""
        limit = bound.limit if bound else None
        low, high = _shorten(self.low, limit, ROUND_FLOOR), _shorten(self.high, limit, ROUND_CEILING)
        ends = f"{low.removesuffix(f' {self.low.unit}')}–{high}"
        worth = f", worth {self.effective:,}" if self.effective < self.samples else ""
        detail = f"; {self.detail}" if self.detail else ""
        interval = f"{self.confidence} each end: {ends}, "
        if self.low == self.high:
            interval = ""
        value = _shorten(self.value, limit, ROUND_HALF_EVEN)
        value = f"at most {value}" if self.at_most else value
        return f"{value} ({interval}{self.samples:,} {self.of}{worth}{detail})"

    def is_within(self, bound: Bound) -> bool:
        """Whether the bound holds wherever in the interval the truth is."""
        return bound.admits(self.low) and bound.admits(self.high)

    def is_outside(self, bound: Bound) -> bool:
        """Whether the bound is broken wherever in the interval the truth is."""
        inside = bound.limit is not None and self.low.base <= bound.limit.base <= self.high.base
        return not (bound.admits(self.low) or bound.admits(self.high) or (bound.comparator == "==" and inside))


def estimate_share(
    bad: Sequence[int],
    trials: int,
    *,
    bound: Bound,
    confidence: Quantity | None,
    unfinished: str = "",
    detail: str = "",
    seconds: float = 0.0,
) -> Estimate:
    """Estimate the share of requests that went bad: ``bad[second]`` of them in each second, in ``seconds`` in all."""
    sure, limit = confidence or CONFIDENCE, _limit(bound)
    low, high = statistics.clustered_interval(bad, trials, float(sure.base))
    worth = statistics.effective_trials(bad, trials, float(sure.base))
    return Estimate(
        value=_percent(sum(bad) / max(trials, 1), ROUND_HALF_EVEN),
        low=_percent(low, ROUND_FLOOR),
        high=_percent(high, ROUND_CEILING),
        samples=trials,
        effective=int(worth),
        confidence=sure,
        settles=_describe_further_trials(sum(bad), trials, worth, limit=limit, confidence=sure),
        unfinished=unfinished,
        detail=detail,
        spell=statistics.longest_spell(sum(bad), trials, seconds, limit, float(sure.base)),
    )


def estimate_rate(
    value: Quantity, trials: int, *, bound: Bound, confidence: Quantity | None, of: str = "requests"
) -> Estimate:
    """Estimate a share that was observed in so many independent trials."""
    sure, hits = confidence or CONFIDENCE, float(value.base) * trials
    low, high = statistics.exact_interval(hits, trials, float(sure.base))
    return Estimate(
        value=value,
        low=_percent(low, ROUND_FLOOR),
        high=_percent(high, ROUND_CEILING),
        samples=trials,
        effective=trials,
        confidence=sure,
        of=of,
        settles=_describe_further_trials(hits, trials, trials, limit=_limit(bound), confidence=sure, of=of),
    )


def estimate_percentile(
    slower: Callable[[int], Sequence[int]],
    latencies: Sequence[int],
    trials: int,
    *,
    slowest: Decimal,
    bound: Bound,
    confidence: Quantity | None,
    unfinished: str = "",
    detail: str = "",
    seconds: float = 0.0,
) -> Estimate:
    """Estimate the latency that no more than the share ``slowest`` of requests exceed, which came in ``seconds``.

    ``latencies`` are ascending tenths of a millisecond; ``slower(latency)`` counts requests over one, by second. The
    ends are the latencies between which that share can't be told from the one that was seen: a limit lies outside of
    them exactly when the count of requests over the limit decides.
    """
    sure, part = confidence or CONFIDENCE, float(slowest)
    level = float(sure.base)

    def first(holds: Callable[[Sequence[int]], bool]) -> Quantity:
        return _find_least(latencies, lambda latency: holds(slower(latency)))

    over = slower(_tenths(bound))
    worth = statistics.effective_trials(over, trials, level)
    return Estimate(
        value=first(lambda bad: sum(bad) <= slowest * trials),
        low=first(lambda bad: not statistics.is_above(bad, trials, part, level)),
        high=first(lambda bad: statistics.is_below(bad, trials, part, level)),
        samples=trials,
        effective=int(worth),
        confidence=sure,
        settles=_describe_further_trials(sum(over), trials, worth, limit=part, confidence=sure),
        unfinished=unfinished,
        detail=detail,
        spell=statistics.longest_spell(sum(over), trials, seconds, part, level),
    )


def exact_count(number: int, *, samples: int, unfinished: str = "", detail: str = "", of: str = "requests") -> Estimate:
    """Return an exact count as an estimate; an unfinished count is only the least that there can be."""
    found = exact_value(Quantity.of(number), samples=samples, of=of)
    high = Quantity.of(UNBOUNDED) if unfinished else found.high
    return replace(found, high=high, unfinished=unfinished, detail=detail)


def exact_value(value: Quantity, *, samples: int, of: str = "requests", at_most: str = "") -> Estimate:
    """Return a value as an estimate that leaves nothing to chance."""
    sure = Quantity.of(100, "%")
    return Estimate(
        value=value, low=value, high=value, samples=samples, effective=samples, confidence=sure, of=of, at_most=at_most
    )


def _describe_further_trials(
    bad: float, trials: int, worth: float, *, limit: float, confidence: Quantity, of: str = "requests"
) -> str:
    """Say how many more observations of the same kind would put a limit outside of the interval."""
    if not trials:
        return ""
    design, level = trials / worth, float(confidence.base)

    def settled(hits: float, total: float) -> bool:
        low, high = statistics.exact_interval(hits / design, total / design, level)
        return high < limit or low > limit

    if settled(bad, trials):
        return ""
    more = statistics.further_trials(bad / trials, trials, settled)
    number = "no number of" if more is None else f"{more:,} more"
    return f"{number} {of} like these would settle it"


def _limit(bound: Bound) -> float:
    """Return the limit as a share of bad ones. Raises UnitError for a bound on something else."""
    limit = bound.limit
    if limit is None or limit.dimension != "ratio":
        raise UnitError(f"'{bound}' bounds a {bound.dimension}, not a share")
    return float(limit.base)


def _tenths(bound: Bound) -> int:
    """Return the greatest latency that a bound admits, in tenths of a millisecond."""
    tenths = int(bound.limit.base * _TENTHS) if bound.limit else 0
    return tenths if bound.admits(_latency(tenths)) else tenths - 1


def _latency(tenths: int | None) -> Quantity:
    return Quantity.of(UNBOUNDED if tenths is None else Decimal(tenths) / 10, "ms")


def _find_least(latencies: Sequence[int], holds: Callable[[int], bool]) -> Quantity:
    """Return the least latency from which on something holds, and UNBOUNDED when it holds for none."""
    candidates = (0, *latencies)
    found = bisect_left(candidates, True, key=holds)
    return _latency(candidates[found] if found < len(candidates) else None)


def _percent(part: float, rounding: str) -> Quantity:
    return Quantity.of((Decimal(part) * 100).quantize(_FINE, rounding), "%")


def _shorten(quantity: Quantity, limit: Quantity | None, rounding: str) -> str:
    """Return a quantity in few digits, rounded so that an interval never looks narrower than it is."""
    number, unit = quantity.magnitude, quantity.unit
    if not number.is_finite():
        return f"{'-' * number.is_signed()}∞ {unit}".rstrip()
    marks = [Decimal(0), Decimal(100)] if unit == "%" else []
    marks += [limit.base / UNITS[unit][1]] if limit and limit.dimension == quantity.dimension else []
    decimals = _DIGITS - 1 - number.adjusted()
    return str(Quantity.of(figure(number, *marks, decimals=decimals, rounding=rounding).replace(",", ""), unit))
