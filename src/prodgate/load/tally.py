"""Exact counts of what became of arrivals; the tallies of several processes add up to one without losing anything.

A tally hands over what it has counted since the last time as JSON values (a *part*), which another adds to its own.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..semantics.secret_forms import redact_credentials

#: Characters of a failure's text that are kept.
MAX_TEXT: Final = 200
#: Characters that are searched for credentials first, so that none is kept because it was cut in two.
_MAX_SCANNED: Final = 4096

#: Counted for each host: arrivals that were sent, and further requests of an arrival. In a complete run the two add up
#: to the requests in the cells.
_TOTALS: Final = ("sent", "followed")


@dataclass(slots=True)
class Cell:
    """The requests of one name in one second."""

    latency: Counter[int] = field(default_factory=Counter)
    """Of successes: tenths of a millisecond, rounded up -> count."""
    failed: Counter[str] = field(default_factory=Counter)
    unshareable: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a request is counted: by the second of its arrival in the measured window, and by host."""

    second: int
    """Below 0 in the warm-up, whose requests and failures are only counted."""
    side: int = 0


class Tally:
    """The counts of one process, or of all. ``slow`` is the limit in seconds that ``per_second`` applies."""

    def __init__(self, *, hosts: int = 1, slow: float = math.inf) -> None:
        self.hosts = hosts
        self.cells: dict[tuple[int, int, str], Cell] = defaultdict(Cell)
        """By side, second, and the request's name."""
        self.totals: dict[str, list[int]] = {name: [0] * hosts for name in _TOTALS}
        self.not_sent: Counter[tuple[int, int]] = Counter()
        """Arrivals that were not sent, by side and second."""
        self.warm_up: Counter[str] = Counter(sent=0, failed=0)
        self.failures: dict[tuple[str, str], dict[str, Any]] = {}
        self.settled = 0
        self._slow = slow * 10_000
        self._per_second: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])

    def count_sent(self, moment: Moment, *, free: bool = True) -> None:
        """Count an arrival: sent, or not sent because too many were under way."""
        if moment.second < 0:
            return
        if free:
            self.totals["sent"][moment.side] += 1
        else:
            self.not_sent[moment.side, moment.second] += 1

    def count_follow_up(self, moment: Moment) -> None:
        """Count a further request of an arrival."""
        if moment.second >= 0:
            self.totals["followed"][moment.side] += 1

    def count_success(self, moment: Moment, request: str, latency: float, unshareable: str = "") -> None:
        """Count a success that took ``latency`` seconds from its intended start to its last byte."""
        if moment.second < 0:
            self.warm_up["sent"] += 1
            return
        cell = self.cells[moment.side, moment.second, request]
        cell.latency[tenths_of_ms(latency)] += 1
        if unshareable:
            cell.unshareable[unshareable] += 1
        self.settled += 1

    def count_failure(self, moment: Moment, request: str, kind: str, text: str) -> None:
        """Count a failure; the first ``text`` of each kind and request is kept."""
        if moment.second < 0:
            self.warm_up.update(sent=1, failed=1)
            return
        self.cells[moment.side, moment.second, request].failed[kind] += 1
        self.settled += 1
        if (kind, request) not in self.failures:
            kept = redact_credentials(text[:_MAX_SCANNED])[:MAX_TEXT]
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
            "warm_up": dict(self.warm_up),
            "failures": list(self.failures.values()),
        }
        self.cells.clear()
        self.totals = {name: [0] * self.hosts for name in _TOTALS}
        self.not_sent.clear()
        self.warm_up = Counter(sent=0, failed=0)
        return part

    def add(self, part: Mapping[str, Any]) -> int:
        """Add the part of another tally; return how many requests it holds."""
        before = self.settled
        for cell in part["cells"]:
            self._add_cell(cell)
        for name, values in part["totals"].items():
            self.totals[name] = [mine + theirs for mine, theirs in zip(self.totals[name], values, strict=True)]
        self.not_sent.update({(side, second): count for side, second, count in part["not_sent"]})
        self.warm_up.update(part["warm_up"])
        for example in part["failures"]:
            self.failures.setdefault((example["class"], example["request"]), example)
        return self.settled - before

    def _add_cell(self, given: Mapping[str, Any]) -> None:
        cell = self.cells[given["side"], given["second"], given["request"]]
        latency = Counter({int(took): count for took, count in given["latency"].items()})
        cell.latency.update(latency)
        cell.failed.update(given["failed"])
        cell.unshareable.update(given["unshareable"])
        failed = sum(given["failed"].values())
        self.settled += latency.total() + failed
        if given["side"] == 0:
            slow = sum(count for took, count in latency.items() if took > self._slow)
            counted = self._per_second[given["second"]]
            for place, more in enumerate((latency.total() + failed, slow + failed, failed)):
                counted[place] += more

    def per_second(self) -> list[tuple[int, int, int]]:
        """Return (requests, slow or failed, failed) of each finished second of the first host, from added parts."""
        return [(n, slow, failed) for _, (n, slow, failed) in sorted(self._per_second.items())][:-1]


def cell_to_json(cell: Cell) -> dict[str, dict[str, int]]:
    """Return a cell as the record has it."""
    return {
        "latency": {str(took): count for took, count in sorted(cell.latency.items())},
        "failed": dict(cell.failed),
        "unshareable": dict(cell.unshareable),
    }


def tenths_of_ms(seconds: float) -> int:
    """Return tenths of a millisecond, rounded up."""
    return max(0, math.ceil(seconds * 10_000))
