"""Whether the record of a load run can be trusted at all."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_UP, Decimal
from math import ceil
from typing import Any, Final

from ...load.record import FORMAT, UNCACHED
from ...quantities import Quantity, figure

#: Greatest 99th percentile of lateness, in seconds, of a run that is compared with another: lateness that hardly
#: matters beside a limit shifts a percentile by as much as a real change.
MOST_LAG: Final = 0.020
#: By how many seconds a clock may be set during a load for records by others' clocks to be comparable.
MOST_MOVED: Final = 1.0
#: Greatest share of failures after which a stronger load is still sent.
BEARABLE: Final = 0.05
#: Settings that two comparable runs share.
_SAME: Final = ("name", "rate", "duration", "timeout", "workers", "returning", "uncached")


def run_name(stored: Mapping[str, Any]) -> str:
    """Return the name of a run: its profile and its target."""
    return f"{stored['record']['profile']['name']} at {stored['place']}"


def percent(part: int, whole: int) -> Quantity:
    """Return a share, rounded up, since one request of a million is not none; 0 % of a negative number."""
    return Quantity.of(figure(Decimal(100 * max(part, 0)) / whole, 0, 100, decimals=4, rounding=ROUND_UP), "%")


#: The worth of a load that was disturbed, counted as it was sent.
AS_SENT: Final = "as it was sent, with all disturbances, it can keep a limit and break none"


def why_unsound(record: Mapping[str, Any]) -> str:
    """Return why nothing that depends on time follows from a record, and the remedy; or an empty string.

    A run that was stopped early because far too much failed is sound: it can break a criterion, and satisfy none.
    """
    return why_incomplete(record) or "; ".join(_find_disturbances(record))


def why_incomplete(record: Mapping[str, Any]) -> str:
    """Return why nothing at all follows from a record, however busy the machine was; or an empty string."""
    if record["format"] != FORMAT:
        return f"the record has format {record['format']!r}, and this version reads {FORMAT}; run the load again"
    return "; ".join(_find_flaws(record))


def as_sent(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the record of a disturbed load as if its first windows had been sound; None where it is none, or weaker.

    Other work on the machine sends requests late and keeps responses waiting, and each is timed from when it was due: a
    site can only look slower, and fail more often, than it is. So what these windows show is true at most.
    """
    lags = record["health"].get("as_sent")
    if not lags or not record["complete"] or why_incomplete(record):
        return None
    first = {one["place"]: {**one, "sick": {}} for one in reversed(record["windows"])}
    health = {**record["health"], **lags, "sick": [], "short": "", "aside": ""}
    return {**record, "windows": list(first.values()), "health": health}


def describe_disturbance(record: Mapping[str, Any]) -> str:
    """Return why a load counts only as it was sent."""
    return "; ".join(filter(None, (*record["health"]["sick"], record["health"]["short"], AS_SENT)))


def list_counted(record: Mapping[str, Any]) -> list[int]:
    """Return the seconds that count, in order: those of each place's first sound window.

    In a record without windows, and in one without a closed window, all do.
    """
    if not record.get("windows"):
        told = max((one["second"] + 1 for one in (*record["seconds"], *record["unsent"])), default=0)
        return list(range(max(told, ceil(record["profile"]["duration"])) if record["complete"] else told))
    first: dict[int, Mapping[str, Any]] = {}
    for window in record["windows"]:
        if not window["sick"]:
            first.setdefault(window["place"], window)
    return sorted({second for one in first.values() for second in _range_of(one)})


def list_aside(record: Mapping[str, Any]) -> list[int]:
    """Return the seconds in which generator or machine were not well."""
    return sorted({second for one in record.get("windows", ()) if one["sick"] for second in _range_of(one)})


def _range_of(window: Mapping[str, Any]) -> range:
    return range(window["second"], ceil(window["second"] + window["seconds"]))


def measured_seconds(record: Mapping[str, Any]) -> float:
    """Return how long load was measured, including repeated measurements."""
    ended = (window["second"] + window["seconds"] for window in record.get("windows", ()))
    return float(max(ended, default=record["profile"]["duration"]))


def lateness(record: Mapping[str, Any]) -> float:
    """Return by how many seconds a measured time may be too long, in one of a hundred cases; to a tenth of a ms.

    A request may be sent late, and its response wait for the generator's event loop.
    """
    health = record["health"]
    return round(float(health["send_lag"]["p99"]) + float(health.get("loop_lag", {"p99": 0})["p99"]), 4)


def why_not_comparable(record: Mapping[str, Any]) -> str:
    """Return why a sound record can't be compared with another run's, and the remedy; or an empty string."""
    lag = lateness(record)
    if lag <= MOST_LAG:
        return ""
    return (
        f"requests were sent, and answers received, {figure(lag * 1000, MOST_LAG * 1000, decimals=0)} ms late in one "
        f"of a hundred cases, at most {MOST_LAG * 1000:.0f} ms lets a change be told; run it again with less other "
        "work on the machine"
    )


def why_clock_differs(record: Mapping[str, Any]) -> str:
    """Return why records by others' clocks can't be compared with a run, and the remedy; or an empty string.

    A clock that nobody sets measures the run itself.
    """
    moved = record.get("clock_moved", 0.0)
    if abs(moved) <= MOST_MOVED:
        return ""
    set_by = figure(moved, MOST_MOVED, -MOST_MOVED)
    return (
        f"the clock of the generator's machine was set by {set_by} s while the load ran, so that nothing can be set "
        "beside what others recorded; run it again"
    )


def why_no_more_load(record: Mapping[str, Any]) -> str:
    """Return why no load as strong may be sent after a run, for the site's sake; or an empty string."""
    if not record["complete"]:
        return record["why"] or "it did not run to its end"
    sides = [side for side in (record, record["other"]) if side]
    counted = set(list_counted(record))
    cells = [cell for side in sides for cell in side["seconds"] if cell["second"] in counted]
    unsent = sum(told["not_sent"] for side in sides for told in side["unsent"] if told["second"] in counted)
    lost = sum(sum(cell["failed"].values()) for cell in cells) + unsent
    due = count_requests({"seconds": cells}) + unsent
    return f"{lost:,} of {due:,} requests failed" if lost > BEARABLE * due else ""


def find_other_load(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences between the loads of two stored runs, including the place.

    Raises LookupError for a record that lacks a compared field.
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
    """Return the request names of readers; another locustfile is another load."""
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
    if record["complete"]:
        yield from _find_contradictions(record)


def _find_disturbances(record: Mapping[str, Any]) -> Iterator[str]:
    if sick := record["health"]["sick"]:
        yield f"{', '.join(sick)}; {record['health']['advice']}"
    elif not record["health"]["send_lag"]["max"]:
        yield "nothing was measured of the generator itself, so nothing says that it kept up; run the load again"


def _find_contradictions(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the numbers of a complete run that don't add up: something was lost between a request and its record."""
    planned, sent, not_sent, ended = (*(record[key] for key in ("planned", "sent", "not_sent")), count_requests(record))
    if planned != sent + not_sent:
        yield f"{planned:,} arrivals were planned, {sent:,} sent and {not_sent:,} not: the record contradicts itself"
    if ended != (begun := sent + record["followed"]):
        yield f"{begun:,} requests were begun and {ended:,} came to an end: the record contradicts itself"
