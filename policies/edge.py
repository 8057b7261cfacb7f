"""The distribution: what it serves, from where, how it caches, what it adds to every answer."""

from __future__ import annotations

from collections.abc import Iterator

from prodgate import Block, Criterion, Resource, policy

DISTRIBUTION = ("aws_cloudfront_distribution",)
#: AWS's own cache policies that cache and don't vary by cookie: CachingOptimized, and the same for compressed files.
CACHING = {"658327ea-f89d-4fab-a63d-7e88639e58f6", "b2884449-e4de-46a7-ac36-70bc7f1ddd6d"}
#: AWS's own that don't cache (CachingDisabled), or vary by every cookie (UseOriginCacheControlHeaders).
NOT_CACHING = {
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
}  # fmt: skip
#: AWS's own response headers policies that hold the security headers.
SECURITY_HEADERS = {
    "67f7725c-6f97-4210-82d7-5512b31e9d03", "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
    "e61eb60c-9c35-4d20-a928-2b84e02af89c",
}  # fmt: skip
A_YEAR = 31536000


@policy(
    "PG_EDGE_1",
    criterion="cdn-price-class",
    resources=DISTRIBUTION,
    required=True,
)
def distributions_reach_their_readers(distribution: Resource, criterion: Criterion) -> None:
    """Distributions use the price class that the requirements state.

    PriceClass_100 has no edge location in Japan: readers there are served across the Pacific. PriceClass_All, which
    holds when nothing is set, pays for continents without readers.
    """
    criterion.require(distribution.text("price_class") or "PriceClass_All")


@policy(
    "PG_EDGE_2",
    criterion="cdn-distribution",
    resources=DISTRIBUTION,
    remedy=(
        "Enable the distribution, and give it one origin for the bucket of static files and one for the application."
    ),
    required=True,
)
def distributions_serve_files_and_application(distribution: Resource, criterion: Criterion) -> None:
    """Distributions are enabled, with a bucket for static files and an origin for the application.

    Static files from a bucket survive the loss of every service; the application behind the same name needs no CORS.
    """
    kinds = {"files" if _is_bucket(origin) else "application" for origin in _used_origins(distribution)}
    missing = sorted({"files", "application"} - kinds)
    criterion.exclude(missing, expected="both origins in use", observed="no origin for {}")
    criterion.hold(distribution.flag("enabled"), expected="enabled = true", observed="disabled")


@policy(
    "PG_EDGE_3",
    criterion="cdn-origin-access",
    resources=DISTRIBUTION,
    remedy="Set origin_access_control_id on the S3 origin, to a control with signing_behavior always.",
    population=0,
)
def bucket_origins_have_access_control(distribution: Resource, criterion: Criterion) -> None:
    """Every S3 origin is read through an origin access control that signs all requests.

    An origin access identity is the older way, without SSE-KMS. With signing_behavior never, or no-override while the
    viewer sends its own Authorization, CloudFront asks unsigned and the bucket must be open to answer.
    """
    buckets = [origin for origin in distribution.blocks("origin") if _is_bucket(origin)]
    if not buckets:
        raise criterion.not_applicable("has no S3 origin")
    unsigned = [origin.text("origin_id") for origin in buckets if not _is_signed(distribution, origin, criterion)]
    criterion.exclude(unsigned, expected="signed by access control", observed="{} unsigned")


@policy(
    "PG_EDGE_4",
    criterion="cdn-origin-access",
    resources=("aws_s3_bucket_policy",),
    remedy="Allow cloudfront.amazonaws.com only with a condition that pins AWS:SourceArn to the distribution.",
    population=0,
)
def bucket_policies_admit_one_distribution(holder: Resource, criterion: Criterion) -> None:
    """A bucket that CloudFront may read admits named distributions only.

    cloudfront.amazonaws.com is everybody's CloudFront: without AWS:SourceArn any AWS customer can put a distribution in
    front of this bucket.
    """
    statements = [
        one
        for one in holder.allow_statements("policy")
        if any(p.name == "cloudfront.amazonaws.com" for p in one.principals)
    ]
    if not statements:
        raise criterion.not_applicable("does not admit CloudFront")
    open_ = [one for one in statements if not one.pinned("aws:sourcearn", "aws:sourceaccount")]
    criterion.hold(not open_, expected="AWS:SourceArn pinned", observed="any distribution of anybody")


@policy(
    "PG_EDGE_5",
    criterion="cdn-caching",
    resources=DISTRIBUTION,
    remedy="Use a cache policy with a default TTL above zero and cookie_behavior none for files and public pages.",
    required=True,
)
def distributions_cache_public_content(distribution: Resource, criterion: Criterion) -> None:
    """The default behaviour and every behaviour for files cache what they serve, whatever the cookies.

    In a surge the cache carries the site; a cache key with a session cookie makes every reader a miss.
    """
    files = {origin.text("origin_id") for origin in distribution.blocks("origin") if _is_bucket(origin)}
    default, others = distribution.blocks("default_cache_behavior"), distribution.blocks("ordered_cache_behavior")
    public = [*default, *(one for one in others if one.text("target_origin_id") in files)]
    for behaviour in public:
        name, why = _behaviour_name(behaviour), _why_not_cached(distribution, behaviour, criterion)
        criterion.hold(not why, expected="cached without cookies", observed=f"{name} {why}", aspect=name)


@policy(
    "PG_EDGE_6",
    criterion="cdn-security-headers",
    resources=DISTRIBUTION,
    remedy=(
        "Set response_headers_policy_id on every behaviour, to a policy with HSTS of a year, content_type_options "
        "and frame_options."
    ),
    population=0,
)
def distributions_add_security_headers(distribution: Resource, criterion: Criterion) -> None:
    """Every behaviour adds Strict-Transport-Security of a year, nosniff, and a ban on foreign frames.

    Set at the edge they hold for every answer, error pages and files among them.
    """
    behaviours = (*distribution.blocks("default_cache_behavior"), *distribution.blocks("ordered_cache_behavior"))
    for behaviour in behaviours:
        name = _behaviour_name(behaviour)
        own = _find_headers_policy(distribution, behaviour, criterion)
        for lacking in _list_lacking(behaviour, own):  # what is read last is the place of a finding
            criterion.exclude((f"{name} {lacking}",), expected="all three headers")
        criterion.exclude((), expected="all three headers")


def _used_origins(distribution: Resource) -> Iterator[Block]:
    behaviours = (*distribution.blocks("default_cache_behavior"), *distribution.blocks("ordered_cache_behavior"))
    used = {one.text("target_origin_id") for one in behaviours}
    groups = [group for group in distribution.blocks("origin_group") if group.text("origin_id") in used]
    used |= {member.text("origin_id") for group in groups for member in group.blocks("member")}
    yield from (origin for origin in distribution.blocks("origin") if origin.text("origin_id") in used)


def _is_bucket(origin: Block) -> bool:
    """Whether an origin is a bucket: CloudFront takes it for one unless a custom or VPC origin is configured."""
    return not origin.blocks("custom_origin_config") and not origin.blocks("vpc_origin_config")


def _is_signed(distribution: Resource, origin: Block, criterion: Criterion) -> bool:
    if not origin.has("origin_access_control_id"):
        return False
    id_ = origin.text("origin_access_control_id") or ""
    own = distribution.configuration.identified({id_}, "aws_cloudfront_origin_access_control")
    if not own:
        raise criterion.undetermined("its origin access control is declared elsewhere")
    return own[0].text("signing_behavior") == "always" and own[0].text("origin_access_control_origin_type") == "s3"


def _behaviour_name(behaviour: Block) -> str:
    return "default" if behaviour.path == "default_cache_behavior" else str(behaviour.text("path_pattern"))


def _why_not_cached(distribution: Resource, behaviour: Block, criterion: Criterion) -> str:
    """Return why a behaviour does not cache for everybody, or nothing."""
    if not behaviour.has("cache_policy_id"):
        return _why_forwarded(behaviour)
    id_ = behaviour.text("cache_policy_id") or ""
    if id_ in CACHING | NOT_CACHING:
        return "uses a managed policy that does not cache, or varies by cookie" if id_ in NOT_CACHING else ""
    own = distribution.configuration.identified({id_}, "aws_cloudfront_cache_policy")
    if not own:
        raise criterion.undetermined(f"the cache policy of {_behaviour_name(behaviour)} is declared elsewhere")
    cookies = own[0].text("parameters_in_cache_key_and_forwarded_to_origin.cookies_config.cookie_behavior")
    if cookies != "none":
        return f"varies by cookies ({cookies})"
    ttl = own[0].number("default_ttl", 86400)
    return "" if ttl > 0 and own[0].number("max_ttl", A_YEAR) > 0 else "has a time to live of 0"


def _why_forwarded(behaviour: Block) -> str:
    """Judge the older forwarded_values; times to live that are not set are CloudFront's: a day, at most a year."""
    forwarded = behaviour.block("forwarded_values")
    if forwarded is None:
        return "has no cache policy"
    if (cookies := forwarded.text("cookies.forward")) != "none":
        return f"varies by cookies ({cookies})"
    return "" if behaviour.number("default_ttl", 86400) else "has a time to live of 0"


def _find_headers_policy(distribution: Resource, behaviour: Block, criterion: Criterion) -> Resource | None:
    """Return the declared policy that adds headers to a behaviour; None where there is none, or it is one of AWS's."""
    if not behaviour.has("response_headers_policy_id"):
        return None
    id_ = behaviour.text("response_headers_policy_id") or ""
    if id_ in SECURITY_HEADERS:
        return None
    own = distribution.configuration.identified({id_}, "aws_cloudfront_response_headers_policy")
    if not own:
        raise criterion.undetermined(f"the headers policy of {_behaviour_name(behaviour)} is declared elsewhere")
    return own[0]


def _list_lacking(behaviour: Block, own: Resource | None) -> Iterator[str]:
    """Yield the security headers that a behaviour does not add, each when its argument was read."""
    if not behaviour.has("response_headers_policy_id"):
        yield "has no response headers policy"
    elif own and (headers := own.block("security_headers_config")):
        yield from (f"lacks {each}" for each in _missing_headers(headers))
    elif own:
        yield "lacks every security header"


def _missing_headers(headers: Block) -> Iterator[str]:
    ages = [one.number("access_control_max_age_sec") for one in headers.blocks("strict_transport_security")]
    if not any(age >= A_YEAR for age in ages):
        yield "Strict-Transport-Security of a year"
    if not headers.blocks("content_type_options"):
        yield "X-Content-Type-Options"
    policies = [one.text("content_security_policy") or "" for one in headers.blocks("content_security_policy")]
    if not headers.blocks("frame_options") and not any("frame-ancestors" in one for one in policies):
        yield "X-Frame-Options"
