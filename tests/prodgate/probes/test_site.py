"""The requests to a site, their number, and what is kept of a response."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from prodgate.facts.e2e.caching import PublicPage
from prodgate.facts.e2e.probes import probe_facts
from prodgate.probes import site
from prodgate.probes.exchange import MAX_BODY, Exchange, fetch
from prodgate.probes.reader import Reader
from prodgate.probes.site import (
    ATTACKS,
    MAX_REDIRECTS,
    MISSING_PATH,
    OWN,
    REPEATS,
    UNKNOWN,
    Page,
    ProbedSite,
    Visitor,
    add_query,
    ask_with_cookies,
    probe,
)
from prodgate.rehearsal.edge import EdgeSettings, edge
from tests import servers

from ..facts.e2e.probe_records import page, record
from ..load.servers import Answer, Server, answer, serving


def asked(answering: Answer, *pages: Page, **changes: Any) -> tuple[Server, dict[str, Any]]:
    with serving(answering) as server:
        return server, probe(ProbedSite(base_url=server.url, pages=pages, **changes), timeout=60.0)


async def always_new(_path: str, _count: int) -> bytes | None:
    return answer(X_Cache="Miss")


async def kept_at_the_third(_path: str, count: int) -> bytes | None:
    return answer(X_Cache="Hit" if count == 3 else "Miss")


def leading(where: Callable[[str], str]) -> Answer:
    """A site that redirects each path to a place."""

    async def led(path: str, _count: int) -> bytes | None:
        return answer(status="302 Found", Location=where(path))

    return led


def test_a_page_is_asked_for_again_until_a_cache_has_it() -> None:
    server, _ = asked(always_new, Page("/a", "public"), Page("/b", "private"), Page("/c"))
    found = {path: server.asked[path] for path in ("/a", "/b", "/c")}
    assert found == {"/a": 1 + REPEATS["public"], "/b": 1 + REPEATS["private"], "/c": 1}
    server, record = asked(kept_at_the_third, Page("/a", "public"))
    # a cache that has it is asked once more by readers with cookies, and this one never has it for them
    assert (server.asked["/a"], len(record["pages"][0]["again"])) == (3 + REPEATS["public"], 2)


CIRCLE = leading(lambda path: "/b" if path == "/a" else "/a")


@pytest.mark.parametrize(
    ("site", "path", "ended", "asked_for"),
    [
        (leading(lambda path: f"{path}x"), "/x", "too long", MAX_REDIRECTS + 1),
        (CIRCLE, "/a", "loop", 2),
        (CIRCLE, "/before", "loop", 3),
        (leading(lambda path: f"{path}#top"), "/a", "loop", 1),
        *((leading(lambda _, where=where: where), "/a", "elsewhere", 1)  # type: ignore[misc]
          for where in ("ftp://localhost/", "javascript:alert(1)", "https://localhost.example/", "//x/", "https://stranger.example/")),
    ],
)  # fmt: skip
def test_redirects_are_followed_so_far_and_no_further(site: Answer, path: str, ended: str, asked_for: int) -> None:
    server, record = asked(site, Page(path))
    assert (record["pages"][0]["ended"], len(record["pages"][0]["chain"])) == (ended, asked_for)
    assert sum(times for target, times in server.asked.items() if not is_missing(target)) == asked_for


def test_a_partner_on_another_port_of_the_same_host_is_not_asked() -> None:
    _, record = asked(leading(lambda _: "http://127.0.0.1:9/enter"), Page("/a"), partners=["127.0.0.1:9"])
    assert (record["pages"][0]["ended"], len(record["pages"][0]["chain"])) == ("elsewhere", 1)


def is_missing(target: str) -> bool:
    """Whether it is a path where no page is."""
    return target.endswith("/there-is-no-such-page")


@pytest.mark.parametrize(
    ("settings", "ended", "asked_for"),
    [("Path=/", "answer", 3), ("Path=/elsewhere", "loop", 2), ("Path=/; Max-Age=0", "loop", 2)],
)
def test_cookies_are_sent_on_through_redirects(settings: str, ended: str, asked_for: int) -> None:
    """As a site does that asks who somebody is: there and back again, until the cookie comes back."""
    sent: list[str] = []

    class Site(servers.Handler):
        def do_GET(self) -> None:
            back = self.path == "/enter"
            sent.append(f"{self.path} {self.headers['Cookie'] or ''}".strip())
            headers = {"Location": "/a" if back else "/enter"} | (
                {"Set-Cookie": f"session=1; {settings}"} if back else {}
            )
            self.reply(302 if back or "session" not in (self.headers["Cookie"] or "") else 200, **headers)

    with servers.serving(Site) as url:
        record = probe(ProbedSite(base_url=url, pages=[Page("/a")]), timeout=60.0)
    assert (record["pages"][0]["ended"], len(record["pages"][0]["chain"])) == (ended, asked_for)
    assert sent[:asked_for] == ["/a", "/enter", "/a session=1"][:asked_for]
    assert "session=1" not in json.dumps(record)


def test_an_address_without_a_page_is_asked_for_beside_and_below_each_page() -> None:
    pages = [Page(path) for path in ("/", "/goods/lamp?size=2", "/ja/", "/cart/add")]
    server, record = asked(always_new, *pages)
    below = ["", "/goods", "/ja", "/goods/lamp"]
    assert [each["url"] for each in record["missing_below"]] == [
        f"{server.url}{folder}/there-is-no-such-page" for folder in below
    ]
    assert len(asked(always_new, *(Page(f"/{number}/a") for number in range(20)))[1]["missing_below"]) == 10


@pytest.mark.parametrize(("kind", "sent"), [("", 5), ("public", 5), ("private", 0)])
def test_attacks_are_sent_between_ordinary_requests_to_all_pages_but_private_ones(kind: str, sent: int) -> None:
    server, record = asked(kept_at_the_third, Page("/a", kind), attacks=True)
    queries = [target for target in server.asked for _ in range(server.asked[target]) if target.startswith("/a?")]
    assert len(queries) == sent
    assert len(record["pages"][0]["ordinary"]) == (2 if sent else 0)


def test_attacks_come_after_all_that_is_asked_of_every_page() -> None:
    order: list[str] = []

    async def noting(path: str, _count: int) -> bytes | None:
        order.append(path)
        return answer()

    asked(noting, Page("/a"), Page("/b", "public"), health="/health", attacks=True)
    first = next(number for number, path in enumerate(order) if "?" in path)
    assert {each for each in order[:first] if each == MISSING_PATH or not is_missing(each)} == {
        "/a",
        "/b",
        "/health",
        MISSING_PATH,
    }
    assert all("?" in path for path in order[first:])


def test_nothing_but_what_is_declared_is_asked() -> None:
    server, record = asked(always_new, Page("/a"), health="/health")
    assert {each for each in server.asked if not is_missing(each)} == {"/a", "/health"}
    assert (record["health"]["status"], record["tls"]) == (200, {})
    assert record["pages"][0]["plain"] is None, "a port of its own leaves plain HTTP unknown"
    assert asked(always_new, Page("/a"))[1]["health"] is None


def visitor(monkeypatch: pytest.MonkeyPatch, silent: Callable[[str], bool]) -> tuple[Visitor, list[str]]:
    """A visitor to whom some addresses never respond, and the addresses that it requests."""
    sent: list[str] = []

    def fetch(url: str, *, timeout: float, cookies: str) -> Exchange:
        sent.append(url)
        return Exchange(url=url, failed="silent" if silent(url) else "", status=200)

    monkeypatch.setattr(site, "fetch", fetch)
    return Visitor(5.0, monotonic() + 600, ProbedSite(base_url="https://www.example.com", pages=())), sent


def test_a_port_that_is_dropped_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    one, sent = visitor(monkeypatch, lambda url: url.startswith("http:"))
    for number in range(8):
        one.fetch(f"http://www.example.com/{number}")
        assert one.fetch(f"https://www.example.com/{number}").status == 200
    assert len([url for url in sent if url.startswith("http:")]) == 3
    assert "http://www.example.com:80" in one.fetch("http://WWW.example.com:80/9").detail


def test_a_tarpit_is_asked_once_and_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    one, sent = visitor(monkeypatch, lambda url: "/tar" in url)
    assert one.fetch("https://www.example.com/").status == 200
    for _ in range(4):
        one.fetch("https://www.example.com/tar")
        one.fetch("https://www.example.com/tar2?q=1")
        assert one.fetch("https://www.example.com/").status == 200
    assert len([url for url in sent if "/tar" in url]) == 2


def test_attacks_that_are_held_say_nothing_of_their_page(monkeypatch: pytest.MonkeyPatch) -> None:
    one, sent = visitor(monkeypatch, lambda url: "attack" in url)
    for number in range(5):
        one.fetch(f"https://www.example.com/?q=attack{number}", attack=True)
        assert one.fetch("https://www.example.com/?q=ordinary").status == 200
    assert len([url for url in sent if "attack" in url]) == 3


# ── Cookies that change a cache's response

URL = "https://www.example.com/"
MISS, HIT = (Exchange(url=URL, status=200, headers=(("x-cache", said),)) for said in ("Miss", "Hit"))
GIVEN = Exchange(url=URL, status=200, headers=(("x-cache", "Miss"), ("set-cookie", "visit=1; Path=/")))


def varying(in_key: Callable[[str], bool], *answers: Exchange) -> tuple[tuple[str, ...], list[str]]:
    """The cookies found to matter if a cache keys on some names, and the requests."""
    sent: list[str] = []

    def fetch(_url: str, *, cookies: str = "") -> Exchange:
        sent.append(cookies)
        return MISS if any(in_key(pair.partition("=")[0]) for pair in cookies.split("; ")) else HIT

    asked = ask_with_cookies(fetch, answers, 3)
    chain, *again = (one.to_json() for one in answers)
    stored = record(page(chain, kind="public", again=again, with_cookies=asked))
    return probe_facts(stored).of(PublicPage)[0].varies, sent


@pytest.mark.parametrize(
    ("in_key", "expected", "times"),
    [
        (lambda _name: False, (), 2),
        (lambda _name: True, (UNKNOWN, OWN), 6),
        (lambda name: name == "_ga", (UNKNOWN,), 4),
        (lambda name: name == "visit", (OWN,), 4),
        (lambda name: name == "session", (), 2),
    ],
)
def test_a_cookie_in_the_key_is_found(in_key: Callable[[str], bool], expected: tuple[str, ...], times: int) -> None:
    varies, sent = varying(in_key, GIVEN, HIT)
    assert (varies, len(sent), len(set(sent))) == (expected, times, times)
    assert not any("visit=1" in cookies.split("; ") for cookies in sent)


def test_what_no_cache_has_says_nothing_of_cookies() -> None:
    assert varying(lambda _name: True, GIVEN, MISS) == ((), [])


# ── A reader's visit

FRONT = b"<main><article><h2><a href='/stories/1?from=front'>A story</a></h2></article></main>"
STORY = b"<main><h1>A story</h1><script>not read</script><article>one two three</article></main>"
PAGES = {"/": answer(FRONT, X_Build="b1"), "/stories/1": answer(STORY, X_Build="b1")}


@contextmanager
def reader_site(tmp_path: Path, pages: Mapping[str, bytes]) -> Iterator[Reader]:
    async def answering(path: str, _: int) -> bytes | None:
        return pages.get(path)

    with serving(answering) as server, edge(server.url, tmp_path, EdgeSettings()) as front:
        yield Reader(base_url=front.url, ca_file=str(front.ca_file), header="x-build", meta="", timeout=60)


def visit(tmp_path: Path, pages: Mapping[str, bytes]) -> list[dict[str, Any]]:
    with reader_site(tmp_path, pages) as reader:
        return reader.visit()


def test_an_article_is_read(tmp_path: Path) -> None:
    front, article = visit(tmp_path, PAGES)
    assert (front["status"], front["build"], front["words"]) == (200, "b1", 2)
    assert article == {"name": "article", "path": "/stories/1", "status": 200, "build": "b1", "words": 5}


def test_a_front_page_that_fails_ends_the_visit(tmp_path: Path) -> None:
    (front,) = visit(tmp_path, {"/": answer(b"no", status="503 Down")})
    assert front["status"] == 503


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (b"<main><a href='/teams'>no article</a></main>", "links to no article"),
        (b"<article><a href='https://elsewhere.example/1'>away</a></article>", "links to one elsewhere"),
    ],
)
def test_a_front_page_that_leads_to_no_article_of_its_own(tmp_path: Path, link: bytes, why: str) -> None:
    _, article = visit(tmp_path, {"/": answer(link)})
    assert why in article["failed"]


def test_a_certificate_that_nobody_trusts_keeps_readers_out(tmp_path: Path) -> None:
    with reader_site(tmp_path, PAGES) as reader:
        (front,) = Reader(base_url=reader.base_url, ca_file="", header="x-build", meta="", timeout=60).visit()
    assert "certificate verify failed" in front["failed"]


def test_a_site_that_is_gone(tmp_path: Path) -> None:
    with reader_site(tmp_path, PAGES) as reader:
        pass
    (front,) = reader.visit()
    assert "refused" in front["failed"]


def test_a_build_may_be_named_in_the_page(tmp_path: Path) -> None:
    pages = {"/": answer(b"<meta name=build content=b7>" + FRONT), "/stories/1": answer(STORY)}
    with reader_site(tmp_path, pages) as reader:
        front, article = Reader(
            base_url=reader.base_url, ca_file=reader.ca_file, header="", meta="build", timeout=60
        ).visit()
    assert (front["build"], article["build"]) == ("b7", "")


# ── One request: the parts sent, the kept parts of the response, and the dropped ones

#: Stands for a secret of a reader; it must be nowhere in what is kept.
CANARY = "c4nary-s3cret"


def exchanged(said: bytes | Callable[[str], bytes], path: str = "/") -> Exchange:
    async def answering(target: str, _count: int) -> bytes | None:
        return said(target) if callable(said) else said

    with serving(answering) as server:
        return fetch(server.url + path, timeout=60.0)


def test_status_headers_and_size_are_kept() -> None:
    found = exchanged(answer(b"hello", Cache_Control="no-store", X_Other="1"))
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
    assert exchanged(answer(body)).to_json().get("asks", False) is asks


def test_a_header_that_is_sent_twice_is_kept_twice() -> None:
    found = exchanged(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\n")
    assert [name for name, _ in found.headers].count("set-cookie") == 2


def test_of_a_long_answer_only_the_beginning_is_read() -> None:
    assert exchanged(answer(b"x" * (MAX_BODY + 1))).size == MAX_BODY


def test_nothing_secret_is_told() -> None:
    said = answer(
        status="302 Found",
        Set_Cookie=f"reader={CANARY}; Path=/; Secure",
        Location=f"https://ana:{CANARY}@example.com/a?token={CANARY}#{CANARY}",
        Authorization=CANARY,
    )
    told = exchanged(said).to_json()
    assert CANARY not in json.dumps(told)
    assert told["leads_to"] == "https://example.com/a?…"
    assert ["set-cookie", "reader=(redacted); Path=/; Secure"] in told["headers"]


def test_a_cookie_without_a_name_is_not_told_either() -> None:
    assert CANARY not in json.dumps(exchanged(answer(Set_Cookie=f"{CANARY}; Secure")).to_json())


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

    assert exchanged(said, path).status == 200
    assert seen == ["/search?page=2&q=%3Cscript%3Ealert%28document.cookie%29%3C%2Fscript%3E"]


def test_japanese_goes_through_by_its_bytes() -> None:
    seen: list[str] = []

    def said(target: str) -> bytes:
        seen.append(target)
        return answer()

    assert exchanged(said, "/ja/\u30c1%E3%83%BC?q=\u30e0").status == 200
    assert seen == ["/ja/%E3%83%81%E3%83%BC?q=%E3%83%A0"]


def test_nobody_is_followed() -> None:
    found = exchanged(answer(status="302 Found", Location="/"))
    assert (found.status, found.leads_to.endswith("/")) == (302, True)


@pytest.mark.parametrize("interim", [b"103 Early Hints", b"102 Processing", b"100 Continue"])
def test_interim_answers_are_not_the_answer(interim: bytes) -> None:
    hint = b"HTTP/1.1 " + interim + b"\r\nLink: </a.css>; rel=preload\r\nCache-Control: public\r\n\r\n"
    found = exchanged(hint * 2 + answer(b"hello", status="404 Not Found", Cache_Control="no-store"))
    assert (found.status, found.size) == (404, 5)
    assert [value for name, value in found.headers if name == "cache-control"] == ["no-store"]
