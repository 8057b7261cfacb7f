"""The edge does exactly what Terraform declares of the distribution, and blocks no legitimate request."""

import ssl
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.rehearsal.edge import (
    Behaviour,
    Cache,
    Edge,
    EdgeSettings,
    KeyCookies,
    edge,
    is_refused,
    lifetime,
    read_edge_settings,
)
from prodgate.rehearsal.loopback import Answer
from prodgate.terraform.resources import UNKNOWN, Configuration, Resource

from ..load.servers import answer, serving

SECURITY = {
    "strict_transport_security": [
        {"access_control_max_age_sec": 63072000, "include_subdomains": True, "preload": False, "override": True}
    ],
    "content_type_options": [{"override": True}],
    "frame_options": [{"frame_option": "DENY", "override": True}],
    "content_security_policy": [{"content_security_policy": "default-src 'self'", "override": False}],
    "referrer_policy": [],
}
POLICY = {
    "id": "headers",
    "security_headers_config": [SECURITY],
    "custom_headers_config": [{"items": [{"header": "X-Own", "value": "1", "override": False}]}],
    "remove_headers_config": [{"items": [{"header": "Server"}]}],
}
DEFAULT = {
    "path_pattern": "*",
    "viewer_protocol_policy": "redirect-to-https",
    "cache_policy_id": "pages",
    "response_headers_policy_id": "headers",
    "forwarded_values": [],
}
API = DEFAULT | {"path_pattern": "/api/*", "viewer_protocol_policy": "https-only", "response_headers_policy_id": None}
SITE = {
    "web_acl_id": "acl",
    "ordered_cache_behavior": [API],
    "default_cache_behavior": [DEFAULT],
    "viewer_certificate": [{"cloudfront_default_certificate": None, "minimum_protocol_version": "TLSv1.2_2021"}],
}


def group(name: str, action: str = "none") -> dict[str, Any]:
    statement = {"managed_rule_group_statement": [{"vendor_name": "AWS", "name": name}]}
    return {"override_action": [{"none": [], "count": [], action: [{}]}], "statement": [statement]}


ACL = {"arn": "acl", "rule": [group("AWSManagedRulesCommonRuleSet"), group("AWSManagedRulesSQLiRuleSet")]}
COOKIES = {"cookie_behavior": "whitelist", "cookies": [{"items": ["plan"]}]}
CACHE = {
    "id": "pages",
    "min_ttl": 0,
    "default_ttl": 60,
    "max_ttl": 86400,
    "parameters_in_cache_key_and_forwarded_to_origin": [{"cookies_config": [COOKIES]}],
}


def configuration(*sites: Mapping[str, Any], acl: Mapping[str, Any] = ACL) -> Configuration:
    made = [("aws_cloudfront_distribution", site) for site in sites]
    made += [
        ("aws_cloudfront_response_headers_policy", POLICY),
        ("aws_cloudfront_cache_policy", CACHE),
        ("aws_wafv2_web_acl", acl),
    ]
    resources = [
        Resource(address=f"{type_}.n{number}", type=type_, name=f"n{number}", values=values)
        for number, (type_, values) in enumerate(made)
    ]
    return Configuration(root="root", engine="made", resources=resources)


def test_what_is_declared_is_what_the_edge_does() -> None:
    api, pages = read_edge_settings(configuration(SITE)).behaviours
    assert (api.paths, api.plain, api.headers) == ("/api/*", "https-only", ())
    assert (pages.paths, pages.plain, pages.ttl, pages.removed) == (
        "*",
        "redirect-to-https",
        (0, 60, 86400),
        ("Server",),
    )
    assert pages.cookies == KeyCookies("whitelist", ("plan",))
    assert pages.headers == (
        ("Strict-Transport-Security", "max-age=63072000; includeSubDomains", True),
        ("X-Content-Type-Options", "nosniff", True),
        ("Content-Security-Policy", "default-src 'self'", False),
        ("X-Frame-Options", "DENY", True),
        ("X-Own", "1", False),
    )
    settings = read_edge_settings(configuration(SITE))
    assert settings.minimum_tls == "TLSv1.2_2021"
    assert settings.refuses == ("a directory traversal", "a script", "an SQL injection")


def test_a_firewall_that_counts_or_is_not_attached_refuses_nothing() -> None:
    counting = {"arn": "acl", "rule": [group("AWSManagedRulesCommonRuleSet", "count")]}
    assert read_edge_settings(configuration(SITE, acl=counting)).refuses == ()
    assert read_edge_settings(configuration(SITE | {"web_acl_id": None})).refuses == ()


def test_policies_and_certificates_of_aws_are_known() -> None:
    managed = DEFAULT | {
        "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "response_headers_policy_id": "67f7725c-6f97-4210-82d7-5512b31e9d03",
    }
    bare = {"viewer_certificate": [{"cloudfront_default_certificate": True, "minimum_protocol_version": None}]}
    settings = read_edge_settings(configuration(SITE | bare | {"default_cache_behavior": [managed]}))
    assert settings.behaviours[-1].ttl == (0, 0, 0)
    assert settings.behaviours[-1].cookies == KeyCookies("none")
    assert settings.behaviours[-1].headers[0][0] == "Strict-Transport-Security"
    assert settings.minimum_tls == "TLSv1"


@pytest.mark.parametrize(
    ("sites", "reason"),
    [
        ((SITE, SITE), "root declares 2 distributions"),
        ((SITE | {"default_cache_behavior": [DEFAULT | {"cache_policy_id": "other"}]},), "declared elsewhere"),
        ((SITE | {"default_cache_behavior": [DEFAULT | {"cache_policy_id": UNKNOWN}]},), "is decided later"),
    ],
)
def test_what_can_t_be_stood_for_is_said(sites: tuple[Mapping[str, Any], ...], reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_edge_settings(configuration(*sites))


@pytest.mark.parametrize(
    ("said", "ttl", "seconds"),
    [
        ("public, max-age=60, s-maxage=300", (0, 60, 86400), 300),
        ("max-age=9", (0, 60, 86400), 9),
        ("", (0, 60, 86400), 60),
        ("max-age=100000", (0, 60, 86400), 86400),
        ("max-age=9", (100, 200, 300), 100),
        ("no-store", (0, 60, 86400), 0),
        ("private", (0, 60, 86400), 0),
        ("no-store", (5, 60, 86400), 5),
        ("max-age=9", (0, 0, 0), 0),
    ],
)
def test_how_long_an_answer_is_kept(said: str, ttl: tuple[int, int, int], seconds: int) -> None:
    assert lifetime(Answer(200, (("Cache-Control", said),), b""), Behaviour(ttl=ttl)) == seconds


def test_errors_and_cookies_are_not_kept() -> None:
    assert lifetime(Answer(404, (), b""), Behaviour()) == 0
    assert lifetime(Answer(200, (("Set-Cookie", "a=b"),), b""), Behaviour()) == 0
    cache = Cache()
    cache.keep("/", Answer(500, (), b""), Behaviour())
    assert cache.get("/") is None


@pytest.mark.parametrize("query", ["game+seven", "o%27neal", "select+a+team", "1+%3D+1", "a..b", "script"])
def test_readers_are_no_attackers(query: str) -> None:
    assert not is_refused(f"/search?q={query}", ("an SQL injection", "a directory traversal", "a script"))


def asked(
    url: str, path: str, front: Edge, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, Mapping[str, str], bytes]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    trust = ssl.create_default_context(cafile=front.ca_file)
    made = (
        HTTPSConnection(parts.hostname, parts.port, context=trust, timeout=60)
        if parts.scheme == "https"
        else HTTPConnection(parts.hostname, parts.port, timeout=60)
    )
    with closing(made):
        made.request(method, path, body=body, headers=headers)
        got = made.getresponse()
        return got.status, {name.lower(): value for name, value in got.getheaders()}, got.read()


def test_requests_reach_the_site_as_they_are_and_answers_come_dressed(tmp_path: Path) -> None:
    async def echo(path: str, _count: int) -> bytes | None:
        return answer(path.encode(), Server="origin", Set_Cookie="a=b", X_Own="2")

    settings = EdgeSettings(
        behaviours=(Behaviour(headers=(("X-Own", "1", False), ("X-Added", "1", True)), removed=("Server",)),)
    )
    with serving(echo) as site, edge(site.url, tmp_path, settings) as front:
        status, headers, body = asked(front.url, "/a?b=c", front, "POST", b"form")
    assert (status, body, headers["x-own"], headers["x-added"]) == (200, b"/a?b=c", "2", "1")
    assert (headers["set-cookie"], "server" in headers) == ("a=b", False)


@pytest.mark.parametrize(
    ("cookies", "said", "shared"),
    [
        (KeyCookies(), "max-age=60", False),
        (KeyCookies(), "public, max-age=60", True),
        (KeyCookies("none"), "max-age=60", True),
        (KeyCookies("all"), "public, max-age=60", False),
        (KeyCookies("whitelist", ("reader",)), "public, max-age=60", False),
        (KeyCookies("whitelist", ("other",)), "public, max-age=60", True),
        (KeyCookies("allExcept", ("reader",)), "public, max-age=60", True),
    ],
)
def test_an_answer_is_kept_for_the_cookies_that_are_declared(
    tmp_path: Path, cookies: KeyCookies, said: str, shared: bool
) -> None:
    async def counting(_path: str, count: int) -> bytes | None:
        return answer(str(count).encode(), Cache_Control=said)

    settings = EdgeSettings(behaviours=(Behaviour(cookies=cookies),))
    with serving(counting) as site, edge(site.url, tmp_path, settings) as front:
        bodies = [asked(front.url, "/", front)[2] for _ in range(2)]
        _, headers, mine = asked(front.url, "/", front, Cookie="reader=1")
        assert asked(front.url, "/", front)[2] == b"1"
    assert (bodies, mine == b"1") == ([b"1", b"1"], shared)
    assert headers["x-cache"] == f"{'Hit' if shared else 'Miss'} from edge"


def test_plain_http_is_led_away_or_refused(tmp_path: Path) -> None:
    settings = EdgeSettings(behaviours=(Behaviour(paths="/api/*", plain="https-only"), Behaviour()))
    with edge("http://127.0.0.1:9", tmp_path, settings) as front:
        status, headers, _ = asked(front.plain_url, "/a?b=c", front)
        assert (status, headers["location"]) == (301, f"{front.url}/a?b=c")
        assert asked(front.plain_url, "/api/health", front)[0] == 403


def test_a_site_that_is_down_is_told_as_such(tmp_path: Path) -> None:
    with edge("http://127.0.0.1:9", tmp_path, EdgeSettings()) as front:
        status, headers, body = asked(front.url, "/", front)
    assert (status, headers["x-cache"]) == (502, "Error from edge")
    assert b"the site did not answer" in body


def test_no_key_is_left_behind(tmp_path: Path) -> None:
    with edge("http://127.0.0.1:9", tmp_path, EdgeSettings()) as front:
        assert [path.name for path in tmp_path.iterdir()] == [front.ca_file.name]
        assert b"PRIVATE" not in front.ca_file.read_bytes()


# ── A site without a distribution: the edge acts as its load balancers, and nothing more

MODERN = {"protocol": "HTTPS", "port": 443, "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}
REDIRECT = {"protocol": "HTTP", "port": 80, "default_action": [{"type": "redirect"}]}
FORWARD = {"protocol": "HTTP", "port": 80, "default_action": [{"type": "forward"}]}


@pytest.mark.parametrize(
    ("listeners", "plain", "oldest"),
    [
        ((MODERN, REDIRECT), "redirect-to-https", "TLSv1.2"),
        ((MODERN, REDIRECT, FORWARD), "allow-all", "TLSv1.2"),
        ((MODERN,), "https-only", "TLSv1.2"),
        ((MODERN, {"protocol": "HTTPS", "port": 8443, "ssl_policy": None}), "https-only", "TLSv1"),
        ((), "https-only", "TLSv1.2"),
    ],
)
def test_without_a_distribution_it_does_what_load_balancers_do(
    listeners: tuple[Mapping[str, Any], ...], plain: str, oldest: str
) -> None:
    resources = [
        Resource(address=f"aws_lb_listener.n{number}", type="aws_lb_listener", name=f"n{number}", values=values)
        for number, values in enumerate(listeners)
    ]
    settings = read_edge_settings(Configuration(root="root", engine="made", resources=resources))
    (behaviour,) = settings.behaviours
    assert (behaviour.plain, behaviour.ttl, behaviour.headers, settings.minimum_tls) == (plain, (0, 0, 0), (), oldest)
