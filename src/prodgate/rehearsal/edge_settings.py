"""What the edge of a rehearsal does: what the distribution that Terraform declares would do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..aws.answers import Unreadable
from ..semantics.listeners import MODERN_LISTENER, OLDEST
from ..semantics.unresolved import Unresolved
from ..terraform.reading import Block, NoSuchAttribute
from ..terraform.resources import Configuration, Resource
from .edge_cookies import KeyCookies, read_key_cookies

#: Kinds of attack that AWS's managed groups refuse, as far as the probes send any.
GROUPS: Final = {
    "AWSManagedRulesSQLiRuleSet": ("an SQL injection",),
    "AWSManagedRulesCommonRuleSet": ("a directory traversal", "a script"),
}
#: The types of what listens before a site without a distribution.
_LISTENERS: Final = ("aws_lb_listener", "aws_alb_listener")
#: Headers of AWS's own policies that hold the security headers.
_OWN_HEADERS: Final = (
    ("Strict-Transport-Security", "max-age=31536000", False),
    ("X-Content-Type-Options", "nosniff", True),
    ("X-Frame-Options", "SAMEORIGIN", False),
)
_AWS_HEADERS: Final = frozenset(
    {
        "67f7725c-6f97-4210-82d7-5512b31e9d03",
        "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
        "e61eb60c-9c35-4d20-a928-2b84e02af89c",
    }
)
#: AWS's own cache policies: CachingOptimized twice, CachingDisabled, and those that go by the origin alone.
_AWS_TTL: Final = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": (1, 86400, 31536000),
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": (1, 86400, 31536000),
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": (0, 0, 0),
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": (0, 0, 31536000),
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": (0, 0, 31536000),
}


#: Times to live that hold when a cache policy states none, in seconds.
_DEFAULTS: Final = {"min": 0, "default": 86400, "max": 31536000}
#: What Strict-Transport-Security says more, by argument.
_HSTS: Final = {"include_subdomains": "includeSubDomains", "preload": "preload"}
#: Block -> the header that it states, and the argument with its value.
_TEXTS: Final = {
    "content_security_policy": ("Content-Security-Policy", "content_security_policy"),
    "frame_options": ("X-Frame-Options", "frame_option"),
    "referrer_policy": ("Referrer-Policy", "referrer_policy"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What is done with requests for some paths."""

    paths: str = "*"
    plain: str = "redirect-to-https"
    """What is done over plain HTTP: also ``https-only`` (refused) and ``allow-all``."""
    ttl: tuple[int, int, int] = (0, 60, 86400)
    """Seconds that an answer is kept: at least, when it says nothing, at most."""
    headers: tuple[tuple[str, str, bool], ...] = ()
    """Name and value of each header that is added, and whether that of the origin gives way."""
    removed: tuple[str, ...] = ()
    cookies: KeyCookies = field(default_factory=KeyCookies)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """All that the edge does."""

    behaviours: tuple[Behaviour, ...] = (Behaviour(),)
    """The first that has the path decides."""
    minimum_tls: str = "TLSv1.2"
    refuses: tuple[str, ...] = ()
    """Kinds of attack that the firewall refuses; ``any query`` is a rule that hits readers, too."""


def read_edge_settings(configuration: Configuration) -> EdgeSettings:
    """Read what the only distribution of a Terraform root does, or without one, what its load balancers do.

    Raises Unreadable when it can't be stood for.
    """
    found = configuration.of("aws_cloudfront_distribution")
    if len(found) > 1:
        raise Unreadable(f"{configuration.root} declares {len(found)} distributions; the rehearsal has one edge")
    try:
        return _read(found[0]) if found else _read_listeners(configuration)
    except (Unresolved, NoSuchAttribute) as error:
        raise Unreadable(f"the edge can't be rehearsed: {error}") from error


def _read(distribution: Resource) -> EdgeSettings:
    own, default = distribution.blocks("ordered_cache_behavior"), distribution.blocks("default_cache_behavior")
    shown = distribution.block("viewer_certificate")
    bare = shown is None or shown.flag("cloudfront_default_certificate")
    return EdgeSettings(
        behaviours=tuple(_behaviour(each, distribution) for each in (*own, *default)),
        # CloudFront's own certificate comes with every version that there is
        minimum_tls="TLSv1" if bare or shown is None else shown.text("minimum_protocol_version", "TLSv1") or "TLSv1",
        refuses=tuple(dict.fromkeys(_list_refused_attacks(distribution))),
    )


def _read_listeners(configuration: Configuration) -> EdgeSettings:
    """Read what load balancers do before a site: nothing is kept and nothing added, plain HTTP is as it is listened to.

    Where nothing listens for plain HTTP, it is refused.
    """
    listeners = [one for type_ in _LISTENERS for one in configuration.of(type_)]
    plain = [one for one in listeners if one.text("protocol", "HTTP") == "HTTP"]
    modern = all(
        MODERN_LISTENER.match(one.text("ssl_policy", OLDEST) or OLDEST)
        for one in listeners
        if one.text("protocol", "HTTP") == "HTTPS"
    )
    redirected = all(action.text("type") == "redirect" for one in plain for action in one.blocks("default_action"))
    way = ("redirect-to-https" if redirected else "allow-all") if plain else "https-only"
    return EdgeSettings(behaviours=(Behaviour(plain=way, ttl=(0, 0, 0)),), minimum_tls="TLSv1.2" if modern else "TLSv1")


def _behaviour(block: Block, distribution: Resource) -> Behaviour:
    headers, removed = _headers(block, distribution)
    return Behaviour(
        paths="*" if block.path == "default_cache_behavior" else block.text("path_pattern") or "*",
        plain=block.text("viewer_protocol_policy") or "allow-all",
        ttl=_ttl(block, distribution),
        headers=headers,
        removed=removed,
        cookies=read_key_cookies(block, _cache_policy(block, distribution)),
    )


def _ttl(block: Block, distribution: Resource) -> tuple[int, int, int]:
    policy = _cache_policy(block, distribution)
    if policy is None:  # the older forwarded_values have times of their own, which a rehearsal leaves out
        return _AWS_TTL.get(block.text("cache_policy_id") or "", (0, 86400, 31536000))
    least, default, most = (int(policy.number(f"{name}_ttl", day)) for name, day in _DEFAULTS.items())
    return least, default, most


def _cache_policy(block: Block, distribution: Resource) -> Resource | None:
    """Return the cache policy of one's own that a behaviour names. Raises Unresolved when it is not declared here."""
    id_ = block.text("cache_policy_id") or ""
    return _policy(block, distribution, "aws_cloudfront_cache_policy", id_) if id_ and id_ not in _AWS_TTL else None


def _policy(block: Block, distribution: Resource, type_: str, id_: str) -> Resource:
    """Return a policy by its id. Raises Unresolved when it is not declared here."""
    found = [one for one in distribution.configuration.of(type_) if id_ in one.identities]
    if not found:
        raise Unresolved(f"{distribution.address}.{block.path}", f"names a {type_} that is declared elsewhere")
    return found[0]


def _headers(block: Block, distribution: Resource) -> tuple[tuple[tuple[str, str, bool], ...], tuple[str, ...]]:
    """Return the headers that a behaviour adds, and the names of those that it takes away."""
    id_ = block.text("response_headers_policy_id") or ""
    if not id_ or id_ in _AWS_HEADERS:
        return (_OWN_HEADERS if id_ else ()), ()
    policy = _policy(block, distribution, "aws_cloudfront_response_headers_policy", id_)
    security = policy.block("security_headers_config")
    custom = [item for each in policy.blocks("custom_headers_config") for item in each.blocks("items")]
    gone = [item for each in policy.blocks("remove_headers_config") for item in each.blocks("items")]
    added = [(one.text("header") or "", one.text("value") or "", one.flag("override")) for one in custom]
    return (*(_security(security) if security else ()), *added), tuple(one.text("header") or "" for one in gone)


def _security(block: Block) -> Iterator[tuple[str, str, bool]]:
    for one in block.blocks("strict_transport_security"):
        more = [text for name, text in _HSTS.items() if one.flag(name)]
        age = f"max-age={one.number('access_control_max_age_sec')}"
        yield "Strict-Transport-Security", "; ".join([age, *more]), one.flag("override")
    for one in block.blocks("content_type_options"):
        yield "X-Content-Type-Options", "nosniff", one.flag("override")
    for kind, (header, name) in _TEXTS.items():
        for one in block.blocks(kind):
            yield header, one.text(name) or "", one.flag("override")


def _list_refused_attacks(distribution: Resource) -> Iterator[str]:
    """Yield the kinds of attack that managed groups in force refuse."""
    for acl in distribution.related("web_acl_id", "aws_wafv2_web_acl") if distribution.has("web_acl_id") else ():
        for rule in acl.blocks("rule"):
            if not any("count" in one.values and one.blocks("count") for one in rule.blocks("override_action")):
                for statement in rule.blocks("statement"):
                    for group in statement.blocks("managed_rule_group_statement"):
                        yield from GROUPS.get(group.text("name") or "", ())
