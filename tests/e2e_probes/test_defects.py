"""Each defect of a site turns its own check red, and no other: real requests through a real edge on loopback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.probes.site import Page, ProbedSite, probe
from prodgate.rehearsal.edge import EdgeFaults, edge
from prodgate.rehearsal.edge_certificate import CertificateOptions
from prodgate.rehearsal.edge_settings import Behaviour, EdgeSettings
from prodgate.testing import Outcome

from ..prodgate.load.servers import answer
from .judging import CRITERIA, failing, judged
from .origin import COOKIE, CSP, HTML, PRIVATE, PUBLIC, origin

#: Ports and certificates behave in one Python as in another.
pytestmark = pytest.mark.once

NOT_SATISFIED, UNDETERMINED = Outcome.NOT_SATISFIED, Outcome.UNDETERMINED

PAGES = (Page("/", "public"), Page("/teams", "public"), Page("/mine", "private"))
HSTS = ("Strict-Transport-Security", "max-age=31536000", True)
NOSNIFF = ("X-Content-Type-Options", "nosniff", True)
FRAMES = ("X-Frame-Options", "DENY", True)
BEHAVIOUR = Behaviour(headers=(HSTS, NOSNIFF, FRAMES))
SETTINGS = EdgeSettings(behaviours=(BEHAVIOUR,), refuses=("an SQL injection", "a directory traversal", "a script"))


def behaving(**changes: Any) -> EdgeSettings:
    return replace(SETTINGS, behaviours=(replace(BEHAVIOUR, **changes),))


@dataclass(frozen=True, kw_only=True)
class Defect:
    """What is wrong with a site, and the criteria that it breaks."""

    settings: EdgeSettings = SETTINGS
    wrongs: EdgeFaults = field(default_factory=EdgeFaults)
    answers: Mapping[str, bytes] = field(default_factory=dict)
    breaks: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    """Criteria that nobody can judge then."""


def certified(**changes: Any) -> EdgeFaults:
    return EdgeFaults(issue=CertificateOptions(**changes))


UNFRAMED = CSP.partition("; frame")[0]
DEFECTS: dict[str, Defect] = {
    "none": Defect(),
    "no HSTS": Defect(settings=behaving(headers=(NOSNIFF, FRAMES)), breaks=("cdn-security-headers",)),
    "HSTS of an hour": Defect(
        settings=behaving(headers=(("Strict-Transport-Security", "max-age=3600", True), NOSNIFF)),
        breaks=("cdn-security-headers",),
    ),
    "no nosniff": Defect(settings=behaving(headers=(HSTS, FRAMES)), breaks=("cdn-security-headers",)),
    "frames of anybody": Defect(
        settings=behaving(headers=(HSTS, NOSNIFF)),
        answers={"/teams": answer(**(PUBLIC | {"Content_Security_Policy": UNFRAMED}))},
        breaks=("cdn-security-headers",),
    ),
    "no CSP": Defect(settings=behaving(removed=("Content-Security-Policy",)), breaks=("content-security-policy",)),
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
    "content over plain HTTP": Defect(settings=behaving(plain="allow-all"), breaks=("https-only",)),
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
                pages=PAGES,
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
                pages=PAGES,
                health="/health",
                attacks=True,
            )
        )
    findings = judged(record)
    assert failing(findings) == {"certificate-covers-names": NOT_SATISFIED}
    further = {(one.criterion, one.subject) for one in findings if "127.0.0.1" in one.subject}
    assert further == {
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
    with origin({}) as site, edge(site, tmp_path, behaving(headers=(NOSNIFF, FRAMES))) as front:
        record = probe(ProbedSite(base_url=front.url, pages=PAGES, place="the site"))
    red = [one for one in judged(record) if one.outcome is NOT_SATISFIED and one.criterion == "cdn-security-headers"]
    assert [one.subject for one in red][:2] == ["/ of the site", "/teams of the site"]
    assert red[0].observed == "max-age of 0 s"
