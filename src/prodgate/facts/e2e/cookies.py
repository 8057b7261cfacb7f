"""Cookies that the site sets: for anybody who requests a page, and for a reader who signs in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .. import Fact
from .answers import read_header_values, subject_of

#: SameSite of a cookie that does not state it.
UNSTATED: Final = "unstated"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cookie(Fact):
    """A cookie that the site sets; ``subject`` is its name and where it was set."""

    secure: bool
    http_only: bool
    same_site: str
    """``strict``, ``lax``, ``none``, or ``unstated``."""


def cookie_facts(record: Mapping[str, Any]) -> Iterator[Cookie]:
    """Yield each cookie of the pages once; a name that is set with different attributes is two."""
    seen: set[tuple[str, tuple[bool, bool, str]]] = set()
    for page in record["pages"]:
        for answer in (*page["chain"], *page["again"]):
            for text in read_header_values(answer, "set-cookie"):
                name, stated = _parse_set_cookie(text)
                if (name, stated) not in seen:
                    seen.add((name, stated))
                    yield _cookie(f"cookie {name!r} set by {subject_of(record, answer['url'])}", *stated)


def browser_cookies(place: str, cookies: Iterable[Mapping[str, Any]]) -> tuple[Cookie, ...]:
    """Return the cookies that a browser has; ``place`` says when, such as ``after sign-in``.

    Each has ``name``, ``secure``, ``httpOnly`` and ``sameSite`` as Playwright states them; values are not read.
    """
    return tuple(
        _cookie(
            f"cookie {one['name']!r} {place}",
            bool(one["secure"]),
            bool(one["httpOnly"]),
            str(one.get("sameSite") or UNSTATED).lower(),
        )
        for one in cookies
    )


def _cookie(subject: str, secure: bool, http_only: bool, same_site: str) -> Cookie:
    return Cookie(subject=subject, secure=secure, http_only=http_only, same_site=same_site)


def _parse_set_cookie(text: str) -> tuple[str, tuple[bool, bool, str]]:
    """Read a Set-Cookie header whose value was removed."""
    pair, *rest = text.split(";")
    stated = {name.strip().lower(): value.strip().lower() for name, _, value in (one.partition("=") for one in rest)}
    return pair.partition("=")[0].strip(), ("secure" in stated, "httponly" in stated, stated.get("samesite", UNSTATED))
