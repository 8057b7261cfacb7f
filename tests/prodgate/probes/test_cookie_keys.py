"""A cookie that changes what a cache answers is found, by values that nobody had."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prodgate.facts.e2e.caching import PublicPage
from prodgate.facts.e2e.probes import probe_facts
from prodgate.probes.cookie_keys import OWN, UNKNOWN, ask_with_cookies
from prodgate.probes.exchange import Exchange

from ..facts.e2e.probe_records import page, record

URL = "https://www.example.com/"
MISS, HIT = (Exchange(url=URL, status=200, headers=(("x-cache", said),)) for said in ("Miss", "Hit"))
GIVEN = Exchange(url=URL, status=200, headers=(("x-cache", "Miss"), ("set-cookie", "visit=1; Path=/")))


def varying(in_key: Callable[[str], bool], *answers: Exchange) -> tuple[tuple[str, ...], list[str]]:
    """Which cookies are found to matter where a cache counts some names, and what was sent."""
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
