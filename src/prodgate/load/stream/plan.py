"""What is sent when: everything about a request follows from its number, so that nothing the site does changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

#: Every so many requests opens a connection of its own, and every so many is a write, where there is one to make. They
#: share no factor, so that writes, too, go over both kinds of connection.
NEW_EVERY: Final = 5
WRITE_EVERY: Final = 9
#: Connections that are kept, and taken in turn.
KEPT: Final = 8
#: Writes that are sent again when all is over, with the keys that they had, and how often a write is read at most.
AGAIN: Final = 40
ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A stream of requests. Times in seconds."""

    url: str
    """Scheme, name and port of the site: ``https://www.example.com``."""
    rate: float
    """Requests per second."""
    timeout: float
    """How long a request may take from when it was due; longer is the failure "timeout"."""
    limit: float
    """How long requests are sent at most."""
    reads: tuple[str, ...]
    """Paths that are read in turn."""
    write: str = ""
    """Path that is posted to, each time with an ``Idempotency-Key`` of its own; empty to write nothing."""
    written: str = ""
    """Path at which a write is read back, with ``{key}`` in place of its key; empty to read none back."""
    keys: str = ""
    """What begins every key, so that no two streams send the same."""
    build_header: str = ""
    """Header in which the site says which build answers; empty if it does not."""

    @property
    def longest_read_back(self) -> float:
        """Return the seconds that reading back all writes may take."""
        return (self.limit / WRITE_EVERY + AGAIN / self.rate + self.timeout) * ATTEMPTS if self.written else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what ``to_json`` wrote."""
        return cls(**{**stored, "reads": tuple(stored["reads"])})


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    number: int
    method: str
    path: str
    slot: int
    """Which of the kept connections it goes over; -1 for one of its own."""
    key: str = ""


def key_of(plan: Plan, number: int) -> str:
    """Return the key of the write of a number."""
    return f"{plan.keys}-{number:09d}"


def plan_request(plan: Plan, number: int) -> Request:
    """Return the request of a number, from 0."""
    slot = -1 if number % NEW_EVERY == NEW_EVERY - 1 else number % KEPT
    if plan.write and number % WRITE_EVERY == WRITE_EVERY - 1:
        return Request(number, "POST", plan.write, slot, key_of(plan, number))
    return Request(number, "GET", plan.reads[number % len(plan.reads)], slot)
