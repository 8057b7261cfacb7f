"""Sites for a real browser, and the findings of e2e/'s checks there."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from prodgate.browser.processes import run_journeys, run_visits
from prodgate.browser.settings import BrowserSettings
from prodgate.checks import Check
from prodgate.engines.programs import require_chromium
from prodgate.layers.e2e.facts import JOURNEYS, KINDS, PROBES, VISITS, facts_of
from prodgate.processes.interpreter import GATE
from prodgate.rehearsal.loopback import QuietServer, serving
from prodgate.run.judging import judge
from prodgate.testing import Finding, Outcome
from tests.prodgate.facts.e2e import probe_records
from tests.servers import Handler
from tests.suites.judging import WORST, checks_in, criteria

Answer = Callable[[Handler], None]


def html(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    text = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title></head><body><main>{body}</main></body></html>'
    return plain(text, "text/html", status, headers)


def plain(text: str, kind: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return lambda request: request.reply(status, text.encode(), **{"Content-Type": kind, **(headers or {})})


def redirect(where: str) -> Answer:
    return html("", 302, {"Location": where})


class Origin:
    """The server; it records requests as (method, path), a WebSocket's as (UPGRADE, path)."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.asked: list[tuple[str, str]] = []
        self.targets: list[str] = []
        """Each requested path, with its query."""
        self.released = threading.Event()
        """Set to release hanging responses."""

    def hang(self, _request: BaseHTTPRequestHandler) -> None:
        self.released.wait(60)


@contextmanager
def origin(answers: Callable[[Origin], Mapping[str, Answer]]) -> Iterator[Origin]:
    """Serve while the context is open; a path without a response is not found."""

    class Recording(Handler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            self.read_body()
            made.targets.append(self.path)
            made.asked.append(("UPGRADE" if self.headers.get("Upgrade") else self.command, path))
            told.get(path, html("nothing here", 404))(self)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    server = QuietServer(("127.0.0.1", 0), Recording)
    made = Origin(server)
    told = answers(made)
    with serving("origin", server):
        try:
            yield made
        finally:
            made.released.set()


ROOT = Path(__file__).parents[2]
SEARCH = {"name": "search", "path": "/search?q=overtime", "follow": "", "regions": [["search", "Search"]]}


def page(name: str, path: str, *regions: str) -> Mapping[str, Any]:
    return {"name": name, "path": path, "follow": "", "regions": [[role, ""] for role in regions]}


def settings(url: str, results: Path, **given: Any) -> BrowserSettings:
    told = {"build_header": "x-build", "program": require_chromium().program, "pages": [SEARCH], **given}
    return BrowserSettings(base_url=url, results=str(results), **told)


def visited(told: BrowserSettings, build: str = "blue") -> Mapping[str, Any]:
    """The record of all visits, as the layer keeps it."""
    place = Path(told.results)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(GATE, "1")  # whatever else runs here is no neighbour of the visits
        record = run_visits(told, cwd=place, log=place / "logs" / "visits.txt", limit=280, progress=lambda _: None)
    about = {"how": "the header x-build", "expected": build, "unread": ""}
    return {**record, "place": "the site", "base_url": told.base_url, "build": about}


def travelled(folder: Path, told: BrowserSettings) -> dict[str, Any]:
    """The record of all journeys."""
    log = Path(told.results) / "logs" / "journeys.txt"
    return run_journeys(folder, told, project=folder.parent, log=log, limit=100, progress=lambda _: None)


@contextmanager
def results() -> Iterator[Path]:
    with TemporaryDirectory(prefix="prodgate-e2e-") as folder:
        yield Path(folder)


class Findings(dict[str, list[Finding]]):
    """Findings by criterion."""

    def outcome(self, criterion: str) -> Outcome:
        return min((each.outcome for each in self[criterion]), key=WORST.index)

    def with_outcome(self, outcome: Outcome) -> set[str]:
        return {criterion for criterion in self if self.outcome(criterion) is outcome}

    def told(self, criterion: str) -> str:
        return "\n".join(f"{each.subject}: {each.observed or each.reason}" for each in self[criterion])

    @property
    def broken(self) -> set[str]:
        return self.with_outcome(Outcome.NOT_SATISFIED)

    @property
    def undetermined(self) -> set[str]:
        return self.with_outcome(Outcome.UNDETERMINED)


def judged(kind: str, record: Mapping[str, Any]) -> Findings:
    """Judge a record with every check of the kinds of fact derived from it, and with the project's own criteria."""
    facts, found = facts_of([(kind, record), (PROBES, probe_records.record())], {}), Findings()
    for check in (each for each in checks() if each.kind in KINDS[kind]):
        told = judge(check, criteria()[check.criterion], facts, layer="e2e", fixtures={})
        found.setdefault(check.criterion, []).extend(told)
    return found


def checks() -> Sequence[Check]:
    return checks_in(*(f"e2e/{folder}/test_*.py" for folder in ("quality", "release", "probes")))


def pages_judged(told: BrowserSettings, **given: Any) -> Findings:
    return judged(VISITS, visited(told, **given))


def journeys_judged(folder: Path, told: BrowserSettings) -> Findings:
    return judged(JOURNEYS, {**travelled(folder, told), "place": "the site"})


def join(url: str, reader: Mapping[str, str]) -> None:
    """Let a reader join at the sample site."""
    form = urlencode({"email": reader["user"], "password": reader["password"], "team": "bos"}).encode()
    with urlopen(f"{url}/join", form, timeout=60) as answer:
        assert answer.status == 200
