"""Facts from records of probes, where real requests would need a site for each case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import pytest

from prodgate.facts import Fact
from prodgate.facts.e2e.answers import is_from_cache
from prodgate.facts.e2e.caching import PrivatePage, PublicPage
from prodgate.facts.e2e.cookies import Cookie
from prodgate.facts.e2e.firewall import AttackAnswered, OrdinaryAnswered
from prodgate.facts.e2e.headers import SecurityHeaders
from prodgate.facts.e2e.probes import PROBE_KINDS, probe_facts
from prodgate.facts.e2e.redirects import PlainHttp, Redirects
from prodgate.facts.e2e.tls import ServedCertificate, ServedTls
from prodgate.findings import Undetermined

from .probe_records import BASE, answered, certificate, failed, page, record

F = TypeVar("F", bound=Fact)

PLAIN = "http://www.example.com"


def one(kind: type[F], stored: Mapping[str, Any]) -> F:
    found: F = probe_facts(stored).of(kind)[0]
    return found


def undetermined(read: Callable[[], object]) -> str:
    with pytest.raises(Undetermined) as caught:
        read()
    return caught.value.conclusion.reason


def test_a_sound_record_makes_every_kind_there_is() -> None:
    facts = probe_facts(record(page(kind="public"), page(answered(set_cookie="a=(redacted)"), kind="private")))
    assert {type(fact) for fact in facts.known} == set(PROBE_KINDS)
    assert not facts.unreadable


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"strict_transport_security": "max-age=63072000; includeSubDomains"}, 63072000),
        ({"strict_transport_security": 'includeSubDomains; Max-Age="7"'}, 7),
        ({"strict_transport_security": "includeSubDomains; max-age"}, 0),
        ({"strict_transport_security": "max-age=31536000; max-age=0"}, 0),
        ({"strict_transport_security": "max-age=31536000; includeSubDomains=1"}, 0),
        ({"strict_transport_security": 'max-age="31536000'}, 0),
        ({"strict_transport_security": "max-age=31536000; includeSubDomains, max-age=31536000; includeSubDomains"}, 0),
        ({"strict_transport_security": 'max-age = "31536000" ;; preload'}, 31536000),
        ({"strict_transport_security": "max-age=31536000; preload; preload; later=1;"}, 31536000),
        ({"strict_transport_security": ""}, 0),
    ],
)
def test_how_long_a_browser_asks_over_tls_only(headers: dict[str, str], seconds: int) -> None:
    assert one(SecurityHeaders, record(page(answered(**headers)))).hsts_seconds == seconds


def test_of_two_such_headers_the_first_counts_and_of_two_answers_the_worse() -> None:
    twice = answered()
    twice["headers"] = [["strict-transport-security", "max-age=5"], *twice["headers"]]
    assert one(SecurityHeaders, record(page(twice))).hsts_seconds == 5
    led = answered(status=302, leads_to=f"{BASE}/a", x_content_type_options="")
    assert not one(SecurityHeaders, record(page(led, answered("/a")))).nosniff
    bare = answered(status=302, leads_to=f"{BASE}/a", strict_transport_security="")
    assert one(SecurityHeaders, record(page(bare, answered("/a")))).hsts_seconds == 0


def test_a_page_that_is_missing_carries_them_too() -> None:
    bare = answered("/none", status=404, x_content_type_options="")
    found = {fact.subject: fact.nosniff for fact in probe_facts(record(missing=bare)).of(SecurityHeaders)}
    assert found == {f"/ of {BASE}": True, f"/none of {BASE}": False}


def test_browsers_don_t_believe_it_without_tls() -> None:
    stored = record(page(answered(base=PLAIN)), base_url=PLAIN, place=PLAIN)
    assert one(SecurityHeaders, stored).hsts_seconds == 0


@pytest.mark.parametrize(
    ("headers", "banned"),
    [
        ({}, True),
        ({"x_frame_options": "sameorigin"}, True),
        ({"x_frame_options": "DENY, SAMEORIGIN"}, True),
        ({"x_frame_options": "SAMEORIGIN, SAMEORIGIN"}, True),
        ({"x_frame_options": "DENY, ALLOW-FROM https://a.example"}, True),
        ({"x_frame_options": "ALLOW-FROM https://a.example"}, False),
        ({"x_frame_options": ""}, False),
        ({"x_frame_options": "", "content_security_policy": "frame-ancestors 'self'"}, True),
        ({"content_security_policy": "frame-ancestors *"}, False),
        ({"content_security_policy": "frame-ancestors https://www.example.com"}, True),
        ({"content_security_policy": "frame-ancestors www.example.com 'none'"}, True),
        ({"content_security_policy": "frame-ancestors https://stranger.example"}, False),
        ({"content_security_policy": "frame-ancestors https://[stranger"}, False),
    ],
)
def test_who_is_kept_from_framing(headers: dict[str, str], banned: bool) -> None:
    assert one(SecurityHeaders, record(page(answered(**headers)))).frames_banned is banned


@pytest.mark.parametrize(
    ("headers", "hit"),
    [
        ({"x_cache": "Hit from cloudfront"}, True),
        ({"x_cache": "RefreshHit from cloudfront"}, True),
        ({"x_cache": "TCP_HIT"}, True),
        ({"cf_cache_status": "HIT"}, True),
        ({"cf_cache_status": "REVALIDATED"}, True),
        ({"x_cache_status": "STALE"}, True),
        ({"x_proxy_cache": "UPDATING"}, True),
        ({"x_vercel_cache": "HIT"}, True),
        ({"x_cache_status": "EXPIRED"}, False),
        ({"cache_status": "edge; fwd=stale; stored"}, False),
        ({"cache_status": "edge; hit; ttl=9"}, True),
        ({"age": "7"}, True),
        ({"age": "0"}, False),
        ({"age": "old"}, False),
        ({"x_cache": "Miss from cloudfront"}, False),
        ({"x_cache": "Error from cloudfront"}, False),
        ({"x_cache": "White, not a whit"}, False),
        ({}, False),
    ],
)
def test_how_a_cache_says_that_it_answered(headers: dict[str, str], hit: bool) -> None:
    assert is_from_cache(answered(**headers)) is hit


def test_a_page_is_in_the_cache_when_any_answer_comes_from_it() -> None:
    miss, hit = answered(x_cache="Miss"), answered(x_cache="Hit")
    assert one(PublicPage, record(page(miss, kind="public", again=[miss, hit]))).hit
    assert not one(PublicPage, record(page(miss, kind="public", again=[miss, miss]))).hit
    assert one(PublicPage, record(page(kind="public"))).said == ()


def test_a_cookie_that_a_cache_gives_is_everybodys() -> None:
    given, taken = "session=(redacted); Secure", "session=(redacted); Max-Age=0"
    miss = answered(x_cache="Miss", set_cookie=given)
    for said, expected in ((given, ("session",)), (taken, ())):
        hit = answered(x_cache="Hit", set_cookie=said)
        assert one(PublicPage, record(page(miss, kind="public", again=[hit]))).given == expected


@pytest.mark.parametrize(
    ("answer", "keepable"),
    [
        (answered(cache_control="private, max-age=60"), ()),
        (answered(cache_control="no-store"), ()),
        (
            answered(cache_control='private="set-cookie", max-age=9'),
            ('Cache-Control: private="set-cookie", max-age=9',),
        ),
        (answered(cache_control="private", cdn_cache_control="max-age=9"), ("cdn-cache-control: max-age=9",)),
        (
            answered(cache_control="no-store", surrogate_control='max-age=9, content="ESI/1.0"'),
            ('surrogate-control: max-age=9, content="ESI/1.0"',),
        ),
        (answered(cache_control="private", cdn_cache_control="no-store, max-age=9"), ()),
        (answered(cache_control="private", cdn_cache_control="max-age=0"), ()),
        (answered(cache_control="No-Store"), ()),
        (answered(), ("no Cache-Control",)),
        (answered(cache_control="max-age=60"), ("Cache-Control: max-age=60",)),
        (answered(cache_control="no-cache"), ("Cache-Control: no-cache",)),
        (answered(status=303), ()),
        (answered(status=303, cache_control="max-age=9"), ("Cache-Control: max-age=9",)),
        (answered(status=403), ()),
        (answered(cache_control="no-store", x_cache="Hit"), ("came from a cache (x-cache: Hit)",)),
    ],
)
def test_what_a_shared_cache_may_keep(answer: dict[str, Any], keepable: tuple[str, ...]) -> None:
    assert one(PrivatePage, record(page(answer, kind="private"))).keepable == keepable


def test_an_error_says_nothing_of_caches_and_cookies() -> None:
    ill = record(page(answered(status=502), kind="private"))
    assert undetermined(lambda: one(PrivatePage, ill).keepable) == f"{BASE}/ was answered 502"
    assert probe_facts(ill).unreadable[Cookie] == f"not every page was seen: {BASE}/ was answered 502"


@pytest.mark.parametrize(
    ("names", "covered"),
    [
        (["www.example.com"], True),
        (["WWW.example.com"], True),
        (["*.example.com"], True),
        (["example.com"], False),
        (["*.com"], False),
        (["*"], False),
        ([], False),
    ],
)
def test_which_names_a_certificate_proves(names: list[str], covered: bool) -> None:
    stored = record(certificates={"www.example.com": certificate(names=names)})
    assert one(ServedCertificate, stored).covered is covered


def test_the_case_of_a_name_does_not_matter() -> None:
    stored = record(hosts=["WWW.Example.com"], certificates={"WWW.Example.com": certificate()})
    assert one(ServedCertificate, stored).covered


def test_dates_are_judged_by_when_the_certificate_was_seen() -> None:
    seen = one(ServedCertificate, record())
    assert (seen.in_date, str(seen.remaining)) == (True, "89.9 d")
    late = one(ServedCertificate, record(at="2027-03-01T00:00:00+00:00"))
    assert (late.in_date, str(late.remaining)) == (False, "-4.6 d")


def test_what_could_not_be_shaken_hands_with_is_unknown() -> None:
    without = record(certificates={"www.example.com": {"failed": "closed"}})
    assert "closed" in undetermined(lambda: one(ServedCertificate, without).covered)
    store = certificate(unvouched="no store")
    del store["vouched"]
    stored = record(certificates={"www.example.com": store})
    assert undetermined(lambda: one(ServedCertificate, stored).mistrusted) == "no store"
    assert one(ServedCertificate, stored).covered
    silent = record(tls={"www.example.com": {"TLS 1.0": {"became": "unknown", "detail": "silence"}}})
    assert undetermined(lambda: one(ServedTls, silent).accepts) == "TLS 1.0: silence"


def test_a_site_without_tls_has_no_certificate_to_judge() -> None:
    stored = record(base_url=PLAIN, certificates={}, tls={})
    assert "https://" in undetermined(lambda: one(ServedCertificate, stored).in_date)
    assert "https://" in undetermined(lambda: one(ServedTls, stored).accepts)


def plainly(*chain: dict[str, Any], ended: str = "answer") -> dict[str, Any]:
    return record(page(plain={"chain": list(chain), "ended": ended}))


def at_http(**changes: Any) -> dict[str, Any]:
    return answered(base=PLAIN, **changes)


@pytest.mark.parametrize(
    ("chain", "spared"),
    [
        ([at_http(status=308, leads_to=f"{BASE}/"), answered()], True),
        ([at_http(status=403)], True),
        ([at_http(status=426)], True),
        ([failed(base=PLAIN, why="refused")], True),
        ([failed(base=PLAIN, why="closed")], True),
        ([at_http()], False),
        ([at_http(status=404)], False),
        ([at_http(status=302, leads_to=f"{PLAIN}/a"), at_http(status=302, leads_to=f"{BASE}/a")], False),
    ],
)
def test_what_plain_http_shows(chain: list[dict[str, Any]], spared: bool) -> None:
    assert one(PlainHttp, plainly(*chain)).encrypted is spared


def test_silence_over_plain_http_is_no_refusal() -> None:
    stored = plainly(failed(base=PLAIN), ended="no answer")
    assert "silent" in undetermined(lambda: one(PlainHttp, stored).encrypted)
    assert "name the address" in undetermined(lambda: one(PlainHttp, record(page(plain=None))).encrypted)


def ways() -> Iterator[tuple[dict[str, Any], str]]:
    led = answered(status=302, leads_to=f"{BASE}/a")
    yield page(led, answered("/a")), ""
    yield page(led, answered("/a", status=403)), ""
    yield page(led, answered("/a", status=404)), "no page"
    yield page(led, answered("/a", status=500)), "no page"
    yield page(answered(status=302)), "no page"
    yield page(answered(status=404), kind="further host"), ""
    yield page(answered(status=503), kind="further host"), "no page"
    yield page(led, led, ended="loop"), "a loop"
    yield page(*[led] * 11, ended="too long"), "more than 10 steps"
    strange = answered(status=302, leads_to="https://sign-in.example/a")
    yield page(strange, ended="elsewhere"), "to https://sign-in.example/a"
    yield page(answered(status=302, leads_to=f"{PLAIN}/a"), at_http()), f"from HTTPS to {PLAIN}/a"


@pytest.mark.parametrize(("way", "flaw"), list(ways()))
def test_where_redirects_lead(way: dict[str, Any], flaw: str) -> None:
    assert one(Redirects, record(way)).flaw == flaw


def test_partners_are_no_strangers_and_silence_is_no_arrival() -> None:
    strange = page(answered(status=302, leads_to="https://sign-in.example/a"), ended="elsewhere")
    assert one(Redirects, record(strange, partners=["sign-in.example"])).flaw == ""
    led = at_http(status=302, leads_to="http://sign-in.example/a")
    stored = record(page(plain={"chain": [led], "ended": "elsewhere"}), partners=["sign-in.example"])
    assert probe_facts(stored).of(Redirects)[1].flaw == "to http://sign-in.example/a"
    silent = record(page(failed(), ended="no answer"))
    assert "silent" in undetermined(lambda: one(Redirects, silent).flaw)


def attacked(answer: dict[str, Any], **changes: Any) -> AttackAnswered:
    return one(AttackAnswered, record(page(attacked={"a script": answer}, **changes)))


def test_an_attack_is_refused_by_who_looked_at_it() -> None:
    assert attacked(answered(status=403)).refused
    assert attacked(failed(why="closed")).refused
    assert not attacked(answered()).refused
    assert not attacked(answered(status=404)).refused
    assert not attacked(answered(status=500)).refused


@pytest.mark.parametrize(
    ("answer", "changes", "reason"),
    [
        (failed(), {}, "silent"),
        (answered(status=429), {}, "ask again later"),
        (answered(status=503), {}, "ask again later"),
        (answered(status=403), {"ordinary": [answered(), answered(status=403)]}, "ordinary requests are refused"),
        (answered(status=403), {"ordinary": [answered(), failed()]}, "silent"),
        (failed(why="closed"), {"ordinary": [answered(), failed(why="closed")]}, "closed"),
        (answered(status=403), {"chain": [answered(status=403)]}, "ordinary requests are refused"),
    ],
)
def test_a_refusal_that_everybody_gets_shows_nothing(
    answer: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    assert reason in undetermined(lambda: attacked(answer, **changes).refused)


def test_an_ordinary_request_is_served_as_the_page_is() -> None:
    assert one(OrdinaryAnswered, record()).served
    assert not one(OrdinaryAnswered, record(page(ordinary=[answered(), answered(status=403)]))).served
    led = answered(status=303, leads_to=f"{BASE}/a")
    assert one(OrdinaryAnswered, record(page(led, answered("/a"), ordinary=[led, led]))).served
