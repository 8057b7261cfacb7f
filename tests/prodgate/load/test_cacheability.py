from __future__ import annotations

import pytest

from prodgate.load.cacheability import explain_unshareable


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"cache-control": "public, max-age=60, s-maxage=300"}, ""),
        ({"cache-control": "max-age=60", "vary": "Accept-Encoding"}, ""),
        ({"cache-control": 'public, s-maxage="60"'}, ""),
        ({}, "no lifetime in Cache-Control"),
        ({"cache-control": "public"}, "no lifetime in Cache-Control"),
        ({"cache-control": "no-store"}, "Cache-Control: no-store"),
        ({"cache-control": "Private, max-age=60"}, "Cache-Control: private"),
        ({"cache-control": "no-cache, max-age=60"}, "Cache-Control: no-cache"),
        ({"cache-control": "max-age=0"}, "Cache-Control: lifetime 0"),
        ({"cache-control": "max-age=60, s-maxage=0"}, "Cache-Control: lifetime 0"),
        ({"cache-control": "max-age=soon"}, "Cache-Control: lifetime soon"),
        ({"cache-control": "max-age=60", "set-cookie": "session=1"}, "Set-Cookie"),
        ({"cache-control": "max-age=60", "vary": "Accept, Cookie"}, "Vary: cookie"),
        ({"cache-control": "max-age=60", "vary": "*"}, "Vary: *"),
    ],
)
def test_a_shared_cache_may_keep_an_answer_or_not(headers: dict[str, str], reason: str) -> None:
    assert explain_unshareable(headers.get) == reason
