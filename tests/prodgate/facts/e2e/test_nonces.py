"""A nonce protects whoever is the only one to know it: it is compared between answers, and must not be kept."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts.e2e.headers import ContentPolicy
from prodgate.facts.e2e.nonces import KEPT, REPEATED
from prodgate.facts.e2e.probes import probe_facts
from prodgate.findings import Undetermined

from .probe_records import answered, page, record


def marked(nonce: str, path: str = "/", **headers: str) -> dict[str, Any]:
    named = {"cache_control": "private, no-store", **headers}
    return answered(path, content_security_policy=f"script-src 'nonce-{nonce}'; base-uri 'self'", **named)


def policies(*pages: dict[str, Any]) -> list[ContentPolicy]:
    return list(probe_facts(record(*pages)).of(ContentPolicy))


def test_a_nonce_that_changes_and_is_kept_nowhere_protects() -> None:
    first, second = policies(
        page(marked("one1"), again=[marked("two2")]), page(marked("three3"), again=[marked("four4")])
    )
    assert (first.dangers, second.dangers) == ((), ())


@pytest.mark.parametrize("again", [marked("one1"), marked("one1", x_cache="Miss")])
def test_a_nonce_that_comes_again_is_known(again: dict[str, Any]) -> None:
    assert policies(page(marked("one1"), again=[again]))[0].dangers == (REPEATED,)


def test_a_nonce_of_another_page_is_no_new_one() -> None:
    pages = page(marked("one1"), again=[marked("two2")]), page(marked("two2", "/b"), again=[marked("four4", "/b")])
    assert [one.dangers for one in policies(*pages)] == [(REPEATED,), (REPEATED,)]


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"cache_control": "public, s-maxage=60"}, True),
        ({"cache_control": "max-age=60"}, True),
        ({"cache_control": "public"}, True),
        ({"cache_control": "", "expires": "Thu, 01 Dec 2033 16:00:00 GMT"}, True),
        (
            {"cache_control": "", "expires": "Thu, 01 Dec 2033 16:00:00 GMT", "date": "Sat, 28 Nov 2026 12:00:00 GMT"},
            True,
        ),
        (
            {"cache_control": "", "expires": "Thu, 19 Nov 1981 08:52:00 GMT", "date": "Sat, 28 Nov 2026 12:00:00 GMT"},
            False,
        ),
        ({"cache_control": "", "expires": "0"}, False),
        ({"x_cache": "Hit from cloudfront"}, True),
        ({"cache_control": "max-age=0"}, False),
        ({"cache_control": "public, max-age=60, s-maxage=0"}, False),
        ({"cache_control": "no-cache"}, False),
        ({"cache_control": "private, max-age=60"}, False),
        ({"cache_control": 'no-cache="set-cookie", max-age=60'}, True),
        ({"cache_control": "private", "cdn_cache_control": "max-age=60"}, True),
        ({"cache_control": ""}, False),
    ],
)
def test_a_nonce_that_caches_keep_is_everybodys(headers: dict[str, str], kept: bool) -> None:
    (found,) = policies(page(marked("one1", **headers), again=[marked("two2")]))
    assert found.dangers == ((KEPT,) if kept else ())


def test_of_one_answer_nobody_knows_whether_its_nonce_changes() -> None:
    (found,) = policies(page(marked("one1")))
    with pytest.raises(Undetermined) as caught:
        _ = found.dangers
    assert "no second answer" in caught.value.conclusion.reason
