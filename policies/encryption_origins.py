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
    ways = [
        (origin, one, path) for origin in distribution.blocks("origin") for one, path in _ways(distribution, origin)
    ]
    for _, way, path in ways:
        protocols = set(way.texts(path))
        criterion.hold(protocols <= {"TLSv1.2"}, expected="TLSv1.2", observed=", ".join(sorted(protocols)))
        found = way.text("origin_protocol_policy")
        criterion.hold(found != "http-only", expected="origin_protocol_policy = https-only", observed=found)
    for origin, way, _ in ways:
        matching = way.text("origin_protocol_policy") == "match-viewer"
        criterion.hold(
            not matching or plain.isdisjoint(_named_as(distribution, origin)),
            expected="origin_protocol_policy = https-only, or no allow-all",
            observed="match-viewer, of viewers on plain HTTP",
        )


def _ways(distribution: Resource, origin: Block) -> list[tuple[Block, str]]:
    """Return how CloudFront enters an origin, each with where its protocols stand; of a bucket nothing is stated."""
    own = [(one, "origin_ssl_protocols") for one in origin.blocks("custom_origin_config")]
    return [*own, *((one, "origin_ssl_protocols.items") for one in _endpoints(distribution, origin))]


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
