"""Declared pages as a first visitor sees them in a browser, with and without a mouse, and the build they come from."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from ...aws.answers import Unread
from ...estimates import UNBOUNDED, Estimate, exact_value
from ...quantities import Quantity
from .. import Fact
from .journeys import FORMAT, browser_of

_NO_KEY: Final[Any] = Unread("no key was answered")
_NOT_TOLD: Final[Any] = Unread("the browser did not tell how long each key took; observe again where less else runs")
#: The shortest response time to a key that browsers report, in milliseconds.
_SHORTEST_REPORTED: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeyboardWalk(Fact):
    """A walk through a page with the Tab key alone; ``subject`` is the page's name."""

    offered: int
    """Number of elements that a person can use: links, buttons, fields."""
    missed: tuple[str, ...]
    """The ones that the focus never reached."""
    unseen: tuple[str, ...]
    """The ones that did not show that they had the focus."""
    slowest: Quantity | Estimate
    """Time until the slowest response to a key or a press on the first visit was painted (INP); at least 16 ms."""
    untouched: tuple[str, ...] = ()
    """Elements that were not pressed or typed into, since they announce a change, each with how."""


def keyboard_walk(page: Mapping[str, Any], reason: str, untimed: str) -> KeyboardWalk:
    """Return the walk through a page; the reasons say why none of it, or no times, were seen, if so."""
    walk = page.get("keyboard")
    if reason or not walk:
        return KeyboardWalk.unread(page["name"], reason or "no walk was made")
    answered: Any = Quantity.of(_round(walk["slowest"] or _SHORTEST_REPORTED, 1), "ms")
    untouched = tuple(walk.get("untouched", ()))
    if unasked := " or ".join(walk.get("unasked", ())):
        said = "; ".join(untouched)
        answered = Unread(f"all that can be {unasked} says that it changes something, and was left untouched: {said}")
    told: Any = _NO_KEY if not walk["interactions"] else answered if walk.get("settled", True) else _NOT_TOLD
    partial: Any = Unread(why) if (why := _why_partial(walk)) else ()
    held = (f"Tab does not leave {walk['held']}",) if walk.get("held") and walk["missed"] else ()
    return KeyboardWalk(
        subject=page["name"],
        offered=walk["offered"],
        # an aborted walk missed the rest of the page
        missed=(*held, *walk["missed"]) if walk["whole"] and walk["missed"] else partial,
        unseen=tuple(walk["unseen"]) or partial,
        slowest=_at_most(told, untimed),
        untouched=untouched,
    )


def _why_partial(walk: Mapping[str, Any]) -> str:
    if not walk["whole"]:
        left = f"{walk['left']} of {walk['offered']}" if "left" in walk else "some"
        return (
            f"the walk did not end within {walk['pressed']} keys or a minute, with {left} elements to come; "
            "declare a shorter page of the same kind, or walk through this one by hand"
        )
    if walk.get("behind"):
        return (
            f"a dialog is in front of the page, and {walk['behind']} of {walk['offered']} elements are behind it: "
            f"{walk['dialog']}; say how it is closed: "
            'click = ["button: Accept all"] in [e2e.before], or a cookie or header that leaves it out'
        )
    return ""


#: Failures that are no response of the site: it may be down, or out of reach. Any other is a response, if a bad one.
_NO_ANSWER: Final = ("connection", "name", "unasked", "other", "challenge", "sign-in")
#: Statuses that require signing in.
_ASKING: Final = {HTTPStatus.UNAUTHORIZED}
#: Why it stays open where links lead, by what is known of them.
_OPEN: Final[Mapping[str, str]] = {
    "unclear": "it was not shown what is at {}; declare a page that one must be signed in for in [e2e.pages], with "
    "cache = 'private', or let the gate's address in",
    "routes": "it was not shown what is at {}; declare each of these routes in [e2e.pages], as path = '/#/about'",
    "handled": "it was not shown what a press does on {}; make each a button, give it role = 'button', or lead it to "
    "an element of the page",
}
#: What is known of links within a page without following them.
_WITHIN: Final[Mapping[str, Mapping[str, Any]]] = {
    "route": {"kind": "routes", "why": "a route of a script, which was not visited"},
    "handled": {"kind": "handled", "why": "no element of the page has this name, but a script may handle the press"},
    "unseen": {"kind": "handled", "why": "it was not looked up whether that page has an element of this name"},
    "lost": {"kind": "broken", "why": "no element of the page has this name"},
}
#: Statuses of a private page for a visitor who has not signed in.
_PRIVATE: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_WALL: Final = (
    "{}; declare it with cache = 'private' and open it on a journey that signs in, bring a cookie in [e2e.before], or "
    "declare the address that it leads to"
)
#: Of a page with a service worker, which may answer the next visit by itself.
_RETURNING: Final = (
    "as it should be on a first visit; what readers who come back get of the service worker {} was not watched"
)
_REFUSED: Final = "{} was answered 403, by the site or by what is before it; let the gate in"
_GOING: Final = (
    "the page was not at rest when it was left, and what goes on may change the figure: {}; mend that, or name it in "
    "[e2e] lasting, by the word before a colon if there is one, if it changes nothing"
)
#: Where a record does not say what went on.
_UNTOLD: Final[Mapping[str, Sequence[str]]] = {"page": ("nobody looked; observe again",), "frames": ()}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class VisitedPage(Fact):
    """A page at one size of the window, in one cold visit; ``subject`` is such as ``front at 360 px``."""

    complete: bool
    """Whether it returned success, on the site's own host, and shows its required regions."""
    answered: str
    """Its response, and the missing regions."""
    violations: tuple[str, ...]
    """axe's violations of WCAG 2.2 A and AA, or of good practice, in the page and every frame within it."""
    undecided: tuple[str, ...]
    """axe's undecided results, such as contrast on a picture; a person has looked at those in ``reviewed``."""
    largest_paint: Quantity | Estimate
    """Time until the largest part in the first view was painted (LCP); an Estimate where it may still change."""
    shift: Quantity | Estimate
    """How much the layout moved by itself, as the worst burst (CLS); an Estimate where it may still change."""
    errors: tuple[str, ...]
    """Errors that its scripts threw or logged, or that its policy refused."""
    reported: tuple[str, ...]
    """Violations of a report-only policy; nothing is missing for them."""
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
    """The ones that require signing in."""
    untouched: tuple[str, ...] = ()
    """The ones that were not followed, since they announce a change, each with how."""
    plain_forms: tuple[str, ...] = ()
    """Forms that send over plain HTTP, each as its method and address."""


def page_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Return the facts of each visit.

    The site is not responsible for a partner's pages, where readers sign in. A private page shows nothing to visitors
    who have not signed in: journeys open it.
    """
    for page in (each for each in record["pages"] if not _is_closed(each, record)):
        yield _visited_page(page, record)
        if page["size"] == "desktop":
            yield keyboard_walk(page, _why_unseen(page), why_untimed(page, record))
            yield _page_links(page, record)


def _is_closed(page: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether a page is closed to a visitor as it should be."""
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
    disturbed, workers = why_disturbed(page), page.get("workers", ())
    late = why_untimed(page, record) if answer and _is_of_time(page) else ""
    doubt = disturbed if answer and disturbed else late or (answer if _is_silent(page) else "")
    known: dict[str, Any] = {
        "complete": Unread(doubt) if doubt else not answer,
        "answered": answer or (_RETURNING.format("; ".join(workers)) if workers else "as it should be"),
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
    untimed, going = why_untimed(page, record), page.get("going", _UNTOLD)
    waiting = () if page["rested"] else page.get("waiting", ())  # a poll may just have begun
    later, thrown = (_describe_going((*waiting, *going["page"], *more)) for more in ((), going["frames"]))
    return {
        **_axe_fields(page, record),
        "largest_paint": Unread(painted)
        if vitals["lcp"] is None
        else _at_most(_so_far(_round(vitals["lcp"], 1), "ms", later), untimed),
        "shift": Unread(untimed) if untimed else _so_far(_round(vitals["cls"], 6), "", later),
        "errors": Unread(disturbed) if disturbed and errors else errors or (Unread(thrown) if thrown else ()),
        "reported": tuple(page.get("reported", ())),
        "failed": Unread(disturbed) if disturbed and failed else failed,
        "foreign": _list_foreign(page),
        "too_wide": max(0, page["needed"] - page["width"]),
        "sticking_out": tuple(page["beyond"]),
    }


def _describe_going(going: Sequence[str]) -> str:
    return _GOING.format("; ".join(going)) if going else ""


def _so_far(seen: Decimal, unit: str, later: str) -> Quantity | Estimate:
    """Return a figure that only grows; where something may change it later, the least that it can be."""
    value = Quantity.of(seen, unit)
    estimate = Estimate(
        value=value,
        low=value,
        high=Quantity.of(UNBOUNDED, unit),
        samples=1,
        effective=1,
        confidence=Quantity.of(100, "%"),
        of="visits",
        unfinished=later,
    )
    return estimate if later else value


def _at_most(seen: Any, untimed: str) -> Any:
    """Return a time that a busy machine can only have made longer; what it may have hidden stays open."""
    if not untimed:
        return seen
    return exact_value(seen, samples=1, of="visits", at_most=untimed) if isinstance(seen, Quantity) else Unread(untimed)


def why_untimed(page: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Return why a visit's times are too long or prove nothing: this machine was not well meanwhile; or nothing."""
    said = record.get("health", {}).get("sick") or page.get("sick")
    return f"{said}; run it on a machine with less other work" if said else ""


def why_disturbed(page: Mapping[str, Any]) -> str:
    """Return that the gate blocked parts of a page, so that readers get another one; or nothing."""
    return _describe_refused(page.get("missed", ()))


def _describe_refused(requests: Sequence[str]) -> str:
    """Describe the refused hosts and the declarations to add, or return an empty string."""
    refused, declare = "; ".join(requests), "reads = […], or for a WebSocket sockets = […]"
    said = f"the gate refused {refused}, which the page sends by itself; if that only reads, write {declare}"
    return said if refused else ""


def _list_foreign(page: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{each['url']}: {each['why']}" for each in page["foreign"])


def _axe_fields(page: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """Return axe's violations. Its undecided results stay open until somebody has looked."""
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
    if reason := _why_unseen(page):
        return PageLinks.unread(page["name"], reason)
    links = record["links"]
    forms: Any = tuple(page["forms"]) if "forms" in page else Unread("forms were not looked at; observe again")
    if reason := links.get("unread", ""):
        return PageLinks.unread(page["name"], reason, plain_forms=forms)
    told: dict[str, list[str]] = {each: [] for each in ("good", "asking", "broken", "untouched", *_OPEN)}
    opened = {each["url"] for each in record["pages"] if not each["unreachable"]}
    for link in page["links"]:
        within = "fragment" in link and link["url"] not in opened
        known = links.get("within", {}).get(link["url"], link.get("fragment"))
        answer = _WITHIN.get(known) if within else links["asked"].get(link["url"])
        answer = {"untouched": link["untouched"]} if "untouched" in link else answer
        if answer is not None:
            told[_judge_link(link["url"], answer, record)].append(_describe_link(link, answer))
    broken: Any = tuple(told["broken"])
    untouched = tuple(told["untouched"])
    if reason := next((why.format("; ".join(told[each])) for each, why in _OPEN.items() if told[each]), ""):
        broken = broken or Unread(reason)
    elif not broken and (left_out := links["left_out"]):
        broken = Unread(f"{left_out} links of all pages were not followed; declare fewer pages, or judge them in parts")
    followed = sum(len(told[each]) for each in ("good", "asking", "unclear", "broken"))
    if untouched and not followed:
        broken = Unread(f"every link says that it changes something, and was left untouched: {'; '.join(untouched)}")
    return PageLinks(
        subject=page["name"],
        followed=followed,
        broken=broken,
        asking=tuple(told["asking"]),
        untouched=untouched,
        plain_forms=forms,
    )


def _judge_link(url: str, answer: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Return the meaning of a response for a link. A site that refuses us may show the page to permitted users."""
    if "untouched" in answer or "kind" in answer:
        return str(answer.get("kind", "untouched"))
    status = answer["status"]
    if answer.get("challenged"):
        return "unclear"
    if answer["why"] or status not in _ASKING | {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return "good" if 200 <= status < 400 and not answer["why"] else "broken"
    private = urlsplit(url).path in record.get("private", ())
    return "asking" if status in _ASKING or (private and status == HTTPStatus.FORBIDDEN) else "unclear"


def _describe_link(link: Mapping[str, str], answer: Mapping[str, Any]) -> str:
    text, said = link["text"] or "a link without a text", answer.get("untouched") or answer["why"]
    return f"{text!r} to {link['url']}: {said or 'HTTP ' + str(answer['status'])}"


def _violation(found: Mapping[str, Any]) -> str:
    more = f" and {found['nodes'] - 1} more" if found["nodes"] > 1 else ""
    return f"{found['id']}: {found['help']}: {found['first']}{more}"


def _is_silent(page: Mapping[str, Any]) -> bool:
    """Whether the site did not respond, or not with its own content, so that it is unknown whether it is at fault."""
    if page["unreachable"] is None:
        return bool(page["status"] == HTTPStatus.FORBIDDEN)
    return page["unreachable"]["kind"] in _NO_ANSWER


def _is_of_time(page: Mapping[str, Any]) -> bool:
    """Whether the fault of a response may come from a busy machine that timed out too early."""
    if page["unreachable"] is not None:
        return bool(page["unreachable"]["kind"] == "timeout")
    return bool(200 <= page["status"] < 300)


def _describe_bad_answer(page: Mapping[str, Any]) -> str:
    if (failed := page["unreachable"]) is not None:
        return _WALL.format(failed["text"]) if failed["kind"] == "sign-in" else str(failed["text"])
    if page["status"] == HTTPStatus.FORBIDDEN:
        return _REFUSED.format(page["url"])
    if not 200 <= page["status"] < 300:
        return f"HTTP {page['status']}"
    missing = page["regions_missing"]
    return f"without {', '.join(missing)}" if missing else ""


def _why_unseen(page: Mapping[str, Any]) -> str:
    if disturbed := why_disturbed(page):
        return disturbed
    if page["unreachable"] is not None:
        return f"the page was not seen: {page['unreachable']['text']}"
    return "" if 200 <= page["status"] < 300 else f"the page was not seen: HTTP {page['status']}"


def _round(value: float, digits: int) -> Decimal:
    return round(Decimal(str(value)), digits)


# ── The build that the site reports


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServedBuild(Fact):
    """The builds that answered the visits to all declared pages; ``subject`` is the place."""

    seen: Mapping[str, int]
    """Visits by build."""
    expected: str
    """The one under test."""

    @property
    def strangers(self) -> tuple[str, ...]:
        """Builds that are not the one under test, with the visits that each answered; a commit may be shortened."""
        same = {each for each in self.seen if is_build(each, self.expected)}
        return tuple(f"{each} ({count} visits)" for each, count in sorted(self.seen.items()) if each not in same)


def why_other_build(record: Mapping[str, Any]) -> str:
    """Return why visits may have been answered by another build than the expected one; empty if all were."""
    (found,) = build_facts(record)
    for name in ("seen", "expected"):
        if isinstance(value := found.peek(name), Unread):
            return value.reason
    return f"another build answered: {found.strangers[0]}" if found.strangers else ""


#: Fewest characters that identify a commit.
_SHORTEST: Final = 7


def build_facts(record: Mapping[str, Any]) -> Iterator[ServedBuild]:
    """Yield the builds that served; unread if a page does not state its build."""
    stated, answered = record["build"], [page for page in record["pages"] if "build" in page]
    silent = sorted({page["name"] for page in answered if not page["build"]})
    seen: Any = Counter(page["build"] for page in answered)
    if silent:
        seen = Unread(f"{', '.join(silent)} said no build; send it in {stated['how']}")
    elif not answered:
        seen = Unread("no page was answered")
    expected: Any = Unread(stated["unread"]) if stated["unread"] else stated["expected"]
    yield ServedBuild(subject=record["place"], seen=seen, expected=expected)


def is_build(build: str, expected: str) -> bool:
    """Whether a build is the expected one; a commit may be shortened."""
    return build == expected or (len(build) >= _SHORTEST and expected.startswith(build))
