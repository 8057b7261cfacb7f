"""The measurements of a run under load, and its estimates: percentile, error rate, availability."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import partial
from math import ceil
from typing import Any, Final, Self

from ... import estimates, statistics
from ...aws.answers import Unread
from ...criteria import Criterion
from ...estimates import Estimate
from ...load.record import STAND_IN, UNCACHED
from ...quantities import Bound, Quantity
from ...sections.load import read_load_terms
from .soundness import as_sent, count_requests, describe_disturbance, lateness, list_counted, why_unsound

# ── The counts of a load record, second by second, and its other fields

#: Classes of failure that reveal nothing about the site: something in front of it responded, to slow down or identify
#: the client. Readers, who have an address each, may never meet it.
TURNED_AWAY: Final = ("HTTP 429", STAND_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The outcomes of requests, by second."""

    latencies: list[Counter[int]]
    """Tenths of a millisecond -> how many successes took as long."""
    doubtful: list[Counter[int]]
    """The ones whose responses may not be what readers came for."""
    failed: list[int]
    """How many failed or were not sent."""
    turned_away: list[int]
    classes: Counter[str] = field(default_factory=Counter)
    """How many failed, were not sent or were turned away, by class."""
    among: Collection[int] | None = None


def count_by_second(record: Mapping[str, Any], seconds: Sequence[int], among: Collection[int] | None) -> Counts:
    """Return the outcomes of requests in these seconds; ``among`` are names to be counted alone."""
    places = {second: place for place, second in enumerate(seconds)}
    counts = Counts(
        latencies=[Counter() for _ in seconds],
        doubtful=[Counter() for _ in seconds],
        failed=[0] * len(seconds),
        turned_away=[0] * len(seconds),
        among=among,
    )
    for cell in (each for each in record["seconds"] if among is None or each["request"] in among):
        if cell["second"] in places:
            _add_cell(counts, cell, places[cell["second"]])
    for told in (each for each in record["unsent"] if among is None and each["second"] in places):
        counts.failed[places[told["second"]]] += told["not_sent"]
        counts.classes["not sent"] += told["not_sent"]
    return counts


def _add_cell(counts: Counts, cell: Mapping[str, Any], second: int) -> None:
    away = sum(cell["failed"].get(kind, 0) for kind in TURNED_AWAY)
    counts.latencies[second].update({int(took): count for took, count in cell["latency"].items()})
    counts.doubtful[second].update({int(took): count for took, count in cell.get("doubtful", {}).items()})
    counts.failed[second] += sum(cell["failed"].values()) - away
    counts.turned_away[second] += away
    counts.classes.update(cell["failed"])


def describe_doubt(record: Mapping[str, Any], counts: Counts) -> str:
    """Describe how many responses are ambiguous and what settles it; empty if none is."""
    said, doubtful, away = [], sum(sum(each.values()) for each in counts.doubtful), sum(counts.turned_away)
    if doubtful:
        known = (each for at, each in enumerate(record["requests"]) if counts.among is None or at in counts.among)
        example = next((f", such as {each['name']}: {each['doubt']}" for each in known if each.get("doubt")), "")
        said.append(
            f"{doubtful:,} answers may be right or wrong{example}; say what they hold, as 'holds' in the locustfile"
        )
    if away:
        said.append(
            f"{away:,} were turned away by what limits or tests who asks, which readers may never meet; let the "
            "generator's address through, or send the load from several"
        )
    return "; ".join(said)


def describe_unstated(record: Mapping[str, Any], among: Collection[int] | None) -> str:
    """Describe what was learned of right answers because nobody stated it; empty if everything is stated."""
    known = [each for at, each in enumerate(record["requests"]) if among is None or at in among]
    learned = [f"{each['name']} ({each['holds']})" for each in known if each.get("learned")]
    if not learned:
        return ""
    more = f" and {len(learned) - _SHOWN} more" if len(learned) > _SHOWN else ""
    return (
        f"nobody states what a right answer holds, it was learned from the first: {', '.join(learned[:_SHOWN])}{more}; "
        "state it under [load.holds]"
    )


def describe_unasked(record: Mapping[str, Any]) -> str:
    """Describe which requests nobody made, by name or else by task; empty if somebody made all."""
    met = {cell["request"] for cell in record["seconds"]}
    known = [(each["name"].removesuffix(UNCACHED), at in met) for at, each in enumerate(record["requests"])]
    names = [name for name in dict(known) if (name, True) not in known]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    said = f"nothing was asked as {', '.join(names[:_SHOWN])}{more}; give it more weight, or let the load last longer"
    return said if names else ""


def read_standstill(record: Mapping[str, Any], seconds: Sequence[int]) -> Estimate:
    """Return the longest standstill within these seconds, part of which the generator may have caused.

    One that reaches beyond them is cut to the second.
    """
    own = Decimal(str(record["health"].get("loop_lag", {"max": 0})["max"]))
    found = [each for told in record["standstills"] for each in _clip(told, _list_stretches(seconds))]
    longest, second = max(((high, second) for _, high, second in found), default=(Decimal(0), 0))
    sure, counted = max((low for low, _, _ in found), default=Decimal(0)), set(seconds)
    samples = count_requests({"seconds": [cell for cell in record["seconds"] if cell["second"] in counted]})
    return Estimate(
        value=Quantity.of(longest, "s"),
        low=Quantity.of(max(Decimal(0), sure - own), "s"),
        high=Quantity.of(longest, "s"),
        samples=samples,
        effective=samples,
        confidence=Quantity.of(100, "%"),
        settles="run it on a machine with less other work",
        detail=", ".join(
            filter(None, (f"from second {second} on" if longest else "", record["health"].get("aside", "")))
        ),
    )


def _list_stretches(seconds: Sequence[int]) -> list[tuple[int, int]]:
    """Return seconds that follow each other as (the first, the first after them)."""
    all_ = set(seconds)
    begins = [second for second in seconds if second - 1 not in all_]
    ends = [second + 1 for second in seconds if second + 1 not in all_]
    return list(zip(begins, ends, strict=True))


def _clip(told: Mapping[str, Any], stretches: Sequence[tuple[int, int]]) -> Iterator[tuple[Decimal, Decimal, int]]:
    """Yield the minimum and maximum length of a standstill within each stretch, and the second where that begins.

    A standstill that began outside may be the end of a fault there.
    """
    second, lasted = told["second"], Decimal(str(told["seconds"]))
    for begin, end in stretches:
        if begin <= second < end and (second + 1 + lasted <= end or end == stretches[-1][1]):
            yield lasted, lasted, second
        else:
            least = min(second + lasted, Decimal(end)) - (second + 1) if second >= begin else Decimal(0)
            most = min(second + 1 + lasted, Decimal(end)) - max(second, begin)
            if most > 0:
                yield max(Decimal(0), least), min(lasted, most), max(second, begin)


def describe_protocol(record: Mapping[str, Any]) -> str:
    """Describe the HTTP version of the requests, and whether browsers use another at that site."""
    if "protocol" not in record:
        return ""
    used, offered = record["protocol"]["used"], record["protocol"]["offered"]
    by = f"by {used}, where browsers use {offered}" if offered not in ("", used) else f"by {used}"
    return f"{by}, by {len(record['workers'])} workers elsewhere" if record.get("elsewhere") else by


#: The share of requests that may be slower than the 95th percentile.
SLOWEST: Final = Decimal("0.05")
#: How many classes of failure are shown by name.
_SHOWN: Final = 3
#: Lateness of the generator that is worth mentioning, in seconds.
_NOTABLE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """The requests of a measured window. One that failed, or could not be sent, counts as slower than any other."""

    rate: Quantity
    """Planned arrivals per second; each makes one request or more."""
    duration: Quantity
    """How long they arrived at that rate; arrivals during the ramp-up count as well."""
    latencies: tuple[Mapping[int, int], ...]
    """For each second, latency in tenths of a millisecond -> how many requests succeeded with it."""
    failed: tuple[int, ...]
    """For each second, how many failed or could not be sent."""
    seconds: tuple[int, ...]
    """The seconds of the run that these are: those in which generator and machine were well."""
    classes: Mapping[str, int]
    """How many failed, by class of failure, including responses from something in front of the site."""
    stopped: str
    """Why the run was stopped early, or too little of it counts; empty if neither."""
    aside: str
    """How much was set aside and measured again, and why; empty for nothing."""
    late: Quantity
    """The generator's lateness, sending and receiving, at its 99th percentile: response times may be shorter by it."""
    standstill: Estimate
    """The longest time for which readers came and nobody was served."""
    protocol: str = ""
    """The protocol of the requests, if the record states it."""
    screen: bool = False
    """Whether this is a rehearsal, too short for a real run's requirements, which states its own scope and no more."""
    attempt: int = 0
    """The number of this attempt on the same commit, from 1 on; 0 if they are not counted."""
    doubtful: tuple[Mapping[int, int], ...] = ()
    """For each second, the latencies of ambiguous responses."""
    turned_away: tuple[int, ...] = ()
    """For each second, the responses from in front of the site, which the generator may get and no reader does."""
    doubt: str = ""
    """Why something is ambiguous, and what settles it; empty if nothing is."""
    unstated: str = ""
    """The contents of right answers that were learned, since nobody states them; empty if somebody does."""
    unasked: str = ""
    """The requests that the locustfile or a statement names and nobody made; empty if somebody made all."""
    disturbed: str = ""
    """Why these seconds, disturbed ones among them, can keep a limit and break none; empty for sound seconds."""
    whole: Self | None = None
    """The load as it was sent, where too little of it was sound; what the sound seconds break, it does not mend."""

    @property
    def requests(self) -> int:
        """All requests that were due."""
        return sum(sum(second.values()) for second in self.latencies) + sum(self.failed)

    def p95(self, criterion: Criterion) -> Estimate:
        """Return the 95th percentile of response times, decided by how many requests exceed the criterion's limit.

        The lower end allows for the generator's own lateness, so that the site is not blamed for it.
        """
        return self._decide(Measurements._p95, criterion)

    def failed_share(self, criterion: Criterion) -> Estimate:
        """Return the share of requests that failed."""
        return self._decide(Measurements._failed_share, criterion)

    def _decide(self, estimate: Callable[[Self, Criterion], Estimate], criterion: Criterion) -> Estimate:
        """Estimate from sound seconds; if they break nothing and are too few, from the load as it was sent."""
        found = self._allow_for_doubt(estimate, criterion)
        bound = require_bound(criterion)
        broken = found.is_outside(bound) or (criterion.decides == "point" and not bound.admits(found.value))
        if self.whole and not broken:
            return self.whole._decide(estimate, criterion)
        return replace(found, at_most=self.disturbed)

    def _allow_for_doubt(self, estimate: Callable[[Self, Criterion], Estimate], criterion: Criterion) -> Estimate:
        """Estimate with all ambiguous responses as right, and as failed; the truth lies between.

        One end comes from the first, the other from the second.
        """
        if not self.doubt:
            return estimate(self, criterion)
        best, worst = estimate(replace(self, doubt=""), criterion), estimate(self._at_worst(), criterion)
        bound = require_bound(criterion)
        more = "" if best.is_within(bound) else best.settles
        settles = worst.settles if worst.is_within(bound) else "; ".join(filter(None, (more, self.doubt)))
        return replace(worst, low=min(best.low, worst.low, key=lambda end: end.base), value=best.value, settles=settles)

    def _at_worst(self) -> Self:
        """Return the same with all ambiguous responses as failed."""
        lost = [
            failed + sum(maybe.values()) + away
            for failed, maybe, away in zip(self.failed, self.doubtful, self.turned_away, strict=True)
        ]
        sure = [Counter(took) - Counter(maybe) for took, maybe in zip(self.latencies, self.doubtful, strict=True)]
        return replace(self, latencies=tuple(sure), failed=tuple(lost), doubt="")

    def _p95(self, criterion: Criterion) -> Estimate:
        late = f"sent and received up to {self.late} late" if self.late.base >= _NOTABLE else ""
        found = estimates.estimate_percentile(
            partial(count_slower, self.latencies, self.failed),
            sorted({latency for second in self.latencies for latency in second}),
            self.requests,
            slowest=SLOWEST,
            bound=require_bound(criterion),
            confidence=self.confidence(criterion),
            unfinished=self.why_unfinished(criterion),
            detail=", ".join(filter(None, (self.describe_failures(), late, self.protocol, self.aside))),
            seconds=float(self.duration.base),
        )
        low = found.low.base - self.late.base
        return self._with_spell(replace(found, low=Quantity.of(max(Decimal(0), low * 1000), "ms")), criterion)

    def longest_standstill(self, criterion: Criterion) -> Estimate:
        """Return the longest standstill, with how seldom one that breaks the bound must come to hide from the run.

        One that begins less than the limit before a gap in the measured time may be cut short enough to pass.
        """
        return self._decide(Measurements._longest_standstill, criterion)

    def _longest_standstill(self, criterion: Criterion) -> Estimate:
        limit, sure = require_bound(criterion).limit, self.spend(criterion.confidence or estimates.CONFIDENCE)
        cut = limit.base if limit else Decimal(0)
        seen = sum(max(Decimal(0), end - begin - cut) for begin, end in _list_stretches(self.seconds))
        gap = "" if seen else f"no time was measured that is longer than {limit} and has no gap"
        why = "; ".join(filter(None, (self.why_unfinished(criterion), explain_idle(criterion), gap)))
        found = replace(self.standstill, unfinished=why)
        if not seen:
            return found
        hidden = describe_spell(statistics.rarest_seen(float(seen), float(sure.base)))
        said = f"what comes less often than every {hidden} can hide"
        return replace(found, detail="; ".join(filter(None, (found.detail, said))))

    def confidence(self, criterion: Criterion) -> Quantity | None:
        """Return the confidence that this attempt must reach, so that all of them together err no more than allowed.

        The k-th of them spends 1/k(k+1) of the allowed error; however many there are, they spend no more than all.
        """
        return criterion.confidence and self.spend(criterion.confidence)

    def spend(self, sure: Quantity) -> Quantity:
        """Return the confidence of this attempt if all of them together must reach one."""
        if not self.attempt:
            return sure
        spent = (100 - sure.magnitude) / (self.attempt * (self.attempt + 1))
        return Quantity.of((100 - spent).quantize(Decimal("0.0001"), ROUND_CEILING), "%")

    def _failed_share(self, criterion: Criterion) -> Estimate:
        found = estimates.estimate_share(
            self.failed,
            self.requests,
            bound=require_bound(criterion),
            confidence=self.confidence(criterion),
            unfinished="; ".join(filter(None, (self.why_unfinished(criterion), self.unstated))),
            detail=", ".join(filter(None, (self.describe_failures(), self.protocol, self.aside))),
            seconds=float(self.duration.base),
        )
        return self._with_spell(found, criterion)

    def why_unfinished(self, criterion: Criterion) -> str:
        """Return why too little was measured to satisfy a criterion, or an empty string."""
        return "; ".join(self._missing(criterion))

    def describe_failures(self) -> str:
        """Describe the failures for people."""
        return describe_classes(self.classes)

    def _with_spell(self, found: Estimate, criterion: Criterion) -> Estimate:
        """State the longest disturbance for which the bound is shown, and whether that suffices."""
        if criterion.decides == "point":
            said = "the value alone decides, which chance may have moved"
            return replace(found, detail="; ".join(filter(None, (found.detail, said))))
        if not found.spell or not found.is_within(require_bound(criterion)):
            return found
        holds, asked = self._describe_scope(found.spell), read_load_terms(criterion).disturbances
        said = f"attempt {self.attempt} on this commit, " if self.attempt > 1 else ""
        said += f"holds for {holds}"
        if asked and Decimal(found.spell) < asked.base and self.screen:
            said += f", a screen: {asked} is asked of a real run"
        elif asked and Decimal(found.spell) < asked.base:
            enough = Quantity.seconds(ceil(self.duration.base * asked.base / Decimal(found.spell)))
            why = f"this holds for {holds}, {asked} is asked for; let the load last {enough}"
            found = replace(found, unfinished="; ".join(filter(None, (found.unfinished, why))))
        return replace(found, detail="; ".join(filter(None, (found.detail, said))))

    def _describe_scope(self, spell: float) -> str:
        """Describe what a finding covers; a disturbance shorter than from request to request hits a single one."""
        if spell * self.requests < self.duration.base:
            return "single slow or failed requests"
        return f"disturbances up to {describe_spell(spell)}"

    def _missing(self, criterion: Criterion) -> Iterator[str]:
        if self.stopped or (self.unasked and not self.screen):
            yield self.stopped or self.unasked
        asked = read_load_terms(criterion).rate
        if asked is not None and self.rate.base < asked.base:
            yield f"the load was {self.rate}, at least {asked} is asked for; raise the profile's rate"
        if criterion.window is not None and self.duration.base < criterion.window.base:
            yield f"the load lasted {self.duration}, at least {criterion.window} is asked for; raise its duration"


def read_stored(stored: Mapping[str, Any], among: Collection[int] | None = None, *, only_sound: bool = False) -> Any:
    """Return the measurements of a stored run, with its kind and attempt; Unread as below."""
    found = (read_sound if only_sound else read_measurements)(stored["record"], among)
    given = {"screen": stored.get("screen", False), "attempt": stored.get("attempt", 0)}
    if isinstance(found, Unread):
        return found
    return replace(found, **given, whole=found.whole and replace(found.whole, **given))


def describe_spell(seconds: float) -> Quantity:
    """Return a time that a finding claims in two digits, rounded down."""
    whole = Decimal(seconds) * (1 if seconds >= 1 else 1000)
    return Quantity.of(Context(prec=2, rounding=ROUND_FLOOR).create_decimal(whole), "s" if seconds >= 1 else "ms")


def read_measurements(record: Mapping[str, Any], among: Collection[int] | None = None) -> Any:
    """Return the measurements of a record, or Unread if it can't be trusted; ``among`` are names to be counted alone.

    The number of unsent arrivals is known, but not their request names: they count only among all. Where too little is
    sound, the load as it was sent stands behind it.
    """
    sound, sent = read_sound(record, among), as_sent(record)
    if sent is None:
        return sound
    found = read_sound(sent, among)
    own = Decimal(str(sent["health"]["send_lag"]["max"]))  # readers who were to come then were not missed in time
    longest = Quantity.of(found.standstill.value.base + own, "s")
    standstill = replace(found.standstill, value=longest, high=longest)
    whole = replace(found, standstill=standstill, disturbed=describe_disturbance(record))
    return whole if isinstance(sound, Unread) else replace(sound, whole=whole)


def read_sound(record: Mapping[str, Any], among: Collection[int] | None = None) -> Any:
    """Return the measurements of the sound seconds of a record, or Unread if they are too few."""
    if reason := why_unsound(record):
        return Unread(reason)
    profile = record["profile"]
    whole = Decimal(str(profile["duration"])) - Decimal(str(profile.get("climb", 0)))
    seconds, short = list_counted(record), record["health"].get("short", "")
    counts = count_by_second(record, seconds, among)
    stopped = short if record["complete"] else record["why"] or "the run was stopped early"
    return Measurements(
        rate=Quantity.of(Decimal(str(profile["rate"])), "/s"),
        duration=Quantity.seconds(min(whole, Decimal(len(seconds))) if stopped else whole),
        latencies=tuple(counts.latencies),
        failed=tuple(counts.failed),
        seconds=tuple(seconds),
        classes=counts.classes,
        stopped=stopped,
        aside=record["health"].get("aside", ""),
        late=Quantity.of(Decimal(str(lateness(record))) * 1000, "ms"),
        standstill=read_standstill(record, seconds),
        protocol=describe_protocol(record),
        doubtful=tuple(counts.doubtful),
        turned_away=tuple(counts.turned_away),
        doubt=describe_doubt(record, counts),
        unstated=describe_unstated(record, among),
        unasked=describe_unasked(record) if among is None else "",
    )


def count_slower(latencies: Sequence[Mapping[int, int]], failed: Sequence[int], latency: int) -> list[int]:
    """Return how many requests of each second were slower than a latency; one that failed was slower than any."""
    slow = (sum(count for took, count in second.items() if took > latency) for second in latencies)
    return [late + lost for late, lost in zip(slow, failed, strict=True)]


def describe_classes(classes: Mapping[str, int]) -> str:
    """Describe the failures for people; ``classes`` holds how many by class of failure."""
    most = Counter(classes).most_common(_SHOWN)
    rest = sum(classes.values()) - sum(number for _, number in most)
    return ", ".join([f"{number:,} {name}" for name, number in most] + ([f"{rest:,} other"] if rest else []))


def explain_idle(criterion: Criterion) -> str:
    """Explain that no length of disturbances bounds the longest of them, or a change; empty where none is asked for."""
    asked = read_load_terms(criterion).disturbances
    return f"no load can show this for disturbances of up to {asked}; leave 'disturbances' out" if asked else ""


def require_bound(criterion: Criterion) -> Bound:
    """Return the bound of a criterion. Raises TypeError for one without."""
    if criterion.bound is None:
        raise TypeError(f"criterion {criterion.id!r} has no bound, so nothing can be estimated for it")
    return criterion.bound
