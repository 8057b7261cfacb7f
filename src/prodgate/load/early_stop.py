"""When a run that has clearly failed may stop early; a system within its limits is hardly ever stopped.

The question is asked again each second, so an ordinary test would sooner or later say "too many" by chance (every 2 s
for 5 min, comparing the share with the limit stops 28 % of runs whose true share is 4 % of an allowed 5 %). Here the
evidence is a likelihood ratio: the share is above the limit, all such shares being equally likely, against the share
being exactly the limit. Where the share is within the limit that ratio is a non-negative supermartingale that starts
at 1; by Ville's inequality it ever reaches 1/alpha with a probability of at most alpha, however often one looks.

Requests of one second are not independent: a server that stalls makes all of them slow. Counts are therefore divided by
the design effect: how much more seconds (or spells of several) differ from each other than independent requests would.
A run that is bad from its first second can't be told from a system that always is.
A run is never stopped for going well: that no stall has been seen yet proves nothing.

Load also ends for a broken site, even in the warm-up, to do no more harm: when
most requests of a few seconds fail, or clearly more than a twentieth of all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import variance
from typing import Final

from .profile import Profile

#: The chance that a run within its limits is stopped, for each limit.
ALPHA: Final = 0.01
#: No run is stopped before so many seconds: fewer can't show how much seconds differ.
MIN_SECONDS: Final = 8
#: The least design effect that is assumed: a handful of seconds that happen to be alike prove no independence.
MIN_EFFECT: Final = 4.0
#: Lengths of bad spells in seconds; longer ones count as soon as there are MIN_SPELLS of them to compare.
SPELLS: Final = (1, 2, 4, 8)
MIN_SPELLS: Final = 4
#: A share of failures that shows a site to be broken, whatever its criteria say.
BROKEN: Final = 0.05
#: Seconds of the latest part, which is also judged by itself: a fault after ten good minutes is a small share of all.
RECENT: Final = 30
#: A site is broken if most requests that ended failed at so many looks in a row, and so many ended in all.
LOOKS: Final = 3
LEAST: Final = 20
#: Seconds for which nothing comes back from a site that hangs; more where so slow an answer is allowed.
SILENT: Final = 5.0


@dataclass(slots=True)
class OutageWatch:
    """Looks at one host each second; ``look`` returns why it is broken."""

    _before: tuple[int, int] = (0, 0)
    _outage: list[tuple[int, int]] = field(default_factory=list)
    """(requests that ended, failed) of the latest looks in a row at which most had failed."""

    def look(self, ended: int, failed: int) -> str:
        """Return why the host is broken, "" when it is not; both counts are since the start of the load."""
        more, bad = ended - self._before[0], failed - self._before[1]
        self._before = ended, failed
        if more:
            self._outage = [*self._outage, (more, bad)] if 2 * bad > more else []
        requests, lost = (sum(each) for each in zip(*self._outage, strict=True)) if self._outage else (0, 0)
        if len(self._outage) < LOOKS or requests < LEAST:
            return ""
        return f"the site is broken: of the last {requests:,} requests {lost:,} failed"


def find_broken(seconds: Sequence[tuple[int, int, int]]) -> str:
    """Return that clearly too much failed for any site, "" otherwise; seconds as below, with those of the warm-up."""
    for part in (seconds, seconds[-RECENT:]):
        if is_clearly_too_many([(n, k) for n, _, k in part], BROKEN):
            last = f"the last {len(part)} s" if len(part) < len(seconds) else "all"
            count, lost = sum(n for n, _, _ in part), sum(k for *_, k in part)
            return f"the site is broken: of {last} {count:,} requests {lost:,} failed"
    return ""


def find_silence(workers: Sequence[tuple[int, float]], profile: Profile) -> str:
    """Return that a host hangs, "" when it does not: nothing comes back any more, which fails only when it times out.

    Each worker gives how many of its requests came since one last ended, and the seconds that the first has waited.
    """
    came, waited = sum(many for many, _ in workers), min((since for _, since in workers), default=0.0)
    if came < LEAST or waited < max(SILENT, SILENT * (profile.slow or 0.0)):
        return ""
    return f"the site is broken: for {waited:.0f} s nothing came back to any of {came:,} requests"


def find_clear_failure(seconds: Sequence[tuple[int, int, int]], profile: Profile) -> str:
    """Return what has clearly failed, "" when nothing has; each second is (requests, slow or failed, failed)."""
    count = sum(n for n, _, _ in seconds)
    if profile.failed_share and is_clearly_too_many([(n, k) for n, _, k in seconds], profile.failed_share):
        return f"{sum(k for _, _, k in seconds):,} of {count:,} requests failed"
    slow = [(n, k) for n, k, _ in seconds]
    if profile.slow and profile.slow_share and is_clearly_too_many(slow, profile.slow_share):
        bad = sum(k for _, k in slow)
        return f"{bad:,} of {count:,} requests were slower than {profile.slow * 1000:g} ms or failed"
    return ""


def is_clearly_too_many(seconds: Sequence[tuple[int, int]], limit: float) -> bool:
    """Return whether far more than ``limit`` (a share) are bad; each second is (how many, how many of them bad)."""
    if len(seconds) < MIN_SECONDS:
        return False
    count, bad = sum(n for n, _ in seconds), sum(k for _, k in seconds)
    if bad <= limit * count:
        return False
    effect = design_effect(seconds)
    return log_evidence(bad / effect, count / effect, limit) >= -math.log(ALPHA)


def design_effect(seconds: Sequence[tuple[int, int]]) -> float:
    """Return how many times more the bad requests vary, by second or by spell, than independent ones would."""
    count, bad = sum(n for n, _ in seconds), sum(k for _, k in seconds)
    share = bad / count
    excess = [k - n * share for n, k in seconds]
    independent = count / len(seconds) * share * (1 - share)
    if not independent:
        return MIN_EFFECT
    spells = (length for length in SPELLS if len(seconds) // length >= MIN_SPELLS)
    return max(MIN_EFFECT, *(variance(_sums(excess, length)) / (length * independent) for length in spells))


def _sums(values: Sequence[float], length: int) -> list[float]:
    """Return the sums of all whole spells of a length, the latest included."""
    return [sum(values[at : at + length]) for at in range(len(values) % length, len(values), length)]


def log_evidence(bad: float, count: float, limit: float) -> float:
    """Return a lower bound of the logarithm of the evidence that the share is above ``limit``, at most one half.

    The share of the alternative is uniform above the limit. Its likelihood is a beta function times how much of a
    Beta(bad + 1, count - bad + 1) distribution lies above the limit: at least half, since the median lies between mode
    and mean, which are both above it here.
    """
    good = count - bad
    alternative = math.lgamma(bad + 1) + math.lgamma(good + 1) - math.lgamma(count + 2) + math.log(0.5 / (1 - limit))
    return alternative - bad * math.log(limit) - good * math.log1p(-limit)
