"""Declared pages as a first visitor sees them in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ...aws.answers import Unread
from ...quantities import Quantity
from .. import Fact
from .journeys import FORMAT, browser_of

#: Failures that are no answer of the site: it may be down, or out of reach. Any other is an answer, if a bad one.
_NO_ANSWER: Final = ("connection", "name", "unasked", "other")
_NO_KEY: Final[Any] = Unread("no key was answered")
#: Shortest time to answer a key that browsers report, in milliseconds.
_SHORTEST_REPORTED: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VisitedPage(Fact):
    """A page at one size of the window; ``subject`` is such as ``front at 375 px``. Everything is of one cold visit."""

    complete: bool
    """Whether it was answered with success, on the site's own host, and shows the regions that it must."""
    answered: str
    """How it was answered, and what is missing."""
    violations: tuple[str, ...]
    """What axe finds against WCAG 2.2 A and AA, or against good practice."""
    largest_paint: Quantity
    """Time until the largest part of what is seen first was painted (LCP)."""
    shift: Quantity
    """How much the layout moved by itself, as the worst burst (CLS)."""
    errors: tuple[str, ...]
    """What its scripts threw or logged as an error."""
    failed: tuple[str, ...]
    """Files that it requested and did not get."""
    foreign: tuple[str, ...]
    """Requests to hosts that are not declared."""
    too_wide: int
    """Pixels by which it is wider than the window."""
    sticking_out: tuple[str, ...]
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeyboardWalk(Fact):
    """A walk through a page with the Tab key alone; ``subject`` is the page's name."""

    offered: int
    """Number of elements that a person can use: links, buttons, fields."""
    missed: tuple[str, ...]
    """Those that the focus never reached."""
    unseen: tuple[str, ...]
    """Those that did not show that they had the focus."""
    slowest: Quantity
    """Time until the slowest answer to a key was painted; 16 ms if none took as long."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PageLinks(Fact):
    """The links of a page that lead to the site; ``subject`` is the page's name."""

    followed: int
    broken: tuple[str, ...]


def page_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Return what each visit showed. What a partner shows, where readers sign in, is not the site's to answer for."""
    for page in (each for each in record["pages"] if (each["unreachable"] or {}).get("kind") != "partner"):
        yield _visited_page(page, record)
        if page["size"] == "desktop":
            yield _keyboard_walk(page)
            yield _page_links(page, record)


def why_pages_unreadable(record: Mapping[str, Any]) -> str:
    """Return why a record shows nothing of pages, or an empty string."""
    if record["format"] != FORMAT:
        return f"the record has format {record['format']!r}, and this version reads {FORMAT}; observe again"
    return "" if record["pages"] else "no page is declared; write [e2e.pages]"


def _visited_page(page: Mapping[str, Any], record: Mapping[str, Any]) -> VisitedPage:
    subject, answer = f"{page['name']} at {page['width']} px", _describe_bad_answer(page)
    known: dict[str, Any] = {
        "complete": Unread(answer) if _is_silent(page) else not answer,
        "answered": answer or "as it should be",
        "browser": browser_of(record),
    }
    if reason := _why_unseen(page):
        return VisitedPage.unread(subject, reason, **known)
    return VisitedPage(subject=subject, **known, **_observed_fields(page))


def _observed_fields(page: Mapping[str, Any]) -> dict[str, Any]:
    vitals, refused = page["vitals"], "; ".join(page["refused"])
    # a page whose own requests were refused may fail for that alone
    disturbed = f"the gate refused {refused}, which the page sends by itself; if that only reads, write reads = […]"
    disturbed = disturbed if refused else ""
    errors: Any = (*page["exceptions"], *page["console"])
    failed: Any = tuple(f"{each['url']}: {each['why']}" for each in page["failed"])
    painted = "nothing was painted that browsers would call the largest part of it"
    return {
        "violations": tuple(_violation(each) for each in page["violations"]),
        "largest_paint": _milliseconds(vitals["lcp"]) if vitals["lcp"] is not None else Unread(painted),
        "shift": Quantity.of(_round(vitals["cls"], 3)),
        "errors": Unread(disturbed) if disturbed and errors else errors,
        "failed": Unread(disturbed) if disturbed and failed else failed,
        "foreign": tuple(f"{each['url']}: {each['why']}" for each in page["foreign"]),
        "too_wide": max(0, page["needed"] - page["width"]),
        "sticking_out": tuple(page["beyond"]),
    }


def _keyboard_walk(page: Mapping[str, Any]) -> KeyboardWalk:
    walk, reason = page.get("keyboard"), _why_unseen(page)
    if not reason and walk and not walk["whole"]:
        reason = f"the walk did not end within {walk['pressed']} keys; something may hold the focus"
    if reason or not walk:
        return KeyboardWalk.unread(page["name"], reason or "no walk was made")
    answered: Any = _milliseconds(walk["slowest"] or _SHORTEST_REPORTED)
    return KeyboardWalk(
        subject=page["name"],
        offered=walk["offered"],
        missed=tuple(walk["missed"]),
        unseen=tuple(walk["unseen"]),
        slowest=answered if walk["interactions"] else _NO_KEY,
    )


def _page_links(page: Mapping[str, Any], record: Mapping[str, Any]) -> PageLinks:
    reason, asked = _why_unseen(page), record["links"]["asked"]
    if reason:
        return PageLinks.unread(page["name"], reason)
    texts = {link["url"]: link["text"] for link in page["links"]}
    broken: Any = tuple(
        _describe_broken_link(texts[url], url, asked[url]) for url in texts if url in asked and not _is_good(asked[url])
    )
    left_out = record["links"]["left_out"]
    if not broken and left_out:
        broken = Unread(f"{left_out} links of all pages were not followed; declare fewer pages, or judge them in parts")
    return PageLinks(subject=page["name"], followed=sum(url in asked for url in texts), broken=broken)


def _is_good(answer: Mapping[str, Any]) -> bool:
    return 200 <= answer["status"] < 400 and not answer["why"]


def _describe_broken_link(text: str, url: str, answer: Mapping[str, Any]) -> str:
    return f"{text or 'a link without a text'!r} to {url}: {answer['why'] or 'HTTP ' + str(answer['status'])}"


def _violation(found: Mapping[str, Any]) -> str:
    more = f" and {found['nodes'] - 1} more" if found["nodes"] > 1 else ""
    return f"{found['id']}: {found['help']}: {found['first']}{more}"


def _is_silent(page: Mapping[str, Any]) -> bool:
    """Whether the site did not answer at all, so that nobody knows whether it is at fault."""
    return page["unreachable"] is not None and page["unreachable"]["kind"] in _NO_ANSWER


def _describe_bad_answer(page: Mapping[str, Any]) -> str:
    """Return what is wrong with the answer of a page, or an empty string."""
    if (failed := page["unreachable"]) is not None:
        return str(failed["text"])
    if not 200 <= page["status"] < 300:
        return f"HTTP {page['status']}"
    missing = page["regions_missing"]
    return f"without {', '.join(missing)}" if missing else ""


def _why_unseen(page: Mapping[str, Any]) -> str:
    """Return why nothing was seen of a page, or an empty string."""
    if page["unreachable"] is not None:
        return f"the page was not seen: {page['unreachable']['text']}"
    return "" if 200 <= page["status"] < 300 else f"the page was not seen: HTTP {page['status']}"


def _milliseconds(value: float) -> Quantity:
    return Quantity.of(_round(value, 0), "ms")


def _round(value: float, digits: int) -> Decimal:
    return round(Decimal(str(value)), digits)
