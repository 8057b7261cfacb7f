"""Exact bounds of a share from a number of observations, even if trials of one second are correlated.

A share is of trials that went bad. Each end of an interval holds by itself at the confidence, so the two together hold
at less: with 95 % each, 5 % of systems that are at the limit pass, and 5 % fail.
SciPy is imported where it is used: importing it takes longer than a judgement, and it is larger than all the rest, so
only those who measure install it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from math import log
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_P = ParamSpec("_P")
_R = TypeVar("_R")

#: Lengths of spells, in seconds, within which bad trials may cluster. Longer spells count where there are enough of
#: them to tell how much they differ; with fewer, a guess would decide more than the data.
_SPELLS: Final = (1, 2, 4, 8)
_ENOUGH: Final = 15
#: More trials than anybody waits for.
_NEVER: Final = 10**9
#: Values whose orders are counted, in some tenths of a second; more are ranked by an approximation.
_COUNTED: Final = 120


def _with_scipy(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a function name what to install if SciPy is missing; what needs its result is then undetermined."""

    @wraps(function)
    def asked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"{error.name} is not installed, which statistics need; pip install 'prod-gate[load]'"
            ) from error

    return asked


def nearest_rank(counts: Mapping[int, int], mille: int, *, beyond: int = 0) -> int | None:
    """Return the least value that ``mille`` of 1,000 do not exceed, of values with how often each was seen.

    ``beyond`` are as many above all values; None where the rank falls among them, or there is nothing.

    >>> nearest_rank({10: 95, 900: 5}, 950), nearest_rank({10: 95}, 950, beyond=6)
    (10, None)
    """
    # whole numbers: of 300, no float decides whether the 285th or the 286th is the 95th percentile
    left = -(-mille * (sum(counts.values()) + beyond) // 1000)
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return None


@_with_scipy
def exact_interval(bad: float, trials: float, confidence: float) -> tuple[float, float]:
    """Return the interval of a share of which ``bad`` of ``trials`` were seen, after Clopper and Pearson.

    >>> low, high = exact_interval(0, 2995, 0.95)
    >>> low, round(high, 6)
    (0.0, 0.001)
    """
    return _low(bad, trials, confidence).item(), _high(bad, trials, confidence).item()


@_with_scipy
def clustered_interval(bad: Sequence[int], trials: int, confidence: float) -> tuple[float, float]:
    """Return the interval for trials spread over seconds, of which ``bad[second]`` went bad.

    After Korn and Graubard: the interval of as many independent trials as these are worth. Each end is the strictest
    that any part of the bad trials supports: otherwise further bad trials could make the rest look more regular, and
    so relax the end. Of seconds and longer spells, those that give the wider interval count.
    """
    found = [_spell_interval(each, trials, confidence) for each in _spells(bad)]
    return min(low for low, _ in found), max(high for _, high in found)


def _spell_interval(bad: Sequence[int], trials: int, confidence: float) -> tuple[float, float]:
    kept, together, apart = _parts(bad)
    high = _high(*_worth(kept, together, len(bad), trials, confidence), confidence)
    low = _low(*_worth(kept, apart, len(bad), trials, confidence), confidence)
    return float(low.max()), float(high.max())


@_with_scipy
def effective_trials(bad: Sequence[int], trials: int, confidence: float) -> float:
    """Return how many independent trials these are worth, at least 1: clustered bad ones tell little more than one."""
    return min(_effective(each, trials, confidence) for each in _spells(bad))


def _effective(bad: Sequence[int], trials: int, confidence: float) -> float:
    kept, together, _ = _parts(bad)
    _, worth = _worth(kept, together, len(bad), trials, confidence)
    return float(worth[-1])


@_with_scipy
def is_below(bad: Sequence[int], trials: int, limit: float, confidence: float) -> bool:
    """Whether the clustered ends both lie at or below a limit; the same as asking for them, and much faster."""
    return all(_is_below(each, trials, limit, confidence) for each in _spells(bad))


def _is_below(bad: Sequence[int], trials: int, limit: float, confidence: float) -> bool:
    from scipy.special import betainc  # noqa: PLC0415

    kept, together, _ = _parts(bad)
    count, worth = _worth(kept, together, len(bad), trials, confidence)
    rest = worth - count
    return bool(((betainc(count + 1, rest.clip(min=1e-9), limit) >= confidence) & (rest > 0)).all())


@_with_scipy
def is_above(bad: Sequence[int], trials: int, limit: float, confidence: float) -> bool:
    """Whether the clustered ends both lie above a limit."""
    return all(_is_above(each, trials, limit, confidence) for each in _spells(bad))


def _is_above(bad: Sequence[int], trials: int, limit: float, confidence: float) -> bool:
    from scipy.special import betaincc  # noqa: PLC0415

    kept, _, apart = _parts(bad)
    count, worth = _worth(kept, apart, len(bad), trials, confidence)
    above = betaincc(count.clip(min=1e-9), worth - count + 1, limit)
    return bool(((above > confidence) & (count > 0)).any())


@_with_scipy
def longest_spell(bad: float, trials: int, seconds: float, limit: float, confidence: float) -> float:
    """Return how long disturbances may be for a share to be shown at or below a limit all the same, in seconds.

    In the worst disturbance all trials go bad together: one of length L has rate x L of them, so the design effect is
    1 + rate x L. The window may also contain no disturbance at all if they are rare, whatever else was seen. If some
    bad trials come singly, less depends on chance. 0 when even independent trials don't show it.
    """
    from scipy.optimize import brentq  # noqa: PLC0415
    from scipy.special import betainc  # noqa: PLC0415

    share = bad / max(trials, 1)

    def beyond(worth: float) -> float:
        return float(betainc(share * worth + 1, (1 - share) * worth, limit)) - confidence

    if share >= limit or not trials or beyond(trials) < 0:
        return 0.0
    worth = float(brentq(beyond, 1e-6, trials, rtol=1e-9))
    return seconds * (1 / worth - 1 / trials)


def rarest_seen(seconds: float, confidence: float) -> float:
    """Return how many seconds apart, on average, events may come and still be met at a confidence in so many seconds.

    Events that come at random are all missed with the chance exp(-seconds / apart).
    """
    return seconds / -log(1 - confidence)


@_with_scipy
def student(freedom: int, confidence: float) -> float:
    """Return the quantile of Student's t."""
    from scipy.special import stdtrit  # noqa: PLC0415

    return float(stdtrit(freedom, confidence))


def further_trials(share: float, trials: int, settled: Callable[[float, float], bool]) -> int | None:
    """Return how many more trials with the same share of bad ones settle a question; None when none ever do.

    ``settled`` receives a number of bad trials and the number of all.
    """
    if not settled(share * _NEVER, _NEVER):
        return None
    short, enough = trials, max(2 * trials, 1)
    while not settled(share * enough, enough):
        short, enough = enough, 2 * enough
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if settled(share * middle, middle) else (middle, enough)
    return enough - trials


def _spells(bad: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield the bad trials of each second, and of spells of several seconds where there are enough."""
    for length in _SPELLS:
        if length == 1 or len(bad) // length >= _ENOUGH:
            yield [sum(bad[at : at + length]) for at in range(0, len(bad), length)]


def _parts(bad: Sequence[int]) -> tuple[Floats, Floats, Floats]:
    """Return every number of bad trials up to all, with the sums of squares of the most and of the least clustered.

    Whole seconds, the fullest first, cluster a given number of bad trials the most; filling all evenly, the least.
    """
    import numpy as np  # noqa: PLC0415

    steps = [np.arange(1, 2 * count, 2) for count in sorted(bad, reverse=True)]
    added = np.concatenate([np.zeros(1), *steps])
    return np.arange(float(len(added))), np.cumsum(added), np.cumsum(np.sort(added))


def _worth(kept: Floats, squares: Floats, seconds: int, trials: int, confidence: float) -> tuple[Floats, Floats]:
    """Return numbers of bad trials and of all, divided by the design effect.

    The design effect is the variance of bad trials per second over that of independent ones; few seconds raise it.
    """
    import numpy as np  # noqa: PLC0415
    from scipy.special import stdtrit  # noqa: PLC0415

    if seconds < 2:  # nothing tells whether bad trials come together
        design = np.where(kept > 0, trials, 1.0)
    else:
        independent = kept * (1 - kept / max(trials, 1)) / seconds
        variance = (squares - kept**2 / seconds) / (seconds - 1)
        few = (stdtrit(seconds - 1, confidence) / stdtrit(max(trials - 1, 1), confidence)) ** 2
        design = few * np.divide(variance, independent, out=np.zeros_like(kept), where=independent > 0)
    design = design.clip(min=1, max=max(trials, 1))
    return kept / design, trials / design


@_with_scipy
def chance_of_greater(earlier: Sequence[float], later: Sequence[float]) -> float:
    """Return the chance of ranks as far above the earlier ones when nothing changed, after Mann and Whitney.

    Of few values all ways to draw the later ones are counted: where many are the same, SciPy's normal approximation
    said 4 % of what comes in 9 % of all ways.
    """
    import numpy as np  # noqa: PLC0415

    every = [*earlier, *later]
    if len(every) > _COUNTED:
        from scipy.stats import mannwhitneyu  # noqa: PLC0415

        return float(mannwhitneyu(later, earlier, alternative="greater").pvalue)
    _, which, alike = np.unique(every, return_inverse=True, return_counts=True)
    ranks = (2 * np.cumsum(alike) - alike + 1)[which]  # twice the mean rank of those that are the same
    ways = np.zeros((len(later) + 1, ranks.sum() + 1))  # by how many are drawn, and by the sum of their ranks
    ways[0, 0] = 1
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, :-rank]
    return float(ways[-1, ranks[len(earlier) :].sum() :].sum() / ways[-1].sum())


def _low(bad: Any, trials: Any, confidence: float) -> Any:
    import numpy as np  # noqa: PLC0415
    from scipy.special import betaincinv  # noqa: PLC0415

    bad, trials = np.asarray(bad, float), np.asarray(trials, float)
    return np.where(bad > 0, betaincinv(bad.clip(min=1e-9), (trials - bad).clip(min=0) + 1, 1 - confidence), 0.0)


def _high(bad: Any, trials: Any, confidence: float) -> Any:
    import numpy as np  # noqa: PLC0415
    from scipy.special import betaincinv  # noqa: PLC0415

    bad, trials = np.asarray(bad, float), np.asarray(trials, float)
    rest = trials - bad
    return np.where(rest > 0, betaincinv(bad + 1, rest.clip(min=1e-9), confidence), 1.0)
