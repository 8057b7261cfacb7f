"""How many arrivals for how long, and what would be too slow or too many failures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One load: a steady stream of arrivals that does not wait for answers. Times in seconds, shares from 0 to 1.

    Raises ValueError when no such load can be made.
    """

    name: str
    rate: float
    """Arrivals per second, all workers and both hosts together."""
    duration: float
    """How long is measured, after the warm-up."""
    warm_up: float = 5.0
    """How long before, at the same rate; what happens in it is only counted."""
    timeout: float = 10.0
    """How long a request may take from its intended start; longer is the failure "timeout"."""
    slow: float | None = None
    """A request that takes longer is slow; with ``slow_share``, when far too many are, the run stops early."""
    slow_share: float | None = None
    failed_share: float | None = None
    """When far more requests than this share fail, the run stops early."""
    seed: int = 1
    """The same seed gives the same arrivals."""
    recycled: float = 0.05
    """The share of requests that ask for their connection to be closed: who keeps one for ever sees no switch."""
    open_at_once: int = 2000
    """How many arrivals a process has under way at most; one that comes when all are is counted as not sent."""

    def __post_init__(self) -> None:
        for name in ("rate", "duration", "timeout", "open_at_once"):
            if not getattr(self, name) > 0:
                raise ValueError(f"load profile {self.name!r}: {name} is {getattr(self, name)}; it must be above 0")
        if self.warm_up < 0:
            raise ValueError(f"load profile {self.name!r}: warm_up is {self.warm_up}; it must not be below 0")

    @property
    def seconds(self) -> float:
        """How long arrivals come, the warm-up included."""
        return self.warm_up + self.duration

    @property
    def patience(self) -> float:
        """How long the last arrivals are waited for: each request has its own timeout, and a task a few in a row."""
        return 3 * self.timeout

    def to_json(self) -> dict[str, Any]:
        """Return the profile as JSON values."""
        return asdict(self)
