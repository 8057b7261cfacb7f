from __future__ import annotations

import pytest

from prodgate.load.cacheability import came_from_cache, explain_unshareable


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


@pytest.mark.parametrize(
    ("headers", "given"),
    [
        ({"x-cache": "Hit from cloudfront"}, True),
        ({"x-cache": "TCP_MEM_HIT from a23-45.deploy.example (AkamaiGHost)"}, True),
        ({"x-cache": "MISS, HIT", "age": "0"}, True),
        ({"x-cache": "HIT, MISS", "age": "0"}, True),
        ({"x-cache-status": "HIT"}, True),
        ({"x-proxy-cache": "UPDATING"}, True),
        ({"x-vercel-cache": "STALE"}, True),
        ({"cf-cache-status": "HIT"}, True),
        ({"cache-status": "origin-shield; hit, edge; fwd=miss"}, True),
        ({"cache-status": "edge; fwd=stale; fwd-status=200"}, False),
        ({"x-cache": "Miss from cloudfront"}, False),
        ({"x-cache": "RefreshHit from cloudfront", "age": "9"}, False),
        ({"x-cache": "TCP_REFRESH_HIT", "age": "9"}, False),
        ({"cf-cache-status": "REVALIDATED", "age": "9"}, False),
        ({"cf-cache-status": "DYNAMIC"}, False),
        ({"age": "9"}, True),
        ({}, False),
    ],
)
def test_what_a_cache_gives_the_origin_is_not_asked_for(headers: dict[str, str], given: bool) -> None:
    assert came_from_cache(headers.get) is given
