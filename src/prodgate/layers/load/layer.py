"""The load layer: a site under load as users make it, with a generator that is tested before it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...facts import Fact, Facts
from ...facts.load.account_view import BalancerTimes, EntranceCount, account_view
from ...facts.load.changes import compare_with_earlier
from ...facts.load.runs import FACTS_BY_PROFILE
from ..layer import LayerContext, Pace
from ..observing_layer import Evidence, ObservingLayer, StoredEvidence
from .kinds import ACCOUNT, BEFORE, KINDS, RECORD, REQUIRED


class LoadLayer(ObservingLayer):
    """Puts a site under load and measures how it answers."""

    name = "load"
    folders: tuple[str, ...] = ("loadtests",)
    pace = Pace.MEASURES
    about = "load"

    def observe_evidence(self, context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
        """Test the generator, run each profile, then ask the account what it counted."""
        from .account import observe_account  # noqa: PLC0415
        from .runs import require_section, run_profiles  # noqa: PLC0415  judging needs nothing of it
        from .target import open_target  # noqa: PLC0415

        section, runs = require_section(context), list[Mapping[str, Any]]()
        with open_target(context, section) as target:
            for seen in run_profiles(target, section, context, unreadable):
                yield seen
                if seen.kind == RECORD:
                    runs.append(seen.value)
        yield from observe_account(runs, context)

    def kinds(self) -> Mapping[str, tuple[type[Fact], ...]]:
        """Return each kind of evidence with the kinds of fact that are made of it; each run is one of the same kind."""
        measured = tuple(kind for name, kinds in KINDS.items() if name != "compare" for kind in kinds)
        counted = (EntranceCount, BalancerTimes)
        return {RECORD: (*measured, *KINDS["compare"], *counted), BEFORE: KINDS["compare"], ACCOUNT: counted}

    def missing_kinds(self, stored: Iterable[StoredEvidence]) -> Iterable[str]:
        """Return the names of the required kinds of fact that are in no run."""
        return [kind.__name__ for kind in _missing_kinds(stored)]

    def facts_of(self, stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
        """Return the facts of stored runs; ``unreadable`` is by the name of a kind of fact."""
        known = tuple(stored)
        runs = {value["record"]["profile"]["name"]: value for kind, value in known if kind == RECORD}
        before = [value for kind, value in known if kind == BEFORE]
        account = next((value for kind, value in known if kind == ACCOUNT), None)
        beside = [fact for run in runs.values() for fact in account_view(run, account)]
        reasons = dict.fromkeys(_missing_kinds(known), "no load was measured in that run")
        named = {kind.__name__: kind for kinds in KINDS.values() for kind in kinds}
        reasons |= {named[name]: reason for name, reason in unreadable.items() if name in named}
        return Facts((*_make_facts(runs, before), *beside), reasons)


def _missing_kinds(stored: Iterable[StoredEvidence]) -> list[type[Fact]]:
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
