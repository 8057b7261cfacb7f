"""Which requests a site gets, and how often."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest

from prodgate.probes import site
from prodgate.probes.exchange import Exchange
from prodgate.probes.site import MAX_REDIRECTS, MISSING_PATH, REPEATS, Page, ProbedSite, Visitor, probe

from ..load.servers import Answer, Server, answer, serving


def asked(answering: Answer, *pages: Page, **changes: Any) -> tuple[Server, dict[str, Any]]:
    with serving(answering) as server:
        return server, probe(ProbedSite(base_url=server.url, pages=pages, **changes), timeout=60.0)


async def always_new(_path: str, _count: int) -> bytes | None:
    return answer(X_Cache="Miss")


async def kept_at_the_third(_path: str, count: int) -> bytes | None:
    return answer(X_Cache="Hit" if count == 3 else "Miss")


async def further(path: str, _count: int) -> bytes | None:
    return answer(status="302 Found", Location=path + "x")


async def in_a_circle(path: str, _count: int) -> bytes | None:
    return answer(status="302 Found", Location="/b" if path == "/a" else "/a")


async def away(_path: str, _count: int) -> bytes | None:
    return answer(status="302 Found", Location="https://stranger.example/")


def test_a_page_is_asked_for_again_until_a_cache_has_it() -> None:
    server, _ = asked(always_new, Page("/a", "public"), Page("/b", "private"), Page("/c"))
    found = {path: server.asked[path] for path in ("/a", "/b", "/c")}
    assert found == {"/a": 1 + REPEATS["public"], "/b": 1 + REPEATS["private"], "/c": 1}
    server, record = asked(kept_at_the_third, Page("/a", "public"))
    # a cache that has it is asked once more by readers with cookies, and this one never has it for them
    assert (server.asked["/a"], len(record["pages"][0]["again"])) == (3 + REPEATS["public"], 2)


def test_redirects_are_followed_so_far_and_no_further() -> None:
    server, record = asked(further, Page("/x"))
    assert (record["pages"][0]["ended"], len(record["pages"][0]["chain"])) == ("too long", MAX_REDIRECTS + 1)
    assert sum(server.asked.values()) == MAX_REDIRECTS + 2


def test_a_loop_ends_where_it_begins_anew() -> None:
    server, record = asked(in_a_circle, Page("/a"))
    assert (record["pages"][0]["ended"], server.asked["/a"], server.asked["/b"]) == ("loop", 1, 1)
    server, record = asked(in_a_circle, Page("/before"))
    assert (record["pages"][0]["ended"], server.asked["/a"], server.asked["/b"]) == ("loop", 1, 1)


@pytest.mark.parametrize("where", ["ftp://localhost/", "javascript:alert(1)", "https://localhost.example/", "//x/"])
def test_no_other_place_is_asked_either(where: str) -> None:
    async def led(_path: str, _count: int) -> bytes | None:
        return answer(status="302 Found", Location=where)

    _, record = asked(led, Page("/a"))
    assert (record["pages"][0]["ended"], len(record["pages"][0]["chain"])) == ("elsewhere", 1)


def test_a_stranger_is_never_asked() -> None:
    _, record = asked(away, Page("/a"))
    page = record["pages"][0]
    assert (page["ended"], len(page["chain"])) == ("elsewhere", 1)
    assert page["chain"][0]["leads_to"] == "https://stranger.example/"


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
    assert {*order[:first]} == {"/a", "/b", "/health", MISSING_PATH}
    assert all("?" in path for path in order[first:])


def test_nothing_but_what_is_declared_is_asked() -> None:
    server, record = asked(always_new, Page("/a"), health="/health")
    assert set(server.asked) == {"/a", "/health", MISSING_PATH}
    assert record["health"]["status"] == 200
    assert asked(always_new, Page("/a"))[1]["health"] is None


def test_a_port_of_its_own_leaves_plain_http_unknown() -> None:
    _, record = asked(always_new, Page("/a"))
    assert record["pages"][0]["plain"] is None
    assert record["tls"] == {}


async def in_another_spelling(path: str, _count: int) -> bytes | None:
    return answer(status="302 Found", Location=f"{path}#top")


def test_a_loop_is_one_in_any_spelling() -> None:
    server, record = asked(in_another_spelling, Page("/a"))
    assert (record["pages"][0]["ended"], server.asked["/a"]) == ("loop", 1)


def visitor(monkeypatch: pytest.MonkeyPatch, silent: Callable[[str], bool]) -> tuple[Visitor, list[str]]:
    """A visitor to whom some addresses never answer, and the addresses that it asks for."""
    sent: list[str] = []

    def fetch(url: str, *, timeout: float, cookies: str) -> Exchange:
        sent.append(url)
        return Exchange(url=url, failed="silent" if silent(url) else "", status=200)

    monkeypatch.setattr(site, "fetch", fetch)
    return Visitor(timeout=5.0, until=monotonic() + 600), sent


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
