"""One request: what is sent, what is kept of the answer, and what is not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from prodgate.probes.attacks import ATTACKS, add_query
from prodgate.probes.exchange import MAX_BODY, Exchange, fetch

from ..load.servers import answer, serving

#: Stands for a secret of a reader; it must be nowhere in what is kept.
CANARY = "c4nary-s3cret"


def asked(said: bytes | Callable[[str], bytes], path: str = "/") -> Exchange:
    async def answering(target: str, _count: int) -> bytes | None:
        return said(target) if callable(said) else said

    with serving(answering) as server:
        return fetch(server.url + path, timeout=60.0)


def test_status_headers_and_size_are_kept() -> None:
    found = asked(answer(b"hello", Cache_Control="no-store", X_Other="1"))
    assert (found.status, found.size, found.failed) == (200, 5, "")
    assert found.headers == (("content-length", "5"), ("cache-control", "no-store"))


@pytest.mark.parametrize(
    ("body", "asks"),
    [
        (b"<form><input name=a type='password'>", True),
        (b'<INPUT\nTYPE = "Password" />', True),
        (b"<input type=passwordless>", False),
        (b"<p>type=password</p>", False),
    ],
)
def test_a_field_for_a_password_is_told_of(body: bytes, asks: bool) -> None:
    assert asked(answer(body)).to_json().get("asks", False) is asks


def test_a_header_that_is_sent_twice_is_kept_twice() -> None:
    found = asked(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\n")
    assert [name for name, _ in found.headers].count("set-cookie") == 2


def test_of_a_long_answer_only_the_beginning_is_read() -> None:
    assert asked(answer(b"x" * (MAX_BODY + 1))).size == MAX_BODY


def test_nothing_secret_is_told() -> None:
    said = answer(
        status="302 Found",
        Set_Cookie=f"reader={CANARY}; Path=/; Secure",
        Location=f"https://ana:{CANARY}@example.com/a?token={CANARY}#{CANARY}",
        Authorization=CANARY,
    )
    told = asked(said).to_json()
    assert CANARY not in json.dumps(told)
    assert told["leads_to"] == "https://example.com/a?…"
    assert ["set-cookie", "reader=(redacted); Path=/; Secure"] in told["headers"]


def test_a_cookie_without_a_name_is_not_told_either() -> None:
    assert CANARY not in json.dumps(asked(answer(Set_Cookie=f"{CANARY}; Secure")).to_json())


def test_a_password_in_an_address_is_not_told() -> None:
    assert CANARY not in json.dumps(Exchange(url=f"https://ana:{CANARY}@example.com/", failed="silent").to_json())


@pytest.mark.parametrize(
    ("status", "location", "expected"),
    [
        (301, "/a", "https://example.com/a"),
        (307, "//other.example/a", "https://other.example/a"),
        (302, "http://example.com/", "http://example.com/"),
        (302, "/\u00e3\u0083\u0081?a=b", "https://example.com/%E3%83%81?a=b"),
        (302, "https://[::1/", ""),
        (302, "https://example.com:port/", ""),
        (302, "", ""),
        (200, "/a", ""),
        (304, "/a", ""),
    ],
)
def test_where_a_redirect_leads(status: int, location: str, expected: str) -> None:
    assert Exchange(url="https://example.com/b", status=status, headers=(("location", location),)).leads_to == expected


def test_a_query_goes_through_as_it_is() -> None:
    path = add_query("/search?page=2", ATTACKS["a script"])
    seen: list[str] = []

    def said(target: str) -> bytes:
        seen.append(target)
        return answer()

    assert asked(said, path).status == 200
    assert seen == ["/search?page=2&q=%3Cscript%3Ealert%28document.cookie%29%3C%2Fscript%3E"]


def test_japanese_goes_through_by_its_bytes() -> None:
    seen: list[str] = []

    def said(target: str) -> bytes:
        seen.append(target)
        return answer()

    assert asked(said, "/ja/\u30c1%E3%83%BC?q=\u30e0").status == 200
    assert seen == ["/ja/%E3%83%81%E3%83%BC?q=%E3%83%A0"]


def test_nobody_is_followed() -> None:
    found = asked(answer(status="302 Found", Location="/"))
    assert (found.status, found.leads_to.endswith("/")) == (302, True)


@pytest.mark.parametrize("interim", [b"103 Early Hints", b"102 Processing", b"100 Continue"])
def test_interim_answers_are_not_the_answer(interim: bytes) -> None:
    hint = b"HTTP/1.1 " + interim + b"\r\nLink: </a.css>; rel=preload\r\nCache-Control: public\r\n\r\n"
    found = asked(hint * 2 + answer(b"hello", status="404 Not Found", Cache_Control="no-store"))
    assert (found.status, found.size) == (404, 5)
    assert [value for name, value in found.headers if name == "cache-control"] == ["no-store"]
