"""Cookies that the site sets, for anybody who requests a page and for a reader who signs in, read as browsers read them
(RFC 6265bis); and which of them aren't its own to protect, or are for its scripts, by the names that products give.

Sources: AWS, "Sticky sessions for your Application Load Balancer" and "… Classic Load Balancer", "AWS WAF token use";
Cloudflare, "Cloudflare cookies"; Microsoft, "ARRAffinity"; Google Cloud, "Session affinity"; Heroku, "Session
affinity"; Akamai, "Bot Manager cookies"; Imperva, "Cookies"; DataDome, "Cookie policy"; F5, K6917. Where scripts must
send a token back: Angular, "XSRF/CSRF security", axios, "xsrfCookieName", Laravel, "X-XSRF-TOKEN", Django,
"CSRF_COOKIE_HTTPONLY".
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from .. import Fact
from .answers import read_header_values, subject_of, why_challenged

#: Set by a load balancer or by something else in front of the site, and by nobody else: it names a target or a browser.
BALANCER: Final = "of a load balancer or an edge"
#: A token that a script of the site reads and sends back in a header, which other sites' scripts can't.
DOUBLE_SUBMIT: Final = "a token for scripts to send back"
#: Any other cookie.
OWN: Final = ""

_BALANCERS: Final = re.compile(
    r"AWSALB(CORS|TG|TGCORS|APP-\d+|AuthNonce)?|AWSELB(CORS)?|aws-waf-token|aws_waf_token_challenge_attempts"
    r"|__cf_bm|__cflb|__cfruid|__cfseq|__cfwaitingroom|_cfuvid|cf_clearance|cf_ob_info|cf_use_ob|__cfduid"
    r"|ARRAffinity(SameSite)?|ApplicationGatewayAffinity(CORS)?|TiPMix|x-ms-routing-name|GCLB|GCILB|heroku-session-affinity"
    r"|_abck|ak_bmsc|bm_sz|bm_sv|bm_mi|bm_so|bm_s|akavpau_.*|akaalb_.*"
    r"|incap_ses_.*|visid_incap_.*|nlbi_.*|reese84|datadome|BIGipServer.*|TS01[0-9a-f]{6}|fly-force-instance-id"
)
_DOUBLE_SUBMITS: Final = re.compile(
    r"(__Host-|__Secure-)?(XSRF-TOKEN|CSRF-TOKEN|csrftoken|csrf_token|csrf-token)", re.IGNORECASE
)


def role_of(name: str) -> str:
    """Return the role of a cookie by its name: BALANCER, DOUBLE_SUBMIT or OWN."""
    if _BALANCERS.fullmatch(name):
        return BALANCER
    return DOUBLE_SUBMIT if _DOUBLE_SUBMITS.fullmatch(name) else OWN


#: SameSite of a cookie that does not state it.
UNSTATED = "unstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCookie:
    """The attributes of a cookie in a header, without its value."""

    name: str
    secure: bool
    http_only: bool
    same_site: str
    """``strict``, ``lax``, ``none``, any other stated value, or ``unstated``."""
    domain: str
    """Empty if it is for this host alone."""
    path: str
    deleted: bool
    """Whether it deletes the cookie."""


def parse_set_cookie(text: str, at: datetime) -> SetCookie:
    """Read a header that came at some time. If an attribute is stated twice, the last counts."""
    pair, *rest = text.split(";")
    stated = {name.strip().lower(): value.strip() for name, _, value in (one.partition("=") for one in rest)}
    return SetCookie(
        name=pair.partition("=")[0].strip() if "=" in pair else "",
        secure="secure" in stated,
        http_only="httponly" in stated,
        same_site=stated.get("samesite", UNSTATED).lower(),
        domain=stated.get("domain", "").lower().removeprefix("."),
        path=stated.get("path", ""),
        deleted=_is_over(stated.get("max-age", ""), stated.get("expires", ""), at),
    )


def _is_over(max_age: str, expires: str, at: datetime) -> bool:
    """Whether a lifetime is over: by Max-Age, else by Expires."""
    if max_age.removeprefix("-").isdigit():
        return int(max_age) <= 0
    until = read_date(expires)
    return until is not None and until <= at  # browsers ignore an invalid date


def read_date(text: str) -> datetime | None:
    """Return the date of a header, in UTC if it names no zone; None if it is no date."""
    try:
        found = parsedate_to_datetime(text)
    except (OverflowError, TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_of_site(domain: str, hosts: Iterable[str]) -> bool:
    """Whether a cookie of this domain is sent to one of the hosts."""
    bare = domain.lower().removeprefix(".")
    return any(host == bare or host.endswith(f".{bare}") for host in map(str.lower, hosts))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cookie(Fact):
    """A cookie that the site sets; ``subject`` is its name and where it was set."""

    secure: bool
    http_only: bool
    same_site: str
    """``strict``, ``lax``, ``none``, ``unstated``, or any other stated value."""
    role: str
    """Its role by its name: a load balancer's or an edge's, a token for scripts to send back, or empty."""


def cookie_facts(record: Mapping[str, Any]) -> Iterator[Cookie]:
    """Yield each cookie of the pages once; a name that is set with different attributes is two.

    A deletion sets no cookie, browsers drop one for a foreign domain, and a challenge's cookies are not the site's.
    """
    seen: set[tuple[str, bool, bool, str]] = set()
    at = datetime.fromisoformat(record["at"])
    for page in record["pages"]:
        for answer in (*page["chain"], *page["again"]):
            host = urlsplit(answer["url"]).hostname or ""
            for text in read_header_values(answer, "set-cookie") if not why_challenged(answer) else ():
                one = parse_set_cookie(text, at)
                stated = (one.name, one.secure, one.http_only, one.same_site)
                if one.deleted or not is_of_site(one.domain or host, [host]) or stated in seen:
                    continue
                seen.add(stated)
                yield _cookie(f"cookie {one.name!r} set by {subject_of(record, answer['url'])}", *stated)


def browser_cookies(
    place: str, cookies: Iterable[Mapping[str, Any]], hosts: Iterable[str] | None = None
) -> tuple[Cookie, ...]:
    """Return the cookies that a browser has of the site; ``place`` says when, such as ``after sign-in``.

    Each has ``name``, ``domain``, ``secure``, ``httpOnly`` and ``sameSite`` as Playwright states them, and no value.
    Without the site's ``hosts``, all count as its own.
    """
    return tuple(
        _cookie(
            f"cookie {one['name']!r} {place}",
            str(one["name"]),
            bool(one["secure"]),
            bool(one["httpOnly"]),
            str(one.get("sameSite") or UNSTATED).lower(),
        )
        for one in cookies
        if hosts is None or is_of_site(str(one["domain"]), hosts)
    )


def _cookie(subject: str, name: str, secure: bool, http_only: bool, same_site: str) -> Cookie:
    return Cookie(subject=subject, secure=secure, http_only=http_only, same_site=same_site, role=role_of(name))
