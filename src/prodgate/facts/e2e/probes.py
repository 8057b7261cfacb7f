"""All facts from the record of the probes, which need no browser."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Unread
from ...quantities import Quantity
from ...sections.changing import is_at
from ...semantics.challenges import is_sign_in
from .. import Fact, Facts
from .answers import is_encrypted, is_from_cache, subject_of, why_broken, why_challenged, why_error, why_unanswered
from .caching import PrivatePage, PublicPage, caching_facts
from .cookies import Cookie, cookie_facts
from .headers import ContentPolicy, SecurityHeaders, header_facts

# ── The redirects of the site: from plain HTTP to HTTPS, and on to a page of its own

#: Statuses that refuse plain HTTP and show nothing of the site: forbidden, upgrade required.
_PLAIN_REFUSALS: Final = (403, 426)
#: How a server that refuses plain HTTP ends a connection. A timeout is no response, and so no refusal.
_CONNECTION_REFUSALS: Final = ("refused", "closed", "no HTTP")
#: This machine, to which nothing needs to be encrypted.
_HERE: Final = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PlainHttp(Fact):
    """How a request for a page over plain HTTP ends; ``subject`` is its address."""

    encrypted: bool
    """Whether it is refused, or redirected to HTTPS before the site shows anything."""
    became: str
    """The responses, step by step."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Redirects(Fact):
    """The path of redirects from an address to a page; ``subject`` is the address."""

    flaw: str
    """``a loop``, a foreign target, ``no page``, …; empty if each step stays within the site and the last is a page."""
    way: str


def redirect_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Return the redirects from each page's address, over HTTPS and over plain HTTP."""
    for page in record["pages"]:
        yield _redirects(page, page["kind"], record)
        if page["plain"] and page["plain"]["chain"][0].get("leads_to"):
            yield _redirects(page["plain"], page["kind"], record)
        yield _plain_http(page, record)


def _plain_http(page: Mapping[str, Any], record: Mapping[str, Any]) -> PlainHttp:
    if page["plain"] is None:
        reason = f"nobody says where {record['base_url']} is over plain HTTP; name the address"
        return PlainHttp.unread(subject_of(record, page["chain"][0]["url"]), reason)
    chain = page["plain"]["chain"]
    bare = [answer for answer in chain if not is_encrypted(answer)]
    known: Any = all(_reveals_nothing(answer) for answer in bare)
    unanswered = [one for one in bare if one.get("failed", "") not in ("", *_CONNECTION_REFUSALS)]
    if known and (reason := next(map(why_unanswered, unanswered), "")):
        known = Unread(reason)
    return PlainHttp(subject=subject_of(record, chain[0]["url"]), encrypted=known, became=_render_way(chain))


def _reveals_nothing(answer: Mapping[str, Any]) -> bool:
    """Whether a response over plain HTTP shows nothing of the site, and leads to HTTPS or nowhere."""
    if answer.get("failed"):
        return True
    return _scheme(answer["leads_to"]) == "https" or answer["status"] in _PLAIN_REFUSALS


def _scheme(url: str) -> str:
    return urlsplit(url).scheme


def _redirects(way: Mapping[str, Any], kind: str, record: Mapping[str, Any]) -> Redirects:
    chain = way["chain"]
    reason = why_unanswered(chain[-1]) or why_challenged(chain[-1])
    flaw: Any = _find_downgrade(chain) or (Unread(reason) if reason else _find_bad_end(way, kind, record))
    return Redirects(subject=subject_of(record, chain[0]["url"]), flaw=flaw, way=_render_way(chain))


def _find_downgrade(chain: Sequence[Mapping[str, Any]]) -> str:
    """Return the step from HTTPS back to plain HTTP, or an empty string."""
    steps = (answer["leads_to"] for answer in chain if is_encrypted(answer) and answer.get("leads_to"))
    back = next((url for url in steps if _scheme(url) != "https"), "")
    return f"from HTTPS to {back}" if back else ""


def _find_bad_end(way: Mapping[str, Any], kind: str, record: Mapping[str, Any]) -> str:
    last = way["chain"][-1]
    led = urlsplit(last.get("leads_to", ""))
    encrypted = led.scheme == "https" or led.hostname in _HERE
    foreign = "" if encrypted and is_at(led.geturl(), record["partners"]) else f"to {led.geturl()}"
    flaws = {"loop": "a loop", "too long": f"more than {len(way['chain']) - 1} steps", "elsewhere": foreign}
    status = last.get("status", 0)
    # no page, one that is elsewhere after all, or a failure; a further host need not have a page at its root
    missing = (status in (404, 410) and kind != "further host") or 300 <= status < 400 or status >= 500
    return flaws.get(way["ended"], "no page" if missing else "")


def _render_way(chain: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(_render_step(answer) for answer in chain)


def _render_step(answer: Mapping[str, Any]) -> str:
    if answer.get("failed"):
        return str(answer["failed"])
    return f"{answer['status']} to {answer['leads_to']}" if answer["leads_to"] else str(answer["status"])


# ── Certificates and TLS versions that the site presents to its clients

#: A certificate with one of this many equal parts of its life left is renewed in time, however short its life.
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
    """Time until the first expires of those with less than a third of their life left; others need no renewal yet."""
    seen: str
    """The ones that were seen, and the addresses without a listener."""
    unseen: str
    """Why one could not be seen; empty if all were."""


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
        yield _certificate(name, record["certificates"].get(name) or {"failed": _why_plain(record)}, at)
        yield _versions(name, record)


def _versions(name: str, record: Mapping[str, Any]) -> ServedTls:
    tried = record["tls"].get(name, {})
    accepts: Any = tuple(version for version, one in tried.items() if one["became"] == "accepted")
    if not accepts:
        accepts = Unread("; ".join(_unknown(tried).values()) or _why_plain(record))
    return ServedTls(subject=name, accepts=accepts, unknown=_unknown(tried))


def _why_plain(record: Mapping[str, Any]) -> str:
    return f"{record['base_url']} shows no certificate; write an address that begins with https://"


def _unknown(tried: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {version: f"{version}: {one['detail']}" for version, one in tried.items() if one["became"] == "unknown"}


def _certificate(name: str, record: Mapping[str, Any], at: float) -> ServedCertificate:
    """Judge all certificates: a bad one decides, and otherwise so does one that could not be seen."""
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
        ending=tuple(
            _days(one["ends"] - at) for one in shown if (one["ends"] - at) * _PARTS < one["ends"] - one["begins"]
        ),
        seen=_describe(shown, record.get("absent", {})),
        unseen=unseen,
    )


def _mistrusted(shown: Sequence[Mapping[str, Any]], unseen: str) -> Any:
    if bad := next((one for one in shown if one.get("vouched")), None):
        return f"{bad['vouched']}{_where(bad)}"
    unvouched = next((one["unvouched"] for one in shown if "unvouched" in one), "")
    return Unread(unvouched or unseen) if unvouched or unseen else ""


def _days(seconds: float) -> Quantity:
    return Quantity.lasting(timedelta(seconds=seconds), "d")


def _where(one: Mapping[str, Any]) -> str:
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HealthEndpoint(Fact):
    """The health endpoint; ``subject`` is its address."""

    status: int
    cached: bool
    """Whether a cache responded, which knows nothing of the site's health."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MissingPage(Fact):
    """The response at an address without a page; ``subject`` is the address."""

    status: int


def endpoint_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the responses; no health endpoint if none is declared.

    Beside and below a declared page, a part that is closed to strangers need not tell them what it lacks.
    """
    if health := record["health"]:
        reason = why_unanswered(health) or why_challenged(health)
        unread: Any = Unread(reason)
        status, cached = (unread, unread) if reason else (health["status"], is_from_cache(health))
        yield HealthEndpoint(subject=subject_of(record, health["url"]), status=status, cached=cached)
    below = (answer for answer in record.get("missing_below", ()) if not _is_closed(answer))
    for missing in (record["missing"], *below):
        reason = why_unanswered(missing) or why_challenged(missing)
        found: Any = Unread(reason) if reason else missing["status"]
        yield MissingPage(subject=subject_of(record, missing["url"]), status=found)


def _is_closed(answer: Mapping[str, Any]) -> bool:
    """Whether a response asks to sign in, or refuses."""
    if answer.get("failed"):
        return False
    return answer["status"] in _CLOSED or bool(answer.get("asks")) or is_sign_in(urlsplit(answer["leads_to"]).path)


#: Status codes for visitors who have not signed in.
_CLOSED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
#: Status codes with which a firewall refuses a request. "Not found" is a response of the site itself.
_REFUSALS: Final = (400, 403, 405, 406, 418, 501)
#: Status codes that reveal nothing about the request.
_BUSY: Final = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AttackAnswered(Fact):
    """The response to an attack on a page; ``subject`` names both."""

    refused: bool
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OrdinaryAnswered(Fact):
    """Responses to ordinary requests of the same form, before and after the attacks; ``subject`` is the page."""

    served: bool
    answer: str


def firewall_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the responses to the attacks on each page, and to ordinary requests beside them."""
    for page in record["pages"]:
        if page["attacked"]:
            of, served = subject_of(record, page["chain"][0]["url"]), _is_served(page)
            yield OrdinaryAnswered(
                subject=of, served=served, answer=" and ".join(map(_render_answer, page["ordinary"]))
            )
            for attack, answer in page["attacked"].items():
                refused = _is_refused(answer, page, served)
                yield AttackAnswered(subject=f"{attack} to {of}", refused=refused, answer=_render_answer(answer))


def _render_answer(answer: Mapping[str, Any]) -> str:
    return str(answer.get("failed") or answer["status"])


def _is_served(page: Mapping[str, Any]) -> Any:
    """Whether both ordinary requests got the same response as the page itself, or Unread if one proves nothing."""
    if reason := next(filter(None, map(why_broken, (*page["ordinary"], page["chain"][0]))), ""):
        return Unread(reason)
    usual = page["chain"][0]["status"]
    return all(answer["status"] in (usual, HTTPStatus.OK) for answer in page["ordinary"])


def _is_refused(answer: Mapping[str, Any], page: Mapping[str, Any], served: Any) -> Any:
    """Whether an attack was refused for being one; Unread if ordinary requests are refused as well.

    A connection closed between two requests that were served was closed on purpose.
    """
    if answer.get("failed") not in (None, "closed"):
        return Unread(why_unanswered(answer))
    status = answer.get("status", 0)
    if status in _BUSY:
        return Unread(f"{answer['url']} was answered {status}, which says nothing about the attack; ask again later")
    refused = not status or status in _REFUSALS or bool(why_challenged(answer))
    if refused and isinstance(served, Unread):
        return served
    if refused and (not served or page["chain"][0]["status"] == status):
        return Unread("ordinary requests are refused, too, so that it shows nothing")
    return refused


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
    """Return the facts in a record of probes, and the kinds that it can't show."""
    return Facts(tuple(fact for maker in _MAKERS for fact in maker(record)), _unreadable(record))


def _unreadable(record: Mapping[str, Any]) -> dict[type, str]:
    """Return why facts of an optional kind may be missing: not requested, or no response."""
    missing: dict[type, str] = {}
    if not record["attacks"]:
        reason = record.get("unattacked") or "no attacks were sent, as it was asked for"
        missing[AttackAnswered] = missing[OrdinaryAnswered] = reason
    whys = [f"{page['path']}: {page['untouched']}" for page in record["pages"] if "untouched" in page]
    if whys and not any(page["attacked"] for page in record["pages"]):
        missing[AttackAnswered] = missing[OrdinaryAnswered] = f"no page takes attack strings: {'; '.join(whys)}"
    if not record["health"]:
        missing[HealthEndpoint] = "no health endpoint is named; name its path"
    if reason := next(filter(None, map(_why_unseen, record["pages"])), ""):
        missing[Cookie] = f"not every page was seen: {reason}"
    return missing


def _why_unseen(page: Mapping[str, Any]) -> str:
    return next(filter(None, map(why_broken, page["chain"])), "") or why_error(page)
