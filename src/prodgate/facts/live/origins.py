"""How CloudFront connects to the web servers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from .. import Fact
from ..observers import all_apart, observes, reads
from .distributions import GLOBAL, items, list_distributions

reads("cloudfront", "GetVpcOrigin")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServerOrigin(Fact):
    """A web server that a distribution fetches from; ``subject`` is the distribution's ARN and the origin's id."""

    protocol: str
    """``https-only``, ``http-only`` or ``match-viewer``."""
    tls: tuple[str, ...]
    """TLS versions that CloudFront offers it, such as ``TLSv1.2``."""


@observes(ServerOrigin)
def observe_server_origins(account: Account) -> Iterator[ServerOrigin]:
    """See every origin that is no bucket, on the internet or in a VPC."""
    for site in list_distributions(account):
        look = all_apart(ServerOrigin, partial(_origin, account, site))
        rows = [(f"{site.get('ARN') or site['Id']} {one['Id']}", one) for one in items(site, "Origins")]
        for found in map(look, rows):
            yield from found


def _origin(account: Account, site: Mapping[str, Any], row: tuple[str, Mapping[str, Any]]) -> Iterator[ServerOrigin]:
    _, origin = row
    if config := _connection_settings(account, origin):
        yield ServerOrigin(
            subject=f"{site['ARN']} {origin['Id']}",
            protocol=config["OriginProtocolPolicy"],
            tls=items(config, "OriginSslProtocols"),
        )


def _connection_settings(account: Account, origin: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return how CloudFront connects to an origin; None for a bucket. Raises Unreadable."""
    inside = (origin.get("VpcOriginConfig") or {}).get("VpcOriginId")
    if inside:
        found = account.get("cloudfront", "GetVpcOrigin", region=GLOBAL, Id=inside)["VpcOrigin"]
        config: Mapping[str, Any] = found["VpcOriginEndpointConfig"]
        return config
    return origin.get("CustomOriginConfig")
