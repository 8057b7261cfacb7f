"""Which cookies are the site's, what is said of them, and what they are by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.facts.e2e.cookie_roles import BALANCER, DOUBLE_SUBMIT
from prodgate.facts.e2e.cookies import Cookie, browser_cookies
from prodgate.facts.e2e.probes import probe_facts

from .probe_records import BASE, answered, page, record


def only(stored: Mapping[str, Any]) -> Cookie:
    (found,) = probe_facts(stored).of(Cookie)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=(redacted); Secure; HttpOnly; SameSite=Lax", (True, True, "lax")),
        ("a=(redacted); path=/; secure;httponly; samesite = Strict", (True, True, "strict")),
        ("a=(redacted); SameSite=None", (False, False, "none")),
        ("a=(redacted)", (False, False, "unstated")),
    ],
)
def test_what_is_said_of_a_cookie(text: str, expected: tuple[bool, bool, str]) -> None:
    cookie = only(record(page(answered("/mine", set_cookie=text))))
    assert (cookie.secure, cookie.http_only, cookie.same_site) == expected
    assert cookie.subject == f"cookie 'a' set by /mine of {BASE}"


@pytest.mark.parametrize(
    "text",
    [
        "a=(redacted); Max-Age=0",
        "a=(redacted); max-age=-1; Secure",
        "a=(redacted); Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "a=(redacted); expires=Thu, 26-Nov-2026 11:59:59 GMT",
        "a=(redacted); Domain=.tracker.example",
        "a=(redacted); Domain=sub.www.example.com",
    ],
)
def test_what_sets_no_cookie_of_the_site_is_not_judged(text: str) -> None:
    assert not probe_facts(record(page(answered(set_cookie=text)))).of(Cookie)
    challenge = answered(status=403, cf_mitigated="challenge", set_cookie="a=(redacted)")
    assert not probe_facts(record(page(challenge))).of(Cookie)


@pytest.mark.parametrize(
    "more",
    [
        "Domain=example.com",
        "Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "Expires=never",
        "Max-Age=soon",
        "Expires=Thu, 01 Jan 99999999999999999999 00:00:00 GMT",
    ],
)
def test_what_sets_one_is(more: str) -> None:
    assert only(record(page(answered(set_cookie=f"a=(redacted); {more}")))).secure is False


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("AWSALB", BALANCER),
        ("AWSALBCORS", BALANCER),
        ("AWSALBTG", BALANCER),
        ("__cf_bm", BALANCER),
        ("aws-waf-token", BALANCER),
        ("visid_incap_42", BALANCER),
        ("XSRF-TOKEN", DOUBLE_SUBMIT),
        ("__Host-csrftoken", DOUBLE_SUBMIT),
        ("AWSALBUM", ""),
        ("session", ""),
        ("my__cf_bm", ""),
    ],
)
def test_what_a_cookie_is_by_its_name(name: str, role: str) -> None:
    assert only(record(page(answered(set_cookie=f"{name}=(redacted)")))).role == role


def test_of_a_browser_only_the_cookies_of_the_site_are_judged() -> None:
    given = {"secure": True, "httpOnly": True, "sameSite": "Lax"}
    cookies = [
        {"name": domain, "domain": domain, **given} for domain in (".example.com", "www.example.com", "ads.example")
    ]
    found = browser_cookies("on a journey", cookies, ["www.example.com"])
    assert [each.subject for each in found] == [
        "cookie '.example.com' on a journey",
        "cookie 'www.example.com' on a journey",
    ]
    assert len(browser_cookies("on a journey", cookies)) == 3


def test_a_cookie_of_every_page_is_one() -> None:
    same, other = answered(set_cookie="a=(redacted); Secure"), answered("/b", set_cookie="a=(redacted)")
    assert len(probe_facts(record(page(same), page(same), page(other))).of(Cookie)) == 2


def test_cookies_of_a_browser_are_judged_alike() -> None:
    (cookie,) = browser_cookies(
        "after sign-in", [{"name": "reader", "secure": True, "httpOnly": False, "sameSite": "Lax"}]
    )
    assert (cookie.subject, cookie.secure, cookie.http_only, cookie.same_site) == (
        "cookie 'reader' after sign-in",
        True,
        False,
        "lax",
    )
