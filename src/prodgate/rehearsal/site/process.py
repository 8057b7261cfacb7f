"""Runs the sample site in processes that never outlive this one: one build, and the next one during a deploy."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Final

from ...criteria import UsageError
from ...processes.child import end_child, read_first_line
from ...processes.interpreter import own_python
from .faults import parse_faults

PROGRAM: Final = own_python("-m", "prodgate.rehearsal.site")
#: The environment variable with the key that signs sessions; all builds of a site share it.
SECRET: Final = "NBA_NEWS_SECRET"  # noqa: S105
#: Seconds within which a build must end after the signal; its drain takes at most two.
LIMIT: Final = 10.0


def bind_port(port: int = 0) -> socket.socket:
    """Take a port on loopback; connections are refused until something listens. Raises UsageError if it is taken."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind(("127.0.0.1", port))
        return place
    except OSError as error:
        place.close()
        raise UsageError(f"port {port}: {error.strerror}; name another one, or 0 for any") from error


def listen_on_port(port: int = 0) -> socket.socket:
    """Take a port on loopback and listen. Raises UsageError if it is taken."""
    place = bind_port(port)
    place.listen(2048)
    return place


@dataclass(slots=True)
class Site:
    """A running site."""

    url: str
    build: str
    access_log: Path
    """One JSON line for each request: at (unix s), method, path, route, status (0: no answer), seconds, build, id."""
    log: Path
    """The stderr of the processes: one JSON line for each event."""
    _options: tuple[str, ...]
    _secret: str
    _place: socket.socket
    _process: subprocess.Popen[bytes] | None = None
    _ended: bool = False
    _lock: Lock = field(default_factory=Lock)
    """Held while a process starts, replaces another or ends: a deploy may run in a thread of its own."""

    def deploy(self, build: str) -> None:
        """Replace the build without losing a request; returns after the old one has answered all of its requests.

        Raises UsageError if the new one does not start, while the old one keeps serving; or if the site has ended. With
        the fault naive-deploy it kills the old one, and nothing listens until the new one is up.
        """
        if "naive-deploy" in self._options:
            self._release_port(build)
        unused: subprocess.Popen[bytes] | None
        unused = new = self._start_build(build)
        try:
            with self._lock:
                self._require_running(build)
                unused, self._process, self.build = self._process, new, build
        finally:  # also on Ctrl-C
            if unused is not None:
                unused.terminate()
                end_child(unused, LIMIT)

    def start(self) -> None:
        """Start the first build. Raises UsageError if it does not start."""
        self._process = self._start_build(self.build)

    def end(self) -> None:
        """End the site; requests in progress may get no response. A deploy in progress ends its own processes."""
        with self._lock, self._place:
            self._ended = True
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
                end_child(self._process, LIMIT)

    def _require_running(self, build: str) -> None:
        if self._ended:
            raise UsageError(f"the sample site has ended; deploy {build!r} while it runs")

    def _release_port(self, build: str) -> None:
        """Kill the build; nothing listens until its successor does."""
        with self._lock:
            self._require_running(build)
            port = self._place.getsockname()[1]
            if self._process is not None:
                self._process.kill()
                end_child(self._process, LIMIT)
            self._process = None
            self._place.close()
            self._place = bind_port(port)

    def _start_build(self, build: str) -> subprocess.Popen[bytes]:
        with self._lock:
            self._require_running(build)
            process = start_build(self._place, ("--build", build, *self._options), self._secret, self.log)
        assert process.stdout is not None
        ready = ""
        try:
            ready = read_first_line(process.stdout.fileno())
        finally:  # also on Ctrl-C
            if not ready:
                process.kill()
                end_child(process, LIMIT)
        if not ready:
            raise UsageError(f"the sample site: build {build!r} did not start: {_last_line(self.log)}")
        return process


@contextmanager
def running(
    scratch: Path, *, build: str = "blue", faults: Sequence[str] = (), database: str = "", port: int = 0
) -> Iterator[Site]:
    """Run the site while the context is open, with a SQLite database in ``scratch`` unless another is named.

    Raises UsageError for a fault that `python -m prodgate.rehearsal.site --help` does not list, or if the site does not
    start.
    """
    parse_faults(faults)
    log = scratch / "access.jsonl"
    options = ["--database", database or f"sqlite:///{scratch / 'news.sqlite'}", "--access-log", str(log)]
    for fault in faults:
        options += ["--fault", fault]
    place = listen_on_port(port)
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    site = Site(url, build, log, scratch / "site.jsonl", tuple(options), token_hex(32), place)
    try:
        site.start()
        yield site
    finally:
        site.end()


def start_build(place: socket.socket, options: Sequence[str], secret: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a build that serves at a port, with options of the program; it prints a line once it responds."""
    with log.open("ab") as told:
        return subprocess.Popen(  # noqa: S603  our own module
            (*PROGRAM, "--fd", str(place.fileno()), *options),
            env=os.environ | {SECRET: secret},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=told,
            pass_fds=[place.fileno()],
            start_new_session=True,
            bufsize=0,
        )


def _last_line(path: Path) -> str:
    """Return the message of the last line of a log, or the line itself where it is not JSON."""
    lines = path.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    with suppress(ValueError, TypeError, KeyError):
        return str(json.loads(lines[-1])["message"])
    return lines[-1]
