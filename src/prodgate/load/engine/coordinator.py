"""The coordinating side: adds up what the senders report, stops a run that has clearly failed, writes the record."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, MasterRunner

from ...processes.progress import print_progress
from ..early_stop import OutageWatch, find_broken, find_clear_failure, find_silence
from ..health import assess_health, combine_vitals
from ..record import Requests, build_record, write_record
from ..settings import Settings
from ..tally import Tally
from .arrivals import LEAD
from .failures import GENERATOR_FAILURES
from .provenance import PROTOCOL, offered_protocol, read_versions, resolve_addresses
from .sender import BEGIN, DONE, HOLD, PART

#: Seconds between checks that every worker is there and the run makes sense.
CHECK_INTERVAL: Final = 1.0
#: Seconds between lines of progress.
PROGRESS_INTERVAL: Final = 5.0


@dataclass(slots=True)
class Worker:
    """What is known of one sender."""

    name: str
    sent: int = 0
    settled: int = 0
    missing: int = 0
    """How many of the requests it counted were never reported here."""
    clock: float = 0.0
    """By how many seconds its machine's clock was set meanwhile."""
    done: bool = False
    finished: bool = False
    lost: bool = False
    vitals: dict[str, Any] = field(default_factory=dict)
    silences: list[tuple[int, float]] = field(default_factory=list)
    """By host, how many came since something came back, and for how many seconds the first of them has waited."""


class Coordinator:
    """Starts the run, watches it and writes its record: at the start, in case the process is killed, and at the end."""

    def __init__(self, environment: Environment, settings: Settings, *, cacheable: Collection[str]) -> None:
        assert environment.runner is not None
        self._runner, self._settings, self._cacheable = environment.runner, settings, cacheable
        self._tally = Tally(hosts=len(settings.hosts), slow=settings.profile.slow or float("inf"))
        self._workers: list[Worker] = []
        self._started = datetime.now(UTC)
        self._why = "it was ended before its time"
        self._early = self._stopping = False
        self._holds: dict[str, str] = {}
        self._outages = [OutageWatch() for _ in settings.hosts]
        self._reported: tuple[float, int] = (0.0, 0)
        self._parent = os.getppid()
        self._addresses = resolve_addresses(settings.host)
        self._protocol = {"used": PROTOCOL, "offered": offered_protocol(settings.host)}
        self._runner.register_message(PART, self._receive_part)
        self._runner.register_message(DONE, self._receive_done)
        events: Any = environment.events
        events.test_start.add_listener(self._start)
        events.quitting.add_listener(self._finish)
        gevent.signal_handler(signal.SIGINT, self._stop, "interrupted")

    def _start(self, **_given: Any) -> None:
        runner = self._runner
        names = [client.id for client in runner.clients.all] if isinstance(runner, MasterRunner) else [None]
        self._workers = [Worker(name or "local") for name in names]
        if isinstance(runner, MasterRunner):
            self._settings = replace(self._settings, workers=len(names))
        self._started = datetime.now(UTC) + timedelta(seconds=LEAD + self._settings.profile.warm_up)
        self._write_record()
        for number, name in enumerate(names):
            order = {"settings": self._settings.to_json(), "worker": number, "workers": len(names)}
            runner.send_message(BEGIN, order, name)
        gevent.spawn(self._watch)

    def _receive_part(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002  Locust's names
        worker, part = self._workers[msg.data["worker"]], msg.data["book"]
        worker.settled += self._tally.add(part)
        self._holds = {**msg.data["holds"], **self._holds}
        worker.sent += sum(part["totals"]["sent"])
        worker.silences = msg.data["silences"]
        self._started = datetime.fromtimestamp(msg.data["started"], UTC)

    def _receive_done(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002
        worker = self._workers[msg.data["worker"]]
        worker.done, worker.finished, worker.vitals = True, msg.data["finished"], msg.data["vitals"]
        worker.missing, worker.clock = msg.data["settled"] - worker.settled, msg.data["clock"]
        if all(each.done for each in self._workers):
            gevent.spawn(self._runner.quit)

    def _watch(self) -> None:
        while not self._stopping and not all(each.done for each in self._workers):
            gevent.sleep(CHECK_INTERVAL)
            self._print_progress()
            if os.getppid() != self._parent:  # one that was killed could not end us
                self._stop("who started it is gone")
            for worker in self._find_lost_workers():
                worker.lost = True
                self._stop(f"worker {self._workers.index(worker)} ({worker.name}) was lost")
            if own := self._explain_own_failures():
                self._stop(own)
            elif not self._early and (failure := self._find_failure()):
                self._hold(f"stopped early: {failure}")

    def _find_failure(self) -> str:
        """Return what has clearly failed, or that a host is broken, "" for neither."""
        whole = [self._tally.per_second(side, warming=True) for side, _ in enumerate(self._outages)]
        outages = [watch.look(*self._tally.ended(side)) for side, watch in enumerate(self._outages)]
        failed = [find_broken(seconds) for seconds in whole]
        waiting = zip(*(each.silences for each in self._workers), strict=False)
        silent = [find_silence(each, self._settings.profile) for each in waiting]
        found = find_clear_failure(self._tally.per_second(), self._settings.profile)
        return next(filter(None, (*outages, *silent, *failed, found)), "")

    def _hold(self, why: str) -> None:
        """Let nobody arrive any more; what is under way ends by itself or times out, and is judged, too."""
        self._why, self._early = why, True
        for worker in self._workers:
            self._runner.send_message(HOLD, {}, worker.name if isinstance(self._runner, MasterRunner) else None)

    def _find_lost_workers(self) -> list[Worker]:
        clients = self._runner.clients if isinstance(self._runner, MasterRunner) else None
        if clients is None:
            return []
        there = {client.id for client in clients.all if client.state != STATE_MISSING}
        return [worker for worker in self._workers if not worker.done and worker.name not in there]

    def _print_progress(self) -> None:
        at, before = self._reported
        sent = sum(self._tally.totals["sent"])
        if monotonic() < at + PROGRESS_INTERVAL and not (sent and not before):
            return
        self._reported = (monotonic(), sent)
        profile = self._settings.profile
        passed = (datetime.now(UTC) - self._started).total_seconds()
        failed = sum(cell.failed.total() for cell in self._tally.cells.values())
        left = f"{min(passed, profile.duration):.0f} of {profile.duration:g} s" if passed > 0 else "warming up"
        print_progress(f"{profile.name}: {left}, {sent:,} sent, {failed:,} failed")

    def _stop(self, why: str) -> None:
        self._why, self._stopping = why, True
        gevent.spawn(self._runner.quit)

    def _finish(self, **_given: Any) -> None:
        if self._workers and not all(each.done for each in self._workers):
            self._runner.quit()  # so that senders still at work report the rest
        if self._workers:
            self._write_record()

    def _write_record(self) -> None:
        why = self._explain_incomplete()
        about = {
            "addresses": self._addresses,
            "protocol": self._protocol,
            "ended": datetime.now(UTC).isoformat(),
            "complete": not why,
            "why": why,
            "stopped_early": bool(why)
            and self._early
            and not self._explain_own_failures()
            and all(each.vitals for each in self._workers),
            "workers": [{"name": each.name, "sent": each.sent, "lost": each.lost} for each in self._workers],
            "health": assess_health(
                combine_vitals(each.vitals for each in self._workers if each.vitals), self._settings.profile
            ),
            "clock_moved": self._find_greatest_move(),
            "versions": read_versions(),
        }
        requests = Requests(cacheable=self._cacheable, holds=self._holds, doubts=self._tally.doubts)
        data = build_record(self._settings, self._tally, requests=requests, about=about, started=self._started)
        write_record(data, Path(self._settings.record))

    def _find_greatest_move(self) -> float:
        moves = sorted((each.clock for each in self._workers), key=abs)
        return round(moves[-1], 3) if moves else 0.0

    def _explain_incomplete(self) -> str:
        """Return why the record is incomplete, "" when it is complete."""
        if own := self._explain_own_failures():
            return own
        if not all(each.finished for each in self._workers):
            return self._why
        missing = sum(each.missing for each in self._workers)
        if missing:
            return f"{missing} results of the workers did not arrive"
        return "" if sum(self._tally.totals["sent"]) else "no request was sent"

    def _explain_own_failures(self) -> str:
        """Return the failures in which nothing reached the system, so that it is not to blame, "" for none."""
        counts = sum((cell.failed for cell in self._tally.cells.values() if cell.failed), Counter[str]())
        examples = {each["class"]: each for each in reversed(self._tally.failures.values())}
        return "; ".join(
            f"{counts[kind]:,} × {kind}, such as {examples[kind]['request']}: {examples[kind]['text']}; {remedy}"
            for kind, remedy in GENERATOR_FAILURES.items()
            if counts[kind]
        )
