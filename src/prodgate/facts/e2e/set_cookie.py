"""Reading a Set-Cookie header as browsers do (RFC 6265bis)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: SameSite of a cookie that does not state it.
UNSTATED = "unstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCookie:
    """What a header says of a cookie; its value is not among it."""

    name: str
    secure: bool
    http_only: bool
    same_site: str
    """``strict``, ``lax``, ``none``, what else it says, or ``unstated``."""
    domain: str
    """Empty where it is the host's alone."""
    path: str
    deleted: bool
    """Whether it takes the cookie away."""


def parse_set_cookie(text: str, at: datetime) -> SetCookie:
    """Read a header that came at some time. Of an attribute that is stated twice the last counts."""
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
    return until is not None and until <= at  # browsers leave out what is no date


def read_date(text: str) -> datetime | None:
    """Return the date of a header, in UTC where it names no zone; None for what is no date."""
    try:
        found = parsedate_to_datetime(text)
    except (OverflowError, TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_of_site(domain: str, hosts: Iterable[str]) -> bool:
    """Whether a cookie of this domain is sent to one of the hosts."""
    bare = domain.lower().removeprefix(".")
    return any(host == bare or host.endswith(f".{bare}") for host in map(str.lower, hosts))
