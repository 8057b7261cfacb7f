"""Cookies that the site sets: for anybody who requests a page, and for a reader who signs in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from .. import Fact
from .answers import read_header_values, subject_of, why_challenged
from .cookie_roles import role_of
from .set_cookie import UNSTATED, is_of_site, parse_set_cookie


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cookie(Fact):
    """A cookie that the site sets; ``subject`` is its name and where it was set."""

    secure: bool
    http_only: bool
    same_site: str
    """``strict``, ``lax``, ``none``, ``unstated``, or what else it says."""
    role: str
    """What it is by its name: of a load balancer or an edge, a token for scripts to send back, or empty."""


def cookie_facts(record: Mapping[str, Any]) -> Iterator[Cookie]:
    """Yield each cookie of the pages once; a name that is set with different attributes is two.

    What takes a cookie away sets none, one for a foreign domain is not kept by browsers, and a challenge's are none of
    the site's.
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
    Where ``hosts`` of the site are not given, all are taken for its own.
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
