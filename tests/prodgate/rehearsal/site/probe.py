"""Requests a site without pause over open connections, retries nothing, and counts failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Condition, Event, Thread
from urllib.parse import urlsplit

#: Connections that ask at the same time.
ASKING = 6
#: Seconds between the requests of a connection.
PAUSE = 0.01


@dataclass
class Probe:
    answered: Counter[str] = field(default_factory=Counter)
    """How many answers came from each build."""
    lost: Counter[str] = field(default_factory=Counter)
    counted: Condition = field(default_factory=Condition)

    def wait_for(self, build: str, count: int) -> None:
        with self.counted:
            assert self.counted.wait_for(lambda: self.answered[build] >= count, timeout=120), (self.answered, self.lost)

    def ask(self, connection: HTTPConnection) -> None:
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert answer.read().endswith(b"</html>")
            kind, name = (self.answered, answer.headers["x-build"])
            if answer.status != 200:
                kind, name = (self.lost, str(answer.status))
        except (OSError, HTTPException) as error:
            connection.close()
            kind, name = (self.lost, type(error).__name__)
        with self.counted:
            kind[name] += 1
            self.counted.notify_all()


@contextmanager
def probing(url: str) -> Iterator[Probe]:
    """Probe while the context is open."""
    probe, over = Probe(), Event()

    def go_on() -> None:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        while not over.wait(PAUSE):
            probe.ask(connection)
        connection.close()

    threads = [Thread(target=go_on) for _ in range(ASKING)]
    for thread in threads:
        thread.start()
    try:
        yield probe
    finally:
        over.set()
        for thread in threads:
            thread.join()
