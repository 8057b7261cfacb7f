"""The public face of a system: CloudFront distributions, web ACLs, certificates in use, and the site's names."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread, Unreadable, read_document
from ...quantities import Quantity
from ...semantics.aws_settings import can_escape, is_narrow
from .. import Fact
from ..observers import apart, observes, observes_each
from .load_balancers import list_balancers, list_listeners

#: The region of resources without one: CloudFront with its web ACLs and certificates, and the bill.
GLOBAL = "us-east-1"
_BUCKET = re.compile(r"(?P<name>.+?)\.s3[.-]")
#: CloudFront's default TTLs, in seconds.
_A_DAY, _A_YEAR = 86400, 31536000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Distribution(Fact):
    """A distribution; ``subject`` is its ARN."""

    domain_name: str
    """Its CloudFront domain name."""
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
    """Minimum TLS version for viewers, in CloudFront's words, such as ``TLSv1.2_2021``."""
    own_certificate: bool
    """Whether it has a certificate for its names; CloudFront's own accepts old TLS whatever the setting."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BucketOrigin(Fact):
    """A bucket that a distribution serves from; ``subject`` is the distribution's ARN and the origin's id."""

    bucket: str
    distribution: str
    signing: str
    """When CloudFront signs its requests: ``always``, ``never``, ``no-override``; empty without access control."""
    policy: Mapping[str, Any] | None
    """The bucket's policy document; None if it has none."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CacheBehaviour(Fact):
    """The handling of requests to some paths; ``subject`` is the distribution's ARN and the path pattern."""

    path: str
    """The path pattern, or ``default``."""
    serves_files: bool
    """Whether its origin is a bucket."""
    viewer_protocol: str
    """The handling of plain HTTP: ``allow-all``, ``https-only`` (refused) or ``redirect-to-https``."""
    cookies: str
    """Which cookies are part of the cache key: ``none``, ``all``, ``whitelist`` or ``allExcept``."""
    default_ttl: int
    """Default TTL, in seconds."""
    max_ttl: int
    """Maximum TTL, in seconds."""


def list_distributions(account: Account) -> tuple[Mapping[str, Any], ...]:
    """Return CloudFront's summaries of all distributions, with nearly all of their configuration."""
    return account.list("cloudfront", "ListDistributions", "DistributionList.Items", region=GLOBAL)


@observes_each(Distribution, list_distributions, "ARN", "Id")
def observe_distributions(account: Account, site: Mapping[str, Any]) -> Distribution:
    """Observe every distribution."""
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
    """Observe every bucket that a distribution serves from."""
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
    """Observe every behaviour of every distribution."""
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


def items(holder: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    """Return the items of a CloudFront list under a name."""
    return tuple((holder.get(name) or {}).get("Items") or ())


def list_behaviours(site: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the behaviours of a distribution, the default one first."""
    return (site["DefaultCacheBehavior"], *items(site, "CacheBehaviors"))


def bucket_of(origin: Mapping[str, Any]) -> str:
    """Return the bucket's name, or an empty string for an origin that is a web server."""
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


# ── Web ACLs in front of CloudFront: the effect of each rule on a request, and its logging


_DATABASES: Final = (("DescribeDBClusters", "DBClusters"), ("DescribeDBInstances", "DBInstances"))
#: Actions that stop a request.
_STOPS = ("Block", "Captcha", "Challenge")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAclRule:
    """A rule of a web ACL."""

    name: str
    stops: bool
    """Whether it stops matching requests; for a group, whether the group's own rules may."""
    counts: bool
    """Whether it only counts matching requests, or those that its group would stop."""
    labels: bool
    """Whether it adds a label for a later rule to act on."""
    group: str
    """The managed rule group that it includes, as ``VENDOR/NAME``, with ``in part`` if it has a scope-down statement;
    ``*`` for a rule group of the account; else empty."""
    softened: tuple[str, ...] = ()
    """Rules of the group whose action is overridden to count or allow."""
    limits_everything: bool = False
    """Whether it is a rate limit on all requests, which a client can't escape by what it counts by."""
    believes_header: bool = False
    """Whether it is a rate limit by a forwarded address, which a client may write."""
    lets_past: bool = False
    """Whether it, or its group, allows requests of more than a few clients, so that no later rule sees them."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WebAcl(Fact):
    """The web ACL of a distribution; ``subject`` is its ARN."""

    rules: tuple[WebAclRule, ...]
    """In the order in which a request meets them."""
    needs_sql_rules: bool
    """Whether the account runs a relational database."""
    logs_to: tuple[str, ...]
    """ARNs of its logging destinations: log groups, buckets and streams."""
    drops_blocked: bool
    """Whether its log omits blocked requests."""


@observes(WebAcl)
def observe_web_acls(account: Account) -> Iterator[WebAcl]:
    """Observe every web ACL that is attached to a distribution."""
    attached = {site.get("WebACLId") for site in list_distributions(account)}
    known = account.list("wafv2", "ListWebACLs", "WebACLs", region=GLOBAL, Scope="CLOUDFRONT")
    # a web ACL without a stated ARN may be any
    own = [one for one in known if one.get("ARN") in {None, *attached}]
    yield from map(apart(WebAcl, partial(_acl, account), "ARN", "Name"), own)


def _acl(account: Account, listed: Mapping[str, Any]) -> WebAcl:
    wanted = {"Name": listed["Name"], "Id": listed["Id"], "Scope": "CLOUDFRONT"}
    acl = account.get("wafv2", "GetWebACL", region=GLOBAL, **wanted)["WebACL"]
    return WebAcl(
        subject=listed["ARN"],
        rules=account.attempt(lambda: tuple(_rule(account, rule) for rule in _list_rules(acl))),
        needs_sql_rules=account.attempt(lambda: any(account.list("rds", *call) for call in _DATABASES)),
        logs_to=account.attempt(lambda: tuple(_logging(account, listed["ARN"]).get("LogDestinationConfigs", ()))),
        drops_blocked=account.attempt(_drops_blocked, account, listed["ARN"]),
    )


def _list_rules(acl: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the rules of a web ACL by priority, within the groups that Firewall Manager puts before and after them.

    https://docs.aws.amazon.com/waf/latest/developerguide/fms-policies-waf.html
    """
    first, last = (acl.get(f"{name}ProcessFirewallManagerRuleGroups") or () for name in ("Pre", "Post"))
    for part in (first, acl["Rules"], last):
        yield from sorted(part, key=lambda rule: int(rule["Priority"]))


def _rule(account: Account, rule: Mapping[str, Any]) -> WebAclRule:
    statement = rule["FirewallManagerStatement" if "FirewallManagerStatement" in rule else "Statement"]
    managed = statement.get("ManagedRuleGroupStatement", {})
    group = managed or statement.get("RuleGroupReferenceStatement", {})
    rate = statement.get("RateBasedStatement")
    escaped = can_escape(_list_keys(rate)) if rate and not rate.get("ScopeDownStatement") else True
    overrides = {one["Name"]: next(iter(one["ActionToUse"])) for one in group.get("RuleActionOverrides", ())}
    softened = [name for name, action in overrides.items() if action not in _STOPS]
    excluded = [one["Name"] for one in group.get("ExcludedRules", ())]  # deprecated by AWS, still in force
    return WebAclRule(
        name=rule["Name"],
        stops="None" in rule.get("OverrideAction", {}) or any(action in rule.get("Action", {}) for action in _STOPS),
        counts="Count" in {**rule.get("OverrideAction", {}), **rule.get("Action", {})},
        labels=bool(rule.get("RuleLabels")),
        group=_group(managed) if managed else "*" * bool(group),
        softened=(*softened, *excluded),
        limits_everything=escaped is not True,
        believes_header=escaped is None,
        lets_past="Allow" in overrides.values() or _lets_past(account, rule, statement),
    )


def _list_keys(rate: Mapping[str, Any]) -> set[str]:
    """Return what a rate limit counts by."""
    kind = rate["AggregateKeyType"]
    return {name for key in rate["CustomKeys"] for name in key} if kind == "CUSTOM_KEYS" else {kind}


def _lets_past(account: Account, rule: Mapping[str, Any], statement: Mapping[str, Any]) -> bool:
    """Whether a rule, or one in a group of the account, allows requests of more than a few clients."""
    if "RuleGroupReferenceStatement" in statement and "Count" not in rule.get("OverrideAction", {}):
        arn = statement["RuleGroupReferenceStatement"]["ARN"]
        group = account.get("wafv2", "GetRuleGroup", region=GLOBAL, ARN=arn)["RuleGroup"]
        return any(_lets_past(account, one, one["Statement"]) for one in group.get("Rules", ()))
    return "Allow" in rule.get("Action", {}) and not _is_of_few(account, statement)


def _is_of_few(account: Account, statement: Mapping[str, Any]) -> bool:
    """Whether only addresses of an IP set's narrow networks match; a header with an address is anybody's to write."""
    if parts := statement.get("AndStatement", {}).get("Statements"):
        return any(_is_of_few(account, part) for part in parts)
    if not (named := statement.get("IPSetReferenceStatement", {})) or "IPSetForwardedIPConfig" in named:
        return False
    _, name, id_ = named["ARN"].rsplit("/", 2)
    found = account.get("wafv2", "GetIPSet", region=GLOBAL, Name=name, Id=id_, Scope="CLOUDFRONT")["IPSet"]
    return is_narrow(found["Addresses"])


def _group(managed: Mapping[str, Any]) -> str:
    """Name a managed group; one with a scope-down statement is not the whole group, and gets ``in part``."""
    name = f"{managed['VendorName']}/{managed['Name']}"
    return f"{name} in part" if managed.get("ScopeDownStatement") else name


def _logging(account: Account, arn: str) -> Mapping[str, Any]:
    found = account.find("wafv2", "GetLoggingConfiguration", region=GLOBAL, ResourceArn=arn)
    return found["LoggingConfiguration"] if found else {}


def _drops_blocked(account: Account, arn: str) -> bool:
    chosen = _logging(account, arn).get("LoggingFilter", {})
    blocked = {"ActionCondition": {"Action": "BLOCK"}}
    said = {one["Behavior"] for one in chosen.get("Filters", ()) if blocked in one["Conditions"]}
    return "DROP" in said or (chosen.get("DefaultBehavior") == "DROP" and "KEEP" not in said)


# ── Certificates in use: their names, how these were validated, and their expiry


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CertificateInUse(Fact):
    """An ACM certificate that a distribution or a listener presents; ``subject`` is its ARN."""

    must_cover: tuple[str, ...]
    """The names that reach its holders."""
    covers: tuple[str, ...]
    """The names it is valid for; one may begin with ``*.`` for one label."""
    status: str
    """``ISSUED``, ``EXPIRED``, ``PENDING_VALIDATION``, …; ``MISSING`` if ACM has no such certificate."""
    validated_through: tuple[str, ...]
    """How its names were validated: ``DNS``, ``EMAIL``; empty for an imported certificate."""
    in_date: bool
    remaining: Quantity
    """Time until it expires, negative afterwards."""
    lifetime: Quantity
    """Time from its start to its end; none if it is not issued."""


@observes(CertificateInUse)
def observe_certificates(account: Account) -> Iterator[CertificateInUse]:
    """Observe every certificate in use."""
    used, unread = _find_uses(account)
    yield from account.each(apart(CertificateInUse, partial(_certificate, account)), used.items())
    yield from (CertificateInUse.unread(f"a certificate of {holder}", reason) for holder, reason in unread)


def _certificate(account: Account, row: tuple[str, dict[str, tuple[str, ...]]]) -> CertificateInUse:
    arn, holders = row
    certificate = _describe_certificate(account, arn)
    options = certificate.get("DomainValidationOptions", ())
    methods = {one.get("ValidationMethod", "") for one in options if certificate["Type"] == "AMAZON_ISSUED"}
    return CertificateInUse(
        subject=arn,
        must_cover=tuple(sorted({name for names in holders.values() for name in names})),
        covers=tuple(certificate.get("SubjectAlternativeNames", ())),
        status=certificate["Status"],
        validated_through=tuple(sorted(methods)),
        in_date=_is_in_date(certificate, account.now),
        remaining=Quantity.lasting(certificate.get("NotAfter", account.now) - account.now, "d"),
        lifetime=Quantity.lasting(
            certificate.get("NotAfter", account.now) - certificate.get("NotBefore", account.now), "d"
        ),
    )


#: ARNs of certificates -> ARNs of their holders -> the names that reach these.
_Uses = dict[str, dict[str, tuple[str, ...]]]


def _find_uses(account: Account) -> tuple[_Uses, list[tuple[str, str]]]:
    """Return the certificates in use, and the holders whose certificates are unknown, with the reason."""
    used: _Uses = {}
    asked: dict[str, set[str]] = {}
    for site in list_distributions(account):
        names = items(site, "Aliases")
        for origin in items(site, "Origins"):
            asked.setdefault(origin["DomainName"].lower(), set()).update(names)
        shown = site.get("ViewerCertificate", {})
        if arn := shown.get("ACMCertificateArn") or shown.get("IAMCertificateId"):
            used.setdefault(arn, {})[site.get("ARN") or site["Id"]] = names
    hosts = {one.get("LoadBalancerArn"): one.get("DNSName", "").lower() for one in list_balancers(account)}
    unread: list[tuple[str, str]] = []
    for listener in list_listeners(account):
        holder = str(next((listener[name] for name in _HOLDERS if name in listener), "a listener"))
        arns = account.defer(_list_listener_certificates, account, listener)
        if isinstance(arns, Unread):
            unread.append((holder, arns.reason))
            continue
        names = tuple(sorted(asked.get(hosts.get(listener.get("LoadBalancerArn"), ""), ())))
        for arn in arns:
            used.setdefault(arn, {})[holder] = names
    return used, unread


#: The members that name a listener, or the load balancer that stands for its own.
_HOLDERS: Final = ("ListenerArn", "LoadBalancerArn", "LoadBalancerName")


def _list_listener_certificates(account: Account, listener: Mapping[str, Any]) -> list[str]:
    if "ListenerArn" in listener and not listener.get("Certificates"):
        return []
    arn = listener["ListenerArn"]
    found = account.list("elbv2", "DescribeListenerCertificates", "Certificates", ListenerArn=arn)
    if unstated := [one["CertificateArn"] for one in found if "CertificateArn" not in one]:
        raise Unreadable(unstated[0].reason)
    return [one["CertificateArn"] for one in found]


def _describe_certificate(account: Account, arn: str) -> Mapping[str, Any]:
    if ":acm:" not in arn:
        raise Unreadable(f"certificate {arn}: is kept in IAM, which does not say whose names it proves")
    found = account.find("acm", "DescribeCertificate", region=arn.split(":")[3], CertificateArn=arn)
    return found["Certificate"] if found else {"Status": "MISSING", "Type": ""}


def _is_in_date(certificate: Mapping[str, Any], now: datetime) -> bool:
    begins, ends = certificate.get("NotBefore"), certificate.get("NotAfter")
    return begins is not None and ends is not None and begins <= now < ends


# ── The site's names: their records in Route 53, and the distribution that serves them


_ADDRESSES = ("A", "AAAA", "CNAME")
_CLOUDFRONT = ".cloudfront.net"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SiteName(Fact):
    """A name that a distribution serves, or that Route 53 points at CloudFront; ``subject`` is the name."""

    served_by: str
    """CloudFront's own name of the distribution that lists it; empty if none of the account does."""
    needed: tuple[str, ...]
    """Types of the records that it needs: ``A``, and ``AAAA`` if the distribution supports IPv6."""
    points_at: tuple[tuple[str, str], ...]
    """Its address records: the type, and the target of an alias or the values of another record."""
    zone: str
    """Id of the public hosted zone that answers for it; empty if no zone of the account does."""


@observes(SiteName)
def observe_site_names(account: Account) -> Iterator[SiteName]:
    """Observe every name that a distribution lists, and every record that points at CloudFront."""
    served: dict[str, Distribution] = {}
    blind: list[Unread] = []
    for site in account.once(observe_distributions):
        if isinstance(names := site.peek("names"), Unread):
            blind.append(names)
            yield SiteName.unread(f"names of {site.subject}", names.reason)
        else:
            served |= dict.fromkeys(names, site)
    zones = _public_zones(account)
    records = _address_records(account, tuple(zones.values()))
    pointing = {name for name, found in records.items() if any(target.endswith(_CLOUDFRONT) for _, target in found)}

    def look(name: str) -> SiteName:
        site = served.get(name)
        return SiteName(
            subject=name,
            served_by=site.domain_name if site else next(iter(blind), ""),  # type: ignore[arg-type]
            needed=("A", "AAAA") if site and site.ipv6 else ("A",),
            points_at=tuple(records.get(name, ())),
            zone=next((id_ for zone, id_ in zones.items() if f".{name}".endswith(f".{zone}")), ""),
        )

    yield from map(apart(SiteName, look), sorted({*served, *pointing}))


def _public_zones(account: Account) -> dict[str, str]:
    """Return the ids of the public zones by name, the longest first: the most specific zone answers."""
    zones = account.list("route53", "ListHostedZones", "HostedZones")
    # a zone without a statement is public: https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneConfig.html
    open_ = [zone for zone in zones if not (zone.get("Config") or {}).get("PrivateZone")]
    public = {zone["Name"].rstrip("."): zone["Id"] for zone in open_}
    return dict(sorted(public.items(), key=lambda pair: -len(pair[0])))


def _address_records(account: Account, zones: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    """Return the type and the target of every address record, by name."""
    found: dict[str, list[tuple[str, str]]] = {}
    call = ("route53", "ListResourceRecordSets", "ResourceRecordSets")
    for records in account.each(lambda zone: account.list(*call, HostedZoneId=zone), zones):
        for record in records:
            if record["Type"] in _ADDRESSES:
                # Route 53 writes a wildcard as \\052
                name = record["Name"].rstrip(".").replace("\\052", "*")
                found.setdefault(name, []).append((record["Type"], _target(record)))
    return found


def _target(record: Mapping[str, Any]) -> str:
    values = [one["Value"] for one in record.get("ResourceRecords", ())]
    return str(record.get("AliasTarget", {}).get("DNSName", ", ".join(values))).rstrip(".").lower()
