"""Security headers, and above all the content policy: instructions to the browser to protect its user."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise, takewhile
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Unread
from .. import Fact
from .answers import (
    is_encrypted,
    read_header,
    read_header_values,
    subject_of,
    why_challenged,
    why_error,
    why_no_page,
    why_refused,
    why_unanswered,
)
from .caching import keeps_for_everybody
from .journeys import by_address

# ── The scripts that a Content-Security-Policy allows, as browsers read it: sources, open sources, nonces
# As browsers match (CSP 3, 6.7.2): a source without a scheme has the page's own, ``http:`` matches https as well, and a
# path that ends with a slash matches all paths below it. An attacker knows a nonce that two readers receive, or that a
# cache keeps.

_SOURCE: Final = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?"
    r"(?::(?P<port>\d+|\*))?(?P<path>/[^?#]*)?",
    re.IGNORECASE,
)
#: Schemes of sources that match an https address: each is upgraded.
_SECURE: Final = ("", "http", "https", "ws", "wss")
#: Scheme-only sources that strangers can serve, or that injected content can create.
_SCHEMES: Final = {"http": "", "https": "", "ws": "", "wss": "", "data": "data", "blob": "blob"}
#: Suffixes below which registries sell names, beside top-level domains: co.uk, com.br, ne.jp.
_REGISTRY: Final = re.compile(r"(?:(?:co|com|net|org|ac|or|ne|go|gov|edu)\.)?[a-z]{2}|[a-z]{3,}|xn--[a-z0-9-]+")
#: Storage services with regional hosts and buckets in the path.
_BUCKETS: Final = re.compile(r"s3[.-](?:dualstack\.)?[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_STRANGER: Final = "a-stranger"


@dataclass(frozen=True, slots=True)
class Place:
    """A place for a stranger's script: the host and path of an https address, or the scheme of made-up content."""

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
    host, path = found["host"].lower(), found["path"] or ""
    on_host = host in ("*", place.host) or (host.startswith("*.") and place.host.endswith(host[1:]))
    return on_host and (path in ("", place.path) or (path.endswith("/") and place.path.startswith(path)))


def places_of_strangers(sources: Iterable[str]) -> Iterator[Place]:
    """Yield a place that a stranger can have for each of the sources that admits one; may yield others."""
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
    """Whether anybody can register a name below this one."""
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
    """Return the addresses that are known to run, or to hold, other people's content."""
    table = _table()
    listed = (text.partition("/") for kind in ("publishers", "callbacks", "frameworks") for text in table[kind])
    return tuple(Place(host, slash + path) for host, slash, path in listed)


def _table() -> dict[str, list[str]]:
    return tomllib.loads(files(__package__).joinpath("script_hosts.toml").read_text("utf-8"))


REPEATED: Final = "scripts by a nonce that more than one answer has"
KEPT: Final = "scripts by a nonce in an answer that shared caches keep"
GUESSABLE: Final = "scripts by a nonce that is too short, or too like another one, not to be guessed"
#: Bits that must differ from one nonce to the next: those of eight characters of Base64, the fewest that Google's CSP
#: Evaluator accepts.
_LEAST_BITS: Final = 48
#: Forms of nonces -> bits of one of their characters.
_BITS: Final = ((re.compile(r"\d+"), 3.3), (re.compile(r"[\da-fA-F]+"), 4), (re.compile(r".+"), 6))


def read_nonces(answer: Mapping[str, Any]) -> frozenset[str]:
    """Return the nonces of a response's policies."""
    return find_nonces(split_policies(read_header_values(answer, "content-security-policy")))


def count_nonces(record: Mapping[str, Any]) -> Counter[str]:
    """Return in how many responses of all pages each nonce was seen."""
    answers = (answer for page in record["pages"] for answer in _answers(page))
    return Counter(nonce for answer in answers for nonce in read_nonces(answer))


def is_guessable(nonces: Iterable[str]) -> bool:
    """Whether nonces of one site are short, or whether so little of them differs that who saw one can guess others."""
    known = sorted({nonce.rstrip("=") for nonce in nonces})
    bits = next((bits for form, bits in _BITS if all(map(form.fullmatch, known))), 0)
    return any(_count_differing(*pair) * bits < _LEAST_BITS for pair in pairwise([*known, ""]))


def _count_differing(one: str, other: str) -> int:
    """Return the length of the longer text without what both begin and end with."""
    begin = _count_common(one, other)
    return max(len(one), len(other)) - begin - _count_common(one[begin:][::-1], other[begin:][::-1])


def _count_common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def nonce_dangers(page: Mapping[str, Any], seen: Mapping[str, int]) -> Iterator[str]:
    """Yield the faults of a page's nonces; ``seen`` counts the responses with each."""
    marked = [answer for answer in _answers(page) if read_nonces(answer)]
    if any(seen[nonce] > 1 for answer in marked for nonce in read_nonces(answer)):
        yield REPEATED
    if any(map(keeps_for_everybody, marked)):
        yield KEPT


def why_nonces_unknown(page: Mapping[str, Any]) -> str:
    """Return why it is unknown whether a page's nonce changes, or an empty string."""
    marked = [answer for answer in _answers(page) if read_nonces(answer)]
    if len(marked) != 1:
        return ""
    return f"{marked[0]['url']} has a nonce, and no second answer to compare it with; observe again"


def _answers(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*page["chain"], *page["again"]]


INLINE, EVAL, ANYWHERE = "inline scripts", "eval", "scripts from anywhere"
#: An injected <base> redirects the relative addresses of trusted scripts to a stranger.
REBASED: Final = "scripts from wherever an injected <base> points, for want of base-uri"
#: The forms that browsers accept as a nonce or a hash, of any length: an unfilled template is neither.
_BASE64: Final = r"[A-Za-z0-9+/_-]+={0,2}"
#: With one of these, browsers of the last ten years ignore 'unsafe-inline'.
_NONCE_OR_HASH: Final = re.compile(rf"'(?:nonce-|sha(?:256|384|512)-){_BASE64}'")
NONCE: Final = re.compile(rf"'nonce-({_BASE64})'", re.IGNORECASE)

_Directives = Mapping[str, tuple[str, ...]]


def split_policies(headers: Iterable[str]) -> tuple[str, ...]:
    """Return each policy of the headers; one header may hold several."""
    return tuple(text.strip() for header in headers for text in header.split(",") if text.strip())


def parse_directives(policy: str) -> _Directives:
    """Return the sources of each directive; of a repeated one the first counts."""
    found: dict[str, tuple[str, ...]] = {}
    for text in policy.split(";"):
        name, *sources = text.split() or [""]
        if name:
            found.setdefault(name.lower(), tuple(sources))
    return found


def find_nonces(policies: Iterable[str]) -> frozenset[str]:
    """Return the nonces with which the policies allow scripts."""
    named = (source for policy in policies for source in _elements(parse_directives(policy)) or ())
    return frozenset(found[1] for source in named if (found := NONCE.fullmatch(source)))


def find_dangers(found: Iterable[str]) -> tuple[str, ...]:
    """Return the dangerous kinds of script that run: those that every one of the policies lets run."""
    policies = [parse_directives(policy) for policy in found]
    if not policies:
        return tuple(sorted((INLINE, EVAL, ANYWHERE)))
    common = set.intersection(*map(_find_dangers, policies))
    return tuple(sorted(common | _strangers(policies) | _rebased(policies)))


def _find_dangers(stated: _Directives) -> set[str]:
    scripts = _scripts(stated)
    found = {EVAL} if scripts is None or "'unsafe-eval'" in _lower(scripts) else set()
    if any(sources is None or _allows_inline(sources) for sources in (_elements(stated), _attributes(stated))):
        found.add(INLINE)
    return found


def _scripts(stated: _Directives) -> tuple[str, ...] | None:
    return stated.get("script-src", stated.get("default-src"))


def _elements(stated: _Directives) -> tuple[str, ...] | None:
    return stated.get("script-src-elem", _scripts(stated))


def _attributes(stated: _Directives) -> tuple[str, ...] | None:
    return stated.get("script-src-attr", _scripts(stated))


def _lower(sources: Iterable[str]) -> set[str]:
    return {source.lower() for source in sources}


def _allows_inline(sources: Iterable[str]) -> bool:
    known = _lower(sources)
    ignored = "'strict-dynamic'" in known or any(_NONCE_OR_HASH.fullmatch(source) for source in known)
    return "'unsafe-inline'" in known and not ignored


def _strangers(policies: Sequence[_Directives]) -> set[str]:
    """Return the sources through which strangers' scripts load, or that they load from anywhere."""
    listed = [_elements(stated) for stated in policies]
    places = places_of_strangers(source for sources in listed for source in sources or ())
    let_in = [place for place in dict.fromkeys(places) if all(_allows(sources, place) for sources in listed)]
    if any(place.scheme != "https" or place.host == NOWHERE.host for place in let_in):
        return {ANYWHERE}
    ways = (source for place in let_in for sources in listed for source in sources or () if matches(source, place))
    return {f"scripts that others write, by way of {source}" for source in ways}


def _allows(sources: Iterable[str] | None, place: Place) -> bool:
    """Whether a script loads from a place by its address alone."""
    if sources is None:
        return True
    return "'strict-dynamic'" not in _lower(sources) and any(matches(source, place) for source in sources)


def _rebased(policies: Sequence[_Directives]) -> set[str]:
    """Return that <base> can redirect scripts which a nonce trusts, directly or through another script."""
    if not any(_trusts_by_mark(_elements(stated)) for stated in policies):
        return set()
    for stated in policies:
        based, sources = stated.get("base-uri"), _elements(stated)
        if based is not None and not _allows(based, NOWHERE):
            return set()
        if not (_trusts_by_mark(sources) or _allows(sources, NOWHERE)):
            return set()
    return {REBASED}


def _trusts_by_mark(sources: Iterable[str] | None) -> bool:
    known = _lower(sources or ())
    hashed = "'strict-dynamic'" in known and any(_NONCE_OR_HASH.fullmatch(source) for source in known)
    return hashed or any(NONCE.fullmatch(source) for source in known)


def frame_sources(found: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the sources that may frame a page, for each policy that states any."""
    stated = (parse_directives(policy).get("frame-ancestors") for policy in found)
    return tuple(sources for sources in stated if sources is not None)


_WORD: Final = r"[\w!#$%&'*+.^`|~-]+"
#: A directive of HSTS, with or without a value, or nothing (RFC 6797, 6.1).
_DIRECTIVE: Final = re.compile(rf'\s*+(?:({_WORD})\s*+(=\s*(?:{_WORD}|"[^"]*"))?)?\s*+', re.ASCII)
_SECONDS: Final = re.compile(r'=\s*"?(\d+)"?', re.ASCII)
#: Values of X-Frame-Options that keep strangers out.
_BANS: Final = {"deny", "sameorigin"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SecurityHeaders(Fact):
    """The security headers of all answers at one address, redirects included; ``subject`` is the address."""

    hsts_seconds: int
    """How long browsers must use TLS: the minimum of the responses; 0 if one does not say, or came without TLS."""
    nosniff: bool
    frames_banned: bool
    """Whether other sites can't show it in a frame."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ContentPolicy(Fact):
    """The Content-Security-Policy that comes with a page in HTML; ``subject`` is its address."""

    stated: bool
    """Whether it is in the headers. In the page itself it comes too late for the content before it."""
    dangers: tuple[str, ...]
    """Dangerous kinds of script that it allows: inline scripts, eval, strangers' scripts, a known nonce."""


def header_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the security headers of every page, and of the address where there is no page."""
    seen = count_nonces(record)
    for page in record["pages"]:
        of = subject_of(record, page["chain"][0]["url"])
        yield _security_headers(of, page["chain"], record["hosts"], why_error(page))
        yield from _policy(page, record, seen)
    yield _security_headers(subject_of(record, record["missing"]["url"]), [record["missing"]], record["hosts"])
    yield from _journey_facts(record)


def _journey_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the same for the responses on journeys: a signed-in page may come with other headers."""
    found = by_address(record)
    every = {"chain": [answer for answers in found.values() for answer in answers], "again": ()}
    seen = count_nonces({"pages": [every]})
    for url, answers in found.items():
        of = f"{subject_of(record, url)} on a journey"
        yield _security_headers(of, answers, record["hosts"])
        if pages := [
            answer
            for answer in answers
            if answer["status"] < 300 and "html" in read_header(answer, "content-type") and not why_refused(answer)
        ]:
            policies = [split_policies(read_header_values(answer, "content-security-policy")) for answer in pages]
            dangers = {danger for each in policies for danger in find_dangers(each)}
            dangers |= set(nonce_dangers({"chain": pages, "again": ()}, seen))
            unknown = why_nonces_unknown(every) if any(map(read_nonces, pages)) else ""
            known: Any = tuple(sorted(dangers)) or (Unread(unknown) if unknown else ())
            yield ContentPolicy(subject=of, stated=all(policies), dangers=known)


def _security_headers(
    of: str, answers: Sequence[Mapping[str, Any]], own: Sequence[str], error: str = ""
) -> SecurityHeaders:
    if reason := next(filter(None, (why_unanswered(one) or why_challenged(one) for one in answers)), ""):
        return SecurityHeaders.unread(of, reason)
    return SecurityHeaders(
        subject=of,
        hsts_seconds=_worst(answers, _hsts_seconds, error),
        nosniff=_worst(answers, _bans_sniffing, error),
        frames_banned=_worst(answers, lambda answer: _bans_foreign_frames(answer, own), error),
    )


def _worst(answers: Sequence[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], int], error: str) -> Any:
    """Return the worst of the responses; a header that only a refusal lacks may be there on the page itself.

    A header on an ``error`` in the place of the page need not be there on the page.
    """
    worst = min(map(read, answers))
    if error and worst:
        return Unread(error)
    served = [read(answer) for answer in answers if not why_refused(answer)]
    if served and min(served) == worst:
        return worst
    lacking = (why_refused(answer) for answer in answers if not read(answer) or read(answer) < min(served, default=1))
    return Unread(reason) if (reason := next(filter(None, lacking), "")) else worst


def _bans_sniffing(answer: Mapping[str, Any]) -> bool:
    """Whether the first value says nosniff: it decides if a proxy adds a second."""
    return read_header(answer, "x-content-type-options").partition(",")[0].strip().lower() == "nosniff"


def _hsts_seconds(answer: Mapping[str, Any]) -> int:
    """Return the max-age of the first such header, the only one that counts; 0 if browsers reject it as invalid."""
    stated = read_header_values(answer, "strict-transport-security")
    if not stated or not is_encrypted(answer):
        return 0
    parts = [_DIRECTIVE.fullmatch(one) for one in stated[0].split(";")]
    said = [((one[1] or "").lower(), one[2] or "") for one in parts if one]
    lifetimes, below = ([value for name, value in said if name == of] for of in ("max-age", "includesubdomains"))
    sound = all(parts) and len(lifetimes) == 1 and below in ([], [""])
    found = _SECONDS.fullmatch(lifetimes[0]) if sound else None
    return int(found[1]) if found else 0


def _bans_foreign_frames(answer: Mapping[str, Any], own: Sequence[str]) -> bool:
    """Whether foreign frames are banned; browsers ignore X-Frame-Options if frame-ancestors is stated."""
    policies = frame_sources(split_policies(read_header_values(answer, "content-security-policy")))
    if policies:  # each of them must admit a site
        return any(
            all(source.lower() in ("'none'", "'self'") or _host(source) in own for source in sources)
            for sources in policies
        )
    stated = [one.strip().lower() for one in read_header(answer, "x-frame-options").split(",")]
    return bool(set(stated) & _BANS)  # browsers treat a contradiction as a ban


def _host(source: str) -> str:
    """Return the host of a source; empty if browsers would reject it."""
    try:
        return urlsplit(source if "//" in source else f"//{source}").hostname or ""
    except ValueError:
        return ""


def _policy(page: Mapping[str, Any], record: Mapping[str, Any], seen: Mapping[str, int]) -> Iterator[ContentPolicy]:
    """Yield the policy of the HTML page behind an address; an address without a page has its own findings."""
    last, of = page["chain"][-1], subject_of(record, page["chain"][0]["url"])
    if reason := why_no_page(page) or why_refused(last) or why_error(page):
        yield ContentPolicy.unread(of, reason)
    elif "html" in read_header(last, "content-type"):
        found = split_policies(read_header_values(last, "content-security-policy"))
        guessable = (GUESSABLE,) if read_nonces(last) and is_guessable(seen) else ()
        dangers: Any = (*find_dangers(found), *nonce_dangers(page, seen), *guessable)
        if not dangers and (reason := why_nonces_unknown(page)):
            dangers = Unread(reason)
        yield ContentPolicy(subject=of, stated=bool(found), dangers=dangers)
