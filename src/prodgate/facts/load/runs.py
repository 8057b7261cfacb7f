"""Runs under load: readers at the usual rate, in a surge, and while a deploy is carried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from math import inf
from typing import Any, Final

from ... import estimates
from ...aws.answers import Unread
from ...estimates import Estimate
from .. import Fact
from .changes import compare_interleaved
from .measurements import Measurements, read_measurements, read_stored
from .server_view import server_view
from .soundness import UNCACHED, run_name, why_clock_differs, why_unsound

#: Requests of a name that the origin must have answered for them to be judged by themselves.
LEAST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SteadyLoad(Fact):
    """Readers arriving at the usual rate; ``subject`` says where, such as ``steady at https://www.example.com``."""

    measured: Measurements


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RequestLoad(Fact):
    """The requests of one name at the usual rate; ``subject`` is such as ``GET /search (steady at https://…)``."""

    measured: Measurements


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SurgeLoad(Fact):
    """Readers arriving at several times the usual rate."""

    measured: Measurements


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Standstill(Fact):
    """For how long readers came and nobody was served, at the usual rate or in a surge."""

    longest: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployUnderLoad(Fact):
    """Readers arriving while a deploy, or several, were carried out."""

    failed: Estimate
    """How many requests failed or could not be sent; its samples are those of the seconds of a deploy."""
    noticed: Estimate
    """In how many deploys a request failed or could not be sent, until the next began.

    Its samples are those deploys during which requests were due.
    """
    standstill: Estimate
    """The longest time for which readers came and nobody was served."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CacheableResponse(Fact):
    """How one cacheable request was answered; ``subject`` is such as ``GET / (steady at https://www.example.com)``."""

    answers: int
    """Successful ones."""
    unshareable: Mapping[str, int]
    """How many of them a shared cache may not store, by reason."""


def load_facts(kind: type[SteadyLoad | SurgeLoad], stored: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what a run without a deploy shows; ``stored`` is its record with the place that it was sent to."""
    yield kind(subject=run_name(stored), measured=read_stored(stored))
    yield Standstill(subject=run_name(stored), longest=_longest_standstill(read_measurements(stored["record"])))
    if kind is SteadyLoad:
        yield from _request_loads(stored)
    yield from _cacheable_responses(stored)
    yield from server_view(stored)


def _longest_standstill(measured: Any) -> Any:
    return measured if isinstance(measured, Unread) else measured.standstill


def _request_loads(stored: Mapping[str, Any]) -> Iterator[RequestLoad]:
    """Yield the requests of each name, and all that the origin had to answer where a share of them was asked to.

    What a cache answers all the same, such as a style by any query, reaches the origin too seldom to be told apart.
    """
    names = [each["name"] for each in stored["record"]["requests"]]
    origin = [place for place, name in enumerate(names) if name.endswith(UNCACHED)]
    for place, name in enumerate(names):
        measured = read_stored(stored, [place])
        if place not in origin or (isinstance(measured, Measurements) and measured.requests >= LEAST):
            yield RequestLoad(subject=f"{name} ({run_name(stored)})", measured=measured)
    if stored["record"]["profile"].get("uncached"):
        yield RequestLoad(
            subject=f"whatever the origin answered ({run_name(stored)})", measured=read_stored(stored, origin)
        )


def deploy_facts(stored: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what a run during deploys shows."""
    measured = read_measurements(stored["record"])
    yield DeployUnderLoad(
        subject=run_name(stored),
        failed=_failed_requests(stored),
        noticed=_noticed_deploys(measured, stored),
        standstill=_longest_standstill(measured),
    )


#: What makes facts of the stored run of a profile.
FACTS_BY_PROFILE: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[Fact]]]] = {
    "steady": partial(load_facts, SteadyLoad),
    "surge": partial(load_facts, SurgeLoad),
    "deploy": deploy_facts,
    "compare": compare_interleaved,
}


def _failed_requests(stored: Mapping[str, Any]) -> Any:
    found, deploys = read_measurements(stored["record"]), stored["deploys"]
    broken = f"the deploy under load did not succeed: {stored['undeployed']}" if stored["undeployed"] else ""
    if not deploys and not broken:
        return Unread("no deploy was carried out while the load ran")
    if isinstance(found, Unread):
        return Unread(broken) if broken else found
    if broken and not sum(found.failed):
        return Unread(broken)
    begin = datetime.fromisoformat(stored["record"]["started"]).timestamp()
    samples = sum(
        sum(latencies.values()) + failed
        for second, (latencies, failed) in enumerate(zip(found.latencies, found.failed, strict=True))
        if broken or _is_deploying(begin + second, deploys)
    )
    unfinished = _why_unfinished(found, stored, broken)
    return estimates.exact_count(
        sum(found.failed), samples=samples, unfinished=unfinished, detail=found.describe_failures()
    )


def _noticed_deploys(found: Any, stored: Mapping[str, Any]) -> Any:
    """Return how many deploys readers noticed. One that did not succeed is not counted, and leaves the rest open."""
    deploys, broken = stored["deploys"], stored["undeployed"]
    if isinstance(found, Unread) or not deploys:
        return found if isinstance(found, Unread) else Unread("no deploy was carried out while the load ran")
    begin = datetime.fromisoformat(stored["record"]["started"]).timestamp()
    due = [sum(took.values()) + failed for took, failed in zip(found.latencies, found.failed, strict=True)]
    met = [one for one in deploys if _within(due, one["started"] - begin, one["ended"] - begin)]
    spans = pairwise([*(one["started"] - begin for one in met), inf])
    failed, whole = sum(_within(found.failed, *span) > 0 for span in spans), len(met)
    unfinished = _why_unfinished(found, stored, broken and f"a deploy did not succeed: {broken}")
    told = f"none of {whole} says, at 95 %, that fewer than {1 - 0.05 ** (1 / max(1, whole)):.0%} are noticed"
    return estimates.exact_count(
        failed, samples=whole, unfinished=unfinished, of="deploys", detail="" if failed else told
    )


def _why_unfinished(found: Measurements, stored: Mapping[str, Any], broken: str) -> str:
    return "; ".join(filter(None, (broken, found.stopped, found.doubt, why_clock_differs(stored["record"]))))


def _within(counts: Sequence[int], first: float, last: float) -> int:
    """Return the sum of the seconds that end after a moment and begin before another."""
    return sum(count for second, count in enumerate(counts) if first < second + 1 and second < last)


def _is_deploying(second: float, deploys: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a deploy was under way in the second that begins at ``second``."""
    return any(one["started"] < second + 1 and one["ended"] >= second for one in deploys)


def _cacheable_responses(stored: Mapping[str, Any]) -> Iterator[CacheableResponse]:
    record = stored["record"]
    reason = why_unsound(record)
    for place, request in enumerate(record["requests"]):
        if request["cacheable"]:
            cells = [cell for cell in record["seconds"] if cell["request"] == place]
            reasons: Counter[str] = sum((Counter(cell["unshareable"]) for cell in cells), Counter())
            early = "" if reasons or record["complete"] else record["why"]
            seen: Any = Unread(reason or early) if reason or early else reasons
            yield CacheableResponse(
                subject=f"{request['name']} ({run_name(stored)})",
                answers=sum(sum(cell["latency"].values()) for cell in cells),
                unshareable=seen,
            )
