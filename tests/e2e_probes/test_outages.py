"""A site that is down, hangs, drips, belongs to somebody else or has a defect turns its own check red, and never
takes long."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from prodgate.facts.e2e.probes import PROBE_KINDS, probe_facts
from prodgate.probes.certificates import probe_tls_versions
from prodgate.probes.site import Page, ProbedSite, probe
from prodgate.rehearsal.edge import Behaviour, CertificateOptions, EdgeFaults, EdgeSettings, edge
from prodgate.testing import Outcome

from ..prodgate.load.servers import answer
from .judging import CRITERIA, failing, judged
from .origin import COOKIE, CSP, HTML, PRIVATE, PUBLIC, origin

pytestmark = pytest.mark.once

PAGES = (Page("/", "public"), Page("/teams"), Page("/mine", "private"))
#: Seconds that one request may take in these tests.
TIMEOUT = 0.3


@contextmanager
def behaving(conduct: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """Handle each connection to a loopback port in a given way, until the context is left."""
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
    """Begin a response and keep sending single bytes of it, each before a socket time-out."""
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
    """A port that is taken, but has no listener."""
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
    facts = probe_facts(probe(ProbedSite(base_url=f"https://127.0.0.1:{nobody}", pages=PAGES), timeout=TIMEOUT))
    unasked = {kind.__name__ for kind in facts.unreadable}
    assert unasked == {"AttackAnswered", "OrdinaryAnswered", "HealthEndpoint", "Cookie"}
    assert {type(fact) for fact in facts.known} | set(facts.unreadable) == set(PROBE_KINDS)


# ── Each defect of a site turns its own check red, and no other: real requests through a real edge on loopback

NOT_SATISFIED, UNDETERMINED = Outcome.NOT_SATISFIED, Outcome.UNDETERMINED

SHOP = (Page("/", "public"), Page("/teams", "public"), Page("/mine", "private"))
HSTS = ("Strict-Transport-Security", "max-age=31536000", True)
NOSNIFF = ("X-Content-Type-Options", "nosniff", True)
FRAMES = ("X-Frame-Options", "DENY", True)
BEHAVIOUR = Behaviour(headers=(HSTS, NOSNIFF, FRAMES))
SETTINGS = EdgeSettings(behaviours=(BEHAVIOUR,), refuses=("an SQL injection", "a directory traversal", "a script"))


def edge_behaving(**changes: Any) -> EdgeSettings:
    return replace(SETTINGS, behaviours=(replace(BEHAVIOUR, **changes),))


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A defect of a site, and the criteria that it breaks."""

    settings: EdgeSettings = SETTINGS
    wrongs: EdgeFaults = field(default_factory=EdgeFaults)
    answers: Mapping[str, bytes] = field(default_factory=dict)
    breaks: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    """Criteria that can't be judged then."""


def certified(**changes: Any) -> EdgeFaults:
    return EdgeFaults(issue=CertificateOptions(**changes))


UNFRAMED = CSP.partition("; frame")[0]
DEFECTS: dict[str, Defect] = {
    "none": Defect(),
    "no HSTS": Defect(settings=edge_behaving(headers=(NOSNIFF, FRAMES)), breaks=("cdn-security-headers",)),
    "HSTS of an hour": Defect(
        settings=edge_behaving(headers=(("Strict-Transport-Security", "max-age=3600", True), NOSNIFF)),
        breaks=("cdn-security-headers",),
    ),
    "no nosniff": Defect(settings=edge_behaving(headers=(HSTS, FRAMES)), breaks=("cdn-security-headers",)),
    "frames of anybody": Defect(
        settings=edge_behaving(headers=(HSTS, NOSNIFF)),
        answers={"/teams": answer(**(PUBLIC | {"Content_Security_Policy": UNFRAMED}))},
        breaks=("cdn-security-headers",),
    ),
    "no CSP": Defect(settings=edge_behaving(removed=("Content-Security-Policy",)), breaks=("content-security-policy",)),
    "inline scripts": Defect(
        answers={"/": answer(**(PUBLIC | {"Content_Security_Policy": "script-src 'self' 'unsafe-inline'"}))},
        breaks=("content-security-policy",),
    ),
    "one nonce for everybody": Defect(
        answers={
            "/": answer(**(PUBLIC | {"Content_Security_Policy": "script-src 'nonce-c29vbi1vbGQ='; base-uri 'self'"}))
        },
        breaks=("content-security-policy",),
    ),
    "an expired certificate": Defect(
        wrongs=certified(begins=timedelta(days=-90), ends=timedelta(days=-1)),
        breaks=("certificate-expiry", "certificate-valid"),
    ),
    "a certificate that ends in 10 days": Defect(
        wrongs=certified(begins=timedelta(days=-80), ends=timedelta(days=10)), breaks=("certificate-expiry",)
    ),
    "a certificate of six days with three left": Defect(
        wrongs=certified(begins=timedelta(days=-3), ends=timedelta(days=3, minutes=5))
    ),
    "a certificate of six days with one left": Defect(
        wrongs=certified(begins=timedelta(days=-5), ends=timedelta(days=1)), breaks=("certificate-expiry",)
    ),
    "a certificate of tomorrow": Defect(wrongs=certified(begins=timedelta(days=1)), breaks=("certificate-valid",)),
    "another site's certificate": Defect(
        wrongs=certified(name="www.example.com"), breaks=("certificate-covers-names",)
    ),
    "a certificate that nobody vouches for": Defect(wrongs=certified(trusted=False), breaks=("certificate-valid",)),
    "TLS 1.0": Defect(settings=replace(SETTINGS, minimum_tls="TLSv1"), breaks=("tls-minimum-version",)),
    "TLS 1.1": Defect(settings=replace(SETTINGS, minimum_tls="TLSv1.1_2016"), breaks=("tls-minimum-version",)),
    "a cookie without Secure": Defect(
        answers={"/mine": answer(**PRIVATE, Set_Cookie=COOKIE.replace("Secure; ", ""))}, breaks=("cookies-protected",)
    ),
    "content over plain HTTP": Defect(settings=edge_behaving(plain="allow-all"), breaks=("https-only",)),
    "a redirect loop": Defect(
        wrongs=EdgeFaults(loops="/teams"),
        breaks=("redirects-arrive",),
        hides=("content-security-policy", "public-pages-cached"),
    ),
    "a redirect to a stranger": Defect(
        wrongs=EdgeFaults(leads_to="https://stranger.example"), breaks=("redirects-arrive",)
    ),
    "a page is missing": Defect(
        answers={"/teams": answer(status="404 Not Found", **PUBLIC)},
        hides=("cdn-security-headers", "content-security-policy", "cookies-protected", "public-pages-cached"),
        breaks=("redirects-arrive",),
    ),
    "the firewall is off": Defect(settings=replace(SETTINGS, refuses=()), breaks=("waf-refuses-attacks",)),
    "the firewall only knows scripts": Defect(
        settings=replace(SETTINGS, refuses=("a script",)), breaks=("waf-refuses-attacks",)
    ),
    "the firewall refuses readers": Defect(
        settings=replace(SETTINGS, refuses=("any query",)), breaks=("waf-refuses-attacks",)
    ),
    "a private page is kept": Defect(wrongs=EdgeFaults(keeps="/mine"), breaks=("private-pages-not-cached",)),
    "a private page may be kept": Defect(
        answers={"/mine": answer(**HTML, Set_Cookie=COOKIE)}, breaks=("private-pages-not-cached",)
    ),
    "a public page is not kept": Defect(answers={"/teams": answer(**PRIVATE)}, breaks=("public-pages-cached",)),
    "the site is ill": Defect(
        answers={"/health": answer(status="503 Service Unavailable")}, breaks=("health-endpoint",)
    ),
    "health comes from a cache": Defect(answers={"/health": answer(Age="9")}, breaks=("health-endpoint",)),
    "a missing page is found": Defect(answers={"*": answer(**PRIVATE)}, breaks=("missing-page-says-so",)),
    "a missing page is found below a page": Defect(
        answers={"/teams/there-is-no-such-page": answer(**PRIVATE)}, breaks=("missing-page-says-so",)
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_turns_its_own_check_red(name: str, tmp_path: Path) -> None:
    defect = DEFECTS[name]
    with origin(defect.answers) as site, edge(site, tmp_path, defect.settings, defect.wrongs) as front:
        record = probe(
            ProbedSite(
                base_url=front.url,
                plain_url=front.plain_url,
                ca_file=str(front.ca_file),
                pages=SHOP,
                health="/health",
                attacks=True,
                place="the site",
            )
        )
    expected = dict.fromkeys(defect.breaks, NOT_SATISFIED) | dict.fromkeys(defect.hides, UNDETERMINED)
    text = json.dumps(record)
    findings = judged(json.loads(text))
    assert failing(findings) == expected
    assert {one.criterion for one in findings} == set(CRITERIA)
    assert "hunter2" not in text


def test_a_further_name_of_the_site_is_probed_too(tmp_path: Path) -> None:
    with origin({}) as site, edge(site, tmp_path, SETTINGS) as front:
        record = probe(
            ProbedSite(
                base_url=front.url,
                plain_url=front.plain_url,
                hosts=("127.0.0.1",),
                ca_file=str(front.ca_file),
                pages=SHOP,
                health="/health",
                attacks=True,
            )
        )
    findings = judged(record)
    assert failing(findings) == {"certificate-covers-names": NOT_SATISFIED}
    assert {(one.criterion, one.subject) for one in findings if "127.0.0.1" in one.subject} == {
        ("cdn-security-headers", "/ of 127.0.0.1"),
        ("certificate-covers-names", "127.0.0.1"),
        ("certificate-expiry", "127.0.0.1"),
        ("certificate-valid", "127.0.0.1"),
        ("content-security-policy", "/ of 127.0.0.1"),
        ("https-only", "/ of 127.0.0.1 over plain HTTP"),
        ("redirects-arrive", "/ of 127.0.0.1"),
        ("redirects-arrive", "/ of 127.0.0.1 over plain HTTP"),
        ("tls-minimum-version", "127.0.0.1"),
    }


def test_a_finding_names_the_page_without_the_port_of_this_run(tmp_path: Path) -> None:
    with origin({}) as site, edge(site, tmp_path, edge_behaving(headers=(NOSNIFF, FRAMES))) as front:
        record = probe(ProbedSite(base_url=front.url, pages=SHOP, place="the site"))
    red = [one for one in judged(record) if one.outcome is NOT_SATISFIED and one.criterion == "cdn-security-headers"]
    assert [one.subject for one in red][:2] == ["/ of the site", "/teams of the site"]
    assert red[0].observed == "max-age of 0 s"
