"""The common part of layers that store evidence kind by kind and make all their facts of it.

Such a layer's module ``facts`` has ``KINDS``, each kind of evidence with the kinds of fact that are made of it;
``REQUIRED``, the kinds that must be there; ``TEAM``, those that a team's own code measures, with what counts the same
without it; and ``facts_of``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

from ..aws.answers import Unreadable
from ..evidence import runs
from ..evidence.artifacts import load_json
from ..facts import Fact, Facts
from ..findings import Outcome
from .layer import LayerContext

#: Kind of evidence, and the evidence.
StoredEvidence = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One observation to be stored, and what the journal says of it."""

    kind: str
    value: Mapping[str, Any]
    subject: str
    """Its subject, in a few words."""
    source: str
    """The program that observed it, such as ``Locust 2.32``."""


class FactModule(Protocol):
    """The module ``facts`` of a layer."""

    KINDS: Mapping[str, tuple[type[Fact], ...]]
    REQUIRED: tuple[str, ...]
    TEAM: Mapping[str, str]

    def facts_of(self, stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
        """Return the facts of stored evidence; ``unreadable`` says why a kind is missing."""
        ...


#: Yields evidence, and notes what can't be had. Raises Unreadable when nothing more can be.
Observe = Callable[[LayerContext, dict[str, str]], Iterator[Evidence]]


def observe_by_kind(layer: str, made: FactModule, observe: Observe, context: LayerContext) -> Facts:
    """Observe one thing after another, store the evidence, and return the facts in it.

    A part that can't be observed does not stop the other parts.
    """
    stored: list[StoredEvidence] = []
    unreadable: dict[str, str] = {}
    try:
        for seen in observe(context, unreadable):
            team = made.TEAM.get(seen.kind, "")
            context.store_fact(layer, seen.kind, seen.subject, seen.value, seen.source, team=team)
            stored.append((seen.kind, seen.value))
    except Unreadable as error:
        there = {kind for kind, _ in stored}
        unreadable = {**{kind: error.reason for kind in made.REQUIRED if kind not in there}, **unreadable}
    for kind, reason in unreadable.items():
        context.journal.write("unreadable", layer=layer, kind=kind, reason=reason)
    return _make_facts(made, stored, unreadable)


def recall_by_kind(made: FactModule, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
    """Return the facts of stored evidence; what was not observed then is unreadable."""
    known = list(events)
    unreadable = {one["kind"]: one["reason"] for one in known if one["event"] == "unreadable"}
    return _make_facts(
        made, [(one["kind"], load_json(run, one["digest"])) for one in known if one["event"] == "fact"], unreadable
    )


def _make_facts(made: FactModule, stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
    made_of: dict[type | str, frozenset[str]] = {}
    for evidence, kinds in made.KINDS.items():
        made_of |= {kind: made_of.get(kind, frozenset()) | {evidence} for kind in kinds}
    return replace(made.facts_of(stored, unreadable), made_of=made_of)


# ── Earlier runs in the same folder, to compare this one with

#: Runs that are considered at most, the newest first.
_MOST_RUNS: Final = 20


def list_previous(context: LayerContext, layer: str, kind: str) -> Iterator[tuple[str, Any]]:
    """Yield (run, evidence) of one kind from the runs in which nothing of a layer failed, the newest first."""
    for run in islice(_list_good_runs(context, layer), _MOST_RUNS):
        for fact in run.facts_of(layer, kind):
            with suppress(LookupError):
                yield run.path.name, load_json(run.path, fact["digest"])


def _list_good_runs(context: LayerContext, layer: str) -> Iterator[runs.Run]:
    """Yield runs on the same target in which a layer was judged and nothing of it failed."""
    for run in runs.list_runs(context.run.parent, before=context.run):
        same = (run.about["target"], run.criteria.system) == (context.target.url, context.stated.system)
        if same and run.finished and _is_good(run, layer):
            yield run


def _is_good(run: runs.Run, layer: str) -> bool:
    outcomes = {finding.outcome for finding in run.findings if finding.layer == layer}
    return Outcome.SATISFIED in outcomes and Outcome.NOT_SATISFIED not in outcomes
