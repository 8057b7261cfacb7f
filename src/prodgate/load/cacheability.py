"""Whether a shared cache may store a response and serve it to other readers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

#: Directives that forbid a shared cache to serve a response again without asking the origin.
_FORBIDDING: Final = ("no-store", "private", "no-cache")

#: Where caches say what they did: CloudFront, Fastly, Akamai and Squid, Cloudflare, nginx, Vercel.
_SAYING: Final = ("x-cache", "cf-cache-status", "x-cache-status", "x-proxy-cache", "x-vercel-cache")
#: That one gave what it had, out of date or not, and that it asked the origin whether that is still good.
_GIVEN: Final = re.compile(r"(?<![a-z])(?<!refresh_)(?:hit|stale|updating|prerender)(?![a-z])")
_ASKED: Final = re.compile(r"refresh_?hit|revalidated")
#: Returns the value of a header, None when there is none.
GetHeader = Callable[[str], str | None]


def explain_unshareable(header: GetHeader) -> str:
    """Return why a response can't be shared, "" when it can.

    >>> explain_unshareable({"cache-control": "public, max-age=60"}.get)
    ''
    >>> explain_unshareable({"cache-control": "private, max-age=60"}.get)
    'Cache-Control: private'
    """
    return next(_list_reasons(header), "")


def came_from_cache(header: GetHeader) -> bool:
    """Whether a response says that a cache gave it, without asking the origin; where there are several, any of them.

    >>> came_from_cache({"x-cache": "Hit from cloudfront", "age": "12"}.get)
    True
    >>> came_from_cache({"x-cache": "RefreshHit from cloudfront"}.get), came_from_cache({"age": "0"}.get)
    (False, False)
    """
    age = (header("age") or "").strip()
    said = " ".join(header(name) or "" for name in _SAYING).lower()
    stated = re.split("[;,]", (header("cache-status") or "").lower())  # RFC 9211: of each cache on the way
    aged = age.isdecimal() and int(age) > 0 and not _ASKED.search(said)
    return aged or bool(_GIVEN.search(said)) or "hit" in (each.strip() for each in stated)


def _list_reasons(header: GetHeader) -> Iterator[str]:
    directives = dict(_parse_directives(header("cache-control") or ""))
    yield from (f"Cache-Control: {name}" for name in _FORBIDDING if name in directives)
    lifetime = directives.get("s-maxage", directives.get("max-age"))
    if lifetime is None:
        yield "no lifetime in Cache-Control"
    elif not lifetime.isdecimal() or int(lifetime) == 0:
        yield f"Cache-Control: lifetime {lifetime}"
    if header("set-cookie"):
        yield "Set-Cookie"
    varying = {name.strip().lower() for name in (header("vary") or "").split(",")}
    yield from (f"Vary: {name}" for name in ("*", "cookie", "authorization", "user-agent") if name in varying)


def _parse_directives(text: str) -> Iterator[tuple[str, str]]:
    for part in text.lower().split(","):
        name, _, value = part.strip().partition("=")
        yield name, value.strip('"')
