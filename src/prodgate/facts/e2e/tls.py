"""Certificates and TLS versions that the site presents to its clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ...aws.answers import Unread
from ...quantities import Quantity
from .. import Fact


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServedCertificate(Fact):
    """The certificate that is presented for a name; ``subject`` is that name."""

    covers: tuple[str, ...]
    """The names and addresses it is valid for; one may begin with ``*.`` for one label."""
    covered: bool
    """Whether the name is one of them."""
    mistrusted: str
    """Why a browser would not trust its issuer; empty if it would. Its dates are judged apart."""
    in_date: bool
    remaining: Quantity
    """Time until it expires, negative afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServedTls(Fact):
    """The TLS versions that a host accepts, each tried alone; ``subject`` is the host."""

    accepts: tuple[str, ...]
    """``TLS 1.2``, …"""
    unknown: Mapping[str, str]
    """Versions that could not be tried, and why."""


def tls_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the certificate and the TLS versions of each name."""
    at = datetime.fromisoformat(record["at"]).timestamp()
    for name in record["hosts"]:
        yield _certificate(name, _find_certificate(record, name), at)
        yield _versions(name, record)


def _versions(name: str, record: Mapping[str, Any]) -> ServedTls:
    tried = record["tls"].get(name, {})
    accepts: Any = tuple(version for version, one in tried.items() if one["became"] == "accepted")
    if not accepts:
        accepts = Unread("; ".join(_unknown(tried).values()) or _why_plain(record))
    return ServedTls(subject=name, accepts=accepts, unknown=_unknown(tried))


def _find_certificate(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return record["certificates"].get(name) or {"failed": _why_plain(record)}


def _why_plain(record: Mapping[str, Any]) -> str:
    return f"{record['base_url']} shows no certificate; write an address that begins with https://"


def _unknown(tried: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {version: f"{version}: {one['detail']}" for version, one in tried.items() if one["became"] == "unknown"}


def _certificate(name: str, shown: Mapping[str, Any], at: float) -> ServedCertificate:
    if "failed" in shown:
        return ServedCertificate.unread(name, f"{name} showed no certificate: {shown['failed']}")
    left = Decimal(int(shown["ends"] - at)) / 86400
    unvouched: Any = Unread(shown["unvouched"]) if "unvouched" in shown else ""
    return ServedCertificate(
        subject=name,
        covers=tuple(shown["names"]),
        covered=any(_covers(one.lower(), name.lower()) for one in shown["names"]),
        mistrusted=unvouched or shown["vouched"],
        in_date=shown["begins"] <= at < shown["ends"],
        remaining=Quantity.days(left.quantize(Decimal("0.1"))),
    )


def _covers(pattern: str, name: str) -> bool:
    return pattern == name or (pattern.startswith("*.") and pattern.removeprefix("*.") == name.partition(".")[2])
