"""A Content-Security-Policy is read as browsers read it."""

from __future__ import annotations

import pytest

from prodgate.facts.e2e.content_policy import (
    ANYWHERE,
    EVAL,
    INLINE,
    REBASED,
    find_dangers,
    find_nonces,
    frame_sources,
    split_policies,
)

ALL = (EVAL, INLINE, ANYWHERE)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("default-src 'self'", ()),
        ("script-src 'self'", ()),
        ("script-src 'none'", ()),
        ("script-src", ()),
        ("default-src 'unsafe-inline' *; script-src 'self'", ()),
        ("img-src *; style-src 'unsafe-inline'; script-src 'self' https://cdn.example.com", ()),
        ("img-src 'self'", ALL),
        ("", ALL),
        ("script-src 'self' 'unsafe-inline'", (INLINE,)),
        ("SCRIPT-SRC 'self' 'Unsafe-Inline'", (INLINE,)),
        ("script-src 'self'; script-src 'unsafe-inline'", ()),
        ("script-src 'unsafe-inline' 'nonce-r4nd0m'; base-uri 'self'", ()),
        ("script-src 'unsafe-inline' 'sha256-abc='", ()),
        ("script-src 'unsafe-inline' https: 'strict-dynamic' 'nonce-r4nd0m'; base-uri 'none'", ()),
        ("script-src 'unsafe-inline' 'sha256-abc=''sha256-abd='", (INLINE,)),
        ("script-src 'unsafe-inline' 'nonce-{{nonce}}'", (INLINE,)),
        ("script-src 'unsafe-inline' 'nonce-' 'sha256-a=b' 'sha256-$hash'", (INLINE,)),
        ("script-src 'strict-dynamic'", ()),
        ("script-src 'self' http://cdn.example.com ftp://cdn.example.com", ()),
        ("object-src *; script-src 'self'", ()),
        ("script-src http:, script-src https:", (ANYWHERE,)),
        ("script-src https://www.example.com/a/, script-src https://www.example.com/b/", ()),
        ("script-src 'self' 'unsafe-eval'", (EVAL,)),
        ("script-src *", (ANYWHERE,)),
        ("script-src https:", (ANYWHERE,)),
        ("script-src 'self' data:", (ANYWHERE,)),
        ("script-src 'self'; script-src-attr 'unsafe-inline'", (INLINE,)),
        ("script-src 'self'; script-src-elem 'self' *", (ANYWHERE,)),
        ("script-src 'unsafe-inline', script-src 'self'", ()),
        ("script-src 'unsafe-inline', default-src 'unsafe-inline'", (INLINE,)),
    ],
)
def test_what_a_policy_lets_run(header: str, expected: tuple[str, ...]) -> None:
    assert find_dangers(split_policies([header])) == tuple(sorted(expected))


@pytest.mark.parametrize(
    "source",
    [
        "https://*:*",
        "*:*",
        "*:8443",
        "https://*",
        "https://*/",
        "https://*/lib/",
        "https://*/x.js",
        "http:",
        "wss:",
        "blob:",
    ],
)
def test_what_is_written_in_other_ways_is_anywhere_all_the_same(source: str) -> None:
    assert find_dangers([f"script-src 'self' {source}"]) == (ANYWHERE,)
    assert find_dangers([f"script-src 'self' {source}", "script-src 'self'"]) == ()


@pytest.mark.parametrize(
    "source",
    [
        "https://*.com", "*.co.uk", "*.jp", "*.com:*", "*.amazonaws.com", "*.s3.eu-west-1.amazonaws.com", "*.cloudfront.net",
        "*.azureedge.net", "*.github.io", "s3.amazonaws.com", "s3.ap-northeast-1.amazonaws.com", "s3-us-west-2.amazonaws.com",
        "https://storage.googleapis.com", "CDN.jsdelivr.net", "http://cdn.jsdelivr.net:80", "cdn.jsdelivr.net/npm/", "https://unpkg.com",
        "*.jsdelivr.net", "cdnjs.cloudflare.com", "cdnjs.cloudflare.com/ajax/libs/", "ajax.googleapis.com", "*.googleapis.com",
        "accounts.google.com", "*.google.com", "www.youtube.com", "code.angularjs.org",
    ],
)  # fmt: skip
def test_a_host_where_others_have_a_say_lets_their_scripts_run(source: str) -> None:
    assert find_dangers([f"script-src 'self' {source}"]) == (f"scripts that others write, by way of {source}",)
    assert find_dangers([f"script-src 'self' {source}", "script-src 'self' https://www.example.com"]) == ()
    assert find_dangers([f"script-src 'strict-dynamic' 'sha256-abc=' {source}; base-uri 'none'"]) == ()


@pytest.mark.parametrize(
    "source",
    [
        "https://cdn.example.com", "*.example.com", "*.example.co.jp", "d111111abcdef8.cloudfront.net", "mine.s3.amazonaws.com",
        "s3.amazonaws.com/mine/", "cdn.jsdelivr.net/npm/jquery@3.7.1/", "https://unpkg.com/react@18/", "https://www.google.com/recaptcha/",
        "cdnjs.cloudflare.com/ajax/libs/jquery/3.7.1/jquery.min.js", "ftp:", "https://*.*", "https://", "'report-sample'",
    ],
)  # fmt: skip
def test_a_host_of_ones_own_and_what_browsers_ignore_let_no_stranger_in(source: str) -> None:
    assert find_dangers([f"script-src 'self' {source}"]) == ()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("script-src 'nonce-r4nd0mr4nd0m'", (REBASED,)),
        ("default-src 'nonce-r4nd0mr4nd0m'; base-uri *", (REBASED,)),
        ("script-src 'nonce-r4nd0mr4nd0m'; base-uri https:", (REBASED,)),
        ("script-src 'sha256-abc=' 'strict-dynamic'", (REBASED,)),
        ("script-src 'sha256-abc='", ()),
        ("script-src 'nonce-r4nd0mr4nd0m'; base-uri https://www.example.com", ()),
        ("script-src 'nonce-r4nd0mr4nd0m', base-uri 'none'", ()),
        ("script-src 'nonce-r4nd0mr4nd0m', script-src 'self'", ()),
        ("script-src 'nonce-r4nd0mr4nd0m', script-src 'nonce-r4nd0mr4nd0m'", (REBASED,)),
    ],
)
def test_a_base_may_not_lead_trusted_scripts_away(header: str, expected: tuple[str, ...]) -> None:
    assert find_dangers(split_policies([header])) == expected


def test_the_nonces_are_those_of_elements() -> None:
    assert find_nonces(["script-src 'self' 'Nonce-aB1=' 'sha256-x='; style-src 'nonce-other'"]) == {"aB1="}


def test_several_headers_hold_together() -> None:
    assert find_dangers(split_policies(["script-src 'unsafe-inline'", "script-src 'self'"])) == ()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], ()),
        (["default-src 'self'"], ()),
        (["frame-ancestors 'none'"], (("'none'",),)),
        (
            ["frame-ancestors 'self' https://a.example", "frame-ancestors 'none'"],
            (("'self'", "https://a.example"), ("'none'",)),
        ),
        (["frame-ancestors"], ((),)),
    ],
)
def test_who_may_frame_a_page(headers: list[str], expected: tuple[tuple[str, ...], ...]) -> None:
    assert frame_sources(split_policies(headers)) == expected
