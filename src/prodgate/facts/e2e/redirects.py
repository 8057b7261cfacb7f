"""Where addresses of the site lead: from plain HTTP to HTTPS, and on to a page of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Unread
from .. import Fact
from .answers import is_encrypted, subject_of, why_challenged, why_unanswered

#: Statuses that refuse plain HTTP and show nothing of the site: forbidden, upgrade required.
_REFUSALS: Final = (403, 426)
#: How a server that refuses plain HTTP ends a connection. A timeout is no answer, and so no refusal.
_CONNECTION_REFUSALS: Final = ("refused", "closed", "no HTTP")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PlainHttp(Fact):
    """How a request for a page over plain HTTP ends; ``subject`` is its address."""

    encrypted: bool
    """Whether it is refused, or redirected to HTTPS before the site shows anything."""
    became: str
    """How it was answered, step by step."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Redirects(Fact):
    """The way from an address to a page; ``subject`` is the address."""

    flaw: str
    """``a loop``, where else it leads, ``no page``, …; empty where each step is within the site, the last a page."""
    way: str


def redirect_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Return the ways from each page's address, over HTTPS and over plain HTTP."""
    for page in record["pages"]:
        yield _redirects(page, page["kind"], record)
        if page["plain"] and page["plain"]["chain"][0].get("leads_to"):
            yield _redirects(page["plain"], page["kind"], record)
        yield _plain_http(page, record)


def _plain_http(page: Mapping[str, Any], record: Mapping[str, Any]) -> PlainHttp:
    if page["plain"] is None:
        reason = f"nobody says where {record['base_url']} is over plain HTTP; name the address"
        return PlainHttp.unread(subject_of(record, page["chain"][0]["url"]), reason)
    chain = page["plain"]["chain"]
    bare = [answer for answer in chain if not is_encrypted(answer)]
    known: Any = all(_reveals_nothing(answer) for answer in bare)
    if known and (reason := next((why_unanswered(one) for one in bare if not _is_answer(one)), "")):
        known = Unread(reason)
    return PlainHttp(subject=subject_of(record, chain[0]["url"]), encrypted=known, became=_render_way(chain))


def _is_answer(answer: Mapping[str, Any]) -> bool:
    return answer.get("failed", "") in ("", *_CONNECTION_REFUSALS)


def _reveals_nothing(answer: Mapping[str, Any]) -> bool:
    """Whether an answer over plain HTTP shows nothing of the site, and leads to HTTPS or nowhere."""
    if answer.get("failed"):
        return True
    return _scheme(answer["leads_to"]) == "https" or answer["status"] in _REFUSALS


def _scheme(url: str) -> str:
    return urlsplit(url).scheme


def _redirects(way: Mapping[str, Any], kind: str, record: Mapping[str, Any]) -> Redirects:
    chain = way["chain"]
    reason = why_unanswered(chain[-1]) or why_challenged(chain[-1])
    flaw: Any = _find_downgrade(chain) or (Unread(reason) if reason else _find_bad_end(way, kind, record))
    return Redirects(subject=subject_of(record, chain[0]["url"]), flaw=flaw, way=_render_way(chain))


def _find_downgrade(chain: Sequence[Mapping[str, Any]]) -> str:
    """Return the step from HTTPS back to plain HTTP, or an empty string."""
    steps = (answer["leads_to"] for answer in chain if is_encrypted(answer) and answer.get("leads_to"))
    back = next((url for url in steps if _scheme(url) != "https"), "")
    return f"from HTTPS to {back}" if back else ""


def _find_bad_end(way: Mapping[str, Any], kind: str, record: Mapping[str, Any]) -> str:
    last = way["chain"][-1]
    led = urlsplit(last.get("leads_to", ""))
    foreign = "" if led.scheme == "https" and led.hostname in record["partners"] else f"to {led.geturl()}"
    flaws = {"loop": "a loop", "too long": f"more than {len(way['chain']) - 1} steps", "elsewhere": foreign}
    return flaws.get(way["ended"], "no page" if _is_no_page(last.get("status", 0), kind) else "")


def _is_no_page(status: int, kind: str) -> bool:
    """Whether a status says that there is no page, that it is elsewhere after all, or that the server failed.

    A request to sign in is a page, and a further host need not have one at its root.
    """
    return (status in (404, 410) and kind != "further host") or 300 <= status < 400 or status >= 500


def _render_way(chain: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(_render_step(answer) for answer in chain)


def _render_step(answer: Mapping[str, Any]) -> str:
    if answer.get("failed"):
        return str(answer["failed"])
    return f"{answer['status']} to {answer['leads_to']}" if answer["leads_to"] else str(answer["status"])
