"""CloudFront distributions: what they serve, from where, and how they cache."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...aws.documents import read_document
from .. import Fact
from ..observers import apart, observes, reads
from .load_balancers import list_balancers

reads("cloudfront", "ListCachePolicies", "ListDistributions", "ListOriginAccessControls")
reads("s3", "GetBucketPolicy")

#: Where AWS keeps what is of no region: CloudFront with its web ACLs and certificates, and the bill.
GLOBAL = "us-east-1"
_BUCKET = re.compile(r"(?P<name>.+?)\.s3[.-]")
#: CloudFront's own times to live, in seconds, where none are stated.
_A_DAY, _A_YEAR = 86400, 31536000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Distribution(Fact):
    """A distribution; ``subject`` is its ARN."""

    domain_name: str
    """CloudFront's own name for it."""
    enabled: bool
    price_class: str
    names: tuple[str, ...]
    """Its aliases."""
    ipv6: bool
    origins: tuple[str, ...]
    """Kinds of the origins in use: ``bucket``, ``load balancer`` of this account, or ``other``."""
    web_acl: str
    """ARN of its web ACL, or empty."""
    minimum_tls: str
    """Least version that viewers may speak, in CloudFront's words, such as ``TLSv1.2_2021``."""
    own_certificate: bool
    """Whether it has a certificate for its names; with CloudFront's own, old TLS is accepted whatever is set."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BucketOrigin(Fact):
    """A bucket that a distribution serves from; ``subject`` is the distribution's ARN and the origin's id."""

    bucket: str
    distribution: str
    signing: str
    """When CloudFront signs its requests: ``always``, ``never``, ``no-override``; empty without access control."""
    policy: Mapping[str, Any] | None
    """The bucket's policy document; None when it has none."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CacheBehaviour(Fact):
    """How the requests of some paths are answered; ``subject`` is the distribution's ARN and the path pattern."""

    path: str
    """The path pattern, or ``default``."""
    serves_files: bool
    """Whether its origin is a bucket."""
    viewer_protocol: str
    """How plain HTTP is answered: ``allow-all``, ``https-only`` (refused) or ``redirect-to-https``."""
    cookies: str
    """Which cookies are part of the cache key: ``none``, ``all``, ``whitelist`` or ``allExcept``."""
    default_ttl: int
    """Seconds for which an answer is cached that does not say."""
    max_ttl: int
    """Most seconds for which an answer is cached."""


@observes(Distribution)
def observe_distributions(account: Account) -> Iterator[Distribution]:
    """Look at every distribution."""
    yield from map(apart(Distribution, partial(_distribution, account), "ARN", "Id"), list_distributions(account))


def _distribution(account: Account, site: Mapping[str, Any]) -> Distribution:
    certificate = site.get("ViewerCertificate", {})
    return Distribution(
        subject=site["ARN"],
        domain_name=site["DomainName"],
        enabled=site["Enabled"],
        price_class=site["PriceClass"],
        names=tuple(items(site, "Aliases")),
        ipv6=site["IsIPV6Enabled"],
        origins=account.attempt(_describe_origins, account, site),
        web_acl=site.get("WebACLId", ""),
        minimum_tls=certificate.get("MinimumProtocolVersion", "TLSv1"),
        own_certificate=not certificate.get("CloudFrontDefaultCertificate", False),
    )


@observes(BucketOrigin)
def observe_bucket_origins(account: Account) -> Iterator[BucketOrigin]:
    """Look at every bucket that a distribution serves from."""
    for site in list_distributions(account):
        rows = [(_name(site), site, origin) for origin in items(site, "Origins") if bucket_of(origin)]
        yield from map(apart(BucketOrigin, partial(_bucket_origin, account)), rows)


def _bucket_origin(account: Account, row: tuple[str, Mapping[str, Any], Mapping[str, Any]]) -> BucketOrigin:
    _, site, origin = row
    bucket = bucket_of(origin)
    return BucketOrigin(
        subject=f"{site['ARN']} {origin['Id']}",
        bucket=bucket,
        distribution=site["ARN"],
        signing=account.attempt(_signing, account, origin),
        policy=account.attempt(_bucket_policy, account, bucket),
    )


@observes(CacheBehaviour)
def observe_cache_behaviours(account: Account) -> Iterator[CacheBehaviour]:
    """Look at every behaviour of every distribution."""
    for site in list_distributions(account):
        rows = [(_name(site), site, behaviour) for behaviour in list_behaviours(site)]
        yield from map(apart(CacheBehaviour, partial(_behaviour, account)), rows)


def _behaviour(account: Account, row: tuple[str, Mapping[str, Any], Mapping[str, Any]]) -> CacheBehaviour:
    _, site, behaviour = row
    files = {origin["Id"] for origin in items(site, "Origins") if bucket_of(origin)}
    path = behaviour.get("PathPattern", "default")
    return CacheBehaviour(
        subject=f"{site['ARN']} {path}",
        path=path,
        serves_files=behaviour["TargetOriginId"] in files,
        viewer_protocol=behaviour["ViewerProtocolPolicy"],
        cookies=account.attempt(_cookies, account, behaviour),
        default_ttl=account.attempt(_ttl, account, behaviour, "DefaultTTL", _A_DAY),
        max_ttl=account.attempt(_ttl, account, behaviour, "MaxTTL", _A_YEAR),
    )


def _name(site: Mapping[str, Any]) -> str:
    return str(site.get("ARN") or site.get("Id") or "a distribution without ARN and Id")


def list_distributions(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return CloudFront's summaries of all distributions, with nearly all of their configuration."""
    return account.list("cloudfront", "ListDistributions", "DistributionList.Items", region=GLOBAL)


def items(holder: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    """Return what CloudFront lists under a name."""
    return tuple((holder.get(name) or {}).get("Items") or ())


def list_behaviours(site: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the behaviours of a distribution, the default one first."""
    return (site["DefaultCacheBehavior"], *items(site, "CacheBehaviors"))


def bucket_of(origin: Mapping[str, Any]) -> str:
    """Return the bucket's name, or an empty string for an origin that is reached as a web server."""
    found = _BUCKET.match(origin["DomainName"])
    served = origin.get("CustomOriginConfig") or origin.get("VpcOriginConfig")
    return found["name"] if found and not served else ""


def _describe_origins(account: Account, site: Mapping[str, Any]) -> tuple[str, ...]:
    balancers = {one["DNSName"].lower() for one in list_balancers(account)}
    used = {one["TargetOriginId"] for one in list_behaviours(site)}
    groups = [group for group in items(site, "OriginGroups") if group["Id"] in used]
    used |= {member["OriginId"] for group in groups for member in items(group, "Members")}
    origins = [origin for origin in items(site, "Origins") if origin["Id"] in used]
    named = ["load balancer" if one["DomainName"].lower() in balancers else "other" for one in origins]
    return tuple("bucket" if bucket_of(one) else name for one, name in zip(origins, named, strict=True))


def _signing(account: Account, origin: Mapping[str, Any]) -> str:
    chosen = origin.get("OriginAccessControlId", "")
    controls = account.list("cloudfront", "ListOriginAccessControls", "OriginAccessControlList.Items", region=GLOBAL)
    return next((one["SigningBehavior"] for one in controls if one["Id"] == chosen), "")


def _bucket_policy(account: Account, bucket: str) -> Mapping[str, Any] | None:
    found = account.find("s3", "GetBucketPolicy", Bucket=bucket)
    return read_document(found["Policy"], f"the policy of bucket {bucket}") if found else None


def _cookies(account: Account, behaviour: Mapping[str, Any]) -> str:
    if forwarded := behaviour.get("ForwardedValues"):
        return str(forwarded["Cookies"]["Forward"])
    key = _cache_policy(account, behaviour).get("ParametersInCacheKeyAndForwardedToOrigin", {})
    return str(key.get("CookiesConfig", {}).get("CookieBehavior", "none"))


def _ttl(account: Account, behaviour: Mapping[str, Any], name: str, default: int) -> int:
    holder = behaviour if behaviour.get("ForwardedValues") else _cache_policy(account, behaviour)
    return int(holder.get(name, default))


def _cache_policy(account: Account, behaviour: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the cache policy's configuration. Raises Unreadable for a policy that is not listed."""
    policies = account.list("cloudfront", "ListCachePolicies", "CachePolicyList.Items", region=GLOBAL)
    chosen = behaviour.get("CachePolicyId", "")
    known: dict[str, Mapping[str, Any]] = {
        one["CachePolicy"]["Id"]: one["CachePolicy"]["CachePolicyConfig"] for one in policies
    }
    if chosen not in known:
        raise Unreadable(f"cloudfront ListCachePolicies does not list the cache policy {chosen!r}")
    return known[chosen]
