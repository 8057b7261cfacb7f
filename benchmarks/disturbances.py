"""Simulated sites for ``confidence.py``: the share of failed requests in each second, by kind of disturbance."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

SEED: Final = 20261127

#: Given chance and a number of seconds: the share of failed requests in each.
Truth = Callable[[np.random.Generator, int], Any]


def steady(share: float) -> Truth:
    """Failures come one by one."""
    return lambda _chance, seconds: np.full(seconds, share)


def standing_still(share: float, length: float, singly: float = 0.0) -> Truth:
    """Everything fails in spells of a length, at random moments; some more failures come one by one."""
    within = (share - singly) / (1 - singly)

    def shares(chance: np.random.Generator, seconds: int) -> Any:
        expected = -np.log1p(-within) / length * (seconds + length)
        begins = np.sort(chance.uniform(-length, seconds, chance.poisson(expected)))
        return singly + (1 - singly) * covered(begins, length, seconds)

    return shares


def regular(share: float, length: float) -> Truth:
    """Everything fails in spells of a length at equal distances, as from a scheduled job."""

    def shares(chance: np.random.Generator, seconds: int) -> Any:
        every = length / share
        return covered(np.arange(chance.uniform(-every, 0), seconds, every), length, seconds)

    return shares


def drifting(share: float, length: float) -> Truth:
    """More and fewer requests fail by turns, often half or twice as many; after one length little is correlated."""
    kept, spread = np.exp(-1 / length), np.log(2)

    def shares(chance: np.random.Generator, seconds: int) -> Any:
        moves, at = chance.normal(0, 1, seconds), np.empty(seconds)
        at[0] = moves[0]
        for second in range(1, seconds):
            at[second] = kept * at[second - 1] + np.sqrt(1 - kept**2) * moves[second]
        return share * np.exp(spread * at - spread**2 / 2)

    return shares


def partly(share: float, length: float, part: float) -> Truth:
    """A part fails in spells of a length, as if one of several backends is down."""
    whole = standing_still(share / part, length)
    return lambda chance, seconds: part * whole(chance, seconds)


def heavy_tailed(share: float, longest: float) -> Truth:
    """Everything fails in spells, most of them short and some long."""

    def draw(chance: np.random.Generator, count: int) -> Any:
        return np.minimum(longest, 0.16 * (chance.pareto(1.5, count) + 1))

    mean = float(draw(np.random.default_rng(SEED), 100_000).mean())

    def shares(chance: np.random.Generator, seconds: int) -> Any:
        count = int(2 * seconds * share / mean) + 20
        gaps, lengths = chance.exponential(mean * (1 - share) / share, count), draw(chance, count)
        begins = np.cumsum(gaps) + np.append(0, np.cumsum(lengths)[:-1])
        whole = sum(covered(begins[[at]], lengths[at], seconds) for at in range(count) if begins[at] < seconds)
        return whole + np.zeros(seconds)

    return shares


def bursts(chance: np.random.Generator, seconds: int, share: float, length: float) -> Any:
    """Return the seconds in which neighbours use the processors: a share of the time, in spells of a mean length."""
    ends, begins = 1 / length, share / (1 - share) / length
    draws, taken, on = chance.random(seconds), np.zeros(seconds, dtype=bool), chance.random() < share
    for second in range(seconds):
        taken[second] = on
        on = draws[second] >= ends if on else draws[second] < begins
    return taken


def in_groups(share: float, length: float, together: int, within: float) -> Truth:
    """Spells of a length come in groups, so many within a time, at random moments."""

    def shares(chance: np.random.Generator, seconds: int) -> Any:
        groups = chance.poisson(-np.log1p(-share) / length / together * (seconds + within))
        first = chance.uniform(-within, seconds, (groups, 1))
        begins = np.sort((first + chance.uniform(0, within - length, (groups, together))).ravel())
        return covered(begins, length, seconds)

    return shares


def refilling(share: float, length: float) -> Truth:
    """Everything fails at once, as after a cache flush, and after one length nearly nothing does."""
    decay = length / 3

    def shares(chance: np.random.Generator, seconds: int) -> Any:
        flushes = chance.uniform(-length, seconds, chance.poisson((seconds + length) * share / decay))
        since = np.arange(seconds)[:, None] + 0.5 - flushes[None, :]
        return np.where(since > 0, np.exp(-since / decay), 0).sum(axis=1).clip(0, 1)

    return shares


def waving(share: float, period: float) -> Truth:
    """The failure rate waves like a day's traffic; half a period is one disturbance."""
    return lambda chance, seconds: share * (1 + np.sin(2 * np.pi * (np.arange(seconds) / period + chance.random())))


def covered(begins: Any, length: float, seconds: int) -> Any:
    """Return the share of each second that lies within a spell."""
    if not len(begins):
        return np.zeros(seconds)
    until = np.minimum(begins + length, np.append(begins[1:], np.inf))
    marks = np.column_stack([begins, until]).ravel()
    total = np.column_stack([np.append(0, np.cumsum(until - begins)[:-1]), np.cumsum(until - begins)]).ravel()
    at = np.interp(np.arange(seconds + 1), marks, total)
    return np.diff(at).clip(0, 1)
