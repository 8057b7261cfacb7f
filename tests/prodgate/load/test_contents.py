"""Answers with 200 that are no success: empty ones, pages for errors, and what lacks what was stated."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.facts.load.soundness import STAND_IN
from prodgate.load.contents import Contents, read_stated
from prodgate.load.doubts import MOST_PARSED
from prodgate.load.runner import run_load

from .locustfiles import a_locustfile, a_profile
from .records import count, doubtful, failed, latencies
from .servers import answer, serving

PAGE = b"<!DOCTYPE html><html><head><title>News</title></head><body>" + b"<p>a story</p>" * 40 + b"</body></html>"
ERROR_PAGE = b"<html><body><h1>Something went wrong</h1></body></html>"
CUT = PAGE[: len(PAGE) // 2]
STORIES = b'{"stories": [{"slug": "a"}], "next": 2}'
STYLE = b"body { color: black }"


def unsaid(_name: str) -> None:
    """An answer without headers."""


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
        (STORIES, b'{"error": "busy"}', "it has an 'error' of its own, as the first good answer did not"),
        (
            STORIES,
            b'{"stories": null, "errors": [{}]}',
            "it has an 'error' of its own, as the first good answer did not",
        ),
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


def doubts(request: str, *answers: bytes | tuple[bytes, str], held: int | None = None) -> list[str]:
    """Return what is doubtful of answers without a fault that come in this order, each with where redirects led."""
    contents, said = Contents({} if held is None else {request: held}), []
    for each in answers:
        body, landed = each if isinstance(each, tuple) else (each, "")
        assert contents.find_fault(request, 200, unsaid, body, landed) == ""
        said.append(contents.find_doubt(request, 200, unsaid, body, landed))
    return said


FULL = b"<html><body><a href=/>Home</a>" + b"<article><a href=/stories/a>A story</a> of some length</article>" * 20
FULL += b"</body></html>"
FRAME = b"<html><body><a href=/>Home</a>" + b" " * 300 + b"<p>There is nothing here.</p></body></html>"
SIGN_IN = b"<html><body><form><input name=who><input type='password'></form>" + b" " * 1300 + b"</body></html>"
TEAMS = b'{"data": {"teams": [' + b'{"name": "Celtics"}, ' * 9 + b'{"name": "Lakers"}], "page": 1}, "errors": []}'
STORY = b'{"slug": "a", "tags": ["finals"], "text": "%s"}' % (b"word " * 40)


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (b'[{"slug": "a"}]', b"[]", "its lists hold nothing, as those of the first good answer did"),
        (b'["' + b"x" * MOST_PARSED + b'"]', b"[ ]", "its lists hold nothing, as those of the first good answer did"),
        (STORIES, b'{"stories": []}', "its lists hold nothing, as those of the first good answer did"),
        (
            TEAMS,
            b'{"data": {"teams": [], "page": 1}, "errors": []}',
            "its lists hold nothing, as those of the first good answer did",
        ),
        (b'{"1": {"a": 1}}', b'{"2": {"a": 1}}', "it has none of the first good answer's members, which were 1"),
        (FULL, FRAME, "it has 373 bytes, where the first good answer had 1,324, and 1 links of 21"),
        (PAGE, PAGE[:93] + b"</body></html>", "it has 107 bytes, where the first good answer had 633"),
        (STYLE * 9, STYLE, "it has 21 bytes, where the first good answer had 189"),
        (FULL, SIGN_IN, "it asks for a password, as the first good answer did not"),
        (FULL, (FULL, "/home"), "it came from /home after a redirect, as the first good answer did not"),
    ],
    ids=lambda told: str(told)[:20],
)
def test_an_answer_of_which_nobody_can_tell_is_doubtful(first: bytes, then: bytes, said: str) -> None:
    assert doubts("GET /", first, then, first) == ["", said, ""]
    assert doubts("GET /", first, then, held=1) == ["", ""]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (STORY, STORY.replace(b'["finals"]', b"[]")),
        (TEAMS, TEAMS.replace(b'{"name": "Celtics"}, ', b"")),
        (b'{"story": {"slug": "a"}, "count": 3}', b'{"story": {"slug": "b"}, "count": 0}'),
        (b'{"error": null, "n": [1]}', b'{"error": false, "n": [2]}'),
        (FULL, FULL.replace(b" of some length", b"")),
        (FULL, FULL * 9),
        (SIGN_IN, SIGN_IN),
        ((FULL, "/en/"), (FULL, "/ja/")),
        (STYLE, STYLE[:6]),
    ],
    ids=lambda told: str(told)[:20],
)
def test_answers_that_vary_as_sound_ones_do_are_not_doubtful(first: bytes, then: bytes) -> None:
    assert doubts("GET /", first, then) == ["", ""]


@pytest.mark.parametrize(
    ("hollow", "said"),
    [
        (b"[]", "it is an array that holds nothing"),
        (b"{}", "it is an object that holds nothing"),
        (b'{"stories": [], "next": null, "total": 0}', "it is an object that holds nothing"),
        (b'{"error": "busy"}', "it has an 'error' of its own"),
        ((SIGN_IN, "/login"), "it came from /login after a redirect, and asks for a password"),
    ],
    ids=lambda told: str(told)[:20],
)
def test_what_is_doubtful_teaches_nothing(hollow: bytes | tuple[bytes, str], said: str) -> None:
    assert doubts("GET /", hollow, hollow) == [said, said]
    assert doubts("GET /", hollow, b'{"stories": [{"slug": "a"}]}')[1] == ""


def test_what_was_written_may_be_acknowledged_by_nothing() -> None:
    assert doubts("POST /read", b"{}", b"{}") == ["", ""]


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
        assert contents.find_fault(request, 200, unsaid, body) == ""
    assert contents.describe() == {
        "GET /a": "'x'",
        "GET /b": "at least 9 bytes",
        "GET /p": "HTML of 64 bytes or more, to its end",
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


@pytest.mark.once
def test_of_answers_that_are_none_it_is_said_what_they_are(tmp_path: Path) -> None:
    """Through Locust: lists that are emptied, visits sent to a page to sign in, challenges, and what can't be decoded."""
    text = """
from locust import FastHttpUser, task


class Reader(FastHttpUser):
    @task
    def all(self):
        for path in ("/emptied", "/moved", "/challenged", "/blocked", "/torn", "/unknown"):
            try:
                self.client.get(path)
            except Exception:  # of what can't be decoded there is nothing to go on with
                pass
"""
    said = {
        "/challenged": answer(PAGE, status="202 Accepted", x_amzn_waf_action="challenge"),
        "/blocked": answer(PAGE, status="403 Forbidden", cf_mitigated="challenge"),
        "/torn": answer(b"\x1b\x9f\x01 torn", Content_Encoding="br"),
        "/unknown": answer(b"(\xb5/\xfd", Content_Encoding="zstd"),
        "/sign-in": answer(SIGN_IN),
    }

    async def hollow(path: str, count: int) -> bytes | None:
        odd = count % 2 == 1
        if path == "/emptied":
            return answer(b'[{"slug": "a"}]' if odd else b"[]")
        if path == "/moved" and not odd:
            return answer(status="302 Found", Location="/sign-in?next=/moved")
        return said.get(path, answer(PAGE))

    with serving(hollow) as server:
        profile = a_profile(rate=30.0, duration=1.0)
        record = run_load(profile, server.url, locustfile=a_locustfile(tmp_path, text), directory=tmp_path / "run")
    for path, kind in (
        ("challenged", STAND_IN),
        ("blocked", STAND_IN),
        ("torn", "wrong content"),
        ("unknown", "wrong content"),
    ):
        assert failed(record, f"GET /{path}") == {kind: 30}, path
    assert count(record) == record["sent"] + record["followed"] == 180
    assert (doubtful(record, "GET /emptied"), doubtful(record, "GET /moved")) == (15, 15)
    assert {each["name"]: each["doubt"] for each in record["requests"] if "doubt" in each} == {
        "GET /emptied": "its lists hold nothing, as those of the first good answer did",
        "GET /moved": "it came from /sign-in after a redirect, as the first good answer did not",
    }
