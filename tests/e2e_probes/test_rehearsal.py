"""Every probe finds the sample site sound behind the edge that is declared for production."""

import ssl
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPSConnection
from urllib.parse import urlencode, urlsplit

import pytest

from prodgate.probes.site import Page, ProbedSite, probe
from prodgate.rehearsal.edge import Behaviour, Edge, EdgeSettings, edge
from prodgate.rehearsal.site.process import running
from prodgate.testing import Outcome

from .judging import CRITERIA, failing, judged

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("edge")]

PAGES = (Page("/", "public"), Page("/ja/teams", "public"), Page("/search"), Page("/my-team", "private"))
HEADERS = (
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload", True),
    ("Content-Security-Policy", "default-src 'self'; upgrade-insecure-requests", False),
    ("X-Frame-Options", "DENY", True),
)
SETTINGS = EdgeSettings(
    behaviours=(
        Behaviour(paths="/api/*", plain="https-only", ttl=(0, 0, 60), headers=HEADERS),
        Behaviour(headers=HEADERS, removed=("Server",)),
    ),
    minimum_tls="TLSv1.2_2021",
    refuses=("a directory traversal", "a script", "an SQL injection"),
)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    scratch = tmp_path_factory.mktemp("edge")
    with running(scratch) as site, edge(site.url, scratch, SETTINGS) as started:
        yield started


def test_the_sample_site_is_sound(front: Edge) -> None:
    site = ProbedSite(
        base_url=front.url,
        plain_url=front.plain_url,
        ca_file=str(front.ca_file),
        pages=PAGES,
        health="/api/health",
        attacks=True,
    )
    findings = judged(probe(site))
    # before signing in nobody gets a cookie or a private page; the browser tests those
    assert failing(findings) == {
        "cookies-protected": Outcome.NOT_APPLICABLE,
        "private-pages-not-cached": Outcome.UNDETERMINED,
    }
    assert {one.criterion for one in findings} == set(CRITERIA)


def test_a_reader_signs_in_through_the_edge_and_is_given_a_secure_cookie(front: Edge) -> None:
    parts = urlsplit(front.url)
    assert parts.hostname is not None
    trust = ssl.create_default_context(cafile=front.ca_file)
    form = urlencode({"email": "ana@example.com", "password": "not hunter2", "team": "bos"})
    with closing(HTTPSConnection(parts.hostname, parts.port, context=trust, timeout=10)) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": front.url}
        connection.request("POST", "/join", body=form, headers=headers)
        answer = connection.getresponse()
        cookie = answer.getheader("Set-Cookie", "")
    assert (answer.status, answer.getheader("Location")) == (303, "/my-team")
    assert {"Secure", "HttpOnly", "SameSite=lax"} <= {each.strip() for each in cookie.split(";")}
