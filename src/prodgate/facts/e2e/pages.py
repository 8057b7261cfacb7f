"""Declared pages as a first visitor sees them in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Unread
from ...quantities import Quantity
from .. import Fact
from .journeys import FORMAT, browser_of
from .keyboard import keyboard_walk

#: Failures that are no answer of the site: it may be down, or out of reach. Any other is an answer, if a bad one.
_NO_ANSWER: Final = ("connection", "name", "unasked", "other", "challenge", "sign-in")
#: Answers that ask whoever comes to sign in, and those that leave open what is there.
_ASKING: Final = {HTTPStatus.UNAUTHORIZED}
_REFUSING: Final = {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
_UNCLEAR: Final = (
    "it was not shown what is at {}; declare a page that one must be signed in for in [e2e.pages], with cache = "
    "'private', or let the gate's address in"
)
#: Answers of a private page to whoever has not signed in.
_PRIVATE: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_WALL: Final = (
    "{}; declare it with cache = 'private' and open it on a journey that signs in, bring a cookie in [e2e.before], or "
    "declare the address that it leads to"
)
_REFUSED: Final = "{} was answered 403, by the site or by what is before it; let the gate in"
_RESTLESS: Final = (
    "the page was not at rest when it was left, and what comes may change it; it still waited for: {}; mend that, or "
    "name it in [e2e] lasting if it stays open by intention"
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VisitedPage(Fact):
    """A page at one size of the window; ``subject`` is such as ``front at 360 px``. Everything is of one cold visit."""

    complete: bool
    """Whether it was answered with success, on the site's own host, and shows the regions that it must."""
    answered: str
    """How it was answered, and what is missing."""
    violations: tuple[str, ...]
    """What axe finds against WCAG 2.2 A and AA, or against good practice, in the page and every frame within it."""
    undecided: tuple[str, ...]
    """What axe leaves to a person's eyes, such as contrast on a picture; those in ``reviewed`` were looked at."""
    largest_paint: Quantity
    """Time until the largest part of what is seen first was painted (LCP)."""
    shift: Quantity
    """How much the layout moved by itself, as the worst burst (CLS)."""
    errors: tuple[str, ...]
    """What its scripts threw or logged as an error, or its policy refused."""
    reported: tuple[str, ...]
    """What a policy that only reports would refuse; nothing is missing for that."""
    failed: tuple[str, ...]
    """Files that it requested and did not get."""
    foreign: tuple[str, ...]
    """Requests to hosts that are not declared."""
    too_wide: int
    """Pixels by which it is wider than the window."""
    sticking_out: tuple[str, ...]
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PageLinks(Fact):
    """The links of a page that lead to the site; ``subject`` is the page's name."""

    followed: int
    broken: tuple[str, ...]
    asking: tuple[str, ...]
    """Those that answer that one has to sign in."""


def page_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Return what each visit showed.

    What a partner shows, where readers sign in, is not the site's to answer for, and a private page shows nothing to
    whoever has not signed in: journeys open it.
    """
    for page in (each for each in record["pages"] if not _is_closed(each, record)):
        yield _visited_page(page, record)
        if page["size"] == "desktop":
            yield keyboard_walk(page, _why_unseen(page))
            yield _page_links(page, record)


def _is_closed(page: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether a page is kept from a visitor as it should be."""
    kind = (page["unreachable"] or {}).get("kind")
    asks = kind == "sign-in" or (kind is None and page.get("status") in _PRIVATE)
    return kind == "partner" or (asks and page["path"] in record.get("private", ()))


def why_pages_unreadable(record: Mapping[str, Any]) -> str:
    """Return why a record shows nothing of pages, or an empty string."""
    if record["format"] != FORMAT:
        return f"the record has format {record['format']!r}, and this version reads {FORMAT}; observe again"
    return "" if record["pages"] else "no page is declared; write [e2e.pages]"


def _visited_page(page: Mapping[str, Any], record: Mapping[str, Any]) -> VisitedPage:
    subject, answer = f"{page['name']} at {page['width']} px", _describe_bad_answer(page)
    disturbed = why_disturbed(page)
    doubt = disturbed if answer and disturbed else answer if _is_silent(page) else ""
    known: dict[str, Any] = {
        "complete": Unread(doubt) if doubt else not answer,
        "answered": answer or "as it should be",
        "browser": browser_of(record),
    }
    if reason := _why_unseen(page):
        foreign = {"foreign": _list_foreign(page)} if disturbed and page.get("foreign") else {}
        return VisitedPage.unread(subject, reason, **known, **foreign)
    return VisitedPage(subject=subject, **known, **_observed_fields(page, record))


def _observed_fields(page: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    vitals, disturbed = page["vitals"], _describe_refused(page["refused"])
    errors: Any = (*page["exceptions"], *page["console"])
    failed: Any = tuple(f"{each['url']}: {each['why']}" for each in page["failed"])
    painted = "nothing was painted that browsers would call the largest part of it"
    waiting = () if page["rested"] else page.get("waiting", ())  # a poll may just have begun
    restless: Any = Unread(_RESTLESS.format("; ".join(waiting))) if waiting else None
    return {
        **_axe_fields(page, record),
        "largest_paint": restless or (_milliseconds(vitals["lcp"]) if vitals["lcp"] is not None else Unread(painted)),
        "shift": restless or Quantity.of(_round(vitals["cls"], 3)),
        "errors": Unread(disturbed) if disturbed and errors else errors,
        "reported": tuple(page.get("reported", ())),
        "failed": Unread(disturbed) if disturbed and failed else failed,
        "foreign": _list_foreign(page),
        "too_wide": max(0, page["needed"] - page["width"]),
        "sticking_out": tuple(page["beyond"]),
    }


def why_disturbed(page: Mapping[str, Any]) -> str:
    """Return that the gate kept from a page what it may show, so that it is not what readers get; or nothing."""
    return _describe_refused(page.get("missed", ()))


def _describe_refused(requests: Sequence[str]) -> str:
    """Return what was refused, and what to declare, or an empty string."""
    refused, declare = "; ".join(requests), "reads = […], or for a WebSocket sockets = […]"
    said = f"the gate refused {refused}, which the page sends by itself; if that only reads, write {declare}"
    return said if refused else ""


def _list_foreign(page: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{each['url']}: {each['why']}" for each in page["foreign"])


def _axe_fields(page: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what axe found. What it leaves open is open until somebody has looked."""
    found = page.get("undecided")
    violations: Any = tuple(_violation(each) for each in page["violations"])
    open_: list[Mapping[str, Any]] = [each for each in found or () if each["id"] not in record.get("reviewed", ())]
    if not violations and found is None:
        violations = Unread("what axe left undecided was not kept; observe again")
    elif not violations and open_:
        rules = "; ".join(_violation(each) for each in open_)
        violations = Unread(f"axe leaves to a person's eyes: {rules}; look there, and name the rule in [e2e] reviewed")
    return {"violations": violations, "undecided": tuple(_violation(each) for each in found or ())}


def _page_links(page: Mapping[str, Any], record: Mapping[str, Any]) -> PageLinks:
    links = record["links"]
    if reason := _why_unseen(page) or links.get("unread", ""):
        return PageLinks.unread(page["name"], reason)
    told: dict[str, list[str]] = {"good": [], "asking": [], "unclear": [], "broken": []}
    for link in (each for each in page["links"] if each["url"] in links["asked"]):
        answer = links["asked"][link["url"]]
        told[_judge_link(link["url"], answer, record)].append(_describe_link(link, answer))
    broken: Any = tuple(told["broken"])
    if not broken and told["unclear"]:
        broken = Unread(_UNCLEAR.format("; ".join(told["unclear"])))
    elif not broken and (left_out := links["left_out"]):
        broken = Unread(f"{left_out} links of all pages were not followed; declare fewer pages, or judge them in parts")
    followed = sum(map(len, told.values()))
    return PageLinks(subject=page["name"], followed=followed, broken=broken, asking=tuple(told["asking"]))


def _judge_link(url: str, answer: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Return what an answer says of a link. A site that refuses us may show the page to whoever may see it."""
    status = answer["status"]
    if answer.get("challenged"):
        return "unclear"
    if answer["why"] or status not in _ASKING | _REFUSING:
        return "good" if 200 <= status < 400 and not answer["why"] else "broken"
    private = urlsplit(url).path in record.get("private", ())
    return "asking" if status in _ASKING or (private and status == HTTPStatus.FORBIDDEN) else "unclear"


def _describe_link(link: Mapping[str, str], answer: Mapping[str, Any]) -> str:
    text = link["text"] or "a link without a text"
    return f"{text!r} to {link['url']}: {answer['why'] or 'HTTP ' + str(answer['status'])}"


def _violation(found: Mapping[str, Any]) -> str:
    more = f" and {found['nodes'] - 1} more" if found["nodes"] > 1 else ""
    return f"{found['id']}: {found['help']}: {found['first']}{more}"


def _is_silent(page: Mapping[str, Any]) -> bool:
    """Whether the site did not answer, or not with what it has there, so that nobody knows whether it is at fault."""
    if page["unreachable"] is None:
        return bool(page["status"] == HTTPStatus.FORBIDDEN)
    return page["unreachable"]["kind"] in _NO_ANSWER


def _describe_bad_answer(page: Mapping[str, Any]) -> str:
    """Return what is wrong with the answer of a page, or an empty string."""
    if (failed := page["unreachable"]) is not None:
        return _WALL.format(failed["text"]) if failed["kind"] == "sign-in" else str(failed["text"])
    if page["status"] == HTTPStatus.FORBIDDEN:
        return _REFUSED.format(page["url"])
    if not 200 <= page["status"] < 300:
        return f"HTTP {page['status']}"
    missing = page["regions_missing"]
    return f"without {', '.join(missing)}" if missing else ""


def _why_unseen(page: Mapping[str, Any]) -> str:
    """Return why nothing was seen of a page, or an empty string."""
    if disturbed := why_disturbed(page):
        return disturbed
    if page["unreachable"] is not None:
        return f"the page was not seen: {page['unreachable']['text']}"
    return "" if 200 <= page["status"] < 300 else f"the page was not seen: HTTP {page['status']}"


def _milliseconds(value: float) -> Quantity:
    return Quantity.of(_round(value, 0), "ms")


def _round(value: float, digits: int) -> Decimal:
    return round(Decimal(str(value)), digits)
