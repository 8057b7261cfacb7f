"""Whether a shared cache may store a response and serve it to other readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

#: Directives that forbid a shared cache to serve a response again without asking the origin.
_FORBIDDING: Final = ("no-store", "private", "no-cache")

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
    """Whether a response says that a cache gave it, without asking the origin.

    >>> came_from_cache({"x-cache": "Hit from cloudfront", "age": "12"}.get)
    True
    >>> came_from_cache({"x-cache": "RefreshHit from cloudfront"}.get), came_from_cache({"age": "0"}.get)
    (False, False)
    """
    age = (header("age") or "").strip()
    said = (header("x-cache") or header("cf-cache-status") or "").lower()
    nearest = (header("cache-status") or "").lower().rsplit(",", 1)[-1]  # RFC 9211: the nearest to us is the last
    aged = age.isdecimal() and int(age) > 0 and "refreshhit" not in said
    return aged or said.startswith("hit") or "hit" in (each.strip() for each in nearest.split(";"))


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
