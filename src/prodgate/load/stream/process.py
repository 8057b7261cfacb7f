"""A stream of requests in a process of its own, beside whatever else goes on, and the plan that it sends."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from ...processes.child import Process, clean_environment, ends_within, running
from ...processes.interpreter import own_python
from ..profile import Profile

# ── The plan of requests: each follows from its number alone, so the site cannot change it

#: Every so many requests opens a connection of its own, and every so many is a write, where there is one to make. They
#: share no factor, so that writes also go over both kinds of connection.
NEW_EVERY: Final = 5
WRITE_EVERY: Final = 9
#: Connections that are kept, and taken in turn.
KEPT: Final = 8
#: Writes that are sent again when all is over, with the keys that they had, and how often a write is read at most.
AGAIN: Final = 40
ATTEMPTS: Final = 3
#: How many times as fast as requests were sent writes are read back from a site of our own.
HASTE: Final = 4


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
    """The beginning of every key, so that no two streams send the same."""
    slow: float = 0.0
    """The limit in seconds that response times are judged by; 0 for none."""
    own: int = 0
    """The process that began this stream and the site, where both run here: their threads are none of others'."""
    build_header: str = ""
    """Header in which the site says which build answers; empty if it does not."""

    @property
    def profile(self) -> Profile:
        """The stream as a load, for what its health is judged by."""
        return Profile(name="watch", rate=self.rate, duration=self.limit, timeout=self.timeout, slow=self.slow)

    @property
    def pace_back(self) -> float:
        """Return how many writes are read back per second: more where the site is our own, and nothing is measured."""
        return self.rate * (HASTE if self.own else 1)

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


#: Seconds that the process may take to write its record, beyond the last timeout.
ALLOWANCE: Final = 20.0


class StreamError(Exception):
    """Requests could not be sent; the message says why and what to do."""


@dataclass(slots=True)
class Stream:
    """A stream that runs; its record is there once it was left."""

    _process: Process
    record: Mapping[str, Any] = field(default_factory=dict)

    def wait(self, seconds: float) -> bool:
        """Wait for its limit to be reached, and return whether it was."""
        return ends_within(self._process.child, seconds)

    def count_aside(self, since: float) -> float:
        """Return for how many of the latest seconds this process or its machine were not well, as far as is known."""
        windows = [json.loads(line) for line in self._process.output().splitlines() if line.endswith("}}")]
        ended = windows[-1]["second"] + windows[-1]["seconds"] if windows else 0.0
        return float(sum(each["seconds"] for each in windows if each["sick"] and each["second"] > ended - since))


@contextmanager
def streaming(plan: Plan, folder: Path) -> Iterator[Stream]:
    """Send requests while the context is open. Raises StreamError when they could not be sent."""
    command = own_python("-m", "prodgate.load.stream", json.dumps(plan.to_json()))
    with running(command, cwd=folder, environment=clean_environment()) as (process, sending):
        stream = Stream(process)
        try:
            yield stream
        finally:
            with suppress(BrokenPipeError):  # of one that reached its limit
                os.write(sending, b"\n")  # its input ends only when the context of its process does
            ends_within(process.child, plan.timeout + plan.longest_read_back + ALLOWANCE)
            stream.record = _read_record(process)


def _read_record(process: Process) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(process.output().splitlines()[-1])
    except (IndexError, ValueError):
        code = process.child.poll()
        how = "did not end" if code is None else process.describe_failure(code)
        raise StreamError(f"the stream of requests {how}; run it again") from None
    return found
