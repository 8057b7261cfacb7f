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

    match-viewer is HTTPS as long as no behaviour admits plain HTTP (allow-all).
    """
    origins = distribution.blocks("origin")
    entered = [(one, "origin_ssl_protocols") for origin in origins for one in origin.blocks("custom_origin_config")]
    entered += [(one, "origin_ssl_protocols.items") for origin in origins for one in _endpoints(distribution, origin)]
    for origin, path in entered:
        protocols = set(origin.texts(path))
        criterion.hold(protocols <= {"TLSv1.2"}, expected="TLSv1.2", observed=", ".join(sorted(protocols)))
        found = origin.text("origin_protocol_policy")
        encrypted = found == "https-only" or (found == "match-viewer" and not _admits_plain(distribution))
        observed = f"{found}, and viewers on plain HTTP" if found == "match-viewer" else found
        criterion.hold(encrypted, expected="origin_protocol_policy = https-only", observed=observed, held=found)


def _admits_plain(distribution: Resource) -> bool:
    behaviours = (*distribution.blocks("default_cache_behavior"), *distribution.blocks("ordered_cache_behavior"))
    return any(one.text("viewer_protocol_policy") == "allow-all" for one in behaviours)


def _endpoints(distribution: Resource, origin: Block) -> list[Block]:
    """Return how CloudFront enters the network for a VPC origin, which is declared in a resource of its own."""
    named = {one.text("vpc_origin_id") for one in origin.blocks("vpc_origin_config")}
    declared = distribution.configuration.of("aws_cloudfront_vpc_origin")
    return [e for one in declared if one.identities & named for e in one.blocks("vpc_origin_endpoint_config")]
