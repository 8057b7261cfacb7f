"""Spells in which this machine, or other load on it, kept Airflow from its work.

Health decides whether a slot counts, never its result: this module reads no run. Processor time of Airflow itself and
of the gate makes no spell either; otherwise a DAG that keeps the machine busy could choose its slots.
"""

import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path
from statistics import fmean
from time import monotonic
from typing import Final

from ...dags.declared import Spell
from ...processes.interpreter import GATE
from ...quantities import figure, percentage
from .process import Airflow, request_json
from .supervisor import find_descendants

#: Seconds between two samples, and between two requests for the scheduler's heartbeat, which comes every two.
EVERY: Final = 0.5
_ASK_EVERY: Final = 2.0
#: Seconds over which the machine's figures are averaged: a run takes as long.
STRETCH: Final = 4.0
#: Runnable threads per core, beside Airflow's, above which runs are late for want of a core; Airflow has about one.
#: With 3.5 no slot was missed: runs took 16 s at most, and with slots 12 s apart one is missed after 24.
MOST_OTHERS: Final = 3.0
#: Processor time that the hypervisor gave to other machines: with a quarter, runs of a few seconds still end in time.
MOST_STEAL: Final = 0.25
#: Seconds that a sample may be late, and that two clocks may differ.
MOST_PAUSE: Final = 1.5
#: Seconds after which a scheduler has missed three heartbeats.
MOST_SILENCE: Final = 8.0

_STAT: Final = Path("/proc/stat")
_PS: Final = ("/bin/ps", "-axo", "pid=,state=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A sample of the machine and of Airflow's processes at one moment."""

    at: datetime
    elapsed: float
    """Seconds of a clock that nobody sets."""
    own: float = 0.0
    """Runnable threads of Airflow, and of the process that runs it."""
    others: float = 0.0
    spent: float = 0.0
    """Processor time of the machine so far, in any unit, including idle time."""
    stolen: float = 0.0
    """The part of it that was given to other machines."""
    stopped: tuple[str, ...] = ()
    """Components of Airflow that somebody stopped, as SIGSTOP does."""
    beat: datetime
    """The scheduler's last known heartbeat."""
    lives: bool = True
    """Whether the scheduler's process exists: the machine is not to blame for one that ended by itself."""


def find_spells(looks: Sequence[Look], cores: int) -> tuple[Spell, ...]:
    """Return the spells in a series of samples, by start; touching spells with the same reason are merged."""
    found = (*_find_pauses(looks, cores), *_find_stops(looks), *_find_crowds(looks, cores), *_find_silence(looks))
    joined: list[Spell] = []
    for spell in sorted(found, key=lambda each: (each.reason, each.begin)):
        last = joined[-1] if joined else None
        if last and last.reason == spell.reason and spell.begin <= last.end:
            joined[-1] = replace(last, end=max(last.end, spell.end))
        else:
            joined.append(spell)
    return tuple(sorted(joined, key=lambda each: (each.begin, each.end)))


def _find_pauses(looks: Sequence[Look], cores: int) -> Iterator[Spell]:
    for before, now in pairwise(looks):
        passed, told = now.elapsed - before.elapsed, (now.at - before.at).total_seconds()
        begin, end = sorted((before.at, now.at))
        if abs(told - passed) > MOST_PAUSE:
            yield Spell(begin=begin, end=end, reason=f"the clock moved by {told:.1f} s in {passed:.1f} s")
        elif passed > EVERY + MOST_PAUSE and max(before.own, now.own) < cores:
            yield Spell(begin=begin, end=end, reason=f"this process stood still for {passed:.1f} s")


def _find_stops(looks: Sequence[Look]) -> Iterator[Spell]:
    for before, now in pairwise(looks):
        if names := ", ".join(now.stopped or before.stopped):
            yield Spell(begin=before.at, end=now.at, reason=f"somebody stopped Airflow's {names}")


def _find_crowds(looks: Sequence[Look], cores: int) -> Iterator[Spell]:
    begun = looks[0].elapsed if looks else 0.0
    for _, each in groupby(looks, lambda look: (look.elapsed - begun) // STRETCH):
        stretch = tuple(each)
        first, last = stretch[0], stretch[-1]
        others = fmean(look.others for look in stretch) / cores
        stolen = (last.stolen - first.stolen) / ((last.spent - first.spent) or 1.0)
        if others > MOST_OTHERS:
            said = figure(others, MOST_OTHERS)
            reason = f"{said} threads besides Airflow's wanted each core, more than {MOST_OTHERS:g}"
            yield Spell(begin=first.at, end=last.at, reason=reason)
        if stolen > MOST_STEAL:
            said = percentage(stolen, MOST_STEAL, decimals=0)
            reason = f"{said} of processor time was given to other machines, more than {MOST_STEAL:.0%}"
            yield Spell(begin=first.at, end=last.at, reason=reason)


def _find_silence(looks: Sequence[Look]) -> Iterator[Spell]:
    """Find long silences of the scheduler, except its own: those in which one of Airflow's threads ran all the time."""
    for _, each in groupby(looks, lambda look: look.beat):
        alike = tuple(each)
        first, last = alike[0], alike[-1]
        silent = (last.at - first.beat).total_seconds()
        if silent > MOST_SILENCE and last.lives and fmean(look.own for look in alike) < 1:
            yield Spell(begin=first.beat, end=last.at, reason=f"Airflow's scheduler said nothing for {silent:.0f} s")


@contextmanager
def watching(airflow: Airflow) -> Iterator[Callable[[], Sequence[Spell]]]:
    """Sample while the context is open; yield a function that returns the spells so far."""
    looks, beats, ended = list[Look](), [datetime.now(UTC)], threading.Event()
    pids, health = airflow.pids(), airflow.url + airflow.health
    roots = {os.getpid(), airflow.supervisor_pid, int(os.environ.get(GATE, os.getpid()))}

    def listen() -> None:
        while not ended.wait(_ASK_EVERY):
            with suppress(OSError, ValueError, KeyError, TypeError):  # a missing response is silence
                beats.append(
                    datetime.fromisoformat(request_json(health, {})["scheduler"]["latest_scheduler_heartbeat"])
                )

    def look() -> None:
        while not ended.wait(EVERY):
            looks.append(_look(pids, roots, max(beats)))

    looks.append(_look(pids, roots, max(beats)))
    threads = [threading.Thread(target=each, daemon=True) for each in (listen, look)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: find_spells(tuple(looks), os.cpu_count() or 1)
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _look(pids: Mapping[str, int], roots: Set[int], beat: datetime) -> Look:
    """Take a sample; ``pids`` are the components of Airflow, and all processes below the ``roots`` belong to it."""
    at, elapsed, told = datetime.now(UTC), monotonic(), _STAT.read_text("ascii") if _STAT.exists() else ""
    states = tuple(_list_states(roots | find_descendants(roots)))
    own = sum(state == "R" for _, state, is_own in states if is_own)
    running = re.search(r"^procs_running (\d+)$", told, re.MULTILINE)
    total = int(running[1]) if running else sum(state == "R" for _, state, _ in states)
    times = [int(each) for each in told.partition("\n")[0].split()[1:9]] or [0]
    dead = {pid for pid, state, _ in states if state in "ZX"}
    scheduler = pids.get("scheduler", 0)
    stopped = {pid for pid, state, _ in states if state in "Tt"}
    return Look(
        at=at,
        elapsed=elapsed,
        own=own,
        others=max(total - own, 0),
        spent=sum(times),
        stolen=times[-1],
        stopped=tuple(sorted(name for name, pid in pids.items() if pid in stopped)),
        beat=beat,
        lives=any(pid == scheduler for pid, *_ in states) and scheduler not in dead,
    )


def _list_states(own: Set[int]) -> Iterator[tuple[int, str, bool]]:
    """Yield the process, the state and whether it is Airflow's for each of its own threads.

    If the system has no list of threads, for each process of the machine.
    """
    if not _STAT.exists():
        said = subprocess.run(_PS, capture_output=True, text=True, check=True, timeout=MOST_PAUSE).stdout  # noqa: S603
        yield from ((int(pid), state[0], int(pid) in own) for pid, state in map(str.split, said.splitlines()))
        return
    for pid in own:
        with suppress(OSError):  # it has ended since
            for thread in Path(f"/proc/{pid}/task").iterdir():
                yield pid, (thread / "stat").read_text().rpartition(")")[2].split()[0], True
