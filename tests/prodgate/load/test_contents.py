"""Answers with 200 that are no success: empty ones, pages for errors, and what lacks what was stated."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.load.contents import MOST_PARSED, Contents, read_stated
from prodgate.load.runner import run_load

from .locustfiles import a_locustfile, a_profile
from .records import count, failed, latencies
from .servers import answer, serving

PAGE = b"<!DOCTYPE html><html><head><title>News</title></head><body>" + b"<p>a story</p>" * 40 + b"</body></html>"
ERROR_PAGE = b"<html><body><h1>Something went wrong</h1></body></html>"
CUT = PAGE[: len(PAGE) // 2]
STORIES = b'{"stories": [{"slug": "a"}], "next": 2}'
STYLE = b"body { color: black }"


def faults(
    request: str, *bodies: bytes, type_: str = "", status: int = 200, held: str | int | None = None
) -> list[str]:
    """Return what is wrong with answers that come in this order."""
    contents = Contents({} if held is None else {request: held})
    header = {"content-type": type_}.get
    return [contents.find_fault(request, status, header, body).partition("; ")[0] for body in bodies]


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (PAGE, b"", "it is no HTML, as the first good answer was"),
        (PAGE, ERROR_PAGE, "it has 55 bytes, where the first good answer had 633"),
        (PAGE, CUT, "it lacks '</html>', which the first good answer had"),
        (PAGE, b'{"error": "busy"}', "it is no HTML, as the first good answer was"),
        (STORIES, b"{}", "it has none of the first good answer's members, which were next, stories"),
        (STORIES, b'{"error": "busy"}', "it has none of the first good answer's members, which were next, stories"),
        (STORIES, b"[]", "it is an array, where the first good answer was an object"),
        (STORIES, b"null", "it is no JSON, as the first good answer was"),
        (STORIES, STORIES[:-5], "it is no JSON, as the first good answer was"),
        (STORIES, PAGE, "it is no JSON, as the first good answer was"),
        (STYLE, ERROR_PAGE, "it is a page of HTML, as the first good answer was not"),
        (STYLE, b"", "it is empty, as the first good answer was not"),
    ],
    ids=lambda told: told[:20].decode() if isinstance(told, bytes) else None,
)
def test_an_answer_that_is_not_like_the_first_good_one_is_no_success(first: bytes, then: bytes, said: str) -> None:
    assert faults("GET /", first, then) == ["", said]
    assert faults("POST /", first, then) == ["", said]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (PAGE, PAGE.replace(b"<p>a story</p>" * 20, b"", 1)),
        (PAGE, PAGE * 30),
        (STORIES, b'{"stories": []}'),
        (b'[{"slug": "a"}]', b"[]"),
        (b'{"a": "' + b"x" * MOST_PARSED + b'"}', b'{"b": 1}'),
        (STYLE, b"x"),
        (b"ok", b"degraded"),
    ],
    ids=lambda body: body[:20].decode(),
)
def test_answers_may_differ(first: bytes, then: bytes) -> None:
    assert faults("GET /", first, then) == ["", ""]


def test_an_empty_answer_never_teaches_what_a_page_holds() -> None:
    empty = "it is empty"
    assert faults("GET /", b"", PAGE, b"") == [empty, "", "it is no HTML, as the first good answer was"]
    assert faults("GET /", b"", b"", held=0) == ["", ""]
    assert faults("POST /read", b"", b"") == ["", ""]


@pytest.mark.parametrize(("request_", "status"), [("GET /", 204), ("GET /", 302), ("GET /", 404), ("HEAD /", 200)])
def test_what_has_no_body_needs_to_hold_nothing(request_: str, status: int) -> None:
    assert faults(request_, b"", status=status) == [""]


def test_what_is_stated_counts_from_the_first_answer_on() -> None:
    assert faults("GET /", ERROR_PAGE, PAGE, held="a story") == ["it lacks 'a story', and has 55 bytes", ""]
    assert faults("GET /", b"short", PAGE, held=100) == ["it has 5 bytes, at least 100 are stated", ""]


def test_what_counts_is_said_by_request() -> None:
    contents = Contents({"GET /a": "x", "GET /b": 9})
    for request, body in (("GET /p", PAGE), ("GET /j", STORIES), ("POST /e", b"")):
        assert contents.find_fault(request, 200, {}.get, body) == ""
    assert contents.describe() == {
        "GET /a": "'x'",
        "GET /b": "at least 9 bytes",
        "GET /p": "HTML of 159 bytes or more, to its end",
        "GET /j": "JSON, an object with any of next, stories",
        "POST /e": "anything",
    }


@pytest.mark.parametrize("stated", [["/"], {"/": None}, {"/": True}, {"/": -1}, {1: "x"}])
def test_a_statement_that_says_nothing_is_refused(stated: object) -> None:
    with pytest.raises(ValueError, match="has holds = .*; write a text or a number of bytes by name"):
        read_stated(stated)


def test_a_name_alone_is_that_of_a_get() -> None:
    assert read_stated({"/": "x", "POST /a": 0}) == {"GET /": "x", "POST /a": 0}


@pytest.mark.once
def test_a_site_that_answers_with_nothing_does_not_succeed(tmp_path: Path) -> None:
    """Through Locust: every second answer is an empty 200, and one name is read as a stream."""
    text = """
from locust import FastHttpUser, task


class Reader(FastHttpUser):
    holds = {"/stated": "news"}

    @task
    def all(self):
        for path in ("/learnt", "/stated"):
            self.client.get(path)
        self.client.get("/streamed", stream=True)
        with self.client.get("/checked", catch_response=True) as page:
            self.client.get("/then")
"""

    async def hollow(path: str, count: int) -> bytes | None:
        return answer(b"" if count % 2 == 0 else PAGE if path == "/learnt" else b"news")

    with serving(hollow) as server:
        profile = a_profile(rate=40.0, duration=1.0)
        record = run_load(profile, server.url, locustfile=a_locustfile(tmp_path, text), directory=tmp_path / "run")
    for path in ("learnt", "stated", "checked", "then"):
        assert failed(record, f"GET /{path}") == {"wrong content": 20}, path
        assert len(latencies(record, f"GET /{path}")) == 20
    assert count(record, "GET /streamed") == len(latencies(record, "GET /streamed")) == 40
    said = {each["name"]: each["holds"] for each in record["requests"]}
    assert (said["GET /stated"], said["GET /streamed"]) == ("'news'", "")
