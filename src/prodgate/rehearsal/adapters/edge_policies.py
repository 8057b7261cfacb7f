"""CloudFront's policies: the cache key, what is passed on to the origin, which headers are added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .edge import GLOBAL, with_quantity
from .registry import Clients, creates, first, omit_empty


@creates("aws_cloudfront_cache_policy")
def cache_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a policy of the cache key and of how long answers are cached."""
    chosen = first(declared.get("parameters_in_cache_key_and_forwarded_to_origin"))
    config = omit_empty(
        Name=declared["name"],
        Comment=declared["comment"],
        MinTTL=declared["min_ttl"] or 0,
        DefaultTTL=86400 if declared["default_ttl"] is None else declared["default_ttl"],
        MaxTTL=31536000 if declared["max_ttl"] is None else declared["max_ttl"],
        ParametersInCacheKeyAndForwardedToOrigin={
            "EnableAcceptEncodingGzip": bool(chosen["enable_accept_encoding_gzip"]),
            "EnableAcceptEncodingBrotli": bool(chosen["enable_accept_encoding_brotli"]),
            **_request_parts(chosen),
        },
    )
    made = aws("cloudfront", GLOBAL).create_cache_policy(CachePolicyConfig=config)
    return {"id": made["CachePolicy"]["Id"], "etag": made["ETag"]}


@creates("aws_cloudfront_origin_request_policy")
def origin_request_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a policy of what the origin gets besides the cache key."""
    config = omit_empty(Name=declared["name"], Comment=declared["comment"], **_request_parts(declared))
    made = aws("cloudfront", GLOBAL).create_origin_request_policy(OriginRequestPolicyConfig=config)
    return {"id": made["OriginRequestPolicy"]["Id"], "etag": made["ETag"]}


@creates("aws_cloudfront_response_headers_policy")
def response_headers_policy(declared: Mapping[str, Any], aws: Clients) -> Mapping[str, Any]:
    """Create a policy of headers that are added to answers."""
    custom = [
        {"Header": one["header"], "Value": one["value"], "Override": one["override"]}
        for one in first(declared.get("custom_headers_config")).get("items") or ()
    ]
    removed = [{"Header": one["header"]} for one in first(declared.get("remove_headers_config")).get("items") or ()]
    config = omit_empty(
        Name=declared["name"],
        Comment=declared["comment"],
        SecurityHeadersConfig=_security_headers(first(declared.get("security_headers_config"))),
        CustomHeadersConfig=with_quantity(custom),
        RemoveHeadersConfig=with_quantity(removed),
    )
    made = aws("cloudfront", GLOBAL).create_response_headers_policy(ResponseHeadersPolicyConfig=config)
    return {"id": made["ResponseHeadersPolicy"]["Id"], "etag": made["ETag"]}


def _request_parts(declared: Mapping[str, Any]) -> dict[str, Any]:
    cookies, headers = first(declared.get("cookies_config")), first(declared.get("headers_config"))
    queries = first(declared.get("query_strings_config"))
    return {
        "CookiesConfig": {
            "CookieBehavior": cookies["cookie_behavior"],
            **omit_empty(Cookies=_items(cookies, "cookies")),
        },
        "HeadersConfig": {
            "HeaderBehavior": headers["header_behavior"],
            **omit_empty(Headers=_items(headers, "headers")),
        },
        "QueryStringsConfig": {
            "QueryStringBehavior": queries["query_string_behavior"],
            **omit_empty(QueryStrings=_items(queries, "query_strings")),
        },
    }


def _items(declared: Mapping[str, Any], block: str) -> dict[str, Any]:
    items = first(declared.get(block)).get("items")
    return with_quantity(sorted(items)) if items else {}


def _security_headers(declared: Mapping[str, Any]) -> dict[str, Any]:
    transport, content = (
        first(declared.get("strict_transport_security")),
        first(declared.get("content_security_policy")),
    )
    types, frames = first(declared.get("content_type_options")), first(declared.get("frame_options"))
    referrer = first(declared.get("referrer_policy"))
    return omit_empty(
        StrictTransportSecurity=transport and {
            "Override": transport["override"],
            "AccessControlMaxAgeSec": transport["access_control_max_age_sec"],
            "IncludeSubdomains": bool(transport["include_subdomains"]),
            "Preload": bool(transport["preload"]),
        },
        ContentSecurityPolicy=content and {
            "Override": content["override"],
            "ContentSecurityPolicy": content["content_security_policy"],
        },
        ContentTypeOptions=types and {"Override": types["override"]},
        FrameOptions=frames and {"Override": frames["override"], "FrameOption": frames["frame_option"]},
        ReferrerPolicy=referrer and {
            "Override": referrer["override"],
            "ReferrerPolicy": referrer["referrer_policy"],
        },
    )  # fmt: skip
