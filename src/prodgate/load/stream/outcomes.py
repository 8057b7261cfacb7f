"""What became of every request of a stream, and the record of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ...browser.redacting.redaction import Redaction
from ...facts.rollout.formats import STREAM_FORMAT
from ...statistics import nearest_rank
from .plan import Plan, Request

#: Failures that are kept one by one; of more, only their number.
MOST_KEPT: Final = 2_000
#: Characters of a failure's text.
_TEXT: Final = 160
_NAMELESS: Final = Redaction()
_UNKNOWN, _GOOD, _BAD = 0, 1, 2


@dataclass(slots=True)
class Cell:
    """What was counted of the requests that were due in one second."""

    latency: Counter[int] = field(default_factory=Counter)
    """Tenths of a millisecond from when a request was due to the end of its answer -> how many succeeded."""
    failed: Counter[str] = field(default_factory=Counter)
    builds: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Return the cell as the record has it."""
        latency = {str(took): count for took, count in sorted(self.latency.items())}
        return {"latency": latency, "failed": dict(self.failed), "builds": dict(self.builds)}


class Outcomes:
    """Counts what became of the requests of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._each = bytearray()
        self._cells: dict[int, Cell] = {}
        self._failures: list[dict[str, Any]] = []
        self._lag: Counter[int] = Counter()
        self._kinds: Counter[str] = Counter()
        self.acknowledged: dict[int, str] = {}
        """Number of each write that was answered with success -> the build that did."""
        self.read_back: dict[str, Any] | None = None
        """What became of those writes, as ``written.read_back`` found it."""

    @property
    def failed(self) -> int:
        """How many failed so far."""
        return sum(cell.failed.total() for cell in self._cells.values())

    @property
    def due(self) -> int:
        """How many were due so far."""
        return len(self._each)

    def count_due(self, request: Request, late: float) -> None:
        """Count a request that is due, and by how many seconds it is late."""
        self._each.append(_UNKNOWN)
        self._lag[_tenths(late)] += 1
        self._kinds[request.method] += 1
        self._kinds["new connection" if request.slot < 0 else "kept connection"] += 1

    def count_success(self, request: Request, seconds: float, build: str) -> None:
        """Count an answer, which took so many seconds from when the request was due."""
        self._each[request.number] = _GOOD
        cell = self._cell(request)
        cell.latency[_tenths(seconds)] += 1
        if request.key:
            self.acknowledged[request.number] = build
        if build:
            cell.builds[build] += 1

    def count_failure(self, request: Request, kind: str, text: str, *, reused: bool) -> None:
        """Count a failure of a request, over a connection that was used before or not."""
        self._each[request.number] = _BAD
        self._cell(request).failed[kind] += 1
        if len(self._failures) < MOST_KEPT:
            said = _NAMELESS.redact_text(text)[:_TEXT]
            about = {"method": request.method, "path": request.path, "class": kind, "text": said, "reused": reused}
            self._failures.append({"number": request.number, "at": round(self._time(request.number), 4), **about})

    def _cell(self, request: Request) -> Cell:
        return self._cells.setdefault(int(self._time(request.number)), Cell())

    def _time(self, number: int) -> float:
        """Return the seconds after the first request at which one was due."""
        return number / self._plan.rate

    def to_record(self, began: float, why: str) -> dict[str, Any]:
        """Return the record; ``began`` is when the first request was due, seconds since 1970, ``why`` why it ended."""
        return {
            "format": STREAM_FORMAT,
            "plan": self._plan.to_json(),
            "began": began,
            "ended": began + self._time(len(self._each)),
            "why": why,
            "due": len(self._each),
            "unknown": self._each.count(_UNKNOWN),
            "kinds": dict(self._kinds),
            "lag": {
                "p99": (nearest_rank(self._lag, 990) or 0) / 10_000,
                "max": (nearest_rank(self._lag, 1000) or 0) / 10_000,
            },
            "seconds": [{"second": at, **cell.to_json()} for at, cell in sorted(self._cells.items())],
            "failures": self._failures,
            "outages": list(self._list_outages()),
            "writes": self.read_back,
        }

    def _list_outages(self) -> Iterator[dict[str, Any]]:
        """Yield each spell of failures between two successes: its first and last request, and when they were due."""
        first = last = -1
        failed = 0
        for number, outcome in enumerate(self._each):
            if outcome == _BAD:
                first, last, failed = (number if first < 0 else first), number, failed + 1
            elif outcome == _GOOD and first >= 0:
                yield self._outage(first, last, failed)
                first, failed = -1, 0
        if first >= 0:
            yield self._outage(first, last, failed)

    def _outage(self, first: int, last: int, failed: int) -> dict[str, Any]:
        return {"began": round(self._time(first), 4), "ended": round(self._time(last), 4), "failed": failed}


def _tenths(seconds: float) -> int:
    return max(0, math.ceil(seconds * 10_000))
