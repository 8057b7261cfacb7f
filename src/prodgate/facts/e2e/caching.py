"""The storage of pages in shared caches: public ones for everybody, private ones never."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Unread
from ...semantics.challenges import is_for_strangers
from .. import Fact
from .answers import describe_cache, is_from_cache, read_header, read_header_values, subject_of, why_broken, why_no_page
from .cookies import parse_set_cookie, read_date
from .journeys import find_signed_in

#: Status codes that a cache may store by default (RFC 9110, 15.1).
_CACHEABLE_BY_DEFAULT: Final = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501})
#: Headers that instruct only the caches of a delivery network, whatever Cache-Control says (RFC 9213, and older).
_TARGETED: Final = (
    "cdn-cache-control", "cloudflare-cdn-cache-control", "netlify-cdn-cache-control", "surrogate-control",
    "vercel-cdn-cache-control",
)  # fmt: skip
_SHARED: Final = ("public", "s-maxage", "must-revalidate")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PublicPage(Fact):
    """A page that is the same for everybody, requested several times in a row; ``subject`` is its address."""

    hit: bool
    """Whether one of the responses came from a cache."""
    said: tuple[str, ...]
    """Cache headers of each response; empty if none had any."""
    varies: tuple[str, ...]
    """Cookies that prevent a cache hit where one happens without them: readers with one always reach the origin."""
    given: tuple[str, ...]
    """Cookies that a cached response sets: everybody receives the same one."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PrivatePage(Fact):
    """A page that belongs to one reader; ``subject`` is its address."""

    keepable: tuple[str, ...]
    """Why a shared cache may store a response, or that one did."""


def caching_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the pages that are declared public or private."""
    for page in record["pages"]:
        answers = [*page["chain"], *page["again"]]
        reason: Any = next(filter(None, map(why_broken, answers)), "")
        if page["kind"] == "public":
            yield _public(page, record, reason)
        elif page["kind"] == "private":
            keepable: Any = Unread(reason) if reason else tuple(_why_cacheable(answers))
            yield PrivatePage(subject=subject_of(record, page["chain"][0]["url"]), keepable=keepable)
            yield from _signed_in(page, record)


def _signed_in(page: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[PrivatePage]:
    """Yield the responses to signed-in readers; a page that nobody else gets shows itself only to them."""
    url, last = page["chain"][0]["url"], page["chain"][-1]
    of, seen = f"{subject_of(record, url)}, signed in", find_signed_in(record, url)
    if seen:
        yield PrivatePage(subject=of, keepable=tuple(_why_cacheable(seen)))
    elif page["ended"] != "answer" or not 200 <= last["status"] < 300 or _is_kept_back(last, url):
        reason = f"{url} is served to nobody who has not signed in; write a journey that signs in and opens it"
        yield PrivatePage.unread(of, reason)


def _is_kept_back(last: Mapping[str, Any], url: str) -> bool:
    """Whether a page redirected elsewhere, or shows a sign-in in its own place."""
    path = urlsplit(url).path
    return urlsplit(last["url"]).path != path or (last.get("asks", False) and not is_for_strangers(path))


def _public(page: Mapping[str, Any], record: Mapping[str, Any], reason: str) -> PublicPage:
    last, reason = page["chain"][-1], reason or why_no_page(page)
    if not reason and last["status"] >= 400:
        reason = f"{last['url']} is no page to keep: it answers {last['status']}"
    answers = [last, *page["again"]]
    unread: Any = Unread(reason)
    return PublicPage(
        subject=subject_of(record, page["chain"][0]["url"]),
        hit=unread if reason else any(map(is_from_cache, answers)),
        said=unread if reason else tuple(filter(None, map(describe_cache, answers))),
        varies=unread if reason else _varies(page.get("with_cookies", {})),
        given=unread if reason else tuple(sorted(set(_list_given(answers, record["at"])))),
    )


def _list_given(answers: Sequence[Mapping[str, Any]], at: str) -> Iterator[str]:
    for answer in filter(is_from_cache, answers):
        for text in read_header_values(answer, "set-cookie"):
            if not (one := parse_set_cookie(text, datetime.fromisoformat(at))).deleted:
                yield one.name


def _varies(asked: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
    """Return the cookies that change a cache's response, or Unread if a response is missing."""
    if reason := next(filter(None, (why_broken(one) for answers in asked.values() for one in answers)), ""):
        return Unread(reason)
    return tuple(cookies for cookies, answers in asked.items() if not any(map(is_from_cache, answers)))


def _why_cacheable(answers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for answer in answers:
        stated, said = read_header(answer, "cache-control"), _read_directives(answer, "cache-control")
        if is_from_cache(answer):
            yield f"came from a cache ({describe_cache(answer)})"
        elif targeted := _find_targeted(answer):
            yield f"{targeted}: {read_header(answer, targeted)}"
        elif not _forbids(said, "no-store", "private") and _is_cacheable(answer, said):
            yield f"Cache-Control: {stated}" if stated else "no Cache-Control"


def keeps_for_everybody(answer: Mapping[str, Any]) -> bool:
    """Whether a response comes from a shared cache, or allows one to reuse it for others without revalidation."""
    said = _read_directives(answer, "cache-control")
    if is_from_cache(answer) or _find_targeted(answer) or _keeps(said):
        return True
    undated = not (_forbids(said) or said.keys() & {"s-maxage", "max-age"})
    return undated and ("public" in said or _expires_later(answer))


def _expires_later(answer: Mapping[str, Any]) -> bool:
    """Whether a response lives on by Expires; an invalid date, such as 0, is in the past (RFC 9111, 5.3)."""
    until, sent = (read_date(read_header(answer, name)) for name in ("expires", "date"))
    return until is not None and (sent is None or until > sent)


def _read_directives(answer: Mapping[str, Any], header: str) -> dict[str, str]:
    """Return the directives of a header with their values, which are empty if there is none."""
    parts = (one.partition("=") for one in read_header(answer, header).lower().split(","))
    return {name.strip(): value.strip(' "') for name, _, value in parts if name.strip()}


def _find_targeted(answer: Mapping[str, Any]) -> str:
    """Return the header that lets the caches of a delivery network keep a response, or an empty string."""
    return next((name for name in _TARGETED if _keeps(_read_directives(answer, name))), "")


def _keeps(said: Mapping[str, str]) -> bool:
    lifetime = said.get("s-maxage", said.get("max-age", ""))
    return not _forbids(said) and lifetime.isdigit() and int(lifetime) > 0


def _forbids(said: Mapping[str, str], *names: str) -> bool:
    """Whether a response must not be stored, or reused without revalidation, unless only for the headers it names."""
    return any(said.get(name) == "" for name in names or ("no-store", "private", "no-cache"))


def _is_cacheable(answer: Mapping[str, Any], said: Mapping[str, str]) -> bool:
    says = bool(said.keys() & {*_SHARED, "max-age"}) or bool(read_header_values(answer, "expires"))
    return says or answer["status"] in _CACHEABLE_BY_DEFAULT
