"""The whole minutes of a run, by which AWS counts, and the requests that certainly lie within them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ...aws.answers import Unreadable
from .server_view import ANSWERED_FAILURES
from .soundness import why_clock_differs, why_unsound

#: Seconds by which the clocks of the generator and of AWS may differ.
_SKEW: Final = 2.0
#: Requests of one visit, each of which may take as long as the timeout: only the begin of a visit is recorded.
_IN_A_ROW: Final = 2
_MINUTE: Final = 60
_ERROR: Final = re.compile(r"HTTP 5\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequests:
    """Requests of the seconds that lie within the minutes to their end, however the clocks differ."""

    answered: int
    """Requests that were answered, successfully or not."""
    errors: int
    """Those answered with 5xx."""
    took: Counter[int]
    """Tenths of a millisecond -> how many successes took as long."""
    took_uncached: Counter[int]
    """The same for requests that no cache may answer."""


def find_whole_minutes(record: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Return begin and end of the whole minutes within a run's measured window.

    Raises Unreadable if there is none, and for a run that can't be trusted or was stopped early.
    """
    early = record["why"] if record["stopped_early"] else ""
    if reason := why_unsound(record) or early or why_clock_differs(record):
        raise Unreadable(reason)
    started = datetime.fromisoformat(record["started"]).astimezone(UTC)
    ended = (started + timedelta(seconds=record["profile"]["duration"])).replace(second=0, microsecond=0)
    begun = started + timedelta(seconds=-started.timestamp() % _MINUTE)
    if begun >= ended or not count_sent(record, begun, ended).answered:
        raise Unreadable(
            f"the measured {record['profile']['duration']:g} s hold no whole minute in which anything was answered, "
            "and AWS counts by the minute; let it last 3 min or more"
        )
    return begun, ended


def count_sent(record: Mapping[str, Any], begun: datetime, ended: datetime) -> SentRequests:
    """Return the requests that were sent and ended between two times."""
    answered = errors = 0
    took, uncached = Counter[int](), Counter[int]()
    for cell in _seconds_within(record, begun, ended):
        latency = {int(tenths): count for tenths, count in cell["latency"].items()}
        failed = cell["failed"].items()
        answered += sum(latency.values()) + sum(count for kind, count in failed if kind.startswith(ANSWERED_FAILURES))
        errors += sum(count for kind, count in failed if _ERROR.match(kind))
        took.update(latency)
        if not record["requests"][cell["request"]]["cacheable"]:
            uncached.update(latency)
    return SentRequests(answered=answered, errors=errors, took=took, took_uncached=uncached)


def _seconds_within(record: Mapping[str, Any], begun: datetime, ended: datetime) -> Iterator[Mapping[str, Any]]:
    started = datetime.fromisoformat(record["started"])
    first = (begun - started).total_seconds() + _SKEW
    last = (ended - started).total_seconds() - _SKEW - _IN_A_ROW * record["profile"]["timeout"]
    return (cell for cell in record["seconds"] if first <= cell["second"] and cell["second"] + 1 <= last)
