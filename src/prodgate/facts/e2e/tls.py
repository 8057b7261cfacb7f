"""Certificates and TLS versions that the site presents to its clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from ...aws.answers import Unread
from ...quantities import Quantity
from .. import Fact

#: A certificate with one of so many equal parts of its life left is renewed in time, however short that life is.
_PARTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServedCertificate(Fact):
    """The certificates of a name, at each address and for each kind of key; ``subject`` is the name."""

    covers: tuple[str, ...]
    """The names and addresses of one that does not cover the name, else of the first; one may begin with ``*.``."""
    covered: bool
    """Whether each covers the name."""
    mistrusted: str
    """Why a browser would not trust an issuer; empty if it would trust all. Dates are judged apart."""
    in_date: bool
    remaining: Quantity
    """Time until the first expires, negative afterwards."""
    ending: tuple[Quantity, ...]
    """Time until each expires that has less than a third of its life left: sooner, it is not yet to be renewed."""
    seen: str
    """Which were seen, and at which addresses nobody listens."""
    unseen: str
    """Why one could not be seen; empty where all were."""


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


def _certificate(name: str, record: Mapping[str, Any], at: float) -> ServedCertificate:
    """Judge all that were shown: one that is bad decides, and so does one that could not be seen, if none is bad."""
    all_of = record.get("shown", [record])
    shown = [one for one in all_of if "failed" not in one]
    failed = next((one for one in all_of if "failed" in one), None)
    unseen = f"{name} showed no certificate{_where(failed)}: {failed['failed']}" if failed else ""
    if not shown:
        return ServedCertificate.unread(name, unseen)
    strange = next((one for one in shown if not _proves(one, name)), None)
    late = any(not one["begins"] <= at < one["ends"] for one in shown)
    doubt: Any = Unread(unseen)
    return ServedCertificate(
        subject=name,
        covers=tuple((strange or shown[0])["names"]),
        covered=doubt if unseen and strange is None else strange is None,
        mistrusted=_mistrusted(shown, unseen),
        in_date=doubt if unseen and not late else not late,
        remaining=_days(min(one["ends"] for one in shown) - at),
        ending=tuple(_days(one["ends"] - at) for one in shown if _is_ending(one, at)),
        seen=_describe(shown, record.get("absent", {})),
        unseen=unseen,
    )


def _mistrusted(shown: Sequence[Mapping[str, Any]], unseen: str) -> Any:
    if bad := next((one for one in shown if one.get("vouched")), None):
        return f"{bad['vouched']}{_where(bad)}"
    unvouched = next((one["unvouched"] for one in shown if "unvouched" in one), "")
    return Unread(unvouched or unseen) if unvouched or unseen else ""


def _is_ending(one: Mapping[str, Any], at: float) -> bool:
    return bool((one["ends"] - at) * _PARTS < one["ends"] - one["begins"])


def _days(seconds: float) -> Quantity:
    return Quantity.days((Decimal(int(seconds)) / 86400).quantize(Decimal("0.1")))


def _where(one: Mapping[str, Any]) -> str:
    """Return at which address, and for which kind of key."""
    place = " for ".join(str(one[key]) for key in ("address", "key") if one.get(key))
    return f" at {place}" if place else ""


def _describe(shown: Sequence[Mapping[str, Any]], absent: Mapping[str, str]) -> str:
    kinds, places = {one.get("key", "") for one in shown} - {""}, {one.get("address") for one in shown}
    told = f"{' and '.join(sorted(kinds)) or 'seen'} at {len(places)} {'address' if len(places) == 1 else 'addresses'}"
    none = ", ".join(f"none at {address}: {why}" for address, why in absent.items())
    return f"{told}; {none}" if none else told


def list_pins(shown: Mapping[str, Any], name: str, at: float) -> tuple[str, ...]:
    """Return the pins of the certificates of a host that a browser would trust if it trusted their authority."""
    good = (one for one in shown.get("shown", ()) if one.get("vouched") == "" and _proves(one, name))
    return tuple(dict.fromkeys(one["pin"] for one in good if one["begins"] <= at < one["ends"]))


def _proves(one: Mapping[str, Any], name: str) -> bool:
    return any(_covers(covered.lower(), name.lower()) for covered in one["names"])


def _covers(pattern: str, name: str) -> bool:
    return pattern == name or (pattern.startswith("*.") and pattern.removeprefix("*.") == name.partition(".")[2])
