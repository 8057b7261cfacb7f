"""A site that is down, hangs, drips or is somebody else's is never found sound, and never takes long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest

from prodgate.facts.e2e.probes import PROBE_KINDS, probe_facts
from prodgate.probes.site import Page, ProbedSite, probe
from prodgate.probes.versions import probe_tls_versions
from prodgate.rehearsal.edge import edge
from prodgate.rehearsal.edge_settings import EdgeSettings
from prodgate.testing import Outcome

from .judging import CRITERIA, failing, judged
from .origin import origin

pytestmark = pytest.mark.once

PAGES = (Page("/", "public"), Page("/teams"), Page("/mine", "private"))
#: Seconds that one request may take in these tests.
TIMEOUT = 0.3


@contextmanager
def behaving(conduct: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """Treat each connection to a port of loopback in some way of one's own, until the context is left."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = server.accept()
                    threading.Thread(target=treat, args=(taken,)).start()

        def treat(taken: socket.socket) -> None:
            with taken, suppress(OSError):
                conduct(taken, over)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def hangs(_taken: socket.socket, over: threading.Event) -> None:
    over.wait()


def drips(taken: socket.socket, over: threading.Event) -> None:
    """Begin an answer and send a byte more of it, again and again, before a time-out of the socket is over."""
    taken.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not over.wait(TIMEOUT / 6):
        taken.sendall(b"x")


def closes(taken: socket.socket, _over: threading.Event) -> None:
    taken.recv(1)


def speaks_no_http(taken: socket.socket, _over: threading.Event) -> None:
    taken.recv(4096)
    taken.sendall(b"220 mail.example ESMTP\r\n")


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port that is taken, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize(
    ("conduct", "reason"),
    [
        (hangs, "silent: no whole answer within 0.3 s"),
        (closes, "closed: "),
        (speaks_no_http, "no HTTP: 220 mail.example"),
        (drips, "silent: no whole answer within 0.3 s"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_does_not_answer_as_a_site_proves_nothing(
    scheme: str, conduct: Callable[[socket.socket, threading.Event], None], reason: str
) -> None:
    begun = monotonic()
    with behaving(conduct) as port:
        place = f"{scheme}://127.0.0.1:{port}"
        record = probe(ProbedSite(base_url=place, pages=PAGES, health="/health", attacks=True), timeout=TIMEOUT)
    findings = judged(record)
    assert failing(findings) == dict.fromkeys(CRITERIA, Outcome.UNDETERMINED)
    assert not any(one.outcome is Outcome.SATISFIED for one in findings)
    assert monotonic() - begun < 60, "somebody waited for a site that hangs"
    if scheme == "http":
        assert any(reason in one.reason for one in findings)


@pytest.mark.parametrize(
    ("host", "reason"), [("127.0.0.1", "refused: "), ("nowhere.invalid", "unknown host: ")], ids=["down", "no name"]
)
def test_a_site_that_is_down_or_has_no_name_proves_nothing(nobody: int, host: str, reason: str) -> None:
    site = ProbedSite(base_url=f"https://{host}:{nobody}", pages=PAGES, health="/health", attacks=True)
    findings = judged(probe(site, timeout=TIMEOUT))
    assert failing(findings) == dict.fromkeys(CRITERIA, Outcome.UNDETERMINED)
    assert any(reason in one.reason for one in findings)


@pytest.mark.parametrize(
    ("conduct", "details"),
    [
        (closes, ["", ""]),
        (hangs, ["nothing was answered in time", "was not tried, since another version was not answered in time"]),
    ],
)
def test_a_host_that_never_shakes_hands_refuses_no_version(
    conduct: Callable[[socket.socket, threading.Event], None], details: list[str]
) -> None:
    with behaving(conduct) as port:
        tried = list(probe_tls_versions("127.0.0.1", port, timeout=TIMEOUT).values())
    assert {one["became"] for one in tried} == {"unknown"}
    assert all(detail in one["detail"] for detail, one in zip(details, tried, strict=False))


def test_a_site_that_stays_silent_is_left_alone_soon() -> None:
    pages = [Page(f"/{number}") for number in range(20)]
    with behaving(hangs) as port:
        record = probe(ProbedSite(base_url=f"http://127.0.0.1:{port}", pages=pages, attacks=True), timeout=TIMEOUT)
    asked = [page["chain"][0]["failed"] for page in record["pages"]]
    assert set(asked) == {"silent", "not asked"}
    assert asked.count("silent") < 10


def test_what_there_was_no_time_for_was_not_asked(tmp_path: Path) -> None:
    with origin({}) as site, edge(site, tmp_path, EdgeSettings()) as front:
        record = probe(ProbedSite(base_url=front.url, pages=PAGES, attacks=True), limit=0.0)
    assert {page["chain"][0]["detail"] for page in record["pages"]} == {"the time for all probes was over"}
    assert record["tls"]["localhost"]["TLS 1.3"]["became"] == "accepted"


def test_a_site_of_somebody_else_is_found_out_by_its_certificate(tmp_path: Path) -> None:
    with origin({}) as site, edge(site, tmp_path, EdgeSettings()) as front:
        place = front.url.replace("localhost", "127.0.0.1")
        findings = judged(probe(ProbedSite(base_url=place, ca_file=str(front.ca_file), pages=PAGES, attacks=True)))
    (name,) = [one for one in findings if one.criterion == "certificate-covers-names"]
    assert (name.outcome, name.observed) == (Outcome.NOT_SATISFIED, "a certificate for localhost")


def test_a_site_whose_origin_is_down_is_not_sound(tmp_path: Path, nobody: int) -> None:
    with edge(f"http://127.0.0.1:{nobody}", tmp_path, EdgeSettings()) as front:
        record = probe(
            ProbedSite(base_url=front.url, ca_file=str(front.ca_file), pages=PAGES, health="/health", attacks=True)
        )
    red = {one for one, outcome in failing(judged(record)).items() if outcome is Outcome.NOT_SATISFIED}
    sound = set(CRITERIA) - set(failing(judged(record)))
    assert red == {
        "cdn-security-headers",
        "health-endpoint",
        "missing-page-says-so",
        "redirects-arrive",
    }
    assert sound == {"certificate-covers-names", "certificate-expiry", "certificate-valid", "tls-minimum-version"}


def test_what_nobody_asked_about_is_not_answered(nobody: int) -> None:
    site = ProbedSite(base_url=f"https://127.0.0.1:{nobody}", pages=PAGES)
    facts = probe_facts(probe(site, timeout=TIMEOUT))
    unasked = {kind.__name__ for kind in facts.unreadable}
    assert unasked == {"AttackAnswered", "OrdinaryAnswered", "HealthEndpoint", "Cookie"}
    assert {type(fact) for fact in facts.known} | set(facts.unreadable) == set(PROBE_KINDS)
