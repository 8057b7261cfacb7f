"""The facts about a rollout, made from stored evidence; the same evidence always makes the same facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...aws.answers import Unreadable
from ...facts import Fact, Facts
from ...facts.rollout.deployed import deployed_facts
from ...facts.rollout.deployments import deployment_facts
from ...facts.rollout.drills import drill_facts
from ...facts.rollout.readers import readers_facts
from ...facts.rollout.requests import request_facts
from ...facts.rollout.states import State
from ...facts.rollout.surroundings import surroundings_facts
from ...facts.rollout.watched import watched_facts
from ...facts.rollout.way_back import way_back_facts
from ...facts.rollout.writes import write_facts
from ..layer import NOT_OBSERVED
from ..observing_layer import StoredEvidence
from .checklists import CHECKLISTS
from .kinds import DEPLOYED, DEPLOYMENT, DRILL, KINDS, READERS, UNASKED, WATCH
from .migration_facts import MIGRATIONS
from .stored import FactMaker, Stored


def facts_of(stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
    """Return the facts of stored evidence; ``unreadable`` says why a kind of evidence is missing."""
    evidence = tuple(stored)
    there = {kind for kind, _ in evidence}
    reasons = {kind: NOT_OBSERVED for kind in KINDS if kind not in there} | dict(unreadable)
    known = Stored(evidence, reasons)
    facts: list[Fact] = []
    unknown = _list_unknown(reasons)
    for kind, value in evidence:
        try:
            facts += MAKERS[kind](value, known) if kind in MAKERS else ()
        except Unreadable as error:
            unknown |= dict.fromkeys(KINDS[kind], error.reason)
    return Facts(tuple(facts), unknown)


def _list_unknown(reasons: Mapping[str, str]) -> dict[type[Fact], str]:
    """Return why facts are not known; one that another kind of evidence is asked for as well is not missed here."""
    asked = {fact for kind, facts in KINDS.items() if reasons.get(kind) != UNASKED for fact in facts}
    return {
        fact: reason
        for kind, reason in reasons.items()
        for fact in KINDS.get(kind, ())
        if reason != UNASKED or fact not in asked
    }


def _deployments(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    yield from deployment_facts(value)


def _deployed(value: Mapping[str, Any], known: Stored) -> Iterator[Fact]:
    yield from deployed_facts(value, known.require(DEPLOYMENT))


def _watched(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    yield from watched_facts(value)
    yield from request_facts(value)
    named = ", ".join(sorted(id_.rpartition("/")[2] for id_ in value["ids"].values()))
    yield from surroundings_facts(value, f"beside the revisions of {named or 'a deployment'}")
    yield from write_facts(value, named or "a deployment")


def _readers(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    yield from readers_facts(value)


def _drilled(value: Mapping[str, Any], _known: Stored) -> Iterator[Fact]:
    yield from drill_facts(value)
    yield from way_back_facts(value)
    for one in value["tried"]:
        if "watch" in one and one["expects"] != State.SUCCEEDED:
            yield from surroundings_facts(one["watch"], f"beside the revisions of build {one['build']}")
            yield from write_facts(one["watch"], f"the drill with build {one['build']}")


#: Kind of evidence -> what makes its facts.
MAKERS: Final[Mapping[str, FactMaker]] = {
    DEPLOYMENT: _deployments,
    **CHECKLISTS,
    **MIGRATIONS,
    DEPLOYED: _deployed,
    WATCH: _watched,
    READERS: _readers,
    DRILL: _drilled,
}
