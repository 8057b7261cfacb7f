"""The plan of a load: how many arrivals for how long, when each comes, and the settings of the Locust process."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any, Final, Self

from ..semantics.json_texts import read_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One load: a steady stream of arrivals that does not wait for answers. Times in seconds, shares from 0 to 1.

    Raises ValueError for a profile that can't be run.
    """

    name: str
    rate: float
    """Arrivals per second, all workers and both hosts together."""
    duration: float
    """How long the load is measured, after the warm-up."""
    within: float = 0.0
    """How long after the warm-up a part that was measured while something was wrong here may be measured again."""
    warm_up: float = 5.0
    """How long load runs before that, climbing to the rate in the first half; its requests are only counted."""
    climb: float = 0.0
    """How long the rate climbs from nothing at the start of what is measured, for a load whose beginning counts."""
    timeout: float = 10.0
    """How long a request may take from its intended start; longer is the failure "timeout"."""
    slow: float | None = None
    """A request that takes longer is slow; when far more than ``slow_share`` are, the run stops early."""
    slow_share: float | None = None
    failed_share: float | None = None
    """When far more requests than this share fail, the run stops early."""
    seed: int = 1
    """The same seed gives the same arrivals."""
    returning: float = 0.0
    """The share of visits by readers who were here before, with the connection and the cookies that they had then."""
    uncached: float = 0.0
    """The share of visits that ask for addresses which no cache has seen, so that the origin has to answer."""
    open_at_once: int = 2000
    """How many arrivals a process performs at once; one that comes on top of them is counted as not sent."""

    def __post_init__(self) -> None:
        for name in ("rate", "duration", "timeout", "open_at_once"):
            if not getattr(self, name) > 0:
                raise ValueError(f"load profile {self.name!r}: {name} is {getattr(self, name)}; it must be above 0")
        if not 0 <= self.uncached <= 1:
            raise ValueError(f"load profile {self.name!r}: uncached is {self.uncached}; it must be from 0 to 1")
        if not 0 <= self.returning < 1:
            raise ValueError(f"load profile {self.name!r}: returning is {self.returning}; it must be from 0 to below 1")
        if self.warm_up < 0:
            raise ValueError(f"load profile {self.name!r}: warm_up is {self.warm_up}; it must not be below 0")
        if not 0 <= self.climb <= self.duration:
            most = f"it must be from 0 to the duration, {self.duration}"
            raise ValueError(f"load profile {self.name!r}: climb is {self.climb}; {most}")

    @property
    def seconds(self) -> float:
        """How long arrivals come at most, including the warm-up."""
        return self.warm_up + max(self.duration, self.within)

    @property
    def patience(self) -> float:
        """How long to wait for the last arrivals: each request has its own timeout, and a task makes a few in a row."""
        return 3 * self.timeout

    def to_json(self) -> dict[str, Any]:
        """Return the profile as JSON values."""
        return asdict(self)


# ── When arrivals come
# The schedule is fixed before the run, so that no late or missing answer can delay an arrival. Arrivals form a
# Poisson process and are not evenly spaced: readers come independently of each other, which makes bursts that a queue
# has to bear, and no server can fall into step with them (at a constant pace, one that stalls every 10 ms could be
# missed, or hit, every time). Given their number, the arrivals of a Poisson process are independent and uniform over
# the time; drawing them this way also fixes the number, so that "4,000 planned" is exactly 4,000.
#
# No load begins at its full rate: it climbs there, so that a site which can't bear it breaks under little of it.


@dataclass(frozen=True, slots=True)
class Arrival:
    """The arrival of one reader: seconds after the start of the run, and a number from 0 to 1 that picks the task."""

    at: float
    choice: float
    number: int
    """Counted from 0 in the measured window; below 0 in the warm-up."""


def arrivals(profile: Profile, *, worker: int = 0, workers: int = 1, first: int = 0) -> Iterator[Arrival]:
    """Yield a worker's arrivals in order: every ``workers``-th of a schedule that all workers share.

    ``first`` is the number of the first arrival after the warm-up.
    """
    random = Random(profile.seed)  # noqa: S311  a load, not a secret
    rate, before = profile.rate, profile.warm_up
    warming = list(_draw(random, rate, before, climb=before / 2))
    measured = [before + at for at in _draw(random, rate, profile.duration, climb=profile.climb)]
    choices = Random(profile.seed + 1)  # noqa: S311
    for number, at in enumerate([*warming, *measured], start=first - len(warming)):
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


# ── The settings of the Locust process: a JSON object in the environment, or in a file named there

#: The variable that names the JSON file, or holds the object itself where a file is awkward, as in a container.
VARIABLE: Final = "PRODGATE_LOAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One load run: which load, on which host, and where its record goes."""

    profile: Profile
    host: str
    """Scheme, name and port: ``https://www.example.org``."""
    record: str
    """The file for the record, which the master or the single process writes; relative to the file of the settings."""
    workers: int = 0
    own: int = 0
    """The process that began this load and the site, where both run here: their threads are none of others'."""
    other_host: str = ""
    """A second host, which receives every second arrival, as when blue and green are compared."""
    holds: Mapping[str, Any] = field(default_factory=dict)
    """By request, what the criteria state of its answers."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host, and the other one if there is one."""
        return (self.host, self.other_host) if self.other_host else (self.host,)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild the settings. Raises ValueError, which names what is wrong."""
        try:
            return cls(**{**data, "profile": Profile(**data["profile"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"{VARIABLE}: these are no settings of a load run: {error}") from error

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self | None:
        """Return the settings that the environment names, None when it names none. Raises ValueError."""
        given = environment.get(VARIABLE, "")
        if not given:
            return None
        try:
            inline = given.lstrip().startswith("{")
            data = read_json(given if inline else Path(given).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"{VARIABLE}: {error}; name a JSON file, or give the JSON object itself") from error
        found = cls.from_json(data)
        return found if inline else replace(found, record=str(Path(given).parent / found.record))
