"""Probes a site within a time limit: its pages, a missing page, its certificates and TLS versions, its health."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from http.cookiejar import CookieJar
from itertools import islice
from secrets import randbelow, token_hex
from time import monotonic
from types import SimpleNamespace
from typing import Any, Final, Protocol
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import Request

from ..facts.e2e.answers import is_from_cache
from ..facts.e2e.headers import read_nonces
from ..sections.changing import is_at, why_untouched
from .certificates import inspect_certificates, probe_tls_versions
from .exchange import Exchange, fetch

#: Attack -> the value of the query parameter. Each is refused by AWS's managed groups (SQLiRuleSet, CommonRuleSet), and
#: does nothing elsewhere: it reads no file that matters, names no table, and runs in no browser.
ATTACKS: Final = {
    "an SQL injection": "1' OR '1'='1' UNION SELECT NULL,NULL-- ",
    "a directory traversal": "../../../../../../etc/passwd",
    "a script": "<script>alert(document.cookie)</script>",
}
#: An ordinary value of the same parameter.
ORDINARY: Final = "game seven"


def add_query(url: str, value: str) -> str:
    """Return an address with one more query parameter, which holds the value."""
    parts = urlsplit(url)
    more = f"q={quote(value, safe='')}"
    return parts._replace(query=f"{parts.query}&{more}" if parts.query else more).geturl()


#: What is asked with: cookies that the site never set, as analytics in a page set them.
UNKNOWN: Final = "a cookie that the site does not know"
#: And the names that the site itself gives to everybody, each with a value that nobody had.
OWN: Final = "the site's own cookies"


class Fetch(Protocol):
    """Sends one request with some cookies."""

    def __call__(self, url: str, *, cookies: str = "") -> Exchange:
        """Return its outcome."""


def ask_with_cookies(fetch: Fetch, answers: Sequence[Exchange], most: int) -> dict[str, list[dict[str, Any]]]:
    """Return the answers to each kind of cookie, with new values in each request until a cache answers.

    If no answer without cookies came from a cache, nothing is sent: a cookie could not show a difference.
    """
    if not any(is_from_cache(one.to_json()) for one in answers):
        return {}
    pairs = (value.partition(";")[0] for one in answers for name, value in one.headers if name == "set-cookie")
    named = sorted({pair.partition("=")[0].strip() for pair in pairs} - {""})
    asked = {UNKNOWN: ["_ga", f"probe_{token_hex(4)}"], **({OWN: named} if named else {})}
    return {kind: list(_ask(fetch, answers[-1].url, names, most)) for kind, names in asked.items()}


def _ask(fetch: Fetch, url: str, names: Sequence[str], most: int) -> Iterator[dict[str, Any]]:
    for _ in range(most):
        one = fetch(url, cookies="; ".join(f"{name}={_value(name)}" for name in names)).to_json()
        yield one
        if one.get("failed") or is_from_cache(one):
            return


def _value(name: str) -> str:
    """Return a value that nobody has; that of _ga looks like one."""
    return f"GA1.1.{randbelow(10**9)}.{randbelow(10**9)}" if name == "_ga" else token_hex(16)


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
#: The name of no page, a path at which no site has a page, and how many folders of declared pages are asked for one.
_MISSING: Final = "there-is-no-such-page"
MISSING_PATH: Final = f"/prod-gate-probes/{_MISSING}"
_MAX_FOLDERS: Final = 10


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
    untouched: Sequence[str] = ()
    reads: Sequence[str] = ()
    """Paths that are not asked for, and requests such as ``GET /cart`` that change nothing whatever their paths say."""
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
    site: ProbedSite
    silent: Counter[str] = field(default_factory=Counter)
    """Timeouts by place, and by place and path."""
    answering: set[str] = field(default_factory=set)
    """Places that answered something."""

    def fetch(self, url: str, *, attack: bool = False, cookies: str = "") -> Exchange:
        """Send one request; ``not asked`` if earlier ones got no answer in time, or if it may change something.

        An unanswered attack says nothing about its page, which is still requested.
        """
        place, path = _place_of(url), f"{'attacks on ' * attack}{_place_of(url)}{urlsplit(url).path}"
        if reason := self.why_untouched(url) or self._why_not(place, path, attack=attack):
            return Exchange(url=url, failed="not asked", detail=reason)
        exchange = fetch(url, timeout=max(min(self.timeout, self.until - monotonic()), 0.001), cookies=cookies)
        if exchange.failed == "silent":
            self.silent.update([path] if attack else [place, path])
        elif not exchange.failed:
            self.answering.add(place)
        return exchange

    def why_untouched(self, url: str, *, stated: bool = True) -> str:
        """Return why an address is not asked for, or nothing; a ``stated`` page is, whatever its path says."""
        known = (*(page.path for page in self.site.pages), self.site.health) if stated else ()
        if any(_ask_alike(url, urljoin(self.site.base_url, each)) for each in known):
            return ""
        return why_untouched(url, self.site.untouched, self.site.reads)

    def _why_not(self, place: str, path: str, *, attack: bool) -> str:
        if place not in self.answering and self.silent[place] >= _MAX_SILENT:
            return f"{_MAX_SILENT} requests to {place} before were not answered in time"
        if self.silent[path] >= (_MAX_SILENT if attack else 1):
            return f"a request to {path} before was not answered in time"
        return "the time for all probes was over" if monotonic() >= self.until else ""

    def follow(self, url: str, own: Sequence[str]) -> tuple[list[Exchange], str, str]:
        """Follow redirects within the site's own hosts; return every exchange, how the chain ended, and the cookies.

        It ends by ``answer``, ``no answer``, ``loop``, ``elsewhere`` (not asked for) or ``too long``. Cookies that are
        set on the way are sent on, as browsers do: a site may look whether they come back.
        """
        chain, cookies, jar = [self.fetch(url)], "", CookieJar()
        asked = {(_normalise(url), cookies)}
        while next_ := chain[-1].leads_to:
            there, strange = urlsplit(next_), is_at(next_, self.site.partners)  # one may be on another port of the site
            if strange or there.hostname not in own or there.scheme not in ("http", "https"):
                return chain, "elsewhere", cookies
            cookies = _carry_cookies(jar, chain[-1], next_)
            if (_normalise(next_), cookies) in asked:
                return chain, "loop", cookies
            if len(chain) > MAX_REDIRECTS:
                return chain, "too long", cookies
            asked.add((_normalise(next_), cookies))
            chain.append(self.fetch(next_, cookies=cookies))
        return chain, "no answer" if chain[-1].failed else "answer", cookies


def _carry_cookies(jar: CookieJar, answer: Exchange, url: str) -> str:
    """Take the cookies of an answer, and return those that a browser sends with the next request."""
    headers = Message()
    for name, value in answer.headers:
        headers[name] = value
    asked, asking = Request(answer.url), Request(url)  # noqa: S310  nothing is sent by them, and both are of HTTP
    jar.extract_cookies(SimpleNamespace(info=lambda: headers), asked)  # type: ignore[arg-type]
    jar.add_cookie_header(asking)
    return asking.get_header("Cookie") or ""


def probe(site: ProbedSite, *, timeout: float = 5.0, limit: float = 60.0) -> dict[str, Any]:
    """Return a site's answers as JSON values; it never raises.

    ``timeout`` is seconds for one request, ``limit`` for all of them; what there is no time for is ``not asked``.
    """
    visitor = Visitor(timeout, monotonic() + limit, site)
    base = site.base_url.rstrip("/")
    own = list(dict.fromkeys([urlsplit(base).hostname or "", *(host.lower() for host in site.hosts)]))
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
        "missing_below": [visitor.fetch(url).to_json() for url in _list_missing(visitor, site)],
    }
    return attack(site, record, timeout=timeout, limit=limit) if site.attacks else record


def attack(site: ProbedSite, record: Mapping[str, Any], *, timeout: float = 5.0, limit: float = 60.0) -> dict[str, Any]:
    """Send attack strings to a site that was probed, and return its record with how they were answered.

    Attacks come last, because the site may then refuse every request from the same address.
    """
    visitor = Visitor(timeout, monotonic() + limit, site)

    def with_attacks(page: Mapping[str, Any]) -> dict[str, Any]:
        url = urljoin(site.base_url, page["path"])
        if page["kind"] not in _ATTACKED or (why := visitor.why_untouched(url, stated=False)):
            return {**page, **({"untouched": why} if page["kind"] in _ATTACKED else {})}
        return {**page, **_probe_attacks(visitor, url)}

    with ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="attacks") as threads:
        pages = list(threads.map(with_attacks, record["pages"]))
    return {**record, "attacks": True, "pages": pages}


def _place_of(url: str) -> str:
    """Return scheme, host and port of an address, in one spelling."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _PORTS.get(parts.scheme)}"


def _normalise(url: str) -> str:
    """Return an address in one spelling, without a fragment, which is not sent."""
    parts = urlsplit(url)
    return f"{_place_of(url)}{parts.path or '/'}?{parts.query}"


def _ask_alike(one: str, other: str) -> bool:
    """Whether two addresses ask for the same, of whatever host, with or without a slash at the end."""
    parts, others = urlsplit(one), urlsplit(other)
    return (parts.path.rstrip("/"), parts.query) == (others.path.rstrip("/"), others.query)


def _host_url(site: ProbedSite, host: str) -> str:
    """Return the address of a further host of the site, on the same port."""
    parts = urlsplit(site.base_url)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _probe_tls(site: ProbedSite, own: Sequence[str], timeout: float) -> dict[str, Any]:
    parts = urlsplit(site.base_url)
    if parts.scheme != "https":
        return {"certificates": {}, "tls": {}}
    port = parts.port or 443
    shown = {name: inspect_certificates(name, port, ca_file=site.ca_file, timeout=timeout) for name in own}
    return {"certificates": shown, "tls": {name: probe_tls_versions(name, port, timeout=timeout) for name in own}}


def _probe_page(visitor: Visitor, site: ProbedSite, page: Page, own: Sequence[str]) -> dict[str, Any]:
    url = urljoin(site.base_url, page.path)
    chain, ended, cookies = visitor.follow(url, own)
    # a nonce can only be seen to change in a second answer
    most = max(REPEATS.get(page.kind, 0), bool(read_nonces(chain[-1].to_json())))
    again = _fetch_again(visitor, chain[-1].url, most, cookies) if ended == "answer" else []
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


def _list_missing(visitor: Visitor, site: ProbedSite) -> list[str]:
    """Return an address without a page beside and below each declared page: each pattern of paths has its answer."""
    paths = [urlsplit(page.path).path for page in site.pages]
    folders = dict.fromkeys([*(path.rpartition("/")[0] for path in paths), *(path.rstrip("/") for path in paths)])
    urls = (urljoin(site.base_url, f"{folder}/{_MISSING}") for folder in folders)
    return list(islice((url for url in urls if not visitor.why_untouched(url)), _MAX_FOLDERS))


def _fetch_again(visitor: Visitor, url: str, most: int, cookies: str) -> list[Exchange]:
    """Repeat a request until a cache answers or there is no answer."""
    asked: list[Exchange] = []
    while len(asked) < most and not (asked and (asked[-1].failed or is_from_cache(asked[-1].to_json()))):
        asked.append(visitor.fetch(url, cookies=cookies))
    return asked


def _probe_plain_http(visitor: Visitor, site: ProbedSite, url: str, own: Sequence[str]) -> dict[str, Any] | None:
    """Request it over plain HTTP; None where the port is unknown."""
    parts, known = urlsplit(url), urlsplit(site.plain_url)
    if parts.port and not site.plain_url:
        return None
    port = f":{known.port}" if known.port else ""
    chain, ended, _ = visitor.follow(parts._replace(scheme="http", netloc=f"{parts.hostname}{port}").geturl(), own)
    return {"chain": [one.to_json() for one in chain], "ended": ended}


def _probe_attacks(visitor: Visitor, url: str) -> dict[str, Any]:
    """Send each attack, between two ordinary requests of the same form."""
    before = visitor.fetch(add_query(url, ORDINARY))
    attacked = {name: visitor.fetch(add_query(url, text), attack=True).to_json() for name, text in ATTACKS.items()}
    after = visitor.fetch(add_query(url, ORDINARY))
    return {"ordinary": [before.to_json(), after.to_json()], "attacked": attacked}
