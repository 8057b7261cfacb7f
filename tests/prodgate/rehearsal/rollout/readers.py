"""Requests to a rehearsed site, one after the other on a few connections, counted by answer and build."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

PATHS = ("/", "/api/stories?per_page=2")


@dataclass
class Readers:
    """What was answered so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    builds: Counter[str] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def failed(self) -> int:
        """Requests without a good answer; 0 stands for no answer at all."""
        return self.statuses.total() - self.statuses[200]

    def forget(self) -> None:
        self.statuses.clear()
        self.builds.clear()

    def ask(self, place: str) -> None:
        connection, number = HTTPConnection(place, timeout=60), 0
        while not self.stop.wait(0.02):
            number += 1
            try:
                connection.request("GET", PATHS[number % 2])
                answer = connection.getresponse()
                answer.read()
                self.builds[answer.headers.get("x-build", "")] += 1
                self.statuses[answer.status] += 1
            except (HTTPException, OSError):
                self.statuses[0] += 1
                connection.close()
        connection.close()


@contextmanager
def reading(url: str) -> Iterator[Readers]:
    """Ask while the context is open."""
    readers, place = Readers(), urlsplit(url).netloc
    threads = [threading.Thread(target=readers.ask, args=(place,), daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield readers
    finally:
        readers.stop.set()
        for thread in threads:
            thread.join(65)
