"""Requests to Airflow over HTTP: authentication by version, limits of time and size, and no secret in any message."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from prodgate.airflow.direct import Access, HttpTransport, HttpWriter, Login, Token
from prodgate.airflow.http_connection import MAX_BODY
from prodgate.aws.answers import Absent, Unreadable
from prodgate.criteria import UsageError

from .fake import NEW, OLD, PASSWORD, TOKEN, USER, Fake, Reply, an_airflow, serving

BOTH = pytest.mark.parametrize("version", [OLD, NEW])
LOGIN = Login(USER, PASSWORD)


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving(an_airflow(slots=1, open=False)) as listening:
        yield listening


def said(fake: Fake, reply: Reply, path: str = "/dags/news") -> str:
    """Why nothing was read, when this is answered at a path."""
    fake.fault = lambda asked, query, usual: reply if asked == path else usual
    with HttpTransport(fake.url, LOGIN, limit=5.0) as airflow, pytest.raises(Unreadable) as caught:
        airflow.get("/dags/news", {})
    assert fake.url in caught.value.reason
    for secret in (PASSWORD, TOKEN):
        assert secret not in caught.value.reason
    return caught.value.reason


@BOTH
@pytest.mark.parametrize("access", [LOGIN, None])
def test_it_signs_in_as_the_version_wants_it(version: str, access: Access) -> None:
    with serving(an_airflow(version, slots=1, open=access is None)) as fake, HttpTransport(fake.url, access) as airflow:
        assert airflow.get("/version", {})["version"] == version
        assert airflow.get("/dags/news", {})["dag_id"] == "news"
        assert airflow.get("/dags/news/dagRuns", {"limit": "1", "order_by": "id"})["total_entries"] == 1


def test_a_token_is_shown_as_it_is(fake: Fake) -> None:
    with HttpTransport(f"{fake.url}/", Token(TOKEN)) as airflow:
        assert airflow.get("/dags/news", {})["dag_id"] == "news"


@BOTH
@pytest.mark.parametrize(
    ("access", "words"),
    [
        (Login(USER, "wrong"), "user 'viewer' is not accepted (401)"),
        (Token("wrong"), "this token is not accepted (401)"),
        (None, "it asks who wants to know (401); name a user"),
    ],
)
def test_who_is_not_let_in_reads_nothing(version: str, access: Access, words: str) -> None:
    with (
        serving(an_airflow(version, slots=1, open=False)) as fake,
        HttpTransport(fake.url, access) as airflow,
        pytest.raises(Unreadable) as caught,
    ):
        airflow.get("/dags/news", {})
    assert caught.value.reason.endswith(words)


def test_what_airflow_says_is_not_there_is_absent(fake: Fake) -> None:
    with HttpTransport(fake.url, LOGIN) as airflow, pytest.raises(Absent):
        airflow.get("/dags/renamed", {})


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(403, {"detail": "Forbidden"}), "this is forbidden (403): Forbidden"),
        (Reply(500, {"detail": "down"}), "it answers 500: down"),
        (Reply(503, body=b"<html>"), "it answers 503"),
        (Reply(429, {}), "it answers 429"),
        (Reply(404, {"detail": "Not Found"}), "it answers 404: Not Found"),
        (Reply(404, body=b"<html>no such page</html>"), "it answers 404"),
        (Reply(404, {"error": "API route not found"}), "it answers 404"),
        (Reply(204, body=b""), "it answers 204"),
        (Reply(302, headers={"Location": "https://login.example.com/?x=1"}), "it sends to login.example.com (302), which is not followed; write the address that it sends to"),
        (Reply(307, headers={"Location": "/login"}), "it sends to another path (307), which is not followed; write the address that it sends to"),
        (Reply(200, body=b"<html>blocked by the company</html>"), "35 bytes that are no JSON"),
        (Reply(200, body=b""), "0 bytes that are no JSON"),
        (Reply(200, body=b"[" * 200_000), "200000 bytes that are no JSON"),
        (Reply(200, body=b'"' + b"x" * MAX_BODY + b'"'), "its answer is longer than 6 MB"),
        (Reply(200, {"dag_id": "news"}, length=900), "its answer was cut off after 18 bytes"),
        (Reply(500, {"detail": f"who sends {TOKEN} and {PASSWORD}?"}), "it answers 500: who sends (redacted: what it was signed in with) and (redacted: what it was signed in with)?"),
        (Reply(400, {"detail": "x" * 900}), "it answers 400: " + "x" * 184),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_and_never_guessed_at(fake: Fake, reply: Reply, words: str) -> None:
    assert said(fake, reply).endswith(words)


def test_a_clock_that_is_far_off_spoils_every_time(fake: Fake) -> None:
    reply = Reply(200, {"dag_id": "news"}, headers={"Date": formatdate(0, usegmt=True)})
    assert "minutes from this machine's; set them" in said(fake, reply)


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    over = threading.Event()
    slow = Reply(200, {"dag_id": "news"}, before=over.wait)
    with serving(an_airflow(fault=lambda path, query, reply: slow if path == "/dags/news" else reply)) as fake:
        with (
            HttpTransport(fake.url, limit=0.2) as airflow,
            pytest.raises(Unreadable, match=r"did not answer within 0\.2 s"),
        ):
            airflow.get("/dags/news", {})
        over.set()


def test_a_connection_that_the_server_has_closed_is_opened_again(fake: Fake) -> None:
    def closing(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return replace(reply, length=len(reply.sent))  # and not a word about it

    def telling(path: str, query: Mapping[str, str], reply: Reply) -> Reply:
        return replace(reply, headers={"Connection": "close"})

    with HttpTransport(fake.url, LOGIN) as airflow:
        for fault in (closing, telling):
            fake.fault = fault
            for _ in range(3):
                assert airflow.get("/dags/news", {})["dag_id"] == "news"
            run: dict[str, Any] = {"dag_run_id": fault.__name__, "conf": {}, "logical_date": None}
            assert HttpWriter(airflow).post("/dags/news/dagRuns", run)["dag_run_id"] == fault.__name__
    assert [path for method, path, _ in fake.asked if method == "POST"] == ["/dags/news/dagRuns"] * 2


def test_what_changes_something_is_never_sent_twice(fake: Fake) -> None:
    fake.fault = lambda path, query, reply: reply if path != "/dags/news/dagRuns" else Reply(0)
    with HttpTransport(fake.url, LOGIN) as airflow:
        airflow.get("/dags/news", {})
        with pytest.raises(Unreadable, match="it can't be reached"):
            HttpWriter(airflow).post("/dags/news/dagRuns", {"dag_run_id": "a", "conf": {}, "logical_date": None})
    assert [path for method, path, _ in fake.asked if method == "POST"] == ["/dags/news/dagRuns"]


def test_nobody_there_is_said() -> None:
    with serving(an_airflow()) as fake:
        url = fake.url
    with pytest.raises(Unreadable, match="GET /api/v2/version: it can't be reached: Connection refused"):
        HttpTransport(url).get("/version", {})


@pytest.mark.parametrize(
    ("path", "reply", "words"),
    [
        ("/version", Reply(200, body=b"<html>"), "neither /api/v2 nor /api/v1 of it answers as Airflow does"),
        ("/version", Reply(200, {"version": 3}), "neither /api/v2 nor /api/v1"),
        ("/version", Reply(404, {}), "neither /api/v2 nor /api/v1"),
        ("/version", Reply(502, {}), "GET /api/v2/version: it answers 502"),
        ("/version", Reply(302, headers={"Location": "https://sso.example.com/"}), "it sends to sso.example.com (302)"),
        ("/auth/token", Reply(201, {}), "POST /auth/token: no token comes of it"),
        ("/auth/token", Reply(201, {"access_token": "a\r\nHost: x"}), "no token comes of it"),
        ("/auth/token", Reply(500, {"detail": PASSWORD}), "POST /auth/token: it answers 500"),
    ],
)
def test_what_does_not_let_in_as_airflow_does_is_none(fake: Fake, path: str, reply: Reply, words: str) -> None:
    assert words in said(fake, reply, path)


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("airflow.example.com", "write https://HOST"),
        ("ftp://airflow.example.com", "is no address of an Airflow"),
        ("file:///etc/passwd", "is no address of an Airflow"),
        ("https://airflow.example.com/?a=1", "is no address of an Airflow"),
        ("https://viewer:hunter2@airflow.example.com", "name them apart"),
        ("https://airflow.example.com:x", "write a port"),
    ],
)
def test_an_address_that_is_none_is_refused_without_showing_a_password(base: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        HttpTransport(base)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value", [LOGIN, Token(PASSWORD), HttpTransport("https://x", LOGIN)], ids=["login", "token", "direct"]
)
def test_nothing_shows_what_it_signs_in_with(value: Any) -> None:
    assert PASSWORD not in repr(value)


def test_only_a_writer_can_post(fake: Fake) -> None:
    with HttpTransport(fake.url, LOGIN) as airflow:
        made = HttpWriter(airflow).post("/dags/news/dagRuns", {"dag_run_id": "a", "conf": {}, "logical_date": None})
        assert made["dag_run_id"] == "a"
        assert not hasattr(airflow, "post")
