"""Whether generator and machine were healthy in a window, so that its measurements describe the system.

Lateness of the generator counts whatever its cause, as does processor time taken by other programs and machines.
Processor time of the site and of the generator does not count, or a hungry site would be measured only when it is not
hungry. Lateness also shows a container at its limit, which stops the generator.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, inf
from statistics import fmean
from typing import Any, Final, Self

from ..quantities import figure, percentage
from ..statistics import nearest_rank
from .profile import Profile

# ── Windows: measured time in pieces of some seconds, each of which counts or is measured again, by health alone
# No function here receives a measurement of the site: the health of generator and machine alone decides which windows
# count, and which come next. A window that is set aside leaves its place in the profile open, and a later one takes it.
# In a steady load one second is like another, so only the missing time is sent again. The beginning of a load that
# climbs counts, so the load is sent again from its beginning to the last open place. Each place takes its first sound
# window, so that in the end one whole climb counts, and what follows it.

#: Seconds of a window.
WINDOW: Final = 2
#: Greatest 99th percentile of lateness, in seconds, of a load that is as strong as planned: an eighth of a window.
MAX_LAG_AS_SENT: Final = WINDOW / 8
#: Share of all measured time that may be set aside: left out, because the generator was not sound.
MOST_ASIDE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some seconds of a run."""

    place: int
    """The part of the profile that it stands for, from 0 on."""
    second: int
    """The first second, counted from the end of the warm-up."""
    seconds: float
    sick: Mapping[str, float] = field(default_factory=dict)
    """A fault of generator or machine -> by how much; empty for a sound window."""

    @property
    def end(self) -> float:
        """The second at which it ends."""
        return self.second + self.seconds

    @property
    def range(self) -> range:
        """Its seconds."""
        return range(self.second, ceil(self.end))

    def to_json(self) -> dict[str, Any]:
        """Return the window as the record has it."""
        return {"place": self.place, "second": self.second, "seconds": self.seconds, "sick": dict(self.sick)}


def cut(profile: Profile) -> tuple[float, ...]:
    """Return the length of each place of a profile; the last is longer where the duration is no multiple."""
    whole = max(1, int(profile.duration // WINDOW))
    return (*[float(WINDOW)] * (whole - 1), profile.duration - WINDOW * (whole - 1))


def plan_round(profile: Profile, measured: Sequence[Window]) -> tuple[Window, ...]:
    """Return the windows to measure next, none where all places are taken or the profile's time is over."""
    lengths, taken = cut(profile), {window.place for window in find_counted(measured)}
    missing = [place for place in range(len(lengths)) if place not in taken]
    if not missing:
        return ()
    places = range(missing[-1] + 1) if profile.climb else missing
    at = ceil(measured[-1].end) + max(1, ceil(profile.climb)) if measured else 0
    planned = []
    for place in places:
        planned.append(Window(place=place, second=at, seconds=lengths[place]))
        at += int(lengths[place])
    fits = [window for window in planned if not measured or window.end <= profile.within]
    return () if profile.climb and len(fits) < len(planned) else tuple(fits)


def profile_of(profile: Profile, planned: Sequence[Window], number: int) -> Profile:
    """Return the load of a round, counted from 0, without a warm-up where it is not the first."""
    if not number:
        return profile
    lasting = sum(window.seconds for window in planned)
    return replace(
        profile, warm_up=0.0, duration=lasting, climb=min(profile.climb, lasting), seed=profile.seed + 2 * number
    )


def find_counted(measured: Iterable[Window]) -> tuple[Window, ...]:
    """Return the windows that count: of each place the first sound one."""
    first: dict[int, Window] = {}
    for window in measured:
        if not window.sick:
            first.setdefault(window.place, window)
    return tuple(sorted(first.values(), key=lambda window: window.second))


def seconds_of(windows: Iterable[Window]) -> float:
    """Return how long windows last together."""
    return sum(window.seconds for window in windows)


#: The most that the lag of requests and of the loop may be. A healthy process stays below 6 ms; from 20 ms on, a
#: latency of some 10 ms is more the generator's doing than the system's.
MAX_LAG: Final = 0.020
#: The same as a share of the limit for latencies. Lag makes latencies look longer, never shorter, so this can only make
#: a run look worse than the system is; the judgement of the percentile allows for it.
MAX_LAG_OF_LIMIT: Final = 0.25
#: One in so many requests of a window may be sent later than that, and one in a window of fewer requests.
ONE_IN: Final = 100
#: Share of a window in which the generator's loop may stand still, in pauses longer than that.
MAX_STILL: Final = 0.05
#: A request sent late by more than this share of its timeout may time out because of the generator.
MAX_LAG_OF_TIMEOUT: Final = 0.5
#: The share of the processor time that was wanted which went to other machines. A rehearsal wants half of what there
#: is, so that this is a twentieth of all.
MAX_STEAL: Final = 0.10
#: Threads of others that want each core. Measured: beside six the sample site's 95th percentile is some 20 ms, and
#: 30 ms in a surge, as long as the generator is in time; beside eleven it is 50 to 900 ms.
MAX_OTHERS: Final = 8.0

ADVICE: Final = "use fewer arrivals per second, or more workers on more processors, or a machine that does nothing else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Measurements of one process and its machine in a window; lags in tenths of a millisecond -> count."""

    send_lag: Mapping[int, int] = field(default_factory=dict)
    loop_lag: Mapping[int, int] = field(default_factory=dict)
    cpu: float = 0.0
    """Processor seconds of the process per second."""
    machine_cpu: float = 0.0
    """The share of the processors that is used: of the container's limit, where it has one."""
    steal: float = 0.0
    others: float = 0.0
    """Threads of others that wanted each core, on average; 0 where nobody can tell whose they are."""

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Rebuild them from JSON values, whose keys are texts."""
        lags = {name: {int(tenths): n for tenths, n in told[name].items()} for name in ("send_lag", "loop_lag")}
        return cls(**{**told, **lags})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How late the measuring process may be, in seconds, and how many threads of others may want each core."""

    lag: float = MAX_LAG
    patience: float = inf
    """How late a request may be sent, so that a timeout is the system's own."""
    others: float = MAX_OTHERS

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """Return the limits for a load; its limit for latencies decides how much lag is harmless."""
        lag = max(MAX_LAG, MAX_LAG_OF_LIMIT * (profile.slow or 0.0))
        return cls(lag=lag, patience=MAX_LAG_OF_TIMEOUT * profile.timeout)


def find_problems(vitals: Vitals, limits: Limits, seconds: float) -> dict[str, float]:
    """Return what was wrong in a window of so many seconds -> by how much; nothing for one that is sound."""
    still = sum(lag * count for lag, count in vitals.loop_lag.items() if lag > 10_000 * limits.lag) / 10_000
    spared = max(1, sum(vitals.send_lag.values()) // ONE_IN)
    found = {
        "late": (_find_greatest(vitals.send_lag, beyond=spared), limits.lag),
        "latest": (_find_greatest(vitals.send_lag), limits.patience),
        "still": (still, MAX_STILL * seconds),
        "steal": (vitals.steal, MAX_STEAL),
        "others": (vitals.others, limits.others),
    }
    return {name: round(value, 4) for name, (value, limit) in found.items() if value > limit}


def _find_greatest(lags: Mapping[int, int], *, beyond: int = 0) -> float:
    """Return the greatest lag in seconds, leaving out the greatest ``beyond`` of them; 0 if no more are left."""
    for lag in sorted(lags, reverse=True):
        if (beyond := beyond - lags[lag]) < 0:
            return lag / 10_000
    return 0.0


def find_first(measured: Iterable[Window]) -> tuple[Window, ...]:
    """Return the first window of each place, sound or not: the load as it was sent, with nothing chosen from it."""
    return tuple({window.place: window for window in reversed(tuple(measured))}.values())


def assess_windows(
    measured: Sequence[Window], vitals: Mapping[int, Sequence[Vitals]], profile: Profile
) -> dict[str, Any]:
    """Return the record's health: of the windows that count, and why they may be too few.

    ``vitals`` are those of each process, by the window's second. ``sick`` says why nothing that depends on time can be
    concluded; ``short`` why a bound can only be shown to be broken, not kept. Both are empty if all is well. If one is
    not, ``as_sent`` holds the lags of the load as it was sent, where every place was measured and the load was as
    strong as planned.
    """
    counted = find_counted(measured)
    known = _list_vitals(counted, vitals)
    aside, sick = describe_loss(measured, Limits.of(profile))
    told, missing = describe_aside(measured, Limits.of(profile)), profile.duration - seconds_of(counted)
    short = missing > 0 and bool(aside)
    return {
        **_sum_lags(known),
        **{name: round(fmean(getattr(each, name) for each in known), 4) if known else 0.0 for name in _SHARES},
        "aside": aside,
        "sick": [sick] if sick else [],
        "short": f"only {seconds_of(counted):g} of {profile.duration:g} s were measured soundly within "
        f"{max(profile.within, profile.duration):g} s: {told}"
        if short
        else "",
        "advice": ADVICE if sick else "",
        "as_sent": _find_lags_as_sent(measured, vitals, profile) if sick or short else {},
    }


def _list_vitals(windows: Iterable[Window], vitals: Mapping[int, Sequence[Vitals]]) -> list[Vitals]:
    return [each for window in windows for each in vitals.get(window.second, ())]


def _sum_lags(known: Iterable[Vitals]) -> dict[str, dict[str, float]]:
    """Return the percentiles of the lags of several windows together."""
    lags: dict[str, Counter[int]] = {"send_lag": Counter(), "loop_lag": Counter()}
    for each in known:
        for name, lag in lags.items():
            lag.update(getattr(each, name))
    return {name: percentiles(lag) for name, lag in lags.items()}


def _find_lags_as_sent(
    measured: Sequence[Window], vitals: Mapping[int, Sequence[Vitals]], profile: Profile
) -> dict[str, dict[str, float]]:
    """Return the lags of the first windows; nothing where a place has none, or arrivals moved out of their window."""
    first = find_first(measured)
    lags = _sum_lags(_list_vitals(first, vitals))
    whole = {window.place for window in first} == set(range(len(cut(profile))))
    return lags if whole and 0 < lags["send_lag"]["p99"] <= MAX_LAG_AS_SENT else {}


_SHARES: Final = ("cpu", "machine_cpu", "steal", "others")


def describe_loss(measured: Sequence[Window], limits: Limits) -> tuple[str, str]:
    """Return how much was set aside and why, and the same again if it is too much; empty texts otherwise."""
    sick = [window for window in measured if window.sick]
    lost, whole = round(seconds_of(sick), 1), round(seconds_of(measured), 1)
    told = describe_aside(measured, limits)
    aside = f"{lost:g} of {whole:g} s were set aside, and nothing is said of them: {told}" if lost else ""
    much = f"{lost:g} of {whole:g} s had to be set aside, more than half: {told}" if lost > MOST_ASIDE * whole else ""
    return aside, much


def describe_aside(measured: Iterable[Window], limits: Limits) -> str:
    """Return the reasons why windows were set aside, each with its worst value."""
    worst: dict[str, float] = {}
    for window in measured:
        for name, value in window.sick.items():
            worst[name] = max(value, worst.get(name, 0.0))
    return ", ".join(_describe(worst, limits))


def percentiles(counts: Mapping[int, int]) -> dict[str, float]:
    """Return p50, p99 and max in seconds, from tenths of a millisecond -> count; all 0 when nothing was counted."""
    wanted = {"p50": 500, "p99": 990, "max": 1000}
    return {name: (nearest_rank(counts, mille) or 0) / 10_000 for name, mille in wanted.items()}


def _describe(worst: Mapping[str, float], limits: Limits) -> Iterator[str]:
    if late := worst.get("late"):
        yield f"requests were sent {_ms(late, limits.lag)} late, at most {_ms(limits.lag)} lets latencies be believed"
    if latest := worst.get("latest"):
        shown = _ms(latest, limits.patience)
        yield f"a request was sent {shown} late, at most {_ms(limits.patience)} keeps timeouts the system's own"
    if still := worst.get("still"):
        yield f"the process that measures stood still for {_ms(still)}, at most {MAX_STILL:.0%} of the time is bearable"
    if steal := worst.get("steal"):
        shown = percentage(steal, MAX_STEAL)
        yield f"{shown} of wanted processor time was given to other machines, at most {MAX_STEAL:.0%} is bearable"
    if others := worst.get("others"):
        shown = figure(others, limits.others)
        yield f"{shown} threads of other programs wanted each core, at most {limits.others:g} leave room"


def _ms(seconds: float, *limits: float) -> str:
    return f"{figure(seconds * 1000, *(limit * 1000 for limit in limits), decimals=0)} ms"
