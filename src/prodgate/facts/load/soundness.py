"""Whether the record of a load run can be trusted at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_UP, Decimal
from typing import Any, Final

from ...quantities import Quantity

#: Version of the records that are written and read here.
FORMAT: Final = 1
#: Greatest 99th percentile of lateness, in seconds, of a run that is compared with another: lateness that hardly
#: matters beside a limit shifts a percentile by as much as a real change.
MOST_LAG: Final = 0.020
#: By how many seconds a clock may be set while load runs, for times that others recorded to be set beside its own.
MOST_MOVED: Final = 1.0
#: Greatest share of failures after which a stronger load is sent.
BEARABLE: Final = 0.05
#: Settings that two comparable runs share.
_SAME: Final = ("name", "rate", "duration", "timeout", "workers", "returning", "uncached")
#: The class of failure of what something in front of the site answered, to find out who asks.
STAND_IN: Final = "answered in front of the site"
#: Ends the name of a request that the origin had to answer, in a visit that asked it to.
UNCACHED: Final = " (uncached)"


def run_name(stored: Mapping[str, Any]) -> str:
    """Return how a run is called: its profile and where it was sent."""
    return f"{stored['record']['profile']['name']} at {stored['place']}"


def percent(part: int, whole: int) -> Quantity:
    """Return a share, rounded up, since one request of a million is not none; 0 % of a negative number."""
    return Quantity.of((Decimal(100 * max(part, 0)) / whole).quantize(Decimal("0.0001"), ROUND_UP), "%")


def why_unsound(record: Mapping[str, Any]) -> str:
    """Return why nothing can be concluded from a record, and what to do; or an empty string.

    A run that was stopped early because far too much failed is sound: it can break a criterion, and satisfy none.
    """
    if record["format"] != FORMAT:
        return f"the record has format {record['format']!r}, and this version reads {FORMAT}; run the load again"
    return "; ".join(_find_flaws(record))


def lateness(record: Mapping[str, Any]) -> float:
    """Return by how many seconds a measured time may be too long, in one of a hundred cases; to a tenth of a ms.

    A request may be sent late, and its answer wait until the generator's loop comes round to it.
    """
    health = record["health"]
    return round(float(health["send_lag"]["p99"]) + float(health.get("loop_lag", {"p99": 0})["p99"]), 4)


def why_not_comparable(record: Mapping[str, Any]) -> str:
    """Return why a sound record can't be compared with another run's, and what to do; or an empty string."""
    lag = lateness(record)
    if lag <= MOST_LAG:
        return ""
    return (
        f"requests were sent, and answers received, {lag * 1000:.0f} ms late in one of a hundred cases, at most "
        f"{MOST_LAG * 1000:.0f} ms lets a change be told; run it again with less other work on the machine"
    )


def why_clock_differs(record: Mapping[str, Any]) -> str:
    """Return why what others recorded at a time can't be set beside a run, and what to do; or an empty string.

    The run itself is measured by a clock that nobody sets.
    """
    moved = record.get("clock_moved", 0.0)
    if abs(moved) <= MOST_MOVED:
        return ""
    return (
        f"the clock of the generator's machine was set by {moved:.1f} s while the load ran, so that nothing can be set "
        "beside what others recorded; run it again"
    )


def why_no_more_load(record: Mapping[str, Any]) -> str:
    """Return why nothing that is as strong may be sent after a run, for the site's sake; or an empty string."""
    if not record["complete"]:
        return record["why"] or "it did not run to its end"
    sides = [side for side in (record, record["other"]) if side]
    lost = sum(sum(cell["failed"].values()) for side in sides for cell in side["seconds"])
    lost += sum(side["not_sent"] for side in sides)
    due = sum(count_requests(side) + side["not_sent"] for side in sides)
    return f"{lost:,} of {due:,} requests failed" if lost > BEARABLE * due else ""


def find_other_load(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield in what two stored runs are not the same load, sent to the same place.

    Raises LookupError for a record that lacks what is compared.
    """
    before, now = one["record"], other["record"]
    for key in _SAME:
        if before["profile"].get(key) != now["profile"].get(key):
            yield f"{key} of the load: {before['profile'].get(key)} -> {now['profile'].get(key)}"
    if one["place"] != other["place"]:
        yield f"place: {one['place']} -> {other['place']}"
    if _request_names(before) != _request_names(now):
        yield "other requests were sent"


def _request_names(record: Mapping[str, Any]) -> set[str]:
    """Return what readers asked for; another locustfile is another load."""
    return {request["name"].removesuffix(UNCACHED) for request in record["requests"]}


def count_requests(record: Mapping[str, Any]) -> int:
    """Return how many requests of the measured window ended, with success or without."""
    return sum(sum(cell["latency"].values()) + sum(cell["failed"].values()) for cell in record["seconds"])


def _find_flaws(record: Mapping[str, Any]) -> Iterator[str]:
    for worker in record["workers"]:
        if worker["lost"]:
            yield f"worker {worker['name']!r} was lost, and what it measured with it; run the load again"
    if not record["complete"] and not record["stopped_early"]:
        yield f"the load did not run to its end: {record['why'] or 'no reason is known'}; run it again"
    elif not record["health"]["send_lag"]["max"]:
        yield "nothing was measured of the generator itself, so nothing says that it kept up; run the load again"
    if sick := record["health"]["sick"]:
        yield f"the generator was the bottleneck: {', '.join(sick)}; {record['health']['advice']}"
    if record["complete"]:
        yield from _find_contradictions(record)


def _find_contradictions(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield which numbers of a complete run don't add up: something was lost between a request and its record."""
    planned, sent, not_sent, ended = (*(record[key] for key in ("planned", "sent", "not_sent")), count_requests(record))
    if planned != sent + not_sent:
        yield f"{planned:,} arrivals were planned, {sent:,} sent and {not_sent:,} not: the record contradicts itself"
    if ended != (begun := sent + record["followed"]):
        yield f"{begun:,} requests were begun and {ended:,} came to an end: the record contradicts itself"
