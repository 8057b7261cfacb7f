"""Certificates in use: for which names they are valid, how these were validated, and until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread, Unreadable
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, reads
from .distributions import items, list_distributions
from .listeners import list_listeners
from .load_balancers import list_balancers

reads("acm", "DescribeCertificate")
reads("elbv2", "DescribeListenerCertificates")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CertificateInUse(Fact):
    """An ACM certificate that a distribution or a listener presents; ``subject`` is its ARN."""

    must_cover: tuple[str, ...]
    """The names under which its holders are reached."""
    covers: tuple[str, ...]
    """The names it is valid for; one may begin with ``*.`` for one label."""
    status: str
    """``ISSUED``, ``EXPIRED``, ``PENDING_VALIDATION``, …; ``MISSING`` when ACM has no such certificate."""
    validated_through: tuple[str, ...]
    """How its names were validated: ``DNS``, ``EMAIL``; empty for an imported certificate."""
    in_date: bool
    remaining: Quantity
    """Time until it expires, negative afterwards."""
    lifetime: Quantity
    """Time from its beginning to its end; none where it is not issued."""


@observes(CertificateInUse)
def observe_certificates(account: Account) -> Iterator[CertificateInUse]:
    """Look at every certificate in use."""
    used, unread = _find_uses(account)
    yield from account.each(apart(CertificateInUse, partial(_certificate, account)), used.items())
    for holder, reason in unread:
        yield CertificateInUse.unread(f"a certificate of {holder}", reason)


def _certificate(account: Account, row: tuple[str, dict[str, tuple[str, ...]]]) -> CertificateInUse:
    arn, holders = row
    certificate = _describe_certificate(account, arn)
    options = certificate.get("DomainValidationOptions", ())
    methods = {one.get("ValidationMethod", "") for one in options if certificate["Type"] == "AMAZON_ISSUED"}
    return CertificateInUse(
        subject=arn,
        must_cover=tuple(sorted({name for names in holders.values() for name in names})),
        covers=tuple(certificate.get("SubjectAlternativeNames", ())),
        status=certificate["Status"],
        validated_through=tuple(sorted(methods)),
        in_date=_is_in_date(certificate, account.now),
        remaining=_days(certificate.get("NotAfter", account.now) - account.now),
        lifetime=_days(certificate.get("NotAfter", account.now) - certificate.get("NotBefore", account.now)),
    )


#: ARNs of certificates -> ARNs of their holders -> the names under which these are reached.
_Uses = dict[str, dict[str, tuple[str, ...]]]


def _find_uses(account: Account) -> tuple[_Uses, list[tuple[str, str]]]:
    """Return the certificates in use, and holders of which it is not known which they use, with why."""
    used: _Uses = {}
    asked: dict[str, set[str]] = {}
    for site in list_distributions(account):
        names = items(site, "Aliases")
        for origin in items(site, "Origins"):
            asked.setdefault(origin["DomainName"].lower(), set()).update(names)
        shown = site.get("ViewerCertificate", {})
        if arn := shown.get("ACMCertificateArn") or shown.get("IAMCertificateId"):
            used.setdefault(arn, {})[site.get("ARN") or site["Id"]] = names
    hosts = {one.get("LoadBalancerArn"): one.get("DNSName", "").lower() for one in list_balancers(account)}
    unread: list[tuple[str, str]] = []
    for listener in list_listeners(account):
        holder = str(next((listener[name] for name in _HOLDERS if name in listener), "a listener"))
        arns = account.defer(_list_listener_certificates, account, listener)
        if isinstance(arns, Unread):
            unread.append((holder, arns.reason))
            continue
        names = tuple(sorted(asked.get(hosts.get(listener.get("LoadBalancerArn"), ""), ())))
        for arn in arns:
            used.setdefault(arn, {})[holder] = names
    return used, unread


#: What names a listener, or the load balancer that stands for its own.
_HOLDERS: Final = ("ListenerArn", "LoadBalancerArn", "LoadBalancerName")


def _list_listener_certificates(account: Account, listener: Mapping[str, Any]) -> list[str]:
    """Return the certificates of a listener, the default one and others."""
    if "ListenerArn" in listener and not listener.get("Certificates"):
        return []
    arn = listener["ListenerArn"]
    found = account.list("elbv2", "DescribeListenerCertificates", "Certificates", ListenerArn=arn)
    if unstated := [one["CertificateArn"] for one in found if "CertificateArn" not in one]:
        raise Unreadable(unstated[0].reason)
    return [one["CertificateArn"] for one in found]


def _describe_certificate(account: Account, arn: str) -> Mapping[str, Any]:
    if ":acm:" not in arn:
        raise Unreadable(f"certificate {arn}: is kept in IAM, which does not say whose names it proves")
    found = account.find("acm", "DescribeCertificate", region=arn.split(":")[3], CertificateArn=arn)
    return found["Certificate"] if found else {"Status": "MISSING", "Type": ""}


def _is_in_date(certificate: Mapping[str, Any], now: datetime) -> bool:
    begins, ends = certificate.get("NotBefore"), certificate.get("NotAfter")
    return begins is not None and ends is not None and begins <= now < ends


def _days(time: timedelta) -> Quantity:
    return Quantity.days((Decimal(int(time.total_seconds())) / 86400).quantize(Decimal("0.1")))
