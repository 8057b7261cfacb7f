"""Reads the responses that probes recorded."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from ...semantics.challenges import find_challenge

#: A cache's statement that it responded: ``Hit from cloudfront``, ``RefreshHit``, ``TCP_HIT``, ``edge; hit``.
_HIT: Final = re.compile(r"(?<![a-z])(?:refresh)?hit(?![a-z])")
#: The words of Cloudflare, nginx and Vercel for serving a stale response, or a revalidated one.
_KEPT: Final = re.compile(r"(?<![a-z])(?:stale|updating|revalidated|prerender)(?![a-z])")
#: Kinds of page that everybody sees.
_SHOWN: Final = ("public", "")
#: Status codes with which firewalls refuse, and sites as well.
_REFUSALS: Final = (403, 503)
_SAYS: Final = ("x-cache", "cf-cache-status", "cache-status", "x-cache-status", "x-proxy-cache", "x-vercel-cache")
#: Headers with such words; ``fwd=stale`` in Cache-Status means that the site was asked.
_SAYS_MORE: Final = ("cf-cache-status", "x-cache-status", "x-proxy-cache", "x-vercel-cache")


def subject_of(record: Mapping[str, Any], url: str) -> str:
    """Return a name for an address that is the same in every run, whatever port it had in this one."""
    parts = urlsplit(url)
    plain = " over plain HTTP" if parts.scheme == "http" and record["base_url"].startswith("https:") else ""
    place = record["place"] if parts.hostname == record["hosts"][0] else parts.hostname
    return f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query} of {place}{plain}"


def read_header_values(answer: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return each value of a header; ``name`` is in lower case."""
    return tuple(value for header, value in answer.get("headers", ()) if header == name)


def read_header(answer: Mapping[str, Any], name: str) -> str:
    """Return the values of a header joined by commas, as HTTP combines them."""
    return ", ".join(read_header_values(answer, name))


def why_unanswered(answer: Mapping[str, Any]) -> str:
    """Return why there is no response, or an empty string."""
    return f"{answer['url']} was not answered: {answer['failed']}: {answer['detail']}" if answer.get("failed") else ""


def why_broken(answer: Mapping[str, Any]) -> str:
    """Return why a response shows nothing of a page: there is none, it is a server error, or it is not the site's."""
    if reason := why_unanswered(answer) or why_challenged(answer):
        return reason
    return f"{answer['url']} was answered {answer['status']}" if answer["status"] >= 500 else ""


def why_challenged(answer: Mapping[str, Any]) -> str:
    """Return that something in front of the site challenged the client, to identify or slow it down; or nothing."""
    if answer.get("failed") or not (how := find_challenge(answer["status"], dict(answer.get("headers", ())))):
        return ""
    return f"{answer['url']} was answered by what is in front of the site ({how}); let the gate's address through"


def why_refused(answer: Mapping[str, Any]) -> str:
    """Return that a response may come from something in front of the site instead, or an empty string."""
    if reason := why_challenged(answer):
        return reason
    if answer.get("failed") or answer["status"] not in _REFUSALS:
        return ""
    return f"{answer['url']} was answered {answer['status']}, by the site or by what is before it; let the gate in"


def why_error(page: Mapping[str, Any]) -> str:
    """Return that an error replaces a page and so is no sample of it; or an empty string.

    A client that a private page refuses has not signed in, and a further host needs no page at its root.
    """
    last = page["chain"][-1]
    if page["kind"] not in _SHOWN or last.get("failed") or last["status"] < HTTPStatus.BAD_REQUEST:
        return ""
    return why_refused(last) or f"{last['url']} was answered {last['status']}, and shows nothing of the page"


def why_no_page(way: Mapping[str, Any]) -> str:
    """Return why an address does not lead to a page, or an empty string."""
    if way["ended"] == "answer":
        return ""
    return why_unanswered(way["chain"][-1]) or f"{way['chain'][0]['url']} leads to no page: {way['ended']}"


def is_encrypted(answer: Mapping[str, Any]) -> bool:
    """Whether the request was made over TLS."""
    return urlsplit(str(answer["url"])).scheme == "https"


def describe_cache(answer: Mapping[str, Any]) -> str:
    """Return the cache headers of a response; empty if there are none."""
    said = [f"{name}: {read_header(answer, name)}" for name in (*_SAYS, "age") if read_header_values(answer, name)]
    return ", ".join(said)


def is_from_cache(answer: Mapping[str, Any]) -> bool:
    """Whether the headers of a response say that it came from a cache."""
    said, more = (" ".join(read_header(answer, name) for name in names).lower() for names in (_SAYS, _SAYS_MORE))
    age = read_header(answer, "age").strip()
    return bool(_HIT.search(said) or _KEPT.search(more)) or (age.isdigit() and int(age) > 0)
