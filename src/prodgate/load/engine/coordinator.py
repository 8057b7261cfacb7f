"""The coordinating side: adds up the workers' reports, stops a run that has clearly failed, writes the record."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, MasterRunner

from ...processes.progress import MOMENTARY, print_progress
from ..early_stop import OutageWatch, find_broken, find_clear_failure, find_silence
from ..health import Limits, Vitals, Window, assess_windows, find_problems, plan_round, profile_of
from ..profile import Settings, count_arrivals
from ..record import (
    PROTOCOL,
    Requests,
    Tally,
    build_record,
    digest_code,
    offered_protocol,
    read_versions,
    resolve_addresses,
    write_record,
)
from ..runner import WORKER_WAIT
from .arrivals import BEGIN, DONE, HOLD, LEAD, NEXT, PART, READY, READY_INTERVAL, find_locustfile
from .connections import GENERATOR_FAILURES

#: Seconds between checks of the workers, and of failures.
CHECK_INTERVAL: Final = 1.0
#: Seconds between lines of progress.
PROGRESS_INTERVAL: Final = 5.0


@dataclass(slots=True)
class Worker:
    """The state of one worker, which sends requests."""

    name: str
    sent: int = 0
    settled: int = 0
    missing: int = 0
    """How many of its ended requests are in no report that arrived."""
    clock: float = 0.0
    """By how many seconds the clock of its machine was changed during the run."""
    behind: float = inf
    """By how many seconds its clock is behind the coordinator's, at most: each message was under way for a moment."""
    started: float = 0.0
    """When its measured window begins, Unix seconds by the coordinator's clock."""
    origin: Mapping[str, Any] = field(default_factory=dict)
    """Its ``versions`` and ``code``, as the record has them."""
    done: bool = False
    """Whether its last message arrived."""
    finished: bool = False
    """Whether it sent all arrivals."""
    lost: bool = False
    windows: dict[int, tuple[Window, Vitals]] = field(default_factory=dict)
    """First second of a window -> the window, and what the worker measured of itself in it."""
    idle: Collection[str] = ()
    """The tasks that it has not performed."""
    silences: list[tuple[int, float]] = field(default_factory=list)
    """For each host: the requests begun since one last ended, and for how many seconds the first of them has waited."""

    def to_json(self) -> dict[str, Any]:
        """Return what the record says of it."""
        told = {"name": self.name, "sent": self.sent, "lost": self.lost, **self.origin}
        return told if self.behind == inf else {**told, "behind": round(self.behind, 3), "started": self.started}


class Coordinator:
    """Starts the run, watches it and writes its record at the end; also at the start, in case the process is killed."""

    def __init__(self, environment: Environment, settings: Settings, *, cacheable: Collection[str]) -> None:
        assert environment.runner is not None
        self._runner, self._settings, self._cacheable = environment.runner, settings, cacheable
        self._tally = Tally(hosts=len(settings.hosts), slow=settings.profile.slow or inf)
        self._workers: list[Worker] = []
        self._started = datetime.now(UTC)
        self._why = "it was ended before its time"
        self._early = self._stopping = False
        self._round = plan_round(settings.profile, ())
        self._number, self._planned = 0, count_arrivals(settings.profile)
        self._holds: dict[str, str] = {}
        self._learned: set[str] = set()
        self._outages = [OutageWatch() for _ in settings.hosts]
        self._reported: tuple[float, int] = (0.0, 0)
        self._ready: dict[str, bool] = {}
        """For each worker that can take users, whether it has them."""
        self._parent = os.getppid()
        self._code = digest_code(find_locustfile(environment))
        self._addresses = resolve_addresses(settings.host)
        self._protocol = {"used": PROTOCOL, "offered": offered_protocol(settings.host)}
        self._runner.register_message(READY, self._receive_ready)
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
        self._write_record()
        # Locust gives users to a worker once it is connected, whose locustfile may still wait by then
        until = monotonic() + WORKER_WAIT
        self._await_workers(until, lambda name: name in self._ready)
        gevent.spawn(self._begin, names, until)

    def _begin(self, names: Sequence[str | None], until: float) -> None:
        """Let all workers begin at once, when all of them have their users."""
        self._await_workers(until, self._ready.get)
        self._started = datetime.now(UTC) + timedelta(seconds=LEAD + self._settings.profile.warm_up)
        for number, name in enumerate(() if self._stopping else names):
            order = {"settings": self._settings.to_json(), "worker": number, "workers": len(names)}
            self._runner.send_message(BEGIN, order, name)
        self._watch()

    def _await_workers(self, until: float, is_there: Callable[[str], bool | None]) -> None:
        """Wait for all workers, or stop the run and name one of those that are late."""
        while not self._stopping and isinstance(self._runner, MasterRunner):
            late = [each for each in self._workers if not is_there(each.name)]
            if not late:
                return
            gevent.sleep(READY_INTERVAL)
            self._look_for_lost()
            if monotonic() > until and not self._stopping:
                self._stop(
                    f"worker {self._workers.index(late[0])} ({late[0].name}) was not ready within {WORKER_WAIT:.0f} s; "
                    "shorten what the locustfile does as Locust begins (init, test_start)"
                )

    def _receive_ready(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002
        self._ready[msg.node_id] = msg.data["running"]

    def _receive_part(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002  Locust's names
        worker, part = self._workers[msg.data["worker"]], msg.data["book"]
        worker.settled += self._tally.add(part)
        self._holds = {**msg.data["holds"], **self._holds}
        self._learned.update(msg.data["learned"])
        worker.sent += sum(part["totals"]["sent"])
        for told in msg.data["windows"]:
            vitals = Vitals.from_json(told.pop("vitals"))
            sick = find_problems(vitals, Limits.of(self._settings.profile), told["seconds"])
            worker.windows[told["second"]] = (Window(**{**told, "sick": sick}), vitals)
        worker.silences, worker.idle = msg.data["silences"], msg.data["idle"]
        worker.behind = min(worker.behind, time() - msg.data["at"])
        worker.started = msg.data["started"] + worker.behind
        self._started = datetime.fromtimestamp(worker.started, UTC)
        if self._round and all(self._round[-1].second in each.windows for each in self._workers):
            self._go_on()

    def _go_on(self) -> None:
        """Decide which windows come next: only the generator's health counts, never the site's results.

        No window comes after the run was stopped.
        """
        profile, self._number = self._settings.profile, self._number + 1
        self._round = () if self._early or self._stopping else plan_round(profile, self._list_windows())
        if self._round:
            self._planned += count_arrivals(profile_of(profile, self._round, self._number))
        for worker in self._workers:
            order = {"windows": [window.to_json() for window in self._round]}
            self._runner.send_message(NEXT, order, worker.name if isinstance(self._runner, MasterRunner) else None)

    def _list_windows(self, *, warming: bool = False) -> tuple[Window, ...]:
        """Return the windows that all workers have measured; each fault is as large as the worst worker's.

        A worker without any window does not count.
        """
        known = [each.windows for each in self._workers if each.windows]
        shared = [second for second in sorted(known[0] if known else ()) if all(second in each for each in known)]
        measured = [[each[second][0] for each in known] for second in shared if (second < 0) == warming]
        return tuple(
            replace(
                same[0],
                seconds=min(each.seconds for each in same),
                sick={
                    name: max(each.sick.get(name, 0.0) for each in same)
                    for name in dict.fromkeys(name for each in same for name in each.sick)
                },
            )
            for same in measured
        )

    def _receive_done(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002
        worker = self._workers[msg.data["worker"]]
        worker.done, worker.finished = True, msg.data["finished"]
        worker.missing, worker.clock = msg.data["settled"] - worker.settled, msg.data["clock"]
        worker.origin = {name: msg.data[name] for name in ("versions", "code")}
        if all(each.done for each in self._workers):
            gevent.spawn(self._runner.quit)

    def _watch(self) -> None:
        while not self._stopping and not all(each.done for each in self._workers):
            gevent.sleep(CHECK_INTERVAL)
            self._print_progress()
            if os.getppid() != self._parent:  # a parent that was killed did not end this process
                self._stop("who started it is gone")
            self._look_for_lost()
            if own := self._explain_own_failures():
                self._stop(own)
            elif not self._early and (failure := self._find_failure()):
                self._hold(f"stopped early: {failure}")

    def _find_failure(self) -> str:
        """Return why to stop early: a host is broken, or a limit is clearly missed. Empty if there is no reason.

        An outage or a silence counts at any time. ``find_broken`` leaves out seconds in which the generator was sick;
        ``find_clear_failure`` takes only seconds in which it is known to have been sound.
        """
        windows = self._list_windows()
        aside = {second for window in windows if window.sick for second in window.range}
        sound = {second for window in windows if not window.sick for second in window.range}
        sides = range(len(self._outages))
        whole = [self._tally.per_second(side, among=lambda second: second not in aside) for side in sides]
        outages = [watch.look(*self._tally.ended(side)) for side, watch in enumerate(self._outages)]
        failed = [find_broken(seconds) for seconds in whole]
        waiting = zip(*(each.silences for each in self._workers), strict=False)
        silent = [find_silence(each, self._settings.profile) for each in waiting]
        found = find_clear_failure(self._tally.per_second(among=sound.__contains__), self._settings.profile)
        return next(filter(None, (*outages, *silent, *failed, found)), "")

    def _hold(self, why: str) -> None:
        """Stop the workers from sending more; requests under way still end or time out, and count."""
        self._why, self._early = why, True
        for worker in self._workers:
            self._runner.send_message(HOLD, {}, worker.name if isinstance(self._runner, MasterRunner) else None)

    def _look_for_lost(self) -> None:
        """Stop the run if a worker is gone."""
        if not isinstance(self._runner, MasterRunner):
            return
        there = {client.id for client in self._runner.clients.all if client.state != STATE_MISSING}
        for worker in self._workers:
            if not worker.done and worker.name not in there:
                worker.lost = True
                self._stop(f"worker {self._workers.index(worker)} ({worker.name}) was lost")

    def _print_progress(self) -> None:
        at, before = self._reported
        sent = sum(self._tally.totals["sent"])
        if monotonic() < at + PROGRESS_INTERVAL and not (sent and not before):
            return
        self._reported = (monotonic(), sent)
        profile = self._settings.profile
        passed = (datetime.now(UTC) - self._started).total_seconds()
        failed = sum(cell.failed.total() for cell in self._tally.cells.values())
        most = max(profile.duration, self._round[-1].end if self._round else 0.0)
        progress = f"{min(passed, most):.0f} of {most:g} s" if passed > 0 else "warming up"
        print_progress(f"{profile.name}: {progress}, {sent:,} sent, {failed:,} failed{MOMENTARY}")

    def _stop(self, why: str) -> None:
        self._why, self._stopping = why, True
        gevent.spawn(self._runner.quit)

    def _finish(self, **_given: Any) -> None:
        if self._workers and not all(each.done for each in self._workers):
            self._runner.quit()  # so that workers that still send report the rest
        if self._workers:
            self._write_record(over=True)

    def _write_record(self, *, over: bool = False) -> None:
        why, moved = self._explain_incomplete(), max((each.clock for each in self._workers), key=abs, default=0.0)
        about = {
            "addresses": self._addresses,
            "protocol": self._protocol,
            "ended": datetime.now(UTC).isoformat(),
            "complete": not why,
            "why": why,
            "stopped_early": bool(why)
            and self._early
            and not self._explain_own_failures()
            and all(each.windows for each in self._workers),
            "over": over,
            "workers": [each.to_json() for each in self._workers],
            **self._describe_health(),
            "clock_moved": round(moved, 3),
            "versions": read_versions(),
            "code": self._code,
        }
        idle = set.intersection(*(set(each.idle) for each in self._workers))
        requests = Requests(
            cacheable=self._cacheable, holds=self._holds, doubts=self._tally.doubts, learned=self._learned, idle=idle
        )
        data = build_record(
            self._settings, self._tally, requests=requests, about=about, started=self._started, planned=self._planned
        )
        write_record(data, Path(self._settings.record))

    def _describe_health(self) -> dict[str, Any]:
        """Return the windows and the health for the record.

        If the load ended in its warm-up, the windows of the warm-up stand in for the others.
        """
        measured, moved = self._list_windows(), 0
        if not sum(self._tally.totals["sent"]) and (warming := self._list_windows(warming=True)):
            moved = -warming[0].second
            measured = tuple(replace(window, place=0, second=window.second + moved) for window in warming)
        begun = {window.second: window.second - moved for window in measured}
        vitals = {
            second: [each.windows[told][1] for each in self._workers if told in each.windows]
            for second, told in begun.items()
        }
        health = assess_windows(measured, vitals, self._settings.profile)
        return {"windows": [window.to_json() for window in measured], "health": health}

    def _explain_incomplete(self) -> str:
        if own := self._explain_own_failures():
            return own
        if not all(each.finished for each in self._workers):
            return self._why
        missing = sum(each.missing for each in self._workers)
        if missing:
            return f"{missing} results of the workers did not arrive"
        return "" if sum(self._tally.totals["sent"]) else "no request was sent"

    def _explain_own_failures(self) -> str:
        """Return the failures of the generator itself, for which the site is not to blame; empty if there are none."""
        counts = sum((cell.failed for cell in self._tally.cells.values() if cell.failed), Counter[str]())
        examples = {each["class"]: each for each in reversed(self._tally.failures.values())}
        return "; ".join(
            f"{counts[kind]:,} × {kind}, such as {examples[kind]['request']}: {examples[kind]['text']}; {remedy}"
            for kind, remedy in GENERATOR_FAILURES.items()
            if counts[kind]
        )
