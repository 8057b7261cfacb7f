"""Journeys: tasks that a person must be able to do. A browser carries out each, and the site's responses are kept."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from ...aws.answers import Unread
from .. import Fact
from .cookies import OWN, browser_cookies, role_of

Answers = Sequence[Mapping[str, Any]]


def list_answers(journeys: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return all responses to navigations in a record of journeys; records from before this key was added have none."""
    return [answer for journey in journeys["journeys"] for answer in journey.get("answers", ())]


def by_address(record: Mapping[str, Any]) -> dict[str, Answers]:
    """Return the journeys' responses by address; a record of probes holds them as ``on_journeys``."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for answer in record.get("on_journeys", ()):
        found.setdefault(answer["url"], []).append(answer)
    return dict(sorted(found.items()))


def find_signed_in(record: Mapping[str, Any], url: str) -> Answers:
    """Return successful responses at an address to requests that sent a cookie of the site's own.

    A load balancer's cookie is not the site's own, nor is a CSRF token.
    """
    place = urlsplit(url)
    return [
        answer
        for answer in record.get("on_journeys", ())
        if urlsplit(answer["url"])[:3] == place[:3]
        and 200 <= answer["status"] < 300
        and any(role_of(name) == OWN for name in answer["sent"])
    ]


#: Version of the records that this module reads.
FORMAT: Final = 1


J = TypeVar("J", bound="Journey")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Journey(Fact):
    """A journey; ``subject`` is a task that a person must be able to do, with the name of its test."""

    succeeded: bool
    """Whether it succeeded at its first try, the only one that counts."""
    told: str
    """How it ended, the result of a second try, and where its evidence is."""
    browser: str
    place: str
    """Where it failed, or else where it is written, as ``file:line``."""


def journey_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield each journey, and then the cookies that the site set on the way."""
    known: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for journey in record["journeys"]:
        yield _journey(Journey, journey, record)
        for cookie in journey["cookies"]:
            known[tuple(cookie[key] for key in ("name", "domain", "path", "secure", "httpOnly", "sameSite"))] = cookie
    yield from browser_cookies("set on a journey", known.values(), record.get("hosts"))


def journeys_of(kind: type[J], value: Mapping[str, Any], why: str) -> Iterator[J]:
    """Yield the journeys of one moment of a release; ``why`` is a reason to believe none of them, or empty.

    ``value`` holds their ``record``, and ``place``: the site that it is about. ``kind`` is their class of facts.
    """
    record = value["record"]
    reason = why or why_journeys_unreadable(record)
    if reason or not record["journeys"]:
        yield kind.unread(value["place"], reason or "no journey was carried out", place="")
        return
    yield from (_journey(kind, journey, record) for journey in record["journeys"])


def why_journeys_unreadable(record: Mapping[str, Any]) -> str:
    """Return why a record can't be used; empty if it can."""
    if record["format"] != FORMAT:
        return f"the record has format {record['format']!r}, and this version reads {FORMAT}; observe again"
    return "; ".join(record["broken"])


def why_cookies_unseen(record: Mapping[str, Any]) -> str:
    """Return why cookies may be missing; empty if none is.

    A journey that changes something, such as signing in, may have failed before the site set its cookies.
    """
    missed = [each["name"] for each in record["journeys"] if each["mutates"] and each["outcome"] != "passed"]
    return (
        f"cookies that are set on this journey were not all seen, since it did not succeed: {missed[0]}"
        if missed
        else ""
    )


def browser_of(record: Mapping[str, Any]) -> str:
    """Return the name of the browser, such as ``Chromium 156.0.8078.108``."""
    found = record["browser"]
    return f"{found['name']} {found['version']}" if found else "no browser"


def _journey(kind: type[J], journey: Mapping[str, Any], record: Mapping[str, Any]) -> J:
    unread: Any = _unread(journey)
    # pytest-playwright makes the browser's name a parameter of each test
    test = re.sub(r"\[chromium(-[^\[\]]*)?\]$", lambda more: f"[{more[1][1:]}]" if more[1] else "", journey["id"])
    return kind(
        subject=f"{journey['name'].rstrip('.')} ({test.partition('::')[2]})",
        succeeded=unread or (journey["outcome"] == "passed" and not journey.get("errors")),
        told=_describe_end(journey),
        browser=browser_of(record),
        place=f"{journey['file']}:{journey.get('failed_at') or journey['line']}",
    )


def _unread(journey: Mapping[str, Any]) -> Any:
    """Return why a journey neither succeeded nor failed; None if it did one of the two."""
    if not journey["outcome"]:
        return Unread("it was begun or planned, and did not come to its end; see the log of the layer")
    if journey["outcome"] not in ("passed", "failed"):
        return Unread(f"it was not carried out: {journey['why']}")
    if journey["outcome"] == "passed" and not journey.get("asserted", True):
        return Unread("it states nothing that must hold, and would succeed on an empty page; write expect(…) or assert")
    if journey["outcome"] == "passed" and journey.get("errors") and journey["refused"]:
        refused = ", ".join(journey["refused"])
        return Unread(f"{'; '.join(journey['errors'])}: maybe since the gate refused {refused}; declare it under reads")
    return None


def _describe_end(journey: Mapping[str, Any]) -> str:
    if journey["outcome"] == "passed":
        errors = "; ".join(("it came to its end, but on the way", *journey.get("errors", ()), *journey["evidence"]))
        return errors if journey.get("errors") else "success"
    # outcome of the second try -> how the journey ended
    again = {"passed": "flaky: failed, then succeeded when tried again", "failed": "failed, twice"}
    parts = [again.get(journey["again"], "failed")]
    parts += [f"the gate refused {', '.join(journey['refused'])}"] if journey["refused"] else []
    parts += [journey["why"].partition("\nCall log:")[0].partition("\n====")[0].strip().replace("\n", " ")]
    return "; ".join([*parts, *journey["evidence"], *journey.get("withheld", ())])
