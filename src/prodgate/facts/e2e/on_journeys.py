"""What the site answered on journeys, where a reader may be signed in: the probes never are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .cookie_roles import OWN, role_of

Answers = Sequence[Mapping[str, Any]]


def list_answers(journeys: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return all answers to navigations of the record of the journeys; one of an earlier version has none."""
    return [answer for journey in journeys["journeys"] for answer in journey.get("answers", ())]


def by_address(record: Mapping[str, Any]) -> dict[str, Answers]:
    """Return the answers on journeys by address, of a record of probes that they were added to."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for answer in record.get("on_journeys", ()):
        found.setdefault(answer["url"], []).append(answer)
    return dict(sorted(found.items()))


def find_signed_in(record: Mapping[str, Any], url: str) -> Answers:
    """Return the answers with which readers whom the site knew were served a page."""
    place = urlsplit(url)
    return [
        answer
        for answer in record.get("on_journeys", ())
        if urlsplit(answer["url"])[:3] == place[:3]
        and 200 <= answer["status"] < 300
        and any(role_of(name) == OWN for name in answer["sent"])
    ]
