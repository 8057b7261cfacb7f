"""Whether a source of a Content-Security-Policy matches an address, and which sources let strangers in.

As browsers match (CSP 3, 6.7.2): a source without a scheme has the page's own, ``http:`` matches https as well, and a
path that ends with a slash matches all below it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_SOURCE: Final = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?"
    r"(?::(?P<port>\d+|\*))?(?P<path>/[^?#]*)?",
    re.IGNORECASE,
)
#: Schemes of sources that match an https address: each is upgraded.
_SECURE: Final = ("", "http", "https", "ws", "wss")
#: Sources of a scheme alone that strangers can serve, or that whoever writes into a page can make up.
_SCHEMES: Final = {"http": "", "https": "", "ws": "", "wss": "", "data": "data", "blob": "blob"}
#: What registries sell names below, beside top-level domains: co.uk, com.br, ne.jp.
_REGISTRY: Final = re.compile(r"(?:(?:co|com|net|org|ac|or|ne|go|gov|edu)\.)?[a-z]{2}|[a-z]{3,}|xn--[a-z0-9-]+")
#: Storage whose hosts are by region, and whose buckets are in the path.
_BUCKETS: Final = re.compile(r"s3[.-](?:dualstack\.)?[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_STRANGER: Final = "a-stranger"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stranger's script may be: the host and path of an https address, or the scheme of what is made up."""

    host: str = ""
    path: str = "/a-stranger.js"
    scheme: str = "https"


#: A place that no source can have named.
NOWHERE: Final = Place("a-stranger.invalid")


def matches(source: str, place: Place) -> bool:
    """Whether a source lets a script of this place load."""
    if source.endswith(":") and source[:-1].lower() in _SCHEMES:
        return (_SCHEMES[source[:-1].lower()] or "https") == place.scheme
    found = _SOURCE.fullmatch(source)
    if found is None or place.scheme != "https" or (found["scheme"] or "").lower() not in _SECURE:
        return False
    return _matches_host(found["host"].lower(), place.host) and _matches_path(found["path"] or "", place.path)


def _matches_host(pattern: str, host: str) -> bool:
    return pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _matches_path(pattern: str, path: str) -> bool:
    return pattern == path or not pattern or (pattern.endswith("/") and path.startswith(pattern))


def places_of_strangers(sources: Iterable[str]) -> Iterator[Place]:
    """Yield a place that a stranger can have for each of the sources that lets one in, and may yield others."""
    yield from (NOWHERE, Place(scheme="data"), Place(scheme="blob"))
    for source in sources:
        if (found := _SOURCE.fullmatch(source)) is None:
            continue
        host, path = found["host"].lower(), found["path"] or ""
        if host == "*" or (host.startswith("*.") and _is_shared(host[2:])):
            where = NOWHERE.host if host == "*" else f"{_STRANGER}.{host[2:]}"
            yield Place(where, path + _STRANGER if path.endswith("/") else path or NOWHERE.path)
        elif _BUCKETS.fullmatch(host):
            yield Place(host)
        elif found["port"] in (None, "*", "80", "443"):
            yield from (place for place in _known() if matches(source, place))


def _is_shared(suffix: str) -> bool:
    """Whether anybody can have a name below this one."""
    hosting, below = _hosting()
    return (
        bool(_REGISTRY.fullmatch(suffix))
        or any(one == suffix or one.endswith(f".{suffix}") for one in (*hosting, *below))
        or any(suffix.endswith(f".{one}") for one in below)
    )


@cache
def _hosting() -> tuple[tuple[str, ...], tuple[str, ...]]:
    table = _table()
    return tuple(table["hosting"]), tuple(table["hosting_below"])


@cache
def _known() -> tuple[Place, ...]:
    """Return the addresses that are known to run what others ask for, or to hold what others publish."""
    table = _table()
    listed = (text.partition("/") for kind in ("publishers", "callbacks", "frameworks") for text in table[kind])
    return tuple(Place(host, slash + path) for host, slash, path in listed)


def _table() -> dict[str, list[str]]:
    return tomllib.loads(files(__package__).joinpath("script_hosts.toml").read_text("utf-8"))
