"""Reading an answer that a probe kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

#: How a cache says that it gave the answer: ``Hit from cloudfront``, ``RefreshHit``, ``TCP_HIT``, ``edge; hit``.
_HIT: Final = re.compile(r"(?<![a-z])(?:refresh)?hit(?![a-z])")
_SAYS: Final = ("x-cache", "cf-cache-status", "cache-status")


def subject_of(record: Mapping[str, Any], url: str) -> str:
    """Return how an address is called in every run, whatever port it had in this one."""
    parts = urlsplit(url)
    plain = " over plain HTTP" if parts.scheme == "http" and record["base_url"].startswith("https:") else ""
    place = record["place"] if parts.hostname == record["hosts"][0] else parts.hostname
    return f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query} of {place}{plain}"


def read_header_values(answer: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the values of a header, in lower case its name, as often as it was sent."""
    return tuple(value for header, value in answer.get("headers", ()) if header == name)


def read_header(answer: Mapping[str, Any], name: str) -> str:
    """Return the values of a header as one, as HTTP reads several."""
    return ", ".join(read_header_values(answer, name))


def why_unanswered(answer: Mapping[str, Any]) -> str:
    """Return why there is no answer, or nothing."""
    return f"{answer['url']} was not answered: {answer['failed']}: {answer['detail']}" if answer.get("failed") else ""


def why_broken(answer: Mapping[str, Any]) -> str:
    """Return why an answer is none of the site as it should be: there is none, or the site says that it failed."""
    if reason := why_unanswered(answer):
        return reason
    return f"{answer['url']} was answered {answer['status']}" if answer["status"] >= 500 else ""


def why_no_page(way: Mapping[str, Any]) -> str:
    """Return why an address leads to no answer of a page, or nothing."""
    if way["ended"] == "answer":
        return ""
    return why_unanswered(way["chain"][-1]) or f"{way['chain'][0]['url']} leads to no page: {way['ended']}"


def is_encrypted(answer: Mapping[str, Any]) -> bool:
    """Whether it was asked for over TLS."""
    return urlsplit(str(answer["url"])).scheme == "https"


def describe_cache(answer: Mapping[str, Any]) -> str:
    """Return what caches say of an answer; nothing where none says anything."""
    said = [f"{name}: {read_header(answer, name)}" for name in (*_SAYS, "age") if read_header_values(answer, name)]
    return ", ".join(said)


def is_from_cache(answer: Mapping[str, Any]) -> bool:
    """Whether an answer says that a cache gave it."""
    said = " ".join(read_header(answer, name) for name in _SAYS).lower()
    age = read_header(answer, "age").strip()
    return bool(_HIT.search(said)) or (age.isdigit() and int(age) > 0)
