"""A load profile: how many arrivals for how long, and when a run may stop early."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


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
        """How long arrivals come, including the warm-up."""
        return self.warm_up + self.duration

    @property
    def patience(self) -> float:
        """How long to wait for the last arrivals: each request has its own timeout, and a task makes a few in a row."""
        return 3 * self.timeout

    def to_json(self) -> dict[str, Any]:
        """Return the profile as JSON values."""
        return asdict(self)
