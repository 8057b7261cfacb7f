"""A Content-Security-Policy is read as browsers read it."""

from __future__ import annotations

import pytest

from prodgate.facts.e2e.content_policy import ANYWHERE, EVAL, INLINE, find_dangers, frame_sources, split_policies

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
        ("script-src 'unsafe-inline' 'nonce-r4nd0m'", ()),
        ("script-src 'unsafe-inline' 'sha256-abc='", ()),
        ("script-src 'unsafe-inline' https: 'strict-dynamic' 'nonce-r4nd0m'", ()),
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


def test_several_headers_hold_together() -> None:
    assert find_dangers(split_policies(["script-src 'unsafe-inline'", "script-src 'self'"])) == ()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], None),
        (["default-src 'self'"], None),
        (["frame-ancestors 'none'"], ("'none'",)),
        (["frame-ancestors 'self' https://a.example", "frame-ancestors 'none'"], ("'none'",)),
        (["frame-ancestors"], ()),
    ],
)
def test_who_may_frame_a_page(headers: list[str], expected: tuple[str, ...] | None) -> None:
    assert frame_sources(split_policies(headers)) == expected
