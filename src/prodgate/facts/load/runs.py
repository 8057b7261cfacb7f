"""Runs under load: at the usual rate, in a surge, during a deploy; and whether responses became slower."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from functools import partial
from itertools import pairwise
from math import exp, hypot, inf, isfinite, log
from statistics import NormalDist, stdev
from typing import Any, Final

from ... import estimates, statistics
from ...aws.answers import Unread
from ...criteria import Criterion
from ...estimates import UNBOUNDED, Estimate
from ...load.record import UNCACHED
from ...quantities import Bound, Quantity, percentage
from ...statistics import nearest_rank
from .. import Fact
from .measurements import Measurements, explain_idle, read_measurements, read_sound, read_stored
from .server_view import server_view
from .soundness import list_aside, run_name, why_clock_differs, why_incomplete, why_not_comparable

# ── How much one estimate is above another: as a difference and as a growth, with the joint interval of both
# The interval follows square-and-add (MOVER, after Zou and Donner): each end is as far from the value as the root of
# the squares of the distances of the two relevant ends from their values. Subtracting the ends instead would assume
# that both are as wrong as possible at once, so that it would reveal nothing; for values with normal errors,
# square-and-add is exact.
#
# Two runs at two times differ by more than their requests: by other work on machines and networks, and by cache
# contents. So the upper end of such a comparison allows for the variation between runs, as the kept runs show it
# (Student's t, since so few are kept) or as it is assumed (APART), and its lower end is unknown: it can show that
# nothing became much slower, but proves no slowdown. Only builds that take turns can be distinguished.

#: Standard deviation of a percentile from run to run, as a share of it, where too few runs are kept to show it.
APART: Final = 0.05
#: The least number of kept runs that show it.
ENOUGH: Final = 5
#: Decimals of a difference in milliseconds and of a growth in percent.
_FINE: Final = Decimal("0.0001")
#: Logarithm of the greatest growth that is shown.
_MOST: Final = 30.0


def allow_between_runs(kept: Sequence[float], confidence: float) -> tuple[float, str]:
    """Return by what share chance may move a percentile from one run to another, one way, and how that is known.

    ``kept`` are the percentiles of earlier runs of the same load.
    """
    if len(kept) < ENOUGH or not all(kept):
        return NormalDist().inv_cdf(confidence) * APART, ""
    spread = stdev(log(each) for each in kept)
    known = f"{len(kept)} runs before differ by {percentage(spread)}"
    return statistics.student(len(kept) - 1, confidence) * spread, known


def estimate_change(now: Estimate, before: Estimate, *, turns: bool, kept: Sequence[float] = ()) -> Estimate:
    """Return by how many milliseconds a value is greater than another, which was measured in ``turns`` or before."""
    one, other = float(now.value.magnitude), float(before.value.magnitude)
    apart, known = (0.0, "") if turns else allow_between_runs(kept, float(now.confidence.base))
    spread = apart * hypot(one, other) if apart else 0.0
    found = _combine(now, before, _identity, lambda difference: difference, spread=spread, unit="ms", turns=turns)
    return replace(found, detail=", ".join(filter(None, (found.detail, known))))


def estimate_growth(now: Estimate, before: Estimate, *, turns: bool, kept: Sequence[float] = ()) -> Estimate:
    """Return by how many percent a value is greater than another; without limit if the other is zero."""
    apart, known = (0.0, "") if turns else allow_between_runs(kept, float(now.confidence.base))
    back: Callable[[float], float] = lambda ratio: (exp(min(ratio, _MOST)) - 1) * 100  # noqa: E731
    found = _combine(now, before, _log, back, spread=apart * 2**0.5, unit="%", turns=turns)
    return replace(found, detail=", ".join(filter(None, (found.detail, known))))


def _combine(
    now: Estimate,
    before: Estimate,
    scale: Callable[[Quantity], float],
    back: Callable[[float], float],
    *,
    spread: float,
    unit: str,
    turns: bool,
) -> Estimate:
    """Square and add on a scale on which differences have the wanted meaning."""
    one, other = ({end: scale(getattr(each, end)) for end in ("low", "value", "high")} for each in (now, before))
    centre = _less(one["value"], other["value"])
    if isfinite(one["value"]) and isfinite(other["value"]):
        low = centre - hypot(centre - _less(one["low"], other["value"]), other["high"] - other["value"], spread)
        high = centre + hypot(one["high"] - one["value"], other["value"] - other["low"], spread)
    else:
        low, high = _less(one["low"], other["high"]), inf
    return replace(
        now,
        value=_quantity(centre, back, unit),
        low=_quantity(low if turns else -inf, back, unit),
        high=_quantity(high, back, unit),
        samples=min(now.samples, before.samples),
        effective=min(now.samples, before.samples),
        settles=""
        if turns
        else "two runs at two times convict nobody; state [load.compare], in which both builds take turns",
        unfinished=now.unfinished or before.unfinished,
        detail=f"{before.value} before, {now.value} now",
        spell=0.0,
    )


def _less(one: float, other: float) -> float:
    """Return a difference; of two infinite or two zero values, none is greater."""
    return 0.0 if one == other else one - other


def _identity(value: Quantity) -> float:
    return float(value.magnitude)


def _log(value: Quantity) -> float:
    found = float(value.magnitude)
    return -inf if found <= 0 else inf if found == inf else log(found)


def _quantity(end: float, back: Callable[[float], float], unit: str) -> Quantity:
    if not isfinite(end):
        return Quantity.of(UNBOUNDED if end > 0 else -UNBOUNDED, unit)
    return Quantity.of(Decimal(back(end)).quantize(_FINE), unit)


#: A bound on a latency that everything meets: only the interval is of interest.
_ANY: Final = Bound.parse(">= 0 ms")


# ── Whether responses became slower: than in the last good run, or in green than in blue within one interleaved run


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LoadChange(Fact):
    """Two runs of the same profile; ``subject`` is such as ``steady at https://… against the run 2026-11-24T…``."""

    before: Measurements
    now: Measurements
    turns: bool
    """Whether both took turns in one run; only then does a comparison convict."""
    kept: tuple[int, ...] = ()
    """The same percentile of each earlier good run of the same load, in tenths of a millisecond."""

    def p95(self, criterion: Criterion) -> Estimate:
        """Return how many milliseconds longer the 95th percentile takes now."""
        return estimate_change(*self._sides(criterion), turns=self.turns, kept=self.kept)

    def growth(self, criterion: Criterion) -> Estimate:
        """Return how many percent longer the 95th percentile takes now."""
        return estimate_growth(*self._sides(criterion), turns=self.turns, kept=self.kept)

    def _sides(self, criterion: Criterion) -> tuple[Estimate, Estimate]:
        """Estimate the percentile of both; the ends are those of a latency, whatever the bound on the change."""
        rate = {key: each for key, each in criterion.layer_keys.items() if key == "rate"}
        each, idle = replace(criterion, bound=_ANY, layer_keys=rate), explain_idle(criterion)
        now, before = (one.p95(each) for one in (self.now, replace(self.before, attempt=self.now.attempt)))
        return replace(now, unfinished="; ".join(filter(None, (now.unfinished, idle)))), before


def compare_with_earlier(stored: Mapping[str, Any], earlier: Mapping[str, Any]) -> LoadChange:
    """Compare a run with an earlier one; ``earlier`` is its stored record, with the name of its run."""
    return LoadChange(
        subject=f"{run_name(stored)} against the run {earlier['run']}",
        before=_comparable(earlier),
        now=_comparable(stored),
        turns=False,
        kept=tuple(earlier.get("kept", ())),
    )


def find_p95(record: Mapping[str, Any]) -> int:
    """Return the 95th percentile of a sound record in tenths of a millisecond, 0 where it has no end."""
    found, took = read_sound(record), Counter[int]()
    for second in found.latencies:
        took.update(second)
    return nearest_rank(took, 950, beyond=sum(found.failed)) or 0


def _comparable(stored: Mapping[str, Any]) -> Any:
    """Return the measurements of a run, or Unread if the generator was later than a relevant change."""
    found = read_stored(stored, only_sound=True)
    if not isinstance(found, Unread) and (reason := why_not_comparable(stored["record"])):
        return Unread(reason)
    return found


def compare_interleaved(stored: Mapping[str, Any]) -> Iterator[LoadChange]:
    """Compare green with blue, which took turns in one run, so that disturbances hit both alike."""
    record = stored["record"]
    yield LoadChange(
        subject=f"green against blue at {stored['place']}",
        before=read_stored(stored, only_sound=True),
        now=read_stored({**stored, "record": {**record, **record["other"]}}, only_sound=True),
        turns=True,
    )


#: The minimum number of the origin's responses to a name for it to be judged by itself.
LEAST: Final = 1000


# ── Each run by itself


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SteadyLoad(Fact):
    """Readers arriving at the usual rate; ``subject`` is such as ``steady at https://www.example.com``."""

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
    """How long readers came and nobody was served, at the usual rate or in a surge."""

    measured: Measurements


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployUnderLoad(Fact):
    """Readers arriving during a deploy, or several."""

    failed: Estimate
    """How many requests failed or could not be sent; its samples are those of the seconds of a deploy."""
    noticed: Estimate
    """In how many deploys a request failed or could not be sent, until the next began.

    Its samples are those deploys during which requests were due.
    """
    measured: Measurements
    """Its ``longest_standstill`` is the longest time for which readers came and nobody was served."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CacheableResponse(Fact):
    """Responses to one cacheable request; ``subject`` is such as ``GET / (steady at https://www.example.com)``."""

    answers: int
    """Successful ones."""
    unshareable: Mapping[str, int]
    """How many of them a shared cache may not store, by reason."""


def load_facts(kind: type[SteadyLoad | SurgeLoad], stored: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the facts of a run without a deploy; ``stored`` is its record with the place that it was sent to."""
    yield kind(subject=run_name(stored), measured=read_stored(stored))
    yield Standstill(subject=run_name(stored), measured=read_stored(stored))
    if kind is SteadyLoad:
        yield from _request_loads(stored)
    yield from _cacheable_responses(stored)
    yield from server_view(stored)


def _request_loads(stored: Mapping[str, Any]) -> Iterator[RequestLoad]:
    """Yield the requests of each name, and all that the origin had to answer if a share of them was meant for it.

    Requests that a cache answers anyway, such as a style with any query, reach the origin too seldom to count.
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
    """Yield the facts of a run during deploys."""
    measured = read_measurements(stored["record"])
    if isinstance(measured, Measurements) and measured.whole and not sum(measured.failed):
        measured = measured.whole
    yield DeployUnderLoad(
        subject=run_name(stored),
        failed=_failed_requests(measured, stored),
        noticed=_noticed_deploys(measured, stored),
        measured=read_stored(stored),
    )


#: The functions that derive facts from the stored run of a profile.
FACTS_BY_PROFILE: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[Fact]]]] = {
    "steady": partial(load_facts, SteadyLoad),
    "surge": partial(load_facts, SurgeLoad),
    "deploy": deploy_facts,
    "compare": compare_interleaved,
}


def _failed_requests(found: Any, stored: Mapping[str, Any]) -> Any:
    deploys = stored["deploys"]
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
        for second, latencies, failed in zip(found.seconds, found.latencies, found.failed, strict=True)
        if broken or any(one["started"] < begin + second + 1 and one["ended"] >= begin + second for one in deploys)
    )
    unfinished = _why_unfinished(found, stored, broken)
    counted = estimates.exact_count(
        sum(found.failed),
        samples=samples,
        unfinished=unfinished,
        detail=", ".join(filter(None, (found.describe_failures(), found.aside))),
    )
    return replace(counted, at_most=found.disturbed)


def _noticed_deploys(found: Any, stored: Mapping[str, Any]) -> Any:
    """Return how many deploys readers noticed. A failed deploy is not counted, and leaves the rest open.

    A deploy that went on during a disturbance here is only known if it was noticed in the rest of the time.
    """
    deploys, broken = stored["deploys"], stored["undeployed"]
    if isinstance(found, Unread) or not deploys:
        return found if isinstance(found, Unread) else Unread("no deploy was carried out while the load ran")
    begin = datetime.fromisoformat(stored["record"]["started"]).timestamp()
    lost = dict(zip(found.seconds, found.failed, strict=True))
    took = zip(found.seconds, found.latencies, strict=True)
    due = {second: sum(latencies.values()) + lost[second] for second, latencies in took}
    met = [one for one in deploys if _within(due, one["started"] - begin, one["ended"] - begin)]
    spans = pairwise([*(one["started"] - begin for one in met), inf])
    noticed = [_within(lost, *span) > 0 for span in spans]
    aside = {} if found.disturbed else dict.fromkeys(list_aside(stored["record"]), 1)
    spoilt = [_within(aside, one["started"] - begin, one["ended"] - begin) > 0 for one in met]
    failed, whole = sum(noticed), sum(told or not bad for told, bad in zip(noticed, spoilt, strict=True))
    unfinished = _why_unfinished(found, stored, broken and f"a deploy did not succeed: {broken}")
    most = percentage(1 - 0.05 ** (1 / max(1, whole)), decimals=0, rounding=ROUND_CEILING)
    told = f"none of {whole} says, at 95 %, that fewer than {most} are noticed"
    counted = estimates.exact_count(
        failed, samples=whole, unfinished=unfinished, of="deploys", detail="" if failed else told
    )
    return replace(counted, at_most=found.disturbed)


def _why_unfinished(found: Measurements, stored: Mapping[str, Any], broken: str) -> str:
    return "; ".join(filter(None, (broken, found.stopped, found.doubt, why_clock_differs(stored["record"]))))


def _within(counts: Mapping[int, int], first: float, last: float) -> int:
    """Return the sum of the seconds that end after a moment and begin before another."""
    return sum(count for second, count in counts.items() if first < second + 1 and second < last)


def _cacheable_responses(stored: Mapping[str, Any]) -> Iterator[CacheableResponse]:
    record = stored["record"]
    reason = why_incomplete(record)
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
