"""The side that makes the load: performs its arrivals and tells the keeper, each second, what came of them."""

from __future__ import annotations

from typing import Any, Final

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.rpc import Message

from ..settings import Settings
from .arrivals import Arrivals
from .tasks import WeightedTasks

#: Messages between the sides; a single process sends them to itself.
BEGIN: Final = "prodgate-begin"
PART: Final = "prodgate-part"
DONE: Final = "prodgate-done"

#: Seconds between two parts.
PACE: Final = 1.0


class Sender:
    """Runs arrivals when Locust starts its user, as the keeper's BEGIN said to."""

    def __init__(self, environment: Environment, offers: WeightedTasks) -> None:
        self._environment, self._offers = environment, offers
        self._told = Event()
        self._told_what: dict[str, Any] = {}
        assert environment.runner is not None
        self._runner = environment.runner
        self._runner.register_message(BEGIN, self._receive_begin)

    def _receive_begin(self, environment: Environment, msg: Message, **_given: Any) -> None:  # noqa: ARG002  Locust's names
        self._told_what = msg.data
        self._told.set()

    def run(self) -> None:
        """Perform this process's arrivals; its last word tells how many requests there were to count."""
        self._told.wait()
        told = self._told_what
        settings = Settings.from_json(told["settings"])
        arrivals = Arrivals(settings, self._offers, self._environment, worker=told["worker"], workers=told["workers"])
        stopping: Any = self._environment.events.test_stopping
        stopping.add_listener(arrivals.stop)
        telling = gevent.spawn(self._send_parts, arrivals)
        try:
            arrivals.run()
        finally:
            telling.kill()
            self._send(PART, self._take_part(arrivals))
            last = {"finished": arrivals.finished, "settled": arrivals.book.settled}
            self._send(DONE, {**last, "vitals": arrivals.monitor.to_json()})

    def _send_parts(self, arrivals: Arrivals) -> None:
        while True:
            gevent.sleep(PACE)
            self._send(PART, self._take_part(arrivals))

    def _take_part(self, arrivals: Arrivals) -> dict[str, Any]:
        return {"started": arrivals.started, "book": arrivals.book.take()}

    def _send(self, kind: str, data: dict[str, Any]) -> None:
        self._runner.send_message(kind, {**data, "worker": self._told_what["worker"]})
