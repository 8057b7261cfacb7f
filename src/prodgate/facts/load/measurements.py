"""What a run under load measured, and the estimates it supports: percentile, error rate, availability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from math import ceil
from typing import Any, Final

from ... import estimates
from ...aws.answers import Unread
from ...criteria import Criterion
from ...estimates import Estimate
from ...quantities import Bound, Quantity
from .counts import count_by_second, describe_doubt, describe_protocol, read_standstill
from .soundness import lateness, why_unsound

#: What may be slower than the 95th percentile.
SLOWEST: Final = Decimal("0.05")
#: Decimals of a confidence in percent.
_LEVEL: Final = Decimal("0.0001")
#: Classes of failure that are shown by name.
_SHOWN: Final = 3
#: Lateness of the generator that is worth mentioning, in seconds.
_NOTABLE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """The requests of a measured window. One that failed, or that could not be sent, is slower than any other."""

    rate: Quantity
    """Arrivals per second that were planned; each makes one request or more."""
    duration: Quantity
    """How long they arrived at that rate; what comes while it climbs is counted, too."""
    latencies: tuple[Mapping[int, int], ...]
    """For each second, latency in tenths of a millisecond -> how many requests succeeded with it."""
    failed: tuple[int, ...]
    """For each second, how many failed or could not be sent."""
    classes: Mapping[str, int]
    """How many failed, by class of failure, with those that something in front of the site answered."""
    stopped: str
    """Why the run was stopped early; empty when it was not."""
    late: Quantity
    """How late the generator sent and received at its 99th percentile: response times may be shorter by as much."""
    standstill: Estimate
    """The longest time for which readers came and nobody was served; Unread in a record that does not say."""
    protocol: str = ""
    """How the requests were made, where the record says so."""
    screen: bool = False
    """Whether this is a rehearsal, too short for what is asked of a real run: it says what it holds for, no more."""
    attempt: int = 0
    """Which attempt it is on the same commit, from 1 on; 0 where they are not counted."""
    doubtful: tuple[Mapping[int, int], ...] = ()
    """For each second, those of the latencies whose answers may have been none that readers came for."""
    turned_away: tuple[int, ...] = ()
    """For each second, how many were answered in front of the site, as the generator may be and no reader is."""
    doubt: str = ""
    """Why something is doubtful, and what settles it; empty when nothing is."""

    @property
    def requests(self) -> int:
        """All requests that were due."""
        return sum(sum(second.values()) for second in self.latencies) + sum(self.failed)

    def p95(self, criterion: Criterion) -> Estimate:
        """Return the 95th percentile of response times, decided by how many requests exceed the criterion's limit.

        The lower end allows for the generator's own lateness, so that the site is not blamed for it.
        """
        return self._allow_for_doubt(Measurements._p95, criterion)

    def failed_share(self, criterion: Criterion) -> Estimate:
        """Return the share of requests that failed."""
        return self._allow_for_doubt(Measurements._failed_share, criterion)

    def _allow_for_doubt(
        self, estimate: Callable[[Measurements, Criterion], Estimate], criterion: Criterion
    ) -> Estimate:
        """Estimate with all that is doubtful as right, and as failed; the truth lies between.

        One end is that of the first, the other that of the second.
        """
        if not self.doubt:
            return estimate(self, criterion)
        best, worst = estimate(replace(self, doubt=""), criterion), estimate(self._at_worst(), criterion)
        bound = _require_bound(criterion)
        more = "" if best.is_within(bound) else best.settles
        settles = worst.settles if worst.is_within(bound) else "; ".join(filter(None, (more, self.doubt)))
        return replace(worst, low=min(best.low, worst.low, key=lambda end: end.base), value=best.value, settles=settles)

    def _at_worst(self) -> Measurements:
        """Return the same with all that is doubtful as failed."""
        lost = [
            failed + sum(maybe.values()) + away
            for failed, maybe, away in zip(self.failed, self.doubtful, self.turned_away, strict=True)
        ]
        sure = [Counter(took) - Counter(maybe) for took, maybe in zip(self.latencies, self.doubtful, strict=True)]
        return replace(self, latencies=tuple(sure), failed=tuple(lost), doubt="")

    def _p95(self, criterion: Criterion) -> Estimate:
        found = estimates.estimate_percentile(
            self._slower,
            sorted({latency for second in self.latencies for latency in second}),
            self.requests,
            slowest=SLOWEST,
            bound=_require_bound(criterion),
            confidence=self.confidence(criterion),
            unfinished=self.why_unfinished(criterion),
            detail=", ".join(filter(None, (self.describe_failures(), self._lateness(), self.protocol))),
            seconds=float(self.duration.base),
        )
        low = found.low.base - self.late.base
        return self._with_spell(replace(found, low=Quantity.of(max(Decimal(0), low * 1000), "ms")), criterion)

    def confidence(self, criterion: Criterion) -> Quantity | None:
        """Return the confidence that this attempt must reach, so that all of them together err no more than allowed.

        The k-th of them spends 1/k(k+1) of the allowed error; however many there are, they spend no more than all.
        """
        sure = criterion.confidence
        if sure is None or not self.attempt:
            return sure
        spent = (100 - sure.magnitude) / (self.attempt * (self.attempt + 1))
        return Quantity.of((100 - spent).quantize(_LEVEL, ROUND_CEILING), "%")

    def _failed_share(self, criterion: Criterion) -> Estimate:
        found = estimates.estimate_share(
            self.failed,
            self.requests,
            bound=_require_bound(criterion),
            confidence=self.confidence(criterion),
            unfinished=self.why_unfinished(criterion),
            detail=", ".join(filter(None, (self.describe_failures(), self.protocol))),
            seconds=float(self.duration.base),
        )
        return self._with_spell(found, criterion)

    def why_unfinished(self, criterion: Criterion) -> str:
        """Return why too little was measured to satisfy a criterion, or an empty string."""
        return "; ".join(self._missing(criterion))

    def describe_failures(self) -> str:
        """Return what failed, as a person would read it."""
        most = Counter(self.classes).most_common(_SHOWN)
        rest = sum(self.classes.values()) - sum(number for _, number in most)
        return ", ".join([f"{number:,} {name}" for name, number in most] + ([f"{rest:,} other"] if rest else []))

    def _lateness(self) -> str:
        return f"sent and received up to {self.late} late" if self.late.base >= _NOTABLE else ""

    def _with_spell(self, found: Estimate, criterion: Criterion) -> Estimate:
        """Say for how long a disturbance it holds that a bound is kept, and whether that is what is asked for."""
        if not found.spell or not found.is_within(_require_bound(criterion)):
            return found
        holds, asked = describe_spell(found.spell), criterion.disturbances
        said = f"attempt {self.attempt} on this commit, " if self.attempt > 1 else ""
        said += f"holds for disturbances up to {holds}"
        if asked and Decimal(found.spell) < asked.base and self.screen:
            said += f", a screen: {asked} is asked of a real run"
        elif asked and Decimal(found.spell) < asked.base:
            enough = Quantity.seconds(ceil(self.duration.base * asked.base / Decimal(found.spell)))
            why = f"this holds for disturbances up to {holds}, {asked} is asked for; let the load last {enough}"
            found = replace(found, unfinished="; ".join(filter(None, (found.unfinished, why))))
        return replace(found, detail="; ".join(filter(None, (found.detail, said))))

    def _slower(self, latency: int) -> list[int]:
        slow = [sum(count for took, count in second.items() if took > latency) for second in self.latencies]
        return [late + failed for late, failed in zip(slow, self.failed, strict=True)]

    def _missing(self, criterion: Criterion) -> Iterator[str]:
        if self.stopped:
            yield self.stopped
        if criterion.rate is not None and self.rate.base < criterion.rate.base:
            yield f"the load was {self.rate}, at least {criterion.rate} is asked for; raise the profile's rate"
        if criterion.window is not None and self.duration.base < criterion.window.base:
            yield f"the load lasted {self.duration}, at least {criterion.window} is asked for; raise its duration"


def read_stored(stored: Mapping[str, Any], among: Collection[int] | None = None) -> Any:
    """Return the measurements of a stored run, as its kind and the attempt can tell them; Unread as below."""
    found = read_measurements(stored["record"], among)
    given = {"screen": stored.get("screen", False), "attempt": stored.get("attempt", 0)}
    return found if isinstance(found, Unread) else replace(found, **given)


def describe_spell(seconds: float) -> Quantity:
    """Return how long a disturbance may be in two digits, rounded down."""
    whole = Decimal(seconds) * (1 if seconds >= 1 else 1000)
    return Quantity.of(Context(prec=2, rounding=ROUND_FLOOR).create_decimal(whole), "s" if seconds >= 1 else "ms")


def read_measurements(record: Mapping[str, Any], among: Collection[int] | None = None) -> Any:
    """Return the measurements of a record, or Unread if it can't be trusted; ``among`` are names to be counted alone.

    Which arrivals were not sent is known, and not what they would have asked for: they count among all alone.
    """
    if reason := why_unsound(record):
        return Unread(reason)
    profile = record["profile"]
    whole = Decimal(str(profile["duration"])) - Decimal(str(profile.get("climb", 0)))
    seen = max((told["second"] + 1 for told in (*record["seconds"], *record["unsent"])), default=0)
    seconds = max(seen, ceil(profile["duration"])) if record["complete"] else seen
    counts = count_by_second(record, seconds, among)
    return Measurements(
        rate=Quantity.of(Decimal(str(profile["rate"])), "/s"),
        duration=Quantity.seconds(whole if record["complete"] else seconds),
        latencies=tuple(counts.latencies),
        failed=tuple(counts.failed),
        classes=counts.classes,
        stopped="" if record["complete"] else record["why"] or "the run was stopped early",
        late=Quantity.of(Decimal(str(lateness(record))) * 1000, "ms"),
        standstill=read_standstill(record),
        protocol=describe_protocol(record),
        doubtful=tuple(counts.doubtful),
        turned_away=tuple(counts.turned_away),
        doubt=describe_doubt(record, counts),
    )


def _require_bound(criterion: Criterion) -> Bound:
    if criterion.bound is None:
        raise TypeError(f"criterion {criterion.id!r} has no bound, so nothing can be estimated for it")
    return criterion.bound
