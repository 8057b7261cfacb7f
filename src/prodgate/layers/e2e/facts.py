"""The facts about a site, made from stored evidence; the same evidence always makes the same facts."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...facts import Fact, Facts
from ...facts.e2e.cookies import Cookie
from ...facts.e2e.journeys import Journey, journey_facts, list_answers, why_cookies_unseen, why_journeys_unreadable
from ...facts.e2e.pages import (
    KeyboardWalk,
    PageLinks,
    ServedBuild,
    VisitedPage,
    build_facts,
    page_facts,
    why_pages_unreadable,
)
from ...facts.e2e.probes import PROBE_KINDS, probe_facts
from ..layer import NOT_OBSERVED
from ..observing_layer import StoredEvidence

#: Observations of a browser on each page; the outcome of each journey; the site's responses without a browser.
VISITS: Final = "e2e-visits"
JOURNEYS: Final = "e2e-journeys"
PROBES: Final = "e2e-probes"
#: Kind of evidence -> the kinds of fact in it.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    VISITS: (VisitedPage, KeyboardWalk, PageLinks, ServedBuild),
    JOURNEYS: (Journey, Cookie),
    PROBES: PROBE_KINDS,
}
REQUIRED: Final = tuple(KINDS)
#: Kind of evidence that a team's own code measures -> that code, and what counts the same without it.
TEAM: Final = {JOURNEYS: "the journeys; nothing else says how they went"}
#: Those that nobody can gather without a browser.
WITH_BROWSER: Final = (VISITS, JOURNEYS)


def facts_of(stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
    """Return the facts of stored evidence; ``unreadable`` says why a kind is missing."""
    values = dict(stored)
    if PROBES in values and JOURNEYS in values:
        # the responses to readers who have signed in, which the probes never do
        values[PROBES] = {**values[PROBES], "on_journeys": list_answers(values[JOURNEYS])}
    known = {kind: _make_facts(kind, value) for kind, value in values.items()}
    missing = {kind: unreadable.get(kind, NOT_OBSERVED) for kind in KINDS if kind not in known}
    # a kind of fact of which one part is missing is not judged as if that part held nothing
    reasons = {fact: reason for kind, reason in missing.items() for fact in KINDS[kind]}
    for facts in known.values():
        reasons |= facts.unreadable
    return Facts(tuple(fact for facts in known.values() for fact in facts.known), reasons)


def _make_facts(kind: str, value: Mapping[str, Any]) -> Facts:
    if kind == PROBES:
        return probe_facts(value)
    if kind == JOURNEYS:
        why = {Journey: why_journeys_unreadable(value), Cookie: why_cookies_unseen(value)}
        return Facts(tuple(journey_facts(value)), {fact: reason for fact, reason in why.items() if reason})
    if reason := why_pages_unreadable(value):
        return Facts((), dict.fromkeys(KINDS[kind], reason))
    return Facts((*page_facts(value), *build_facts(value)))
