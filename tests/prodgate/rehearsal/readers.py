"""Requests to a site without pause, over open connections, retrying nothing, counted by answer and build."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from threading import Condition, Event, Thread
from urllib.parse import urlsplit

PATHS = ("/", "/api/stories?per_page=2")
#: Seconds between the requests of a connection.
PAUSE = 0.01


@dataclass
class Readers:
    """The responses so far."""

    builds: Counter[str] = field(default_factory=Counter)
    """How many good answers came from each build."""
    lost: Counter[str] = field(default_factory=Counter)
    """Requests without a good answer, by status or error."""
    counted: Condition = field(default_factory=Condition)

    def wait_for(self, build: str, count: int) -> None:
        with self.counted:
            assert self.counted.wait_for(lambda: self.builds[build] >= count, timeout=120), (self.builds, self.lost)

    def forget(self) -> None:
        self.builds.clear()
        self.lost.clear()

    def ask(self, connection: HTTPConnection, path: str) -> None:
        kind = self.lost
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body, name = answer.read(), str(answer.status)
            if answer.status == 200:
                assert body.endswith((b"</html>", b"}"))
                kind, name = self.builds, answer.headers.get("x-build", "")
        except (OSError, HTTPException) as error:
            connection.close()
            name = type(error).__name__
        with self.counted:
            kind[name] += 1
            self.counted.notify_all()


@contextmanager
def reading(url: str, connections: int = 3, paths: tuple[str, ...] = PATHS) -> Iterator[Readers]:
    """Send requests while the context is open."""
    readers, over = Readers(), Event()

    def go_on() -> None:
        connection, asked = HTTPConnection(urlsplit(url).netloc, timeout=60), cycle(paths)
        while not over.wait(PAUSE):
            readers.ask(connection, next(asked))
        connection.close()

    threads = [Thread(target=go_on) for _ in range(connections)]
    for thread in threads:
        thread.start()
    try:
        yield readers
    finally:
        over.set()
        for thread in threads:
            thread.join()
