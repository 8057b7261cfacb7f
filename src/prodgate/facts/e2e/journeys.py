"""Journeys: what a person must be able to do, each carried out in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.answers import Unread
from .. import Fact
from .cookies import browser_cookies

#: Version of the records that this module reads.
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Journey(Fact):
    """A journey; ``subject`` is what a person must be able to do, with the name of its test."""

    succeeded: bool
    """Whether it succeeded at its first try, the only one that counts."""
    told: str
    """How it ended, what a second try showed, and where its evidence is."""
    browser: str
    place: str
    """Where it failed, or else is written, as ``file:line``."""


def journey_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Return each journey, and the cookies that were set on the way."""
    known: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for journey in record["journeys"]:
        yield _journey(journey, record)
        for cookie in journey["cookies"]:
            known[tuple(cookie[key] for key in ("name", "domain", "path", "secure", "httpOnly", "sameSite"))] = cookie
    yield from browser_cookies("set on a journey", known.values(), record.get("hosts"))


def why_journeys_unreadable(record: Mapping[str, Any]) -> str:
    """Return why journeys are missing in a record, or an empty string."""
    if record["format"] != FORMAT:
        return f"the record has format {record['format']!r}, and this version reads {FORMAT}; observe again"
    return "; ".join(record["broken"])


def why_cookies_unseen(record: Mapping[str, Any]) -> str:
    """Return why cookies that are set by signing in may be missing, or an empty string."""
    missed = [each["name"] for each in record["journeys"] if each["mutates"] and each["outcome"] != "passed"]
    return (
        f"cookies that are set on this journey were not all seen, since it did not succeed: {missed[0]}"
        if missed
        else ""
    )


def browser_of(record: Mapping[str, Any]) -> str:
    """Return which browser it was, such as ``Chromium 156.0.8078.108``."""
    found = record["browser"]
    return f"{found['name']} {found['version']}" if found else "no browser"


def _journey(journey: Mapping[str, Any], record: Mapping[str, Any]) -> Journey:
    unread: Any = _unread(journey)
    # pytest-playwright makes the browser's name a parameter of each test
    test = re.sub(r"\[chromium(-.*)?\]$", lambda more: f"[{more[1][1:]}]" if more[1] else "", journey["id"])
    return Journey(
        subject=f"{journey['name'].rstrip('.')} ({test.partition('::')[2]})",
        succeeded=unread or journey["outcome"] == "passed",
        told=_describe_end(journey),
        browser=browser_of(record),
        place=f"{journey['file']}:{journey.get('failed_at') or journey['line']}",
    )


def _unread(journey: Mapping[str, Any]) -> Any:
    """Return why a journey shows nothing, or None."""
    if not journey["outcome"]:
        return Unread("it was begun or planned, and did not come to its end; see the log of the layer")
    if journey["outcome"] not in ("passed", "failed"):
        return Unread(f"it was not carried out: {journey['why']}")
    return None


def _describe_end(journey: Mapping[str, Any]) -> str:
    """Return how a journey ended."""
    if journey["outcome"] == "passed":
        return "success"
    again = {"passed": "flaky: failed, then succeeded when tried again", "failed": "failed, twice"}
    parts = [again.get(journey["again"], "failed")]
    parts += [f"the gate refused {', '.join(journey['refused'])}"] if journey["refused"] else []
    parts += [journey["why"].partition("\nCall log:")[0].partition("\n====")[0].strip().replace("\n", " ")]
    return "; ".join([*parts, *journey["evidence"], *journey.get("withheld", ())])
