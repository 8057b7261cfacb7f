"""What must be live as it is declared: the distribution, its cache, its web ACL, its names and certificates."""

from __future__ import annotations

from typing import Any, Final

from ....aws.answers import Unreadable
from ...observers import reads
from ..distributions import GLOBAL, items, list_distributions
from .counterpart import Counterpart, Place, Thing, require_known

reads("acm", "DescribeCertificate", "ListCertificates")
reads("cloudfront", "ListCachePolicies")
reads("route53", "ListHostedZones", "ListResourceRecordSets")
reads("wafv2", "GetWebACL", "ListWebACLs")

_KEYS: Final = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def _distribution(here: Place, declared: Thing) -> Thing | None:
    require_known({"aliases": declared["aliases"]})
    if not declared["aliases"]:
        raise Unreadable("a distribution without aliases has nothing to be found by")
    wanted = set(declared["aliases"])
    return next((site for site in list_distributions(here.account) if wanted & set(items(site, "Aliases"))), None)


def _web_acl(here: Place, declared: Thing) -> Thing | None:
    asked = {"Scope": declared["scope"]}
    listed = here.one("wafv2", "ListWebACLs", "WebACLs", asked=asked, Name=declared["name"])
    return listed and here.find("wafv2", "GetWebACL", "WebACL", Name=listed["Name"], Id=listed["Id"], **asked)


def _certificate(here: Place, declared: Thing) -> Thing | None:
    asked = {"Includes": {"keyTypes": _KEYS}}
    call = ("acm", "ListCertificates", "CertificateSummaryList")
    listed = here.one(*call, asked=asked, DomainName=declared["domain_name"])
    return listed and here.find("acm", "DescribeCertificate", "Certificate", CertificateArn=listed["CertificateArn"])


def _record(here: Place, declared: Thing) -> Thing | None:
    require_known({"name": declared["name"], "type": declared["type"]})
    everywhere, inside = Place(here.account, here.account.region), _is_inside(here, declared["zone_id"])
    name = declared["name"].rstrip(".").replace("*", "\\052")
    for zone in here.account.list("route53", "ListHostedZones", "HostedZones"):
        call = ("route53", "ListResourceRecordSets", "ResourceRecordSets")
        wanted = {"Name": f"{name}.", "Type": declared["type"]}
        if f".{name}.".endswith(f".{zone['Name']}") and zone["Config"]["PrivateZone"] == inside:
            return _strip_quotes(everywhere.one(*call, asked={"HostedZoneId": zone["Id"]}, **wanted))
    return None


def _strip_quotes(record: Thing | None) -> Thing | None:
    """Return a record without the quotes that Route 53 puts around text."""
    values = record and [one["Value"] for one in record.get("ResourceRecords", ())]
    return record and {**record, "Values": [one.strip('"') if one.startswith('"') else one for one in values or ()]}


def _is_inside(here: Place, zone_id: Any) -> bool:
    """Whether a declared zone is private; one that is declared elsewhere is taken for public."""
    zones = here.account.declared("aws_route53_zone").values()
    return any(zone["zone_id"] == zone_id and zone["vpc"] for zone in zones)


def _zone(here: Place, declared: Thing) -> Thing | None:
    named: dict[str, Any] = {"Name": f"{declared['name']}.", "Config.PrivateZone": bool(declared["vpc"])}
    found = here.one("route53", "ListHostedZones", "HostedZones", **named)
    return found and {**found, "Id": found["Id"].rpartition("/")[2]}


TABLE: Final = (
    Counterpart(
        type="aws_cloudfront_distribution",
        find=_distribution,
        kind="cloudfront:distribution",
        identity=("arn", "ARN"),
        same={
            "aliases": "Aliases.Items",
            "default_cache_behavior.viewer_protocol_policy": "DefaultCacheBehavior.ViewerProtocolPolicy",
            "enabled": "Enabled",
            "http_version": ("HttpVersion", "http2"),
            "is_ipv6_enabled": ("IsIPV6Enabled", False),
            "ordered_cache_behavior[].path_pattern": ("CacheBehaviors.Items[].PathPattern", ()),
            "ordered_cache_behavior[].viewer_protocol_policy": ("CacheBehaviors.Items[].ViewerProtocolPolicy", ()),
            "price_class": ("PriceClass", "PriceClass_All"),
            "viewer_certificate.minimum_protocol_version": "ViewerCertificate.MinimumProtocolVersion",
            "web_acl_id": ("WebACLId", ""),
        },
    ),
    Counterpart(
        type="aws_cloudfront_cache_policy",
        find=lambda here, d: Place(here.account, GLOBAL).one(
            "cloudfront",
            "ListCachePolicies",
            "CachePolicyList.Items",
            **{"CachePolicy.CachePolicyConfig.Name": d["name"]},
        ),
        identity=("id", "CachePolicy.Id"),
        same={
            "default_ttl": ("CachePolicy.CachePolicyConfig.DefaultTTL", 86400),
            "max_ttl": ("CachePolicy.CachePolicyConfig.MaxTTL", 31536000),
            "min_ttl": ("CachePolicy.CachePolicyConfig.MinTTL", 0),
            "parameters_in_cache_key_and_forwarded_to_origin.cookies_config.cookie_behavior": (
                "CachePolicy.CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.CookiesConfig.CookieBehavior"
            ),
        },
    ),
    Counterpart(
        type="aws_wafv2_web_acl",
        find=_web_acl,
        kind="wafv2:global",
        identity=("arn", "ARN"),
        same={
            "rule[].name": ("Rules[].Name", ()),
            "rule[].priority": ("Rules[].Priority", ()),
            "rule[].statement.rate_based_statement.limit": "Rules[].Statement.RateBasedStatement.Limit",
        },
    ),
    Counterpart(
        type="aws_acm_certificate",
        find=_certificate,
        kind="acm:certificate",
        identity=("arn", "CertificateArn"),
        same={"domain_name": "DomainName", "key_algorithm": "KeyAlgorithm"},
    ),
    Counterpart(
        type="aws_route53_record",
        find=_record,
        same={"records": ("Values", ()), "ttl": ("TTL", "")},
    ),
    Counterpart(
        type="aws_route53_zone",
        find=_zone,
        identity=("zone_id", "Id"),
        same={"comment": ("Config.Comment", "Managed by Terraform")},
    ),
)
