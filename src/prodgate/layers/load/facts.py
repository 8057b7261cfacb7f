"""What is learnt from stored runs of load: the facts in each, and which kinds are in none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...facts import Fact, Facts
from ...facts.load.account_view import BalancerTimes, EntranceCount, account_view
from ...facts.load.changes import compare_with_earlier
from ...facts.load.runs import FACTS_BY_PROFILE
from ..observing_layer import StoredEvidence
from .kinds import ACCOUNT, BEFORE, KINDS, RECORD, REQUIRED


def list_kinds() -> Mapping[str, tuple[type[Fact], ...]]:
    """Return each kind of evidence with the kinds of fact that are made of it; each run is one of the same kind."""
    measured = tuple(kind for name, kinds in KINDS.items() if name != "compare" for kind in kinds)
    counted = (EntranceCount, BalancerTimes)
    return {RECORD: (*measured, *KINDS["compare"], *counted), BEFORE: KINDS["compare"], ACCOUNT: counted}


def facts_of(stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
    """Return the facts of stored runs; ``unreadable`` is by the name of a kind of fact."""
    known = tuple(stored)
    runs = {value["record"]["profile"]["name"]: value for kind, value in known if kind == RECORD}
    before = [value for kind, value in known if kind == BEFORE]
    account = next((value for kind, value in known if kind == ACCOUNT), None)
    beside = [fact for run in runs.values() for fact in account_view(run, account)]
    reasons = dict.fromkeys(find_missing(known), "no load was measured in that run")
    named = {kind.__name__: kind for kinds in KINDS.values() for kind in kinds}
    reasons |= {named[name]: reason for name, reason in unreadable.items() if name in named}
    return Facts((*_make_facts(runs, before), *beside), reasons)


def find_missing(stored: Iterable[StoredEvidence]) -> list[type[Fact]]:
    """Return the required kinds of fact that are in no run."""
    profiles = {value["record"]["profile"]["name"] for kind, value in stored if kind == RECORD}
    made = {kind for name in profiles for kind in KINDS[name]}
    return [kind for kind in REQUIRED if kind not in made]


def _make_facts(runs: Mapping[str, Mapping[str, Any]], before: Iterable[Mapping[str, Any]]) -> Iterator[Fact]:
    for name, run in runs.items():
        yield from FACTS_BY_PROFILE[name](run)
    for earlier in before:
        if (name := earlier["record"]["profile"]["name"]) in runs:
            yield compare_with_earlier(runs[name], earlier)
