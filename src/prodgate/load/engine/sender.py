"""The sending side: performs its arrivals and reports to the coordinator each second."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Final

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.rpc import Message

from ..settings import Settings
from .arrivals import Arrivals
from .tasks import WeightedTasks

#: Messages between the two sides; a single process sends them to itself.
BEGIN: Final = "prodgate-begin"
PART: Final = "prodgate-part"
DONE: Final = "prodgate-done"
#: Nobody arrives any more: the site is broken.
HOLD: Final = "prodgate-hold"

#: Seconds between two parts.
INTERVAL: Final = 1.0


class Sender:
    """Runs arrivals when Locust starts its user, as the coordinator's BEGIN says."""

    def __init__(self, environment: Environment, tasks: WeightedTasks) -> None:
        self._environment, self._tasks = environment, tasks
        self._ordered = Event()
        self._order: dict[str, Any] = {}
        self._arrivals: Arrivals | None = None
        assert environment.runner is not None
        self._runner = environment.runner
        self._runner.register_message(BEGIN, self._receive_begin)
        self._runner.register_message(HOLD, self._receive_hold)

    def _receive_begin(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002  Locust's names
        self._order = msg.data
        self._ordered.set()

    def _receive_hold(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002
        if self._arrivals is not None:
            self._arrivals.hold()

    def run(self) -> None:
        """Perform this process's arrivals; the last message says how many requests there were."""
        self._ordered.wait()
        order = self._order
        settings = Settings.from_json(order["settings"])
        arrivals = Arrivals(settings, self._tasks, self._environment, worker=order["worker"], workers=order["workers"])
        self._arrivals = arrivals
        stopping: Any = self._environment.events.test_stopping
        stopping.add_listener(arrivals.stop)
        sending = gevent.spawn(self._send_parts, arrivals)
        try:
            arrivals.run()
        finally:
            sending.kill()
            for standstill in arrivals.tally.standstills:
                standstill.close()
            self._send(PART, self._take_part(arrivals))
            last: dict[str, Any] = {"finished": arrivals.finished, "settled": arrivals.tally.settled}
            last["clock"] = arrivals.clock_moved
            self._send(DONE, {**last, "vitals": arrivals.monitor.to_json()})

    def _send_parts(self, arrivals: Arrivals) -> None:
        while True:
            gevent.sleep(INTERVAL)
            self._send(PART, self._take_part(arrivals))

    def _take_part(self, arrivals: Arrivals) -> dict[str, Any]:
        silences = [each.measure(perf_counter()) for each in arrivals.tally.silences]
        told = {"started": arrivals.started, "silences": silences, "holds": arrivals.contents.describe()}
        return {**told, "book": arrivals.tally.take()}

    def _send(self, kind: str, data: dict[str, Any]) -> None:
        self._runner.send_message(kind, {**data, "worker": self._order["worker"]})
