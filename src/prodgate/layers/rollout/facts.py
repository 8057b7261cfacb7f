"""The facts about a rollout, made from stored evidence; the same evidence always makes the same facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...aws.answers import Unreadable
from ...facts import Fact, Facts
from ...facts.rollout.deployments import deployment_facts
from ..layer import NOT_OBSERVED
from ..observing_layer import StoredEvidence
from .checklists import CHECKLISTS
from .kinds import DEPLOYMENT, KINDS
from .migration_facts import MIGRATIONS
from .stored import FactMaker, Stored


def facts_of(stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
    """Return the facts of stored evidence; ``unreadable`` says why a kind of evidence is missing."""
    evidence = tuple(stored)
    there = {kind for kind, _ in evidence}
    reasons = {kind: NOT_OBSERVED for kind in KINDS if kind not in there} | dict(unreadable)
    known = Stored(evidence, reasons)
    facts: list[Fact] = []
    unknown = {fact: reason for kind, reason in reasons.items() for fact in KINDS.get(kind, ())}
    for kind, value in evidence:
        try:
            facts += MAKERS[kind](value, known) if kind in MAKERS else ()
        except Unreadable as error:
            unknown |= dict.fromkeys(KINDS[kind], error.reason)
    return Facts(tuple(facts), unknown)


def _deployments(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    yield from deployment_facts(value)


#: Kind of evidence -> what makes its facts.
MAKERS: Final[Mapping[str, FactMaker]] = {
    DEPLOYMENT: _deployments,
    **CHECKLISTS,
    **MIGRATIONS,
}
