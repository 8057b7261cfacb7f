"""Probes a site within a time limit: its pages, a missing page, its certificates and TLS versions, its health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from ..facts.e2e.answers import is_from_cache
from ..facts.e2e.nonces import read_nonces
from .attacks import ATTACKS, ORDINARY, add_query
from .certificates import inspect_certificates
from .cookie_keys import ask_with_cookies
from .exchange import Exchange, fetch
from .versions import probe_tls_versions

#: Redirects that are followed at most; browsers give up at 20.
MAX_REDIRECTS: Final = 10
#: How often a page is requested again until a cache answers: one edge location has several caches.
REPEATS: Final = {"public": 4, "private": 1}
#: Pages that are probed at the same time.
_CONCURRENCY: Final = 4
#: Requests that time out before a place that never answered, or a path that answers no attack, gets no further one.
_MAX_SILENT: Final = 3
_PORTS: Final = {"http": 80, "https": 443}
#: Kinds of page that are attacked; a private one, or the front of a further host, need not take a query.
_ATTACKED: Final = ("public", "")
#: A path at which no site has a page.
MISSING_PATH: Final = "/prod-gate-probes/there-is-no-such-page"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the site: a shared cache may store ``public`` ones and must not store ``private`` ones."""

    path: str
    kind: str = ""
    """``public``, ``private``, or empty where neither is declared; ``further host`` for the root of a further host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedSite:
    """The site to probe."""

    base_url: str
    """Such as ``https://www.example.com``."""
    place: str = ""
    """A stable name for people, the same in every run; ``base_url`` by default."""
    pages: Sequence[Page]
    hosts: Sequence[str] = ()
    """Further names of the site. Each is probed, and redirects may lead to it."""
    partners: Sequence[str] = ()
    """Foreign hosts to which redirects may lead, such as one where readers sign in. They get no requests."""
    plain_url: str = ""
    """The address of plain HTTP, for its port; 80 by default, unless ``base_url`` names a port."""
    health: str = ""
    """Path of the health endpoint; empty for none."""
    ca_file: str = ""
    """A file of authorities that are trusted instead of the system's."""
    attacks: bool = False
    """Whether attack strings are sent, after all else, to every page that is not private; those refuse any request."""


@dataclass(slots=True)
class Visitor:
    """Sends requests until the time is over; what does not answer is not asked again, and ends nothing else.

    A place is a scheme, host and port. One that never answered is left alone after a few requests, whichever they are;
    one that does answer keeps its silent paths to themselves: port 80 may be dropped, or one page be a tarpit.
    """

    timeout: float
    until: float
    """By the monotonic clock."""
    silent: Counter[str] = field(default_factory=Counter)
    """Timeouts by place, and by place and path."""
    answering: set[str] = field(default_factory=set)
    """Places that answered something."""

    def fetch(self, url: str, *, attack: bool = False, cookies: str = "") -> Exchange:
        """Send one request; ``not asked`` where others before were not answered in time.

        An attack that is not answered says nothing of its page, which is asked for all the same.
        """
        place, path = _place_of(url), f"{'attacks on ' * attack}{_place_of(url)}{urlsplit(url).path}"
        if reason := self._why_not(place, path, attack=attack):
            return Exchange(url=url, failed="not asked", detail=reason)
        exchange = fetch(url, timeout=max(min(self.timeout, self.until - monotonic()), 0.001), cookies=cookies)
        if exchange.failed == "silent":
            self.silent.update([path] if attack else [place, path])
        elif not exchange.failed:
            self.answering.add(place)
        return exchange

    def _why_not(self, place: str, path: str, *, attack: bool) -> str:
        if place not in self.answering and self.silent[place] >= _MAX_SILENT:
            return f"{_MAX_SILENT} requests to {place} before were not answered in time"
        if self.silent[path] >= (_MAX_SILENT if attack else 1):
            return f"a request to {path} before was not answered in time"
        return "the time for all probes was over" if monotonic() >= self.until else ""

    def follow(self, url: str, own: Sequence[str]) -> tuple[list[Exchange], str]:
        """Follow redirects within the site's own hosts; return every exchange, and how the chain ended.

        That is ``answer``, ``no answer``, ``loop``, ``elsewhere`` (not asked for) or ``too long``.
        """
        chain = [self.fetch(url)]
        while next_ := chain[-1].leads_to:
            if urlsplit(next_).hostname not in own or urlsplit(next_).scheme not in ("http", "https"):
                return chain, "elsewhere"
            if _normalise(next_) in {_normalise(one.url) for one in chain}:
                return chain, "loop"
            if len(chain) > MAX_REDIRECTS:
                return chain, "too long"
            chain.append(self.fetch(next_))
        return chain, "no answer" if chain[-1].failed else "answer"


def probe(site: ProbedSite, *, timeout: float = 5.0, limit: float = 60.0) -> dict[str, Any]:
    """Return a site's answers as JSON values; it never raises.

    ``timeout`` is seconds for one request, ``limit`` for all of them; what there is no time for is ``not asked``.
    """
    visitor = Visitor(timeout, monotonic() + limit)
    own, base = list_hosts(site), site.base_url.rstrip("/")
    hands = _probe_tls(site, own, timeout)
    fronts = [Page(f"{_host_url(site, host)}/", "further host") for host in own[1:]]
    with ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="probes") as threads:
        pages = list(threads.map(lambda page: _probe_page(visitor, site, page, own), (*site.pages, *fronts)))
    record = {
        "base_url": base,
        "place": site.place or base,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "hosts": own,
        "partners": list(site.partners),
        "attacks": False,
        **hands,
        "pages": pages,
        "missing": visitor.fetch(base + MISSING_PATH).to_json(),
        "health": visitor.fetch(urljoin(base, site.health)).to_json() if site.health else None,
    }
    return attack(site, record, timeout=timeout, limit=limit) if site.attacks else record


def attack(site: ProbedSite, record: Mapping[str, Any], *, timeout: float = 5.0, limit: float = 60.0) -> dict[str, Any]:
    """Send attack strings to a site that was probed, and return its record with how they were answered.

    This comes after everything else that is asked of a site, which may refuse whatever follows from the same address.
    """
    visitor = Visitor(timeout, monotonic() + limit)

    def with_attacks(page: Mapping[str, Any]) -> dict[str, Any]:
        attacked = page["kind"] in _ATTACKED
        return {**page, **(_probe_attacks(visitor, urljoin(site.base_url, page["path"])) if attacked else {})}

    with ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="attacks") as threads:
        pages = list(threads.map(with_attacks, record["pages"]))
    return {**record, "attacks": True, "pages": pages}


def list_hosts(site: ProbedSite) -> list[str]:
    """Return the names that the site is served under, in lower case, its own first."""
    return list(dict.fromkeys([urlsplit(site.base_url).hostname or "", *(host.lower() for host in site.hosts)]))


def _place_of(url: str) -> str:
    """Return scheme, host and port of an address, in one spelling."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS.get(parts.scheme)}"


def _normalise(url: str) -> str:
    """Return an address in one spelling, without a fragment, which is not sent."""
    parts = urlsplit(url)
    return f"{_place_of(url)}{parts.path or '/'}?{parts.query}"


def _host_url(site: ProbedSite, host: str) -> str:
    """Return the address of a further host of the site, on the same port."""
    parts = urlsplit(site.base_url)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _probe_tls(site: ProbedSite, own: Sequence[str], timeout: float) -> dict[str, Any]:
    """Return certificate and TLS versions of each host of the site."""
    parts = urlsplit(site.base_url)
    if parts.scheme != "https":
        return {"certificates": {}, "tls": {}}
    port = parts.port or 443
    shown = {name: inspect_certificates(name, port, ca_file=site.ca_file, timeout=timeout) for name in own}
    return {"certificates": shown, "tls": {name: probe_tls_versions(name, port, timeout=timeout) for name in own}}


def _probe_page(visitor: Visitor, site: ProbedSite, page: Page, own: Sequence[str]) -> dict[str, Any]:
    url = urljoin(site.base_url, page.path)
    chain, ended = visitor.follow(url, own)
    # a nonce can only be seen to change in a second answer
    most = max(REPEATS.get(page.kind, 0), bool(read_nonces(chain[-1].to_json())))
    again = _fetch_again(visitor, chain[-1].url, most) if ended == "answer" else []
    public = page.kind == "public"
    return {
        "path": page.path,
        "kind": page.kind,
        "chain": [one.to_json() for one in chain],
        "ended": ended,
        "again": [one.to_json() for one in again],
        "with_cookies": ask_with_cookies(visitor.fetch, [*chain, *again], REPEATS["public"]) if public else {},
        "plain": _probe_plain_http(visitor, site, url, own),
        "ordinary": [],
        "attacked": {},
    }


def _fetch_again(visitor: Visitor, url: str, most: int) -> list[Exchange]:
    """Repeat a request until a cache answers or there is no answer."""
    asked: list[Exchange] = []
    while len(asked) < most and not (asked and (asked[-1].failed or is_from_cache(asked[-1].to_json()))):
        asked.append(visitor.fetch(url))
    return asked


def _probe_plain_http(visitor: Visitor, site: ProbedSite, url: str, own: Sequence[str]) -> dict[str, Any] | None:
    """Request it over plain HTTP; None where the port is unknown."""
    parts, known = urlsplit(url), urlsplit(site.plain_url)
    if parts.port and not site.plain_url:
        return None
    port = f":{known.port}" if known.port else ""
    chain, ended = visitor.follow(parts._replace(scheme="http", netloc=f"{parts.hostname}{port}").geturl(), own)
    return {"chain": [one.to_json() for one in chain], "ended": ended}


def _probe_attacks(visitor: Visitor, url: str) -> dict[str, Any]:
    """Send each attack, between two ordinary requests of the same form."""
    before = visitor.fetch(add_query(url, ORDINARY))
    attacked = {name: visitor.fetch(add_query(url, text), attack=True).to_json() for name, text in ATTACKS.items()}
    after = visitor.fetch(add_query(url, ORDINARY))
    return {"ordinary": [before.to_json(), after.to_json()], "attacked": attacked}
