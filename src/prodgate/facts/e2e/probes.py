"""All facts from the record of the probes, which need no browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .. import Fact, Facts
from .answers import why_broken, why_error
from .caching import PrivatePage, PublicPage, caching_facts
from .cookies import Cookie, cookie_facts
from .endpoints import HealthEndpoint, MissingPage, endpoint_facts
from .firewall import AttackAnswered, OrdinaryAnswered, firewall_facts
from .headers import ContentPolicy, SecurityHeaders, header_facts
from .redirects import PlainHttp, Redirects, redirect_facts
from .tls import ServedCertificate, ServedTls, tls_facts

#: Kinds of fact that can't be judged if the probes could not run.
PROBE_KINDS: Final[tuple[type[Fact], ...]] = (
    AttackAnswered,
    ContentPolicy,
    Cookie,
    HealthEndpoint,
    MissingPage,
    OrdinaryAnswered,
    PlainHttp,
    PrivatePage,
    PublicPage,
    Redirects,
    SecurityHeaders,
    ServedCertificate,
    ServedTls,
)
_MAKERS: Final = (
    header_facts,
    cookie_facts,
    caching_facts,
    tls_facts,
    redirect_facts,
    firewall_facts,
    endpoint_facts,
)


def probe_facts(record: Mapping[str, Any]) -> Facts:
    """Return what a record of probes shows, and which kinds it can show nothing of."""
    return Facts(tuple(fact for maker in _MAKERS for fact in maker(record)), _unreadable(record))


def _unreadable(record: Mapping[str, Any]) -> dict[type, str]:
    """Return why facts of an optional kind may be missing: not asked for, or not answered."""
    missing: dict[type, str] = {}
    if not record["attacks"]:
        reason = record.get("unattacked") or "no attacks were sent, as it was asked for"
        missing[AttackAnswered] = missing[OrdinaryAnswered] = reason
    if not record["health"]:
        missing[HealthEndpoint] = "no health endpoint is named; name its path"
    if reason := next(filter(None, map(_why_unseen, record["pages"])), ""):
        missing[Cookie] = f"not every page was seen: {reason}"
    return missing


def _why_unseen(page: Mapping[str, Any]) -> str:
    return next(filter(None, map(why_broken, page["chain"])), "") or why_error(page)
