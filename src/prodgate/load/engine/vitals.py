"""Measures the generating process: how late it sends, how late its loop wakes, how busy the processors are."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import gevent
import psutil

from ..cgroup import Quota, read_quota
from ..tally import tenths_of_ms

#: Seconds between two measurements of the loop's lag.
INTERVAL: Final = 0.02


class Monitor:
    """Lags and processor shares of the measured window; of the warm-up, as long as nothing was measured."""

    def __init__(self) -> None:
        self._send_lag: Counter[int] = Counter()
        self._loop_lag: Counter[int] = Counter()
        self._shares = dict.fromkeys(("cpu", "machine_cpu", "steal", "refused"), 0.0)
        self._greenlet: gevent.Greenlet | None = None

    def start(self, *, after: float, warming: float, lasting: float) -> None:
        """Measure ``after`` seconds from now for ``warming`` seconds, and then afresh for ``lasting`` seconds."""
        self._greenlet = gevent.spawn_later(after, self._measure_both, warming, lasting)

    def stop(self) -> None:
        """End measuring, if that has not ended yet."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def count_send_lag(self, lag: float) -> None:
        """Count a request that was sent ``lag`` seconds after its intended time."""
        self._send_lag[tenths_of_ms(lag)] += 1

    def to_json(self) -> dict[str, Any]:
        """Return the measurements as JSON values of ``Vitals``."""
        lags = {"send_lag": self._send_lag, "loop_lag": self._loop_lag}
        return {**{name: {str(k): v for k, v in lag.items()} for name, lag in lags.items()}, **self._shares}

    def _measure_both(self, warming: float, lasting: float) -> None:
        if warming:
            self._measure(warming)
            self._send_lag.clear()
            self._loop_lag.clear()
        self._measure(lasting)

    def _measure(self, lasting: float) -> None:
        before = _read_clocks()
        try:
            until = perf_counter() + lasting
            while (woken := perf_counter()) < until:
                gevent.sleep(INTERVAL)
                self._loop_lag[tenths_of_ms(perf_counter() - woken - INTERVAL)] += 1
        finally:
            self._shares = _processor_shares(before, _read_clocks())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clocks:
    """What was counted at one moment, in seconds."""

    at: float
    used: float
    """By this process."""
    spent: Mapping[str, float]
    """By the processors that it may run on, by what for."""
    quota: Quota | None
    """Of its container, where that is limited."""


def _read_clocks() -> _Clocks:
    return _Clocks(at=perf_counter(), used=time.process_time(), spent=_read_processors(), quota=read_quota())


def _read_processors() -> dict[str, float]:
    each = psutil.cpu_times(percpu=True)
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(len(each))
    counted = [times for number, times in enumerate(each) if number in mine] or each
    names = [name for name in counted[0]._fields if not name.startswith("guest")]
    return {name: sum(getattr(times, name) for times in counted) for name in names}


def _processor_shares(before: _Clocks, now: _Clocks) -> dict[str, float]:
    """Return the shares of the time between two moments; a container's limit is what it may use of the machine."""
    spent = {name: seconds - before.spent[name] for name, seconds in now.spent.items()}
    total, passed = sum(spent.values()) or 1.0, max(now.at - before.at, INTERVAL)
    busy, refused = 1 - (spent["idle"] + spent.get("iowait", 0.0)) / total, 0.0
    if now.quota and before.quota:
        busy = (now.quota.used - before.quota.used) / passed / now.quota.processors
        refused = (now.quota.refused - before.quota.refused) / passed
    return {
        "cpu": (now.used - before.used) / passed,
        "machine_cpu": busy,
        "steal": spent.get("steal", 0.0) / total,
        "refused": refused,
    }
