"""The open model: arrivals start at their intended times, whether or not earlier ones have been answered."""

from __future__ import annotations

import random
import time
import traceback
from collections import defaultdict, deque
from contextlib import suppress
from math import floor
from time import perf_counter
from typing import Any, Final

import gevent
from gevent.event import Event
from gevent.pool import Pool
from locust.env import Environment
from locust.exception import InterruptTaskSet, RescheduleTask, StopUser

from ..contents import Contents
from ..schedule import Arrival, arrivals, host_index
from ..settings import Settings
from ..tally import Moment, Tally
from . import failures
from .session import Client, Visit
from .tasks import Task, WeightedTasks
from .vitals import Monitor

#: Seconds between the order to begin and the start of the schedule.
LEAD: Final = 0.2
#: Seconds beyond the last timeout after which whatever still runs is killed.
DRAIN: Final = 1.0
#: What a task may raise to end itself, which is no error.
_DONE: Final = (InterruptTaskSet, RescheduleTask, StopUser)
#: Readers of one class and host who are remembered at most, where some return; of more, the earliest are forgotten.
REMEMBERED: Final = 500


class Arrivals:
    """One process's share of the arrivals. ``run`` performs them; ``stop`` ends them early."""

    def __init__(
        self, settings: Settings, tasks: WeightedTasks, environment: Environment, *, worker: int, workers: int
    ) -> None:
        self.settings, self.profile = settings, settings.profile
        self.tally = Tally(hosts=len(settings.hosts))
        self.finished = False
        self.monitor = Monitor()
        self.started = time.time() + LEAD + self.profile.warm_up
        """When the measured window begins, Unix seconds."""
        self.clock_moved = 0.0
        """By how many seconds the clock of the machine was set while the arrivals came, later or earlier."""
        self.contents = Contents(tasks.holds)
        self._tasks, self._environment = tasks, environment
        self._worker, self._workers = worker, workers
        self._stopping, self._over = Event(), Event()
        self._random = random.Random(self.profile.seed)  # noqa: S311
        self._gone: dict[tuple[type, int], deque[tuple[Any, Client]]] = defaultdict(deque)

    def stop(self, **_given: Any) -> None:
        """Stop at once: no more arrivals, no waiting."""
        self._stopping.set()
        self._over.set()

    def hold(self) -> None:
        """Let nobody arrive any more; requests under way may end or time out, and are counted."""
        self._over.set()

    def run(self) -> None:
        """Perform every arrival, and wait for the last to end or time out."""
        random.seed(self.profile.seed + self._worker)  # what the locustfile draws from
        under_way = Pool(self.profile.open_at_once)
        begin, shown = perf_counter() + LEAD, time.time() + LEAD
        self.started = shown + self.profile.warm_up
        self.monitor.start(after=LEAD, warming=self.profile.warm_up, lasting=self.profile.duration)
        everybody = self._send_all(begin, under_way)
        if not self._stopping.is_set():
            self._drain(under_way, self.profile.patience if everybody else self.profile.timeout)
        self.finished = everybody and not self._stopping.is_set()
        self.clock_moved = (time.time() - shown) - (perf_counter() - begin)
        under_way.kill()
        self.monitor.stop()

    def _send_all(self, begin: float, under_way: Pool) -> bool:
        """Send every arrival at its time, and return whether it came to that."""
        for arrival in arrivals(self.profile, worker=self._worker, workers=self._workers):
            if self._over.wait(timeout=max(0.0, begin + arrival.at - perf_counter())):
                return False
            self._send(arrival, begin + arrival.at, under_way)
        return True

    def _send(self, arrival: Arrival, intended: float, under_way: Pool) -> None:
        which = host_index(arrival.number, workers=self._workers, hosts=len(self.settings.hosts))
        second = int(arrival.at - self.profile.warm_up) if arrival.number >= 0 else self._warming(arrival)
        moment = Moment(second, which)
        free = under_way.free_count() > 0
        self.tally.count_sent(moment, free=free)
        if free:
            uncached = self._random.random() < self.profile.uncached
            visit = Visit(self.tally, intended, moment, uncached=uncached)
            under_way.spawn(self._perform, self._tasks.choose(arrival.choice), visit)

    def _warming(self, arrival: Arrival) -> int:
        """Return the second of an arrival in the warm-up, below 0, whatever rounding makes of its last moment."""
        return min(-1, floor(arrival.at - self.profile.warm_up))

    def _drain(self, under_way: Pool, patience: float) -> None:
        empty = gevent.spawn(under_way.join)
        gevent.wait([empty, self._stopping], timeout=patience + DRAIN, count=1)
        empty.kill()

    def _perform(self, task: Task, visit: Visit) -> None:
        """Run one task; whatever goes wrong outside a request is counted as a failure too."""
        self.monitor.count_send_lag(perf_counter() - visit.intended)
        try:
            self._run_task(task, visit)
            if not visit.requests:
                visit.fail_task(task.name, failures.NO_REQUEST, "the task ended without a request")
        except gevent.GreenletExit:
            if not self._stopping.is_set():
                self._count_timeout(task, visit, "still under way when the run was over")
            raise
        except gevent.Timeout:
            self._count_timeout(task, visit, "no answer in time")
        except Exception as error:  # noqa: BLE001  whatever a locustfile does
            if not visit.failed:
                kind = failures.TASK if visit.requests else failures.NO_REQUEST
                visit.fail_task(task.name, kind, _locate_error(error))

    @staticmethod
    def _count_timeout(task: Task, visit: Visit, why: str) -> None:
        """Count the request that was under way when the time was over, or that there was none."""
        if visit.request:
            visit.fail(visit.request, failures.TIMEOUT, why)
        elif not visit.requests:
            visit.fail_task(task.name, failures.NO_REQUEST, why)

    def _run_task(self, task: Task, visit: Visit) -> None:
        gone = self._gone[task.readers, visit.moment.side]
        back = gone and self._random.random() < self.profile.returning
        user, client = gone.pop() if back else self._meet(task, visit.moment.side)
        client.visit = visit
        try:
            if not back:
                user.on_start()
            with suppress(*_DONE):
                task.perform(user)
        except BaseException:
            client.close()
            raise
        self._part_from(user, client, gone)

    def _meet(self, task: Task, side: int) -> tuple[Any, Client]:
        """Return a reader who never was here: without a connection, without a cookie."""
        host = task.readers.host = self.settings.hosts[side]
        user = task.readers(self._environment)
        return user, Client(user, host, self.profile, self.contents)

    def _part_from(self, user: Any, client: Client, gone: deque[tuple[Any, Client]]) -> None:
        """Remember a reader where some return; close the connections of all others."""
        gone.append((user, client))
        if len(gone) > (REMEMBERED if self.profile.returning else 0):
            gone.popleft()[1].close()


def _locate_error(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}: {type(error).__name__}: {error}"
