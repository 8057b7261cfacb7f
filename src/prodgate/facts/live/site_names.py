"""The site's names: their records in Route 53, and the distribution that serves them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.account import Account
from ...aws.answers import Unread
from ...findings import Undetermined
from .. import Fact
from ..observers import apart, observes, reads
from .distributions import Distribution, observe_distributions

reads("route53", "ListHostedZones", "ListResourceRecordSets")

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
    """Look at every name that a distribution lists, and at every record that points at CloudFront."""
    served: dict[str, Distribution] = {}
    blind: list[Unread] = []
    for site in account.once(observe_distributions):
        try:
            served |= dict.fromkeys(site.names, site)
        except Undetermined as error:
            blind.append(Unread(error.conclusion.reason))
            yield SiteName.unread(f"names of {site.subject}", blind[-1].reason)
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
    public = {zone["Name"].rstrip("."): zone["Id"] for zone in zones if not _is_private(zone)}
    return dict(sorted(public.items(), key=lambda pair: -len(pair[0])))


def _is_private(zone: Mapping[str, Any]) -> bool:
    """Whether a zone answers in networks alone; what Route 53 does not say of is public.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneConfig.html
    """
    return bool((zone.get("Config") or {}).get("PrivateZone"))


def _address_records(account: Account, zones: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    """Return the type and the target of every address record, by name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for records in account.each(lambda zone: _list_records(account, zone), zones):
        for record in records:
            if record["Type"] in _ADDRESSES:
                # Route 53 writes a wildcard as \\052
                name = record["Name"].rstrip(".").replace("\\052", "*")
                found.setdefault(name, []).append((record["Type"], _target(record)))
    return found


def _list_records(account: Account, zone: str) -> tuple[Mapping[str, Any], ...]:
    return account.list("route53", "ListResourceRecordSets", "ResourceRecordSets", HostedZoneId=zone)


def _target(record: Mapping[str, Any]) -> str:
    values = [one["Value"] for one in record.get("ResourceRecords", ())]
    target = record.get("AliasTarget", {}).get("DNSName", ", ".join(values))
    return str(target).rstrip(".").lower()
