"""Exact counts of what became of arrivals; the tallies of several processes add up to one without losing anything.

A tally hands over what it has counted since the last time as JSON values (a *part*), which another adds to its own.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..browser.redacting.redaction import Redaction

#: Characters of a failure's text that are kept.
MAX_TEXT: Final = 200
#: Characters that are searched for credentials first, so that none is kept because it was cut in two.
_MAX_SCANNED: Final = 4096
#: Takes out what is a secret by its form, or by its name in an address.
_NAMELESS: Final = Redaction()

#: Counted for each host: arrivals that were sent, and further requests of an arrival. In a complete run the two add up
#: to the requests in the cells.
_TOTALS: Final = ("sent", "followed")


#: So many who wait at once are no longer one slow request.
CROWD: Final = 3


@dataclass(slots=True)
class Cell:
    """The requests of one name in one second."""

    latency: Counter[int] = field(default_factory=Counter)
    """Of successes: tenths of a millisecond, rounded up -> count."""
    doubtful: Counter[int] = field(default_factory=Counter)
    """Those of them of which nobody can tell whether they are what readers came for."""
    failed: Counter[str] = field(default_factory=Counter)
    unshareable: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a request is counted: by the second of its arrival in the measured window, and by host."""

    second: int
    """Below 0 in the warm-up, which is not judged unless the load was stopped in it."""
    side: int = 0


@dataclass(slots=True)
class Standstill:
    """For how long readers came to a host and nobody was served; times in seconds by one clock."""

    longest: float = 0.0
    second: int = 0
    """When the longest began."""
    _since: float = 0.0
    _began: int = 0
    _came: int = 0
    _latest: float = 0.0

    def come(self, moment: Moment, at: float) -> None:
        """Count a request, which was due at a time."""
        if moment.second < 0:
            return
        if not self._came:
            self._since, self._began = at, moment.second
        self._came, self._latest = self._came + 1, at

    def serve(self, at: float) -> None:
        """Note that a request was answered with success."""
        self._end(at)
        self._came = 0

    def close(self) -> None:
        """Note that nobody comes any more: a standstill lasted at least until the last came."""
        self._end(self._latest)

    def _end(self, at: float) -> None:
        if self._came >= CROWD and at - self._since > self.longest:
            self.longest, self.second = at - self._since, self._began


@dataclass(slots=True)
class Silence:
    """Since when nothing at all came back from a host, not even a failure; in the warm-up as well."""

    _since: float = 0.0
    _came: int = 0

    def come(self, at: float) -> None:
        """Count a request, which was due at a time."""
        self._since = self._since if self._came else at
        self._came += 1

    def end(self) -> None:
        """Note that a request ended, however it did."""
        self._came = 0

    def measure(self, now: float) -> tuple[int, float]:
        """Return how many came since something came back, and for how many seconds the first of them has waited."""
        return self._came, now - self._since if self._came else 0.0


class Tally:
    """The counts of one process, or of all. ``slow`` is the limit in seconds that ``per_second`` applies."""

    def __init__(self, *, hosts: int = 1, slow: float = math.inf) -> None:
        self.hosts = hosts
        self.cells: dict[tuple[int, int, str], Cell] = defaultdict(Cell)
        """By side, second, and the request's name."""
        self.totals: dict[str, list[int]] = {name: [0] * hosts for name in _TOTALS}
        self.not_sent: Counter[tuple[int, int]] = Counter()
        """Arrivals that were not sent, by side and second."""
        self.failures: dict[tuple[str, str], dict[str, Any]] = {}
        self.doubts: dict[str, str] = {}
        """Why an answer is doubtful, by request: the first."""
        self.settled = 0
        self.standstills = [Standstill() for _ in range(hosts)]
        self.silences = [Silence() for _ in range(hosts)]
        self._slow = slow * 10_000
        self._per_second: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])

    def count_sent(self, moment: Moment, *, free: bool = True) -> None:
        """Count an arrival: sent, or not sent because too many were under way."""
        if not free:
            self.not_sent[moment.side, moment.second] += 1
        elif moment.second >= 0:
            self.totals["sent"][moment.side] += 1

    def count_follow_up(self, moment: Moment) -> None:
        """Count a further request of an arrival."""
        if moment.second >= 0:
            self.totals["followed"][moment.side] += 1

    def count_success(
        self, moment: Moment, request: str, latency: float, unshareable: str = "", *, doubt: str = ""
    ) -> None:
        """Count a success that took ``latency`` seconds from its intended start to its last byte."""
        cell = self.cells[moment.side, moment.second, request]
        cell.latency[tenths_of_ms(latency)] += 1
        if doubt:
            cell.doubtful[tenths_of_ms(latency)] += 1
            self.doubts.setdefault(request, _NAMELESS.redact_text(doubt)[:MAX_TEXT])
        if unshareable:
            cell.unshareable[unshareable] += 1
        self.settled += 1

    def count_failure(self, moment: Moment, request: str, kind: str, text: str) -> None:
        """Count a failure; the first ``text`` of each kind and request is kept."""
        self.cells[moment.side, moment.second, request].failed[kind] += 1
        self.settled += 1
        if (kind, request) not in self.failures:
            kept = _NAMELESS.redact_text(text[:_MAX_SCANNED])[:MAX_TEXT]
            self.failures[kind, request] = {"class": kind, "request": request, "second": moment.second, "text": kept}

    def take(self) -> dict[str, Any]:
        """Return what was counted since the last time, as JSON values, and start again from zero."""
        part = {
            "cells": [
                {"side": side, "second": second, "request": request, **cell_to_json(cell)}
                for (side, second, request), cell in self.cells.items()
            ],
            "totals": self.totals,
            "not_sent": [[*place, count] for place, count in self.not_sent.items()],
            "failures": list(self.failures.values()),
            "doubts": self.doubts,
            "standstills": [[each.longest, each.second] for each in self.standstills],
        }
        self.cells.clear()
        self.totals = {name: [0] * self.hosts for name in _TOTALS}
        self.not_sent.clear()
        return part

    def add(self, part: Mapping[str, Any]) -> int:
        """Add the part of another tally; return how many requests it holds."""
        before = self.settled
        for cell in part["cells"]:
            self._add_cell(cell)
        for name, values in part["totals"].items():
            self.totals[name] = [mine + theirs for mine, theirs in zip(self.totals[name], values, strict=True)]
        for side, second, count in part["not_sent"]:
            self.not_sent[side, second] += count
            self._count_ended(side, second, count, slow=count, failed=count)
        for mine, (longest, second) in zip(self.standstills, part["standstills"], strict=True):
            mine.longest, mine.second = max((mine.longest, mine.second), (longest, second))
        self.doubts = {**part["doubts"], **self.doubts}
        for example in part["failures"]:
            self.failures.setdefault((example["class"], example["request"]), example)
        return self.settled - before

    def _add_cell(self, given: Mapping[str, Any]) -> None:
        cell = self.cells[given["side"], given["second"], given["request"]]
        latency = Counter({int(took): count for took, count in given["latency"].items()})
        cell.latency.update(latency)
        cell.doubtful.update({int(took): count for took, count in given.get("doubtful", {}).items()})
        cell.failed.update(given["failed"])
        cell.unshareable.update(given["unshareable"])
        failed = sum(given["failed"].values())
        self.settled += latency.total() + failed
        slow = sum(count for took, count in latency.items() if took > self._slow)
        self._count_ended(given["side"], given["second"], latency.total() + failed, slow=slow + failed, failed=failed)

    def _count_ended(self, side: int, second: int, requests: int, *, slow: int, failed: int) -> None:
        counted = self._per_second[side, second]
        for place, more in enumerate((requests, slow, failed)):
            counted[place] += more

    def per_second(self, side: int = 0, *, warming: bool = False) -> list[tuple[int, int, int]]:
        """Return (requests, slow or failed, failed) of each finished second of a host, from added parts.

        What was not sent failed. Seconds of the warm-up are left out unless ``warming`` asks for them, too.
        """
        seconds = sorted((second, told) for (at, second), told in self._per_second.items() if at == side)
        return [(n, slow, failed) for second, (n, slow, failed) in seconds[:-1] if warming or second >= 0]

    def ended(self, side: int = 0) -> tuple[int, int]:
        """Return how many requests to a host came to an end so far, or were not sent, and how many of them failed."""
        told = [each for (at, _), each in self._per_second.items() if at == side]
        return sum(n for n, _, _ in told), sum(failed for *_, failed in told)


def cell_to_json(cell: Cell) -> dict[str, dict[str, int]]:
    """Return a cell as the record has it."""
    doubtful = {str(took): count for took, count in sorted(cell.doubtful.items())}
    return {
        "latency": {str(took): count for took, count in sorted(cell.latency.items())},
        "failed": dict(cell.failed),
        "unshareable": dict(cell.unshareable),
        **({"doubtful": doubtful} if doubtful else {}),
    }


def tenths_of_ms(seconds: float) -> int:
    """Return tenths of a millisecond, rounded up."""
    return max(0, math.ceil(seconds * 10_000))
