"""Security headers: how answers tell the browser to protect its user."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from .content_policy import find_dangers, frame_sources, split_policies
from .nonces import count_nonces, nonce_dangers, read_nonces, why_nonces_unknown
from .on_journeys import by_address

_WORD: Final = r"[\w!#$%&'*+.^`|~-]+"
#: A directive of HSTS, with or without a value, or nothing (RFC 6797, 6.1).
_DIRECTIVE: Final = re.compile(rf'\s*(?:({_WORD})\s*(=\s*(?:{_WORD}|"[^"]*"))?)?\s*', re.ASCII)
_SECONDS: Final = re.compile(r'=\s*"?(\d+)"?', re.ASCII)
#: Values of X-Frame-Options that keep strangers out.
_BANS: Final = {"deny", "sameorigin"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SecurityHeaders(Fact):
    """The security headers of all answers at one address, redirects included; ``subject`` is the address."""

    hsts_seconds: int
    """How long browsers must use TLS: the least of the answers; 0 if one does not say, or came without TLS."""
    nosniff: bool
    frames_banned: bool
    """Whether other sites can't show it in a frame."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ContentPolicy(Fact):
    """The Content-Security-Policy that comes with a page in HTML; ``subject`` is its address."""

    stated: bool
    """Whether it is in the headers. In the page itself it comes too late for what precedes it."""
    dangers: tuple[str, ...]
    """Dangerous kinds of script that it lets run: inline scripts, eval, strangers' scripts, a nonce that is known."""


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
    """Yield the same of what was answered on journeys: signed in, a page may come with other headers."""
    found = by_address(record)
    every = {"chain": [answer for answers in found.values() for answer in answers], "again": ()}
    seen = count_nonces({"pages": [every]})
    for url, answers in found.items():
        of = f"{subject_of(record, url)} on a journey"
        yield _security_headers(of, answers, record["hosts"])
        if pages := [answer for answer in answers if _is_page(answer)]:
            policies = [split_policies(read_header_values(answer, "content-security-policy")) for answer in pages]
            dangers = {danger for each in policies for danger in find_dangers(each)}
            dangers |= set(nonce_dangers({"chain": pages, "again": ()}, seen))
            unknown = why_nonces_unknown(every) if any(map(read_nonces, pages)) else ""
            known: Any = tuple(sorted(dangers)) or (Unread(unknown) if unknown else ())
            yield ContentPolicy(subject=of, stated=all(policies), dangers=known)


def _is_page(answer: Mapping[str, Any]) -> bool:
    return answer["status"] < 300 and "html" in read_header(answer, "content-type") and not why_refused(answer)


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
    """Return the worst that the answers say; what only a refusal lacks may be there on the page that was refused.

    What an ``error`` in the place of the page has need not be there on the page.
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
    """Whether the first value says nosniff: it decides where a proxy adds a second."""
    return read_header(answer, "x-content-type-options").partition(",")[0].strip().lower() == "nosniff"


def _hsts_seconds(answer: Mapping[str, Any]) -> int:
    """Return the max-age of the first such header, the only one that counts; 0 where browsers ignore it as unsound."""
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
    """Whether foreign frames are banned; where frame-ancestors is stated, browsers don't look at X-Frame-Options."""
    policies = frame_sources(split_policies(read_header_values(answer, "content-security-policy")))
    if policies:  # each of them must let a site in
        return any(all(_is_own(source, own) for source in sources) for sources in policies)
    stated = [one.strip().lower() for one in read_header(answer, "x-frame-options").split(",")]
    return bool(set(stated) & _BANS)  # browsers take a contradiction for a ban


def _is_own(source: str, own: Sequence[str]) -> bool:
    return source.lower() in ("'none'", "'self'") or _host(source) in own


def _host(source: str) -> str:
    """Return the host of a source; empty if browsers would not understand it."""
    try:
        return urlsplit(source if "//" in source else f"//{source}").hostname or ""
    except ValueError:
        return ""


def _policy(page: Mapping[str, Any], record: Mapping[str, Any], seen: Mapping[str, int]) -> Iterator[ContentPolicy]:
    """Yield the policy of the HTML page that an address leads to; one that leads to none has its own findings."""
    last, of = page["chain"][-1], subject_of(record, page["chain"][0]["url"])
    if reason := why_no_page(page) or why_refused(last) or why_error(page):
        yield ContentPolicy.unread(of, reason)
    elif "html" in read_header(last, "content-type"):
        found = split_policies(read_header_values(last, "content-security-policy"))
        dangers: Any = (*find_dangers(found), *nonce_dangers(page, seen))
        if not dangers and (reason := why_nonces_unknown(page)):
            dangers = Unread(reason)
        yield ContentPolicy(subject=of, stated=bool(found), dangers=dangers)
