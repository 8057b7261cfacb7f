"""Whether the generator itself was the bottleneck: then what it measured says nothing about the system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..statistics import nearest_rank
from .profile import Profile

#: The most that the p99 of send lag and loop lag may be. A healthy process stays below 6 ms; from 20 ms on, a latency
#: of some 10 ms is more the generator's doing than the system's.
MAX_LAG: Final = 0.020
#: The same as a share of the limit for latencies. Lag makes latencies look longer, never shorter, so this can only make
#: a run look worse than the system is; the judgement of the percentile allows for it.
MAX_LAG_OF_LIMIT: Final = 0.25
#: A request sent late by more than this share of its timeout may time out because of the generator.
MAX_LAG_OF_TIMEOUT: Final = 0.5
#: One event loop has one processor; beyond this share it queues what it should measure.
MAX_CPU: Final = 0.90
#: Whatever else runs here takes turns with the generator and, in a rehearsal, with the site; beyond this both wait.
MAX_MACHINE_CPU: Final = 0.95
#: Processor time that the hypervisor gave to other machines: pauses that can't be seen or measured from here.
MAX_STEAL: Final = 0.05

ADVICE: Final = "use fewer arrivals per second, or more workers on more processors, or a machine that does nothing else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What one process measured about itself in the measured window; lags in tenths of a millisecond -> count."""

    send_lag: Mapping[int, int]
    loop_lag: Mapping[int, int]
    cpu: float = 0.0
    """Processor seconds of the process per second."""
    machine_cpu: float = 0.0
    """The share of the processors that is used: of the container's limit, where it has one."""
    refused: float = 0.0
    """The share of the time in which the container wanted to run and was not let."""
    steal: float = 0.0


def combine_vitals(processes: Iterable[Mapping[str, Any]]) -> Vitals:
    """Return the vitals of several processes (as JSON values) as one: lags added up, the worst of the rest."""
    lags: dict[str, Counter[int]] = {"send_lag": Counter(), "loop_lag": Counter()}
    worst = {"cpu": 0.0, "machine_cpu": 0.0, "steal": 0.0, "refused": 0.0}
    for vitals in processes:
        for name, lag in lags.items():
            lag.update({int(tenths): count for tenths, count in vitals[name].items()})
        worst = {name: max(value, vitals[name]) for name, value in worst.items()}
    return Vitals(send_lag=lags["send_lag"], loop_lag=lags["loop_lag"], **worst)


def assess_health(vitals: Vitals, profile: Profile) -> dict[str, Any]:
    """Return the record's health: lags in seconds, shares, the problems (``sick``, empty for none) and what to do."""
    sick = list(_list_problems(vitals, profile))
    return {
        "send_lag": percentiles(vitals.send_lag),
        "loop_lag": percentiles(vitals.loop_lag),
        "cpu": round(vitals.cpu, 4),
        "machine_cpu": round(vitals.machine_cpu, 4),
        "steal": round(vitals.steal, 4),
        "refused": round(vitals.refused, 4),
        "sick": sick,
        "advice": ADVICE if sick else "",
    }


def percentiles(counts: Mapping[int, int]) -> dict[str, float]:
    """Return p50, p99 and max in seconds, from tenths of a millisecond -> count; all 0 when nothing was counted."""
    wanted = {"p50": 500, "p99": 990, "max": 1000}
    return {name: (nearest_rank(counts, mille) or 0) / 10_000 for name, mille in wanted.items()}


def _list_problems(vitals: Vitals, profile: Profile) -> Iterator[str]:
    most = max(MAX_LAG, MAX_LAG_OF_LIMIT * (profile.slow or 0.0))
    sent, woken = percentiles(vitals.send_lag), percentiles(vitals.loop_lag)
    for name, lag in (("send lag", sent), ("loop lag", woken)):
        if lag["p99"] > most:
            yield f"{name} p99 was {_ms(lag['p99'])}, at most {_ms(most)} lets latencies be believed"
    latest, patience = sent["max"], MAX_LAG_OF_TIMEOUT * profile.timeout
    if latest > patience:
        yield f"a request was sent {_ms(latest)} late, at most {_ms(patience)} keeps timeouts the system's own"
    if vitals.cpu > MAX_CPU:
        yield f"the process used {vitals.cpu:.0%} of a processor, at most {MAX_CPU:.0%} leaves room to measure"
    if vitals.machine_cpu > MAX_MACHINE_CPU:
        busy = f"{vitals.machine_cpu:.0%}"
        yield f"the machine's processors were {busy} busy, at most {MAX_MACHINE_CPU:.0%} leaves room to send in time"
    if vitals.steal > MAX_STEAL:
        yield f"{vitals.steal:.1%} of processor time was given to other machines, at most {MAX_STEAL:.0%} is bearable"
    if vitals.refused > MAX_STEAL:
        refused = f"in {vitals.refused:.1%} of the time the container was at its limit and not let run"
        yield f"{refused}, at most {MAX_STEAL:.0%} is bearable"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"
