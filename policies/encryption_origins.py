"""Encryption between CloudFront and what it fetches from."""

from __future__ import annotations

from prodgate import Block, Criterion, Resource, policy


@policy(
    "PG_ENC_11",
    criterion="encryption-in-transit",
    resources=("aws_cloudfront_distribution",),
    population=0,
    remedy="Set origin_protocol_policy = https-only and origin_ssl_protocols = [TLSv1.2] for every origin.",
)
def origins_are_reached_over_modern_tls(distribution: Resource, criterion: Criterion) -> None:
    """CloudFront reaches its custom and VPC origins over TLS 1.2 only.

    match-viewer is HTTPS as long as no behaviour that leads to the origin admits plain HTTP (allow-all).
    """
    plain = _find_plain(distribution)
    origins = distribution.blocks("origin")
    entered = [(one, "origin_ssl_protocols") for origin in origins for one in origin.blocks("custom_origin_config")]
    entered += [(one, "origin_ssl_protocols.items") for origin in origins for one in _endpoints(distribution, origin)]
    for origin, path in entered:
        protocols = set(origin.texts(path))
        criterion.hold(protocols <= {"TLSv1.2"}, expected="TLSv1.2", observed=", ".join(sorted(protocols)))
        found = origin.text("origin_protocol_policy")
        criterion.hold(found != "http-only", expected="origin_protocol_policy = https-only", observed=found)
    for origin in origins:
        ways = [*origin.blocks("custom_origin_config"), *_endpoints(distribution, origin)]
        matching = any(one.text("origin_protocol_policy") == "match-viewer" for one in ways)
        open_ = matching and not plain.isdisjoint(_named_as(distribution, origin))
        wanted = "origin_protocol_policy = https-only, or no allow-all"
        criterion.hold(not open_, expected=wanted, observed="match-viewer, of viewers on plain HTTP")


def _find_plain(distribution: Resource) -> set[str]:
    """Return the origins and groups of them to which a behaviour lets plain HTTP through."""
    behaviours = (*distribution.blocks("default_cache_behavior"), *distribution.blocks("ordered_cache_behavior"))
    plain = [one for one in behaviours if one.text("viewer_protocol_policy") == "allow-all"]
    return {one.text("target_origin_id") or "" for one in plain}


def _named_as(distribution: Resource, origin: Block) -> set[str]:
    """Return the id of an origin, and those of the groups that it is in."""
    own = origin.text("origin_id") or ""
    groups = distribution.blocks("origin_group")
    inside = [one for one in groups if any(each.text("origin_id") == own for each in one.blocks("member"))]
    return {own, *(one.text("origin_id") or "" for one in inside)}


def _endpoints(distribution: Resource, origin: Block) -> list[Block]:
    """Return how CloudFront enters the network for a VPC origin, which is declared in a resource of its own."""
    named = {one.text("vpc_origin_id") for one in origin.blocks("vpc_origin_config")}
    declared = distribution.configuration.of("aws_cloudfront_vpc_origin")
    return [e for one in declared if one.identities & named for e in one.blocks("vpc_origin_endpoint_config")]
