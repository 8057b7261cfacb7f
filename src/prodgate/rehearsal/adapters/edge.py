"""CloudFront: a distribution and what it reaches."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from .registry import Clients, creates, first, omit_empty, tags

#: CloudFront is one service for all regions; its API is in us-east-1.
GLOBAL = "us-east-1"
#: The hosted zone of all CloudFront names, for aliases in Route 53.
HOSTED_ZONE = "Z2FDTNDATAQYW2"


def with_quantity(items: Iterable[Any] | None) -> dict[str, Any]:
    """Return CloudFront's form of a list."""
    found = list(items or ())
    return omit_empty(Quantity=len(found), Items=found)


@creates("aws_cloudfront_origin_access_control")
def origin_access_control(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create an origin access control."""
    config = {
        "Name": declared["name"],
        "Description": declared["description"] or "Managed by Terraform",
        "SigningProtocol": declared["signing_protocol"],
        "SigningBehavior": declared["signing_behavior"],
        "OriginAccessControlOriginType": declared["origin_access_control_origin_type"],
    }
    made = aws("cloudfront", GLOBAL).create_origin_access_control(OriginAccessControlConfig=config)
    id_ = made["OriginAccessControl"]["Id"]
    return {"id": id_, "arn": f"arn:aws:cloudfront::{aws.account}:origin-access-control/{id_}", "etag": made["ETag"]}


@creates("aws_cloudfront_vpc_origin")
def vpc_origin(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a VPC origin: CloudFront's way to a private load balancer."""
    endpoint = first(declared.get("vpc_origin_endpoint_config"))
    config = {
        "Name": endpoint["name"],
        "Arn": endpoint["arn"],
        "HTTPPort": endpoint["http_port"],
        "HTTPSPort": endpoint["https_port"],
        "OriginProtocolPolicy": endpoint["origin_protocol_policy"],
        "OriginSslProtocols": with_quantity(first(endpoint.get("origin_ssl_protocols")).get("items")),
    }
    tagged = omit_empty(Tags=omit_empty(Items=tags(declared)))
    made = aws("cloudfront", GLOBAL).create_vpc_origin(VpcOriginEndpointConfig=config, **tagged)
    return {"id": made["VpcOrigin"]["Id"], "arn": made["VpcOrigin"]["Arn"], "etag": made["ETag"]}


@creates("aws_cloudfront_distribution")
def distribution(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a distribution."""
    config = {
        "CallerReference": str(uuid.uuid4()),
        "Comment": declared["comment"] or "",
        "Enabled": declared["enabled"],
        "Aliases": with_quantity(sorted(declared["aliases"] or ())),
        "DefaultRootObject": declared["default_root_object"] or "",
        "Origins": with_quantity(_origin(each) for each in declared["origin"]),
        "OriginGroups": with_quantity(_origin_group(each) for each in declared["origin_group"] or ()),
        "DefaultCacheBehavior": _behaviour(first(declared.get("default_cache_behavior"))),
        "CacheBehaviors": with_quantity(_behaviour(each) for each in declared["ordered_cache_behavior"] or ()),
        "CustomErrorResponses": with_quantity(_error(each) for each in declared["custom_error_response"] or ()),
        "PriceClass": declared["price_class"] or "PriceClass_All",
        "ViewerCertificate": _viewer_certificate(first(declared.get("viewer_certificate"))),
        "Restrictions": {
            "GeoRestriction": _geography(first(first(declared.get("restrictions")).get("geo_restriction")))
        },
        "WebACLId": declared["web_acl_id"] or "",
        "HttpVersion": (declared["http_version"] or "http2").lower(),
        "IsIPV6Enabled": bool(declared["is_ipv6_enabled"]),
    }
    tagged = {"DistributionConfig": config, "Tags": {"Items": tags(declared)}}
    made = aws("cloudfront", GLOBAL).create_distribution_with_tags(DistributionConfigWithTags=tagged)
    site = made["Distribution"]
    return {"id": site["Id"], "arn": site["ARN"], "domain_name": site["DomainName"], "status": site["Status"],
            "hosted_zone_id": HOSTED_ZONE, "etag": made["ETag"]}  # fmt: skip


@creates("aws_cloudfront_monitoring_subscription")
def monitoring_subscription(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Publish the additional metrics of a distribution."""
    chosen = first(first(declared.get("monitoring_subscription")).get("realtime_metrics_subscription_config"))
    status = {"RealtimeMetricsSubscriptionStatus": chosen["realtime_metrics_subscription_status"]}
    aws("cloudfront", GLOBAL).create_monitoring_subscription(
        DistributionId=declared["distribution_id"],
        MonitoringSubscription={"RealtimeMetricsSubscriptionConfig": status},
    )
    return {"id": declared["distribution_id"]}


def _origin(declared: Mapping[str, Any]) -> dict[str, Any]:
    custom, inside = first(declared.get("custom_origin_config")), first(declared.get("vpc_origin_config"))
    shield = first(declared.get("origin_shield"))
    headers = [{"HeaderName": h["name"], "HeaderValue": h["value"]} for h in declared.get("custom_header") or ()]
    made = {
        "Id": declared["origin_id"],
        "DomainName": declared["domain_name"],
        "OriginPath": declared.get("origin_path") or "",
        "CustomHeaders": with_quantity(headers),
        "OriginAccessControlId": declared.get("origin_access_control_id") or "",
    }
    if shield:
        region = omit_empty(OriginShieldRegion=shield["origin_shield_region"])
        made["OriginShield"] = {"Enabled": shield["enabled"], **region}
    if custom:
        made["CustomOriginConfig"] = _custom_origin(custom)
    elif inside:
        made["VpcOriginConfig"] = omit_empty(
            VpcOriginId=inside["vpc_origin_id"],
            OriginReadTimeout=inside["origin_read_timeout"],
            OriginKeepaliveTimeout=inside["origin_keepalive_timeout"],
        )
    else:
        identity = first(declared.get("s3_origin_config")).get("origin_access_identity")
        made["S3OriginConfig"] = {"OriginAccessIdentity": identity or ""}
    return made


def _custom_origin(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "HTTPPort": declared["http_port"],
        "HTTPSPort": declared["https_port"],
        "OriginProtocolPolicy": declared["origin_protocol_policy"],
        "OriginSslProtocols": with_quantity(sorted(declared["origin_ssl_protocols"])),
        **omit_empty(OriginReadTimeout=declared.get("origin_read_timeout")),
        **omit_empty(OriginKeepaliveTimeout=declared.get("origin_keepalive_timeout")),
    }


def _origin_group(declared: Mapping[str, Any]) -> dict[str, Any]:
    codes = first(declared.get("failover_criteria")).get("status_codes")
    return {
        "Id": declared["origin_id"],
        "FailoverCriteria": {"StatusCodes": with_quantity(sorted(codes or ()))},
        "Members": with_quantity({"OriginId": each["origin_id"]} for each in declared["member"]),
    }


def _behaviour(declared: Mapping[str, Any]) -> dict[str, Any]:
    cached = with_quantity(sorted(declared["cached_methods"]))
    return {
        "TargetOriginId": declared["target_origin_id"],
        "ViewerProtocolPolicy": declared["viewer_protocol_policy"],
        "AllowedMethods": {**with_quantity(sorted(declared["allowed_methods"])), "CachedMethods": cached},
        "Compress": bool(declared["compress"]),
        **omit_empty(
            PathPattern=declared.get("path_pattern"),
            CachePolicyId=declared["cache_policy_id"],
            OriginRequestPolicyId=declared["origin_request_policy_id"],
            ResponseHeadersPolicyId=declared["response_headers_policy_id"],
            ForwardedValues=_forwarded_values(first(declared.get("forwarded_values"))),
        ),
    }


def _forwarded_values(declared: Mapping[str, Any]) -> dict[str, Any]:
    if not declared:
        return {}
    return {
        "QueryString": declared["query_string"],
        "Cookies": {"Forward": first(declared.get("cookies")).get("forward", "none")},
        "Headers": with_quantity(declared["headers"]),
    }


def _error(declared: Mapping[str, Any]) -> dict[str, Any]:
    code = declared["response_code"]
    return omit_empty(
        ErrorCode=declared["error_code"],
        ResponseCode=str(code) if code else None,
        ResponsePagePath=declared["response_page_path"],
        ErrorCachingMinTTL=declared["error_caching_min_ttl"],
    )


def _viewer_certificate(declared: Mapping[str, Any]) -> dict[str, Any]:
    arn = declared.get("acm_certificate_arn")
    if not arn:
        return {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"}
    return {
        "CloudFrontDefaultCertificate": False,
        "ACMCertificateArn": arn,
        "SSLSupportMethod": declared["ssl_support_method"],
        "MinimumProtocolVersion": declared["minimum_protocol_version"] or "TLSv1",
    }


def _geography(declared: Mapping[str, Any]) -> dict[str, Any]:
    places = with_quantity(sorted(declared.get("locations") or ()))
    return {"RestrictionType": declared.get("restriction_type", "none"), **places}
