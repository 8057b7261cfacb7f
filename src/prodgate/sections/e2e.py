"""The [e2e] section of a criteria file: the site, its pages, who signs in there, and how it says which build it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from .e2e_before import BeforeVisits, before_mistakes, parse_before
from .validation import HOST, is_text_list, key_mistakes

_TEXTS: Final = {
    "base_url": "https://www.example.com",
    "journeys": "e2e/journeys",
    "health": "/api/health",
    "ca_file": "ca.pem",
}
_LISTS: Final = {
    "hosts": "example.com",
    "third_parties": "fonts.example",
    "partners": "login.example",
    "reads": "POST /graphql",
    "lasting": "GET /updates",
    "reviewed": "color-contrast",
    "sockets": "www.example.com",
}
_KEYS: Final = (*_TEXTS, *_LISTS, "mutates", "build", "before", "credentials", "pages")
_PAGE: Final = ("path", "follow", "regions", "cache")
_CACHES: Final = ("public", "private")
_BUILD: Final = ("header", "meta", "expected")
_ROLE: Final = re.compile(r"[a-z]+")
_REGION: Final = re.compile(r"[a-z]+(: ?\S.*)?")
_RULE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_READ: Final = re.compile(r"[A-Z]+ /\S*")
_EXPECTED: Final = re.compile(r"commit|env:\w+|text:.+")
REFERENCE: Final = re.compile(r"env:\w+|secret:[\w/+=.@:-]+(#[\w-]+)?")


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page as assistive technology knows it: a role, and a name where more than one has that role."""

    role: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPage:
    """A page that is opened, and what must be on it."""

    name: str
    path: str
    follow: str = ""
    """A role: the page meant is the first link of the first region that has it."""
    regions: tuple[Region, ...] = ()
    cache: str = ""
    """``public`` where a shared cache may keep it, ``private`` where none may, empty where nothing is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildMark:
    """How a page says which build served it, and which one is under test."""

    header: str = ""
    meta: str = ""
    """Name of a <meta> element, where no header says it."""
    expected: str = "commit"
    """``commit`` for the one that is judged, ``env:NAME``, or ``text:BUILD``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who signs in, by reference: ``env:NAME`` or ``secret:ID``, with ``#KEY`` for one value of a secret."""

    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class E2eSection:
    """What [e2e] states."""

    base_url: str = ""
    """Where the site is, without a path; a rehearsal has a site of its own."""
    hosts: tuple[str, ...] = ()
    """Further hosts that are the site's own: redirects and links may lead there."""
    third_parties: tuple[str, ...] = ()
    """Hosts of others that pages may ask for something."""
    partners: tuple[str, ...] = ()
    """Hosts of others to which redirects may lead, such as one where readers sign in."""
    reads: tuple[str, ...] = ()
    """Requests such as ``POST /graphql`` that change nothing though their method could."""
    lasting: tuple[str, ...] = ()
    """Requests such as ``GET /updates`` that stay open while a page is used, and are not waited for."""
    reviewed: tuple[str, ...] = ()
    """Rules such as ``color-contrast`` of which a person has looked at what axe leaves undecided."""
    sockets: tuple[str, ...] = ()
    """Hosts to which WebSockets may be opened, since nothing that is said there changes anything."""
    health: str = ""
    journeys: str = "e2e/journeys"
    """Folder with what a person must be able to do; relative to the criteria file."""
    ca_file: str = ""
    """File of a private authority's certificates, in PEM, which are trusted instead of the system's; relative to the
    criteria file.
    """
    mutates: bool = False
    """Whether journeys that are marked so may change something on a real site."""
    build: BuildMark | None = None
    before: BeforeVisits = field(default_factory=BeforeVisits)
    credentials: Mapping[str, Account]
    pages: tuple[DeclaredPage, ...]


def parse_e2e_section(table: Mapping[str, Any]) -> E2eSection:
    """Read a section that has no mistakes."""
    given: dict[str, Any] = {key: table[key] for key in (*_TEXTS, "mutates") if key in table}
    given |= {key: tuple(table[key]) for key in _LISTS if key in table}
    return E2eSection(
        **{**given, "base_url": _normalise(given.get("base_url", ""))},
        build=BuildMark(**table["build"]) if "build" in table else None,
        before=parse_before(table.get("before", {})),
        credentials={name: Account(**each) for name, each in table.get("credentials", {}).items()},
        pages=tuple(_parse_page(name, each) for name, each in table.get("pages", {}).items()),
    )


def _normalise(base_url: str) -> str:
    """Return the address of a site as browsers write it: the host in lower case, no port that goes without saying."""
    parts = urlsplit(base_url.rstrip("/"))
    return parts._replace(netloc=parts.netloc.lower().removesuffix(":443")).geturl()


def _parse_page(name: str, table: Mapping[str, Any]) -> DeclaredPage:
    regions = tuple(Region(*map(str.strip, text.split(":", 1))) for text in table.get("regions", ()))
    return DeclaredPage(**{**table, "name": name, "regions": regions})


def e2e_mistakes(table: Any) -> Iterator[str]:
    """Say what is wrong with an [e2e] section, one line each."""
    if not isinstance(table, dict):
        yield 'e2e: is not a table; write [e2e] with base_url = "https://www.example.com"'
        return
    yield from key_mistakes("e2e", table, _KEYS)
    for key, example in _TEXTS.items():
        if not isinstance(table.get(key, ""), str):
            yield f"e2e.{key}: is {table[key]!r}; write a text, e.g. {example!r}"
    for key, example in _LISTS.items():
        if not is_text_list(table.get(key, [])):
            yield f"e2e.{key}: is {table[key]!r}; write a list of texts, e.g. [{example!r}]"
    if not isinstance(table.get("mutates", False), bool):
        yield f"e2e.mutates: is {table['mutates']!r}; write true or false"
    yield from _place_mistakes(table)
    yield from _request_mistakes(table)
    yield from _build_mistakes(table.get("build", {"header": "x-build"}))
    yield from before_mistakes(table.get("before", {}))
    yield from _account_mistakes(table.get("credentials", {}))
    yield from _page_mistakes(table.get("pages", {}))


def _place_mistakes(table: Mapping[str, Any]) -> Iterator[str]:
    url = table.get("base_url", "")
    if isinstance(url, str) and url:
        site, host = _read_site(url)
        if not site:
            yield f"e2e.base_url: is {url!r}; write https:// and a host, as 'https://{host or 'example.com'}'"
    health = table.get("health", "")
    if isinstance(health, str) and health and not health.startswith("/"):
        yield f"e2e.health: is {health!r}; write a path, e.g. '/{health}'"
    for key in ("hosts", "third_parties", "partners", "sockets"):
        for host in table.get(key, []) if is_text_list(table.get(key, [])) else ():
            if not HOST.fullmatch(host):
                yield f"e2e.{key}: {host!r} is not the name of a host; write e.g. 'www.example.com'"


def _request_mistakes(table: Mapping[str, Any]) -> Iterator[str]:
    for key in ("reads", "lasting"):
        for text in table.get(key, []) if is_text_list(table.get(key, [])) else ():
            if not _READ.fullmatch(text):
                yield f"e2e.{key}: {text!r} is not a method and a path; write e.g. {_LISTS[key]!r}"
    for text in table.get("reviewed", []) if is_text_list(table.get("reviewed", [])) else ():
        if not _RULE.fullmatch(text):
            yield f"e2e.reviewed: {text!r} is not the id of a rule of axe; write e.g. {_LISTS['reviewed']!r}"


def _read_site(url: str) -> tuple[bool, str]:
    """Return whether a URL names a site and nothing in it, and its host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # brackets that hold no address, a port that is no number
        return False, ""
    inside = parts.path.strip("/") or parts.query or "@" in url
    return bool(parts.scheme == "https" and host and port != 0 and not inside), host


def _build_mistakes(build: Any) -> Iterator[str]:
    if not isinstance(build, dict) or not all(isinstance(each, str) and each for each in build.values()):
        yield f'e2e.build: is {build!r}; write {{ header = "x-build" }}'
        return
    yield from key_mistakes("e2e.build", build, _BUILD)
    if ("header" in build) == ("meta" in build):
        yield 'e2e.build: says not in one way how a page names its build; write header = "x-build" or meta = "build"'
    if not _EXPECTED.fullmatch(build.get("expected", "commit")):
        yield f"e2e.build.expected: is {build['expected']!r}; write 'commit', 'env:NAME' or 'text:BUILD'"


def _account_mistakes(accounts: Any) -> Iterator[str]:
    if not isinstance(accounts, dict):
        yield f'e2e.credentials: is {accounts!r}; write reader = {{ user = "env:USER", password = "secret:ID" }}'
        return
    for name, account in accounts.items():
        where = f"e2e.credentials.{name}"
        if not isinstance(account, dict) or set(account) != {"user", "password"}:
            # what was written may be a password, and is not said again
            yield f'{where}: has not exactly user and password; write {{ user = "env:USER", password = "secret:ID" }}'
            continue
        for key, text in account.items():
            if not isinstance(text, str) or not REFERENCE.fullmatch(text):
                yield f"{where}.{key}: is no reference; write 'env:NAME' or 'secret:ID', and never the value itself"


def _page_mistakes(pages: Any) -> Iterator[str]:
    if not isinstance(pages, dict):
        yield f'e2e.pages: is {pages!r}; write [e2e.pages] with front = {{ path = "/" }}'
        return
    for name, page in pages.items():
        where = f"e2e.pages.{name}"
        if not isinstance(page, dict) or not isinstance(page.get("path"), str) or not page["path"].startswith("/"):
            yield f'{where}: is {page!r}; write {{ path = "/", regions = ["main"] }}'
            continue
        yield from key_mistakes(where, page, _PAGE)
        if not isinstance(page.get("follow", "main"), str) or not _ROLE.fullmatch(page.get("follow", "main")):
            yield f"{where}.follow: is {page['follow']!r}; write the role of a region, e.g. 'article'"
        if page.get("cache", "public") not in _CACHES:
            yield f"{where}.cache: is {page['cache']!r}; write 'public' or 'private'"
        regions = page.get("regions", [])
        if not is_text_list(regions) or not all(_REGION.fullmatch(each) for each in regions):
            yield f"{where}.regions: is {regions!r}; write roles, e.g. ['main', 'navigation: Main menu']"
