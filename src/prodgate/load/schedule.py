"""When arrivals come. The schedule is fixed before the run, so that no late or missing answer can delay an arrival.

Arrivals form a Poisson process and are not evenly spaced: readers come independently of each other, which makes bursts
that a queue has to bear, and no server can fall into step with them (at a constant pace, one that stalls every 10 ms
could be missed, or hit, every time). Given their number, the arrivals of a Poisson process are independent and uniform
over the time; drawing them this way also fixes the number, so that "4,000 planned" is exactly 4,000.

No load begins at its full rate: it climbs there, so that a site which can't bear it breaks under little of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from random import Random

from .profile import Profile


@dataclass(frozen=True, slots=True)
class Arrival:
    """The arrival of one reader: seconds after the start of the run, and a number from 0 to 1 that picks the task."""

    at: float
    choice: float
    number: int
    """Counted from 0 in the measured window; below 0 in the warm-up."""


def arrivals(profile: Profile, *, worker: int = 0, workers: int = 1) -> Iterator[Arrival]:
    """Yield a worker's arrivals in order: every ``workers``-th of a schedule that all workers share."""
    random = Random(profile.seed)  # noqa: S311  a load, not a secret
    rate, before = profile.rate, profile.warm_up
    warming = list(_draw(random, rate, before, climb=before / 2))
    measured = [before + at for at in _draw(random, rate, profile.duration, climb=profile.climb)]
    choices = Random(profile.seed + 1)  # noqa: S311
    for number, at in enumerate([*warming, *measured], start=-len(warming)):
        choice = choices.random()
        if number % workers == worker:
            yield Arrival(at, choice, number)


def _draw(random: Random, rate: float, seconds: float, *, climb: float) -> Iterator[float]:
    """Yield the times of arrivals, in order; their rate climbs evenly from nothing for the first ``climb`` seconds."""
    whole = seconds - climb / 2
    for due in sorted(random.uniform(0, whole) for _ in range(round(rate * whole))):
        yield sqrt(2 * climb * due) if due < climb / 2 else due + climb / 2


def count_arrivals(profile: Profile) -> int:
    """Return how many arrivals the measured window holds."""
    return round(profile.rate * (profile.duration - profile.climb / 2))


def host_index(number: int, *, workers: int, hosts: int) -> int:
    """Return the index of the host that an arrival goes to; each worker alternates on its own."""
    return number // workers % hosts
