"""What a browser's process may request, and how its settings reach it."""

from __future__ import annotations

import pytest

from prodgate.browser.settings import VARIABLE, BrowserSettings, Credential

SHOP = BrowserSettings(
    base_url="https://www.shop.example:8443",
    pages=[],
    partners=[],
    hosts=["shop.example"],
    third_parties=["fonts.example"],
    reads=["POST /graphql"],
    lasting=["GET /updates", "GET /live/*"],
    sockets=["live.shop.example"],
    credentials={"buyer": {"user": "b", "password": "hunter22"}},
)


@pytest.mark.parametrize(
    ("url", "own", "allowed"),
    [
        ("https://www.shop.example:8443/a", True, True),
        ("https://www.shop.example/a", False, False),
        ("https://shop.example/", True, True),
        ("https://me:word@www.shop.example:8443/a", True, True),
        ("https://www.shop.example:8443@evil.example/", False, False),
        ("https://fonts.example/a.woff2", False, True),
        ("https://ads.example/", False, False),
        ("wss://ads.example/", False, False),
        ("https://www.shop.example.evil.example/", False, False),
        ("data:image/png;base64,AA", False, True),
    ],
)
def test_who_may_be_asked(url: str, own: bool, allowed: bool) -> None:
    assert (SHOP.is_own(url), SHOP.is_allowed(url)) == (own, allowed)


@pytest.mark.parametrize(
    ("method", "path", "changes"),
    [
        ("GET", "/", False),
        ("HEAD", "/", False),
        ("POST", "/", True),
        ("POST", "/graphql?a", False),
        ("DELETE", "/graphql", True),
        ("get", "/", False),
    ],
)
def test_what_may_change_something(method: str, path: str, changes: bool) -> None:
    assert SHOP.may_change(method, f"https://www.shop.example:8443{path}") is changes


@pytest.mark.parametrize(
    ("method", "path", "lasts"),
    [
        ("GET", "/updates?since=1", True),
        ("POST", "/updates", False),
        ("GET", "/updates/1", False),
        ("GET", "/live/1.ts", True),
        ("GET", "/", False),
    ],
)
def test_what_stays_open(method: str, path: str, lasts: bool) -> None:
    assert SHOP.is_lasting(method, f"https://www.shop.example:8443{path}") is lasts


def test_what_only_reads_at_the_site_may_change_something_elsewhere() -> None:
    assert SHOP.may_change("POST", "https://fonts.example/graphql")


@pytest.mark.parametrize(
    ("host", "port", "reading", "mutating"),
    [
        ("www.shop.example", 8443, False, True),
        ("www.shop.example", 443, False, False),
        ("shop.example", 443, False, True),
        ("live.shop.example", 443, True, True),
        ("fonts.example", 443, False, False),
    ],
)
def test_which_sockets_may_be_opened(host: str, port: int, reading: bool, mutating: bool) -> None:
    found = [SHOP.allows_socket(host, port, mutates=mutates) for mutates in (False, True)]
    assert found == [reading, mutating]


def test_settings_are_handed_over_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    handed = SHOP.to_environment()
    assert set(handed) == {VARIABLE}
    monkeypatch.setenv(VARIABLE, handed[VARIABLE])
    assert BrowserSettings.from_environment() == SHOP
    assert SHOP.secrets == ("hunter22",)


def test_a_password_is_not_shown() -> None:
    assert repr(Credential("b", "hunter22")) == "Credential(user='b')"
