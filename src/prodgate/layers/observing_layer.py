"""The common part of layers that store evidence kind by kind and leave every judgement to checks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..aws.answers import Unreadable
from ..evidence.artifacts import load_json
from ..facts import Fact, Facts
from ..findings import Finding
from ..sections.criteria_file import CriteriaFile
from .layer import LayerContext, Pace

#: Kind of evidence, and the evidence.
StoredEvidence = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One observation to be stored, and what the journal says of it."""

    kind: str
    value: Mapping[str, Any]
    subject: str
    """What it is about, in a few words."""
    source: str
    """What observed it, such as ``Locust 2.32``."""


class ObservingLayer(ABC):
    """Observes one thing after another; what can't be observed does not take the rest with it."""

    name: str
    folders: tuple[str, ...]
    judges_policies: bool = False
    pace: Pace = Pace.WORKS
    uses_account: bool = False
    about: str
    """What this layer observes, for the message that no criterion asks about it."""

    def observe(self, context: LayerContext) -> Facts:
        """Observe, store the evidence, and return the facts in it."""
        if not any(self.name in criterion.layers for criterion in context.stated.criteria.values()):
            context.progress(f"{self.name}: no criterion asks about {self.about}")
            return Facts()
        stored: list[StoredEvidence] = []
        unreadable: dict[str, str] = {}
        try:
            for seen in self.observe_evidence(context, unreadable):
                context.store_fact(self.name, seen.kind, seen.subject, seen.value, seen.source)
                stored.append((seen.kind, seen.value))
        except Unreadable as error:
            unreadable = {**dict.fromkeys(self.missing_kinds(stored), error.reason), **unreadable}
        for kind, reason in unreadable.items():
            context.journal.write("unreadable", layer=self.name, kind=kind, reason=reason)
        return self._tell_sources(self.facts_of(stored, unreadable))

    def recall(self, run: Path, events: Iterable[Mapping[str, Any]]) -> Facts:
        """Return the facts of stored evidence; what was not observed then is unreadable."""
        known = list(events)
        unreadable = {one["kind"]: one["reason"] for one in known if one["event"] == "unreadable"}
        stored = [(one["kind"], load_json(run, one["digest"])) for one in known if one["event"] == "fact"]
        return self._tell_sources(self.facts_of(stored, unreadable))

    def _tell_sources(self, facts: Facts) -> Facts:
        made_of: dict[type | str, frozenset[str]] = {}
        for evidence, kinds in self.kinds().items():
            made_of |= {kind: made_of.get(kind, frozenset()) | {evidence} for kind in kinds}
        return replace(facts, made_of=made_of)

    def concludes(self, stated: CriteriaFile) -> Sequence[tuple[str, str]]:  # noqa: ARG002  as every layer is asked
        """Checks answer everything."""
        return ()

    def conclude(
        self,
        facts: Facts,  # noqa: ARG002
        context: LayerContext,  # noqa: ARG002
    ) -> Mapping[tuple[str, str], Sequence[Finding]]:
        """Checks answer everything."""
        return {}

    @abstractmethod
    def observe_evidence(self, context: LayerContext, unreadable: dict[str, str]) -> Iterator[Evidence]:
        """Yield evidence; note in ``unreadable`` what can't be had. Raises Unreadable when nothing more can be."""

    @abstractmethod
    def kinds(self) -> Mapping[str, tuple[type[Fact], ...]]:
        """Return each kind of evidence with the kinds of fact that are made of it."""

    @abstractmethod
    def missing_kinds(self, stored: Iterable[StoredEvidence]) -> Iterable[str]:
        """Return the required kinds that are missing, named as ``facts_of`` takes them with a reason."""

    @abstractmethod
    def facts_of(self, stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
        """Return the facts of stored evidence; ``unreadable`` says why a kind is missing."""
