"""Measures the generating process: how late it sends, how late its loop wakes, how busy the processors are."""

from __future__ import annotations

import time
from collections import Counter
from time import perf_counter
from typing import Any, Final

import gevent
import psutil

from ..tally import tenths_of_ms

#: Seconds between two measurements of the loop's lag.
INTERVAL: Final = 0.02


class Monitor:
    """Lags and processor shares of the measured window; of the warm-up, as long as nothing was measured."""

    def __init__(self) -> None:
        self._send_lag: Counter[int] = Counter()
        self._loop_lag: Counter[int] = Counter()
        self._before: tuple[float, float, Any] | None = None
        self._shares = {"cpu": 0.0, "machine_cpu": 0.0, "steal": 0.0}
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
        before = (perf_counter(), time.process_time(), psutil.cpu_times())
        try:
            until = perf_counter() + lasting
            while (woken := perf_counter()) < until:
                gevent.sleep(INTERVAL)
                self._loop_lag[tenths_of_ms(perf_counter() - woken - INTERVAL)] += 1
        finally:
            self._shares = _processor_shares(*before)


def _processor_shares(at: float, used: float, before: Any) -> dict[str, float]:
    now = psutil.cpu_times()
    spent = {name: getattr(now, name) - getattr(before, name) for name in now._fields if not name.startswith("guest")}
    total = sum(spent.values()) or 1.0
    return {
        "cpu": (time.process_time() - used) / max(perf_counter() - at, INTERVAL),
        "machine_cpu": 1 - (spent["idle"] + spent.get("iowait", 0.0)) / total,
        "steal": spent.get("steal", 0.0) / total,
    }
