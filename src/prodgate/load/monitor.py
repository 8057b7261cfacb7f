"""Measures the generating process, window by window: how late it sends, how late its loop wakes, and the machine."""

import os
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any, Final

import psutil

from .cgroup import Quota, read_quota
from .health import Window
from .record import tenths_of_ms

# ── How busy this machine is, and with what: processor time, time that went to other machines, threads of others
# Stolen processor time is compared with the time that was wanted, and threads of the gate and of the site are not
# counted: what a site uses itself must not decide when it is measured. A site that wants the processors more often
# loses more time to other machines in all, but no greater part of what it wants.

_PROC: Final = Path("/proc")
_RUNNING: Final = b"procs_running "


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Counters at one moment, in seconds."""

    at: float
    used: float
    """By this process."""
    spent: Mapping[str, float]
    """By the processors that it may run on, by what for."""
    quota: Quota | None
    """Of its container, where that is limited."""


def read_clocks() -> Clocks:
    """Return what was counted up to now."""
    return Clocks(at=perf_counter(), used=time.process_time(), spent=_read_processors(), quota=read_quota())


def _read_processors() -> dict[str, float]:
    each = psutil.cpu_times(percpu=True)
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(len(each))
    counted = [times for number, times in enumerate(each) if number in mine] or each
    names = [name for name in counted[0]._fields if not name.startswith("guest")]
    return {name: sum(getattr(times, name) for times in counted) for name in names}


def processor_shares(before: Clocks, now: Clocks) -> dict[str, float]:
    """Return ``cpu``, ``machine_cpu`` and ``steal`` between two moments.

    These are processor seconds of this process per second, the share of the processors (or of a container's limit) that
    was used, and the part of the time in which processors were wanted that went to other machines.
    """
    spent = {name: max(0.0, seconds - before.spent[name]) for name, seconds in now.spent.items()}
    total, passed = sum(spent.values()), now.at - before.at or 1.0
    wanted = total - spent["idle"] - spent.get("iowait", 0.0)
    busy = wanted / (total or 1.0)
    if now.quota and before.quota and now.quota.used:
        busy = (now.quota.used - before.quota.used) / passed / now.quota.processors
    return {
        "cpu": (now.used - before.used) / passed,
        "machine_cpu": busy,
        "steal": spent.get("steal", 0.0) / wanted if wanted else 0.0,
    }


def count_others(own: int, proc: Path = _PROC) -> float | None:
    """Return how many threads want to run on each core that are not of a process nor of what it began.

    None where the system does not tell.
    """
    try:
        (proc / f"{own}/task/{own}/children").read_bytes()  # else none of what it began would be found
        told = (proc / "stat").read_bytes()
        running = int(told[told.index(_RUNNING) + len(_RUNNING) :].split(None, 1)[0])
        ours = sum(state == b"R" for state in _list_states(own, proc))
    except (OSError, ValueError):
        return None
    return max(0, running - ours) / (os.cpu_count() or 1)


def _list_states(process: int, proc: Path) -> Iterator[bytes]:
    """Yield the state of each thread of a process and of its descendants. Raises OSError where that is not told."""
    for folder in (proc / str(process) / "task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # one that has just ended
            yield (folder / "stat").read_bytes().rpartition(b")")[2].split(None, 1)[0]
            for child in (folder / "children").read_bytes().split():
                with suppress(FileNotFoundError, ProcessLookupError):
                    yield from _list_states(int(child), proc)


#: Seconds between two measurements of the loop's lag, and between two counts of the other processes that want to run.
INTERVAL: Final = 0.02
LOOK: Final = 0.25


@dataclass(slots=True)
class _Open:
    """A window that is being measured; ``began`` and ``until`` are times of the monotonic clock."""

    window: Window
    began: float
    until: float
    loop_lag: Counter[int] = field(default_factory=Counter)
    others: list[float] = field(default_factory=list)
    clocks: Clocks = field(default_factory=read_clocks)


class Monitor:
    """Lags and processor shares of each window. ``own`` is the process whose threads are the gate's and the site's."""

    def __init__(self, own: int) -> None:
        self._own = own
        self._due: deque[_Due] = deque()
        self._open: _Open | None = None
        self._closed: list[tuple[Window, dict[str, Any]]] = []
        self.reached = 0.0
        """Every request that was meant for an earlier second was sent, or never will be."""
        self._send_lag: dict[int, Counter[int]] = {}
        """By the second for which requests were meant."""
        self._looked = 0.0

    def expect(self, windows: Iterable[Window], zero: float) -> None:
        """Measure these windows as well, of which second 0 begins at a time of ``perf_counter``."""
        self._due.extend((window, zero + window.second) for window in windows)

    def stop(self) -> None:
        """End measuring; a window that has not ended lasted until now."""
        self._due.clear()
        if self._open is not None:
            self._close(self._open, min(perf_counter(), self._open.until))

    @property
    def idle(self) -> bool:
        """Whether every window that is expected has ended."""
        return not self._due and self._open is None

    def count_send_lag(self, second: int, lag: float) -> None:
        """Count a request that was sent ``lag`` seconds after its intended time, which was in a second."""
        self._send_lag.setdefault(second, Counter())[tenths_of_ms(lag)] += 1

    def take(self) -> list[dict[str, Any]]:
        """Return the windows that ended since the last time, each with its vitals, as JSON values.

        A window has ended when its requests were sent, however late.
        """
        ended = [each for each in self._closed if each[0].end <= self.reached]
        self._closed = self._closed[len(ended) :]
        return [
            {**window.to_json(), "vitals": {**vitals, "send_lag": self._pop_lag(window)}} for window, vitals in ended
        ]

    def _pop_lag(self, window: Window) -> dict[str, int]:
        found: Counter[int] = Counter()
        for second in [each for each in self._send_lag if window.second <= each < window.end]:
            found.update(self._send_lag.pop(second))
        return {str(lag): count for lag, count in found.items()}

    def note(self, slept: float) -> None:
        """Count how late a loop woke that meant to sleep for INTERVAL from a time on, in every window reached."""
        now = perf_counter()
        lag = tenths_of_ms(now - slept - INTERVAL)
        while True:
            if self._open is None and self._due and now >= self._due[0][1]:
                window, began = self._due.popleft()
                self._open = _Open(window, began, began + window.seconds)
            if self._open is None:
                return
            self._open.loop_lag[lag] += 1
            if now < self._open.until:
                break
            self._close(self._open, self._open.until)
        if self._own and now >= self._looked + LOOK:
            self._looked = now
            if (others := count_others(self._own)) is not None:
                self._open.others.append(others)

    def _close(self, one: _Open, ended: float) -> None:
        self._open = None
        vitals = {
            "loop_lag": {str(lag): count for lag, count in one.loop_lag.items()},
            "others": fmean(one.others) if one.others else 0.0,
            **processor_shares(one.clocks, read_clocks()),
        }
        cut_short = replace(one.window, seconds=round(ended - one.began, 3))
        self._closed.append((one.window if ended == one.until else cut_short, vitals))


_Due = tuple[Window, float]
